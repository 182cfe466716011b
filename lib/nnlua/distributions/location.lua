-- Distributions of a location and a scale with heavier tails than the normal one: Laplace, Cauchy, Gumbel, StudentT.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"

local tensor, constraints = core.tensor, base.constraints

local EULER <const> = 0.57721566490153286060651209008

local function class_of(name, class, arguments)
  class.params = class.params or {loc = 0, scale = 0}
  class.arg_constraints = class.arg_constraints or {loc = constraints.real, scale = constraints.positive}
  class.has_rsample = true
  class.getters.support = class.getters.support or function() return constraints.real end
  return base.class(name, arguments or "loc:any, scale:any", class)
end

-- A value as so many scales from the location.
local function standard(self, value) return (self:check_value(value) - self.loc) / self.scale end
local function probability(self, p) return base.tensor_of(self.__name, "value", p, self.scale) end

-- ---- Laplace ------------------------------------------------------------------------------------------------------

local Laplace = {getters = {
  mean = function(self) return self.loc end,
  mode = function(self) return self.loc end,
  variance = function(self) return self.scale:square() * 2 end,
  stddev = function(self) return self.scale * math.sqrt(2) end,
}}

function Laplace:draw(sizes, options)
  local loc = self.loc:expand(self:extended(sizes))
  local u = base.uniform_like(loc, options) * 2 - 1
  return loc - self.scale * u:sign() * (-u:abs()):log1p()
end

function Laplace:log_prob(value) return -standard(self, value):abs() - (self.scale * 2):log() end

function Laplace:cdf(value)
  local z = standard(self, value)
  return z:sign() * (-z:abs()):expm1() * -0.5 + 0.5
end

function Laplace:icdf(p)
  local t = probability(self, p) - 0.5
  return self.loc - self.scale * t:sign() * (t:abs() * -2):log1p()
end

function Laplace:entropy() return (self.scale * 2):log() + 1 end

--- The Laplace distribution, density exp(-|x - loc| / scale) / (2 scale).
--     print(tensor.distributions.Laplace(0, 1):log_prob(0):round({decimals = 3}))
--     --> -0.693
Laplace = class_of("Laplace", Laplace)

-- ---- Cauchy, HalfCauchy -------------------------------------------------------------------------------------------

local Cauchy = {getters = {
  mean = function(self) return base.full_like(self.loc, 0 / 0) end,
  mode = function(self) return self.loc end,
  variance = function(self) return base.full_like(self.loc, math.huge) end,
}}

function Cauchy:draw(sizes, options)
  local loc = self.loc:expand(self:extended(sizes))
  return loc + self.scale * ((base.uniform_like(loc, options) - 0.5) * math.pi):tan()
end

function Cauchy:log_prob(value)
  return -standard(self, value):square():log1p() - self.scale:log() - math.log(math.pi)
end

function Cauchy:cdf(value) return standard(self, value):atan() / math.pi + 0.5 end
function Cauchy:icdf(p) return ((probability(self, p) - 0.5) * math.pi):tan() * self.scale + self.loc end
function Cauchy:entropy() return self.scale:log() + math.log(4 * math.pi) end

--- The Cauchy distribution: the ratio of two independent normal numbers, moved and scaled. It has no mean.
--     print(tensor.distributions.Cauchy(0, 1):cdf(1))
--     --> 0.75
Cauchy = class_of("Cauchy", Cauchy)

local HalfCauchy = {params = {scale = 0}, arg_constraints = {scale = constraints.positive}, getters = {
  mean = function(self) return base.full_like(self.scale, math.huge) end,
  mode = function(self) return tensor.zeros_like(self.scale) end,
  variance = function(self) return base.full_like(self.scale, math.huge) end,
  support = function() return constraints.nonnegative end,
}}

local function whole(self) return Cauchy(0, self.scale, {validate_args = false}) end

function HalfCauchy:draw(sizes, options) return whole(self):draw(sizes, options):abs() end

function HalfCauchy:log_prob(value)
  value = self:check_value(value)
  return tensor.where(value:ge(0), whole(self):log_prob(value) + math.log(2), -math.huge)
