-- Random numbers of distributions: that they follow these, by their moments and by Kolmogorov and Smirnov's distance
-- from the distribution function, for fixed seeds; that generators repeat them; the derivative of gamma samples.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"

local N <const> = 20000

local function full(value, options)
  return tensor.full({N}, value, {dtype = options and options.dtype or "float64"})
end

-- The largest distance between the steps of a sample and a distribution function, times sqrt(n): above 1.95 in 1 of
-- 1,000 cases.
local function distance(sample, cdf)
  local sorted = (sample:sort())
  local f = cdf(sorted)
  local step = tensor.arange(1, N + 1, {dtype = "float64"}) / N
  return math.max((step - f):max():item(), (f - (step - 1 / N)):max():item()) * math.sqrt(N)
end

local function follows(what, sample, cdf)
  local d = distance(sample, cdf)
  check.ok(d < 1.95, ("%s: distance %.3f"):format(what, d))
end

-- Mean and variance within five standard errors.
local function moments(what, sample, mean, variance)
  local m, v = sample:mean():item(), sample:var():item()
  check.ok(math.abs(m - mean) < 5 * math.sqrt(variance / N), ("%s: mean %.4f instead of %.4f"):format(what, m, mean))
  check.ok(math.abs(v - variance) < 0.08 * variance + 1e-9,
    ("%s: variance %.4f instead of %.4f"):format(what, v, variance))
end

check.test("gamma numbers", function()
  tensor.manual_seed(1)
  for _, a in ipairs {0.1, 0.7, 1, 3.5, 40, 3000} do
    local sample = tensor._standard_gamma(full(a))
    follows("gamma " .. a, sample, function(x) return tensor.special.gammainc(full(a), x) end)
    moments("gamma " .. a, sample, a, a)
  end
  local tiny = tensor._standard_gamma(full(0.01, {dtype = "float32"}))
  check.ok(tiny:gt(0):all(), "none is 0 in float32")
end)

check.test("the derivative of gamma numbers keeps their quantile", function()
  tensor.manual_seed(2)
  for _, c in ipairs {0.2, 0.9, 2, 15, 200, 5000} do
    local a = tensor.full({50}, c, {dtype = "float64"}):requires_grad_(true)
    local z = tensor._standard_gamma(a)
    local slope = tensor.grad(z:sum(), a)
    local P, h = tensor.special.gammainc, math.min(1e-4 * c, 0.02)
    local x = z:detach():requires_grad_(true)
    local density = tensor.grad(P(a:detach(), x):sum(), x)
    local b = a:detach()
    local by_a = (P(b + h, x:detach()) - P(b - h, x:detach())) / (2 * h)
    local off = ((slope + by_a / density) / slope):abs()
    -- where the density is not so small that the differences are noise
    off = off[density:gt(1e-5 * density:max())]
    check.ok(off:max():item() < 2e-5, ("concentration %g: off by %g"):format(c, off:max():item()))
  end
  local a = tensor.full({3}, 2e5, {dtype = "float64"}):requires_grad_(true)
  local slope = tensor.grad(tensor._standard_gamma(a):sum(), a)
  check.ok((slope - 1):abs():max():item() < 0.02, "large concentrations")
  local y = tensor._standard_gamma(a)
  local g = tensor.grad(y:sum(), a, {create_graph = true})
  check.error("no second derivative", function() tensor.grad(g:sum(), a) end)
end)

-- P(X <= k) of a whole-numbered sample against its frequencies at the quartiles.
local function frequencies(what, sample, points, cdf)
  for _, k in ipairs(points) do
    local p = cdf(k)
    local found = sample:le(k):to("float64"):mean():item()
    check.ok(math.abs(found - p) < 5 * math.sqrt(p * (1 - p) / N) + 1e-12,
      ("%s: P(X <= %d) is %.4f instead of %.4f"):format(what, k, found, p))
  end
end

check.test("Poisson numbers", function()
  tensor.manual_seed(3)
  for _, rate in ipairs {0.3, 4, 9.9, 10.1, 60, 2000} do
    local sample = tensor.poisson(full(rate))
    moments("poisson " .. rate, sample, rate, rate)
    local low, middle = math.floor(rate - math.sqrt(rate)), math.floor(rate)
    frequencies("poisson " .. rate, sample, {math.max(low, 0), middle, middle + 2}, function(k)
      return tensor.special.gammaincc(tensor(k + 1.0, {dtype = "float64"}), tensor(rate, {dtype = "float64"})):item()
    end)
  end
  check.equal(tensor.poisson(tensor{0, 0}), tensor{0, 0})
end)

