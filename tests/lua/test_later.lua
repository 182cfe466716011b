-- Batch norm, sums with it, linear layers and ReLU are computed with the operation that follows (src/engine/later.h):
-- whoever looks at what lies in between, before or after, sees what it would be without that, and changes of what it
-- was made from don't reach it.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, F, nn, optim = nnlua.tensor, nnlua.F, nnlua.nn, nnlua.optim

tensor.manual_seed(11)

local shape = {4, 8, 32, 32} -- large enough
local x, r = tensor.randn(shape), tensor.randn(shape)
local weight, bias = tensor.rand(8) + 0.5, tensor.randn(8)
local means, vars = tensor.randn(8), tensor.rand(8) + 0.5

-- In float64 nothing is put off.
local function double(f, ...)
  local args = table.pack(...)
  for i = 1, args.n do args[i] = args[i] and args[i]:double() end
  return f(table.unpack(args)):float()
end

local function norm(a, w, b) return F.batch_norm(a, nil, nil, w, b, {training = true}) end
local function relu(a) return (a:abs() + a) / 2 end -- by other operations

check.test("a ReLU that is pooled, and then looked at", function()
  local a = F.relu(x)
  local p = F.max_pool2d(a, 2)
  check.equal(p, F.max_pool2d(relu(x), 2))
  check.equal(a, relu(x))
  a = F.relu(x)
  check.equal(a, relu(x))
  check.equal(F.max_pool2d(a, 2), p)
  a = F.relu(x)
  check.equal(F.max_pool2d(a, 3, 2, 1), F.max_pool2d(relu(x), 3, 2, 1))
  a = F.relu(x)
  local q, places = F.max_pool2d(a, 2, {return_indices = true})
  check.equal(q, p)
  check.equal(select(2, F.max_pool2d(relu(x), 2, {return_indices = true})), places)
  check.equal(F.relu(F.relu(x)), relu(x))
end)

check.test("batch norm, with a sum and a ReLU, in training and not", function()
  for _, training in ipairs{true, false} do
    local function f(a, w, b, m, v)
      return F.batch_norm(a, not training and m or nil, not training and v or nil, w, b, {training = training})
    end
    local want = double(f, x, weight, bias, means, vars)
    local a = f(x, weight, bias, means, vars)
    local b = F.relu(a)
    local c = F.max_pool2d(b, 2)
    check.close(c, F.max_pool2d(relu(want), 2), 1e-5)
    check.close(b, relu(want), 1e-5)
    check.close(a, want, 1e-5)
    for _, swapped in ipairs{false, true} do
      a = f(x, weight, bias, means, vars)
      local s = swapped and r + a or a + r
      local y = F.relu(s)
      check.close(y, relu(want + r), 1e-5)
      check.close(s, want + r, 1e-5)
      check.close(a, want, 1e-5)
    end
    check.close(f(x, weight, bias, means, vars):add(r, {alpha = 2}), want + 2 * r, 1e-5)
    local two = f(x, weight, bias, means, vars) + f(r, weight, bias, means, vars)
    check.close(two, want + double(f, r, weight, bias, means, vars), 1e-5)
    a = f(x, weight, bias, means, vars)
    check.close(a + a, 2 * want, 1e-5)
    check.close(f(x, weight, bias, means, vars) + tensor.ones(32), want + 1, 1e-5)
  end
end)

check.test("short rows of a channel", function()
  local a, b = tensor.randn(64, 300), tensor.randn(64, 300, 2)
  check.close(F.relu(norm(a)), relu(double(norm, a)), 1e-5)
  check.close(F.relu(norm(b) + b), relu(double(norm, b) + b), 1e-5)
end)

check.test("what it is made from changes afterwards", function()
  local a = x:clone()
  local y = F.relu(a)
  a:add_(1)
  check.equal(y, relu(x))
  y = F.relu(a)
  a[1] = 7
  check.equal(y, relu(x + 1))
  a = x:clone()
  y = F.relu(a)
  a:copy_(r)
  check.equal(y, relu(x))
  a = x:clone()
  y = F.relu(a)
  local p = F.max_pool2d(y, 2)
  a:set(1, 1, 1, 1, 100)
  a:view(-1):mul_(2)
  check.equal(y, relu(x))
  check.equal(p, F.max_pool2d(y, 2))
  local c = x:clone()
  local n = norm(c, weight, bias)
  local s = n + r
  local other = r:clone()
  local t = n + other
  y = F.relu(t)
  c:zero_()
  other:zero_()
  weight:add_(0)
  check.close(y, relu(double(norm, x, weight, bias) + r), 1e-5)
  check.close(n, double(norm, x, weight, bias), 1e-5)
  check.close(s, n + r, 1e-5)
  check.close(t, n + r, 1e-5)
end)

