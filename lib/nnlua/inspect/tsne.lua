-- t-SNE, exact: similarities of points, and the descent that gives points in few dimensions the same. float64
-- throughout.

local core = require "nnlua.core"

local tensor = core.tensor
local tsne = {}

-- Squared distances [N, N] of points.
local function distances(x)
  local norms = x:square():sum(2, {keepdim = true})
  return (norms + norms:t() - x:matmul(x:t()) * 2):clamp({min = 0})
end

-- Conditional probabilities p(j | i) whose perplexity is the one wanted: a bisection for the precision of each row.
local function conditional(d, perplexity)
  local n = d:size(1)
  local wanted = math.log(perplexity)
  local low, high = tensor.zeros(n, 1, {dtype = "float64"}), tensor.full({n, 1}, math.huge, {dtype = "float64"})
  local scale = d:sum(2, {keepdim = true}) / (n - 1)
  local beta = 1 / tensor.where(scale:gt(0), scale, tensor.ones_like(scale))
  local own = tensor.eye(n, {dtype = "float64"}):bool()
  local nearest = d:masked_fill(own, math.huge):amin(2, {keepdim = true})
  local p
  for _ = 1, 64 do
    p = ((nearest - d) * beta):exp():masked_fill(own, 0) -- the nearest point has weight 1: nothing underflows
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

--- Moves points y [N, k] until their similarities are those of x [N, D]. o: perplexity, n_iter, learning_rate,
-- early_exaggeration, callback.
function tsne.run(x, y, o)
  local n = x:size(1)
  local p = conditional(distances(x), o.perplexity)
  p = ((p + p:t()) / (2 * n)):clamp({min = 1e-300})
  local rate = o.learning_rate or math.max(n / o.early_exaggeration / 4, 50)
  local speed, gains = tensor.zeros_like(y), tensor.ones_like(y)
  local own = tensor.eye(n, {dtype = "float64"}):bool()
  local early = math.min(250, o.n_iter // 4)
  for step = 1, o.n_iter do
    local q = (1 / (distances(y) + 1)):masked_fill(own, 0)
    local sum = q:sum()
    local pull = (step <= early and p * o.early_exaggeration or p) - q / sum
    local w = pull * q
    local gradient = (y * w:sum(2, {keepdim = true}) - w:matmul(y)) * 4
    local same = (gradient * speed):gt(0)
    gains = tensor.where(same, gains * 0.8, gains + 0.2):clamp({min = 0.01})
    speed = speed * (step <= early and 0.5 or 0.8) - gains * gradient * rate
    y = y + speed
    y = y - y:mean(1, {keepdim = true})
    if o.callback then
      local safe = (q / sum):clamp({min = 1e-300})
      o.callback(step, (p * (p / safe):log()):masked_fill(own, 0):sum():item())
    end
  end
  return y
end

return tsne
