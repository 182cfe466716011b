-- nn.utils.parametrizations: weight norm, spectral norm, orthogonal matrices. How a parameter comes to be computed is
-- parametrize.lua's business.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local parametrize = require "nnlua.nn.utils.parametrize"
local shapes = require "nnlua.nn.utils.shapes"
local signature = require "nnlua.signature"

local tensor, F = core.tensor, core.F
local parametrizations = {}

-- The tensor of a module that will be parametrized.
local function tensor_of(what, m, name)
  local t = module.is_module(m) and type(name) == "string" and m[name]
  if not tensor.is_tensor(t) then
    fail.raise("%s: %s has no parameter or buffer '%s'", what, module.is_module(m) and getmetatable(m).__name
      or fail.show(m), tostring(name))
  end
  if module.is_uninitialized(t) then
    fail.raise("%s: the size of '%s' is not known yet: call the module once before", what, name)
  end
  return t
end

-- ---- weight norm --------------------------------------------------------------------------------------------------

local WeightNorm = module.class("WeightNorm")
function WeightNorm:init(dim) rawset(self, "dim", dim) end
function WeightNorm:forward(g, v) return v * (g / shapes.norm_except(v, self.dim)) end
function WeightNorm:right_inverse(w) return shapes.norm_except(w, self.dim), w end

local read_weight_norm = signature("weight_norm", "module:any, name:string=weight, dim:int|bool=1")

--- Splits a parameter into its length and its direction, w = g v / |v| (Salimans and Kingma 2016), the length for each
-- slice of dimension dim (dim = false: one for all): parametrizations[name].original0 is g, original1 is v. Returns
-- the module.
--     local layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
--     layer.parametrizations.weight.original0.shape
--     --> {2, 1}
function parametrizations.weight_norm(...)
  local a = read_weight_norm(...)
  local w = tensor_of("weight_norm", a.module, a.name)
  local step = WeightNorm(shapes.weight_norm_dim("weight_norm", w, a.dim))
  return parametrize.register_parametrization(a.module, a.name, step, true)
end

-- ---- spectral norm ------------------------------------------------------------------------------------------------

local SpectralNorm = module.class("SpectralNorm")
function SpectralNorm:init(w, n_power_iterations, dim, eps)
  for key, v in pairs {n_power_iterations = n_power_iterations, dim = dim, eps = eps} do rawset(self, key, v) end
  if w:dim() < 2 then return end
  local matrix = shapes.as_matrix(w:detach(), dim)
  self:register_buffer("_u", F.normalize(tensor.randn(matrix:size(1), {dtype = w.dtype}), {dim = 1, eps = eps}))
  self:register_buffer("_v", F.normalize(tensor.randn(matrix:size(2), {dtype = w.dtype}), {dim = 1, eps = eps}))
  self:iterate(matrix, 15)
end

-- Power iterations towards the first singular vectors, in place.
function SpectralNorm:iterate(matrix, times)
  tensor.no_grad(function()
    for _ = 1, times do
      self._u:copy_(F.normalize(matrix:mv(self._v), {dim = 1, eps = self.eps}))
      self._v:copy_(F.normalize(matrix:t():mv(self._u), {dim = 1, eps = self.eps}))
    end
  end)
end

function SpectralNorm:forward(w)
  if w:dim() < 2 then return F.normalize(w, {dim = 1, eps = self.eps}) end
  local matrix = shapes.as_matrix(w, self.dim)
  if self.training then self:iterate(matrix:detach(), self.n_power_iterations) end
  local u, v = self._u:clone(), self._v:clone() -- a later call changes them before this one's backward pass
  return w / u:dot(matrix:mv(v))
end

function SpectralNorm:right_inverse(w) return w end

local read_spectral_norm = signature("spectral_norm",
  "module:any, name:string=weight, n_power_iterations:count=1, eps:positive=1e-12, dim:int?")

--- Divides a parameter by its largest singular value (Miyato et al. 2018), which power iterations approximate: one each
-- time the parameter is read while training. Tensors of more dimensions are matrices with dimension dim in front
-- (default 1, for transposed convolutions 2). Returns the module.
--     local layer = nn.utils.parametrizations.spectral_norm(nn.Linear(3, 2))
--     for _ = 1, 50 do layer.weight:sum() end
--     math.abs(tensor.linalg.matrix_norm(layer.weight, 2):item() - 1) < 1e-3
--     --> true
function parametrizations.spectral_norm(...)
  local a = read_spectral_norm(...)
  local w = tensor_of("spectral_norm", a.module, a.name)
  local dim = shapes.dim_of("spectral_norm", w, a.dim or shapes.is_transposed(a.module) and 2 or 1)
  return parametrize.register_parametrization(a.module, a.name, SpectralNorm(w, a.n_power_iterations, dim, a.eps))
end

-- ---- orthogonal ---------------------------------------------------------------------------------------------------

-- Q of A = Q R with a positive diagonal in R.
local function orthonormal(a)
  local q, r = tensor.linalg.qr(a)
  return q * r:diagonal(0, -2, -1):sign():unsqueeze(-2)
end

