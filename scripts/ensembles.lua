-- Ensembles: several networks that err in different places, and four ways to hear them all.
--
--   nnlua scripts/ensembles.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {2000, 500}, epochs = {15, 3}, members = {7, 3}}
local set = tutorial.fashion(options.images, options.quick and 600 or 6000)
local third = #set.test_y // 3
local blend_x, blend_y = set.test_x[{{1, third}}], set.test_y[{{1, third}}] -- learns how to mix
local test_x, test_y = set.test_x[{{third + 1, -1}}], set.test_y[{{third + 1, -1}}] -- judges

local function network(seed, hidden)
  tensor.manual_seed(seed)
  return nn.Sequential(nn.Flatten(), nn.Linear(784, hidden or 64), nn.ReLU(), nn.Linear(hidden or 64, 10))
end
local function learn(net, pictures)
  local opt = optim.Adam(net:parameters(), {lr = 2e-3})
  for _ = 1, options.epochs do
    for bx, by in data.DataLoader(pictures, {batch_size = 32, shuffle = true}):iter() do
      opt:zero_grad()
      F.cross_entropy(net(bx), by):backward()
      opt:step()
    end
  end
  return net
end
local function chances(net, x) return tensor.no_grad(function() return net(x):softmax(2) end) end
local function accuracy(p) return metrics.accuracy(p, test_y) end

tutorial.heading("Members")
-- The same pictures, the same form, another start: other mistakes.
local members, alone, best = {}, {}, 0
for i = 1, options.members do
  members[i] = learn(network(options.seed * 100 + i), {set.x, set.y})
  alone[i] = accuracy(chances(members[i], test_x))
  best = math.max(best, alone[i])
  print(("member %d: %.4f"):format(i, alone[i]))
end
local a, b = chances(members[1], test_x):argmax(2), chances(members[2], test_x):argmax(2)
local wrong_a, wrong_b = a:ne(test_y), b:ne(test_y)
local both = (wrong_a & wrong_b):float():mean():item()
local either = (wrong_a:float():mean() * wrong_b:float():mean()):item()
print(("members 1 and 2 are both wrong in %.1f %%; independent ones would be in %.1f %%"):format(100 * both,
  100 * either))

tutorial.heading("Voting")
-- Hard: each has one vote. Soft: the chances are averaged, so that whoever is sure counts more.
local votes, mean = tensor.zeros(#test_y, 10), tensor.zeros(#test_y, 10)
for _, net in ipairs(members) do
  local p = chances(net, test_x)
  votes, mean = votes + F.one_hot(p:argmax(2), 10):float(), mean + p / #members
end
local hard, soft = accuracy(votes), accuracy(mean)
print(("hard %.4f, soft %.4f; the best member %.4f"):format(hard, soft, best))
local function nll(p) return F.nll_loss((p + 1e-9):log(), test_y):item() end
local loss_one, loss_all = nll(chances(members[1], test_x)), nll(mean)
print(("cross-entropy of member 1 %.3f, of the average %.3f"):format(loss_one, loss_all))

tutorial.heading("How many?")
local curve, so_far = {}, tensor.zeros(#test_y, 10)
for i, net in ipairs(members) do
  so_far = so_far + chances(net, test_x)
  curve[i] = accuracy(so_far)
end
plot.line(curve, {title = "accuracy by number of members", xlabel = "members"})

tutorial.heading("Bagging")
-- Each member learns from as many pictures, drawn with replacement (Breiman 1996): about 63 % of them, some twice.
local bagged, seen = tensor.zeros(#test_y, 10), 0
for i = 1, options.members do
  tensor.manual_seed(options.seed * 1000 + i)
  local rows = tensor.randint(1, #set.y + 1, {#set.y})
  seen = seen + #(rows:unique()) / #set.y / options.members
  bagged = bagged + chances(learn(network(options.seed * 100 + i), {set.x[rows], set.y[rows]}), test_x)
end
local bagging = accuracy(bagged)
print(("a member sees %.0f %% of the pictures; together %.4f"):format(100 * seen, bagging))

tutorial.heading("Blending")
-- A small model learns from the members' chances how far to trust whom. It must learn from pictures that the members
-- have not learned from: here a part that was kept aside.
local function inputs(x)
  local list = {}
  for i, net in ipairs(members) do list[i] = (chances(net, x) + 1e-6):log() end
  return tensor.cat(list, 2)
end
local mixer = nn.Linear(10 * #members, 10)
tensor.no_grad(function() -- begins as the average
  mixer.weight:copy_(tensor.eye(10):tile(1, #members) / #members)
  mixer.bias:zero_()
end)
local opt = optim.Adam(mixer:parameters(), {lr = 1e-3, weight_decay = 1e-3})
local mixed = inputs(blend_x)
for _ = 1, 100 do
  opt:zero_grad()
  F.cross_entropy(mixer(mixed), blend_y):backward()
  opt:step()
end
local blending = accuracy(tensor.no_grad(mixer, inputs(test_x)))
print(("%.4f with %d more pictures"):format(blending, #blend_y))

tutorial.heading("Stacking")
-- Without pictures to spare each member is learned five times, each time without one fifth, and says what it thinks of
-- that fifth: so there is an honest opinion on every picture (Wolpert 1992). Members of different kinds gain most.
local learners = {}
for i, hidden in ipairs {16, 64, 128} do
  learners[i] = function(pictures) return learn(network(options.seed * 10 + i, hidden), pictures) end
end
local stack = train.stacking(data.TensorDataset(set.x, set.y), learners, function(opinions)
  tensor.manual_seed(options.seed)
  return learn(nn.Linear(opinions[1][1]:size(1), 10), opinions)
end, {k = options.quick and 2 or 5, seed = options.seed})
local stacking = accuracy(tensor.no_grad(stack, test_x))
print(("three networks of 16, 64 and 128 units: %.4f"):format(stacking))

tutorial.heading("The trap: more members are better without end")
-- What all of them have in common stays: the average of many copies of one network is that network.
local copies = tensor.zeros(#test_y, 10)
for _ = 1, options.members do copies = copies + chances(members[1], test_x) end
print(("%d times member 1: %.4f, as alone (%.4f)"):format(options.members, accuracy(copies), alone[1]))

-- To try next: members that see different channels or crops, and train.ensemble, which makes one network of several.
print(("result: best=%.4f hard=%.4f soft=%.4f bagging=%.4f blending=%.4f stacking=%.4f copies_gain=%g"):format(best,
  hard, soft, bagging, blending, stacking, accuracy(copies) - alone[1]))
