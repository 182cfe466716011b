-- Meta-learning: weights from which one step suffices. MAML, which differentiates through its own learning, and
-- Reptile, which does without, on sine waves of which five points are known.
--
--   nnlua scripts/maml.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {4000, 150}, tests = {200, 40}, points = 5, rate = 0.02}

tutorial.heading("Many small tasks")
-- Each task is a sine wave of an amplitude and a phase of its own. Learning it means: five points are shown, the
-- others are asked for. No task comes twice; what can be learned over all of them is what they have in common.
local function wave()
  local amplitude, phase = 0.1 + 4.9 * math.random(), math.pi * math.random()
  return function(n)
    local x = tensor.rand(n, 1) * 10 - 5
    return x, amplitude * (x - phase):sin()
  end
end
-- A network as a function of its weights, so that other weights than the stored ones can be put in: 1 - 40 - 40 - 1.
local function initial()
  local sizes, weights = {1, 40, 40, 1}, {}
  for i = 1, 3 do
    local layer = nn.Linear(sizes[i], sizes[i + 1])
    weights[#weights + 1] = layer.weight:detach():clone():requires_grad_()
    weights[#weights + 1] = layer.bias:detach():clone():requires_grad_()
  end
  return weights
end
local function predict(w, x)
  local hidden = F.relu(F.linear(x, w[1], w[2]))
  return F.linear(F.relu(F.linear(hidden, w[3], w[4])), w[5], w[6])
end

-- Weights after some steps of gradient descent on a few points. With `graph` the result remembers how it came about,
-- so that a gradient can go back through the steps: the second derivative is in there.
local function adapt(w, x, y, steps, graph)
  for _ = 1, steps do
    local grads = table.pack(tensor.autograd.grad(F.mse_loss(predict(w, x), y), w, {create_graph = graph}))
    local new = {}
    for i = 1, #w do new[i] = w[i] - options.rate * grads[i] end
    if not graph then for i = 1, #w do new[i] = new[i]:detach():requires_grad_() end end
    w = new
  end
  return w
end

tutorial.heading("Four ways to begin")
-- What to do with a task's loss after the step is what tells them apart.
local ways = {}
-- Trained on all tasks at once, as if they were one: an ordinary loop over tasks.
function ways.joint(w, x, y) return tensor.autograd.grad(F.mse_loss(predict(w, x), y), w) end
-- MAML (Finn and others 2017): how must the beginning change so that the loss after a step falls?
function ways.maml(w, x, y, other_x, other_y)
  return tensor.autograd.grad(F.mse_loss(predict(adapt(w, x, y, 1, true), other_x), other_y), w)
end
-- First-order MAML: the gradient where the step has led, taken for that of the beginning.
function ways.first_order(w, x, y, other_x, other_y)
  local after = adapt(w, x, y, 1, false)
  return tensor.autograd.grad(F.mse_loss(predict(after, other_x), other_y), after)
end
-- Reptile (Nichol and others 2018): a little of the way to where a few steps have led.
function ways.reptile(w, x, y)
  local after, moves = adapt(w, x, y, 5, false), {}
  for i = 1, #w do moves[i] = (w[i] - after[i]):detach() / options.rate / 5 end
  return table.unpack(moves)
end

local function learn(way)
  tensor.manual_seed(options.seed)
  math.randomseed(options.seed)
  local w = initial()
  local opt = optim.Adam(w, {lr = 1e-3})
  for _ = 1, options.steps do
    opt:zero_grad()
    for _ = 1, 4 do -- a batch of tasks
      local task = wave()
      local x, y = task(options.points * 2)
      local other_x, other_y = task(options.points * 2)
      local grads = table.pack(ways[way](w, x, y, other_x, other_y))
      for i = 1, #w do w[i].grad = w[i].grad and w[i].grad + grads[i] or grads[i] end
    end
    opt:step()
  end
  return w
end

-- The mean error on new tasks before and after 1 and 10 steps on a few points.
local function judge(w)
  tensor.manual_seed(options.seed + 1)
  math.randomseed(options.seed + 1)
  local sums = {0, 0, 0}
  for _ = 1, options.tests do
    local task = wave()
    local x, y = task(options.points)
    local all_x, all_y = task(100)
    for i, steps in ipairs {0, 1, 10} do
      local after = adapt(w, x, y, steps, false)
      sums[i] = sums[i] + F.mse_loss(predict(after, all_x), all_y):item() / options.tests
    end
  end
  return sums
end
local learned, errors = {}, {}
print(("mean squared error on new waves, from %d points:"):format(options.points))
print(("%-12s %10s %10s %10s"):format("", "no step", "one step", "ten steps"))
for _, way in ipairs {"random", "joint", "first_order", "reptile", "maml"} do
  learned[way] = way == "random" and initial() or learn(way)
  errors[way] = judge(learned[way])
  print(("%-12s %10.3f %10.3f %10.3f"):format(way, table.unpack(errors[way])))
end

tutorial.heading("One wave")
tensor.manual_seed(options.seed + 3)
math.randomseed(options.seed + 3)
local task = wave()
local x, y = task(options.points)
local grid = tensor.linspace(-5, 5, 80):unsqueeze(2)
local lines = {}
for _, way in ipairs {"joint", "maml"} do
  lines[way] = {grid:flatten(), predict(adapt(learned[way], x, y, 1, false), grid):detach():flatten()}
end
lines.points = {x:flatten(), y:flatten()}
plot.scatter(lines, {rows = 16, title = ("after one step on %d points"):format(options.points)})

tutorial.heading("The trap: a loop over tasks is meta-learning")
-- The joint network has seen as many waves. What it has learned is their mean, which is nearly flat: best without any
-- step, and no good place to step from. MAML's beginning is worse as it stands; what was made small is the error
-- after.
print(("joint: %.2f before, %.2f after a step; MAML: %.2f before, %.2f after"):format(errors.joint[1], errors.joint[2],
  errors.maml[1], errors.maml[2]))
-- Is the second derivative there? The gradient through the step, against differences of the loss after the step.
local function after_step(w) return F.mse_loss(predict(adapt(w, x, y, 1, true), grid), grid:sin()) end
local double = {}
for i, p in ipairs(learned.maml) do double[i] = p:detach():double():requires_grad_() end
x, y, grid = x:double(), y:double(), grid:double()
local through = tensor.autograd.grad(after_step(double), double[3])
local place = through:abs():flatten():argmax():item() - 1 -- the weight that counts most
local step, at = 1e-5, {place // 40 + 1, place % 40 + 1}
local function moved(by)
  local w = table.pack(table.unpack(double))
  w[3] = double[3]:detach():clone()
  w[3][at] = w[3][at] + by
  w[3]:requires_grad_()
  return after_step(w):item()
end
local numeric = (moved(step) - moved(-step)) / (2 * step)
local gap = math.abs(through:get(at[1], at[2]) - numeric)
print(("gradient through the step %.8f, by differences %.8f"):format(through:get(at[1], at[2]), numeric))

-- To try next: --points 3; two steps inside MAML; a rate of its own for each weight, learned as well (Meta-SGD).
print(("result: random=%.3f joint=%.3f first_order=%.3f reptile=%.3f maml=%.3f maml10=%.3f gap=%.0g"):format(
  errors.random[2], errors.joint[2], errors.first_order[2], errors.reptile[2], errors.maml[2], errors.maml[3], gap))
