-- Distributions made of others: Independent counts batch dimensions as event dimensions, MixtureSameFamily chooses
-- one of a batch.

local base = require "nnlua.distributions.base"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local constraints = base.constraints

-- A family whose argument is a distribution: shapes come from it.
local function wrapper(name, arguments, class, build)
  class.__name, class.params, class.arg_constraints = name, {}, {}
  class.signature = signature(name, arguments .. ", validate_args:bool=true")
  class.__index = function(self, key)
    if class[key] ~= nil then return class[key] end
    local getter = class.getters[key] or base.Distribution.getters[key]
    if getter then return getter(self) end
    return base.Distribution[key]
  end
  return setmetatable(class, {__name = "class", __call = function(_, ...)
    local a = class.signature(...)
    return build(setmetatable({given = {}, validate_args = a.validate_args}, class), a)
  end})
end

local function is_distribution(v)
  local meta = getmetatable(v)
  return type(v) == "table" and type(meta) == "table" and meta.arg_constraints ~= nil
end

local function slice(sizes, from, to) return {table.unpack(sizes, from, to)} end

local function list(sizes)
  local l = {}
  for i = 1, #sizes do l[i] = sizes[i] end
  return l
end

local shape = base.shape

-- ---- Independent --------------------------------------------------------------------------------------------------

local Independent = {getters = {
  mean = function(self) return self.base_dist.mean end,
  mode = function(self) return self.base_dist.mode end,
  variance = function(self) return self.base_dist.variance end,
  stddev = function(self) return self.base_dist.stddev end,
  has_rsample = function(self) return self.base_dist.has_rsample end,
  support = function(self)
    return constraints.independent(self.base_dist.support, self.reinterpreted_batch_ndims)
  end,
}}

local function build_independent(self, a)
  local inner, n = a.base_distribution, a.reinterpreted_batch_ndims
  if not is_distribution(inner) then
    fail.raise("Independent: base_distribution must be a distribution, got %s", fail.show(inner))
  end
  local batch, event = list(inner.batch_shape), list(inner.event_shape)
  if n > #batch then
    fail.raise("Independent: reinterpreted_batch_ndims = %d, but there are %d batch dimensions", n, #batch)
  end
  self.base_dist, self.reinterpreted_batch_ndims, self.event_dims = inner, n, n + #event
  self.batch_shape = shape(slice(batch, 1, #batch - n))
  self.event_shape = shape(base.join(slice(batch, #batch - n + 1, #batch), event))
  return self
end

function Independent:draw(sizes, options) return self.base_dist:draw(sizes, options) end
function Independent:log_prob(value)
  return base.sum_last(self.base_dist:log_prob(value), self.reinterpreted_batch_ndims)
end
function Independent:entropy() return base.sum_last(self.base_dist:entropy(), self.reinterpreted_batch_ndims) end
function Independent:expand(...)
  local sizes = type((...)) == "number" and {...} or list((...))
  local n = self.reinterpreted_batch_ndims
  local kept = slice(list(self.event_shape), 1, n)
  return getmetatable(self)(self.base_dist:expand(base.join(sizes, kept)), n)
end
function Independent:__tostring()
  return ("Independent(%s, %d)"):format(self.base_dist, self.reinterpreted_batch_ndims)
end

--- The distribution base_distribution with its last reinterpreted_batch_ndims batch dimensions taken as dimensions of
-- the event: log_prob and entropy are summed over them.
--     local d = tensor.distributions.Normal(tensor{0, 0}, 1)
--     print(tensor.distributions.Independent(d, 1):log_prob(tensor{0, 0}):round({decimals = 3}))
--     --> -1.838
Independent = wrapper("Independent", "base_distribution:any, reinterpreted_batch_ndims:amount", Independent,
  build_independent)

-- ---- MixtureSameFamily --------------------------------------------------------------------------------------------

-- The weights [..., k] in front of the event dimensions.
local function weights(self)
  local p = self.mixture_distribution.probs
  for _ = 1, #self.event_shape do p = p:unsqueeze(-1) end
  return p
end

local function component_dim(self) return -1 - #self.event_shape end

local Mixture = {getters = {
  mean = function(self) return (weights(self) * self.component_distribution.mean):sum(component_dim(self)) end,
  variance = function(self)
    local w, c, d = weights(self), self.component_distribution, component_dim(self)
    local off = c.mean - self.mean:unsqueeze(d)
    return (w * (c.variance + off:square())):sum(d)
  end,
  support = function(self) return self.component_distribution.support end,
}}

local function build_mixture(self, a)
  local mix, parts = a.mixture_distribution, a.component_distribution
  if not is_distribution(mix) or mix.__name ~= "Categorical" then
    fail.raise("MixtureSameFamily: mixture_distribution must be a Categorical distribution")
  end
  if not is_distribution(parts) then
    fail.raise("MixtureSameFamily: component_distribution must be a distribution, got %s", fail.show(parts))
  end
  local batch = list(parts.batch_shape)
  if #batch == 0 or batch[#batch] ~= mix.num_events then
    fail.raise("MixtureSameFamily: the last batch dimension of the components (batch_shape %s) must be the number of "
      .. "classes (%d)", tostring(parts.batch_shape), mix.num_events)
  end
  self.mixture_distribution, self.component_distribution = mix, parts
  self.batch_shape, self.event_shape = shape(slice(batch, 1, #batch - 1)), parts.event_shape
  self.event_dims = #list(parts.event_shape)
  return self
end

function Mixture:draw(sizes, options)
  local d = component_dim(self)
  local which = self.mixture_distribution:expand(self.batch_shape):draw(sizes, options)
  local all = self.component_distribution:draw(sizes, options)
  which = which:unsqueeze(-1)
  for _ = 1, #self.event_shape do which = which:unsqueeze(-1) end
  local wanted = {all:size()}
  wanted[#wanted + d + 1] = 1
  return all:gather(d, which:expand(wanted)):squeeze(d)
end

function Mixture:log_prob(value)
  value = base.tensor_of("MixtureSameFamily", "value", value, self.mixture_distribution.logits)
  value = value:unsqueeze(component_dim(self))
  return (self.component_distribution:log_prob(value) + self.mixture_distribution.logits):logsumexp(-1)
end

function Mixture:cdf(value)
  value = base.tensor_of("MixtureSameFamily", "value", value, self.mixture_distribution.logits):unsqueeze(-1)
  return (self.component_distribution:cdf(value) * self.mixture_distribution.probs):sum(-1)
end

function Mixture:__tostring()
  return ("MixtureSameFamily(%s, %s)"):format(self.mixture_distribution, self.component_distribution)
end

--- One of the k distributions along the last batch dimension of component_distribution, chosen by a Categorical
-- mixture_distribution over k classes: a mixture of Gaussians, for instance.
--     local D = tensor.distributions
--     local m = D.MixtureSameFamily(D.Categorical(tensor{1, 1}), D.Normal(tensor{-1, 1}, 1))
--     print(m.mean)
--     --> 0
--     print(m.variance)
--     --> 2
local MixtureSameFamily = wrapper("MixtureSameFamily", "mixture_distribution:any, component_distribution:any", Mixture,
  build_mixture)

return {Independent = Independent, MixtureSameFamily = MixtureSameFamily}
