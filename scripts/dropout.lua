-- Dropout: switching half of the neurons off at random, and why that helps.
--
--   nnlua scripts/dropout.lua [--seed 1] [--epochs 60] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {60, 4}, images = {2000, 500}}

tutorial.heading("What the layer does")
-- In training each element becomes 0 with probability p, and those that stay are divided by 1 - p, so that the
-- expected value stays. In evaluation the layer does nothing at all (Srivastava et al., 2014; "inverted" dropout).
local layer = nn.Dropout(0.5)
local ones = tensor.ones(10)
print("training:   " .. tostring(layer(ones)))
layer:eval()
print("evaluation: " .. tostring(layer(ones)))
layer:train()
local many = layer(tensor.ones(1000000))
print(("a million ones: mean %.4f, share of zeros %.4f, those that stay are %.1f"):format(many:mean():item(),
  many:eq(0):to("float32"):mean():item(), many:max():item()))

tutorial.heading(("%d pictures, with and without"):format(options.images))
local set = tutorial.fashion(options.images, options.quick and 500 or 10000)
local function network(p)
  tensor.manual_seed(options.seed)
  return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Dropout(p), nn.Linear(256, 256), nn.ReLU(),
    nn.Dropout(p), nn.Linear(256, 10))
end
local function learn(p)
  local net = network(p)
  local opt = optim.Adam(net:parameters(), {lr = 1e-3})
  local loader = data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true})
  local losses = {}
  for epoch = 1, options.epochs do
    net:train()
    for x, y in loader:iter() do
      opt:zero_grad()
      F.cross_entropy(net(x), y):backward()
      opt:step()
    end
    losses[epoch] = train.evaluate(net, {set.test_x, set.test_y}, {loss = F.cross_entropy}).loss
  end
  local seen, fresh = train.evaluate(net, {set.x, set.y}), train.evaluate(net, {set.test_x, set.test_y})
  return {net = net, losses = losses, train = seen.accuracy, test = fresh.accuracy,
    gap = seen.accuracy - fresh.accuracy}
end
local rates, curves, results = {0.0, 0.3, 0.5, 0.8}, {}, {}
for _, p in ipairs(rates) do
  local r = learn(p)
  results[p], curves[("p = %.1f"):format(p)] = r, r.losses
  print(("p = %.1f   training %.3f   test %.3f   gap %.3f   test loss %.3f"):format(p, r.train, r.test, r.gap,
    r.losses[#r.losses]))
end
plot.line(curves, {title = "test loss by epoch", xlabel = "epoch", rows = 14})

tutorial.heading("Training and evaluation give different answers")
-- Forgetting net:eval() before judging is the commonest mistake with this layer.
local net = results[0.5].net
net:train()
local in_training = tensor.no_grad(function() return metrics.accuracy(net(set.test_x), set.test_y) end)
local again = tensor.no_grad(function() return metrics.accuracy(net(set.test_x), set.test_y) end)
net:eval()
local in_evaluation = tensor.no_grad(function() return metrics.accuracy(net(set.test_x), set.test_y) end)
print(("accuracy as it trains %.4f, once more %.4f (other neurons), in evaluation %.4f"):format(in_training, again,
  in_evaluation))

tutorial.heading("A network of many networks")
-- Each mask is another, thinner network with shared weights. Averaging many of them comes close to the one pass in
-- evaluation, and where they disagree the network is unsure (Monte Carlo dropout; Gal and Ghahramani, 2016).
net:train()
local sum = 0
local disagreement
tensor.no_grad(function()
  local samples = {}
  for k = 1, 20 do samples[k] = net(set.test_x:narrow(1, 1, 500)):softmax(2) end
  local all = tensor.stack(samples)
  sum = all:mean(1)
  disagreement = all:std(1):mean(2)
end)
net:eval()
local right = sum:argmax(2):eq(set.test_y:narrow(1, 1, 500))
print(("20 masks averaged: accuracy %.3f; disagreement %.4f where right, %.4f where wrong"):format(
  right:to("float32"):mean():item(), disagreement[right]:mean():item(),
    disagreement[right:logical_not()]:mean():item()))

tutorial.heading("The traps")
-- "It lowers the number of parameters": it has none, and removes none.
local function count(model)
  local c = 0
  for _, p in ipairs(model:parameters()) do c = c + p:numel() end
  return c
end
print(("parameters without dropout %d, with it %d"):format(count(network(0.0)), count(network(0.5))))
-- "Scaling happens at test time only": here, as everywhere today, it happens in training, and evaluation is the
-- identity.
local x = tensor.rand(1000) + 0.5
local scaled = nn.Dropout(0.5)(x)
local kept = scaled:ne(0)
print(("in training what stays is multiplied by %.2f; in evaluation by %.2f"):format((scaled / x)[kept]:mean():item(),
  (layer:eval()(x) / x):mean():item()))

-- To try next: nn.Dropout2d in a convolutional network (whole channels), and dropout together with weight decay.
print(("result: gap_without=%.3f gap_with=%.3f test_without=%.3f test_with=%.3f"):format(results[0.0].gap,
  results[0.5].gap, results[0.0].test, results[0.5].test))
