-- Continuous stand-ins for discrete distributions, differentiable by their parameters: with a low temperature samples
-- come near to 0 and 1 (Maddison, Mnih, Teh 2016; Jang, Gu, Poole 2016).

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"

local tensor, F, constraints = core.tensor, core.F, base.constraints

local function temperature_of(self, a)
  self.temperature = base.tensor_of(self.__name, "temperature", a.temperature, self[self.given[1]])
end

-- ---- RelaxedBernoulli ---------------------------------------------------------------------------------------------

local RelaxedBernoulli = {params = {probs = 0, logits = 0}, constants = {"temperature"}, has_rsample = true,
  arg_constraints = {probs = constraints.unit_interval, logits = constraints.real}, getters = {
  support = function() return constraints.unit_interval end,
  logits = function(self)
    local p = base.clamped(self.probs)
    return p:log() - (-p):log1p()
  end,
  probs = function(self) return self.logits:sigmoid() end,
}}

function RelaxedBernoulli:build(a)
  base.take_either(self, a, "probs", "logits")
  temperature_of(self, a)
end

-- The logit of a sample is the sum of a logistic number and logits, divided by the temperature.
function RelaxedBernoulli:draw(sizes, options)
  local logits = self.logits:expand(self:extended(sizes))
  local u = base.uniform_like(logits, options)
  return base.clamped(((u:log() - (-u):log1p() + logits) / self.temperature):sigmoid())
end

-- The density of the logit y, and what dy / dx adds.
function RelaxedBernoulli:log_prob(value)
  value = base.clamped(self:check_value(value))
  local y = value:log() - (-value):log1p()
  local d = self.logits - y * self.temperature
  return self.temperature:log() + d - F.softplus(d) * 2 - value:log() - (-value):log1p()
end

--- A number between 0 and 1 that stands for a Bernoulli one with probability probs or sigmoid(logits).
--     print(tensor.distributions.RelaxedBernoulli(0.1, 0.5):rsample():le(1))
--     --> true
RelaxedBernoulli = base.class("RelaxedBernoulli", "temperature:any, probs:any?, logits:any?", RelaxedBernoulli)

-- ---- RelaxedOneHotCategorical -------------------------------------------------------------------------------------

local Relaxed = {params = {probs = 1, logits = 1}, event_dims = 1, constants = {"temperature"}, has_rsample = true,
  arg_constraints = {probs = constraints.simplex, logits = constraints.real_vector}, getters = {
  support = function() return constraints.simplex end,
  logits = function(self) return base.clamped(self.probs):log() end,
  probs = function(self) return self.logits:softmax(-1) end,
}}

function Relaxed:build(a)
  base.take_either(self, a, "probs", "logits")
  if self.given[1] == "probs" then
    self.probs = self.probs / self.probs:sum(-1, true)
  else
    self.logits = self.logits - self.logits:logsumexp(-1, true)
  end
  temperature_of(self, a)
end

function Relaxed:draw(sizes, options)
  local logits = self.logits:expand(self:extended(sizes))
  local gumbel = -(-base.uniform_like(logits, options):log()):log()
  return ((logits + gumbel) / self.temperature):softmax(-1)
end

-- Maddison, Mnih, Teh 2016, equation 10.
function Relaxed:log_prob(value)
  local log = self:check_value(value):log()
  local k, score = log:size(-1), self.logits - log * self.temperature
  score = (score - score:logsumexp(-1, true)):sum(-1)
  return score - log:sum(-1) + tensor(k + 0.0, {dtype = log.dtype}):lgamma() + self.temperature:log() * (k - 1)
end

--- A vector of parts of 1 that stands for a one-hot one of the classes with probabilities probs [..., k] or
-- softmax(logits).
--     print(tensor.distributions.RelaxedOneHotCategorical(0.5, tensor{1, 3}):rsample():sum())
--     --> 1
local RelaxedOneHotCategorical = base.class("RelaxedOneHotCategorical",
  "temperature:any, probs:any?, logits:any?", Relaxed)

return {RelaxedBernoulli = RelaxedBernoulli, RelaxedOneHotCategorical = RelaxedOneHotCategorical}
