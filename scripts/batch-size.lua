-- Batch size and gradient accumulation: what a larger batch buys, what it costs, and how to have one without the
-- memory.
--
--   nnlua scripts/batch-size.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {10000, 2000}, epochs = {3, 1}}
local set = tutorial.fashion(options.images, options.quick and 500 or 5000)

-- The gradient of a batch is a mean over its pictures: an estimate of what all pictures together would say. Larger
-- batches estimate better and use a processor better, smaller ones take more steps over the same pictures.

local function network()
  tensor.manual_seed(options.seed)
  return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
end

tutorial.heading("The noise of a gradient falls with the root of the batch")
local net = network()
local function gradient(rows)
  net:zero_grad()
  F.cross_entropy(net(set.x[rows]), set.y[rows]):backward()
  return net[2].weight.grad:flatten():clone()
end
local whole = gradient(tensor.arange(1, set.y:numel() + 1))
local noise, sizes = {}, {4, 16, 64, 256}
for _, n in ipairs(sizes) do
  local sum = 0
  for _ = 1, 30 do sum = sum + (gradient(tensor.randint(1, set.y:numel() + 1, {n})) - whole):norm():item() end
  noise[n] = sum / 30 / whole:norm():item()
  print(("batch of %3d: off by %3.0f %% of the gradient of all pictures"):format(n, 100 * noise[n]))
end
print(("from 4 to 256: %.1f times less; the root of 64 is 8"):format(noise[4] / noise[256]))

tutorial.heading("An epoch by batch size")
-- The learning rate is the same for all. Small batches take many steps, each of which has to touch every weight; large
-- ones take few steps, and don't come far in an epoch.
local function learn(size, lr, epochs)
  local model = network()
  local opt = optim.SGD(model:parameters(), {lr = lr, momentum = 0.9})
  local steps = 0
  for _ = 1, epochs or options.epochs do
    for x, y in data.DataLoader({set.x, set.y}, {batch_size = size, shuffle = true}):iter() do
      opt:zero_grad()
      F.cross_entropy(model(x), y):backward()
      opt:step()
      steps = steps + 1
    end
  end
  return train.evaluate(model, {set.test_x, set.test_y}).accuracy, steps
end
local spent, reached = {}, {}
for _, size in ipairs {2, 8, 32, 128, 512} do
  local start = nnlua.clock()
  local accuracy, steps = learn(size, 0.01)
  spent[size], reached[size] = (nnlua.clock() - start) / options.epochs, accuracy
  print(("batch of %3d: %6d steps, test accuracy %.3f, %.2f seconds an epoch"):format(size, steps, accuracy,
    spent[size]))
end
plot.bar(reached, {title = "test accuracy by batch size", xlim = {0, 1}})

tutorial.heading("A larger batch, a larger step")
-- Linear scaling (Goyal and others 2017): k times the batch, k times the learning rate, so that an epoch goes as far.
-- It holds until the rate is too large for any gradient.
for _, size in ipairs {128, 512} do
  local scaled = learn(size, 0.01 * size / 32)
  print(("batch of %3d at rate %.2f: %.3f instead of %.3f"):format(size, 0.01 * size / 32, scaled, reached[size]))
  reached[size .. "s"] = scaled
end

tutorial.heading("Gradient accumulation")
-- .grad adds up until it is set to zero. Four batches of 16, each loss divided by 4, and one step: what a batch of 64
-- does, with the memory of 16.
local rows = tensor.randperm(set.y:numel())[{{1, 64}}]
local large = gradient(rows)
net:zero_grad()
for part = 1, 4 do
  local some = rows[{{16 * part - 15, 16 * part}}]
  local loss = F.cross_entropy(net(set.x[some]), set.y[some]) / 4
  loss:backward()
end
local gap = (net[2].weight.grad:flatten() - large):abs():max():item() / large:abs():max():item()
print(("largest difference to the batch of 64: %.1e of the largest gradient"):format(gap))

tutorial.heading("The trap: a small batch always trains faster")
-- By steps or by pictures? An epoch of batches of 2 takes sixteen times the steps and many times the time, and at a
-- rate that suits batches of 32 its noise throws it about. The middle wins.
print(("seconds an epoch: %.2f in batches of 2, %.2f in batches of 32"):format(spent[2], spent[32]))
print(("after the same three epochs: %.3f and %.3f"):format(reached[2], reached[32]))

-- To try next: batch normalisation with batches of 2, and accumulation with it (it is no longer the same; why?).
print(("result: noise_ratio=%.1f accumulated=%.0e b2=%.3f b32=%.3f b512=%.3f b512_scaled=%.3f"):format(
  noise[4] / noise[256], gap, reached[2], reached[32], reached[512], reached["512s"]))
