-- Gradients of gradients of whole programs: a small convolutional network's Hessian times a vector against differences
-- of its gradient of fourth order, and powers by hand. In float64, right to 1e-8.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, F = nnlua.tensor, nnlua.nn, nnlua.F

check.test("x^3 differentiated three times", function()
  local x = tensor({-2, 0.5, 3}, {dtype = "float64", requires_grad = true})
  local first = tensor.grad(x:pow(3):sum(), x, {create_graph = true})
  local second = tensor.grad(first:sum(), x, {create_graph = true})
  local third = tensor.grad(second:sum(), x)
  check.close(first:detach(), (3 * x * x):detach(), 1e-12)
  check.close(second:detach(), (6 * x):detach(), 1e-12)
  check.close(third, tensor({6, 6, 6}, {dtype = "float64"}), 1e-12)
end)

local function network()
  tensor.manual_seed(4)
  local net = nn.Sequential(
    nn.Conv2d(2, 3, 3, {padding = 1}), nn.BatchNorm2d(3), nn.Tanh(), nn.AvgPool2d(2),
    nn.Conv2d(3, 4, 3), nn.GELU(), nn.Flatten(), nn.Linear(4, 3))
  return net:to("float64")
end

local x = tensor.randn(3, 2, 6, 6, {dtype = "float64"})
local y = tensor({1, 3, 2}, {dtype = "int64"})

check.test("a convolutional network's Hessian times a vector", function()
  local net = network()
  local params = net:parameters()
  local along = {}
  for i, p in ipairs(params) do along[i] = tensor.randn_like(p) end

  local function slopes(create)
    return {tensor.grad(F.cross_entropy(net(x), y), params, {create_graph = create})}
  end
  -- the gradient at the parameters moved by h along the vector
  local function moved(h)
    tensor.no_grad(function()
      for i, p in ipairs(params) do p:add_(along[i] * h) end
    end)
    local found = slopes(false)
    tensor.no_grad(function()
      for i, p in ipairs(params) do p:sub_(along[i] * h) end
    end)
    return found
  end

  local product = 0
  for i, g in ipairs(slopes(true)) do product = product + (g * along[i]):sum() end
  local hessian = {tensor.grad(product, params)}

  local h = 1e-4
  local a, b, c, d = moved(-2 * h), moved(-h), moved(h), moved(2 * h)
  for i = 1, #params do
    local differences = (a[i] - 8 * b[i] + 8 * c[i] - d[i]) / (12 * h)
    local scale = math.max(1, hessian[i]:abs():max():item())
    local off = (hessian[i] - differences):abs():max():item()
    check.ok(off <= 1e-8 * scale, ("parameter %d: off by %g of %g"):format(i, off, scale))
  end
end)

check.done()