check.test("the result changes", function()
  local y = F.relu(x)
  y:add_(1)
  check.equal(y, relu(x) + 1)
  y = F.relu(x)
  F.max_pool2d(y, 2)
  y[2] = 3
  check.equal(y[1], relu(x[1]))
  check.equal(y[2], tensor.full({8, 32, 32}, 3.0))
  y = F.relu(x)
  y:set(1, 1, 1, 1, -5)
  check.equal(y:get(1, 1, 1, 1), -5)
  check.equal(y[2], relu(x[2]))
  y = F.relu(x)
  local d, v = y:detach(), y:view(-1)
  y:zero_()
  check.equal(d, tensor.zeros(shape))
  check.equal(v:sum():item(), 0)
  local a = x:clone()
  F.relu_(a)
  check.equal(a, relu(x))
  y = norm(x)
  F.relu_(y)
  check.close(y, relu(double(norm, x)), 1e-5)
end)

check.test("looked at in every other way", function()
  local want = relu(x)
  check.equal(F.relu(x):sum():item(), want:sum():item())
  check.equal(F.relu(x)[3][2][1][5]:item(), want[3][2][1][5]:item())
  check.equal(F.relu(x):totable()[2][3][4], want:totable()[2][3][4])
  check.equal(tostring(F.relu(x)), tostring(want))
  check.equal(F.relu(x):detach(), want)
  check.equal(F.relu(x):transpose(1, 2), want:transpose(1, 2))
  check.equal(tensor.cat({F.relu(x), F.relu(r)}, 1), tensor.cat({want, relu(r)}, 1))
  check.equal(tensor.stack{F.relu(x), F.relu(x)}[2], want)
  check.equal(tensor(F.relu(x)), want)
  local y = tensor.zeros(shape)
  y:copy_(F.relu(x))
  check.equal(y, want)
  y[1] = F.relu(x)[2]
  check.equal(y[1], want[2])
  local path = os.tmpname()
  nn.save(path, {y = F.relu(x)})
  check.equal(nn.load(path).y, want)
  os.remove(path)
end)

local function leaf(t) return t:clone():detach():requires_grad_(true) end

-- Gradients for a, w and b of sum(g * f(...)); `watch` gets what norm gave, which the walk then has to show.
local function gradients(watch, pool, add)
  local a, w, b = leaf(x), leaf(weight), leaf(bias)
  local n = norm(a, w, b)
  if watch then n:retain_grad() end
  local y = F.relu(add and n + a or n)
  if pool then y = F.max_pool2d(y, 2) end;
  (y * y * 0.5 + y):sum():backward()
  return a.grad, w.grad, b.grad, n.grad
end

check.test("gradients through ReLU and batch norm together, and one by one", function()
  for _, pool in ipairs{false, true} do
    for _, add in ipairs{false, true} do
      local a, w, b = gradients(false, pool, add)
      local a2, w2, b2, n = gradients(true, pool, add)
      check.close(a, a2, 1e-5)
      check.close(w, w2, 1e-2) -- sums of 4096 numbers each
      check.close(b, b2, 1e-2)
      check.equal(n ~= nil, true)
    end
  end
end)

-- ---- linear layers ------------------------------------------------------------------------------------------------

local lx, lw, lb, lr = tensor.randn(300, 40), tensor.randn(160, 40), tensor.randn(160), tensor.randn(300, 160)
local linear = F.linear

