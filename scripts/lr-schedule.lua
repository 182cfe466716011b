-- Learning rate and schedules: how large a step may be, and why it should shrink.
--
--   nnlua scripts/lr-schedule.lua [--seed 1] [--epochs 6] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {20000, 2000}, epochs = {6, 2}}

local set = tutorial.fashion(options.images, options.quick and 500 or 10000)
local batch = 64

local function network()
  tensor.manual_seed(options.seed)
  return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
end

tutorial.heading("A range test")
-- Raise the rate a little after every batch and watch the loss: it falls fastest somewhere, and then it explodes. A
-- good constant rate lies well below the explosion.
local net = network()
local opt = optim.SGD(net:parameters(), {lr = 1e-4, momentum = 0.9})
local low, high, count = 1e-4, 10, 100
local rates, losses, mean = {}, {}, nil
local steepest, best_rate = 0, low
for i = 1, count do
  local rate = low * (high / low) ^ ((i - 1) / (count - 1))
  opt.param_groups[1].lr = rate
  local from = (i - 1) * batch % (set.x:size(1) - batch) + 1
  local loss = F.cross_entropy(net(set.x:narrow(1, from, batch)), set.y:narrow(1, from, batch))
  opt:zero_grad()
  loss:backward()
  opt:step()
  local before = mean or loss:item()
  mean = 0.9 * before + 0.1 * loss:item()
  if mean ~= mean or mean > 3 * (losses[1] or mean) then break end
  rates[i], losses[i] = rate, mean
  if before - mean > steepest then steepest, best_rate = before - mean, rate end
end
print(("the loss falls fastest at a rate of %.3f and explodes above %.2f"):format(best_rate, rates[#rates]))
plot.line(rates, losses, {title = "range test: smoothed loss by rate", xlabel = "rate", logx = true, rows = 12})

tutorial.heading("The shapes of schedules")
local steps_an_epoch = set.x:size(1) // batch
local total = options.epochs * steps_an_epoch
local scheduler = optim.lr_scheduler
local kinds = {
  {"constant", function() return nil end},
  {"step", function(o) return scheduler.StepLR(o, math.max(1, total // 3), {gamma = 0.3}) end},
  {"exponential", function(o) return scheduler.ExponentialLR(o, 0.02 ^ (1 / total)) end},
  {"cosine", function(o) return scheduler.CosineAnnealingLR(o, total) end},
  {"warm-up+cosine", function(o)
    local warm = total // 10
    return scheduler.SequentialLR(o, {
      scheduler.LinearLR(o, {start_factor = 0.05, total_iters = warm}),
      scheduler.CosineAnnealingLR(o, total - warm),
    }, {warm})
  end},
  {"one cycle", function(o, rate) return scheduler.OneCycleLR(o, rate, {total_steps = total}) end},
}

-- Trains with a schedule; returns the test accuracy, the rates and the last training loss.
local function learn(make, rate)
  local model = network()
  local sgd = optim.SGD(model:parameters(), {lr = rate, momentum = 0.9})
  local schedule, used, smoothed = make(sgd, rate), {}, nil
  local loader = data.DataLoader({set.x, set.y}, {batch_size = batch, shuffle = true, drop_last = true})
  for _ = 1, options.epochs do
    for x, y in loader:iter() do
      used[#used + 1] = sgd.param_groups[1].lr
      local loss = F.cross_entropy(model(x), y)
      sgd:zero_grad()
      loss:backward()
      sgd:step()
      if schedule then schedule:step() end
      smoothed = smoothed and 0.98 * smoothed + 0.02 * loss:item() or loss:item()
    end
  end
  return train.evaluate(model, {set.test_x, set.test_y}).accuracy, used, smoothed
end

local rate = 0.1
local curves, accuracy, last = {}, {}, {}
for _, kind in ipairs(kinds) do
  accuracy[kind[1]], curves[kind[1]], last[kind[1]] = learn(kind[2], rate)
end
plot.line(curves, {title = "learning rate by step", xlabel = "step", rows = 14})

tutorial.heading(("What they reach, all from a rate of %.2f"):format(rate))
for _, kind in ipairs(kinds) do
  print(("%-15s training loss %.3f   test accuracy %.4f"):format(kind[1], last[kind[1]], accuracy[kind[1]]))
end
-- A high rate moves fast but cannot settle: each batch throws the weights about by rate x noise. A falling rate does
-- both.

tutorial.heading("Too low, too high")
local constant = kinds[1][2]
for _, other in ipairs {1e-4, 1e-2, 1} do
  local reached, _, loss = learn(constant, other)
  print(("constant rate %-7g training loss %.3f   test accuracy %.4f"):format(other, loss, reached))
end

tutorial.heading("When nothing improves: ReduceLROnPlateau")
-- It needs no plan: it watches a number and lowers the rate when that has not fallen for `patience` looks.
local plateau_opt = optim.SGD(nn.Linear(1, 1):parameters(), {lr = 1})
local plateau = scheduler.ReduceLROnPlateau(plateau_opt, {patience = 2, factor = 0.1})
for look, loss in ipairs {1.0, 0.8, 0.7, 0.71, 0.72, 0.7, 0.7, 0.69} do
  plateau:step(loss)
  print(("look %d  loss %.2f  rate %g"):format(look, loss, plateau_opt.param_groups[1].lr))
end

-- To try next: --epochs 1 (does a schedule still pay?), and optim.Adam, which is less sensitive, but not indifferent.
print(("result: constant=%.4f cosine=%.4f one_cycle=%.4f gain=%.4f"):format(accuracy.constant, accuracy.cosine,
  accuracy["one cycle"], accuracy.cosine - accuracy.constant))
