-- tensor.distributions: families of probability distributions. Each family's file is loaded when it is first asked for.
-- Here is only where they live.

local core = require "nnlua.core"

local where = {
  Normal = "normal", LogNormal = "normal", HalfNormal = "normal", MultivariateNormal = "multivariate_normal",
  Laplace = "location", Cauchy = "location", HalfCauchy = "location", Gumbel = "location", StudentT = "location",
  Uniform = "uniform", Exponential = "exponential", Weibull = "exponential", Pareto = "exponential",
  Gamma = "gamma", Chi2 = "gamma", InverseGamma = "gamma", Beta = "beta", Dirichlet = "beta",
  Bernoulli = "bernoulli", Geometric = "bernoulli", RelaxedBernoulli = "relaxed",
  Binomial = "counts", Multinomial = "counts", Poisson = "counts", NegativeBinomial = "counts",
  Categorical = "categorical", OneHotCategorical = "categorical", OneHotCategoricalStraightThrough = "categorical",
  RelaxedOneHotCategorical = "relaxed", Independent = "independent", MixtureSameFamily = "independent",
  Transform = "transforms", ExpTransform = "transforms", SigmoidTransform = "transforms", TanhTransform = "transforms",
  SoftplusTransform = "transforms", PowerTransform = "transforms", AbsTransform = "transforms",
  AffineTransform = "transforms", ComposeTransform = "transforms", TransformedDistribution = "transforms",
  kl_divergence = "kl", register_kl = "kl", constraints = "constraints", Distribution = "base",
}

local distributions = {}

local function load_one(_, name)
  local file = where[name]
  if not file then return nil end
  local made = require("nnlua.distributions." .. file)
  for key in pairs(where) do
    if where[key] == file then rawset(distributions, key, made[key]) end
  end
  return rawget(distributions, name)
end

local function load_all(t)
  for name in pairs(where) do load_one(nil, name) end
  return next, t, nil
end

core.tensor.distributions = setmetatable(distributions, {__index = load_one, __pairs = load_all})

return distributions
