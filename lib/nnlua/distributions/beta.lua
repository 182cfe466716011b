-- Distributions of parts of a whole: Dirichlet, Beta. A sample is a set of gamma numbers divided by their sum, which is
-- differentiable by the concentrations.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"

local tensor, constraints = core.tensor, base.constraints

-- ---- Dirichlet ----------------------------------------------------------------------------------------------------

local Dirichlet = {params = {concentration = 1}, event_dims = 1, has_rsample = true, getters = {}}

Dirichlet.arg_constraints = {concentration = constraints.independent(constraints.positive, 1)}

-- Gamma numbers of these concentrations, divided by their sums along the last dimension. Below 1 the logarithm of a
-- gamma number is that of one of concentration + 1, plus log(u) / concentration: so nothing becomes 0 / 0.
local function parts(concentration, options)
  local large = tensor._standard_gamma((concentration + 1):contiguous(), options):log()
  local log = large + base.uniform_like(concentration:detach(), options):log() / concentration
  return log:softmax(-1)
end

function Dirichlet:draw(sizes, options)
  return parts(self.concentration:expand(self:extended(sizes)), options)
end

local function log_normalizer(c) return c:lgamma():sum(-1) - c:sum(-1):lgamma() end

function Dirichlet:log_prob(value)
  value = self:check_value(value)
  return (self.concentration - 1):xlogy(value):sum(-1) - log_normalizer(self.concentration)
end

function Dirichlet:entropy()
  local c = self.concentration
  local whole = c:sum(-1)
  return log_normalizer(c) + (whole - c:size(-1)) * whole:digamma() - ((c - 1) * c:digamma()):sum(-1)
end

local getters = Dirichlet.getters
function getters.mean(self) return self.concentration / self.concentration:sum(-1, true) end
function getters.variance(self)
  local c = self.concentration
  local whole = c:sum(-1, true)
  return c * (whole - c) / (whole:square() * (whole + 1))
end

-- Where all concentrations are below 1 the density is highest in a corner: the first of the largest.
function getters.mode(self)
  local c = self.concentration
  local above = (c - 1):clamp(0)
  local mode = above / above:sum(-1, true)
  local corner = core.F.one_hot(mode:argmax(-1), c:size(-1)):to(c.dtype)
  return tensor.where(c:lt(1):all(-1, true), corner, mode)
end
function getters.support() return constraints.simplex end

--- The Dirichlet distribution over vectors of parts that sum up to 1; concentration [..., k].
--     print(tensor.distributions.Dirichlet(tensor{1, 3}).mean)
--     --> {0.25, 0.75}
Dirichlet = base.class("Dirichlet", "concentration:any", Dirichlet)

-- ---- Beta ---------------------------------------------------------------------------------------------------------

local Beta = {params = {concentration1 = 0, concentration0 = 0}, has_rsample = true, getters = {
  mean = function(self) return self.concentration1 / (self.concentration1 + self.concentration0) end,
  variance = function(self)
    local a, b = self.concentration1, self.concentration0
    local whole = a + b
    return a * b / (whole:square() * (whole + 1))
  end,
  support = function() return constraints.unit_interval end,
}, arg_constraints = {concentration1 = constraints.positive, concentration0 = constraints.positive}}

local function pair(self)
  local c = tensor.stack({self.concentration1, self.concentration0}, -1)
  return Dirichlet(c, {validate_args = false})
end

function Beta.getters.mode(self) return pair(self).mode:select(-1, 1) end

function Beta:draw(sizes, options) return pair(self):draw(sizes, options):select(-1, 1) end

function Beta:log_prob(value)
  value = self:check_value(value)
  return pair(self):log_prob(tensor.stack({value, 1 - value}, -1))
end

function Beta:entropy() return pair(self):entropy() end

--- The beta distribution on 0 to 1 with density proportional to x^(concentration1 - 1) (1 - x)^(concentration0 - 1).
--     print(tensor.distributions.Beta(1, 3).mean)
--     --> 0.25
Beta = base.class("Beta", "concentration1:any, concentration0:any", Beta)

return {Dirichlet = Dirichlet, Beta = Beta}
