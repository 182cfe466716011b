-- Automatic differentiation: derivatives of any order from a record of what was computed.
--
--   nnlua scripts/autograd.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{rounds = {60, 12}}

tutorial.heading("A derivative of a derivative of a derivative")
-- f(x) = x^3 sin(x). tensor.grad gives df/dx as a tensor; with create_graph it can be differentiated again.
local function f(x) return x:pow(3) * x:sin() end
local function third_by_formula(x)
  return (6 - 9 * x * x) * math.sin(x) + (18 * x - x ^ 3) * math.cos(x)
end
local worst = 0
for _, at in ipairs {-2, -0.5, 0.3, 1, 2.5} do
  local x = tensor(at, {dtype = "float64", requires_grad = true})
  local first = tensor.grad(f(x), x, {create_graph = true})
  local second = tensor.grad(first, x, {create_graph = true})
  local third = tensor.grad(second, x)
  worst = math.max(worst, math.abs(third:item() - third_by_formula(at)))
  print(("x = %4.1f   f' = %9.5f   f'' = %9.5f   f''' = %9.5f   by formula %9.5f"):format(at, first:item(),
    second:item(), third:item(), third_by_formula(at)))
end
print(("largest difference in f''': %.1e"):format(worst))
assert(worst < 1e-10)

tutorial.heading("The record")
-- While tensors that require gradients are computed with, each result remembers the operation that made it and what
-- that operation was given. backward() walks these links from the result to the leaves.
local w = tensor({2}, {requires_grad = true})
local b = tensor({1}, {requires_grad = true})
local loss = ((w * 3 + b):tanh() - 0.5):pow(2):sum()
local function tell(node, depth)
  if not node then return end         -- the number 3 needs no gradient
  local leaf = tensor.is_tensor(node) -- the record ends at tensors that were made by hand
  print(("  "):rep(depth) .. (leaf and ("leaf %s"):format(node == w and "w" or "b") or node:name()))
  if leaf then return end
  for _, next_node in ipairs(node.next_functions) do tell(next_node, depth + 1) end
end
tell(loss.grad_fn, 1)
plot.graph(loss, {title = "the record of the loss"})

tutorial.heading("The trap: it is numeric differencing, or symbolic algebra")
-- Numeric differencing nudges the input: it costs a forward pass for each input and is never exact. The error first
-- falls with the nudge (truncation), then rises (rounding); autograd has neither.
local function g(x) return x:exp() / (x:sin() ^ 3 + x:cos() ^ 3) end
local x = tensor(1.5, {dtype = "float64", requires_grad = true})
local exact = tensor.grad(g(x), x):item()
local best = math.huge
for power = -1, -13, -2 do
  local h = 10.0 ^ power
  local numeric = tensor.no_grad(function() return ((g(x + h) - g(x - h)) / (2 * h)):item() end)
  best = math.min(best, math.abs(numeric - exact))
  print(("nudge %.0e   numeric %.12f   error %.1e"):format(h, numeric, math.abs(numeric - exact)))
end
-- And it is no symbolic algebra: it follows the operations that really ran, so loops and ifs are no obstacle. The
-- same function has one record for an even number of rounds and another for an odd one.
local function collatz(n, v)
  while n > 1 do
    if n % 2 == 0 then n, v = n // 2, v * 0.5 else n, v = 3 * n + 1, v * v + 1 end
  end
  return v
end
local v = tensor(0.7, {dtype = "float64", requires_grad = true})
print(("a derivative through a while loop with an if: %.10f"):format(tensor.grad(collatz(6, v), v):item()))

tutorial.heading("What it costs")
-- The backward pass of a product is two products, so a gradient of everything costs about two forward passes more,
-- whatever the number of parameters. Differencing would cost two forward passes for each of them.
local net = nn.Sequential(nn.Linear(256, 512), nn.Tanh(), nn.Linear(512, 512), nn.Tanh(), nn.Linear(512, 10))
local input, labels = tensor.randn(128, 256), tensor.randint(1, 11, {128})
local forward, both = {}, {}
for round = 1, options.rounds do
  local began = nnlua.clock()
  tensor.no_grad(function() return F.cross_entropy(net(input), labels) end)
  local middle = nnlua.clock()
  net:zero_grad()
  F.cross_entropy(net(input), labels):backward()
  forward[round], both[round] = middle - began, nnlua.clock() - middle
end
table.sort(forward)
table.sort(both)
local parameters = 0
for _, p in ipairs(net:parameters()) do parameters = parameters + p:numel() end
local half = (options.rounds + 1) // 2
print(("%d parameters: seconds forward %.5f, forward and backward %.5f: %.1f times"):format(parameters, forward[half],
  both[half], both[half] / forward[half]))

-- To try next: the Hessian of f in several variables by tensor.hessian, and a rule of your own by tensor.Function.
print(("result: third_error=%.0e numeric_error=%.0e"):format(math.max(worst, 1e-16), best))
