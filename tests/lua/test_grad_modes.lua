-- backward, tensor.grad, grad modes, hooks, checkpoints, the graph's nodes.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local core = require "nnlua.core"
local tensor = nnlua.tensor

local function leaf(values) return tensor(values, {dtype = "float64", requires_grad = true}) end
local function collect() for _ = 1, 3 do collectgarbage() end end

check.test("backward accumulates in the leaves", function()
  local x = leaf{1, 2, 3}
  local y = (x * x):sum()
  y:backward()
  check.equal(x.grad:totable(), {2.0, 4.0, 6.0})
  ;(x * 2):sum():backward()
  check.equal(x.grad:totable(), {4.0, 6.0, 8.0})
  ;(x * 2):backward(tensor({1, 0, 2}, {dtype = "float64"}))
  check.equal(x.grad:totable(), {6.0, 6.0, 12.0})
  x.grad = nil
  y = (x * x):sum()
  y:backward{retain_graph = true}
  y:backward()
  check.equal(x.grad:totable(), {4.0, 8.0, 12.0})
end)

check.test("backward to some inputs only", function()
  local x, w = leaf{1, 2}, leaf{3, 4}
  ;(x * w):sum():backward{inputs = {w}}
  check.equal(w.grad:totable(), {1.0, 2.0})
  check.equal(x.grad, nil)
  ;(x * w):sum():backward{inputs = w}
  check.equal(w.grad:totable(), {2.0, 4.0})
end)

check.test("tensor.grad: one, several, by name, unused", function()
  local x, w, u = leaf{1, 2}, leaf{3, 4}, leaf{5}
  local y = (x * w):sum()
  check.equal((tensor.grad(y, x, {retain_graph = true})):totable(), {3.0, 4.0})
  local gx, gw = tensor.grad(y, {x, w}, {retain_graph = true})
  check.equal({gx:totable(), gw:totable()}, {{3.0, 4.0}, {1.0, 2.0}})
  local by_name = tensor.grad(y, {first = x, second = w}, {retain_graph = true})
  check.equal({by_name.first:totable(), by_name.second:totable()}, {{3.0, 4.0}, {1.0, 2.0}})
  check.error("allow_unused", tensor.grad, y, {x, u}, {retain_graph = true})
  local a, b = tensor.grad(y, {x, u}, {allow_unused = true, retain_graph = true})
  check.equal({a:totable(), b}, {{3.0, 4.0}})
  local _, zero = tensor.grad(y, {x, u}, {materialize_grads = true, retain_graph = true})
  check.equal(zero:totable(), {0.0})
  check.equal((tensor.grad({y, x:sum()}, x, {retain_graph = true})):totable(), {4.0, 5.0})
  local v = tensor({1, 10}, {dtype = "float64"})
  check.equal((tensor.grad(x * 2, x, v)):totable(), {2.0, 20.0})
  check.equal((tensor.grad({x * 2}, x, {grad_outputs = {v}})):totable(), {2.0, 20.0})
  check.equal(x.grad, nil, "nothing accumulates")
end)

check.test("gradients of gradients", function()
  local x = leaf{1, 2, 3}
  local g = tensor.grad(x:pow(3):sum(), x, {create_graph = true})
  check.equal(g:totable(), {3.0, 12.0, 27.0})
  local h = tensor.grad(g:sum(), x, {create_graph = true})
  check.equal(h:totable(), {6.0, 12.0, 18.0})
  check.equal((tensor.grad(h:sum(), x)):totable(), {6.0, 6.0, 6.0})
end)

check.test("leaves, nodes, retain_grad", function()
  local x = leaf{1, 2}
  local y = x * 2
  check.ok(x.is_leaf and not y.is_leaf)
  check.equal(x.grad_fn, nil)
  check.equal(y.grad_fn:name(), "mul")
  check.equal(tostring(y:sum().grad_fn.next_functions[1]), "<mul>")
  check.ok(y.grad_fn == y:sum().grad_fn.next_functions[1])
  check.ok(y.grad_fn.next_functions[1] == x)
  y:retain_grad()
  y:sum():backward()
  check.equal(y.grad:totable(), {1.0, 1.0})
  check.equal(y:detach().requires_grad, false)
  check.ok(tensor.zeros(2):requires_grad_().requires_grad)
  check.ok(not x:requires_grad_(false).requires_grad)
end)

