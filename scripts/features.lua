-- Feature extraction: what a network has learned for one task, frozen, as the input of another.
--
--   nnlua scripts/features.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {20000, 2000}, epochs = {4, 1}, steps = {200, 50}}

-- A probe is a linear classifier. Put on pixels, it says how far pixels alone get; put on a layer of a frozen network,
-- it says what that layer knows. The network here has learned five kinds of clothes and never seen the other
-- five, which are what the probes have to tell apart.

local set = tutorial.fashion(options.images, options.quick and 1000 or 10000)
local function only(x, y, low, high)
  local rows = (y:ge(low) & y:le(high)):nonzero():flatten()
  return x[rows], y[rows] - low + 1
end
local base_x, base_y = only(set.x, set.y, 1, 5)
local x, y = only(set.x, set.y, 6, 10)
local test_x, test_y = only(set.test_x, set.test_y, 6, 10)

tutorial.heading("A network for the first five kinds")
local function body()
  return nn.Sequential(
    nn.Conv2d(1, 16, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(32 * 49, 64), nn.ReLU())
end
local features, head = body(), nn.Linear(64, 5)
local opt = optim.Adam(nn.ModuleList({features, head}):parameters(), {lr = 1e-3})
for epoch = 1, options.epochs do
  local right, seen = 0, 0
  for bx, by in data.DataLoader({base_x, base_y}, {batch_size = 64, shuffle = true}):iter() do
    local logits = head(features(bx))
    opt:zero_grad()
    F.cross_entropy(logits, by):backward()
    opt:step()
    right, seen = right + logits:argmax(2):eq(by):sum():item(), seen + #by
  end
  print(("epoch %d: accuracy %.3f on the first five"):format(epoch, right / seen))
end

tutorial.heading("Probes on the other five")
-- Frozen means: no gradient, evaluation mode, and the features are computed once.
features:eval():requires_grad_(false)
local function compute(net, pictures)
  local parts = {}
  for i = 1, #pictures, 500 do
    parts[#parts + 1] = tensor.no_grad(net, pictures[{{i, math.min(i + 499, #pictures)}}])
  end
  return tensor.cat(parts, 1)
end
local function probe(train_f, train_y, test_f)
  local mean, spread = train_f:mean(1), train_f:std(1) + 1e-3
  local net = nn.Linear(train_f:size(2), 5)
  local learn = optim.Adam(net:parameters(), {lr = 0.01, weight_decay = 1e-3})
  for _ = 1, options.steps do
    learn:zero_grad()
    F.cross_entropy(net((train_f - mean) / spread), train_y):backward()
    learn:step()
  end
  return tensor.no_grad(function() return metrics.accuracy(net((test_f - mean) / spread), test_y) end)
end
local untrained = body():eval()
local views = { -- of the networks what comes out of the second pooling
  {"pixels", function(p) return p:flatten(2) end},
  {"random net", function(p) return compute(untrained[{1, 6}], p):flatten(2) end},
  {"features", function(p) return compute(features[{1, 6}], p):flatten(2) end},
}
local curves, amounts = {}, {10, 50, 200, 1000}
print("pictures to learn from" .. ("%10d"):rep(#amounts):format(table.unpack(amounts)))
for _, view in ipairs(views) do
  local f, test_f, words = view[2](x), view[2](test_x), {}
  curves[view[1]] = {}
  for k, n in ipairs(amounts) do
    curves[view[1]][k] = probe(f[{{1, math.min(n, #f)}}], y[{{1, math.min(n, #f)}}], test_f)
    words[k] = ("%10.3f"):format(curves[view[1]][k])
  end
  print(("%-22s%s   (%d numbers a picture)"):format(view[1], table.concat(words), f:size(2)))
end
plot.line(curves, {title = "accuracy by number of pictures (10, 50, 200, 1000)"})

tutorial.heading("Which layer?")
-- Early layers hold edges, which serve any task; the last one serves the task that it was made for.
local by_layer, few = {}, math.min(200, #x)
for _, layer in ipairs {{"after the first pooling", 3}, {"after the second pooling", 6}, {"the last layer", 9}} do
  local cut = features[{1, layer[2]}]
  local f, test_f = compute(cut, x[{{1, few}}]):flatten(2), compute(cut, test_x):flatten(2)
  by_layer[layer[2]] = probe(f, y[{{1, few}}], test_f)
  print(("%-25s %.3f from %d pictures, %d numbers each"):format(layer[1], by_layer[layer[2]], few, f:size(2)))
end

tutorial.heading("Nothing of it was trained")
local before = features[8].weight:clone()
probe(compute(features, x), y, compute(features, test_x))
local moved = (features[8].weight - before):abs():max():item()
print(("the frozen network has moved by %g"):format(moved))

-- To try next: swap the two halves (learn 6 to 10, probe 1 to 5); and unfreeze the last layer (see transfer.lua).
print(("result: pixels=%.3f random=%.3f features=%.3f pixels_few=%.3f features_few=%.3f moved=%g"):format(
  curves["pixels"][4], curves["random net"][4], curves["features"][4], curves["pixels"][1], curves["features"][1],
  moved))