check.test("a linear layer with a ReLU or a sum, and what lies in between", function()
  for _, b in ipairs{lb, false} do
    local want = double(linear, lx, lw, b or nil)
    local y = linear(lx, lw, b or nil)
    local a = F.relu(y)
    check.close(a, relu(want), 1e-4)
    check.close(y, want, 1e-4)
    y = linear(lx, lw, b or nil)
    check.close(y + lr, want + lr, 1e-4)
    check.close(lr + y, want + lr, 1e-4)
    check.close(y, want, 1e-4)
    y = linear(lx, lw, b or nil)
    check.close(lr + F.dropout(y, 0.5, false), want + lr, 1e-4)
    check.close(F.relu(lr + linear(lx, lw, b or nil)), relu(want + lr), 1e-4)
    y = linear(lx, lw, b or nil)
    check.close(y + y, 2 * want, 1e-4)
    check.close(linear(lx, lw, b or nil) + linear(lx, lw, b or nil), 2 * want, 1e-4)
    check.close(linear(lx, lw, b or nil) + lr[1], want + lr[1], 1e-4)
    check.close(F.relu(linear(lx, lw, b or nil)) + F.relu(y), 2 * relu(want), 1e-4)
    local into = lr:clone()
    check.close(into:add_(linear(lx, lw, b or nil)), want + lr, 1e-4)
    check.close(linear(lx, lw, b or nil):add_(lr), want + lr, 1e-4)
    check.close(F.relu_(linear(lx, lw, b or nil)), relu(want), 1e-4)
    check.close(F.relu(linear(lx:view(3, 100, 40), lw, b or nil)), relu(want):view(3, 100, 160), 1e-4)
  end
end)

check.test("what a linear layer is made from changes afterwards", function()
  local want = double(linear, lx, lw, lb)
  local a, w, b = lx:clone(), lw:clone(), lb:clone()
  local y = linear(a, w, b)
  local z = F.relu(y)
  w:zero_()
  check.close(z, relu(want), 1e-4)
  b:zero_()
  check.close(y, want, 1e-4)
  w, b = lw:clone(), lb:clone()
  y = linear(a, w, b)
  z = F.relu(y)
  local s = lr + y
  a:mul_(2)
  b:add_(1)
  w:mul_(0)
  check.close(z, relu(want), 1e-4)
  check.close(s, want + lr, 1e-4)
  check.close(y, want, 1e-4)
  y = linear(lx, lw, lb)
  y[1] = 5
  check.close(y[2], want[2], 1e-4)
  check.equal(y[1], tensor.full({160}, 5.0))
end)

check.test("gradients through a linear layer with a ReLU and a sum", function()
  local function run(f)
    local a, w, b, r2 = leaf(lx), leaf(lw), leaf(lb), leaf(lr)
    local h, s = f(a, w, b, r2)
    local loss = (h * h):sum() + (s * s * 0.5):sum()
    loss:backward()
    return a.grad, w.grad, b.grad, r2.grad
  end
  local got = {run(function(a, w, b, c)
    return F.relu(linear(a, w, b)), c + linear(a, w, b)
  end)}
  local want = {run(function(a, w, b, c)
    local y = a:matmul(w:t()) + b
    return relu(y), y + c
  end)}
  for i = 1, 4 do check.close(got[i], want[i], 1e-5 * want[i]:abs():max():item()) end
  local function twice(f)
    local a, w = leaf(lx), leaf(lw)
    local y = f(a, w)
    local g = tensor.grad((y * y * y):sum(), a, {create_graph = true})
    local square = g * g
    square:sum():backward()
    return w.grad
  end
  local first = twice(function(a, w) return F.relu(linear(a, w, lb)) end)
  local second = twice(function(a, w) return relu(a:matmul(w:t()) + lb) end)
  check.close(first, second, 1e-4 * second:abs():max():item())
end)

check.test("gradients over short rows, in float64 and for running statistics", function()
  local cases = {{{6, 5}, "float64"}, {{7, 3, 4}, "float64"}, {{40, 600}, "float32"}, {{2, 3, 50, 41}, "float64"}}
  for _, case in ipairs(cases) do
    for _, training in ipairs{true, false} do
      local data = tensor.randn(case[1], {dtype = case[2]})
      local c = case[1][2]
      local g = tensor.randn(case[1], {dtype = case[2]})
      local m, v = tensor.randn(c, {dtype = case[2]}), tensor.rand(c, {dtype = case[2]}) + 0.5
      local function run(watch)
        local a, w = leaf(data), leaf(v)
        local n = F.batch_norm(a, m:clone(), v:clone(), w, nil, {training = training})
        if watch then n:register_hook(function() end) end
        F.relu(n):backward(g)
        return a.grad, w.grad
      end
      local a, w = run(false)
      local a2, w2 = run(true)
      check.close(a, a2, 1e-5)
      check.close(w, w2, 1e-4)
    end
  end
end)

check.test("gradients that are put off themselves, and hooks that give such", function()
  local a = leaf(x)
  F.relu(a):backward(F.relu(r))
  check.equal(a.grad, relu(r) * x:gt(0):float())
  a = leaf(x)
  a.grad = F.relu(r)
  F.relu(a):sum():backward()
  check.equal(a.grad, relu(r) + x:gt(0):float())
  a = leaf(x)
  local y = a * 1
  y:register_hook(function() return F.relu(r) end)
  y:sum():backward()
  check.equal(a.grad, relu(r))
  check.equal(F.relu(a.grad) + 0, relu(r))
end)

