-- Where backward goes through two operations at once (max pooling of a ReLU): the gradients are those of the long way,
-- and whoever looks at the tensor in between sees its gradient.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, F = nnlua.tensor, nnlua.F

tensor.manual_seed(3)

local function leaf(t) return t:clone():detach():requires_grad_(true) end

-- The gradient of sum(weight * pool(relu(x))) by hand: the long way, with the ReLU as a product with its mask.
local function long_way(x, weight, ...)
  local a = leaf(x)
  local y = F.max_pool2d(a * a:detach():gt(0):to(a.dtype), ...);
  (y * weight):sum():backward()
  return a.grad
end

local cases = {
  {shape = {2, 3, 8, 6}, 2},
  {shape = {2, 3, 9, 7}, 2},
  {shape = {1, 2, 28, 28}, 2},
  {shape = {3, 1, 14, 14}, 2},
  {shape = {2, 2, 40, 70}, 2},
  {shape = {2, 3, 9, 8}, 3, 2, 1},
  {shape = {1, 1, 30, 30}, 17, 5},
}

-- A linear layer's gradients go straight to where others have arrived: the weight's .grad, a residual connection's.
for _, dtype in ipairs{"float32", "float64"} do
  for _, n in ipairs{2, 70} do
    local options = {dtype = dtype}
    local x, w, b = tensor.randn(5, n, options), tensor.randn(n, n, options), tensor.randn(n, options)
    local function by_hand(input, weight, bias) return input:matmul(weight:t()) + bias end

    -- Twice in one pass, with a sum around it, and two passes.
    local function gradients(linear, prepare)
      local i, v, c = leaf(x), leaf(w), leaf(b)
      local extra = prepare and prepare(v)
      for pass = 1, 2 do
        local h = i * pass
        local y = h + linear(h, v, c)
        y = y + linear(y:tanh(), v, c);
        (y * y):sum():backward()
      end
      return i.grad, v.grad, c.grad, extra
    end

    check.test("a linear layer adds to gradients, " .. n .. " " .. dtype, function()
      local gi, gw, gb = gradients(F.linear)
      local hi, hw, hb = gradients(by_hand)
      local close = {rtol = dtype == "float32" and 1e-4 or 1e-12, atol = dtype == "float32" and 1e-2 or 1e-10}
      assert(tensor.allclose(gi, hi, close) and tensor.allclose(gw, hw, close) and tensor.allclose(gb, hb, close))
    end)

    check.test("who looks at a gradient sees it, " .. n .. " " .. dtype, function()
      local seen = 0
      local _, gw = gradients(F.linear, function(v) v:register_hook(function(g) seen = seen + 1; return 2 * g end) end)
      local _, plain = gradients(F.linear)
      assert(seen > 0)
      assert(tensor.allclose(gw, 2 * plain, {rtol = 1e-3, atol = 1e-2}))
      local v = leaf(w)
      F.linear(x, v, b):sum():backward()
      local held, copy = v.grad, v.grad:clone()
      F.linear(x, v, b):sum():backward()
      assert(tensor.allclose(held, 2 * copy) and held:data_ptr() == v.grad:data_ptr())
      local view = v.grad:t() -- shares memory with the gradient, as in PyTorch
      F.linear(x, v, b):sum():backward()
      assert(tensor.allclose(v.grad, 3 * copy) and view:size(1) == n)
    end)

    check.test("gradients of gradients stay exact, " .. n .. " " .. dtype, function()
      local v = leaf(w)
      F.linear(x, v, b):sum():backward()
      local before = v.grad:clone()
      local g = tensor.grad(F.linear(x, v, b):pow(2):sum(), {v}, {create_graph = true})
      assert(tensor.equal(v.grad, before));
      (type(g) == "table" and g[1] or g):pow(2):sum():backward()
      assert(not tensor.equal(v.grad, before))
    end)
  end
end

for _, dtype in ipairs{"float32", "float64"} do
  for _, case in ipairs(cases) do
    local name = table.concat(case.shape, " ") .. " " .. table.concat(case, " ") .. " " .. dtype
    check.test("relu and max_pool2d, " .. name, function()
      local x = tensor.randn(case.shape, {dtype = dtype}) - 0.5
      local weight = tensor.randn(F.max_pool2d(x, table.unpack(case)).shape, {dtype = dtype})
      local a = leaf(x);
      (F.max_pool2d(F.relu(a), table.unpack(case)) * weight):sum():backward()
      check.equal(a.grad, long_way(x, weight, table.unpack(case)))
    end)
  end
end

local x = tensor.randn(2, 3, 8, 6)
local weight = tensor.randn(2, 3, 4, 3)
local want = long_way(x, weight, 2)

