-- The uniform distribution.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor, constraints = core.tensor, base.constraints

local Uniform = {params = {low = 0, high = 0}, has_rsample = true}

Uniform.arg_constraints = {low = constraints.real, high = constraints.real}
Uniform.getters = {
  mean = function(self) return (self.low + self.high) / 2 end,
  mode = function(self) return base.full_like(self.high, 0 / 0) end,
  variance = function(self) return (self.high - self.low):square() / 12 end,
  stddev = function(self) return (self.high - self.low) / math.sqrt(12) end,
  support = function(self) return constraints.interval(self.low, self.high) end,
}

function Uniform:check()
  if not self.low:lt(self.high):all() then fail.raise("Uniform: low must be below high") end
end

function Uniform:draw(sizes, options)
  local low = self.low:expand(self:extended(sizes))
  return low + (self.high - self.low) * tensor.rand_like(low, options)
end

function Uniform:log_prob(value)
  value = self:check_value(value)
  local inside = value:ge(self.low) & value:lt(self.high)
  return tensor.where(inside, -(self.high - self.low):log(), -math.huge)
end

function Uniform:cdf(value) return ((self:check_value(value) - self.low) / (self.high - self.low)):clamp(0, 1) end
function Uniform:icdf(p)
  return base.tensor_of("Uniform", "value", p, self.low) * (self.high - self.low) + self.low
end
function Uniform:entropy() return (self.high - self.low):log() end

--- The uniform distribution on low <= x < high.
--     print(tensor.distributions.Uniform(0, 4):log_prob(1):round({decimals = 3}))
--     --> -1.386
Uniform = base.class("Uniform", "low:any, high:any", Uniform)

return {Uniform = Uniform}
