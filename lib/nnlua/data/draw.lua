-- Random numbers for transforms: one for each sample of a batch, from a generator of their own, or the stream of the
-- batch that a loader makes, or the default one.

local core = require "nnlua.core"

local tensor = core.tensor
local draw = {}

-- The stream of the batch under way.
local stream

--- The generator to draw from, nil for the default one.
function draw.source(generator) return generator or stream end

--- f(...) with g as the stream of those that have no generator of their own.
function draw.within(g, f, ...)
  local before = stream
  stream = g
  return core.finally(function() stream = before end, f, ...)
end

local function float64(generator) return {dtype = "float64", generator = draw.source(generator)} end

--- n numbers, uniform from low to high, float64.
function draw.uniform(n, low, high, generator)
  return tensor.rand(n, float64(generator)) * (high - low) + low
end

--- n times true with probability p.
function draw.coin(n, p, generator) return tensor.rand(n, float64(generator)):lt(p) end

--- n whole numbers from 0 to most, float64.
function draw.whole(n, most, generator)
  return tensor.rand(n, float64(generator)):mul(most + 1):floor():clamp({max = most})
end

--- The numbers 1..n in random order.
function draw.order(n, generator) return tensor.randperm(n, {generator = draw.source(generator)}) end

local function one(generator) return tensor.rand(1, float64(generator)):item() end

local function normal(generator) return tensor.randn(1, float64(generator)):item() end

-- One number of the gamma distribution (Marsaglia, Tsang 2000).
local function gamma(shape, generator)
  if shape < 1 then return gamma(shape + 1, generator) * (1 - one(generator)) ^ (1 / shape) end
  local d = shape - 1 / 3
  local c = 1 / math.sqrt(9 * d)
  while true do
    local x = normal(generator)
    local v = (1 + c * x) ^ 3
    if v > 0 and math.log(1 - one(generator)) < x * x / 2 + d - d * v + d * math.log(v) then return d * v end
  end
end

--- One number of the beta distribution with both parameters alpha.
function draw.beta(alpha, generator)
  local a, b = gamma(alpha, generator), gamma(alpha, generator)
  return a + b > 0 and a / (a + b) or 0.5
end

return draw