-- Householder vectors below the diagonal and the signs of R's diagonal on it, whose product is Q for Q = A R.
local function reflectors(a)
  local q, n, k = orthonormal(a), a:size(-2), a:size(-1)
  local columns = {}
  local rest = q:clone()
  for j = 1, k do -- H_j maps column j to a multiple of a unit vector
    local x = rest:narrow(-2, j, n - j + 1):select(-1, j)
    local sign = x:select(-1, 1):sign()
    sign = sign + sign:eq(0):to(a.dtype)
    local v = x:clone()
    v:select(-1, 1):add_(sign) -- columns are unit vectors
    v = v / v:select(-1, 1):unsqueeze(-1)
    local tau = 2 / v:square():sum(-1, true)
    local block = rest:narrow(-2, j, n - j + 1)
    block:sub_(tau:unsqueeze(-1) * v:unsqueeze(-1) * v:unsqueeze(-2):matmul(block))
    v = v:clone()
    v:select(-1, 1):copy_(-sign) -- what the column became
    columns[j] = F.pad(v, {j - 1, 0})
  end
  return tensor.stack(columns, -1)
end

local Orthogonal = module.class("Orthogonal")
function Orthogonal:init(w, map, use_trivialization)
  for key, v in pairs {shape = w.shape, map = map, trivial = use_trivialization} do rawset(self, key, v) end
end

-- The square orthogonal matrix of a skew-symmetric one, the lower triangle of x.
local function from_skew(x, map, n, k)
  x = x:tril()
  if n ~= k then x = F.pad(x, {0, n - k}) end
  local a = x - x.mT
  if map == "matrix_exp" then return tensor.matrix_exp(a) end
  local eye = tensor.eye(n, {dtype = x.dtype})
  return tensor.linalg.solve(eye - a * 0.5, eye + a * 0.5)
end

function Orthogonal:forward(x)
  local transposed = x:size(-2) < x:size(-1)
  if transposed then x = x:transpose(-2, -1) end
  local n, k = x:size(-2), x:size(-1)
  local q
  if self.map == "householder" then
    local a = x:tril(-1)
    q = tensor.linalg.householder_product(a, 2 / (1 + a:square():sum(-2)))
    q = q * x:detach():diagonal(0, -2, -1):trunc():unsqueeze(-2)
  else
    q = from_skew(x, self.map, n, k)
    if n ~= k then q = q:narrow(-1, 1, k) end
  end
  if self.base then q = self.base:matmul(q) end
  return transposed and q:transpose(-2, -1) or q
end

local function is_orthonormal(q)
  local eye = tensor.eye(q:size(-1), {dtype = q.dtype})
  local eps = 10 * q:size(-2) * (q.dtype == "float64" and 2.0 ^ -52 or 2.0 ^ -23)
  return (q:transpose(-2, -1):matmul(q) - eye):abs():max():item() <= eps
end

function Orthogonal:right_inverse(w)
  if w.shape ~= self.shape then
    fail.raise("orthogonal: expected a tensor of shape %s, got %s", tostring(self.shape), tostring(w.shape))
  end
  local transposed = w:size(-2) < w:size(-1)
  local q = transposed and w:transpose(-2, -1) or w
  local n, k = q:size(-2), q:size(-1)
  if not self.trivial then
    if self.map ~= "householder" then return nil end
    local a = reflectors(q)
    return transposed and a:transpose(-2, -1) or a
  end
  if n ~= k then
    local shape = {q:size()}
    shape[#shape] = n - k
    q = orthonormal(tensor.cat({q, tensor.randn(shape, {dtype = q.dtype})}, -1))
  else
    q = is_orthonormal(q) and q:clone() or orthonormal(q)
  end
  if self.base then self.base:copy_(q) else self:register_buffer("base", q:contiguous()) end
  local minus = tensor.zeros_like(w) -- of which every map makes the identity
  minus:diagonal(0, -2, -1):fill_(-1)
  return minus
end

local read_orthogonal = signature("orthogonal",
  "module:any, name:string=weight, orthogonal_map:string?, use_trivialization:bool=true")

--- Keeps a matrix (or each matrix of a batch) orthogonal: the map is "matrix_exp" or "cayley" of a skew-symmetric
-- matrix, or "householder" (the default unless the matrix is square). use_trivialization multiplies by a fixed matrix,
-- so that training starts from the parameter's own nearest orthogonal matrix. Returns the module.
--     local layer = nn.utils.parametrizations.orthogonal(nn.Linear(3, 3))
--     tensor.allclose(layer.weight:t():matmul(layer.weight), tensor.eye(3), {atol = 1e-5})
--     --> true
function parametrizations.orthogonal(...)
  local a = read_orthogonal(...)
  local w = tensor_of("orthogonal", a.module, a.name)
  if w:dim() < 2 then fail.raise("orthogonal: expected a matrix or a batch of matrices, got %s",
    tostring(w.shape)) end
  local map = a.orthogonal_map or (w:size(-2) == w:size(-1) and "matrix_exp" or "householder")
  if not ({matrix_exp = true, cayley = true, householder = true})[map] then
    fail.raise("orthogonal: orthogonal_map must be 'matrix_exp', 'cayley' or 'householder', got %s", fail.show(map))
  end
  return parametrize.register_parametrization(a.module, a.name, Orthogonal(w, map, a.use_trivialization), true)
end

return parametrizations
