-- Distributions of single trials: Bernoulli, Geometric.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"

local tensor, F, constraints = core.tensor, core.F, base.constraints

-- Either of the two parameters and what makes the other of it.
local function chances(class)
  class.params = {probs = 0, logits = 0}
  class.arg_constraints = {probs = constraints.unit_interval, logits = constraints.real}
  function class:build(a) base.take_either(self, a, "probs", "logits") end
  base.chances(class)
end

-- ---- Bernoulli ----------------------------------------------------------------------------------------------------

local Bernoulli = {getters = {
  mean = function(self) return self.probs end,
  mode = function(self)
    local p = self.probs
    return tensor.where(p:eq(0.5), 0 / 0, p:ge(0.5):to(p.dtype))
  end,
  variance = function(self) return self.probs * (1 - self.probs) end,
  support = function() return constraints.boolean end,
}, has_enumerate_support = true}
chances(Bernoulli)

function Bernoulli:draw(sizes, options)
  return tensor.bernoulli(self.probs:expand(self:extended(sizes)):contiguous(), options)
end

function Bernoulli:log_prob(value)
  value = self:check_value(value)
  local logits = self.logits
  return value * logits - F.softplus(logits)
end

function Bernoulli:entropy() return F.softplus(self.logits) - self.probs * self.logits end

function Bernoulli:enumerate_support(expand)
  local p = self[self.given[1]]
  local sizes = {2}
  for i = 1, #self.batch_shape do sizes[i + 1] = 1 end
  local values = tensor({0, 1}, {dtype = p.dtype}):reshape(sizes)
  return expand == false and values or values:expand(base.join({2}, self.batch_shape))
end

--- The Bernoulli distribution: 1 with probability probs (or sigmoid(logits)), else 0.
--     print(tensor.distributions.Bernoulli(0.25):log_prob(1):round({decimals = 3}))
--     --> -1.386
Bernoulli = base.class("Bernoulli", "probs:any?, logits:any?", Bernoulli)

-- ---- Geometric ----------------------------------------------------------------------------------------------------

local Geometric = {getters = {
  mean = function(self) return self.probs:reciprocal() - 1 end,
  mode = function(self) return tensor.zeros_like(self.probs) end,
  variance = function(self) return (self.probs:reciprocal() - 1) / self.probs end,
  support = function() return constraints.nonnegative_integer end,
}}
chances(Geometric)

function Geometric:draw(sizes, options)
  local p = self.probs:expand(self:extended(sizes))
  local u = base.uniform_like(p, options)
  return (u:log() / (-p):log1p()):floor()
end

-- value log(1 - p) + log p, where the first is 0 for p = 1 and value = 0.
function Geometric:log_prob(value)
  value = self:check_value(value)
  local p = self.probs
  local safe = tensor.where(p:eq(1) & value:eq(0), 0, p)
  return value * (-safe):log1p() + p:log()
end

function Geometric:entropy() return (F.softplus(self.logits) - self.probs * self.logits) / self.probs end

--- The geometric distribution: how many trials fail before the first succeeds, each with probability probs (or
-- sigmoid(logits)).
--     print(tensor.distributions.Geometric(0.25).mean)
--     --> 3
Geometric = base.class("Geometric", "probs:any?, logits:any?", Geometric)

return {Bernoulli = Bernoulli, Geometric = Geometric}
