-- Transfer learning: a network that has learned five kinds of clothes from many pictures meets five others, of which it
-- gets ten pictures each (from scratch, with its features frozen, and fine-tuned), or none but a description.
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
local history = train.fit(source, loader, {loss = F.cross_entropy, optimizer = opt, epochs = options.epochs,
  quiet = true})
print(("%d pictures, %d epochs: loss %.4f"):format(old_y:numel(), #history, history[#history].loss))

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

local function accuracy(net) return train.evaluate(net, {test_x, test_y}).accuracy end

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

tutorial.heading("Zero-shot: no pictures, only a description")
-- What one can say of each class without showing one: is it worn on the body, does it cover arms, does it cover legs,
-- is it worn on the foot, how tall and how solid is its outline? A linear layer learns to read these six from the
-- frozen features, with pictures of the OLD classes alone. A new picture then belongs to the class whose description
-- is nearest to what was read: a class that nothing was ever shown of.
local described = {old = tensor{{1, 0, 0, 0, 0.5, 1}, {0, 0, 1, 0, 1, 0.5}, {1, 1, 0, 0, 0.5, 1}, {0, 0, 0, 1, 0, 0.5},
  {0, 0, 0, 0, 0.5, 1}}, new = tensor{{1, 0, 1, 0, 1, 0.5}, {1, 1, 0.5, 0, 1, 1}, {0, 0, 0, 1, 0, 0},
  {1, 1, 0, 0, 0.5, 1}, {0, 0, 0, 1, 0.5, 1}}}
source:eval()
local reader = nn.Sequential(nn.Linear(64 * 9, 6), nn.Sigmoid())
local reader_opt = optim.Adam(reader:parameters(), {lr = 2e-3})
for x, y in data.DataLoader({old_x, old_y}, {batch_size = 64, shuffle = true}):iter() do
  local loss = F.mse_loss(reader(tensor.no_grad(source.body, x)), described.old[y])
  reader_opt:zero_grad()
  loss:backward()
  reader_opt:step()
end
local read = tensor.no_grad(function() return reader(source.body(test_x)) end)
local nearest = tensor.cdist(read, described.new):argmin(2)
local zero_shot = metrics.accuracy(nearest, test_y)
local new_names = {}
for k, class in ipairs(new) do new_names[k] = set.classes[class] end
plot.confusion(nearest, test_y, {names = new_names, title = "by description alone (rows: what it is)"})
-- It has never seen a boot and still takes hardly one for a shirt. What the words do not tell apart well, coats and
-- shirts, it cannot tell apart either.
print(("by description alone: %.4f of new pictures right (guessing: %.4f)"):format(zero_shot, 1 / 5))

-- To try next: --labels 100 (the gain shrinks), --labels 1; let only the last stage move; other old classes (what if
-- all of them are shoes?).
print(("result: zero_shot=%.4f one_tuned=%.4f one_frozen=%.4f one_scratch=%.4f tuned=%.4f frozen=%.4f "
  .. "scratch=%.4f"):format(zero_shot, one["fine-tuned"], one.frozen, one.scratch, means["fine-tuned"], means.frozen,
  means.scratch))
