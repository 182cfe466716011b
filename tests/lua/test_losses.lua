-- Losses that are compositions: gradients of first and second order against differences, in float64, away from corners.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, F = nnlua.tensor, nnlua.F

local function random(...)
  return tensor.randn(..., {dtype = "float64"}):requires_grad_()
end

local function signs(...) return tensor.rand(...):gt(0.5):double() * 2 - 1 end
local function ones(...) return tensor.rand(...):gt(0.5):double() end
local function classes(n, c) return tensor.randint(1, c + 1, {n}) end

local weights = tensor({0.5, 1, 2, 0.25}, {dtype = "float64"})

-- Name of the function, its inputs with gradients, and how it is called with them.
local cases = {
  {"poisson_nll_loss", {{3, 4}}, function(f, x) return f(x, tensor.randint(1, 5, {3, 4}):double(), {full = true}) end},
  {"gaussian_nll_loss", {{3, 4}, {3, 4}}, function(f, x, y) return f(x, y, (y * 0.3):exp(), {full = true}) end},
  {"soft_margin_loss", {{3, 4}}, function(f, x) return f(x, signs({3, 4})) end},
  {"hinge_embedding_loss", {{3, 4}}, function(f, x) return f(x, signs({3, 4}), {margin = 0.7}) end},
  {"margin_ranking_loss", {{5}, {5}}, function(f, a, b) return f(a, b, signs({5}), {margin = 0.2}) end},
  {"cosine_embedding_loss", {{3, 4}, {3, 4}}, function(f, a, b) return f(a, b, signs({3}), {margin = 0.1}) end},
  {"triplet_margin_loss", {{3, 4}, {3, 4}, {3, 4}}, function(f, a, p, n) return f(a, p, n, {swap = true}) end},
  {"triplet_margin_with_distance_loss", {{3, 4}, {3, 4}, {3, 4}}, function(f, a, p, n)
    return f(a, p, n, {distance_function = function(u, v) return (u - v):square():sum(-1) end, margin = 2})
  end},
  {"multi_margin_loss", {{3, 4}}, function(f, x) return f(x, classes(3, 4), 2, {weight = weights}) end},
  {"multilabel_margin_loss", {{2, 4}}, function(f, x) return f(x, tensor{{2, 3, -1, 1}, {4, -1, 1, 1}}) end},
  {"multilabel_soft_margin_loss", {{3, 4}}, function(f, x) return f(x, ones({3, 4}), {weight = weights}) end},
  {"linear_cross_entropy", {{3, 2}, {4, 2}, {4}}, function(f, x, w, b)
    return f(x, w, classes(3, 4), {linear_bias = b, label_smoothing = 0.1})
  end},
  {"sigmoid_focal_loss", {{3, 4}}, function(f, x) return f(x, ones({3, 4}), {reduction = "sum"}) end},
  {"focal_loss", {{3, 4}}, function(f, x) return f(x, classes(3, 4), {alpha = weights, gamma = 1.5}) end},
  {"dice_loss", {{2, 3, 5}}, function(f, x) return f(x, tensor.randint(1, 4, {2, 5}), {smooth = 1}) end},
}

for _, case in ipairs(cases) do
  local name, shapes, call = case[1], case[2], case[3]
  check.test("gradients of " .. name, function()
    tensor.manual_seed(#name)
    local inputs = {}
    for i, shape in ipairs(shapes) do inputs[i] = random(shape) end
    local function loss(...)
      tensor.manual_seed(3) -- the same targets each time
      return call(F[name], ...)
    end
    check.ok(tensor.gradcheck(loss, inputs))
    check.ok(tensor.gradgradcheck(loss, inputs))
  end)
end

check.done()
