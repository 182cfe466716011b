-- t-SNE: similarities of points, and the descent that gives points in few dimensions the same. Exact, or for many
-- points by their nearest neighbours and a tree (Barnes-Hut). float64 throughout.

local core = require "nnlua.core"

local tensor, points = core.tensor, core.points
local tsne = {}

-- Squared distances [N, N] of points.
local function distances(x)
  local norms = x:square():sum(2, {keepdim = true})
  return (norms + norms:t() - x:matmul(x:t()) * 2):clamp({min = 0})
end

-- Conditional probabilities p(j | i) whose perplexity is the one wanted: a bisection for the precision of each row of
-- squared distances d [N, M]; own is true where a point meets itself, if it does.
local function conditional(d, perplexity, own)
  local n = d:size(1)
  local wanted = math.log(perplexity)
  local low, high = tensor.zeros(n, 1, {dtype = "float64"}), tensor.full({n, 1}, math.huge, {dtype = "float64"})
  local scale = d:sum(2, {keepdim = true}) / (d:size(2) - (own and 1 or 0))
  local beta = 1 / tensor.where(scale:gt(0), scale, tensor.ones_like(scale))
  local nearest = (own and d:masked_fill(own, math.huge) or d):amin(2, {keepdim = true})
  local p
  for _ = 1, 64 do
    p = ((nearest - d) * beta):exp() -- the nearest point has weight 1: nothing underflows
    if own then p = p:masked_fill(own, 0) end
    local sum = p:sum(2, {keepdim = true})
    local entropy = sum:log() + ((d - nearest) * p):sum(2, {keepdim = true}) * beta / sum
    p = p / sum
    local above = entropy:gt(wanted)
    if (entropy - wanted):abs():max():item() < 1e-5 then break end
    low = tensor.where(above, beta, low)
    high = tensor.where(above, high, beta)
    beta = tensor.where(high:isinf(), beta * 2, (low + high) / 2)
  end
  return p
end

-- The gradient of all pairs, exactly: a function(y, exaggeration, judged) that gives it and, if judged, the divergence.
local function exact(x, o)
  local n = x:size(1)
  local own = tensor.eye(n, {dtype = "float64"}):bool()
  local p = conditional(distances(x), o.perplexity, own)
  p = ((p + p:t()) / (2 * n)):clamp({min = 1e-300})
  return function(y, exaggeration, judged)
    local q = (1 / (distances(y) + 1)):masked_fill(own, 0)
    local sum = q:sum()
    local pull = (exaggeration > 1 and p * exaggeration or p) - q / sum
    local w = pull * q
    local gradient = (y * w:sum(2, {keepdim = true}) - w:matmul(y)) * 4
    if not judged then return gradient end
    local safe = (q / sum):clamp({min = 1e-300})
    return gradient, (p * (p / safe):log()):masked_fill(own, 0):sum():item()
  end
end

local ROWS = 2 ^ 22 -- distances that are looked at together

-- Each point's k nearest others: squared distances [N, k] and their numbers.
local function nearest(x, k)
  local n = x:size(1)
  local norms = x:square():sum(2)
  local step = math.max(1, ROWS // n | 0)
  local all, numbers = {}, {}
  for from = 1, n, step do
    local count = math.min(step, n - from + 1)
    local rows = x:narrow(1, from, count)
    local d = (norms:narrow(1, from, count):unsqueeze(2) + norms - rows:matmul(x:t()) * 2):clamp({min = 0})
    d:scatter_(2, tensor.arange(from, from + count, {dtype = "int64"}):unsqueeze(2), math.huge)
    all[#all + 1], numbers[#numbers + 1] = d:topk(k, 2, {largest = false})
  end
  return tensor.cat(all, 1), tensor.cat(numbers, 1)
end

-- The same gradient by each point's nearest neighbours, 3 perplexity of them, and a tree.
local function by_tree(x, o)
  local n = x:size(1)
  local k = math.min(n - 1, math.floor(3 * o.perplexity + 1))
  local d, numbers = nearest(x, k)
  local p = (conditional(d, o.perplexity) / (2 * n)):flatten()
  -- Each pair once, with what both think of each other.
  local i = tensor.arange(1, n + 1, {dtype = "int64"}):repeat_interleave(k)
  local j = numbers:flatten()
  local low, high = i:minimum(j), i:maximum(j)
  local keys, place = (low * (n + 1) + high):unique({return_inverse = true})
  local sums = tensor.zeros(keys:size(1), {dtype = "float64"}):index_add(1, place, p)
  local pairs_of = tensor.stack({keys:div(n + 1, {rounding_mode = "floor"}), keys:remainder(n + 1)}, 1)
  return function(y, exaggeration) return points.tsne_gradient(y, pairs_of, sums, exaggeration, o.theta) end
end

--- Moves points y [N, k] until their similarities are those of x [N, D]. o: method ("exact", "barnes_hut"), theta,
-- perplexity, n_iter, learning_rate, early_exaggeration, callback.
function tsne.run(x, y, o)
  local gradient_at = (o.method == "exact" and exact or by_tree)(x, o)
  local rate = o.learning_rate or math.max(x:size(1) / o.early_exaggeration / 4, 50)
  local speed, gains = tensor.zeros_like(y), tensor.ones_like(y)
  local early = math.min(250, o.n_iter // 4)
  for step = 1, o.n_iter do
    local gradient, divergence = gradient_at(y, step <= early and o.early_exaggeration or 1, o.callback ~= nil)
    local same = (gradient * speed):gt(0)
    gains = tensor.where(same, gains * 0.8, gains + 0.2):clamp({min = 0.01})
    speed = speed * (step <= early and 0.5 or 0.8) - gains * gradient * rate
    y = y + speed
    y = y - y:mean(1, {keepdim = true})
    if o.callback then o.callback(step, divergence) end
  end
  return y
end

return tsne
