-- Memory stays flat in loops, without collectgarbage; closures in the graph leave nothing behind; the collector's pace.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local core = require "nnlua.core"
local tensor = nnlua.tensor

local MB = 1024 * 1024
local sanitized = os.getenv("NNLUA_SANITIZED") ~= nil
local scale = sanitized and 100 or 1

-- Bytes of tensors that f needed at most beyond what was there before.
local function peak_of(f)
  collectgarbage()
  core.reset_peak()
  local before = nnlua.memory()
  f()
  local _, peak = nnlua.memory()
  return peak - before
end

-- Handles of tensors after everything that can be collected was.
local function handles()
  for _ = 1, 4 do collectgarbage() end
  return core.handles()
end

check.test("fresh tensors in a loop", function()
  local peak = peak_of(function() for _ = 1, 20000 // scale do local _ = tensor.zeros(10000) end end)
  check.ok(peak < 32 * MB, "peak " .. peak)
end)

check.test("millions of small operations leave resident memory flat", function()
  local flat = assert(loadfile((arg[0]:match("^(.*)/") or ".") .. "/../bench/flat.lua"))
  local grown, last = flat(2000000 // scale)
  check.close(last, 1, 0.05) -- the chain goes to 1
  check.ok(sanitized or grown < 4, ("grown by %.1f MB"):format(grown))
end)

check.test("small tensors: as many handles as the collector's pace allows", function()
  local most = 0
  for i = 1, 300000 // scale do
    local _ = tensor.zeros(3)
    if i % 1000 == 0 then most = math.max(most, core.handles()) end
  end
  check.ok(most < 100000, most .. " handles")
end)

check.test("large ones, and views of them", function()
  local peak = peak_of(function()
    for _ = 1, 500 // scale do
      local x = tensor.zeros(1000, 250) -- 1 MB
      local _ = x[1] + x[{{}, 1}]:sum()
    end
  end)
  check.ok(peak < 32 * MB, "peak " .. peak)
end)

check.test("the batches of a training loop go, whatever a step allocates besides", function()
  local kept = tensor.zeros(16, 1000, 1000)
  local w = tensor.ones(1000, 1000, {requires_grad = true})
  local function steps(n)
    for _ = 1, n do
      local batch = tensor.ones(250, 1000)
      local loss = (((w * batch[1]):tanh() * 0.5):tanh() * batch[2]):sum()
      w.grad = nil
      loss:backward()
    end
    return nnlua.memory()
  end
  local first = steps(6)
  local later = steps(60)
  check.ok(later - first < 3 * MB, ("grown by %.1f MB"):format((later - first) / MB))
  check.equal(kept:dim(), 3)
end)

check.test("what is alive counts: 64 MB kept, few more needed", function()
  local keep = {}
  local peak = peak_of(function()
    for i = 1, 64 do keep[i] = tensor.zeros(MB // 4) end
    for _ = 1, 500 // scale do local _ = tensor.zeros(MB // 4) + 1 end
  end)
  check.ok(peak < 1.5 * 64 * MB + 32 * MB, "peak " .. peak)
  check.equal(#keep, 64)
end)

check.test("beside a large Lua heap", function()
  local heap = {}
  for i = 1, 1000000 // scale do heap[i] = {i} end
  local peak = peak_of(function() for _ = 1, 50000 // scale do local _ = tensor.zeros(10000) end end)
  check.ok(peak < 32 * MB + 0.5 * collectgarbage("count") * 1024, "peak " .. peak)
  check.equal(#heap, 1000000 // scale)
end)

check.test("incremental mode holds the bar too", function()
  collectgarbage("incremental")
  local peak = peak_of(function() for _ = 1, 20000 // scale do local _ = tensor.zeros(10000) end end)
  collectgarbage("generational")
  check.ok(peak < 32 * MB + 0.5 * collectgarbage("count") * 1024, "peak " .. peak)
end)

check.test("a training loop is flat", function()
  local w = tensor.randn(20, 20, {requires_grad = true})
  local x = tensor.randn(8, 20)
  local function step()
    w.grad = nil
    local loss = (x:matmul(w):relu() ^ 2):mean()
    loss:backward()
    tensor.no_grad(function() w:sub_(w.grad * 0.01) end)
    return loss:item()
  end
  for _ = 1, 10 do step() end
  local peak = peak_of(function() for _ = 1, 20000 // scale do step() end end)
  check.ok(peak < 16 * MB, "peak " .. peak)
end)

check.test("a chain of 100,000 additions differentiates", function()
  local x = tensor.ones(2, {requires_grad = true})
  local y = x
  for _ = 1, 100000 // scale do y = y + 1 end
  y:sum():backward()
  check.equal(x.grad:totable(), {1.0, 1.0})
end)

check.test("hooks that capture their own tensors leave nothing behind", function()
  local before = handles()
  for i = 1, 100000 // scale do
    local x = tensor.ones(2, {requires_grad = true})
    local h = x * 2
    h:register_hook(function(g) return g + h * 0 end)
    x:register_hook(function() return x * 0 end)
    local y = h:sum()
    y:register_hook(function() return y * x:sum() end)
    x:register_hook(function(g) return g + x * 0 end) -- late: h and y are there already
    if i % 2 == 0 then y:backward() end
  end
  check.ok(handles() - before <= 10, handles() - before .. " handles are left")
end)

check.test("checkpoints that capture their own tensors leave nothing behind", function()
  local w = tensor.randn(2, 2, {requires_grad = true})
  local before = handles()
  for i = 1, 100000 // scale do
    local x = tensor.ones(2, {requires_grad = true})
    local y
    y = tensor.checkpoint(function(a)
      local _ = y -- captured
      return (a * x):matmul(w)
    end, x)
    if i % 10 == 1 then tensor.checkpoint(function(a) return (a * x):matmul(w) end, y):sum():backward() end
  end
  w.grad = nil
  check.ok(handles() - before <= 10, handles() - before .. " handles are left")
end)

check.test("a tensor in a cycle of Lua tables is collected", function()
  local before = handles()
  for _ = 1, 1000 // scale do
    local t = {x = tensor.zeros(10)}
    t.self = function() return t end
  end
  check.ok(handles() - before <= 2)
end)

check.test("a limit: garbage is collected before it fails, and the failure is an error", function()
  local used = nnlua.memory()
  nnlua.memory_limit(used + 8 * MB)
  for _ = 1, 100 // (sanitized and 10 or 1) do local _ = tensor.zeros(MB) end -- 4 MB each
  check.error("out of memory", function() return tensor.zeros(16 * MB) end)
  local kept = tensor.zeros(MB)
  check.error("out of memory", function() return kept + tensor.ones(MB) + 1 + kept end)
  check.equal(nnlua.memory_limit(), used + 8 * MB)
  nnlua.memory_limit(nil)
  check.equal(nnlua.memory_limit(), nil)
  check.equal((kept + 1):get(1), 1.0)
end)

-- A bit of everything that allocates.
local x = tensor({{1, 2}, {3, 4}}, {requires_grad = true})
local mask = tensor{{true, false}, {true, true}}

local function work()
  x.grad = nil
  local y = (x:matmul(x) + x:sum(1)):relu()
  y = tensor.cat({y, y * 2}, 1):view(2, 4)
  y[{1, {1, 2}}] = {0, 0}
  local z = tensor.checkpoint(function(a) return a:exp():sum() end, x) + x[mask]:sum()
  z:register_hook(function(g) return g * 2 end)
  local v, i = y:max(2)
  ;(v:sum() + z + i:sum()):backward()
  local named = tensor.grad((x * x):sum(), {a = x}, {create_graph = true})
  return x.grad:totable(), named.a:totable(), tostring(y), y.shape, table.pack(y:split(1))
end

-- work() with the n-th allocation failing, for n = 1, 2, ... until there are not so many.
-- `optional`: an allocation may also be one that can fail without harm (the growth of Lua's table of strings).
local function sweep(fail, text, optional)
  local want = work()
  local before = handles()
  local memory = nnlua.memory()
  local failures = 0
  for n = 1, 100000 do
    fail(n)
    local ok, e = pcall(work)
    local left = fail(0)
    if ok and left > 0 then break end
    if not ok then failures = failures + 1 end
    check.ok(not ok or optional, "allocation " .. n .. " failed unnoticed")
    check.ok(ok or tostring(e):find(text, 1, true), "allocation " .. n .. " gives: " .. tostring(e))
  end
  check.ok(failures > 50, failures .. " allocations failed")
  check.equal(work(), want)
  check.ok(handles() - before <= 2, handles() - before .. " handles are left")
  check.ok(nnlua.memory() - memory <= 4096, nnlua.memory() - memory .. " bytes are left")
  check.ok(tensor.is_grad_enabled())
end

check.test("each allocation of the engine in turn fails, and everything goes on", function()
  sweep(core.fail_allocation, "out of memory")
end)

check.test("each allocation of Lua in turn fails, and everything goes on", function()
  sweep(core.fail_lua_allocation, "not enough memory", true)
end)

check.test("coroutines come and go", function()
  local before = handles()
  for _ = 1, 10000 // scale do
    local co = coroutine.wrap(function()
      local _ <close> = tensor.no_grad()
      coroutine.yield(tensor.zeros(3) + 1)
    end)
    check.equal(co():get(1), 1.0)
  end
  check.ok(handles() - before <= 2)
  check.ok(tensor.is_grad_enabled())
end)

-- A small tensor and its elements lie in one block; views, and parameters that change their dtype where they stand,
-- outlive one part of it or the other.
check.test("small tensors, views of them, other storages", function()
  local nn, before = nnlua.nn, handles()
  local bytes = nnlua.memory()
  do
    local views = {}
    for i = 1, 200 do
      local t = tensor.full({2, 3}, i)
      views[i] = t[2]
      if i % 2 == 0 then views[i] = views[i]:detach() end
    end
    collectgarbage()
    for _ = 1, 400 do local _ = tensor.zeros(2, 3) + 7 end
    for i = 1, 200 do check.equal(views[i]:get(3), i * 1.0) end
    local net = nn.Linear(3, 2)
    local w, old = net.weight, net.weight:detach()
    local first = old:get(1, 1)
    for _ = 1, 3 do
      net:to("float64")
      net:to("float32")
    end
    for _ = 1, 400 do local _ = tensor.zeros(2, 3) + 7 end
    check.ok(w == net.weight and w.dtype == "float32")
    check.equal(old:get(1, 1), first)
    check.equal(w:get(1, 1), first)
    net = nil -- luacheck: ignore
    collectgarbage()
    check.equal(old:get(1, 1), first)
    w = nil -- luacheck: ignore
    collectgarbage()
    for _ = 1, 400 do local _ = tensor.zeros(2, 3) + 7 end
    check.equal(old:get(1, 1), first)
  end
  check.ok(handles() - before <= 2)
  check.ok(nnlua.memory() - bytes <= 64)
end)

check.done()
