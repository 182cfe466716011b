-- Loss functions: what each of them asks for, on the same data.
--
--   nnlua scripts/losses.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {10000, 1500}, epochs = {4, 1}}

-- A loss says what "wrong" means. It is chosen by what the output MEANS, a number, a yes or no, one of many classes,
-- a distribution, never by how the network is built.

tutorial.heading("A number: squared, absolute, Huber")
-- The mean minimises squared errors, the median absolute ones: one wild value tears the first away, not the second.
local values = tensor{1.0, 1.2, 0.9, 1.1, 1.0, 25.0}
for _, pair in ipairs {{"mse_loss", F.mse_loss}, {"l1_loss", F.l1_loss}, {"huber_loss", F.huber_loss}} do
  local guess = tensor({0.0}, {requires_grad = true})
  local opt = optim.Adam({guess}, {lr = 0.05})
  for _ = 1, 2000 do
    opt:zero_grad()
    pair[2](guess:expand(6), values):backward()
    opt:step()
  end
  print(("%-11s settles at %6.3f"):format(pair[1], guess:item()))
end
print(("mean %.3f, median %.3f"):format(values:mean():item(), (values:median()):item()))

tutorial.heading("Yes or no: binary cross-entropy")
-- -log p of what really happened. Sure and wrong costs without bound, while a squared error never costs more than 1.
for _, p in ipairs {0.9, 0.5, 0.1, 0.001} do
  local said, truth = tensor{p}, tensor{1.0}
  print(("says %5.3f for a yes: cross-entropy %6.3f, squared %.3f"):format(p, F.binary_cross_entropy(said,
    truth):item(),
    F.mse_loss(said, truth):item()))
end

tutorial.heading("One of many classes: the same network under five losses")
local set = tutorial.fashion(options.images, options.quick and 500 or 5000)
local function onehot(y) return F.one_hot(y, 10):to("float32") end
local kinds = {
  {"cross_entropy", function(logits, y) return F.cross_entropy(logits, y) end},
  {"hinge", function(logits, y) return F.multi_margin_loss(logits, y) end},
  {"mse on logits", function(logits, y) return F.mse_loss(logits, onehot(y)) end},
  {"mse on softmax", function(logits, y) return F.mse_loss(logits:softmax(2), onehot(y)) end},
  {"softmax twice", function(logits, y) return F.cross_entropy(logits:softmax(2), y) end},
}
local function learn(net, loss)
  local opt = optim.SGD(net:parameters(), {lr = 0.1})
  for _ = 1, options.epochs do
    for x, y in data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true}):iter() do
      opt:zero_grad()
      loss(net(x), y):backward()
      opt:step()
    end
  end
  return train.evaluate(net, {set.test_x, set.test_y}).accuracy
end
local accuracy, first_gradient = {}, {}
for _, kind in ipairs(kinds) do
  tensor.manual_seed(options.seed)
  local net = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
  kind[2](net(set.x:narrow(1, 1, 256)), set.y:narrow(1, 1, 256)):backward()
  first_gradient[kind[1]] = net[2].weight.grad:norm():item()
  accuracy[kind[1]] = learn(net, kind[2])
  print(("%-15s first gradient %.4f   test accuracy %.3f"):format(kind[1], first_gradient[kind[1]],
    accuracy[kind[1]]))
end
plot.bar(accuracy, {title = "test accuracy at equal effort"})
-- Squared error through a softmax stalls: its gradient carries the factor p (1 - p), which is nothing where the
-- network is sure, right or wrong. Cross-entropy cancels that factor: its gradient is simply p - truth.

tutorial.heading("The trap: the loss is chosen by the number of layers")
-- The same classes for networks of one, two and four layers: cross-entropy is the better one for each.
local ahead = 0
for _, layers in ipairs {1, 2, 4} do
  local reached = {}
  for _, kind in ipairs {kinds[1], kinds[4]} do
    tensor.manual_seed(options.seed)
    local list, width = {nn.Flatten()}, 784
    for _ = 2, layers do
      list[#list + 1], list[#list + 2], width = nn.Linear(width, 64), nn.ReLU(), 64
    end
    list[#list + 1] = nn.Linear(width, 10)
    reached[#reached + 1] = learn(nn.Sequential(list), kind[2])
  end
  if reached[1] > reached[2] then ahead = ahead + 1 end
  print(("%d layers: cross-entropy %.3f, mse on softmax %.3f"):format(layers, reached[1], reached[2]))
end

tutorial.heading("Sure and wrong: the gradient of each")
local logits = tensor({{8, 0, 0}}, {requires_grad = true})
local truth = tensor{2}
local by_ce = tensor.grad(F.cross_entropy(logits, truth), logits)
local by_mse = tensor.grad(F.mse_loss(logits:softmax(2), tensor{{0.0, 1, 0}}), logits)
print("cross-entropy", by_ce, "\nmse on softmax", by_mse)

tutorial.heading("The trap: softmax before cross_entropy")
-- F.cross_entropy takes logits; it contains the softmax. Given probabilities it squeezes them between 0 and 1 again:
-- a perfect answer still costs log(1 + 9/e) and the gradient is too small to learn from (the last row of the table
-- above).
local perfect = onehot(tensor{4}) * 50
print(("a perfect answer costs %.4f as logits, %.4f after a softmax"):format(F.cross_entropy(perfect,
  tensor{4}):item(),
  F.cross_entropy(perfect:softmax(2), tensor{4}):item()))

tutorial.heading("A distribution: Kullback-Leibler")
local p, q = tensor{0.7, 0.2, 0.1}, tensor{0.4, 0.4, 0.2}
local forward = F.kl_div(q:log(), p, {reduction = "sum"}):item()
local reverse = F.kl_div(p:log(), q, {reduction = "sum"}):item()
print(("KL(p, q) = %.4f, KL(q, p) = %.4f: it is no distance"):format(forward, reverse))

-- To try next: label_smoothing = 0.1 in F.cross_entropy, and F.smooth_l1_loss on the wild value.
print(("result: cross_entropy=%.3f mse_logits=%.3f mse_softmax=%.3f softmax_twice=%.3f better_at_depths=%d/3"):format(
  accuracy["cross_entropy"], accuracy["mse on logits"], accuracy["mse on softmax"], accuracy["softmax twice"], ahead))
