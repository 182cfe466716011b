-- Early stopping: keeping the weights of the best epoch, not of the last one.
--
--   nnlua scripts/early-stopping.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {600, 300}, epochs = {60, 8}, patience = 5}

-- On few pictures the training loss falls as long as one likes. The loss on pictures that are not learned from falls,
-- turns, and rises. The weights at the turn are the ones to have.

local set = tutorial.fashion(options.images, options.quick and 500 or 4000)
local half = #set.test_y // 2
local val = {set.test_x[{{1, half}}], set.test_y[{{1, half}}]} -- tells when to stop
local fresh = {set.test_x[{{half + 1, -1}}], set.test_y[{{half + 1, -1}}]} -- judges in the end
local function network()
  tensor.manual_seed(options.seed)
  return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
end

tutorial.heading("By hand")
local net = network()
local opt = optim.Adam(net:parameters(), {lr = 1e-3})
local loader = data.DataLoader({set.x, set.y}, {batch_size = 32, shuffle = true})
local curves, best, waited, stopped = {training = {}, validation = {}}, {loss = math.huge}, 0, nil
for epoch = 1, options.epochs do
  local sum = 0
  for x, y in loader:iter() do
    local loss = F.cross_entropy(net(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
    sum = sum + loss:item() * #y
  end
  curves.training[epoch] = sum / #set.y
  curves.validation[epoch] = train.evaluate(net, val, {loss = F.cross_entropy}).loss
  if curves.validation[epoch] < best.loss then
    -- A state dict refers to the weights themselves, which go on changing: so copies.
    best = {loss = curves.validation[epoch], epoch = epoch, weights = {}}
    for name, w in pairs(net:state_dict()) do best.weights[name] = w:clone() end
    waited = 0
  else
    waited = waited + 1
    if waited == options.patience and not stopped then stopped = epoch end
  end
end
plot.line(curves, {title = "loss by epoch", xlabel = "epoch"})
local last = train.evaluate(net, fresh, {loss = F.cross_entropy})
net:load_state_dict(best.weights)
local restored = train.evaluate(net, fresh, {loss = F.cross_entropy})
print(("best epoch %d; patience %d would have stopped %s, of %d"):format(best.epoch, options.patience,
  stopped and "after epoch " .. stopped or "not at all", options.epochs))
print(("on fresh pictures: the last epoch has loss %.3f and accuracy %.3f, the best one %.3f and %.3f"):format(
  last.loss, last.accuracy, restored.loss, restored.accuracy))

tutorial.heading("Restored is restored")
-- The restored network gives the very loss that it had in that epoch.
local again = train.evaluate(net, val, {loss = F.cross_entropy}).loss
print(("validation loss then %.6f, now %.6f"):format(best.loss, again))

tutorial.heading("In one line")
-- train.fit watches a value, waits, stops and restores.
local watched = network()
local history = train.fit(watched, data.DataLoader({set.x, set.y}, {batch_size = 32, shuffle = true}), {
  loss = F.cross_entropy, optimizer = optim.Adam(watched:parameters(), {lr = 1e-3}), epochs = options.epochs,
  val = data.TensorDataset(val[1], val[2]), patience = options.patience, quiet = true,
})
local fitted = train.evaluate(watched, fresh, {loss = F.cross_entropy})
print(("train.fit made %d epochs; accuracy on fresh pictures %.3f"):format(#history, fitted.accuracy))

tutorial.heading("How patient?")
-- The curve is noisy: an epoch that is worse is not yet a turn.
for _, patience in ipairs {1, 3, 10} do
  local lowest, since, ended = math.huge, 0, options.epochs
  for epoch, loss in ipairs(curves.validation) do
    if loss < lowest then lowest, since = loss, 0 else since = since + 1 end
    if since == patience then
      ended = epoch
      break
    end
  end
  print(("patience %2d: stops after epoch %2d with validation loss %.3f (the best of all: %.3f)"):format(patience,
    ended, lowest, best.loss))
end

tutorial.heading("The validation pictures are used up")
-- The epoch was chosen because it does well on them, so their loss flatters. That is why `fresh` is another half.
print(("loss on the pictures that chose the epoch %.3f, on fresh ones %.3f"):format(best.loss, restored.loss))

-- To try next: watch the accuracy instead of the loss (it turns later), and dropout with early stopping.
print(("result: best_epoch=%d last_loss=%.3f best_loss=%.3f last=%.3f best=%.3f restored_gap=%.2g epochs=%d"):format(
  best.epoch, last.loss, restored.loss, last.accuracy, restored.accuracy, math.abs(again - best.loss), #history))
