-- The Kullback-Leibler divergence of two distributions, in closed form. For two of a family by its formula, otherwise
-- as -H(p) - E_p[log q], where the expectation needs a few moments of p.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor, F = core.tensor, core.F

local EULER <const> = 0.57721566490153286060651209008
local LOG_TWOPI <const> = math.log(2 * math.pi)

local function where(condition, a, b) return tensor.where(condition, a, b) end
local function infinite_like(t) return base.full_like(t, math.huge) end

-- x log x, which is 0 at 0.
local function x_log_x(x) return x:xlogy(x) end

-- ---- two of one family --------------------------------------------------------------------------------------------

local same = {}

function same.Normal(p, q)
  local ratio = (p.scale / q.scale):square()
  return (ratio + ((p.loc - q.loc) / q.scale):square() - 1 - ratio:log()) / 2
end
same.LogNormal = same.Normal

function same.HalfNormal(p, q)
  local ratio = (p.scale / q.scale):square()
  return (ratio - 1 - ratio:log()) / 2
end

-- 1/2 (log det Sq / Sp + tr(Sq^-1 Sp) + d^T Sq^-1 d - k)
function same.MultivariateNormal(p, q)
  if p.event_shape[1] ~= q.event_shape[1] then
    fail.raise("kl_divergence: events have %d and %d elements", p.event_shape[1], q.event_shape[1])
  end
  local function half_log_det(l) return l:diagonal(0, -2, -1):log():sum(-1) end
  local ratio = tensor.linalg.solve_triangular(q.scale_tril, p.scale_tril, {upper = false})
  local d = tensor.linalg.solve_triangular(q.scale_tril, (q.loc - p.loc):unsqueeze(-1), {upper = false})
  local quadratic = ratio:square():sum({-2, -1}) + d:square():sum({-2, -1})
  return half_log_det(q.scale_tril) - half_log_det(p.scale_tril) + (quadratic - p.event_shape[1]) / 2
end

function same.Bernoulli(p, q)
  local yes = p.probs * (F.softplus(-q.logits) - F.softplus(-p.logits))
  yes = where(p.probs:eq(0), 0, where(q.probs:eq(0), math.huge, yes))
  local no = (1 - p.probs) * (F.softplus(q.logits) - F.softplus(p.logits))
  no = where(p.probs:eq(1), 0, where(q.probs:eq(1), math.huge, no))
  return yes + no
end

function same.Binomial(p, q)
  if p.total_count:lt(q.total_count):any() then
    fail.raise("kl_divergence: the total_count of p is below that of q, which has no closed form")
  end
  local kl = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs):log1p() - (-q.probs):log1p())
  return where(p.total_count:gt(q.total_count), math.huge, kl)
end

function same.Geometric(p, q) return -p:entropy() - (-q.probs):log1p() / p.probs - q.logits end

function same.Categorical(p, q)
  local t = p.probs * (p.logits - q.logits)
  return where(p.probs:eq(0), 0, where(q.probs:eq(0), math.huge, t)):sum(-1)
end
same.OneHotCategorical = same.Categorical
same.OneHotCategoricalStraightThrough = same.Categorical

function same.Poisson(p, q) return p.rate * (p.rate:log() - q.rate:log()) - (p.rate - q.rate) end

function same.Exponential(p, q)
  local ratio = q.rate / p.rate
  return ratio - 1 - ratio:log()
end

function same.Gamma(p, q)
  return q.concentration * (p.rate / q.rate):log() + q.concentration:lgamma() - p.concentration:lgamma()
    + (p.concentration - q.concentration) * p.concentration:digamma() + (q.rate - p.rate) * p.concentration / p.rate
end
same.Chi2 = same.Gamma

function same.Dirichlet(p, q)
  local a, b = p.concentration, q.concentration
  local whole = a:sum(-1)
  local cross = (a - b) * (a:digamma() - whole:digamma():unsqueeze(-1))
  return whole:lgamma() - b:sum(-1):lgamma() - (a:lgamma() - b:lgamma()):sum(-1) + cross:sum(-1)
end

local function as_dirichlet(d)
  return {concentration = tensor.stack({d.concentration1, d.concentration0}, -1)}