check.test("no_grad and its kin: around a function, in a block", function()
  local x = leaf{1}
  check.equal(tensor.no_grad(function() return (x * 2).requires_grad end), false)
  check.equal({tensor.no_grad(function(...) return select("#", ...), ... end, 1, nil)}, {2, 1})
  do
    local _ <close> = tensor.no_grad()
    check.equal((x * 2).requires_grad, false)
    check.equal(tensor.enable_grad(function() return (x * 2).requires_grad end), true)
    do
      local _ <close> = tensor.enable_grad()
      check.ok(tensor.is_grad_enabled())
    end
    check.ok(not tensor.is_grad_enabled())
  end
  check.ok(tensor.is_grad_enabled())
  tensor.set_grad_enabled(false)
  check.ok(not tensor.is_grad_enabled())
  tensor.set_grad_enabled(true)
  check.equal(tensor.set_grad_enabled(false, function() return tensor.is_grad_enabled() end), false)
  check.ok(tensor.is_grad_enabled())
  check.equal(tensor.zeros(2, {requires_grad = true}).requires_grad, true)
end)

check.test("a mode ends with its block whatever happens", function()
  local mine = {}
  local ok, e = pcall(tensor.no_grad, function() error(mine) end)
  check.ok(not ok and rawequal(e, mine), "the user's error is unchanged")
  check.ok(tensor.is_grad_enabled())
  pcall(function()
    local _ <close> = tensor.no_grad()
    error("x")
  end)
  check.ok(tensor.is_grad_enabled())
  local co = coroutine.create(function()
    local _ <close> = tensor.no_grad()
    coroutine.yield()
  end)
  coroutine.resume(co)
  coroutine.close(co)
  check.ok(tensor.is_grad_enabled())
end)

check.test("the mode belongs to the coroutine, which starts with its creator's", function()
  local enabled = tensor.is_grad_enabled
  local co = coroutine.wrap(function()
    coroutine.yield(enabled())
    local _ <close> = tensor.no_grad()
    coroutine.yield(enabled())
    coroutine.yield(enabled())
  end)
  check.equal(co(), true)
  check.equal(co(), false)
  check.equal(enabled(), true, "outside of the coroutine")
  check.equal(co(), false)
  local inner, outer
  outer = coroutine.wrap(function() coroutine.yield(coroutine.wrap(function() return enabled() end)) end)
  tensor.no_grad(function()
    check.equal(coroutine.wrap(function() return enabled() end)(), false)
    inner = coroutine.wrap(function() return enabled() end)
    check.equal(outer()(), true, "made by a coroutine that has gradients")
  end)
  check.equal(inner(), false, "made without gradients, run with them outside")
  check.equal(tensor.no_grad(function() return coroutine.wrap(function()
    return coroutine.wrap(function() return enabled() end)()
  end)() end), false)
  tensor.no_grad(function()
    local gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
    for _ in gen do check.equal(enabled(), false) end
  end)
  local yielded = coroutine.wrap(function()
    return tensor.no_grad(function()
      coroutine.yield(enabled())
      return enabled()
    end)
  end)
  check.equal({yielded(), enabled(), yielded()}, {false, true, false}, "yield across no_grad(f)")
end)

