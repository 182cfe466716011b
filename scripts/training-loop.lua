-- The training loop: epochs, mini-batches and the four lines that every network in the world is trained with.
--
--   nnlua scripts/training-loop.lua [--seed 1] [--epochs 10] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {10, 1}, images = {60000, 3000}}

-- Fashion-MNIST: 28 x 28 pictures of clothes in ten classes, 60,000 to learn from, 10,000 to be judged on.
local set = tutorial.fashion(options.images, options.quick and 1000 or nil)
local loader = data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true})
print(("%d pictures, %d batches of 64 an epoch"):format(#loader.dataset, #loader))

-- A plain multi-layer perceptron: the picture as 784 numbers, 256 hidden neurons, ten logits.
local net = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
local opt = optim.Adam(net:parameters(), {lr = 1e-3})
print(net)

tutorial.heading("The loop")
-- An epoch is one pass over the data, a step is one batch. Each step has four lines:
--   1. the forward pass: what does the network say, and how wrong is it?
--   2. zero_grad: forget the last batch's gradients (they ADD UP otherwise, see below)
--   3. backward: the gradient of this batch's loss for every parameter
--   4. step: the optimiser moves the parameters a little against their gradients
local curve = {}
for epoch = 1, options.epochs do
  local sum = 0
  opt.param_groups[1].lr = 1e-3 * (1 - (epoch - 1) / options.epochs) -- smaller steps towards the end
  net:train()
  for x, y in loader:iter() do
    local loss = F.cross_entropy(net(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
    sum = sum + loss:item()
    curve[#curve + 1] = loss:item()
  end
  local test = train.evaluate(net, data.TensorDataset(set.test_x, set.test_y))
  print(("epoch %d   training loss %.4f   test accuracy %.4f"):format(epoch, sum / #loader, test.accuracy))
end

-- The loss of single batches jumps, since each holds other pictures; its trend is what counts.
local smooth, mean = {}, curve[1]
for i, loss in ipairs(curve) do
  mean = 0.98 * mean + 0.02 * loss
  smooth[i] = mean
end
plot.line(smooth, {title = "training loss, smoothed", xlabel = "step", ylabel = "loss", rows = 12})

tutorial.heading("The trap: gradients reset themselves")
-- backward() adds to .grad. That is wanted (large batches in pieces), and forgotten by everyone once. Two backward
-- passes without zero_grad give twice the gradient:
local x, y = set.x:narrow(1, 1, 64), set.y:narrow(1, 1, 64)
local weight = net[2].weight
net:zero_grad()
F.cross_entropy(net(x), y):backward()
local once = weight.grad:norm():item()
F.cross_entropy(net(x), y):backward()
local twice = weight.grad:norm():item()
print(("gradient norm after one backward %.5f, after two %.5f: %.2f times"):format(once, twice, twice / once))

-- What that does to a training: the same network and batches, with and without zero_grad.
local function train_some(reset)
  tensor.manual_seed(options.seed)
  local model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
  local sgd = optim.SGD(model:parameters(), {lr = 0.1})
  local loss
  for i = 0, 39 do
    local from = i * 64 % (set.x:size(1) - 63) + 1
    loss = F.cross_entropy(model(set.x:narrow(1, from, 64)), set.y:narrow(1, from, 64))
    if reset then sgd:zero_grad() end
    loss:backward()
    sgd:step()
  end
  return loss:item()
end
local with, without = train_some(true), train_some(false)
print(("loss after 40 steps: %.3f with zero_grad, %.3f without"):format(with, without))

tutorial.heading("What it gets wrong")
net:eval()
local logits = tensor.no_grad(net, set.test_x)
local guess = logits:argmax(2)
for i = 1, 400 do
  local said, is = guess:get(i), set.test_y:get(i)
  if said ~= is then
    plot.image(set.test_x[{i, 1}], {title = ("says %s, is %s"):format(set.classes[said], set.classes[is])})
    break
  end
end
local final = metrics.accuracy(logits, set.test_y)

-- To try next: batch sizes 16 and 1024 (what happens to the time of an epoch, and to the accuracy?), or optim.SGD.
print(("result: accuracy=%.4f twice=%.2f without_reset=%.2f"):format(final, twice / once, without))