end
function same.Beta(p, q) return same.Dirichlet(as_dirichlet(p), as_dirichlet(q)) end

function same.Uniform(p, q)
  local kl = ((q.high - q.low) / (p.high - p.low)):log()
  return where(q.low:gt(p.low) | q.high:lt(p.high), math.huge, kl)
end

function same.Laplace(p, q)
  local ratio, apart = p.scale / q.scale, (p.loc - q.loc):abs()
  return apart / q.scale + ratio * (-apart / p.scale):exp() - ratio:log() - 1
end

function same.Gumbel(p, q)
  local ratio, apart = p.scale / q.scale, (p.loc - q.loc) / q.scale
  return apart - ratio:log() + ratio * EULER + ((1 + ratio):lgamma() - apart):exp() - (1 + EULER)
end

-- Chyzak and Nielsen 2019.
function same.Cauchy(p, q)
  return ((p.scale + q.scale):square() + (p.loc - q.loc):square()):log() - (p.scale * q.scale * 4):log()
end

function same.Pareto(p, q)
  local ratio = q.alpha / p.alpha
  local kl = q.alpha * (p.scale / q.scale):log() - ratio:log() + ratio - 1
  return where(p.scale:lt(q.scale), math.huge, kl)
end

function same.Independent(p, q)
  if p.reinterpreted_batch_ndims ~= q.reinterpreted_batch_ndims then
    fail.raise("kl_divergence: the two reinterpret %d and %d batch dimensions", p.reinterpreted_batch_ndims,
      q.reinterpreted_batch_ndims)
  end
  local kl = base.kl_divergence(p.base_dist, q.base_dist)
  return base.sum_last(kl, p.reinterpreted_batch_ndims)
end

-- ---- expectations under p -----------------------------------------------------------------------------------------

-- E[log x]
local mean_log = {
  Exponential = function(p) return -p.rate:log() - EULER end,
  Gamma = function(p) return p.concentration:digamma() - p.rate:log() end,
  Beta = function(p) return p.concentration1:digamma() - (p.concentration1 + p.concentration0):digamma() end,
  Uniform = function(p)
    local high, low = p.high:clamp(0), p.low:clamp(0)
    return (x_log_x(high) - x_log_x(low)) / (p.high - p.low) - 1
  end,
}

-- E[log(1 - x)] on 0 to 1
local mean_log_rest = {
  Uniform = function(p)
    local high, low = (1 - p.high):clamp(0), (1 - p.low):clamp(0)
    return (x_log_x(low) - x_log_x(high)) / (p.high - p.low) - 1
  end,
}

-- E[exp(-t x)]
local transform = {
  Normal = function(p, t) return (-p.loc * t + (p.scale * t):square() / 2):exp() end,
  Exponential = function(p, t) return p.rate / (p.rate + t) end,
  Gamma = function(p, t) return (1 + t / p.rate):pow(-p.concentration) end,
  Uniform = function(p, t) return ((-p.low * t):exp() - (-p.high * t):exp()) / (t * (p.high - p.low)) end,
}

-- E|x - m|
local mean_apart = {
  Normal = function(p, m)
    local d = p.loc - m
    local z = d / p.scale
    return p.scale * math.sqrt(2 / math.pi) * (z:square() * -0.5):exp() + d * (z * math.sqrt(0.5)):erf()
  end,
}

-- Where values of p begin and end.
local range = {
  Normal = {-math.huge, math.huge}, Laplace = {-math.huge, math.huge}, Gumbel = {-math.huge, math.huge},
  Exponential = {0, math.huge}, Gamma = {0, math.huge}, Beta = {0, 1},
}

local function bounds(p)
  if p.__name == "Uniform" then return p.low, p.high end
  local r = range[p.__name]
  if r then return base.full_like(p.variance, r[1]), base.full_like(p.variance, r[2]) end
  if p.__name == "Pareto" then return p.scale, infinite_like(p.scale) end
end

