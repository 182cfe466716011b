-- The gamma distribution and its relatives. Samples are differentiable by the concentration (implicit
-- reparameterisation, Figurnov, Mohamed, Mnih 2018).

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"

local tensor, constraints = core.tensor, base.constraints

local SMALLEST <const> = {float32 = 2.0 ^ -126, float64 = 2.0 ^ -1022}

local PARAMS <const> = {concentration = 0, rate = 0}
local POSITIVE <const> = {concentration = constraints.positive, rate = constraints.positive}

-- ---- Gamma --------------------------------------------------------------------------------------------------------

local Gamma = {params = PARAMS, arg_constraints = POSITIVE, has_rsample = true, getters = {
  mean = function(self) return self.concentration / self.rate end,
  mode = function(self) return ((self.concentration - 1) / self.rate):clamp(0) end,
  variance = function(self) return self.concentration / self.rate:square() end,
  support = function() return constraints.nonnegative end,
}}

function Gamma:draw(sizes, options)
  local concentration = self.concentration:expand(self:extended(sizes)):contiguous()
  local value = tensor._standard_gamma(concentration, options) / self.rate
  -- never 0, which has no logarithm; without an effect on the gradient
  return value + (value:detach():clamp(SMALLEST[value.dtype]) - value:detach())
end

function Gamma:log_prob(value)
  value = self:check_value(value)
  local a, b = self.concentration, self.rate
  return a:xlogy(b) + (a - 1):xlogy(value) - b * value - a:lgamma()
end

function Gamma:cdf(value)
  return tensor.special.gammainc(self.concentration, self.rate * self:check_value(value))
end

function Gamma:entropy()
  local a = self.concentration
  return a - self.rate:log() + a:lgamma() + (1 - a) * a:digamma()
end

--- The gamma distribution with density proportional to x^(concentration - 1) exp(-rate x).
--     print(tensor.distributions.Gamma(3, 2).mean)
--     --> 1.5
Gamma = base.class("Gamma", "concentration:any, rate:any", Gamma)

-- ---- Chi2 ---------------------------------------------------------------------------------------------------------

local Chi2 = setmetatable({params = PARAMS, arg_constraints = POSITIVE, has_rsample = true, draw = Gamma.draw,
  log_prob = Gamma.log_prob, cdf = Gamma.cdf, entropy = Gamma.entropy, getters = {}}, nil)
for key, getter in pairs(Gamma.getters) do Chi2.getters[key] = getter end
function Chi2.getters.df(self) return self.concentration * 2 end

function Chi2:build(a)
  local df = base.tensor_of("Chi2", "df", a.df)
  base.take(self, {concentration = df / 2, rate = 0.5}, {"concentration", "rate"})
end

--- The chi-squared distribution: the sum of df squared standard normal numbers.
--     print(tensor.distributions.Chi2(3).variance)
--     --> 6
Chi2 = base.class("Chi2", "df:any", Chi2)

-- ---- InverseGamma -------------------------------------------------------------------------------------------------

local InverseGamma = {params = PARAMS, arg_constraints = POSITIVE, has_rsample = true, getters = {
  mean = function(self)
    local a = self.concentration
    return tensor.where(a:gt(1), self.rate / (tensor.where(a:gt(1), a, 2) - 1), math.huge)
  end,
  mode = function(self) return self.rate / (self.concentration + 1) end,
  variance = function(self)
    local a = self.concentration
    local safe = tensor.where(a:gt(2), a, 3)
    return tensor.where(a:gt(2), self.rate:square() / ((safe - 1):square() * (safe - 2)), math.huge)
  end,
  support = function() return constraints.positive end,
}}

function InverseGamma:draw(sizes, options) return Gamma.draw(self, sizes, options):reciprocal() end

function InverseGamma:log_prob(value)
  value = self:check_value(value)
  local a, b = self.concentration, self.rate
  return a * b:log() - a:lgamma() - (a + 1) * value:log() - b / value
end

function InverseGamma:cdf(value)
  return tensor.special.gammaincc(self.concentration, self.rate / self:check_value(value))
end

function InverseGamma:entropy()
  local a = self.concentration
  return a + self.rate:log() + a:lgamma() - (1 + a) * a:digamma()
end

--- The distribution of 1 / x, x of a gamma distribution.
--     print(tensor.distributions.InverseGamma(3, 4).mean)
--     --> 2
InverseGamma = base.class("InverseGamma", "concentration:any, rate:any", InverseGamma)

return {Gamma = Gamma, Chi2 = Chi2, InverseGamma = InverseGamma}
