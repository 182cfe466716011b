-- Invertible functions with the logarithms of their slopes, and the distributions that samples have after them. Knows
-- of distributions only what all have in common.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor, F, constraints = core.tensor, core.F, base.constraints

-- ---- the class of all ---------------------------------------------------------------------------------------------

--- An invertible function y = t(x) of tensors, the base of the classes XTransform: t(x); t.inv, its inverse, a
-- transform as well; t:log_abs_det_jacobian(x, y), the logarithm of |dy / dx|, summed over event_dim dimensions.
--     local D = tensor.distributions
--     print(D.ExpTransform().inv(tensor{1}))
--     --> {0}
local Transform = {event_dim = 0, sign = 1, bijective = true}

-- What a transform is called in messages and by tostring.
local function show(self) return self.__name .. "()" end

-- A class: forward(self, x), inverse(self, y), log_abs_det_jacobian(self, x, y).
local function class(name, arguments, methods, build)
  methods.__name, methods.__tostring = name, methods.__tostring or show
  methods.is_transform = true
  local read = signature(name, arguments)
  methods.__index = function(self, key)
    if key == "inv" then return Transform.inverse_of(self) end
    local v = methods[key]
    if v == nil then v = Transform[key] end
    return v
  end
  methods.__call = function(self, x)
    return self:forward(base.tensor_of(name, "x", x))
  end
  return setmetatable(methods, {__name = "class", __call = function(_, ...)
    local self = setmetatable({}, methods)
    if build then build(self, read(...)) else read(...) end
    return self
  end})
end

local function is_transform(v)
  local meta = getmetatable(v)
  return type(v) == "table" and type(meta) == "table" and meta.is_transform == true
end

-- The inverse: forward and inverse change places.
local Inverse = {
  __tostring = function(self) return tostring(self.of) .. ".inv" end,
  forward = function(self, y) return self.of:inverse(y) end,
  inverse = function(self, x) return self.of:forward(x) end,
  log_abs_det_jacobian = function(self, x, y) return -self.of:log_abs_det_jacobian(y, x) end,
}
local make_inverse = class("InverseTransform", "of:any", Inverse, function(self, a)
  self.of, self.event_dim, self.bijective, self.sign = a.of, a.of.event_dim, a.of.bijective, a.of.sign
  self.domain, self.codomain = a.of.codomain, a.of.domain
end)

function Transform.inverse_of(self) return rawget(self, "of") or make_inverse(self) end

-- ---- elementwise --------------------------------------------------------------------------------------------------

local Exp, Sigmoid, Tanh, Softplus, Power, Abs, Affine, Compose = {}, {}, {}, {}, {}, {}, {}, {}

Exp.domain, Exp.codomain = constraints.real, constraints.positive
function Exp:forward(x) return x:exp() end
function Exp:inverse(y) return y:log() end
function Exp:log_abs_det_jacobian(x) return x end

--- y = exp(x).
--     print(tensor.distributions.ExpTransform()(tensor{0}))
--     --> {1}
Exp = class("ExpTransform", "", Exp)

Sigmoid.domain, Sigmoid.codomain = constraints.real, constraints.unit_interval
function Sigmoid:forward(x) return base.clamped(x:sigmoid()) end
function Sigmoid:inverse(y)
  y = base.clamped(y)
  return y:log() - (-y):log1p()
end
function Sigmoid:log_abs_det_jacobian(x) return -F.softplus(-x) - F.softplus(x) end

--- y = 1 / (1 + exp(-x)).
--     print(tensor.distributions.SigmoidTransform()(tensor{0}))
--     --> {0.5}
Sigmoid = class("SigmoidTransform", "", Sigmoid)

Tanh.domain, Tanh.codomain = constraints.real, constraints.interval(-1, 1)
function Tanh:forward(x) return x:tanh() end
function Tanh:inverse(y) return y:atanh() end
function Tanh:log_abs_det_jacobian(x) return (math.log(2) - x - F.softplus(x * -2)) * 2 end

--- y = tanh(x): for actions that have bounds.
--     local t = tensor.distributions.TanhTransform()
--     print(t(tensor{0}), t:log_abs_det_jacobian(tensor{0}))
--     --> {0}	{0}
Tanh = class("TanhTransform", "", Tanh)

Softplus.domain, Softplus.codomain = constraints.real, constraints.positive
function Softplus:forward(x) return F.softplus(x) end
function Softplus:inverse(y) return (-(-y):expm1()):log() + y end
function Softplus:log_abs_det_jacobian(x) return -F.softplus(-x) end

--- y = log(1 + exp(x)).
--     print(tensor.distributions.SoftplusTransform()(tensor{0}))
--     --> {0.6931}
Softplus = class("SoftplusTransform", "", Softplus)

