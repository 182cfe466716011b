-- Vanishing and exploding gradients: the gradient's size in each of thirty layers, and what really helps.
--
--   nnlua scripts/vanishing.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {300, 40}}

-- The gradient at layer k is a product of as many matrices and slopes as there are layers above it. Products of many
-- factors vanish when these are a little below 1 and explode when they are a little above.

local depth, width = 30, 64
local Block = nn.class("Block") -- a layer that adds to what it is given
function Block:init() self.linear = nn.Linear(width, width) end
function Block:forward(x) return x + F.relu(self.linear(x)) * 0.3 end

local Normed = nn.class("Normed")
function Normed:init()
  self.linear = nn.Linear(width, width)
  self.norm = nn.BatchNorm1d(width)
end
function Normed:forward(x) return F.relu(self.norm(self.linear(x))) end

local Plain = nn.class("Plain")
function Plain:init(activation, scale)
  self.linear, self.activation = nn.Linear(width, width), activation
  nn.init.normal_(self.linear.weight, 0, scale / math.sqrt(width))
end
function Plain:forward(x) return self.activation(self.linear(x)) end

local kinds = {
  {"sigmoid", function() return Plain(F.sigmoid, 1) end},
  {"ReLU, small", function() return Plain(F.relu, 1) end},
  {"ReLU, He", function() return Plain(F.relu, math.sqrt(2)) end},
  {"ReLU, large", function() return Plain(F.relu, 2) end},
  {"residual", function() return Block() end},
  {"normalised", function() return Normed() end},
}

local function build(make, layers)
  tensor.manual_seed(options.seed)
  local list = {}
  for i = 1, layers do list[i] = make() end
  list[layers + 1] = nn.Linear(width, 10)
  return nn.Sequential(list)
end

local x, y = tensor.randn(256, width), tensor.randint(1, 11, {256})

tutorial.heading("Gradient norm by layer")
print("layer              1        10        20        30     first / last")
local share, curves = {}, {}
for _, kind in ipairs(kinds) do
  local net = build(kind[2], depth)
  F.cross_entropy(net(x), y):backward()
  local norms = {}
  for i = 1, depth do norms[i] = net[i].linear.weight.grad:norm():item() end
  share[kind[1]] = norms[1] / norms[depth]
  curves[kind[1]] = norms
  print(("%-12s %8.1e  %8.1e  %8.1e  %8.1e  %8.1e"):format(kind[1], norms[1], norms[10], norms[20], norms[30],
    share[kind[1]]))
end
plot.line(curves, {title = "gradient norm by layer", xlabel = "layer", logy = true, rows = 16})

tutorial.heading("What each of them learns")
-- Which of eight corners is a point in? Easy, if the first layers hear of their mistakes.
local points = tensor.randn(512, width)
local corner = points:select(2, 1):gt(0):to("int64") + points:select(2, 2):gt(0):to("int64") * 2
  + points:select(2, 3):gt(0):to("int64") * 4 + 1
local function learn(net, lr, clip)
  local opt = optim.Adam(net:parameters(), {lr = lr})
  local loss
  for _ = 1, options.steps do
    loss = F.cross_entropy(net(points), corner)
    opt:zero_grad()
    loss:backward()
    if clip then nn.utils.clip_grad_norm_(net:parameters(), clip) end
    opt:step()
  end
  return loss:item()
end
local loss = {}
for _, kind in ipairs(kinds) do
  loss[kind[1]] = learn(build(kind[2], depth), 1e-3)
  print(("%-12s loss %.3f (guessing: %.3f)"):format(kind[1], loss[kind[1]], math.log(8)))
end

tutorial.heading("The traps")
local sigmoid = kinds[1][2]
-- "Deeper networks avoid it": each layer more makes the product longer.
for _, layers in ipairs {5, 10, 30} do
  local net = build(sigmoid, layers)
  F.cross_entropy(net(x), y):backward()
  print(("%2d sigmoid layers: gradient at the first %.1e"):format(layers, net[1].linear.weight.grad:norm():item()))
end
-- "Clipping cures vanishing": clipping only ever makes gradients smaller. It cures exploding ones.
local net = build(sigmoid, depth)
F.cross_entropy(net(x), y):backward()
local before = net[1].linear.weight.grad:norm():item()
nn.utils.clip_grad_norm_(net:parameters(), 1.0)
print(("first layer's gradient before clipping %.1e, after %.1e"):format(before,
  net[1].linear.weight.grad:norm():item()))
local clipped = learn(build(sigmoid, depth), 1e-3, 1.0)
-- "A lower learning rate cures vanishing": it scales what is not there.
local slower = learn(build(sigmoid, depth), 1e-4)
print(("30 sigmoid layers: loss %.3f, clipped %.3f, lower rate %.3f; guessing costs %.3f"):format(
  loss["sigmoid"], clipped, slower, math.log(8)))

-- To try next: nn.LayerNorm(width) in place of nn.BatchNorm1d; 0.3 in Block replaced by 1 (watch the forward values
-- grow).
print(("result: sigmoid=%.1e residual=%.2f residual_loss=%.3f sigmoid_loss=%.3f clipped=%.3f"):format(share.sigmoid,
  share.residual, loss.residual, loss.sigmoid, clipped))
