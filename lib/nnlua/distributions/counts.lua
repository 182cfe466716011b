-- Distributions of counts: Binomial, Multinomial, Poisson, NegativeBinomial.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor, F, constraints = core.tensor, core.F, base.constraints

-- log(n choose k)
local function log_choose(n, k) return (n + 1):lgamma() - (k + 1):lgamma() - (n - k + 1):lgamma() end

-- ---- Binomial -----------------------------------------------------------------------------------------------------

local Binomial = {params = {total_count = 0, probs = 0, logits = 0}, has_enumerate_support = true,
  arg_constraints = {total_count = constraints.nonnegative_integer, probs = constraints.unit_interval,
    logits = constraints.real}, getters = {
  mean = function(self) return self.total_count * self.probs end,
  mode = function(self) return ((self.total_count + 1) * self.probs):floor():minimum(self.total_count) end,
  variance = function(self) return self.total_count * self.probs * (1 - self.probs) end,
  support = function(self) return constraints.integer_interval(0, self.total_count) end,
}}
base.chances(Binomial)

function Binomial:build(a) base.take_either(self, a, "probs", "logits", {"total_count"}) end

function Binomial:draw(sizes, options)
  local own = self:extended(sizes)
  return tensor.binomial(self.total_count:expand(own), self.probs:expand(own), options)
end

-- With log p = logits - softplus(logits) and log(1 - p) = -softplus(logits).
function Binomial:log_prob(value)
  value = self:check_value(value)
  return log_choose(self.total_count, value) + value * self.logits - self.total_count * F.softplus(self.logits)
end

-- Over the values, whose number must be the same in the whole batch.
function Binomial:entropy()
  local log = self:log_prob(self:enumerate_support(false))
  return -(log:exp() * log):sum(1)
end

function Binomial:enumerate_support(expand)
  local n = self.total_count:max():item()
  if self.total_count:min():item() ~= n then
    fail.raise("Binomial: the values can be listed only where total_count is the same in the whole batch")
  end
  local sizes = {math.tointeger(n) + 1}
  for i = 1, #self.batch_shape do sizes[i + 1] = 1 end
  local values = tensor.arange(n + 1):to(self.total_count.dtype):reshape(sizes)
  return expand == false and values or values:expand(base.join({sizes[1]}, self.batch_shape))
end

--- How many of total_count trials succeed, each with probability probs (or sigmoid(logits)).
--     print(tensor.distributions.Binomial(10, 0.3).mean)
--     --> 3
Binomial = base.class("Binomial", "total_count:any=1, probs:any?, logits:any?", Binomial)

-- ---- Multinomial --------------------------------------------------------------------------------------------------

local Multinomial = {params = {probs = 1, logits = 1}, event_dims = 1, constants = {"total_count"},
  arg_constraints = {probs = constraints.simplex, logits = constraints.real_vector}, getters = {
  mean = function(self) return self.probs * self.total_count end,
  variance = function(self) return self.probs * (1 - self.probs) * self.total_count end,
  support = function(self) return constraints.multinomial(self.total_count) end,
}}

-- The distribution of one draw.
local function single(self)
  local Categorical = core.tensor.distributions.Categorical
  return Categorical({[self.given[1]] = self[self.given[1]], validate_args = false})
end

function Multinomial:build(a)
  base.take_either(self, a, "probs", "logits")
  local key = self.given[1]
  self.total_count, self[key] = a.total_count, single(self)[key]
end

for _, key in ipairs {"logits", "probs"} do
  Multinomial.getters[key] = function(self)
    return base.once(self, "computed", function() return single(self)[key] end)
  end
end

function Multinomial:draw(sizes, options)
  local drawn = single(self):draw(base.join({self.total_count}, sizes), options)
  return F.one_hot(drawn, self.event_shape[1]):sum(1):to(self.probs.dtype)
end

