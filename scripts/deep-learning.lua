-- Deep learning: what depth adds. Networks with the same number of weights, shallow and deep; and networks that make
-- their own features against a classical model that is given them.
--
--   nnlua scripts/deep-learning.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {4000, 150}, images = {15000, 1000}, epochs = {8, 1}}

-- Classical machine learning: a person decides what to measure, a simple model learns how to weigh it. Deep learning:
-- the measuring is learned as well, layer upon layer, each from what the one before has made.

tutorial.heading("Folding: what one layer more can do")
-- The tent map folds the line [0, 1] in two. Folded k times it is a saw of 2^(k-1) teeth. A network of k layers of two
-- units does just that; a network of one layer needs a unit for each of the bends (Telgarsky 2016).
local function tent(x) return 2 * tensor.minimum(x, 1 - x) end
local folds = 4
local Fold = nn.class("Fold") -- two ReLUs: 2 relu(x) - 4 relu(x - 1/2) is the tent
function Fold:init()
  self.up, self.down = nn.Linear(1, 2), nn.Linear(2, 1, {bias = false})
  tensor.no_grad(function()
    self.up.weight:copy_(tensor{{1.0}, {1.0}})
    self.up.bias:copy_(tensor{0, -0.5})
    self.down.weight:copy_(tensor{{2.0, -4.0}})
  end)
end
function Fold:forward(x) return self.down(F.relu(self.up(x))) end
local by_hand = nn.Sequential(Fold(), Fold(), Fold(), Fold())
local line = tensor.linspace(0, 1, 1025):unsqueeze(2)
local saw = line
for _ = 1, folds do saw = tent(saw) end
local exact = (tensor.no_grad(by_hand, line) - saw):abs():max():item()
local function weights(net)
  local n = 0
  for _, p in ipairs(net:parameters()) do n = n + p:numel() end
  return n
end
print(("%d layers of 2 units, %d weights: a saw of %d teeth, largest error %.1e"):format(folds, weights(by_hand),
  2 ^ (folds - 1), exact))
plot.line(line:flatten(), saw:flatten(), {title = "folded four times", rows = 10})

tutorial.heading("The same number of weights, shallow and deep")
-- Now learned. One hidden layer of 170 units, two, four: each with about 510 weights in all.
local function network(widths)
  local list, from = {}, 1
  for _, to in ipairs(widths) do
    list[#list + 1], list[#list + 2] = nn.Linear(from, to), nn.ReLU()
    nn.init.kaiming_normal_(list[#list - 1].weight, {nonlinearity = "relu"})
    from = to
  end
  list[#list + 1] = nn.Linear(from, 1)
  return nn.Sequential(list)
end
local function fit(net)
  local opt = optim.Adam(net:parameters(), {lr = 5e-3})
  local schedule = optim.lr_scheduler.CosineAnnealingLR(opt, options.steps)
  for _ = 1, options.steps do
    opt:zero_grad()
    F.mse_loss(net(line), saw):backward()
    opt:step()
    schedule:step()
  end
  return F.mse_loss(net(line), saw):item()
end
local errors = {}
for _, widths in ipairs {{170}, {20, 21}, {11, 12, 11, 12}} do
  local sum, best = 0, math.huge
  local net
  for start = 1, 3 do -- a deep one sometimes starts badly: three tries each
    tensor.manual_seed(options.seed * 10 + start)
    net = network(widths)
    best = math.min(best, fit(net))
    sum = sum + 1
  end
  errors[#widths] = best
  print(("%d hidden layer%s (%s), %d weights: squared error %.5f, the best of %d"):format(#widths, #widths > 1 and "s"
    or "", table.concat(widths, ", "), weights(net), best, sum))
end
local variance = saw:var():item()
print(("a straight line has %.5f"):format(variance))

tutorial.heading("Learned features against given ones")
-- The same linear classifier at the end of three ways to measure a picture: its pixels; the directions of its edges in
-- 49 cells, which somebody thought of (Dalal and Triggs 2005); and two layers that were learned together with it.
local set = tutorial.fashion(options.images, options.quick and 500 or 5000)
local function histogram_of_edges(x)
  local dx = F.conv2d(x, tensor{{{{-1.0, 0, 1}}}}, nil, 1, {0, 1})
  local dy = F.conv2d(x, tensor{{{{-1.0}, {0}, {1}}}}, nil, 1, {1, 0})
  local strength, angle = (dx * dx + dy * dy):sqrt(), tensor.atan2(dy, dx)
  local maps = {}
  for bin = 0, 7 do
    local near = (tensor.cos(angle - bin * math.pi / 4) - 0.7):clamp_min(0)
    maps[bin + 1] = F.avg_pool2d(strength * near, 4)
  end
  return tensor.cat(maps, 2):flatten(2)
end
local function classify(net, x, test_x)
  local opt = optim.Adam(net:parameters(), {lr = 2e-3})
  for _ = 1, options.epochs do
    for bx, by in data.DataLoader({x, set.y}, {batch_size = 64, shuffle = true}):iter() do
      opt:zero_grad()
      F.cross_entropy(net(bx), by):backward()
      opt:step()
    end
  end
  return train.evaluate(net, {test_x, set.test_y}).accuracy
end
local function standard(f, g)
  local mean, spread = f:mean(1), f:std(1) + 1e-2
  return (f - mean) / spread, (g - mean) / spread
end
tensor.manual_seed(options.seed)
local edges, test_edges = standard(histogram_of_edges(set.x), histogram_of_edges(set.test_x))
local accuracy = {
  pixels = classify(nn.Linear(784, 10), standard(set.x:flatten(2), set.test_x:flatten(2))),
  edges = classify(nn.Linear(392, 10), edges, test_edges),
  learned = classify(nn.Sequential(nn.Conv2d(1, 32, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(32, 8, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(392, 10)),
    set.x, set.test_x),
}
print(("pixels %.3f, edges by hand %.3f, learned layers %.3f; the last two hand 392 numbers on"):format(accuracy.pixels,
  accuracy.edges, accuracy.learned))

tutorial.heading("The trap: depth by itself is enough")
-- Layers without a bend between them are one layer: a product of matrices is a matrix.
local linear = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 3))
local folded = linear[3].weight:matmul(linear[2].weight):matmul(linear[1].weight)
local shift = linear(tensor.zeros(1, 4))
local probe = tensor.randn(100, 4)
local one_layer = (linear(probe) - (probe:matmul(folded:t()) + shift)):abs():max():item()
print(("three linear layers and the one they are: largest difference %.1e"):format(one_layer))

-- To try next: five folds; tanh; and two thousand pictures instead of fifteen: who wins then?
print(("result: exact=%.2g shallow=%.5f two=%.5f four=%.5f pixels=%.3f edges=%.3f learned=%.3f one_layer=%.1g"):format(
  exact, errors[1], errors[2], errors[4], accuracy.pixels, accuracy.edges, accuracy.learned, one_layer))
