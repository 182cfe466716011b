-- Batch normalisation: what it computes, that it trains at ten times the learning rate, what changes in evaluation, and
-- where it fails, with layer normalisation beside it.
--
--   nnlua scripts/batchnorm.lua [--seed 1] [--epochs 3] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {3, 1}, images = {12000, 1500}, tests = {4000, 500}}

local set = tutorial.fashion(options.images, options.tests)
set.x, set.test_x = set.x:flatten(2), set.test_x:flatten(2)

tutorial.heading("What it computes")
-- Each feature: minus its mean over the batch, divided by its standard deviation over the batch; then a scale and a
-- shift that are learned (at first 1 and 0).
local x = tensor.randn(64, 5) * 3 + 7
local bn = nn.BatchNorm1d(5)
local by_hand = (x - x:mean(1)) / (x:var(1, {correction = 0}) + bn.eps):sqrt()
local difference = (bn(x) - by_hand):abs():max():item()
print(("by hand and by nn.BatchNorm1d: largest difference %.1e"):format(difference))

tutorial.heading("The trap: it maps activations to [0, 1]")
-- It gives them mean 0 and spread 1, so half of them are negative and some are far out; scale and shift then move them
-- wherever training wants them.
local out = bn(tensor.randn(5000, 5))
local low, high = out:min():item(), out:max():item()
local beyond = 1 - (out:ge(0):logical_and(out:le(1))):to("float32"):mean():item()
print(("from %.2f to %.2f; %.0f %% lie outside of [0, 1]"):format(low, high, 100 * beyond))

tutorial.heading("Ten times the learning rate")
-- Six layers. Without normalisation a step that is right for one layer is too long for another.
local function make(norm)
  tensor.manual_seed(options.seed)
  local layers, width = {}, 784
  for _ = 1, 5 do
    layers[#layers + 1] = nn.Linear(width, 100)
    if norm then layers[#layers + 1] = norm(100) end
    layers[#layers + 1] = nn.ReLU()
    width = 100
  end
  layers[#layers + 1] = nn.Linear(width, 10)
  return nn.Sequential(layers)
end

local function accuracy(net) return metrics.accuracy(tensor.no_grad(net, set.test_x), set.test_y) end

-- Trains with plain SGD; returns the accuracy in evaluation and the smoothed losses.
local function learn(net, lr, batch_size, most)
  local loader = data.DataLoader({set.x, set.y}, {batch_size = batch_size, shuffle = true, drop_last = true,
    seed = options.seed})
  local opt = optim.SGD(net:parameters(), {lr = lr})
  local losses, running, steps = {}, nil, 0
  for _ = 1, options.epochs do
    for pictures, y in loader:iter() do
      local loss = F.cross_entropy(net(pictures), y)
      opt:zero_grad()
      loss:backward()
      opt:step()
      running = running and 0.95 * running + 0.05 * loss:item() or loss:item()
      losses[#losses + 1] = running
      steps = steps + 1
      if most and steps >= most then break end
    end
    if most and steps >= most then break end
  end
  net:eval()
  return accuracy(net), losses
end

local rates = {0.01, 0.03, 0.1, 0.3, 1, 3}
local plain, normed = {}, {}
for i, lr in ipairs(rates) do
  plain[i] = learn(make(), lr, 64)
  normed[i] = learn(make(nn.BatchNorm1d), lr, 64)
  print(("lr %-5g  plain %.4f   batch norm %.4f"):format(lr, plain[i], normed[i]))
end
plot.line(rates, {plain = plain, ["batch norm"] = normed}, {logx = true, ylim = {0, 1}, xlabel = "learning rate",
  title = "test accuracy after the same number of steps", rows = 12})
-- The highest rate at which a network still comes within five points of its own best.
local function highest(list)
  local best, found = math.max(table.unpack(list)), 0
  for i, v in ipairs(list) do
    if v >= best - 0.05 then found = rates[i] end
  end
  return found
end
local plain_rate, normed_rate = highest(plain), highest(normed)
print(("highest rate within five points of its own best: plain %g, batch norm %g"):format(plain_rate, normed_rate))

tutorial.heading("In evaluation: running statistics")
-- A picture must not be judged by the company it is in. So in training each layer also keeps a running mean and
-- variance, and in evaluation it uses these.
local net = make(nn.BatchNorm1d)
learn(net, 0.1, 64)
local function shoes_only() return set.test_x[set.test_y:eq(8)] end -- a batch of nothing but sneakers
local labels = tensor.full({shoes_only():size(1)}, 8, {dtype = "int64"})
local eval_accuracy = metrics.accuracy(tensor.no_grad(net, shoes_only()), labels)
net:train()
local train_accuracy = metrics.accuracy(tensor.no_grad(net, shoes_only()), labels)
print(("a batch of sneakers only: %.3f right in evaluation mode, %.3f if one forgets net:eval()"):format(eval_accuracy,
  train_accuracy))

tutorial.heading("The trap: it works for any batch size")
-- The statistics of two pictures are noise, those of one do not exist. Layer normalisation takes its mean over the
-- features of one picture and knows no batch.
local ok, message = pcall(function() return make(nn.BatchNorm1d)(set.x[{{1, 1}}]) end)
print("a batch of one: " .. (ok and "works" or tostring(message):match("batch_norm: [^\n]*")))
local steps = options.quick and 150 or 2000
local small_bn = learn(make(nn.BatchNorm1d), 0.02, 2, steps)
local small_ln = learn(make(nn.LayerNorm), 0.02, 2, steps)
local small_plain = learn(make(), 0.02, 2, steps)
print(("batches of 2, %d steps: batch norm %.4f, layer norm %.4f, none %.4f"):format(steps, small_bn, small_ln,
  small_plain))

-- To try next: nn.GroupNorm; sigmoid in place of ReLU (the gap widens); the normalisation after the activation.
print(("result: plain_rate=%g normed_rate=%g eval=%.3f forgot_eval=%.3f batch2_bn=%.4f batch2_ln=%.4f"):format(
  plain_rate, normed_rate, eval_accuracy, train_accuracy, small_bn, small_ln))