function Multinomial:log_prob(value)
  value = self:check_value(value)
  local logits = self.logits
  local safe = tensor.where(value:eq(0) & logits:eq(-math.huge), 0, logits)
  return (value:sum(-1) + 1):lgamma() + (safe * value):sum(-1) - (value + 1):lgamma():sum(-1)
end

-- H = n H(one draw) - log n! + the sum over the classes of E[log x_i!], x_i binomial.
function Multinomial:entropy()
  local n = self.total_count
  local counts = Binomial(n, self.probs, {validate_args = false})
  local values = counts:enumerate_support(false):narrow(1, 2, n)
  local chances_of = counts:log_prob(values):exp()
  return single(self):entropy() * n - tensor(n + 1.0, {dtype = self.probs.dtype}):lgamma()
    + (chances_of * (values + 1):lgamma()):sum({1, -1})
end

--- How often each of k classes comes in total_count independent draws with probabilities probs [..., k] or
-- softmax(logits).
--     print(tensor.distributions.Multinomial(8, tensor{1, 3}).mean)
--     --> {2, 6}
Multinomial = base.class("Multinomial", "total_count:count=1, probs:any?, logits:any?", Multinomial)

-- ---- Poisson ------------------------------------------------------------------------------------------------------

local Poisson = {params = {rate = 0}, arg_constraints = {rate = constraints.nonnegative}, getters = {
  mean = function(self) return self.rate end,
  mode = function(self) return self.rate:floor() end,
  variance = function(self) return self.rate end,
  support = function() return constraints.nonnegative_integer end,
}}

function Poisson:draw(sizes, options)
  return tensor.poisson(self.rate:expand(self:extended(sizes)):contiguous(), options)
end

function Poisson:log_prob(value)
  value = self:check_value(value)
  return value:xlogy(self.rate) - self.rate - (value + 1):lgamma()
end

--- The Poisson distribution: how many events of a rate come in a unit of time.
--     print(tensor.distributions.Poisson(2):log_prob(0))
--     --> -2
Poisson = base.class("Poisson", "rate:any", Poisson)

-- ---- NegativeBinomial ---------------------------------------------------------------------------------------------

local NegativeBinomial = {params = {total_count = 0, probs = 0, logits = 0},
  arg_constraints = {total_count = constraints.nonnegative, probs = constraints.half_open_interval(0, 1),
    logits = constraints.real}, getters = {
  mean = function(self) return self.total_count * self.logits:exp() end,
  mode = function(self) return ((self.total_count - 1) * self.logits:exp()):floor():clamp(0) end,
  variance = function(self) return self.mean / (-self.logits):sigmoid() end,
  support = function() return constraints.nonnegative_integer end,
}}
base.chances(NegativeBinomial)

function NegativeBinomial:build(a) base.take_either(self, a, "probs", "logits", {"total_count"}) end

-- A Poisson number whose rate is a gamma number.
function NegativeBinomial:draw(sizes, options)
  local own = self:extended(sizes)
  local rate = tensor._standard_gamma(self.total_count:expand(own):contiguous(), options) * self.logits:exp()
  return tensor.poisson(rate, options)
end

function NegativeBinomial:log_prob(value)
  value = self:check_value(value)
  local n, logits = self.total_count, self.logits
  local unnormalized = n * F.logsigmoid(-logits) + value * F.logsigmoid(logits)
  local normalizer = -(n + value):lgamma() + (value + 1):lgamma() + n:lgamma()
  return unnormalized - tensor.where((n + value):eq(0), 0, normalizer)
end

--- How many trials succeed, each with probability probs (or sigmoid(logits)), before total_count fail.
--     print(tensor.distributions.NegativeBinomial(3, 0.5).mean)
--     --> 3
NegativeBinomial = base.class("NegativeBinomial", "total_count:any, probs:any?, logits:any?", NegativeBinomial)

return {Binomial = Binomial, Multinomial = Multinomial, Poisson = Poisson, NegativeBinomial = NegativeBinomial}
