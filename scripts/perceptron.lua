-- The perceptron: what one neuron can do, what it can't, and why a hidden layer needs a bend.
--
--   nnlua scripts/perceptron.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {1500, 600}}

-- A neuron weighs its inputs, adds a bias and squashes the sum: y = sigmoid(w1 x1 + w2 x2 + b). Where the sum is
-- positive it says yes, so the border between yes and no is the straight line w1 x1 + w2 x2 + b = 0. Everything below
-- follows from that.

local x = tensor{{0, 0}, {0, 1}, {1, 0}, {1, 1}}
local problems = {
  {name = "AND", y = tensor{{0}, {0}, {0}, {1}}},
  {name = "OR", y = tensor{{0}, {1}, {1}, {1}}},
  {name = "XOR", y = tensor{{0}, {1}, {1}, {0}}},
}

-- The share of the four answers that are right. The network gives logits: a positive one means yes.
local function accuracy(net, y)
  return net(x):gt(0):eq(y:gt(0.5)):to("float32"):mean():item()
end

local function learn(net, y)
  local opt = optim.Adam(net:parameters(), {lr = 0.05})
  local losses = {}
  for step = 1, options.steps do
    local loss = F.binary_cross_entropy_with_logits(net(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
    losses[step] = loss:item()
  end
  return accuracy(net, y), losses
end

tutorial.heading("One neuron")
-- nn.Linear(2, 1) is exactly one neuron before its squashing: two weights and a bias.
for _, problem in ipairs(problems) do
  local neuron = nn.Linear(2, 1)
  local right = learn(neuron, problem.y)
  local w = neuron.weight
  print(("%-4s %3.0f %% right   border: %6.2f x1 %+6.2f x2 %+6.2f = 0"):format(problem.name, 100 * right,
    w[{1, 1}]:item(), w[{1, 2}]:item(), neuron.bias:item()))
end
-- AND and OR are learned, XOR is not: no straight line has (0, 1) and (1, 0) on one side and (0, 0) and (1, 1) on the
-- other. Three of four is the best that a line can do; the loss prefers to answer 0.5 everywhere.

tutorial.heading("The trap: more neurons, still linear")
-- "Then give it more neurons." A layer of 16 neurons without a bend in between computes B (A x + a) + b = (B A) x +
-- (B a + b): one line again, whatever the number of neurons.
local xor = problems[3].y
local best_linear = 0
for _, width in ipairs {1, 16, 256} do
  local linear = nn.Sequential(nn.Linear(2, width), nn.Linear(width, 1))
  local right = learn(linear, xor)
  best_linear = math.max(best_linear, right)
  print(("2-%d-1 without a bend: %3.0f %% right"):format(width, 100 * right))
end

tutorial.heading("A hidden layer with a bend")
-- tanh between the two layers lets each hidden neuron draw a line of its own, and the last one combine them.
local net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
local right, losses = learn(net, xor)
print(("2-16-1 with tanh: %3.0f %% right, loss %.4f"):format(100 * right, losses[#losses]))
plot.line(losses, {title = "XOR: loss by step", xlabel = "step", ylabel = "loss", logy = true, rows = 12})

-- What the network answers on a grid over the square: two corners are yes, two are no, and the border is curved.
tutorial.heading("What it answers in between")
for row = 5, 0, -1 do
  local line = {}
  for column = 0, 10 do
    local p = tensor{{column / 10, row / 5}}
    line[#line + 1] = net(p):sigmoid():item() > 0.5 and "#" or "."
  end
  print(("  x2 = %.1f  %s"):format(row / 5, table.concat(line, " ")))
end

-- To try next: how few hidden neurons are enough (2 are, but not from every start)? What does nn.ReLU() do instead of
-- nn.Tanh()?
print(("result: linear=%.2f hidden=%.2f"):format(best_linear, right))