check.test("the tensor in between: retain_grad, hooks, tensor.grad", function()
  local a = leaf(x)
  local r = F.relu(a)
  r:retain_grad();
  (F.max_pool2d(r, 2) * weight):sum():backward()
  check.equal(a.grad, want)
  check.equal(r.grad * r:gt(0):to("float32"), want)
  local b = leaf(x)
  local seen
  r = F.relu(b)
  r:register_hook(function(g) seen = g; return g * 2 end);
  (F.max_pool2d(r, 2) * weight):sum():backward()
  check.equal(b.grad, want * 2)
  check.equal(seen * r:gt(0):to("float32"), want)
  local c = leaf(x)
  r = F.relu(c)
  local gr, gc = tensor.grad((F.max_pool2d(r, 2) * weight):sum(), {r, c})
  check.equal(gc, want)
  check.equal(gr * r:gt(0):to("float32"), want)
end)

check.test("a ReLU that others use as well", function()
  local a = leaf(x)
  local r = F.relu(a);
  ((F.max_pool2d(r, 2) * weight):sum() + r:sum()):backward()
  check.equal(a.grad, want + x:gt(0):to("float32"))
end)

check.test("twice over a graph that is kept, and once more over one that is not", function()
  local a = leaf(x)
  local loss = (F.max_pool2d(F.relu(a), 2) * weight):sum()
  loss:backward({retain_graph = true})
  loss:backward()
  check.equal(a.grad, want * 2)
  check.equal(pcall(loss.backward, loss), false)
end)

check.test("maxima that were changed in place afterwards", function()
  local a = leaf(x)
  local y = F.max_pool2d(F.relu(a), 2)
  y:mul_(weight)
  y:sum():backward()
  check.equal(a.grad, want)
  local b = leaf(x)
  y = F.max_pool2d(F.relu(b), 2)
  tensor.no_grad(function() y:fill_(-1) end);
  (y * weight):sum():backward()
  check.equal(b.grad, want)
end)

check.test("second derivatives", function()
  local a = leaf(x:to("float64"))
  local y = (F.max_pool2d(F.relu(a), 2) ^ 3):sum()
  local g = tensor.grad(y, a, {create_graph = true})
  local h = tensor.grad(g:sum(), a)
  local m = long_way(x:to("float64"), tensor.ones(2, 3, 4, 3, {dtype = "float64"}), 2)
  check.close(h, 6 * x:to("float64") * m, 1e-12)
end)

check.test("NaN passes a ReLU, and so does its gradient", function()
  local a = leaf(tensor{{{-1, 0 / 0}, {1, 2}}})
  F.max_pool2d(F.relu(a), 2):sum():backward()
  check.equal(a.grad:totable(), {{{0, 1}, {0, 0}}})
end)

-- A linear layer behind a ReLU: its gradient for the input goes on through the ReLU.
local function behind(input, dtype, long)
  tensor.manual_seed(5)
  local w = tensor.randn({70, 50}, {dtype = dtype}):requires_grad_(true)
  local bias = tensor.randn({70}, {dtype = dtype}):requires_grad_(true)
  local h = F.relu(input)
  if long then h = h * 1 end
  local y = F.linear(h, w, bias)
  return (y * tensor.randn_like(y)):sum(), w, bias
end

check.test("a linear layer behind a ReLU", function()
  for _, dtype in ipairs{"float32", "float64"} do
    for _, rows in ipairs{1, 3, 200} do
      local data = tensor.randn({rows, 50}, {dtype = dtype})
      data[1][1] = 0
      local a, b = leaf(data), leaf(data)
      local loss, w, bias = behind(a, dtype)
      loss:backward()
      local loss_long, w_long, bias_long = behind(b, dtype, true)
      loss_long:backward()
      local most = dtype == "float64" and 1e-12 or 1e-4
      check.close(a.grad, b.grad, most)
      check.close(w.grad, w_long.grad, most)
      check.close(bias.grad, bias_long.grad, most)
      check.equal(a.grad[1][1]:item(), 0)
    end
  end
end)

check.test("a linear layer behind a ReLU: hooks, other uses, second derivatives", function()
  local data = tensor.randn(4, 50, {dtype = "float64"})
  local a, b = leaf(data), leaf(data)
  behind(b, "float64", true):backward()
  tensor.manual_seed(5)
  local w, bias = tensor.randn(70, 50, {dtype = "float64"}), tensor.randn(70, {dtype = "float64"})
  local r, seen = F.relu(a), nil
  r:register_hook(function(g) seen = g end)
  local y = F.linear(r, w, bias);
  (y * tensor.randn_like(y)):sum():backward()
  check.close(a.grad, b.grad, 1e-12)
  check.close(seen * data:gt(0):to("float64"), b.grad, 1e-12)
  local c, d = leaf(data), leaf(data)
  local rc, rd = F.relu(c), F.relu(d)
  local g = {tensor.grad(F.linear(rc, w):pow(3):sum() + rc:sum(), c, {create_graph = true}),
    tensor.grad(F.linear(rd * 1, w):pow(3):sum() + (rd * 1):sum(), d, {create_graph = true})}
  check.close(g[1], g[2], 1e-9)
  check.close(tensor.grad(g[1]:sum(), c), tensor.grad(g[2]:sum(), d), 1e-8)
  local short = tensor.grad(F.linear(F.relu(c), w):pow(3):sum(), c)
  check.close(short, tensor.grad(F.linear(F.relu(d) * 1, w):pow(3):sum(), d), 1e-9)
end)

check.done()
