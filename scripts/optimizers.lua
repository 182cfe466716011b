-- Optimisers: seven ways down the same valley, and down Fashion-MNIST.
--
--   nnlua scripts/optimizers.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {10000, 1500}, epochs = {3, 1}}

-- All of them look at the gradient g of a batch and move the weights w:
--   SGD        w = w - lr g                         "gradient descent" when the batch is the whole training set
--   momentum   v = 0.9 v + g;  w = w - lr v         a ball with inertia: forgets zigzags, keeps the common direction
--   Nesterov   the same, looking at the gradient a step ahead
--   Adagrad    divides by the root of the sum of all g^2 so far: rare features get larger steps, all get smaller ones
--   RMSprop    the same with a moving average, so that steps don't die
--   Adam       RMSprop with momentum, and a correction for the averages' start at zero
--   AdamW      Adam, with weight decay applied to the weights and not through the gradient

local makers = {
  {"SGD", function(p, lr) return optim.SGD(p, {lr = lr}) end},
  {"momentum", function(p, lr) return optim.SGD(p, {lr = lr, momentum = 0.9}) end},
  {"Nesterov", function(p, lr) return optim.SGD(p, {lr = lr, momentum = 0.9, nesterov = true}) end},
  {"Adagrad", function(p, lr) return optim.Adagrad(p, {lr = lr}) end},
  {"RMSprop", function(p, lr) return optim.RMSprop(p, {lr = lr}) end},
  {"Adam", function(p, lr) return optim.Adam(p, {lr = lr}) end},
  {"AdamW", function(p, lr) return optim.AdamW(p, {lr = lr}) end},
}

tutorial.heading("A narrow valley")
-- f(a, b) = a^2 / 20 + 2 b^2: steep across, flat along. The rate that the steep direction allows is far too small for
-- the flat one.
local function valley(w) return w[1] ^ 2 / 20 + w[2] ^ 2 * 2 end
local rates = {SGD = 0.4, momentum = 0.1, Nesterov = 0.1, Adagrad = 1.5, RMSprop = 0.2, Adam = 0.5, AdamW = 0.5}
local paths, distance = {}, {}
for _, maker in ipairs(makers) do
  local name = maker[1]
  local w = tensor({-9.0, 2.0}, {requires_grad = true})
  local opt = maker[2]({w}, rates[name])
  local xs, ys = {w:get(1)}, {w:get(2)}
  for _ = 1, 60 do
    opt:zero_grad()
    valley(w):backward()
    opt:step()
    xs[#xs + 1], ys[#ys + 1] = w:get(1), w:get(2)
  end
  paths[name], distance[name] = {xs, ys}, w:detach():norm():item()
  print(("%-9s rate %.2f: after 60 steps %.4f from the bottom, value %.6f"):format(name, rates[name], distance[name],
    valley(w):item()))
end
plot.line({SGD = paths.SGD, momentum = paths.momentum, Adam = paths.Adam}, {title = "paths down the valley",
  xlabel = "a",
  ylabel = "b", rows = 16})

tutorial.heading("Fashion-MNIST, a small network")
local set = tutorial.fashion(options.images, options.quick and 500 or 5000)
local loss_rates = {SGD = 0.1, momentum = 0.05, Nesterov = 0.05, Adagrad = 0.02, RMSprop = 1e-3, Adam = 1e-3,
  AdamW = 1e-3}
local curves, accuracy = {}, {}
for _, maker in ipairs(makers) do
  local name = maker[1]
  tensor.manual_seed(options.seed)
  local net = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
  local opt = maker[2](net:parameters(), loss_rates[name])
  local loader = data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true})
  local curve, mean = {}, nil
  for _ = 1, options.epochs do
    for x, y in loader:iter() do
      local loss = F.cross_entropy(net(x), y)
      opt:zero_grad()
      loss:backward()
      opt:step()
      mean = mean and 0.95 * mean + 0.05 * loss:item() or loss:item()
      curve[#curve + 1] = mean
    end
  end
  curves[name] = curve
  accuracy[name] = train.evaluate(net, {set.test_x, set.test_y}).accuracy
  print(("%-9s rate %.3f: loss %.3f, test accuracy %.3f"):format(name, loss_rates[name], mean, accuracy[name]))
end
plot.line({SGD = curves.SGD, momentum = curves.momentum, Adam = curves.Adam}, {title = "training loss",
  xlabel = "step",
  rows = 14})

tutorial.heading("The trap: SGD uses the whole training set for each step")
-- It doesn't: S stands for stochastic. A step on 64 pictures points nearly where a step on all points, at 1/150 of
-- the price.
local net = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
local function gradient(n)
  net:zero_grad()
  local rows = tensor.randperm(set.x:size(1)):narrow(1, 1, n)
  F.cross_entropy(net(set.x:index_select(1, rows)), set.y:index_select(1, rows)):backward()
  return nn.utils.parameters_to_vector((function()
    local grads = {}
    for i, p in ipairs(net:parameters()) do grads[i] = p.grad end
    return grads
  end)())
end
local all = gradient(set.x:size(1))
for _, n in ipairs {1, 16, 64, 1024} do
  local cosine = 0
  for _ = 1, 10 do cosine = cosine + F.cosine_similarity(gradient(n), all, {dim = 1}):item() / 10 end
  print(("batches of %4d: cosine with the whole set's gradient %.2f"):format(n, cosine))
end

tutorial.heading("The trap: L2 equals weight decay under Adam")
-- Under SGD they are the same. Adam divides the gradient by its size, the penalty in it too: a weight with large
-- gradients is hardly decayed. AdamW keeps the decay out of that division. One weight with a loud gradient and one
-- with a quiet one, mean zero:
local function decayed(make)
  tensor.manual_seed(options.seed)
  local w = tensor({1.0, 1.0}, {requires_grad = true})
  local opt = make({w}, {lr = 1e-3, weight_decay = 0.5})
  for step = 1, 500 do
    local sign = step % 2 == 0 and 1 or -1
    opt:zero_grad()
    tensor.dot(w, tensor{10.0 * sign, 0.1 * sign}):backward()
    opt:step()
  end
  return w:get(1), w:get(2)
end
local loud, quiet = decayed(optim.Adam)
local loud_w, quiet_w = decayed(optim.AdamW)
print(("Adam with L2: the loud weight falls from 1 to %.3f, the quiet one to %.3f"):format(loud, quiet))
print(("AdamW:        the loud weight falls from 1 to %.3f, the quiet one to %.3f"):format(loud_w, quiet_w))

-- To try next: lr ten times larger and smaller for each. Which of them forgives most?
print(("result: sgd=%.3f momentum=%.3f adam=%.3f adam_l2_gap=%.3f adamw_gap=%.3f"):format(accuracy.SGD,
  accuracy.momentum,
  accuracy.Adam, math.abs(loud - quiet), math.abs(loud_w - quiet_w)))