Power.domain, Power.codomain = constraints.positive, constraints.positive
function Power:forward(x) return x:pow(self.exponent) end
function Power:inverse(y) return y:pow(self.exponent:reciprocal()) end
function Power:log_abs_det_jacobian(x, y)
  y = y or self:forward(x)
  return (self.exponent * y / x):abs():log()
end

--- y = x^exponent, for positive x.
--     print(tensor.distributions.PowerTransform(2)(tensor{3}))
--     --> {9}
Power = class("PowerTransform", "exponent:any", Power, function(self, a)
  self.exponent = base.tensor_of("PowerTransform", "exponent", a.exponent)
  self.sign = self.exponent:sign()
end)

Abs.domain, Abs.codomain, Abs.bijective = constraints.real, constraints.positive, false
function Abs:forward(x) return x:abs() end
function Abs:inverse(y) return y end
function Abs:log_abs_det_jacobian()
  fail.raise("AbsTransform: two values have the same result, so there is no density")
end

--- y = |x|; of the two inverses the positive one.
--     print(tensor.distributions.AbsTransform()(tensor{-1}))
--     --> {1}
Abs = class("AbsTransform", "", Abs)

Affine.domain, Affine.codomain = constraints.real, constraints.real
function Affine:forward(x) return self.loc + self.scale * x end
function Affine:inverse(y) return (y - self.loc) / self.scale end
function Affine:log_abs_det_jacobian(x)
  return base.sum_last(self.scale:abs():log() + tensor.zeros_like(x), self.event_dim)
end

--- y = loc + scale * x; event_dim: how many of the last dimensions are one event.
--     print(tensor.distributions.AffineTransform(1, 2)(tensor{3}))
--     --> {7}
Affine = class("AffineTransform", "loc:any, scale:any, event_dim:amount=0", Affine, function(self, a)
  local like = tensor.is_tensor(a.scale) and a.scale or tensor.is_tensor(a.loc) and a.loc or nil
  self.loc, self.scale = base.tensor_of("AffineTransform", "loc", a.loc, like),
    base.tensor_of("AffineTransform", "scale", a.scale, like)
  if self.scale:detach():eq(0):any() then fail.raise("AffineTransform: scale must not be 0") end
  self.event_dim, self.sign = a.event_dim, self.scale:detach():sign()
end)

-- ---- several ------------------------------------------------------------------------------------------------------

function Compose:forward(x)
  for _, t in ipairs(self.parts) do x = t(x) end
  return x
end

function Compose:inverse(y)
  for i = #self.parts, 1, -1 do y = self.parts[i]:inverse(y) end
  return y
end

function Compose:log_abs_det_jacobian(x)
  local total = 0
  for _, t in ipairs(self.parts) do
    local y = t(x)
    total = base.sum_last(t:log_abs_det_jacobian(x, y), self.event_dim - t.event_dim) + total
    x = y
  end
  return total
end

function Compose:__tostring()
  local texts = {}
  for i, t in ipairs(self.parts) do texts[i] = tostring(t) end
  return "ComposeTransform({" .. table.concat(texts, ", ") .. "})"
end

-- A list of transforms, checked.
local function transforms_of(name, v)
  local list = is_transform(v) and {v} or v
  if type(list) ~= "table" then fail.raise("%s: expected transforms, got %s", name, fail.show(v)) end
  for i, t in ipairs(list) do
    if not is_transform(t) then fail.raise("%s: entry %d must be a transform, got %s", name, i, fail.show(t)) end
  end
  return list
end

--- Transforms one after the other, the first one first.
--     local D = tensor.distributions
--     print(D.ComposeTransform({D.AffineTransform(0, 2), D.ExpTransform()})(tensor{0}))
--     --> {1}
Compose = class("ComposeTransform", "parts:any?", Compose, function(self, a)
  self.parts = transforms_of("ComposeTransform", a.parts or {})
  self.event_dim, self.sign, self.domain, self.codomain = 0, 1, constraints.real, constraints.real
  for i, t in ipairs(self.parts) do
    self.event_dim, self.sign = math.max(self.event_dim, t.event_dim), t.sign * self.sign
    self.bijective = self.bijective and t.bijective
    if i == 1 then self.domain = t.domain end
    self.codomain = t.codomain
  end
end)

-- ---- distributions ------------------------------------------------------------------------------------------------

local Transformed = {getters = {
  has_rsample = function(self) return self.base_dist.has_rsample end,
  support = function(self)
    local n = #self.transforms
    return n == 0 and self.base_dist.support or self.transforms[n].codomain
  end,
}, params = {}, arg_constraints = {}, __name = "TransformedDistribution"}

local read = signature("TransformedDistribution", "base_distribution:any, transforms:any?, validate_args:bool=true")

