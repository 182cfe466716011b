-- Normal distributions and what comes of them by exp and abs.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"

local tensor, constraints = core.tensor, base.constraints

local LOG_SQRT_TWOPI <const> = 0.5 * math.log(2 * math.pi)

local Normal, LogNormal, HalfNormal = {}, {}, {}

-- ---- Normal -------------------------------------------------------------------------------------------------------

Normal.params = {loc = 0, scale = 0}
Normal.arg_constraints = {loc = constraints.real, scale = constraints.positive}
Normal.has_rsample = true
Normal.getters = {
  mean = function(self) return self.loc end,
  mode = function(self) return self.loc end,
  stddev = function(self) return self.scale end,
  variance = function(self) return self.scale:square() end,
  support = function() return constraints.real end,
}

function Normal:draw(sizes, options)
  local loc = self.loc:expand(self:extended(sizes))
  return loc + self.scale * tensor.randn_like(loc, options)
end

function Normal:log_prob(value)
  value = self:check_value(value)
  return ((value - self.loc) / self.scale):square() * -0.5 - self.scale:log() - LOG_SQRT_TWOPI
end

function Normal:cdf(value) return tensor.special.ndtr((self:check_value(value) - self.loc) / self.scale) end

function Normal:icdf(p)
  p = base.tensor_of("Normal", "value", p, self.loc)
  return self.loc + self.scale * (p * 2 - 1):erfinv() * math.sqrt(2)
end

function Normal:entropy() return self.scale:log() + (0.5 + LOG_SQRT_TWOPI) end

--- The normal (Gaussian) distribution with mean loc and standard deviation scale.
--     local d = tensor.distributions.Normal(0, 1)
--     print(d:log_prob(0):round({decimals = 3}))
--     --> -0.919
--     print(d.mean)
--     --> 0
--     print(d.stddev)
--     --> 1
Normal = base.class("Normal", "loc:any, scale:any", Normal)

-- ---- LogNormal ----------------------------------------------------------------------------------------------------

LogNormal.params = {loc = 0, scale = 0}
LogNormal.arg_constraints = Normal.arg_constraints
LogNormal.has_rsample = true

-- The distribution of the logarithm.
local function inner(self) return Normal(self.loc, self.scale, {validate_args = false}) end

LogNormal.getters = {
  mean = function(self) return (self.loc + self.scale:square() / 2):exp() end,
  mode = function(self) return (self.loc - self.scale:square()):exp() end,
  variance = function(self)
    local square = self.scale:square()
    return square:expm1() * (self.loc * 2 + square):exp()
  end,
  support = function() return constraints.positive end,
}

function LogNormal:draw(sizes, options) return Normal.draw(self, sizes, options):exp() end

function LogNormal:log_prob(value)
  local log = self:check_value(value):log()
  return inner(self):log_prob(log) - log
end

function LogNormal:cdf(value) return inner(self):cdf(self:check_value(value):log()) end
function LogNormal:icdf(p) return inner(self):icdf(p):exp() end
function LogNormal:entropy() return inner(self):entropy() + self.loc end

--- The distribution of exp(x), x normal with mean loc and standard deviation scale.
--     print(tensor.distributions.LogNormal(0, 1).mode:round({decimals = 3}))
--     --> 0.368
LogNormal = base.class("LogNormal", "loc:any, scale:any", LogNormal)

-- ---- HalfNormal ---------------------------------------------------------------------------------------------------

HalfNormal.params = {scale = 0}
HalfNormal.arg_constraints = {scale = constraints.positive}
HalfNormal.has_rsample = true
HalfNormal.getters = {
  mean = function(self) return self.scale * math.sqrt(2 / math.pi) end,
  mode = function(self) return tensor.zeros_like(self.scale) end,
  variance = function(self) return self.scale:square() * (1 - 2 / math.pi) end,
  support = function() return constraints.nonnegative end,
}

local function whole(self) return Normal(0, self.scale, {validate_args = false}) end

function HalfNormal:draw(sizes, options) return whole(self):draw(sizes, options):abs() end

function HalfNormal:log_prob(value)
  value = self:check_value(value)
  local log = whole(self):log_prob(value) + math.log(2)
  return tensor.where(value:ge(0), log, -math.huge)
end

function HalfNormal:cdf(value) return whole(self):cdf(self:check_value(value)) * 2 - 1 end
function HalfNormal:icdf(p) return whole(self):icdf((base.tensor_of("HalfNormal", "value", p, self.scale) + 1) / 2) end
function HalfNormal:entropy() return whole(self):entropy() - math.log(2) end

--- The distribution of |x|, x normal with mean 0 and standard deviation scale.
--     print(tensor.distributions.HalfNormal(1).mean:round({decimals = 3}))
--     --> 0.798
HalfNormal = base.class("HalfNormal", "scale:any", HalfNormal)

return {Normal = Normal, LogNormal = LogNormal, HalfNormal = HalfNormal}
