-- Visualisation: looking into a network. Its structure, its weights, what its layers make of a picture, where it
-- looks, and how to tell a picture that explains from one that only pleases.
--
--   nnlua scripts/visualisation.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local inspect = require "nnlua.inspect"
local options = tutorial.options{images = {12000, 1500}, tests = {1000, 300}, epochs = {3, 1}, points = {400, 120}}

local set = tutorial.fashion(options.images, options.tests)
local test_x, test_y = set.test_x, set.test_y

tutorial.heading("Structure")
local function network()
  return nn.Sequential(nn.Conv2d(1, 8, 5, {padding = 2}), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 49, 64),
    nn.ReLU(), nn.Linear(64, 10))
end
local net, fresh = network(), network()
-- A table of layers, and the same as boxes. With {file = "net.dot"} it is Graphviz's language.
local parts = nn.summary(net, {1, 1, 28, 28})
plot.graph(net, tensor.zeros(1, 1, 28, 28), {title = "the network"})

tutorial.heading("Before and after training")
train.fit(net, data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true}), {loss = F.cross_entropy,
  optimizer = optim.Adam(net:parameters(), {lr = 2e-3}), epochs = options.epochs, quiet = true})
net:eval()
local accuracy = train.evaluate(net, {test_x, test_y}).accuracy
print(("accuracy %.3f; the first layer's kernels before, and after:"):format(accuracy))
local function kernels(of) return of[1].weight:detach() end
plot.image(kernels(fresh), {per_row = 8, normalize = true})
plot.image(kernels(net), {per_row = 8, normalize = true})
plot.weights(net)
-- Many zeros behind a ReLU are what it is for; a unit that is zero for every picture is dead.
plot.activations(net, test_x[{{1, 200}}])
local hidden = inspect.activations(net, test_x, {layers = {"8"}})["8"]
local dead = math.tointeger(hidden:gt(0):any(1):logical_not():sum():item())
print(("%d of 64 hidden units are never active"):format(dead))
-- The size of the gradients, layer by layer, right after a backward.
F.cross_entropy(net(set.x[{{1, 256}}]), set.y[{{1, 256}}]):backward()
plot.gradients(net)

tutorial.heading("What layers make of a picture")
plot.image(test_x[1], {title = set.classes[test_y:get(1)]})
plot.feature_maps(net, test_x[{{1, 1}}], "0", {title = "the first layer's maps", per_row = 8})
plot.feature_maps(net, test_x[{{1, 1}}], "3", {title = "the second's", per_row = 8})

tutorial.heading("Where it looks")
-- Saliency: how much each pixel moves the score of the class. Grad-CAM: which places of the last maps do.
local few = test_x[{{1, 4}}]
local saliency, cam = inspect.saliency(net, few), inspect.grad_cam(net, few, "3")
local shown, names = {}, {}
for i = 1, 4 do
  shown[i], shown[i + 4], shown[i + 8] = few[i][1], saliency[i] / saliency[i]:max(), cam[i]
  names[i], names[i + 4], names[i + 8] = set.classes[test_y:get(i)], "saliency", "Grad-CAM"
end
plot.image(shown, {per_row = 4, names = names})

tutorial.heading("Does the picture explain anything?")
-- A test that a mere decoration fails: grey out the tenth of the pixels that are said to count most, and see how many
-- pictures are still recognised; then as many at random, and as many of those that differ most from the mean.
local function greyed(scores, share)
  local flat = scores:reshape(scores:size(1), -1)
  local chosen = select(2, flat:topk(math.floor(share * 784), 2))
  local gone = tensor.zeros_like(flat):scatter(2, chosen, 1):bool():view(-1, 1, 28, 28)
  local pictures = tensor.where(gone, tensor.full({}, set.x:mean():item()), test_x)
  return train.evaluate(net, {pictures, test_y}).accuracy
end
local full = inspect.saliency(net, test_x)
local random = tensor.rand(test_x:size(1), 784)
local contrast = (test_x - set.x:mean(1)):abs():squeeze(2)
print(("%5s  %-10s %-10s %-10s"):format("grey", "saliency", "contrast", "random"))
local drops
for _, share in ipairs {0.05, 0.1, 0.2} do
  local row = {greyed(full, share), greyed(contrast, share), greyed(random, share)}
  if share == 0.1 then drops = row end
  print(("%4.0f%%  %-10.3f %-10.3f %-10.3f"):format(100 * share, table.unpack(row)))
end
-- A second test: the map must depend on what the network has learned. That of a network with fresh weights should
-- differ.
local function alike(a, b)
  local u, v = a:reshape(a:size(1), -1), b:reshape(b:size(1), -1)
  u, v = u - u:mean(2, {keepdim = true}), v - v:mean(2, {keepdim = true})
  return F.cosine_similarity(u, v, 2):mean():item()
end
local by_fresh = alike(full, inspect.saliency(fresh, test_x))
print(("correlation of its maps with those of an untrained network: %.2f"):format(by_fresh))

tutorial.heading("What the last layer but one has made of the classes")
-- 64 numbers a picture, brought into the plane so that neighbours stay neighbours, against the same for bare pixels.
local n = options.points
local function spread(x) return inspect.tsne(x, {n_iter = 300, seed = options.seed}):float() end
local in_features, in_pixels = spread(hidden[{{1, n}}]), spread(test_x[{{1, n}}]:flatten(2))
-- How often is a point's nearest neighbour of its class?
local function neighbours(points)
  local distance = tensor.cdist(points, points) + 1e9 * tensor.eye(n)
  return test_y[{{1, n}}][distance:argmin(2)]:eq(test_y[{{1, n}}]):float():mean():item()
end
plot.scatter(in_features[{{}, 1}], in_features[{{}, 2}], {groups = test_y[{{1, n}}], names = set.classes,
  title = "hidden layer"})
local near_features, near_pixels = neighbours(in_features), neighbours(in_pixels)
print(("nearest neighbour of the same class: %.2f in the hidden layer's plane, %.2f in that of the pixels"):format(
  near_features, near_pixels))

-- To try next: two networks that are wrong (a learning rate of 1; labels shuffled): which picture tells first?
-- Saliency of a wrong answer, for the right class and for the wrong one.
print(("result: accuracy=%.3f parameters=%d dead=%d saliency=%.3f contrast=%.3f random=%.3f fresh=%.2f features=%.2f "
  .. "pixels=%.2f"):format(accuracy, parts.parameters, dead, drops[1], drops[2], drops[3], by_fresh, near_features,
  near_pixels))
