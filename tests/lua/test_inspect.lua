-- nnlua.inspect: activations, saliency, Grad-CAM, attention maps, PCA, t-SNE.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local inspect = require "nnlua.inspect"
local tensor, nn, data = nnlua.tensor, nnlua.nn, nnlua.data

local function cnn()
  tensor.manual_seed(1)
  return nn.Sequential(nn.Conv2d(1, 4, 3, {padding = 1}), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    nn.Dropout(0.5), nn.Linear(4, 3))
end

check.test("activations", function()
  local net, x = cnn(), tensor.rand(2, 1, 6, 6)
  net:train()
  local seen = inspect.activations(net, x)
  local names = {}
  for name, t in pairs(seen) do
    names[#names + 1] = name
    check.ok(tensor.is_tensor(t), name)
  end
  check.equal(names, {"0", "1", "2", "3", "4", "5"})
  check.close(seen["1"], net[1](x):relu(), 1e-6)
  check.equal(seen["4"], seen["3"], "dropout is off")
  check.equal(net.training, true)
  local some = inspect.activations(net, x, {layers = {"1"}})
  check.equal({some["1"] ~= nil, some["0"]}, {true})
  check.error("no layer \"7\"", inspect.activations, net, x, {layers = {"7"}})
  check.error("expected a network", inspect.activations, 3, x)
  check.error("expected input", inspect.activations, net, tensor.rand(2, 5, 6, 6))
  check.equal(net.training, true)
  local before = 0
  local handle = net[1]:register_forward_hook(function() before = before + 1 end)
  net(x)
  handle:remove()
  check.equal(before, 1, "no hook is left behind")
end)

check.test("saliency", function()
  local net = nn.Linear(3, 2)
  local x = tensor.randn(4, 3)
  check.close(inspect.saliency(net, x, {target = 2}), net.weight:detach()[2]:abs():expand(4, 3):contiguous(), 1e-6)
  check.close(inspect.saliency(net, x, {target = {1, 2, 1, 2}, signed = true})[1], net.weight:detach()[1], 1e-6)
  local top = net(x):argmax(2)
  check.close(inspect.saliency(net, x, {signed = true})[3], net.weight:detach()[top:get(3)], 1e-6)
  check.equal({inspect.saliency(cnn(), tensor.rand(2, 1, 6, 5)):size()}, {2, 6, 5})
  tensor.no_grad(function() check.equal({inspect.saliency(net, x):size()}, {4, 3}) end)
  check.equal(net.weight.grad, nil)
  check.error("a class from 1 to 2", inspect.saliency, net, x, {target = 3})
  check.error("scores [N, C]", inspect.saliency, nn.Conv2d(1, 1, 1), tensor.rand(1, 1, 2, 2))
end)

check.test("Grad-CAM finds what the class depends on", function()
  local net = nn.Sequential(nn.Conv2d(1, 2, 1, {bias = false}), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    nn.Linear(2, 2, {bias = false}))
  tensor.no_grad(function()
    net[1].weight:copy_(tensor{1, -1}:reshape(2, 1, 1, 1)) -- map 1: bright, map 2: dark
    net[5].weight:copy_(tensor{{1, 0}, {0, 1}})
  end)
  local x = tensor.zeros(1, 1, 4, 4)
  x[{1, 1, 2, 3}], x[{1, 1, 4, 1}] = 2, -3
  local bright = inspect.grad_cam(net, x, "1", {target = 1})
  check.equal({bright:size()}, {1, 4, 4})
  check.equal({bright:get(1, 2, 3), bright:get(1, 4, 1), bright:sum():item()}, {1.0, 0.0, 1.0})
  check.equal(inspect.grad_cam(net, x, net[2], {target = 2}):get(1, 4, 1), 1.0)
  check.equal({inspect.grad_cam(cnn(), tensor.rand(3, 1, 8, 8), "0", {resize = false}):size()}, {3, 8, 8})
  check.error("must give maps [N, C, H, W], got [1, 2]", inspect.grad_cam, net, x, "4")
  check.error("no layer \"conv\"", inspect.grad_cam, net, x, "conv")
end)

check.test("attention maps", function()
  tensor.manual_seed(2)
  local layer = nn.TransformerEncoderLayer(8, 2, {dim_feedforward = 16, batch_first = true})
  local net = nn.TransformerEncoder(layer, 2)
  local x = tensor.randn(3, 5, 8)
  net:eval()
  local plain = net(x)
  local maps = inspect.attention(net, x)
  local n = 0
  for name, w in pairs(maps) do
    n = n + 1
    check.equal({w:size()}, {3, 2, 5, 5}, name)
    check.close(w:sum(4), tensor.ones(3, 2, 5), 1e-5)
  end
  check.equal(n, 2)
  check.close(net(x), plain, 1e-6)
  local mha = nn.MultiheadAttention(8, 2, {batch_first = true})
  mha:eval()
  local _, weights = mha(x, x, x)
  check.close(inspect.attention(mha, {x, x, x})[""]:mean(2), weights, 1e-6)
  check.error("has no nn.MultiheadAttention", inspect.attention, nn.Linear(1, 1), x)
end)

-- Shares of the variance as scikit-learn 1.x gives them.
check.test("principal components", function()
  local x = data.load("iris").x
  local y, directions, shares = inspect.pca(x, 3)
  check.close(shares:totable(), {0.92461872, 0.05306648, 0.01710261}, 1e-6)
  check.close(directions[1]:totable(), {0.36138659, -0.08452251, 0.85667061, 0.3582892}, 1e-5)
  check.close(y[1]:totable(), {-2.68412563, 0.31939725, -0.02791483}, 1e-5)
  check.close(directions:matmul(directions:t()), tensor.eye(3, {dtype = "float64"}), 1e-9)
  check.error("k must be from 1 to 4", inspect.pca, x, 5)
  check.error("expected points [N, D]", inspect.pca, tensor.zeros(3))
end)

-- The share of points whose nearest neighbour is of their class.
local function neighbours(y, labels)
  local d = tensor.cdist(y, y) + tensor.eye(#y, {dtype = y.dtype}) * 1e9
  return labels[d:argmin(2)]:eq(labels):float():mean():item()
end

check.test("t-SNE keeps neighbours together", function()
  local digits = data.load("digits")
  local x, labels = digits.x:narrow(1, 1, 250):flatten(2), digits.y:narrow(1, 1, 250)
  local divergence = {}
  local y = inspect.tsne(x, {perplexity = 15, n_iter = 300, seed = 1, callback = function(step, v)
    divergence[step] = v
  end})
  check.equal({y:size()}, {250, 2})
  check.ok(neighbours(y, labels) > 0.85, neighbours(y, labels))
  check.ok(neighbours(inspect.pca(x, 2), labels) < 0.75, "better than two principal components")
  check.ok(divergence[300] < 0.9 and divergence[300] < divergence[80], divergence[300])
  check.equal(inspect.tsne(x, {perplexity = 15, n_iter = 20, seed = 1}),
    inspect.tsne(x, {perplexity = 15, n_iter = 20, seed = 1}))
  check.ok(inspect.tsne(tensor.zeros(5, 3), {perplexity = 2, n_iter = 20}):isfinite():all(), "points that coincide")
  check.error("perplexity must be from 1 to less than 5", inspect.tsne, tensor.zeros(5, 3))
end)

-- The gradient by its definition, for similarities p [N, N].
local function gradient_by_definition(y, p)
  local near = (1 / ((y:unsqueeze(2) - y:unsqueeze(1)):square():sum(3) + 1)):masked_fill(tensor.eye(#y):bool(), 0)
  local q = near / near:sum()
  local w = (p - q) * near
  return ((y:unsqueeze(2) - y:unsqueeze(1)) * w:unsqueeze(3)):sum(2) * 4, tensor.xlogy(p, p / q:clamp({min = 1e-300}))
    :sum():item()
end

check.test("t-SNE's gradient by a tree", function()
  local gradient = require("nnlua.core").points.tsne_gradient
  tensor.manual_seed(4)
  for _, n in ipairs {2, 3, 10, 120} do
    local y = tensor.randn(n, 2, {dtype = "float64"}) * 3
    if n == 120 then y[{{20, 40}}] = y[{{60, 80}}] end -- some coincide
    local ones = tensor.ones(n, n):triu(1):nonzero()
    local p = tensor.rand(ones:size(1), {dtype = "float64"})
    p = p / p:sum() / 2
    local full = tensor.zeros(n, n, {dtype = "float64"})
    for k = 1, ones:size(1) do
      full[{ones:get(k, 1), ones:get(k, 2)}] = p:get(k)
      full[{ones:get(k, 2), ones:get(k, 1)}] = p:get(k)
    end
    local want, divergence = gradient_by_definition(y, full)
    local got, told = gradient(y, ones:t(), p, 1, 0)
    check.close(got, want, 1e-12)
    check.close(told, divergence, 1e-9)
    -- Repulsion alone, which the tree does: groups are nearly as good.
    local none = tensor.zeros_like(p)
    local all, groups = gradient(y, ones:t(), none, 1, 0), gradient(y, ones:t(), none, 1, 0.5)
    check.ok((groups - all):norm():item() <= 0.05 * all:norm():item(), n)
  end
  local y, p = tensor.zeros(3, 2):double(), tensor.ones(1):double()
  local pairs_of = tensor{{1}, {2}}:long()
  check.error("expected points float64 [N, 2]", gradient, y:float(), pairs_of, p, 1, 0.5)
  check.error("expected points float64 [N, 2]", gradient, tensor.zeros(3, 3):double(), pairs_of, p, 1, 0.5)
  check.error("expected pairs int64 [2, M]", gradient, y, pairs_of:t(), p, 1, 0.5)
  check.error("a float64 for each of the 1 pairs", gradient, y, pairs_of, tensor.ones(2):double(), 1, 0.5)
  check.error("point 4 of 3", gradient, y, tensor{{1}, {4}}:long(), p, 1, 0.5)
  check.error("point 0 of 3", gradient, y, tensor{{0}, {1}}:long(), p, 1, 0.5)
  check.error("not finite", gradient, y * (0 / 0), pairs_of, p, 1, 0.5)
  check.ok(gradient(y, pairs_of, p, 1, 0.5):isfinite():all(), "all in one place")
end)

check.test("t-SNE of many points is as good as the exact one", function()
  local digits = data.load("digits")
  local x, labels = digits.x:narrow(1, 1, 300):flatten(2), digits.y:narrow(1, 1, 300)
  local divergence, y = {}, {}
  for _, method in ipairs {"exact", "barnes_hut"} do
    y[method] = inspect.tsne(x, {perplexity = 15, n_iter = 300, method = method, callback = function(_, v)
      divergence[method] = v
    end})
    check.ok(neighbours(y[method], labels) > 0.85, neighbours(y[method], labels))
  end
  check.close(divergence.barnes_hut, divergence.exact, 0.1)
  check.ok(inspect.tsne(tensor.zeros(5, 3), {perplexity = 2, n_iter = 20, method = "barnes_hut"}):isfinite():all())
  check.error("method must be", inspect.tsne, x, {method = "fast"})
  check.error("barnes_hut gives 2 components, not 3", inspect.tsne, x, {method = "barnes_hut", n_components = 3})
  check.error("theta must not be negative", inspect.tsne, x, {theta = -1})
end)

check.done()
