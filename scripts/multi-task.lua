-- Multi-task learning: one network, two questions. What the tasks share, when they help each other, and when one of
-- them is in the way.
--
--   nnlua scripts/multi-task.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {6000, 900}, labels = {40, 40}, tests = {3000, 400}, steps = {500, 60},
  rounds = {3, 1}}

local set = tutorial.fashion(options.images, options.tests)
local x, y, test_x, test_y = set.x, set.y, set.test_x, set.test_y

tutorial.heading("Two questions about a picture")
-- Which of ten kinds is it? A label for that is dear: there are few. Where is it worn, on the body, on the legs, on
-- the foot, in the hand? That one costs little: there are labels for all.
local places = tensor{1, 2, 1, 1, 1, 3, 1, 3, 4, 3}
local names = {"body", "legs", "foot", "hand"}
local z, test_z = places[y], places[test_y]
for k, name in ipairs(names) do
  local words = {}
  for class = 1, 10 do if places:get(class) == k then words[#words + 1] = set.classes[class] end end
  print(("%-5s %s"):format(name, table.concat(words, ", ")))
end

-- A shared body and a head for each question.
local Net = nn.class("Net")
function Net:init()
  self.body = nn.Sequential(nn.Conv2d(1, 16, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3,
    {padding = 1}), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 49, 64), nn.ReLU())
  self.kind, self.place = nn.Linear(64, 10), nn.Linear(64, 4)
end
function Net:forward(pictures)
  local features = self.body(pictures)
  return self.kind(features), self.place(features)
end

-- Trains with weights for the two losses: the first on the few pictures with both labels, the second on all of them.
local function learn(seed, kind_weight, place_weight, second)
  tensor.manual_seed(seed)
  local net = Net()
  local opt = optim.Adam(net:parameters())
  for _ = 1, options.steps do
    local loss = 0
    if kind_weight > 0 then
      local rows = tensor.randint(1, options.labels + 1, {32})
      local kind = net(x[rows])
      loss = loss + kind_weight * F.cross_entropy(kind, y[rows])
    end
    if place_weight > 0 then
      local rows = tensor.randint(1, y:numel() + 1, {32})
      local _, place = net(x[rows])
      loss = loss + place_weight * F.cross_entropy(place, second[rows])
    end
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
  net:eval()
  local kind, place = tensor.no_grad(net, test_x)
  return metrics.accuracy(kind, test_y), metrics.accuracy(place, test_z), net
end
-- Means over several seeds.
local function mean(kind_weight, place_weight, second)
  local kinds, where, net = 0, 0, nil
  for round = 1, options.rounds do
    local a, b
    a, b, net = learn(options.seed + round, kind_weight, place_weight, second)
    kinds, where = kinds + a / options.rounds, where + b / options.rounds
  end
  return kinds, where, net
end

tutorial.heading("Alone and together")
local kind_alone = mean(1, 0, z)
local _, place_alone = mean(0, 1, z)
local kind_both, place_both, net = mean(1, 1, z)
print(("kind from %d labels   alone %.3f, with the other task %.3f"):format(options.labels, kind_alone, kind_both))
print(("place from %d labels alone %.3f, with the other task %.3f"):format(y:numel(), place_alone, place_both))
local count = nn.utils.parameters_to_vector(net:parameters()):numel()
local heads = nn.utils.parameters_to_vector(net.place:parameters()):numel()
print(("one network with two heads has %d parameters, two networks %d"):format(count, 2 * count - heads - 650))

tutorial.heading("Which tasks help")
-- The second task makes the body see what both need. One that needs nothing of the picture gives it something else to
-- do: labels dealt out at random can only be learned by heart.
local random = tensor.randint(1, 5, {y:numel()})
local kind_random = mean(1, 1, random)
local weights, curve = {0, 0.1, 0.3, 1, 3, 10}, {}
for i, w in ipairs(weights) do curve[i] = w == 0 and kind_alone or w == 1 and kind_both or mean(1, w, z) end
print(("kind with a second task of random labels %.3f"):format(kind_random))
for i, w in ipairs(weights) do print(("weight of the second loss %4g: kind %.3f"):format(w, curve[i])) end

-- To try next: --labels 200 and --labels 2000 (the more labels there are, the less there is to gain); the same body
-- with the place's head first, then frozen (transfer instead of together).
print(("result: alone=%.3f both=%.3f place_alone=%.3f place_both=%.3f random=%.3f")
  :format(kind_alone, kind_both, place_alone, place_both, kind_random))
