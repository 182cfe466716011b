-- tensor.vmap: where batches are and go, gradients of each sample, vmap in vmap, networks, what cannot be batched. Each
-- operation by itself is in registry_vmap.lua.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, F = nnlua.tensor, nnlua.nn, nnlua.F
local vmap = tensor.vmap

check.test("where the batch is and goes", function()
  local a, b = tensor.arange(6):float():view(2, 3), tensor{1, 10, 100}
  check.equal(vmap(function(x, y) return x * y end, {in_dims = {1, false}})(a, b), a * b)
  check.equal(vmap(function(x, y) return x * y end, {in_dims = {-1, 1}})(a, b), (a * b):t())
  check.equal(vmap(function(x) return x * 2, x:sum() end, {in_dims = 2, out_dims = {2, 1}})(a), a * 2)
  local _, sums = vmap(function(x) return x * 2, x:sum() end, {in_dims = 2, out_dims = {2, 1}})(a)
  check.equal(sums, a:sum(1))
  local net = {w = tensor.ones(2, 3), b = tensor.zeros(2)}
  local out = vmap(function(p, x) return {y = (p.w * x):sum() + p.b} end, {in_dims = {1, false}})(net, b)
  check.equal(out.y, tensor{111, 111})
end)

check.test("a sample looks like one", function()
  vmap(function(x)
    check.equal({x:size()}, {2, 3})
    check.equal(x:size(-1), 3)
    check.ok(x.shape == {2, 3} and x:dim() == 2 and x.ndim == 2 and #x == 2 and x:numel() == 6 and x.dtype == "float32")
    check.ok(tensor.is_tensor(x))
    check.ok(tostring(x):find("4 samples [2, 3]", 1, true))
    check.equal({x[1]:size()}, {3})
    check.equal({x[{{}, {1, 2}}]:size()}, {2, 2})
    check.equal({x[{1, -1}]:size()}, {})
    return x.T:contiguous()
  end)(tensor.zeros(4, 2, 3))
  local y = vmap(function(x)
    local z = x:clone()
    z[1] = 5
    z:add_(1)
    return z
  end)(tensor.zeros(2, 3))
  check.equal(y, tensor{{6, 1, 1}, {6, 1, 1}})
end)

check.test("gradients of each sample, weights as they are", function()
  tensor.manual_seed(3)
  local net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
  local w1, b1, w2, b2 = table.unpack(net:parameters())
  local x, y = tensor.randn(6, 4), tensor.randint(1, 4, {6})
  local function loss(a1, c1, a2, c2, xi, yi)
    return F.cross_entropy(F.linear(F.linear(xi, a1, c1):tanh(), a2, c2), yi)
  end
  local found = {vmap(function(a1, c1, a2, c2, xi, yi)
    return tensor.grad(loss(a1, c1, a2, c2, xi, yi), {a1, c1, a2, c2})
  end, {in_dims = {false, false, false, false, 1, 1}})(w1, b1, w2, b2, x, y)}
  for i = 1, 6 do
    local want = {tensor.grad(loss(w1, b1, w2, b2, x[i], y[i]), {w1, b1, w2, b2})}
    for k = 1, 4 do check.close(found[k][i]:detach(), want[k], 1e-5) end
  end
  -- and the graph outside goes through
  local total = vmap(function(xi, yi) return F.cross_entropy(net(xi), yi) end)(x, y):mean()
  total:backward()
  check.close(w1.grad, found[1]:mean(1):detach(), 1e-5)
end)

check.test("a Jacobian by vmap over gradients, and vmap in vmap", function()
  local x = tensor({0.3, -1, 2}, {dtype = "float64", requires_grad = true})
  local function f(v) return (v * v):cumsum(1):sin() end
  local want = tensor.jacobian(f, x)
  local inputs = tensor.stack({x, x, x}, 1):detach():requires_grad_()
  local rows = vmap(function(v, i) return tensor.grad((f(v) * i):sum(), v) end)(inputs, tensor.eye(3):double())
  check.close(rows:detach(), want, 1e-12)
  local a, b = tensor.randn(4, 3), tensor.randn(5, 3)
  local outer = vmap(function(u) return vmap(function(v) return u:dot(v) end)(b) end)(a)
  check.close(outer, a:matmul(b:t()), 1e-6)
end)

check.test("functions of functions: gradients of each sample of a module, ensembles, a step inside", function()
  tensor.manual_seed(8)
  local func = tensor.func
  local net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
  local params = {}
  for name, p in net:named_parameters() do params[name] = p:detach() end
  local x, y = tensor.randn(5, 3), tensor.randint(1, 3, {5})
  local function loss(p, xi, yi) return F.cross_entropy(func.functional_call(net, p, xi), yi) end
  local each = vmap(func.grad(loss), {in_dims = {false, 1, 1}})(params, x, y)
  local want = func.grad(loss)(params, x, y)
  for name, g in pairs(want) do
    check.equal({each[name]:size()}, {5, table.unpack({g:size()})})
    check.close(each[name]:mean(1):detach(), g:detach(), 1e-6, name)
  end
  check.ok(nn.is(net[1].weight, nn.Parameter), "the module has its own parameters again")
  local second = func.grad(function(v) return func.grad(function(u) return u:pow(3):sum() end)(v):sum() end)
  check.close(second(tensor{1, 2}):detach(), tensor{6, 12}, 1e-6)
  local models = {nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(3, 2)}
  local stacked = func.stack_module_state(models)
  local out = vmap(function(p) return func.functional_call(models[1], p, x) end)(stacked)
  for i, m in ipairs(models) do check.close(out[i]:detach(), m(x):detach(), 1e-6) end
  -- the gradient of a loss after a step, by the weights before it
  local w = {weight = tensor{{0.5, -1, 2}}:requires_grad_()}
  local layer = nn.Linear(3, 1, {bias = false})
  local g = func.grad(function(p) return func.functional_call(layer, p, x):square():mean() end)(w)
  local after = func.functional_call(layer, {weight = w.weight - g.weight * 0.1}, x):square():mean()
  local by_hand = tensor.eye(3) - x:t():matmul(x) * (0.1 * 2 / 5)
  local moved = by_hand:matmul(w.weight:detach():t())
  local slope = by_hand:t():matmul(x:t():matmul(x):matmul(moved) * (2 / 5)):t()
  check.close(tensor.grad(after, w.weight), slope, 1e-5)
  check.error("no tensor 'wieght'", func.functional_call, layer, {wieght = tensor{1}}, x)
end)

check.test("layers on batches of batches", function()
  tensor.manual_seed(1)
  local x = tensor.randn(3, 2, 4, 6, 6)
  for _, layer in ipairs {nn.Conv2d(4, 3, 3, {padding = 1}), nn.MaxPool2d(2), nn.LayerNorm({6, 6}), nn.GELU(),
    nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Softmax(2), nn.BatchNorm2d(4):eval()} do
    local want = {}
    for i = 1, 3 do want[i] = layer(x[i]) end
    check.close(vmap(function(s) return layer(s) end)(x):detach(), tensor.stack(want, 1):detach(), 1e-5,
      tostring(layer))
  end
end)

check.test("what cannot be batched is said", function()
  local x = tensor.zeros(2, 3)
  local function fails(text, f, options) check.error(text, function() return vmap(f, options)(x) end) end
  fails("item needs the numbers of one sample", function(v) return v:sum():item() end)
  fails("must return tensors", function() return 3 end)
  fails("returned nothing", function() end)
  fails("in_dims is 3 for argument 1", function(v) return v end, {in_dims = 3})
  fails("no argument is mapped", function(v) return v end, {in_dims = false})
  fails("randomness = \"different\"", function(v) return F.dropout(v, 0.5) end)
  fails("the same for all samples", function() return x:add_(1) end and function(v) return x:add_(v) end)
  fails("by what the function got", function(v)
    local w = tensor.ones(3):requires_grad_()
    return tensor.grad((v * w):sum(), w)
  end)
  check.error("has 3 samples", vmap(function(a, b) return a + b end), x, tensor.zeros(3, 3))
  tensor.manual_seed(2)
  local drawn = vmap(function(v) return tensor.randn_like(v) end, {randomness = "different"})(x)
  check.ok(not drawn[1]:equal(drawn[2]), "each sample has its own")
  check.equal((x + 1):sum():item(), 6.0, "and all is as before")
end)

check.done()