check.test("hooks see and replace gradients, in order, until removed", function()
  local x = leaf{1, 2}
  local seen = {}
  local first = x:register_hook(function(g) seen[#seen + 1] = g:totable() return g * 2 end)
  x:register_hook(function(g) seen[#seen + 1] = g:totable() end)
  ;(x * 3):sum():backward()
  check.equal(seen, {{3.0, 3.0}, {6.0, 6.0}})
  check.equal(x.grad:totable(), {6.0, 6.0})
  first:remove()
  ;(x * 3):sum():backward()
  check.equal(x.grad:totable(), {9.0, 9.0})
  check.equal(#seen, 3)
  local h = x * 2
  h:register_hook(function(g) return g * 10 end)
  check.equal((tensor.grad(h:sum(), x)):totable(), {20.0, 20.0})
  check.error("must return a tensor", function()
    local y = x * 1
    y:register_hook(function() return 5 end)
    y:sum():backward()
  end)
end)

check.test("a hook after accumulation gets the leaf", function()
  local x, got = leaf{1}, nil
  x:register_post_accumulate_grad_hook(function(p) got = rawequal(p, x) and p.grad:item() end)
  ;(x * 3):sum():backward()
  check.equal(got, 3.0)
end)

check.test("hooks run although the tensor's handle is gone", function()
  local fired = 0
  local function early(x)
    local h = x * 2
    h:register_hook(function(g) fired = fired + 1 return g * 10 end)
    return (h + 1):sum()
  end
  local function late(x)
    local h = x * 2
    local y = (h + 1):sum()
    h:register_hook(function(g) fired = fired + 1 return g * 10 end)
    return y
  end
  for _, f in ipairs{early, late} do
    local x = leaf{1, 2}
    local y = f(x)
    collect()
    y:backward()
    check.equal(x.grad:totable(), {20.0, 20.0})
  end
  local y
  do
    local x = leaf{1}
    y = (x * 2):sum()
    x:register_hook(function() fired = fired + 1 end)
  end
  collect()
  y:backward()
  check.equal(fired, 3)
end)

check.test("hooks through lists, indices and in-place operations", function()
  local function count_hooks(f)
    local n = 0
    local x = leaf{1, 2}
    local y = f((function()
      local h = x * 2
      h:register_hook(function() n = n + 1 end)
      return h
    end)())
    collect()
    y:sum():backward()
    return n
  end
  check.equal(count_hooks(function(h) return tensor.cat({h, h}, 1) end), 1)
  check.equal(count_hooks(function(h) return h[{{1, 1}}] end), 1)
  check.equal(count_hooks(function(h) local y = tensor.zeros(2, {dtype = "float64"}) y:add_(h) return y end), 1)
  check.equal(count_hooks(function(h) local y = tensor.zeros(2, {dtype = "float64"}) y[1] = h[2] return y end), 1)
  check.equal(count_hooks(function(h) return h.T:contiguous():view(2) end), 1)
  check.equal(count_hooks(function(h) return tensor.checkpoint(function(a) return a:exp() end, h) end), 1)
end)

check.test("checkpoint: values and gradients are those without", function()
  local w, v = leaf{{1, 2}, {3, 4}}, leaf{{0.1, 0.2}, {0.3, 0.4}}
  local function net(a) return a:matmul(w):tanh():matmul(w) end
  local function both(run, x) return tensor.grad(run(x * 2):sum(), {v, w}) end
  local gv, gw = both(net, v)
  local cv, cw = both(function(a) return tensor.checkpoint(net, a) end, v)
  check.close(cv, gv, 1e-14)
  check.close(cw, gw, 1e-14)
  tensor.checkpoint(net, v * 2):sum():backward()
  check.close(v.grad, gv, 1e-14)
  check.close(w.grad, gw, 1e-14)
  local shared = v * w
  local function uses(a) return (a * w):exp() end
  check.close((tensor.grad(tensor.checkpoint(uses, shared):sum(), w)), (tensor.grad(uses(v * w):sum(), w)), 1e-13,
    "a captured leaf that the argument was made from, too")
  local a, b = tensor.checkpoint(function(p, n) return p * n, n end, v, 3)
  check.equal(b, 3, "other values pass")
  check.equal((tensor.grad(a:sum(), v)):totable(), {{3.0, 3.0}, {3.0, 3.0}})
  check.equal(tensor.no_grad(tensor.checkpoint, net, v).requires_grad, false)
end)

check.test("checkpoint: the same random numbers, run once more only", function()
  local x = tensor.ones(100, {requires_grad = true})
  local runs = 0
  local y = tensor.checkpoint(function(a)
    runs = runs + 1
    return a * tensor.rand(100)
  end, x)
  local state = tensor.get_rng_state()
  y:sum():backward()
  check.equal(runs, 2)
  check.equal(x.grad, y:detach())
  check.equal(tensor.get_rng_state(), state)
end)

check.test("checkpoint: gradients of gradients", function()
  local v = leaf{0.5, 1.5}
  local function cube(a) return (a ^ 3):sum() end
  local g = tensor.grad(tensor.checkpoint(cube, v), v, {create_graph = true})
  check.close(g:totable(), {0.75, 6.75}, 1e-14)
  check.close((tensor.grad(g:sum(), v)):totable(), {3.0, 9.0}, 1e-13)
end)

check.test("checkpoint: the modes of coroutines are as before", function()
  local x = leaf{1, 2}
  tensor.no_grad(function() end)
  local y = tensor.checkpoint(function(a) return a * coroutine.wrap(function() return a + 0 end)() end, x)
  y:sum():backward()
  check.equal(x.grad:totable(), {2.0, 4.0})
  check.ok(coroutine.wrap(tensor.is_grad_enabled)())
  check.ok(tensor.is_grad_enabled())
end)

check.test("checkpoint: an error in the function passes, also in backward", function()
  local mine, run = {}, 0
  check.ok(not pcall(tensor.checkpoint, function() error(mine) end, leaf{1}))
  local y = tensor.checkpoint(function(a)
    run = run + 1
    if run == 2 then error(mine) end
    return a * 2
  end, leaf{1})
  local ok, e = pcall(function() y:sum():backward() end)
  check.ok(not ok and rawequal(e, mine))
  check.ok(tensor.is_grad_enabled())
end)

check.test("backward inside a hook", function()
  local x, w, inner = leaf{2}, leaf{5}, nil
  local h = x * 3
  h:register_hook(function()
    tensor.enable_grad(function()
      local y = (w * w):sum()
      y:backward()
    end)
    inner = w.grad:item()
  end)
  h:sum():backward()
  check.equal({inner, x.grad:item()}, {10.0, 3.0})
end)

check.test("an operation written in Lua", function()
  local x = leaf{1, 2}
  local y = tensor.no_grad(function() return x * x end)
  core.record("square", {x}, {y}, function(_, g) return g * 2 * x end)
  check.equal(y.grad_fn:name(), "square")
  check.equal((tensor.grad(y:sum(), x)):totable(), {2.0, 4.0})
end)

check.test("detect_anomaly names the operation and the line", function()
  local x = leaf{0}
  local ok, message = pcall(tensor.detect_anomaly, function()
    local y = (x * 0):sqrt()
    y:sum():backward()
  end)
  check.ok(not ok)
  check.ok(message:find("NaN", 1, true) and message:find("test_grad_modes.lua", 1, true), message)
  check.ok(message:find("gradient of mul", 1, true), message)
  check.ok(not tensor.is_anomaly_enabled())
end)

check.test("detect_anomaly finds the first NaN of the forward pass, too", function()
  local x = leaf{-1, 4}
  local message = check.error("the result of log has NaN", tensor.autograd.detect_anomaly, function()
    local y = x + 1
    local z = (y - 3):log() -- this line
    return (z * 2):sum()
  end)
  check.ok(message:find("test_grad_modes.lua:" .. debug.getinfo(1, "l").currentline - 3, 1, true), message)
  tensor.detect_anomaly(function() -- NaN that was there before is nobody's fault, nor what is not recorded
    local y = tensor{0 / 0, 1} * x
    check.equal(tensor{-1}:sqrt():isnan():item(), true)
    return y:sum()
  end)
end)

check.done()
