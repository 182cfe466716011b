-- Functions of F that are compositions of operations. One that the engine has a row for is left to it.

local core = require "nnlua.core"
local define = require "nnlua.define"
local fail = require "nnlua.fail"

local tensor, F = core.tensor, core.F

local function dims_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

-- ---- products -----------------------------------------------------------------------------------------------------

--- y_k = x1^T W_k x2 + b_k: input1 [..., i], input2 [..., j], weight [k, i, j], bias [k] or nil.
define("bilinear", "input1 input2 weight bias?", "", function(_, a, b, weight, bias)
  -- [..., i] and [..., j] with [k, i, j]: sum over i and j
  local left = a:unsqueeze(-2):unsqueeze(-2):matmul(weight):squeeze(-2)
  local y = (left * b:unsqueeze(-2)):sum(-1)
  return bias and y + bias or y
end)

--- Convolution of sequences with time first: input [L, N, C], weight [k, C, K], bias [K] to [L', N, K] with
-- L' = L + 2 * pad - k + 1.
--     F.conv_tbc(tensor.ones(4, 2, 3), tensor.ones(2, 3, 5), tensor.zeros(5)).shape
--     --> {3, 2, 5}
define("conv_tbc", "input weight bias", "pad:amount=0", function(a, x, weight, bias)
  if x:dim() ~= 3 or weight:dim() ~= 3 then
    fail.raise("conv_tbc: expected input[L, N, C] and weight[k, C, K], got %s and %s", dims_text(x),
      dims_text(weight))
  end
  return F.conv1d(x:permute(2, 3, 1), weight:permute(3, 2, 1), bias, 1, a.pad):permute(3, 1, 2)
end)

-- ---- activations --------------------------------------------------------------------------------------------------

-- f(x), or with the option inplace f written to x.
local function perhaps_inplace(a, x, f)
  return a.inplace and x:copy_(f(x:clone())) or f(x)
end

--- max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0), elementwise (Barron 2017).
--     F.celu(tensor{-1, 2})
--     --> {-0.6321, 2}
define("celu", "input", "alpha:number=1.0, inplace:bool=false", function(a, x)
  return perhaps_inplace(a, x, function(v)
    return v:clamp(0) + (v / a.alpha):clamp(nil, 0):expm1() * a.alpha
  end)
end)

--- celu in place: F.celu with inplace = true.
--     F.celu_(tensor{-1, 2})
--     --> {-0.6321, 2}
define("celu_", "input", "alpha:number=1.0", function(a, x) return F.celu(x, a.alpha, true) end)

--- softmax(-x) along dim.
define("softmin", "input", "dim:int?, dtype:string?", function(a, x) return F.softmax(-x, a.dim, a.dtype) end)

--- Moves each element by lambd towards zero, and to zero where it is nearer than that.
define("softshrink", "input", "lambd:positive=0.5", function(a, x)
  return x - x:clamp(-a.lambd, a.lambd)
end)

--- x where |x| > lambd, else 0, elementwise.
define("hardshrink", "input", "lambd:positive=0.5", function(a, x)
  return tensor.where(x:abs():gt(a.lambd), x, tensor.zeros_like(x))
end)

--- The first half of dimension dim times the sigmoid of the second half (Dauphin et al. 2017).
define("glu", "input", "dim:int=-1", function(a, x)
  if x:size(a.dim) % 2 ~= 0 then
    fail.raise("glu: dimension %d of %s has no two halves", a.dim, dims_text(x))
  end
  local left, right = x:chunk(2, a.dim)
  return left * right:sigmoid()
end)

--- x where x > 0, else weight * x; weight has one element or one for each channel (dimension 2).
define("prelu", "input weight", "", function(_, x, weight)
  local n = weight:numel()
  if n > 1 then
    if x:dim() < 2 or x:size(2) ~= n then fail.raise("prelu: %d slopes for input %s", n, dims_text(x)) end
    local shape = {}
    for d = 1, x:dim() do shape[d] = d == 2 and n or 1 end
    weight = weight:reshape(shape)
  elseif n == 1 and weight:dim() > x:dim() then
    weight = weight:squeeze()
  end
  return x:clamp(0) + weight * x:clamp(nil, 0)
end)

--- Leaky relu: in training with a slope drawn from lower to upper for each element, else with their mean.
define("rrelu", "input", "lower:number=0.125, upper:number=0.3333333333333333, training:bool=false, "
  .. "inplace:bool=false", function(a, x)
  if not a.training then return F.leaky_relu(x, (a.lower + a.upper) / 2, a.inplace) end
  return perhaps_inplace(a, x, function(v)
    local slope = tensor.rand_like(v):mul(a.upper - a.lower):add(a.lower)
    return v:clamp(0) + slope * v:clamp(nil, 0)
  end)
end)

--- rrelu in place: F.rrelu with inplace = true.
--     F.rrelu_(tensor{-1, 2}, 0.25, 0.25)
--     --> {-0.25, 2}
define("rrelu_", "input", "lower:number=0.125, upper:number=0.3333333333333333, training:bool=false", function(a, x)
  return F.rrelu(x, a.lower, a.upper, a.training, true)
end)

-- ---- normalisation ------------------------------------------------------------------------------------------------

--- x divided by its p-norm along dim, or by eps where that is larger.
define("normalize", "input", "p:number=2, dim:int=2, eps:positive=1e-12", function(a, x)
  return x / x:norm(a.p, a.dim, true):clamp(a.eps)
end)

-- ---- distances ----------------------------------------------------------------------------------------------------

--- The cosine of the angle between x1 and x2 along dim.
define("cosine_similarity", "x1 x2", "dim:int=2, eps:positive=1e-8", function(a, x, y)
  local xx, yy = x:square():sum(a.dim), y:square():sum(a.dim)
  return (x * y):sum(a.dim) / (xx:sqrt():clamp(a.eps) * yy:sqrt():clamp(a.eps))
end)

--- The p-norm of x1 - x2 + eps along the last dimension.
define("pairwise_distance", "x1 x2", "p:number=2, eps:positive=1e-6, keepdim:bool=false", function(a, x, y)
  return (x - y + a.eps):norm(a.p, -1, a.keepdim)
end)

--- The p-norm distances between all pairs of rows of input [N, D]: [N (N - 1) / 2], row 1 to 2, 1 to 3, ..., 2 to 3.
--     F.pdist(tensor{{0, 0}, {3, 4}, {0, 1}})
--     --> {5, 1, 4.2426}
define("pdist", "input", "p:positive=2", function(a, x)
  if x:dim() ~= 2 then fail.raise("pdist: expected input[N, D], got %s", dims_text(x)) end
  local n = x:size(1)
  local pairs_of_rows = tensor.ones(n, n):triu(1):nonzero()
  local first, second = pairs_of_rows:select(2, 1), pairs_of_rows:select(2, 2)
  return (x:index_select(1, first) - x:index_select(1, second)):norm(a.p, 2)
end)

for _, family in ipairs {"chance", "embedding", "image", "losses", "normalization", "pooling"} do
  require("nnlua.functional." .. family)
end

-- Those that PyTorch has in torch, too.
for _, name in ipairs(require "nnlua.functional.aliases") do tensor[name] = tensor[name] or F[name] end

return F