end

function HalfCauchy:cdf(value) return whole(self):cdf(self:check_value(value)) * 2 - 1 end
function HalfCauchy:icdf(p) return whole(self):icdf((probability(self, p) + 1) / 2) end
function HalfCauchy:entropy() return whole(self):entropy() - math.log(2) end

--- The distribution of |x|, x of a Cauchy distribution around 0.
--     print(tensor.distributions.HalfCauchy(1):cdf(1))
--     --> 0.5
HalfCauchy = class_of("HalfCauchy", HalfCauchy, "scale:any")

-- ---- Gumbel -------------------------------------------------------------------------------------------------------

local Gumbel = {getters = {
  mean = function(self) return self.loc + self.scale * EULER end,
  mode = function(self) return self.loc end,
  variance = function(self) return self.scale:square() * (math.pi ^ 2 / 6) end,
  stddev = function(self) return self.scale * (math.pi / math.sqrt(6)) end,
}}

function Gumbel:draw(sizes, options)
  local loc = self.loc:expand(self:extended(sizes))
  return loc - self.scale * (-base.uniform_like(loc, options):log()):log()
end

function Gumbel:log_prob(value)
  local y = -standard(self, value)
  return y - y:exp() - self.scale:log()
end

function Gumbel:cdf(value) return (-(-standard(self, value)):exp()):exp() end
function Gumbel:icdf(p) return self.loc - self.scale * (-probability(self, p):log()):log() end
function Gumbel:entropy() return self.scale:log() + (1 + EULER) end

--- The Gumbel distribution: the limit of the largest of many numbers.
--     print(tensor.distributions.Gumbel(0, 1):cdf(0):round({decimals = 3}))
--     --> 0.368
Gumbel = class_of("Gumbel", Gumbel)

-- ---- StudentT -----------------------------------------------------------------------------------------------------

local StudentT = {params = {df = 0, loc = 0, scale = 0},
  arg_constraints = {df = constraints.positive, loc = constraints.real, scale = constraints.positive}, getters = {
  mean = function(self) return tensor.where(self.df:gt(1), self.loc, 0 / 0) end,
  mode = function(self) return self.loc end,
  variance = function(self)
    local safe = tensor.where(self.df:gt(2), self.df, 3)
    local v = tensor.where(self.df:gt(2), self.scale:square() * safe / (safe - 2), math.huge)
    return tensor.where(self.df:gt(1), v, 0 / 0)
  end,
}}

-- A normal number over the root of the mean of df squared ones.
function StudentT:draw(sizes, options)
  local loc = self.loc:expand(self:extended(sizes))
  local df = self.df:expand(loc.shape)
  local z = tensor._standard_gamma(df / 2, options) * 2
  return loc + self.scale * tensor.randn_like(loc, options) * (z / df):rsqrt()
end

function StudentT:log_prob(value)
  local y, df = standard(self, value), self.df
  local z = self.scale:log() + df:log() * 0.5 + 0.5 * math.log(math.pi) + (df * 0.5):lgamma()
    - ((df + 1) * 0.5):lgamma()
  return (df + 1) * (y:square() / df):log1p() * -0.5 - z
end

function StudentT:entropy()
  local df = self.df
  local lbeta = (df * 0.5):lgamma() + math.log(math.pi) / 2 - ((df + 1) * 0.5):lgamma()
  local apart = ((df + 1) * 0.5):digamma() - (df * 0.5):digamma()
  return self.scale:log() + (df + 1) * 0.5 * apart + df:log() * 0.5 + lbeta
end

--- Student's t distribution with df degrees of freedom, moved by loc and scaled.
--     print(tensor.distributions.StudentT(1):log_prob(0):round({decimals = 3}))
--     --> -1.145
StudentT = class_of("StudentT", StudentT, "df:any, loc:any=0, scale:any=1")

return {Laplace = Laplace, Cauchy = Cauchy, HalfCauchy = HalfCauchy, Gumbel = Gumbel, StudentT = StudentT}
