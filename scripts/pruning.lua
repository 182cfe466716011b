-- Pruning: most weights of a trained network are not needed. Which ones, how many, what they cost in the file, and
-- why one can't simply train the small network from the start.
--
--   nnlua scripts/pruning.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {10000, 1500}, tests = {4000, 500}, epochs = {4, 1}, tune = {300, 20}}

local set = tutorial.fashion(options.images, options.tests)
local x, y = set.x:flatten(2), set.y
local test_x, test_y = set.test_x:flatten(2), set.test_y

local function network()
  return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
end
local function accuracy(net) return train.evaluate(net, {test_x, test_y}).accuracy end

-- Trains for some steps; masks[i] (0 or 1 for each number of weights[i]) are put on the weights after each step.
local function learn(net, steps, lr, masks)
  local opt = optim.Adam(net:parameters(), {lr = lr})
  net:train()
  for _ = 1, steps do
    local rows = tensor.randint(1, y:numel() + 1, {64})
    local loss = F.cross_entropy(net(x[rows]), y[rows])
    opt:zero_grad()
    loss:backward()
    opt:step()
    if masks then tensor.no_grad(function() for p, mask in pairs(masks) do p:mul_(mask) end end) end
  end
  net:eval()
end
local function weights_of(net) return {net[1].weight, net[3].weight, net[5].weight} end
local function copy(net)
  local other = network()
  other:load_state_dict(net:state_dict())
  return other:eval()
end

tutorial.heading("A network, whole")
local first = network():state_dict() -- as it began
for name, value in pairs(first) do first[name] = value:clone() end
local whole = network()
whole:load_state_dict(first)
local steps = options.epochs * (y:numel() // 64)
learn(whole, steps, 1e-3)
local full = accuracy(whole)
print(("%d weights, accuracy %.3f"):format(nn.utils.parameters_to_vector(whole:parameters()):numel(), full))
local sizes = whole[1].weight:detach():abs():flatten()
plot.hist(sizes, {title = "sizes of the first layer's weights", rows = 10})

tutorial.heading("Cutting without asking, and with")
-- A share of all weights becomes zero: the smallest ones of the whole network, of each layer, or any.
local function masks_for(net, share, how)
  local list, masks, parts = weights_of(net), {}, {}
  for i, p in ipairs(list) do parts[i] = p:detach():abs():flatten() end
  local limit = tensor.cat(parts, 1):quantile(share):item()
  for i, p in ipairs(list) do
    local score = p:detach():abs()
    if how == "random" then masks[p] = tensor.rand_like(score):ge(share):float()
    elseif how == "layer" then masks[p] = score:gt(parts[i]:quantile(share):item()):float()
    else masks[p] = score:gt(limit):float() end
  end
  return masks
end
local function cut(masks)
  tensor.no_grad(function() for p, mask in pairs(masks) do p:mul_(mask) end end)
end
local shares, ways = {0.5, 0.7, 0.8, 0.9, 0.95, 0.98}, {"random", "layer", "smallest"}
local curves = {random = {}, layer = {}, smallest = {}, tuned = {}}
print(("%6s %8s %8s %8s %16s"):format("zero", "random", "layer", "smallest", "and trained on"))
for i, share in ipairs(shares) do
  for _, way in ipairs(ways) do
    local net = copy(whole)
    local masks = masks_for(net, share, way)
    cut(masks)
    curves[way][i] = accuracy(net)
    if way == "smallest" then
      learn(net, options.tune, 1e-3, masks) -- what is cut stays cut
      curves.tuned[i] = accuracy(net)
    end
  end
  print(("%5.0f%% %8.3f %8.3f %8.3f %16.3f"):format(100 * share, curves.random[i], curves.layer[i], curves.smallest[i],
    curves.tuned[i]))
end
plot.line(shares, curves, {rows = 14, xlabel = "share of zeros", title = "accuracy"})

tutorial.heading("Little by little")
-- Cutting some, training on, cutting more: the weights that stay take over the work before the next ones go.
local slowly = copy(whole)
local final
for _, share in ipairs(shares) do
  final = masks_for(slowly, share, "smallest")
  cut(final)
  learn(slowly, options.tune, 1e-3, final)
end
local gradual, at_once = accuracy(slowly), curves.tuned[#shares]
print(("%.0f %% zeros: at once %.3f, in %d rounds %.3f"):format(100 * shares[#shares], at_once, #shares, gradual))

tutorial.heading("What the file gains")
-- A zero takes as much room as any number. Only what knows where the others are saves: their places (two bytes each,
-- since a row is shorter than 65,536) and their values.
local kept, bytes, sparse = 0, 0, 0
for _, p in ipairs(weights_of(slowly)) do
  local here = math.tointeger(p:ne(0):sum():item())
  kept, bytes, sparse = kept + here, bytes + 4 * p:numel(), sparse + here * (4 + 2) + 4 * p:size(1)
end
print(("%d weights left; %d bytes dense, %d sparse: %.1f times smaller"):format(kept, bytes, sparse, bytes / sparse))
-- Whole neurons can go without any bookkeeping: a first-layer unit whose outgoing weights are all zero adds nothing.
local used = slowly[3].weight:ne(0):any(1) & slowly[1].weight:ne(0):any(2)
local alive = used:nonzero():flatten()
local small = nn.Sequential(nn.Linear(784, alive:numel()), nn.ReLU(), nn.Linear(alive:numel(), 64), nn.ReLU(),
  nn.Linear(64, 10))
tensor.no_grad(function()
  -- A unit without inputs is a constant, which goes into the next layer's biases.
  local constant = F.relu(slowly[1].bias) * (~used):float() * slowly[1].weight:ne(0):any(2):logical_not():float()
  small[1].weight:copy_(slowly[1].weight[alive])
  small[1].bias:copy_(slowly[1].bias[alive])
  small[3].weight:copy_(slowly[3].weight[{{}, alive}])
  small[3].bias:copy_(slowly[3].bias + slowly[3].weight:mv(constant))
end)
small[5]:load_state_dict(slowly[5]:state_dict())
local changed = (small(test_x) - slowly(test_x)):abs():max():item()
print(("%d of 128 hidden units are left; without the others scores change by %.1e"):format(alive:numel(), changed))

tutorial.heading("The trap: then train the small network at once")
-- The same mask, on the weights as they began (a winning ticket, Frankle and Carbin 2018), and on other random
-- weights: as many steps for all.
local function from_start(state)
  local net = network()
  if state then net:load_state_dict(state) end
  local masks, mine, theirs = {}, weights_of(net), weights_of(slowly)
  for i, p in ipairs(mine) do masks[p] = final[theirs[i]] end
  cut(masks)
  learn(net, steps, 1e-3, masks)
  return accuracy(net)
end
local ticket, fresh = from_start(first), from_start()
print(("the mask on its own beginning %.3f, on fresh weights %.3f, pruned %.3f, whole %.3f"):format(ticket, fresh,
  gradual, full))

-- To try next: 99.5 % zeros; sharing instead of cutting: each weight becomes the nearest of 16 values (4 bits and a
-- table).
print(("result: whole=%.3f random90=%.3f smallest90=%.3f tuned90=%.3f at_once98=%.3f gradual98=%.3f smaller=%.1f "
  .. "units=%d ticket=%.3f fresh=%.3f changed=%.0g"):format(full, curves.random[4], curves.smallest[4], curves.tuned[4],
  at_once, gradual, bytes / sparse, alive:numel(), ticket, fresh, changed))
