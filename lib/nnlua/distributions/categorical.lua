-- Distributions over classes: Categorical, whose values are class numbers from 1, and OneHotCategorical.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor, F, constraints = core.tensor, core.F, base.constraints

-- Probabilities that sum up to 1, logits whose exponentials do; the other of the two is computed.
local function classes(class)
  class.params = {probs = 1, logits = 1}
  class.event_dims = class.event_dims or 0
  class.arg_constraints = {probs = constraints.simplex, logits = constraints.real_vector}
  function class:build(a)
    base.take_either(self, a, "probs", "logits")
    if self.given[1] == "probs" then
      if not self.probs:detach():ge(0):all() then
        fail.raise("%s: probs must not be negative", self.__name)
      end
      self.probs = self.probs / self.probs:sum(-1, true)
    else
      self.logits = self.logits - self.logits:logsumexp(-1, true)
    end
  end
  function class.getters.logits(self)
    return base.once(self, "computed", function() return base.clamped(self.probs):log() end)
  end
  function class.getters.probs(self)
    return base.once(self, "computed", function() return self.logits:softmax(-1) end)
  end
  function class.getters.param_shape(self) return self[self.given[1]].shape end
  function class.getters.num_events(self) return self[self.given[1]]:size(-1) end
end

-- Class numbers for the batch and sample sizes.
local function draw_classes(self, sizes, options)
  local k, wanted = self.num_events, base.join(sizes, self.batch_shape)
  local n, rows = 1, self.probs:detach():reshape(-1, k)
  for _, size in ipairs(sizes) do n = n * size end
  if n == 0 or rows:size(1) == 0 then return tensor.zeros(wanted, {dtype = "int64"}) end
  local drawn = tensor.multinomial(rows, n, true, options)
  return drawn:t():reshape(wanted)
end

-- ---- Categorical --------------------------------------------------------------------------------------------------

local Categorical = {has_enumerate_support = true, getters = {
  mean = function(self) return base.full_like(self.probs:select(-1, 1), 0 / 0) end,
  mode = function(self) return self.probs:argmax(-1) end,
  variance = function(self) return base.full_like(self.probs:select(-1, 1), 0 / 0) end,
  support = function(self) return constraints.integer_interval(1, self.num_events) end,
}}
classes(Categorical)

Categorical.draw = draw_classes

function Categorical:check_value(value)
  value = tensor.is_tensor(value) and value or tensor(value)
  if self.validate_args ~= false and not self.support:check(value):all() then
    fail.raise("Categorical: the value must be %s", self.support.text)
  end
  return value:to("int64")
end

function Categorical:log_prob(value)
  value = self:check_value(value)
  -- values [...] and logits [..., k] side by side
  local like = tensor.zeros_like(value):to("float32") + self.logits:detach():select(-1, 1):to("float32")
  local sizes = {like:size()}
  local logits = self.logits:expand(base.join(sizes, {self.num_events}))
  return logits:gather(-1, value:expand(sizes):unsqueeze(-1)):squeeze(-1)
end

function Categorical:entropy()
  local least = self.logits.dtype == "float32" and -3.4028234663852886e38 or -1.7976931348623157e308
  return -(self.logits:clamp(least) * self.probs):sum(-1)
end

function Categorical:enumerate_support(expand)
  local sizes = {self.num_events}
  for i = 1, #self.batch_shape do sizes[i + 1] = 1 end
  local values = tensor.arange(1, self.num_events + 1):to("int64"):reshape(sizes)
  return expand == false and values or values:expand(base.join({self.num_events}, self.batch_shape))
end

--- A class number from 1 to k with probabilities probs [..., k] (any weights: they are divided by their sum) or
-- softmax(logits).
--     local d = tensor.distributions.Categorical(tensor{1, 3})
--     print(d:log_prob(2):exp())
--     --> 0.75
--     print(d.mode)
--     --> 2
Categorical = base.class("Categorical", "probs:any?, logits:any?", Categorical)

-- ---- OneHotCategorical --------------------------------------------------------------------------------------------

local function one_hot(self, numbers) return F.one_hot(numbers, self.num_events):to(self.probs.dtype) end

local function one_hot_class(class)
  class.event_dims, class.has_enumerate_support = 1, true
  class.getters = {
    mean = function(self) return self.probs end,
    mode = function(self) return one_hot(self, self.probs:argmax(-1)) end,
    variance = function(self) return self.probs * (1 - self.probs) end,
    support = function() return constraints.one_hot end,
  }
  classes(class)

  function class:log_prob(value)
    value = self:check_value(value)
    return self.logits:expand((self.logits + value:detach()).shape):gather(-1, value:argmax(-1, true)
      :expand(base.join({(self.logits + value:detach()):select(-1, 1):size()}, {1}))):squeeze(-1)
  end

  function class:entropy() return Categorical.entropy(self) end

  function class:enumerate_support(expand)
    local k = self.num_events
    local sizes = {k}
    for i = 1, #self.batch_shape do sizes[i + 1] = 1 end
    local values = tensor.eye(k, {dtype = self.probs.dtype}):reshape(base.join(sizes, {k}))
    return expand == false and values or values:expand(base.join({k}, self.batch_shape, {k}))
  end
end

local OneHotCategorical = {}
one_hot_class(OneHotCategorical)

function OneHotCategorical:draw(sizes, options) return one_hot(self, draw_classes(self, sizes, options)) end

--- As Categorical, with values that are vectors of one 1 and zeros.
--     print(tensor.distributions.OneHotCategorical(tensor{1, 3}).mode)
--     --> {0, 1}
OneHotCategorical = base.class("OneHotCategorical", "probs:any?, logits:any?", OneHotCategorical)

local StraightThrough = {}
one_hot_class(StraightThrough)
StraightThrough.has_rsample = true

function StraightThrough:draw(sizes, options)
  local hard = one_hot(self, draw_classes(self, sizes, options))
  return hard + (self.probs - self.probs:detach())
end

--- OneHotCategorical whose rsample passes gradients on to the probabilities as if the sample were these (Bengio et al.
-- 2013).
--     print(tensor.distributions.OneHotCategoricalStraightThrough(tensor{0, 1}):rsample())
--     --> {0, 1}
local OneHotCategoricalStraightThrough = base.class("OneHotCategoricalStraightThrough", "probs:any?, logits:any?",
  StraightThrough)

return {Categorical = Categorical, OneHotCategorical = OneHotCategorical,
  OneHotCategoricalStraightThrough = OneHotCategoricalStraightThrough}