local function list(sizes, from, to)
  local l = {}
  for i = from, to do l[#l + 1] = sizes[i] end
  return l
end

function Transformed:draw(sizes, options)
  local x = self.base_dist:draw(sizes, options)
  for _, t in ipairs(self.transforms) do x = t(x) end
  return x
end

function Transformed:log_prob(value)
  local y = base.tensor_of("TransformedDistribution", "value", value, self.like)
  if self.validate_args then
    local support = self.support
    if support and not support:check(y:detach()):all() then
      fail.raise("TransformedDistribution: the value must be %s", support.text)
    end
  end
  local total, n = 0, self.event_dims
  for i = #self.transforms, 1, -1 do
    local t = self.transforms[i]
    local x = t:inverse(y)
    total = total - base.sum_last(t:log_abs_det_jacobian(x, y), n - t.event_dim)
    y = x
  end
  return base.sum_last(self.base_dist:log_prob(y), n - #self.base_dist.event_shape) + total
end

-- The value before the transforms, and whether they rise (1) or fall (-1).
local function before(self, value)
  local y = base.tensor_of("TransformedDistribution", "value", value, self.like)
  local sign = 1
  for i = #self.transforms, 1, -1 do
    local t = self.transforms[i]
    if not t.bijective then fail.raise("TransformedDistribution: %s has no inverse", tostring(t)) end
    y, sign = t:inverse(y), t.sign * sign
  end
  return y, sign
end

function Transformed:cdf(value)
  local x, sign = before(self, value)
  return (self.base_dist:cdf(x) - 0.5) * sign + 0.5
end

function Transformed:icdf(p)
  local sign = 1
  for _, t in ipairs(self.transforms) do sign = t.sign * sign end
  local y = self.base_dist:icdf((base.tensor_of("TransformedDistribution", "value", p, self.like) - 0.5)
    * sign + 0.5)
  for _, t in ipairs(self.transforms) do y = t(y) end
  return y
end

function Transformed:expand(...)
  return getmetatable(self)(self.base_dist:expand(...), self.transforms, {validate_args = self.validate_args})
end

function Transformed:__tostring()
  local texts = {}
  for i, t in ipairs(self.transforms) do texts[i] = tostring(t) end
  return ("TransformedDistribution(%s, {%s})"):format(tostring(self.base_dist), table.concat(texts, ", "))
end

function Transformed.__index(self, key)
  local v = Transformed[key]
  if v ~= nil then return v end
  local getter = Transformed.getters[key] or base.Distribution.getters[key]
  if getter then return getter(self) end
  return base.Distribution[key]
end

local function build(_, ...)
  local a = read(...)
  local inner, meta = a.base_distribution, getmetatable(a.base_distribution)
  if type(inner) ~= "table" or type(meta) ~= "table" or meta.arg_constraints == nil then
    fail.raise("TransformedDistribution: base_distribution must be a distribution, got %s", fail.show(inner))
  end
  local transforms = transforms_of("TransformedDistribution", a.transforms or {})
  local dims = #inner.event_shape
  for _, t in ipairs(transforms) do dims = math.max(dims, t.event_dim) end
  local self = setmetatable({base_dist = inner, transforms = transforms, event_dims = dims, given = {},
    validate_args = a.validate_args}, Transformed)
  local parameter = inner.given and inner.given[1]
  self.like = rawget(inner, "like") or tensor.zeros(1, {dtype = parameter and inner[parameter].dtype or "float32"})
  local zeros = self.like:expand(base.join({1}, inner.batch_shape, inner.event_shape))
  for _, t in ipairs(transforms) do zeros = tensor.no_grad(t, zeros) end
  local sizes = {zeros[1]:size()}
  if #sizes < dims then
    fail.raise("TransformedDistribution: events of %d dimensions, but values have %d", dims, #sizes)
  end
  self.batch_shape = base.shape(list(sizes, 1, #sizes - dims))
  self.event_shape = base.shape(list(sizes, #sizes - dims + 1, #sizes))
  return self
end

--- The distribution of t(x), x drawn from base_distribution and t a transform or a list of such, the first one first:
-- sample, rsample, log_prob, cdf and icdf by the change of variables.
--     local D = tensor.distributions
--     local d = D.TransformedDistribution(D.Normal(0, 1), {D.AffineTransform(1, 2), D.ExpTransform()})
--     print(d:log_prob(1):round({decimals = 3}), D.LogNormal(1, 2):log_prob(1):round({decimals = 3}))
--     --> -1.737	-1.737
local TransformedDistribution = setmetatable(Transformed, {__name = "class", __call = build})

return {Transform = setmetatable(Transform, {__name = "class"}), ExpTransform = Exp, SigmoidTransform = Sigmoid,
  TanhTransform = Tanh, SoftplusTransform = Softplus, PowerTransform = Power, AbsTransform = Abs,
  AffineTransform = Affine, ComposeTransform = Compose, TransformedDistribution = TransformedDistribution}
