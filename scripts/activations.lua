-- Activation functions: how much of the gradient arrives at the first of twenty layers.
--
--   nnlua scripts/activations.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {400, 60}}

-- Without a bend between them, layers collapse into one. Which bend is used decides how well gradients pass: each
-- layer multiplies the gradient by the slope of its activation, and twenty slopes below 1 leave nothing.
local candidates = {
  {"sigmoid", nn.Sigmoid}, {"tanh", nn.Tanh}, {"ReLU", nn.ReLU}, {"leaky ReLU", nn.LeakyReLU}, {"GELU", nn.GELU},
  {"SiLU", nn.SiLU}, {"ELU", nn.ELU}, {"softmax", function() return nn.Softmax(-1) end},
}

tutorial.heading("Their shapes")
local at = tensor.linspace(-4, 4, 81)
plot.line(at, {sigmoid = at:sigmoid(), tanh = at:tanh(), ReLU = at:relu(), GELU = F.gelu(at)},
  {title = "activations", xlabel = "x", ylim = {-1, 3}, rows = 14})
for i = 1, #candidates - 1 do -- softmax has no shape of its own: each of its outputs depends on all inputs
  local candidate = candidates[i]
  local x = tensor.linspace(-4, 4, 8001, {requires_grad = true})
  local y = candidate[2]()(x)
  local slope = tensor.grad(y:sum(), x)
  print(("%-10s from %5.2f to %5.2f on [-4, 4]   slope from %5.2f to %4.2f, %4.1f %% of it small"):format(candidate[1],
    y:min():item(), y:max():item(), slope:min():item(), slope:max():item(),
    100 * slope:abs():lt(0.05):to("float32"):mean():item()))
end

tutorial.heading("Gradient at layer 1 of 20, as a share of layer 20's")
local depth, width = 20, 64
local function deep(activation)
  local layers = {}
  for _ = 1, depth do
    layers[#layers + 1] = nn.Linear(width, width)
    layers[#layers + 1] = activation()
  end
  layers[#layers + 1] = nn.Linear(width, 10)
  local net = nn.Sequential(layers)
  for _, layer in ipairs(net:children()) do
    if nn.is(layer, nn.Linear) then
      nn.init.kaiming_normal_(layer.weight, {nonlinearity = "relu"})
      nn.init.zeros_(layer.bias)
    end
  end
  return net
end
local x, y = tensor.randn(256, width), tensor.randint(1, 11, {256})
local arrives = {}
for _, candidate in ipairs(candidates) do
  local net = deep(candidate[2])
  F.cross_entropy(net(x), y):backward()
  local share = net[1].weight.grad:norm():item() / net[2 * depth - 1].weight.grad:norm():item()
  arrives[candidate[1]] = share
  print(("%-10s %.2e"):format(candidate[1], share))
end
plot.bar(arrives, {title = "gradient at layer 1 / layer 20"})
-- Softmax shares 1 out among all 64 neurons: a fine last layer, where shares are wanted, and no activation for others.

tutorial.heading("What it means for learning")
-- A smooth function of two inputs, learned by ten layers of each kind.
local inputs = tensor.rand(512, 2) * 4 - 2
local target = (inputs:select(2, 1) * 1.5):sin() * inputs:select(2, 2):cos()
for _, candidate in ipairs {candidates[1], candidates[2], candidates[3], candidates[5]} do
  tensor.manual_seed(options.seed)
  local layers = {nn.Linear(2, 32), candidate[2]()}
  for _ = 1, 8 do
    layers[#layers + 1] = nn.Linear(32, 32)
    layers[#layers + 1] = candidate[2]()
  end
  layers[#layers + 1] = nn.Linear(32, 1)
  local net = nn.Sequential(layers)
  local opt = optim.Adam(net:parameters(), {lr = 2e-3})
  local loss
  for _ = 1, options.steps do
    loss = F.mse_loss(net(inputs):squeeze(2), target)
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
  print(("%-10s error %.4f of the target's variance"):format(candidate[1], loss:item() / target:var():item()))
end

tutorial.heading("The traps: ReLU is linear; ReLU adds a threshold to its input")
-- Linear would mean f(a + b) = f(a) + f(b). ReLU is linear only on each side of zero, and the bend is the whole
-- point.
local a, b = tensor{-1, 2}, tensor{3, -5}
print(("relu(a) + relu(b) = %s    relu(a + b) = %s"):format(a:relu() + b:relu(), (a + b):relu()))
-- And it adds nothing: what is positive passes unchanged, the rest becomes zero.
local sample = tensor.randn(1000)
local kept = sample:gt(0)
print(("positive inputs changed by ReLU: at most %g;  negative ones left: %d"):format(
  (sample:relu() - sample)[kept]:abs():max():item(), sample:relu():lt(0):sum():item()))
local broken = (a:relu() + b:relu() - (a + b):relu()):abs():max():item()

-- To try next: nn.init.xavier_normal_ for tanh, depth 50, and a sigmoid network with nn.BatchNorm1d between its
-- layers.
print(("result: sigmoid=%.1e relu=%.2f linear_gap=%.0f"):format(arrives.sigmoid, arrives.ReLU, broken))
