-- Overfitting: a network that learns 500 pictures by heart, how to see it, and the second descent.
--
--   nnlua scripts/overfitting.lua [--seed 1] [--epochs 150] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {150, 20}, repeats = {4, 1}}

local set = tutorial.fashion(500 + 2000, options.quick and 500 or 5000)
local few = {x = set.x:narrow(1, 1, 500), y = set.y:narrow(1, 1, 500)}

local function network(hidden)
  tensor.manual_seed(options.seed)
  return nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))
end

-- Trains and remembers, after each epoch, loss and accuracy on what is learned and on what is not.
local function learn(net, x, y, epochs, decay)
  local opt = optim.AdamW(net:parameters(), {lr = 1e-3, weight_decay = decay or 0})
  local loader = data.DataLoader({x, y}, {batch_size = 50, shuffle = true})
  local history = {train = {}, test = {}, train_accuracy = {}, test_accuracy = {}}
  for epoch = 1, epochs do
    for bx, by in loader:iter() do
      opt:zero_grad()
      F.cross_entropy(net(bx), by):backward()
      opt:step()
    end
    local seen = train.evaluate(net, {x, y}, {loss = F.cross_entropy})
    local fresh = train.evaluate(net, {set.test_x, set.test_y}, {loss = F.cross_entropy})
    history.train[epoch], history.test[epoch] = seen.loss, fresh.loss
    history.train_accuracy[epoch], history.test_accuracy[epoch] = seen.accuracy, fresh.accuracy
  end
  return history
end

tutorial.heading("500 pictures, 100,000 weights")
local history = learn(network(128), few.x, few.y, options.epochs)
plot.line({training = history.train, test = history.test}, {title = "loss by epoch: the curves part",
  xlabel = "epoch",
  rows = 14})
local best, lowest = 1, math.huge
for epoch, loss in ipairs(history.test) do
  if loss < lowest then best, lowest = epoch, loss end
end
local last = #history.test
print(("training: loss %.3f, accuracy %.3f"):format(history.train[last], history.train_accuracy[last]))
print(("test:     loss %.3f, accuracy %.3f; its loss was lowest, %.3f, after epoch %d"):format(history.test[last],
  history.test_accuracy[last], lowest, best))
-- The gap between the two is overfitting. The training curve alone would never show it, so some data must be kept
-- aside.

tutorial.heading("It can even learn nonsense by heart")
-- The same pictures with labels drawn at random: nothing can be understood here, and the network gets it right all
-- the same (Zhang et al., 2017). Being able to learn the training set proves nothing.
local shuffled = few.y[tensor.randperm(500)]
local nonsense = learn(network(128), few.x, shuffled, options.epochs)
print(("random labels: training accuracy %.3f, test accuracy %.3f"):format(nonsense.train_accuracy[last],
  nonsense.test_accuracy[last]))

tutorial.heading("What helps")
local more = learn(network(128), set.x, set.y, math.max(1, options.epochs // 5))
local decayed = learn(network(128), few.x, few.y, options.epochs, 1.0)
local function gap(h) return h.train_accuracy[#h.train] - h.test_accuracy[#h.test] end
local rows = {{"as it was", history}, {"five times the data", more}, {"weight decay 1.0", decayed}}
for _, row in ipairs(rows) do
  local h = row[2]
  print(("%-20s training %.3f   test %.3f   gap %.3f   test loss %.3f"):format(row[1], h.train_accuracy[#h.train],
    h.test_accuracy[#h.test], gap(h), h.test[#h.test]))
end

tutorial.heading("The second descent")
-- Random features and least squares: phi(x) = relu(R x) with a fixed random R, and the best linear layer on top (the
-- one with the smallest weights where many fit). With few features the error first falls, then rises towards as many
-- features as samples, where the fit is exact but wild, and falls AGAIN beyond (Belkin et al., 2019).
local n = 100
local x = few.x:flatten(2):narrow(1, 1, n):to("float64")
local y = F.one_hot(few.y:narrow(1, 1, n), 10):to("float64")
local fresh_x, fresh_y = set.test_x:flatten(2):narrow(1, 1, 500):to("float64"), set.test_y:narrow(1, 1, 500)
local sizes, errors = {10, 20, 40, 60, 80, 90, 100, 110, 130, 160, 250, 500, 1000, 2000}, {}
for i, features in ipairs(sizes) do
  local wrong, size = 0, 0
  for _ = 1, options.repeats do
    local r = tensor.randn(784, features, {dtype = "float64"}) / math.sqrt(784)
    local phi, fresh_phi = x:matmul(r):relu(), fresh_x:matmul(r):relu()
    local w = tensor.linalg.pinv(phi):matmul(y)
    wrong = wrong + (1 - metrics.accuracy(fresh_phi:matmul(w), fresh_y)) / options.repeats
    size = size + w:norm():item() / options.repeats
  end
  errors[i] = wrong
  print(("%5d features: test error %.3f   size of the weights %8.1f"):format(features, wrong, size))
end
plot.line(sizes, errors, {logx = true, title = "test error by number of features (100 samples)", rows = 14})
local function at(features)
  for i, size in ipairs(sizes) do if size == features then return errors[i] end end
end

-- To try next: --epochs 20, the cheapest cure (early stopping); nn.Dropout(0.5) after the ReLU; a smaller hidden
-- layer.
print(("result: gap=%.3f random_labels=%.3f peak_error=%.3f error_beyond=%.3f"):format(gap(history),
  nonsense.train_accuracy[last], at(100), at(2000)))
