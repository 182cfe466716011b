-- Backpropagation: the chain rule by hand, held against autograd to the last digits.
--
--   nnlua scripts/backprop.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{cases = {100, 20}}

-- A network of two layers with mean squared error, on n samples:
--
--   a = x W1' + b1      h = tanh(a)      o = h W2' + b2      L = mean((o - t)^2)
--
-- Backpropagation walks this list from the right and asks at each step: when this value moves, how does L move?
--
--   dL/do  = 2 (o - t) / numel(o)                               the mean square
--   dL/dW2 = (dL/do)' h      dL/db2 = sum of dL/do over rows    a linear layer: weights, bias,
--   dL/dh  = dL/do W2                                           ... and what goes on to its input
--   dL/da  = dL/dh * (1 - h^2)                                  tanh: its slope is 1 - tanh^2
--   dL/dW1 = (dL/da)' x      dL/db1 = sum of dL/da over rows

local function by_hand(x, t, net)
  local first, second = net[1], net[3]
  local a = x:matmul(first.weight.T) + first.bias
  local h = a:tanh()
  local o = h:matmul(second.weight.T) + second.bias
  local loss = (o - t):pow(2):mean()
  local d_o = (o - t) * (2 / o:numel())
  local d_a = d_o:matmul(second.weight) * (1 - h * h)
  return loss, {d_a.T:matmul(x), d_a:sum(1), d_o.T:matmul(h), d_o:sum(1)}
end

local function network(inputs, hidden, outputs)
  return nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, outputs)):to("float64")
end

local names = {"W1", "b1", "W2", "b2"}

tutorial.heading("One network, four gradients")
-- float64, so that what is left over is rounding and not a mistake.
local net = network(3, 5, 2)
local x, t = tensor.randn(8, 3, {dtype = "float64"}), tensor.randn(8, 2, {dtype = "float64"})
local loss = F.mse_loss(net(x), t)
loss:backward()
local hand_loss, gradients = tensor.no_grad(by_hand, x, t, net)
print(("loss by hand %.15f\nloss by module %.13f"):format(hand_loss:item(), loss:item()))
local points = {}
for i, parameter in ipairs(net:parameters()) do
  points[names[i]] = {gradients[i]:flatten(), parameter.grad:flatten()}
  print(("dL/d%s  shape [%s]  largest difference %.1e"):format(names[i], table.concat({parameter:size()}, ", "),
    (parameter.grad - gradients[i]):abs():max():item()))
end
-- Each number of the four gradients, by hand across and by autograd up: all lie on the diagonal.
plot.scatter(points, {title = "gradients by hand and by autograd", xlabel = "by hand", ylabel = "autograd", rows = 14})

tutorial.heading(("%d networks of random size"):format(options.cases))
local worst = 0
for _ = 1, options.cases do
  local n, inputs, hidden, outputs = math.random(1, 20), math.random(1, 9), math.random(1, 30), math.random(1, 5)
  net = network(inputs, hidden, outputs)
  x, t = tensor.randn(n, inputs, {dtype = "float64"}), tensor.randn(n, outputs, {dtype = "float64"})
  F.mse_loss(net(x), t):backward()
  local _, hand = tensor.no_grad(by_hand, x, t, net)
  for i, parameter in ipairs(net:parameters()) do
    worst = math.max(worst, (parameter.grad - hand[i]):abs():max():item())
  end
end
print(("largest difference anywhere: %.1e"):format(worst))
assert(worst < 1e-12, "the rules above are wrong")

tutorial.heading("The trap: backpropagation updates the weights")
-- It doesn't: it only fills in .grad. Moving the weights is the optimiser's work, and how far is its choice.
local before = net[1].weight:clone()
net:zero_grad()
F.mse_loss(net(x), t):backward()
local moved_by_backward = (net[1].weight - before):abs():max():item()
optim.SGD(net:parameters(), {lr = 0.1}):step()
local moved_by_step = (net[1].weight - before):abs():max():item()
print(("weights moved by backward(): %g    by step(): %.2g"):format(moved_by_backward, moved_by_step))

tutorial.heading("Another check, without any rule")
-- Nudge one weight, see how the loss moves: slow (two forward passes for each weight) and rounded, but it needs no
-- theory.
net:zero_grad()
F.mse_loss(net(x), t):backward()
local w, nudge = net[1].weight, 1e-6
local function loss_with(delta)
  return tensor.no_grad(function()
    w[{1, 1}] = w:get(1, 1) + delta
    local value = F.mse_loss(net(x), t):item()
    w[{1, 1}] = w:get(1, 1) - delta
    return value
  end)
end
local slope = (loss_with(nudge) - loss_with(-nudge)) / (2 * nudge)
print(("by nudging %.10f   by backpropagation %.10f"):format(slope, w.grad:get(1, 1)))

-- To try next: replace tanh by a sigmoid (its slope is h (1 - h)), or the loss by F.l1_loss, and mend by_hand to
-- match.
print(("result: worst=%.1e moved=%g"):format(worst, moved_by_backward))
