-- L1 and L2 regularisation: a price on large weights. One of them makes weights zero, the other makes them small; and
-- ridge regression is the second one solved by a formula.
--
--   nnlua scripts/l1-l2.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {3000, 500}}

-- A network with many weights and few examples learns the noise as well. Adding lambda times the size of the weights to
-- the loss makes it choose the smaller weights among those that fit.

tutorial.heading("A table with columns that mean nothing")
-- 13 properties of 178 wines, 60 of them to learn from; beside them 40 columns of random numbers. What shall be guessed
-- is the alcohol, from the other properties and the noise.
local wine = data.load("wine")
local all = (wine.x - wine.x:mean(1)) / wine.x:std(1)
local n, columns = 60, 52
local order = tensor.randperm(#wine)
local x = tensor.cat({all[{{}, {2, -1}}], tensor.randn(#wine, 40)}, 2)[order]
local y = all[{{}, {1, 1}}][order]
local seen_x, seen_y, new_x, new_y = x[{{1, n}}], y[{{1, n}}], x[{{n + 1, -1}}], y[{{n + 1, -1}}]
print(("%d wines to learn from, %d columns, of which 12 are properties; %d new wines"):format(n, columns, #new_y))

-- Proximal gradient descent for L1: the penalty has a kink at 0, so its step is taken by itself, and may end at 0.
local function fit(kind, lambda)
  local w = tensor.zeros(columns, 1, {requires_grad = true})
  local opt = optim.SGD({w}, {lr = 0.05})
  for _ = 1, options.steps do
    local loss = F.mse_loss(seen_x:matmul(w), seen_y)
    if kind == "l2" then loss = loss + lambda * w:square():sum() end
    opt:zero_grad()
    loss:backward()
    opt:step()
    if kind == "l1" then tensor.no_grad(function() w:copy_(F.softshrink(w, 0.05 * lambda)) end) end
  end
  return w:detach()
end
local function report(name, w)
  local result = {
    seen = F.mse_loss(seen_x:matmul(w), seen_y):item(), new = F.mse_loss(new_x:matmul(w), new_y):item(),
    zeros = w:eq(0):sum():item(), noise = w[{{13, -1}}]:square():sum():item(), largest = w:abs():max():item(),
  }
  print(("%-10s error %.3f on seen wines, %.3f on new ones; %2d of %d weights zero, largest %.2f"):format(name,
    result.seen, result.new, result.zeros, columns, result.largest))
  return result
end
local none, l2, l1 = fit("none", 0), fit("l2", 0.3), fit("l1", 0.15)
local plain, shrunk, sparse = report("nothing", none), report("L2, 0.3", l2), report("L1, 0.15", l1)
plot.bar(l1[{{1, 12}}]:flatten():totable(), {title = "weights of the 12 properties under L1"})

tutorial.heading("Why: the last step to zero")
-- Near 0 the slope of w^2 is next to nothing: L2 loses interest in small weights. The slope of |w| is 1 to the end.
for _, v in ipairs {1.0, 0.1, 0.001} do
  local w = tensor({v}, {requires_grad = true})
  print(("w = %5.3f: slope of w^2 %.3f, of |w| %.0f"):format(v, tensor.grad(w:square():sum(), w):item(),
    tensor.grad(w:abs():sum(), w):item()))
end

tutorial.heading("Ridge regression is L2, solved")
-- The minimum of mean (x w - y)^2 + lambda |w|^2 is where its gradient is zero: (x'x / n + lambda I) w = x'y / n.
local left = seen_x:t():matmul(seen_x) / n + 0.3 * tensor.eye(columns)
local closed = tensor.linalg.solve(left, seen_x:t():matmul(seen_y) / n)
local gap = (closed - l2):abs():max():item()
print(("largest difference to the %d steps: %.1e"):format(options.steps, gap))

tutorial.heading("How much?")
-- The price is chosen by new data, never by those that were learned from: on these no price is always best.
local best
for _, lambda in ipairs {0, 0.01, 0.03, 0.1, 0.3, 1, 3, 10} do
  local w = tensor.linalg.solve(seen_x:t():matmul(seen_x) / n + lambda * tensor.eye(columns),
    seen_x:t():matmul(seen_y) / n)
  local seen, new = F.mse_loss(seen_x:matmul(w), seen_y):item(), F.mse_loss(new_x:matmul(w), new_y):item()
  if not best or new < best.new then best = {lambda = lambda, new = new} end
  print(("lambda %5.2f: seen %.3f, new %.3f"):format(lambda, seen, new))
end

tutorial.heading("The trap: cross-validation is a regulariser")
-- It measures and changes nothing: the same weights come out of the same training, whether somebody validates or not.
local again = tensor.no_grad(function()
  for _ in data.kfold({seen_x, seen_y}, {k = 5}) do F.mse_loss(seen_x:matmul(none), seen_y) end
  return fit
end)("none", 0)
local moved = (again - none):abs():max():item()
print(("weights with and without a cross-validation beside them differ by %g"):format(moved))

tutorial.heading("Weight decay")
-- For plain SGD weight_decay = 2 lambda is the same as L2 in the loss. (Not so for Adam: see optimizers.lua.)
local w = tensor.zeros(columns, 1, {requires_grad = true})
local opt = optim.SGD({w}, {lr = 0.05, weight_decay = 0.6})
for _ = 1, options.steps do
  opt:zero_grad()
  F.mse_loss(seen_x:matmul(w), seen_y):backward()
  opt:step()
end
local decay_gap = (w:detach() - l2):abs():max():item()
print(("largest difference to L2 in the loss: %.1e"):format(decay_gap))

-- To try next: both together (elastic net), and 150 wines to learn from: is a price still worth it?
print(("result: new_none=%.3f new_l2=%.3f new_l1=%.3f zeros_l1=%d zeros_l2=%d ridge_gap=%.0e best=%g moved=%g"):format(
  plain.new, shrunk.new, sparse.new, sparse.zeros, shrunk.zeros, gap, best.lambda, moved))