check.test("a gradient that somebody holds is not written over", function()
  local a, g = leaf(x), r:clone()
  F.relu(a):backward(g)
  check.equal(g, r)
  a = leaf(x)
  local y = F.relu(a)
  local z = y * 2
  y:retain_grad()
  z:retain_grad()
  z:backward(g)
  check.equal(z.grad, r)
  check.equal(y.grad, r * 2)
  check.equal(a.grad, r * 2 * x:gt(0):float())
end)

-- n, c, h, w, k, kernel, padding: few channels (directly), many (Winograd's method), neither
local layers = {{6, 1, 28, 28, 8, 3, 1}, {3, 3, 21, 34, 5, 5, 2}, {8, 16, 14, 14, 20, 3, 1}, {4, 6, 20, 20, 8, 3, 1}}

local function pooled(case)
  local n, c, h, w, k, size, padding = table.unpack(case)
  return tensor.randn(n, c, h, w), tensor.randn(k, c, size, size), tensor.randn(k), {padding = padding}
end

local function near(a, b)
  check.equal(a.shape, b.shape)
  check.equal((a:double() - b:double()):abs():max():item() <= 3e-5 * b:abs():max():item(), true)
end

check.test("a convolution that is pooled, and then looked at", function()
  for _, case in ipairs(layers) do
    local a, w, b, options = pooled(case)
    local want = F.conv2d(a:double(), w:double(), b:double(), options)
    for _, bent in ipairs{true, false} do
      local y = F.conv2d(a, w, b, options)
      local z = bent and F.relu(y) or y
      local p = F.max_pool2d(z, 2)
      near(p, F.max_pool2d(bent and relu(want) or want, 2))
      near(z, bent and relu(want) or want)
      near(y, want)
      local again = F.max_pool2d(bent and F.relu(y) or y, 2)
      near(again, p)
    end
    local y = F.conv2d(a, w, nil, options)
    local plain = F.conv2d(a:double(), w:double(), nil, options)
    near(F.relu(y) + y, relu(plain) + plain)
    near(F.max_pool2d(F.conv2d(a, w, b, options), 3, 2), F.max_pool2d(want, 3, 2))
    local q, places = F.max_pool2d(F.relu(F.conv2d(a, w, b, options)), 2, {return_indices = true})
    near(q, F.max_pool2d(relu(want), 2))
    check.equal(places.shape, q.shape)
    near(F.relu(F.conv2d(a, w, b, options)):sum(3), relu(want):sum(3))
  end
end)

check.test("what a convolution is made from changes before somebody looks", function()
  for _, case in ipairs(layers) do
    local a, w, b, options = pooled(case)
    local want = F.conv2d(a:double(), w:double(), b:double(), options)
    local y = F.conv2d(a, w, b, options)
    local z = F.relu(y)
    local p = F.max_pool2d(z, 2)
    w:mul_(2)
    b:zero_()
    w:add_(1)
    near(z, relu(want))
    near(y, want)
    near(p, F.max_pool2d(relu(want), 2))
    a, w, b, options = pooled(case)
    want = F.conv2d(a:double(), w:double(), b:double(), options)
    y = F.conv2d(a, w, b, options)
    z = F.relu(y)
    w:zero_()
    a:zero_()
    b:zero_()
    near(z, relu(want))
    y:add_(1)
    near(y, want + 1)
    near(z, relu(want))
  end
end)

check.test("gradients through pooling, ReLU and a convolution together, and one by one", function()
  for _, case in ipairs(layers) do
    local a, w, b, options = pooled(case)
    for _, bent in ipairs{true, false} do
      local g
      -- `watch`: what is looked at on its way; `wide`: in float64, where nothing is put off
      local function run(watch, wide)
        local function take(t) return leaf(wide and t:double() or t) end
        local x1, w1, b1 = take(a), take(w), take(b)
        local y = F.conv2d(x1, w1, b1, options)
        local z = bent and F.relu(y) or y
        if watch == "y" then y:retain_grad() end
        if watch == "z" then z:retain_grad() end
        local p = F.max_pool2d(z, 2)
        g = g or tensor.randn_like(p:detach())
        local loss = (p * (wide and g:double() or g)):sum()
        if watch == "twice" then loss = loss + (y * 0.5):sum() end
        loss:backward()
        return x1.grad, w1.grad, b1.grad
      end
      for _, watch in ipairs{"nothing", "y", "z", "twice"} do
        local got, want = {run(watch)}, {run(watch, true)}
        for i = 1, 3 do near(got[i], want[i]) end
      end
    end
  end
end)

check.test("a convolution adds its gradient to what is there", function()
  for _, case in ipairs{{4, 16, 18, 20}, {8, 32, 15, 17}, {2, 4, 5, 5}} do
    local n, c, h, w = table.unpack(case)
    local data, kernel, g = tensor.randn(n, c, h, w), tensor.randn(c, c, 3, 3), tensor.randn(n, c, h, w)
    local function run(watch, wide)
      local a, k = leaf(wide and data:double() or data), leaf(wide and kernel:double() or kernel)
      local b = a * 2
      local y = F.conv2d(b, k, nil, {padding = 1})
      if watch then b:register_hook(function() end) end
      local z = F.conv2d(F.relu(y), k, nil, {padding = 1}) + b + b:sin()
      z:backward(wide and g:double() or g)
      return a.grad:float(), k.grad:float()
    end
    local want, want_k = run(false, true)
    for _, watch in ipairs{false, true} do
      local got, got_k = run(watch)
      check.equal((got - want):abs():max():item() < 2e-5 * want:abs():max():item(), true)
      check.equal((got_k - want_k):abs():max():item() < 2e-5 * want_k:abs():max():item(), true)
    end
  end
end)

check.test("parameters that are stepped, and graphs that are walked twice", function()
  local w = leaf(x)
  local opt = optim.SGD({w}, {lr = 1})
  w.grad = tensor.ones(shape)
  local y = F.relu(w)
  opt:step()
  check.equal(y, relu(x))
  check.equal(w, x - 1)
  local a = leaf(x)
  y = F.max_pool2d(F.relu(a), 2):sum()
  y:backward({retain_graph = true})
  local once = a.grad:clone()
  y:backward()
  check.equal(a.grad, once * 2)
  a = leaf(x)
  local h = F.relu(norm(a)) * r
  local s = h:sum()
  s:backward({retain_graph = true})
  once = a.grad:clone()
  s:backward()
  check.equal(a.grad, once * 2)
end)

check.test("garbage takes its work along: memory comes back", function()
  for _ = 1, 4 do collectgarbage() end
  local before = nnlua.memory()
  for _ = 1, 20 do F.max_pool2d(F.relu(norm(x)), 2) end
  for _ = 1, 4 do collectgarbage() end
  check.equal(nnlua.memory(), before)
end)

check.test("a network in evaluation", function()
  local net = nn.Sequential(nn.Conv2d(3, 8, 3, {padding = 1}), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)):eval()
  local image = tensor.randn(4, 3, 32, 32)
  local got = tensor.no_grad(function() return net(image) end)
  local wide = net[1](image)
  check.close(got, F.max_pool2d(relu(net[2](wide) * 1), 2), 1e-6)
end)

