-- The exponential distribution and powers of it: Weibull, Pareto.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"

local tensor, constraints = core.tensor, base.constraints

local EULER <const> = 0.57721566490153286060651209008

-- Exponential numbers with mean 1 in the shape of t: -log(1 - u).
local function standard_like(t, options) return -(-tensor.rand_like(t:detach(), options)):log1p() end

local function probability(self, p) return base.tensor_of(self.__name, "value", p, self[self.given[1]]) end

-- ---- Exponential --------------------------------------------------------------------------------------------------

local Exponential = {params = {rate = 0}, has_rsample = true,
  arg_constraints = {rate = constraints.positive}, getters = {
  mean = function(self) return self.rate:reciprocal() end,
  mode = function(self) return tensor.zeros_like(self.rate) end,
  stddev = function(self) return self.rate:reciprocal() end,
  variance = function(self) return self.rate:pow(-2) end,
  support = function() return constraints.nonnegative end,
}}

function Exponential:draw(sizes, options)
  local rate = self.rate:expand(self:extended(sizes))
  return standard_like(rate, options) / rate
end

function Exponential:log_prob(value) return self.rate:log() - self.rate * self:check_value(value) end
function Exponential:cdf(value) return 1 - (-self.rate * self:check_value(value)):exp() end
function Exponential:icdf(p) return -(-probability(self, p)):log1p() / self.rate end
function Exponential:entropy() return 1 - self.rate:log() end

--- The exponential distribution: waiting times for events of a rate.
--     print(tensor.distributions.Exponential(2).mean)
--     --> 0.5
Exponential = base.class("Exponential", "rate:any", Exponential)

-- ---- Weibull ------------------------------------------------------------------------------------------------------

local Weibull = {params = {scale = 0, concentration = 0}, has_rsample = true,
  arg_constraints = {scale = constraints.positive, concentration = constraints.positive}, getters = {
  mean = function(self) return self.scale * (self.concentration:reciprocal() + 1):lgamma():exp() end,
  mode = function(self)
    local k = self.concentration
    return self.scale * (((k - 1) / k):clamp(0)):pow(k:reciprocal())
  end,
  variance = function(self)
    local inverse = self.concentration:reciprocal()
    return self.scale:square() * ((inverse * 2 + 1):lgamma():exp() - ((inverse + 1):lgamma() * 2):exp())
  end,
  support = function() return constraints.positive end,
}}

function Weibull:draw(sizes, options)
  local scale = self.scale:expand(self:extended(sizes))
  return scale * standard_like(scale, options):pow(self.concentration:reciprocal())
end

function Weibull:log_prob(value)
  local k, z = self.concentration, self:check_value(value) / self.scale
  return k:log() - self.scale:log() + (k - 1) * z:log() - z:pow(k)
end

function Weibull:cdf(value) return -(-(self:check_value(value) / self.scale):pow(self.concentration)):expm1() end
function Weibull:icdf(p) return self.scale * (-(-probability(self, p)):log1p()):pow(self.concentration:reciprocal()) end
function Weibull:entropy()
  local inverse = self.concentration:reciprocal()
  return (1 - inverse) * EULER + (self.scale * inverse):log() + 1
end

--- The Weibull distribution: scale times an exponential number to the power of 1 / concentration.
--     print(tensor.distributions.Weibull(2, 1).mean)
--     --> 2
Weibull = base.class("Weibull", "scale:any, concentration:any", Weibull)

-- ---- Pareto -------------------------------------------------------------------------------------------------------

local Pareto = {params = {scale = 0, alpha = 0}, has_rsample = true,
  arg_constraints = {scale = constraints.positive, alpha = constraints.positive}, getters = {
  mean = function(self)
    local a = self.alpha:clamp(1)
    return a * self.scale / (a - 1)
  end,
  mode = function(self) return self.scale end,
  variance = function(self)
    local a = self.alpha:clamp(2)
    return self.scale:square() * a / ((a - 1):square() * (a - 2))
  end,
  support = function(self) return constraints.greater_than_eq(self.scale) end,
}}

function Pareto:draw(sizes, options)
  local scale = self.scale:expand(self:extended(sizes))
  return scale * (standard_like(scale, options) / self.alpha):exp()
end

function Pareto:log_prob(value)
  value = self:check_value(value)
  return self.alpha:log() + self.alpha * self.scale:log() - (self.alpha + 1) * value:log()
end

function Pareto:cdf(value) return 1 - (self.scale / self:check_value(value)):pow(self.alpha) end
function Pareto:icdf(p) return self.scale / (1 - probability(self, p)):pow(self.alpha:reciprocal()) end
function Pareto:entropy() return (self.scale / self.alpha):log() + self.alpha:reciprocal() + 1 end

--- The Pareto distribution: values from scale on, density falling as x^-(alpha + 1).
--     print(tensor.distributions.Pareto(1, 3).mean)
--     --> 1.5
Pareto = base.class("Pareto", "scale:any, alpha:any", Pareto)

return {Exponential = Exponential, Weibull = Weibull, Pareto = Pareto}
