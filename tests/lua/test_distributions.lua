-- Distributions: samples follow them (moments, Kolmogorov and Smirnov's distance, fixed seeds), differentiable
-- samples have the gradients of their means, shapes, checks, generators.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"

local D <const> = tensor.distributions
local N <const> = 20000

local function f64(v) return tensor(v, {dtype = "float64"}) end

local families = {
  {"Normal", 1.5, 0.7}, {"LogNormal", 0.2, 0.4}, {"HalfNormal", 2}, {"Laplace", -1, 0.6}, {"Gumbel", 0.5, 1.2},
  {"Uniform", -1, 3}, {"Exponential", 2.5}, {"Weibull", 2, 1.7}, {"Pareto", 1, 6}, {"Gamma", 0.6, 2}, {"Gamma", 7, 0.5},
  {"Chi2", 5}, {"InverseGamma", 7, 3}, {"Beta", 0.5, 0.4}, {"Beta", 3, 5}, {"Bernoulli", 0.3}, {"Geometric", 0.2},
  {"Binomial", 12, 0.35}, {"Poisson", 3.5}, {"NegativeBinomial", 4, 0.3}, {"Cauchy", 1, 2}, {"HalfCauchy", 1.5},
  {"StudentT", 7, 1, 0.5},
}

local function make(case, requires_grad)
  local params = {}
  for i = 2, #case do params[i - 1] = f64(case[i] + 0.0):requires_grad_(requires_grad == true) end
  return D[case[1]](table.unpack(params)), params
end

local function has_cdf(d) return pcall(function() return d:cdf(d:sample()) end) end

local function name_of(case) return ("%s(%s)"):format(case[1], table.concat(case, ", ", 2)) end

for k, case in ipairs(families) do
  check.test(name_of(case) .. " samples", function()
    tensor.manual_seed(k)
    local d = make(case)
    local x = d:sample(N)
    check.equal({x:size()}, {N})
    check.ok(d.support:check(x):all(), "samples lie in the support")
    local mean, variance = d.mean:item(), d.variance:item()
    if mean == mean and math.abs(mean) < math.huge and variance < math.huge then
      local m, v = x:mean():item(), x:var():item()
      check.ok(math.abs(m - mean) < 5 * math.sqrt(variance / N), ("mean %.4f instead of %.4f"):format(m, mean))
      check.ok(math.abs(v - variance) < 0.15 * variance, ("variance %.4f instead of %.4f"):format(v, variance))
    end
    if has_cdf(d) and not d.support.is_discrete then
      local f = (d:cdf(x):sort())
      local step = tensor.arange(1, N + 1, {dtype = "float64"}) / N
      local far = math.max((step - f):max():item(), (f - (step - 1 / N)):max():item()) * math.sqrt(N)
      check.ok(far < 1.95, ("distance %.3f"):format(far))
    end
  end)

  check.test(name_of(case) .. ": density, cdf and icdf belong together", function()
    tensor.manual_seed(k)
    local d = make(case)
    if d.support.is_discrete then
      local x = d:sample(N)
      for _, value in ipairs {0, 1, 2} do
        local p = d.support:check(f64(value)):item() and d:log_prob(f64(value)):exp():item() or 0
        local found = x:eq(value):to("float64"):mean():item()
        check.ok(math.abs(found - p) < 5 * math.sqrt(p * (1 - p) / N) + 1e-9,
          ("P(%d) = %.4f, found %.4f"):format(value, p, found))
      end
      return
    end
    if not has_cdf(d) then return end
    local x = d:sample(20):requires_grad_(true)
    local density = tensor.grad(d:cdf(x):sum(), x)
    check.close(density, d:log_prob(x:detach()):exp(), 1e-8)
    local ok, back = pcall(function() return d:icdf(d:cdf(x:detach())) end)
    if ok then check.close(back, x:detach(), 1e-6) end
  end)

  check.test(name_of(case) .. ": differentiable samples", function()
    tensor.manual_seed(k)
    local d, params = make(case, true)
    if not d.has_rsample then
      check.error("not differentiable", function() d:rsample() end)
      return
    end
    local mean = d.mean:item()
    if mean ~= mean or mean == math.huge then return end
    local x = d:rsample(N)
    local wanted = {tensor.grad(d.mean, params, {allow_unused = true, retain_graph = true})}
    for i, p in ipairs(params) do
      -- the mean of the derivatives of the samples is the derivative of the mean
      local probe = p:detach():expand(N):contiguous():requires_grad_(true)
      local copies = {}
      for j, q in ipairs(params) do copies[j] = j == i and probe or q:detach() end
      local slopes = tensor.grad(D[case[1]](table.unpack(copies)):rsample():sum(), probe)
      local m, s = slopes:mean():item(), slopes:std():item()
      local want = wanted[i] and wanted[i]:item() or 0
      check.ok(math.abs(m - want) < 5 * s / math.sqrt(N) + 1e-9,
        ("parameter %d: %.5f instead of %.5f"):format(i, m, want))
    end
    check.ok(x.requires_grad and not d:sample().requires_grad, "rsample has a gradient, sample has none")
  end)
end

check.test("vectors", function()
  tensor.manual_seed(1)
  local a = f64{0.3, 2, 5}:requires_grad_(true)
  local d = D.Dirichlet(a)
  check.equal({d.batch_shape == {}, d.event_shape == {3}}, {true, true})
  local x = d:rsample(N)
  check.ok(((x:mean(1) - d.mean):abs() / d.variance:sqrt()):max():item() < 0.04, "mean")
  check.ok((x:var(1) / d.variance - 1):abs():max():item() < 0.06, "variance")
  local slope = tensor.grad(x[{ {}, 1 }]:mean(), a)
  local want = tensor.grad(d.mean[1], a)
  check.ok((slope - want):abs():max():item() < 0.02, "gradient of the mean")
  local loc, cov = f64{1, -1}, f64{{2, 0.6}, {0.6, 0.5}}
  local m = D.MultivariateNormal(loc, cov)
  x = m:sample(N)
  local off = x - x:mean(1)
  check.ok((off:t():matmul(off) / N - cov):abs():max():item() < 0.06, "covariance")
  check.ok((x:mean(1) - loc):abs():max():item() < 0.04, "mean of vectors")
  local same = D.MultivariateNormal(loc, {precision_matrix = m.precision_matrix})
  check.close(same:log_prob(x), m:log_prob(x), 1e-9)
  check.equal({m:expand(4):sample(2):size()}, {2, 4, 2})
end)

check.test("classes count from 1", function()
  tensor.manual_seed(2)
  local p = tensor{{0.1, 0.2, 0.7}, {0.5, 0.5, 0}}
  local d = D.Categorical(p)
  local x = d:sample(N)
  check.equal({x.dtype, {x:size()}}, {"int64", {N, 2}})
  check.ok(x:ge(1):all() and x:le(3):all(), "1 to 3")
  for c = 1, 3 do
    local found = x:eq(c):to("float32"):mean(1)
    check.ok((found - p[{ {}, c }]):abs():max():item() < 0.02, "class " .. c)
  end
  check.equal(d.mode, tensor({3, 1}, {dtype = "int64"}))
  check.close(d:log_prob(tensor{3, 1}):exp(), tensor{0.7, 0.5}, 1e-6)
  check.error("from 1 to 3", function() d:log_prob(tensor{0, 1}) end)
  check.equal({d:enumerate_support():size()}, {3, 2})
  check.equal({D.Categorical({logits = tensor{0, 1}}):sample().shape == {}}, {true})
  local one = D.OneHotCategorical(p):sample(5)
  check.equal({one:size()}, {5, 2, 3})
  check.equal(one:sum(-1), tensor.ones(5, 2))
  local many = D.Multinomial(40, {probs = p}):sample(7)
  check.equal(many:sum(-1), tensor.full({7, 2}, 40.0))
  local soft = D.RelaxedOneHotCategorical(0.5, {logits = tensor.zeros(4)}):rsample(3)
  check.close(soft:sum(-1), tensor.ones(3), 1e-5)
  local logits = tensor.zeros(3):requires_grad_(true)
  local hard = D.OneHotCategoricalStraightThrough({logits = logits}):rsample()
  check.close(hard:sum():item(), 1, 1e-6)
  check.ok(tensor.grad(hard[1], logits):abs():sum():item() > 0, "gradient passes straight through")
end)

check.test("shapes and expand", function()
  local d = D.Normal(tensor.zeros(2, 1), tensor.ones(3))
  check.equal({d.batch_shape == {2, 3}, d.event_shape == {}}, {true, true})
  check.equal({d:sample():size()}, {2, 3})
  check.equal({d:sample(4, 5):size()}, {4, 5, 2, 3})
  check.equal({d:sample({4}):size()}, {4, 2, 3})
  check.equal({d:sample({sample_shape = {4}}):size()}, {4, 2, 3})
  check.equal({d:expand(7, 2, 3):sample():size()}, {7, 2, 3})
  check.equal({d:log_prob(tensor.zeros(9, 2, 3)):size()}, {9, 2, 3})
  check.equal(tostring(D.Normal(0, 1)), "Normal(loc: 0.0, scale: 1.0)")
  local i = D.Independent(d, 1)
  check.equal({i.batch_shape == {2}, i.event_shape == {3}}, {true, true})
  check.equal({i:log_prob(tensor.zeros(2, 3)):size()}, {2})
  check.equal({i:expand(4, 2):sample():size()}, {4, 2, 3})
  check.equal(D.Normal(f64(0), 1):sample().dtype, "float64")
end)

check.test("mixtures", function()
  tensor.manual_seed(3)
  local m = D.MixtureSameFamily(D.Categorical(f64{0.3, 0.7}), D.Normal(f64{-2, 1}, f64{0.5, 1}))
  local x = m:sample(N)
  check.close(x:mean():item(), m.mean:item(), 0.03)
  check.close(x:var():item(), m.variance:item(), 0.06)
  local f = (m:cdf(x):sort())
  local far = (f - tensor.arange(1, N + 1, {dtype = "float64"}) / N):abs():max():item() * math.sqrt(N)
  check.ok(far < 1.95, "distance " .. far)
  local v = D.MixtureSameFamily(D.Categorical(tensor.ones(5, 3)), D.Independent(D.Normal(tensor.randn(5, 3, 2), 1), 1))
  check.equal({v:sample(4):size()}, {4, 5, 2})
  check.equal({v:log_prob(v:sample()):size()}, {5})
end)

check.test("what is wrong is said", function()
  check.error("Normal: scale must be above 0, got -1", function() D.Normal(0, -1) end)
  check.error("Bernoulli: give either probs or logits", function() D.Bernoulli() end)
  check.error("Bernoulli: probs must be between 0 and 1", function() D.Bernoulli(1.5) end)
  check.error("Uniform: low must be below high", function() D.Uniform(2, 1) end)
  check.error("the value must be 0 or 1", function() D.Bernoulli(0.5):log_prob(2) end)
  check.error("the value must be not negative", function() D.Exponential(1):log_prob(-1) end)
  check.error("does not fit batch_shape {2}", function() D.Normal(tensor{0, 0}, 1):log_prob(tensor{1, 2, 3}) end)
  check.error("positive-definite", function() D.MultivariateNormal(tensor{0, 0}, tensor{{1, 2}, {2, 1}}) end)
  check.error("Poisson: entropy is not available", function() D.Poisson(2):entropy() end)
  check.error("no closed form for Beta and Laplace", function() D.kl_divergence(D.Beta(1, 2), D.Laplace(0, 1)) end)
  check.error("q must be a distribution", function() D.kl_divergence(D.Beta(1, 2), 3) end)
  check.error("unknown option 'generatr'", function() D.Normal(0, 1):sample({2}, {generatr = 1}) end)
  check.ok(D.Normal(0, -1, {validate_args = false}).scale:item() == -1, "unless it is not asked for")
end)

check.test("a generator of one's own", function()
  local g = tensor.Generator()
  for _, case in ipairs(families) do
    local d = make(case)
    local before = tensor.get_rng_state()
    g:manual_seed(5)
    local x = d:sample({3}, {generator = g})
    g:manual_seed(5)
    check.equal(d:sample({3}, {generator = g}), x, name_of(case))
    check.equal(tensor.get_rng_state(), before, "the default stream of " .. name_of(case))
  end
end)

check.test("divergences that users register", function()
  local f = function() return 42 end
  D.register_kl(D.Beta, D.Cauchy, f)
  check.equal(D.kl_divergence(D.Beta(1, 1), D.Cauchy(0, 1)), 42)
end)

check.test("transforms and transformed distributions", function()
  local E = tensor.distributions
  local d = E.TransformedDistribution(E.Normal(tensor{0, 1}:requires_grad_(), 1), E.AffineTransform(1, -2))
  tensor.manual_seed(3)
  check.close(d:sample(20000):mean(1), tensor{1, -1}, 0.06)
  check.close(d:sample(20000):std(1), tensor{2, 2}, 0.06)
  check.ok(d:rsample(3).requires_grad)
  check.ok(not d:sample(3).requires_grad)
  check.equal({d.batch_shape == {2}, d.event_shape == {}, d:expand(4, 2):sample().shape == {4, 2}}, {true, true, true})
  check.close(d:cdf(d:icdf(tensor{0.2, 0.7})), tensor{0.2, 0.7}, 1e-5, "falling")
  local g = tensor.Generator():manual_seed(1)
  check.equal(d:sample(2, {generator = g}), d:sample(2, {generator = g:manual_seed(1)}))
  tensor.manual_seed(5)
  local drawn = tensor.rand(1)
  tensor.manual_seed(5)
  E.TransformedDistribution(E.Normal(0, 1), E.ExpTransform()):log_prob(2)
  check.equal(tensor.rand(1), drawn, "no random number is used up")
  local t = E.ComposeTransform({E.AffineTransform(0, 2), E.TanhTransform()})
  check.equal(tostring(t), "ComposeTransform({AffineTransform(), TanhTransform()})")
  check.close(t.inv(t(tensor{0.3})), tensor{0.3}, 1e-6)
  check.ok(rawequal(t.inv.inv, t), "the inverse's inverse")
  check.equal(E.ComposeTransform({})(tensor{3}), tensor{3})
  check.error("scale must not be 0", E.AffineTransform, 1, 0)
  check.error("ComposeTransform: entry 2 must be a transform, got 3", E.ComposeTransform, {t, 3})
  check.error("base_distribution must be a distribution, got 3", E.TransformedDistribution, 3, t)
  check.error("TransformedDistribution: expected transforms, got 3", E.TransformedDistribution, E.Normal(0, 1), 3)
  check.error("the value must be above 0", function()
    E.TransformedDistribution(E.Normal(0, 1), E.ExpTransform()):log_prob(-1)
  end)
  check.error("there is no density", function()
    E.TransformedDistribution(E.Normal(0, 1), E.AbsTransform()):log_prob(1)
  end)
  check.error("events of 1 dimensions, but values have 0", E.TransformedDistribution, E.Normal(0, 1),
    E.AffineTransform(0, 1, 1))
end)

check.done()
