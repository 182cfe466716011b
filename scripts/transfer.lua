-- Transfer learning: a network that has learned five kinds of clothes from many pictures meets five others, of which it
-- gets ten pictures each. From scratch, with its features frozen, and fine-tuned.
--
--   nnlua scripts/transfer.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {60000, 3000}, epochs = {2, 1}, steps = {200, 25}, draws = {5, 1},
  tests = {10000, 1500}, labels = 10}

-- Old classes: T-shirt, trouser, pullover, sneaker, bag. New ones: dress, coat, sandal, shirt, ankle boot.
local old, new = {1, 2, 3, 8, 9}, {4, 5, 6, 7, 10}
local set = tutorial.fashion(options.images, options.tests)

-- The pictures of some classes, labelled 1 to 5.
local function only(x, y, classes)
  local parts, labels = {}, {}
  for k, class in ipairs(classes) do
    parts[k] = x[y:eq(class)]
    labels[k] = tensor.full({parts[k]:size(1)}, k, {dtype = "int64"})
  end
  return tensor.cat(parts, 1), tensor.cat(labels, 1)
end
local old_x, old_y = only(set.x, set.y, old)
local new_x, new_y = only(set.x, set.y, new)
local test_x, test_y = only(set.test_x, set.test_y, new)

local Net = nn.class("Net")
local function stage(inputs, outputs)
  return nn.Sequential(nn.Conv2d(inputs, outputs, 3, {padding = 1}), nn.BatchNorm2d(outputs), nn.ReLU(),
    nn.MaxPool2d(2))
end
function Net:init()
  self.body = nn.Sequential(stage(1, 16), stage(16, 32), stage(32, 64), nn.Flatten())
  self.head = nn.Linear(64 * 9, 5)
end
function Net:forward(x) return self.head(self.body(x)) end

tutorial.heading("Before: five kinds of clothes, many pictures")
local source = Net()
local loader = data.DataLoader({old_x, old_y}, {batch_size = 64, shuffle = true, drop_last = true})
local opt = optim.Adam(source:parameters(), {lr = 2e-3})
for epoch = 1, options.epochs do
  local sum = 0
  for x, y in loader:iter() do
    local loss = F.cross_entropy(source(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
    sum = sum + loss:item()
  end
  print(("epoch %d of %d pictures  loss %.4f"):format(epoch, old_y:numel(), sum / #loader))
end

tutorial.heading("After: five others, ten pictures each")
-- Some of each class, drawn at random.
local function draw(labels_of_each)
  local parts, labels = {}, {}
  for k = 1, 5 do
    local of_class = new_y:eq(k):nonzero():flatten()
    local chosen = of_class[tensor.randperm(of_class:numel())[{{1, labels_of_each}}]]
    parts[k], labels[k] = new_x[chosen], tensor.full({labels_of_each}, k, {dtype = "int64"})
  end
  return tensor.cat(parts, 1), tensor.cat(labels, 1)
end

local function accuracy(net)
  net:eval()
  local right = 0
  tensor.no_grad(function()
    for i = 1, test_x:size(1), 500 do
      local rows = {{i, math.min(i + 499, test_x:size(1))}}
      right = right + net(test_x[rows]):argmax(2):eq(test_y[rows]):sum():item()
    end
  end)
  return right / test_x:size(1)
end

-- A network that starts with what the source has learned, its last layer fresh.
local function copy()
  local net = Net()
  local state = net:state_dict()
  for name, value in pairs(source:state_dict()) do
    if name:find("^body") then state[name] = value:clone() end
  end
  net:load_state_dict(state)
  return net
end

local ways = {"scratch", "frozen", "fine-tuned"}

-- Learns from the few pictures. Frozen: only the last layer moves, and normalisation keeps its statistics (eval mode).
-- Fine-tuned: everything moves, the body a twentieth as fast as the fresh layer.
local function learn(way, x, y)
  local net = way == "scratch" and Net() or copy()
  local groups = {{params = net.head:parameters()}}
  if way ~= "frozen" then
    groups[2] = {params = net.body:parameters(), lr = way == "scratch" and 2e-3 or 1e-4}
  else
    net.body:requires_grad_(false)
  end
  local adam = optim.Adam(groups, {lr = 2e-3})
  for _ = 1, options.steps do
    net:train(way == "scratch")
    local loss = F.cross_entropy(net(x), y)
    adam:zero_grad()
    loss:backward()
    adam:step()
  end
  return accuracy(net)
end

-- The mean accuracy of each way over several draws.
local function compare(labels)
  local sums = {}
  for round = 1, options.draws do
    local x, y = draw(labels)
    if round == 1 and labels == options.labels then
      plot.image(x[{{1, -1, 2}}], {per_row = 13, title = "half of what it has to learn from"})
    end
    for _, way in ipairs(ways) do sums[way] = (sums[way] or 0) + learn(way, x, y) / options.draws end
  end
  print(("%3d a class: from scratch %.4f   frozen %.4f   fine-tuned %.4f"):format(labels, sums.scratch, sums.frozen,
    sums["fine-tuned"]))
  return sums
end
local counts, curves = {1, 3, options.labels}, {scratch = {}, frozen = {}, ["fine-tuned"] = {}}
local means, one
for i, labels in ipairs(counts) do
  means = compare(labels)
  one = one or means
  for _, way in ipairs(ways) do curves[way][i] = means[way] end
end
plot.line(counts, curves, {rows = 12, xlabel = "labelled pictures a class", title = "accuracy on new pictures"})

tutorial.heading("What moved")
-- The features of the source separate classes that it has never seen: edges, sleeves and soles are the same. With few
-- pictures it is best not to touch them; the more there are, the more fine-tuning has to gain.
print(("a linear layer on frozen features against all layers from scratch: %+.1f points with one picture a class, "
  .. "%+.1f with %d"):format(100 * (one.frozen - one.scratch), 100 * (means.frozen - means.scratch), options.labels))

-- To try next: --labels 100 (the gain shrinks), --labels 1; let only the last stage move; other old classes (what if
-- all of them are shoes?).
print(("result: one_fine_tuned=%.4f one_frozen=%.4f one_scratch=%.4f fine_tuned=%.4f frozen=%.4f scratch=%.4f"):format(
  one["fine-tuned"], one.frozen, one.scratch, means["fine-tuned"], means.frozen, means.scratch))