check.test("binomial numbers", function()
  tensor.manual_seed(4)
  for _, case in ipairs {{5, 0.3}, {40, 0.1}, {40, 0.5}, {300, 0.9}, {100000, 0.4}} do
    local n, p = case[1], case[2]
    local sample = tensor.binomial(full(n), full(p))
    moments(("binomial %d %g"):format(n, p), sample, n * p, n * p * (1 - p))
    check.ok(sample:ge(0):all() and sample:le(n):all(), "range")
    if n <= 300 then
      frequencies(("binomial %d %g"):format(n, p), sample, {n * p // 1, n * p // 1 + 1}, function(k)
        local sum = 0
        for i = 0, k // 1 do
          local l = tensor(n + 1.0, {dtype = "float64"}):lgamma() - tensor(i + 1.0, {dtype = "float64"}):lgamma()
            - tensor(n - i + 1.0, {dtype = "float64"}):lgamma()
          sum = sum + math.exp(l:item() + i * math.log(p) + (n - i) * math.log(1 - p))
        end
        return sum
      end)
    end
  end
  check.equal(tensor.binomial(tensor{5, 5, 0}, tensor{0, 1, 0.5}), tensor{0, 5, 0})
end)

check.test("filling in place", function()
  tensor.manual_seed(5)
  local x = full(0)
  follows("exponential", x:exponential_(2):clone(), function(v) return 1 - (v * -2):exp() end)
  follows("cauchy", x:cauchy_(1, 3):clone(), function(v) return ((v - 1) / 3):atan() / math.pi + 0.5 end)
  follows("log-normal", x:log_normal_(0.5, 0.7):clone(), function(v)
    return tensor.special.ndtr((v:log() - 0.5) / 0.7)
  end)
  moments("geometric", x:geometric_(0.3), 1 / 0.3, 0.7 / 0.09)
  check.ok(x:ge(1):all(), "geometric begins at 1")
  moments("random", x:random_(10), 4.5, 99 / 12)
  moments("random from", x:random_(-5, 5), -0.5, 99 / 12)
  local whole = tensor.zeros(N, {dtype = "int64"}):random_(3, 9)
  check.equal(whole.dtype, "int64")
  check.ok(whole:ge(3):all() and whole:lt(9):all(), "range")
  local bytes = tensor.zeros(1000, {dtype = "uint8"}):random_()
  check.ok(bytes:max():item() > 240 and bytes:min():item() < 15, "all bytes")
  moments("bernoulli with p", tensor.bernoulli(x, 0.3), 0.3, 0.21)
  local p = tensor{0, 1, 1}
  check.equal(tensor.zeros(3):bernoulli_(p), p)
end)

check.test("normal with tensors", function()
  tensor.manual_seed(6)
  moments("both", tensor.normal(full(2), full(3)), 2, 9)
  moments("a number for the deviation", tensor.normal(full(2), 0.5), 2, 0.25)
  moments("a number for the mean", tensor.normal(1, full(2)), 1, 4)
  moments("mean alone", tensor.normal(full(2)), 2, 1)
end)

check.test("a generator repeats what it gave", function()
  local g = tensor.Generator()
  local three = tensor.full({3}, 2.5)
  local draws = {
    function() return tensor.poisson(three, {generator = g}) end,
    function() return tensor.binomial(three * 10, three / 5, {generator = g}) end,
    function() return tensor._standard_gamma(three, {generator = g}) end,
    function() return tensor.zeros(3):exponential_(1, {generator = g}) end,
    function() return tensor.zeros(3):geometric_(0.2, {generator = g}) end,
    function() return tensor.zeros(3):cauchy_(0, 1, {generator = g}) end,
    function() return tensor.zeros(3):log_normal_(0, 1, {generator = g}) end,
    function() return tensor.zeros(3):random_(1000, nil, {generator = g}) end,
    function() return tensor.zeros(3):normal_(0, 1, {generator = g}) end,
    function() return tensor.zeros(3):uniform_(0, 1, {generator = g}) end,
    function() return tensor.zeros(3):bernoulli_(0.5, {generator = g}) end,
    function() return tensor.bernoulli(three / 5, {generator = g}) end,
    function() return tensor.normal(three, 1, {generator = g}) end,
    function() return tensor.randint_like(three, 1000, {generator = g}) end,
    function() return tensor.rand(3, {generator = g}) end,
    function() return tensor.randn_like(three, {generator = g}) end,
    function() return tensor.randperm(9, {generator = g}) end,
    function() return tensor.randint(0, 1000, {3}, {generator = g}) end,
    function() return tensor.multinomial(three, 2, {generator = g}) end,
  }
  for i, draw in ipairs(draws) do
    g:manual_seed(i)
    local before = tensor.get_rng_state()
    local first, state = draw(), g:get_state()
    local second = draw()
    g:manual_seed(i)
    check.equal(draw(), first, "draw " .. i)
    g:set_state(state)
    check.equal(draw(), second, "draw " .. i .. " from a state")
    check.equal(tensor.get_rng_state(), before, "the default stream is untouched by draw " .. i)
  end
  check.ok(math.type(g:seed()) == "integer", "seed tells what it chose")
end)

check.done()
