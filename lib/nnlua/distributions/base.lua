-- What all distributions have in common: parameters that broadcast, shapes, checks, expand. Knows no family.
--
-- A family is base.class(name, signature, class) with
--   params           {loc = 0, scale = 0}: tensor parameters and how many dimensions each takes of an event
--   event_dims       how many dimensions an event has (default 0)
--   arg_constraints  what the parameters must be
--   build(self, a)   sets the parameters from the arguments (default: all broadcast)
--   getters          fields that are computed: mean, variance, mode, support, ...
-- and the methods of a distribution. Both sample and rsample of a family that has_rsample are rsample(shape, options).

local constraints = require("nnlua.distributions.constraints").constraints
local core = require "nnlua.core"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor = core.tensor

local base = {}

-- ---- shapes -------------------------------------------------------------------------------------------------------

--- Sizes as a list, in front of others.
function base.join(...)
  local list = {}
  for _, sizes in ipairs {...} do
    for i = 1, #sizes do list[#list + 1] = sizes[i] end
  end
  return list
end

local function part(sizes, from, to)
  local list = {}
  for i = from, to do list[#list + 1] = sizes[i] end
  return list
end

-- A list of sizes as tensors have it: prints and compares.
local function shape(sizes) return tensor(0):expand(sizes).shape end
base.shape = shape

-- Sizes as numbers or as one list, and options at the end: sample(2, 3), sample({2, 3}, {generator = g}).
local function read_sizes(name, ...)
  local given, options = table.pack(...), {}
  while given.n > 0 and given[given.n] == nil do given.n = given.n - 1 end
  local last = given[given.n]
  if type(last) == "table" and not getmetatable(last) and type(next(last)) == "string" then
    options, given.n = last, given.n - 1
  end
  for key in pairs(options) do
    if key ~= "generator" and key ~= "sample_shape" then
      fail.raise("%s: unknown option '%s'%s", name, tostring(key), fail.suggest(key, {"generator", "sample_shape"}))
    end
  end
  local sizes = given.n == 1 and type(given[1]) ~= "number" and given[1] or part(given, 1, given.n)
  if given.n == 0 and options.sample_shape then sizes = options.sample_shape end
  if type(sizes) == "number" then sizes = {sizes} end
  local list = {}
  if type(sizes) ~= "table" and type(sizes) ~= "userdata" then
    fail.raise("%s: expected sizes, got %s", name, fail.show(sizes))
  end
  for i = 1, #sizes do
    local n = math.tointeger(sizes[i])
    if not n or n < 0 then fail.raise("%s: expected sizes, got %s", name, fail.show(sizes[i])) end
    list[i] = n
  end
  return list, {generator = options.generator}
end

-- ---- parameters ---------------------------------------------------------------------------------------------------

--- A parameter as a tensor of floats: numbers and tables are taken in the dtype of `like`.
function base.tensor_of(name, key, v, like)
  if tensor.is_tensor(v) then
    if not v:is_floating_point() then v = v:to(like and like.dtype or "float32") end
    return v
  end
  if type(v) ~= "number" and type(v) ~= "table" then
    fail.raise("%s: %s must be a number or a tensor, got %s", name, key, fail.show(v))
  end
  return tensor(v, {dtype = like and like.dtype or "float32"})
end

-- The first tensor of floats among arguments.
local function first_tensor(values)
  for _, v in pairs(values) do
    if tensor.is_tensor(v) and v:is_floating_point() then return v end
  end
end

--- Sets self[key] for the parameters among the arguments `a`, broadcast in all but their event dimensions.
function base.take(self, a, keys)
  local like, name, found = first_tensor(a), self.__name, {}
  local batch = tensor.zeros(1):reshape({})
  local slices = {}
  for _, key in ipairs(keys) do
    if a[key] ~= nil then
      local t, dims = base.tensor_of(name, key, a[key], like), self.params[key]
      if t:dim() < dims then
        fail.raise("%s: %s needs at least %d dimension%s, got %s", name, key, dims, dims == 1 and "" or "s",
          tostring(t.shape))
      end
      found[#found + 1], self[key] = key, t
      slices[#slices + 1] = t
      for _ = 1, dims do slices[#slices] = slices[#slices]:select(-1, 1) end
    end
  end
  for _, s in ipairs(slices) do batch = tensor.zeros_like(batch):add(tensor.zeros_like(s):to("float32")) end
  local sizes = {batch:size()}
  self.given = found
  for _, key in ipairs(found) do
    local t, dims = self[key], self.params[key]
    local own = {t:size()}
    self[key] = t:expand(base.join(sizes, part(own, #own - dims + 1, #own)))
  end
end

-- Sets the shapes from the parameters.
local function finish(self)
  local key = self.given[1]
  local sizes, dims = {self[key]:size()}, self.params[key]
  self.batch_shape = shape(part(sizes, 1, #sizes - dims))
  self.event_shape = shape(part(sizes, #sizes - self.event_dims + 1, #sizes))
  if self.setup then self:setup() end
  return self
end

local function check_parameters(self)
  for _, key in ipairs(self.given) do
    local constraint = self.arg_constraints[key]
    if constraint and not constraint:check(self[key]:detach()):all() then
      local flat = self[key]:detach()
      local found = tostring(flat:min():item())
      if flat:numel() > 1 then found = ("values from %s to %s"):format(found, flat:max():item()) end
      fail.raise("%s: %s must be %s, got %s", self.__name, key, constraint.text, found)
    end
  end
end

-- ---- the class of all ---------------------------------------------------------------------------------------------

--- What all distributions share: batch_shape, event_shape, sample, rsample, log_prob, entropy, cdf, icdf, expand.
-- Fields mean, variance, stddev, mode and support are computed when they are read.
--     local d = tensor.distributions.Normal(tensor{0, 1}, 1)
--     print(d:sample(4).shape)
--     --> {4, 2}
local Distribution = {__name = "Distribution", event_dims = 0, arg_constraints = {}, getters = {}}
base.Distribution = setmetatable(Distribution, {__name = "class"})

local function missing(self, what) fail.raise("%s: %s is not available for this distribution", self.__name, what) end

--- Values for sample_shape independent draws: a tensor [sample_shape..., batch_shape..., event_shape...], without
-- gradient. Sizes as numbers or a list, then {generator = g}.
function Distribution:sample(...)
  local sizes, options = read_sizes(self.__name .. ".sample", ...)
  return tensor.no_grad(self.draw, self, sizes, options)
end

--- The same, differentiable by the parameters (the reparameterisation trick), where the family allows it (has_rsample).
function Distribution:rsample(...)
  if not self.has_rsample then
    fail.raise("%s: samples of this distribution are not differentiable; use sample and log_prob", self.__name)
  end
  return self:draw(read_sizes(self.__name .. ".rsample", ...))
end

--- The logarithm of the density (or probability) at value, for each batch.
function Distribution:log_prob() missing(self, "log_prob") end
--- The probability of values up to value.
function Distribution:cdf() missing(self, "cdf") end
--- The inverse of cdf.
function Distribution:icdf() missing(self, "icdf") end
--- The entropy in nats, for each batch.
function Distribution:entropy() missing(self, "entropy") end
--- All values of a discrete distribution along a new first dimension; expand = false leaves the batch dimensions 1.
function Distribution:enumerate_support() missing(self, "enumerate_support") end

--- exp(entropy).
function Distribution:perplexity() return self:entropy():exp() end

function Distribution.getters.stddev(self) return self.variance:sqrt() end
for _, key in ipairs {"mean", "variance", "mode", "support"} do
  Distribution.getters[key] = function(self) missing(self, key) end
end

-- sample_shape, batch_shape and event_shape as one list.
function Distribution:extended(sizes) return base.join(sizes, self.batch_shape, self.event_shape) end

-- Checks a value that log_prob or cdf got (unless validate_args = false) and returns it as a tensor.
function Distribution:check_value(value)
  value = base.tensor_of(self.__name, "value", value, self[self.given[1]])
  if self.validate_args == false then return value end
  local sizes, own, at = {value:size()}, base.join(self.batch_shape, self.event_shape), self.__name
  local text = tostring(value.shape)
  for i = 0, math.min(#sizes, #own) - 1 do
    local a, b = sizes[#sizes - i], own[#own - i]
    if a ~= b and a ~= 1 and b ~= 1 then
      fail.raise("%s: value of shape %s does not fit batch_shape %s and event_shape %s", at, text,
        tostring(self.batch_shape), tostring(self.event_shape))
    end
  end
  local support = self.support
  if support and not support:check(value:detach()):all() then
    fail.raise("%s: the value must be %s", at, support.text)
  end
  return value
end

--- The same distribution with batch_shape expanded to other sizes, without a copy.
function Distribution:expand(...)
  local sizes = read_sizes(self.__name .. ".expand", ...)
  local new = setmetatable({given = self.given, validate_args = self.validate_args}, getmetatable(self))
  for _, key in ipairs(self.given) do
    local own, dims = {self[key]:size()}, self.params[key]
    new[key] = self[key]:expand(base.join(sizes, part(own, #own - dims + 1, #own)))
  end
  for _, key in ipairs(self.constants or {}) do new[key] = self[key] end
  return finish(new)
end

-- Fields of an instance: the class's, its getters, those of the class of all.
local function index_of(class)
  return function(self, key)
    local v = class[key]
    if v ~= nil then return v end
    local getter = class.getters[key] or Distribution.getters[key]
    if getter then return getter(self) end
    return Distribution[key]
  end
end

local function show(self)
  local parts = {}
  for i, key in ipairs(self.given) do
    local t = self[key]
    parts[i] = key .. ": " .. (t:dim() == 0 and tostring(t:item()) or tostring(t.shape))
  end
  return ("%s(%s)"):format(self.__name, table.concat(parts, ", "))
end

local function construct(class, ...)
  local a = class.signature(...)
  local self = setmetatable({validate_args = a.validate_args}, class)
  class.build(self, a)
  finish(self)
  if a.validate_args ~= false then
    check_parameters(self)
    if self.check then self:check() end
  end
  return self
end

--- Makes a family; see above.
function base.class(name, arguments, class)
  class.__name, class.getters = name, class.getters or {}
  class.event_dims, class.arg_constraints = class.event_dims or 0, class.arg_constraints or {}
  class.signature = signature(name, arguments .. ", validate_args:bool=true")
  class.__index, class.__tostring = index_of(class), show
  local keys = {}
  for key in arguments:gmatch("([%w_]+):") do
    if class.params[key] then keys[#keys + 1] = key end
  end
  class.build = class.build or function(self, a) base.take(self, a, keys) end
  return setmetatable(class, {__call = construct, __index = Distribution, __name = "class"})
end

-- ---- parameters given one way or the other ------------------------------------------------------------------------

--- Takes probs or logits, of which exactly one must be there.
function base.take_either(self, a, one, other, more)
  if (a[one] == nil) == (a[other] == nil) then
    fail.raise("%s: give either %s or %s", self.__name, one, other)
  end
  base.take(self, a, base.join({a[one] ~= nil and one or other}, more or {}))
end

--- A value that is computed once.
function base.once(self, key, f)
  local v = rawget(self, key)
  if v == nil then
    v = f()
    rawset(self, key, v)
  end
  return v
end

local PRECISION <const> = {float32 = 2.0 ^ -23, float64 = 2.0 ^ -52}

--- Probabilities kept away from 0 and 1 by the precision of their dtype.
function base.clamped(probs) return probs:clamp(PRECISION[probs.dtype], 1 - PRECISION[probs.dtype]) end

--- Gives a class the fields probs and logits, each computed from the other where that one was given.
function base.chances(class)
  function class.getters.logits(self)
    return base.once(self, "computed", function()
      local p = base.clamped(self.probs)
      return p:log() - (-p):log1p()
    end)
  end
  function class.getters.probs(self)
    return base.once(self, "computed", function() return self.logits:sigmoid() end)
  end
end

--- The bounds of a uniform draw that is neither 0 nor 1, as PyTorch's.
function base.uniform_like(t, options) return base.clamped(tensor.rand_like(t, options)) end

--- Sums over the last n dimensions.
function base.sum_last(t, n)
  for _ = 1, n do t = t:sum(-1) end
  return t
end

--- NaNs, or another number, in the shape of t.
function base.full_like(t, number) return tensor.full_like(t:detach(), number) end

base.constraints = constraints

return base
