-- Weight initialisation: why zeros teach nothing, and how large random weights should be.
--
--   nnlua scripts/init.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {6000, 1200}, epochs = {3, 1}}

-- A layer sums n products. If its inputs have variance 1 and its weights variance v, its sums have variance n v. Over
-- twenty layers that is (n v)^20, so n v must be very nearly 1:
--   Xavier (Glorot, 2010)   v = 2 / (inputs + outputs)   for activations that are straight around 0, such as tanh
--   He (Kaiming, 2015)      v = 2 / inputs               for ReLU, which throws half of the variance away

local depth, width = 20, 256

local function stack(activation, start)
  local layers = {}
  for i = 1, depth do
    layers[2 * i - 1] = nn.Linear(width, width, {bias = false})
    start(layers[2 * i - 1].weight)
    layers[2 * i] = activation()
  end
  return nn.Sequential(layers)
end

tutorial.heading("Variance of the activations through 20 layers")
local starts = {
  {"zeros", nn.ReLU, nn.init.zeros_},
  {"normal 0.01", nn.ReLU, function(w) nn.init.normal_(w, 0, 0.01) end},
  {"normal 1", nn.ReLU, function(w) nn.init.normal_(w, 0, 1) end},
  {"Xavier, tanh", nn.Tanh, nn.init.xavier_normal_},
  {"Xavier, ReLU", nn.ReLU, nn.init.xavier_normal_},
  {"He, ReLU", nn.ReLU, function(w) nn.init.kaiming_normal_(w, {nonlinearity = "relu"}) end},
}
local x = tensor.randn(512, width)
local ratio, curves = {}, {}
for _, start in ipairs(starts) do
  local name, net = start[1], stack(start[2], start[3])
  local h, line, curve = x, {}, {}
  tensor.no_grad(function()
    for i = 1, 2 * depth do
      h = net[i](h)
      if i % 2 == 0 then
        local square = h:pow(2):mean():item()
        curve[#curve + 1] = math.max(square, 1e-45)
        if i % 10 == 0 or i == 2 then line[#line + 1] = ("%8.1e"):format(square) end
      end
    end
  end)
  ratio[name] = curve[depth] / curve[1]
  if name ~= "zeros" then curves[name] = curve end
  print(("%-13s layers 1, 5, 10, 15, 20: %s"):format(name, table.concat(line, " ")))
end
plot.line(curves, {title = "mean square of the activations", xlabel = "layer", logy = true, rows = 14})

tutorial.heading("The trap: zeros are fine")
-- All neurons of a layer start alike, get the same gradient and stay alike for ever: 64 neurons do the work of one.
-- With all weights zero even that one gets nothing, because each layer's gradient passes through the zeros of the
-- next.
local set = tutorial.fashion(options.images, 1000)
local function learn(start)
  tensor.manual_seed(options.seed)
  local net = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64,
    10))
  for _, layer in ipairs(net:children()) do
    if nn.is(layer, nn.Linear) then start(layer) end
  end
  local opt = optim.Adam(net:parameters(), {lr = 1e-3})
  local loader = data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true})
  for _ = 1, options.epochs do
    for batch, labels in loader:iter() do
      opt:zero_grad()
      F.cross_entropy(net(batch), labels):backward()
      opt:step()
    end
  end
  local hidden = tensor.no_grad(function() return net[3](net[2](net[1](set.test_x))) end)
  local different = 0 -- neurons whose weights differ from those of all before
  local w = net[2].weight:detach()
  for i = 1, w:size(1) do
    local fresh = true
    for j = 1, i - 1 do fresh = fresh and (w[i] - w[j]):abs():max():item() > 1e-6 end
    if fresh then different = different + 1 end
  end
  return train.evaluate(net, {set.test_x, set.test_y}).accuracy, different, hidden
end
local accuracy, different = {}, {}
local rows = {
  {"zeros", function(layer) nn.init.zeros_(layer.weight); nn.init.zeros_(layer.bias) end},
  {"all 0.05", function(layer) nn.init.constant_(layer.weight, 0.05); nn.init.zeros_(layer.bias) end},
  {"He", function(layer)
    nn.init.kaiming_normal_(layer.weight, {nonlinearity = "relu"})
    nn.init.zeros_(layer.bias)
  end},
}
for _, row in ipairs(rows) do
  accuracy[row[1]], different[row[1]] = learn(row[2])
  print(("%-9s test accuracy %.3f   different neurons in the first layer: %d of 64"):format(row[1], accuracy[row[1]],
    different[row[1]]))
end

-- Some list a "momentum initialisation" among the ways: there is none. Momentum is a memory of the optimiser, which
-- starts at zero and has nothing to do with the weights' start.
tutorial.heading("Momentum is no initialisation")
local net = nn.Linear(4, 4)
local before = net.weight:clone()
local opt = optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9})
print(("weights changed by making an optimiser with momentum: %g"):format((net.weight - before):abs():max():item()))
assert(#opt.param_groups == 1)

-- To try next: depth 50; nn.init.orthogonal_ (its variance stays by construction); a last layer that starts at zero
-- (harmless: why?).
print(("result: he_ratio=%.2f xavier_relu_ratio=%.1e zeros=%.3f he=%.3f"):format(ratio["He, ReLU"],
  ratio["Xavier, ReLU"], accuracy["zeros"], accuracy["He"]))