check.test("batch norm of a convolution, which counts while it computes", function()
  local sizes = {{4, 8, 16, 16, 32}, {8, 16, 28, 28, 12}, {2, 16, 12, 20, 16}, {3, 16, 13, 13, 16}, {64, 16, 8, 8, 16}}
  for _, s in ipairs(sizes) do
    local n, c, h, w, k = table.unpack(s)
    local a = tensor.randn(n, c, h, w) + 3
    local kernel, shift = tensor.randn(k, c, 3, 3), 10 * tensor.randn(k)
    local function conv(p, q, t) return F.conv2d(p, q, t, {padding = 1}) end
    local want = double(conv, a, kernel, shift)
    local m = nn.BatchNorm2d(k)
    local y = conv(a, kernel, shift)
    local z = F.relu(m(y))
    check.close(z, relu(double(norm, want)), 2e-5)
    check.close(y, want, 1e-4)
    check.close(m.running_mean * 10, want:mean({1, 3, 4}), 1e-4)
    check.close((m.running_var - 0.9) * 10, want:var({1, 3, 4}), 1e-4 * want:var():item())
    check.equal(m.num_batches_tracked:item(), 1)
    y = conv(a, kernel, shift)
    local before = kernel:clone()
    kernel:zero_()
    check.close(norm(y), double(norm, want), 2e-5)
    kernel:copy_(before)
    y = conv(a, kernel, shift)
    m.num_batches_tracked:zero_()
    check.close(y, want, 1e-4)
  end
end)

check.done()