-- log q: its expectation under p, where that can be written down; and where q's values begin and end.
local expected_log = {
  Exponential = function(p, q) return q.rate:log() - q.rate * p.mean end,
  Gamma = function(p, q)
    return mean_log[p.__name] and q.concentration * q.rate:log() - q.concentration:lgamma()
      + (q.concentration - 1) * mean_log[p.__name](p) - q.rate * p.mean
  end,
  Normal = function(p, q)
    return ((p.mean - q.loc):square() + p.variance) / (q.scale:square() * -2) - q.scale:log() - LOG_TWOPI / 2
  end,
  Gumbel = function(p, q)
    local f = transform[p.__name]
    return f and (q.loc - p.mean) / q.scale - (q.loc / q.scale):exp() * f(p, q.scale:reciprocal()) - q.scale:log()
  end,
  Laplace = function(p, q)
    local f = mean_apart[p.__name]
    return f and -f(p, q.loc) / q.scale - (q.scale * 2):log()
  end,
  Uniform = function(p, q) return base.full_like(p.variance, 0) - (q.high - q.low):log() end,
  Beta = function(p, q)
    local f = mean_log_rest[p.__name]
    local a, b = q.concentration1, q.concentration0
    local normalizer = a:lgamma() + b:lgamma() - (a + b):lgamma()
    return f and (a - 1) * mean_log[p.__name](p) + (b - 1) * f(p) - normalizer
  end,
}

-- Whether q gives every value of p a density: otherwise the divergence is infinite.
local function cross(p, q)
  local low, high = bounds(p)
  local from, to = bounds(q)
  if not low or not from then return nil end
  local outside = low:lt(from) | high:gt(to)
  if outside:all() then return where(outside, math.huge, base.full_like(p.variance, 0)) end
  local expectation = expected_log[q.__name] and expected_log[q.__name](p, q)
  if not expectation then return nil end
  return where(outside, math.huge, -p:entropy() - expectation)
end

local own = {} -- what users registered: own[p's class][q's class]

local others = {
  Bernoulli = {Poisson = function(p, q) return -p:entropy() - (p.probs * q.rate:log() - q.rate) end},
  Poisson = {
    Bernoulli = function(p) return infinite_like(p.rate) end,
    Binomial = function(p) return infinite_like(p.rate) end,
  },
}

-- ---- for users ----------------------------------------------------------------------------------------------------

--- The Kullback-Leibler divergence E_p[log p(x) - log q(x)] in nats, for each batch, where it has a closed form.
--     local D = tensor.distributions
--     print(D.kl_divergence(D.Normal(1, 1), D.Normal(0, 1)))
--     --> 0.5
local function kl_divergence(p, q)
  for i = 1, 2 do
    local d = select(i, p, q)
    local meta = getmetatable(d)
    if type(d) ~= "table" or type(meta) ~= "table" or not meta.arg_constraints then
      fail.raise("kl_divergence: %s must be a distribution, got %s", i == 1 and "p" or "q", fail.show(d))
    end
  end
  local f = own[getmetatable(p)] and own[getmetatable(p)][getmetatable(q)]
    or p.__name == q.__name and same[p.__name] or others[p.__name] and others[p.__name][q.__name]
  if f then return f(p, q) end
  local kl = cross(p, q)
  if kl then return kl end
  return fail.raise("kl_divergence: there is no closed form for %s and %s; estimate it by samples of p", p.__name,
    q.__name)
end
base.kl_divergence = kl_divergence

--- Makes f(p, q) the divergence of distributions of two classes.
--     local D = tensor.distributions
--     D.register_kl(D.Weibull, D.Gumbel, function(p, q) return p.mean - q.mean end)
--     print(D.kl_divergence(D.Weibull(2, 1), D.Gumbel(0, 1)):gt(1))
--     --> true
local function register_kl(type_p, type_q, f)
  if type(type_p) ~= "table" or type(type_q) ~= "table" or type(f) ~= "function" then
    fail.raise("register_kl: expected two classes of distributions and a function, got %s, %s and %s",
      fail.show(type_p), fail.show(type_q), fail.show(f))
  end
  own[type_p] = own[type_p] or {}
  own[type_p][type_q] = f
end

return {kl_divergence = kl_divergence, register_kl = register_kl}
