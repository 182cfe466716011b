-- nnlua.profile: what was called at which line, forward and backward; nothing of it remains when it has ended.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, F, optim = nnlua.tensor, nnlua.nn, nnlua.F, nnlua.optim

-- The entry of a name; of a name that has `part` in it when that is true.
local function named(list, name, part)
  for _, entry in ipairs(list) do
    if entry.name == name or (part and entry.name:find(name, 1, true)) then return entry end
  end
end

local function here() return debug.getinfo(2, "l").currentline end

local net = nn.Sequential(nn.Linear(40, 30), nn.ReLU(), nn.Linear(30, 5))
local opt = optim.Adam(net:parameters())
local x, y = tensor.randn(16, 40), tensor.randint(1, 6, {16})
local forward, step
local function work(n)
  for _ = 1, n do
    local logits = net(x); forward = here()
    local loss = F.cross_entropy(logits, y)
    opt:zero_grad()
    loss:backward()
    opt:step(); step = here()
  end
end

check.test("operations, their calls and products", function()
  local r = nnlua.profile(work, 3)
  local linear, back = named(r.operations, "linear"), named(r.operations, "linear_backward")
  check.equal(linear.calls, 6)
  check.equal(linear.flops, 3 * 2 * 16 * (40 * 30 + 30 * 5))
  check.equal(linear.bytes, 3 * 4 * (16 * 40 + 30 * 40 + 30 + 16 * 30 + 16 * 30 + 5 * 30 + 5 + 16 * 5))
  check.equal(back.calls, 6)
  check.equal(back.flops, 3 * 2 * 16 * (40 * 30 + 2 * 30 * 5))
  check.close(back.backward_seconds, back.seconds, 1e-12)
  check.equal(named(r.operations, "optimizer step").calls, 3)
  check.ok(r.inside <= r.seconds and r.inside > 0)
end)

check.test("lines of the user, forward and backward, none of the library", function()
  local r = nnlua.profile(work, 3)
  local at = named(r.lines, (":%d"):format(forward), true)
  check.equal(at.name, ("%s:%d"):format(debug.getinfo(1, "S").short_src, forward))
  check.ok(at.backward_seconds > 0 and at.seconds > at.backward_seconds)
  check.equal(named(r.lines, (":%d"):format(step), true).backward_seconds, 0)
  check.equal(named(r.lines, "nnlua/nn", true), nil)
  local sum = 0
  for _, line in ipairs(r.lines) do sum = sum + line.seconds end
  check.close(sum, r.inside, 1e-9)
end)

check.test("what waits for the next operation is charged to the line that asked for it", function()
  local big, asked, next_line = tensor.randn(64, 64, 1024)
  local waited, after
  for _ = 1, 10 do -- a machine may stop anywhere for a while, but not in the same line each time
    local r = nnlua.profile(function()
      for _ = 1, 3 do
        local z = big:relu(); asked = here()
        local one = tensor.zeros(1); next_line = here()
        check.ok(z.shape[1] == 64 and one)
      end
    end)
    check.equal(named(r.operations, "relu").calls, 3)
    waited, after = named(r.lines, (":%d"):format(asked), true), named(r.lines, (":%d"):format(next_line), true)
    check.equal(waited.calls, 3)
    if waited.seconds > 10 * after.seconds then break end
  end
  -- four million elements three times, against three tensors of one
  check.ok(waited.seconds > 10 * after.seconds, ("%g s against %g s"):format(waited.seconds, after.seconds))
end)

check.test("many small operations are counted by samples, in proportion", function()
  local a, n = tensor.ones(4, {requires_grad = true}), 30000
  local r = nnlua.profile(function()
    for _ = 1, n do (a * 2):sum():backward() end
  end)
  check.ok(not nnlua.profile(work, 3).sampled)
  for _, name in ipairs{"mul", "sum"} do
    local calls = named(r.operations, name).calls
    if r.sampled then
      check.ok(calls > 0.5 * n and calls < 3.5 * n, ("%s: %d calls"):format(name, calls))
    else -- where each operation takes long enough, none needs to be left out
      check.equal(calls, n)
    end
  end
  check.ok(r.inside <= r.seconds)
  check.equal(tostring(r):find("by samples", 1, true) ~= nil, r.sampled)
end)

check.test("as text", function()
  local text = tostring(nnlua.profile(work, 2))
  check.ok(text:find("GFLOP/s", 1, true) and text:find("linear_backward", 1, true))
  check.ok(text:find("local logits", 1, true), "the source of a line")
  check.ok(tostring(nnlua.profile(function() end)):find("in operations", 1, true))
end)

check.test("coroutines, operations of their own, hooks", function()
  local r = nnlua.profile(function()
    local co = coroutine.wrap(function() coroutine.yield(x:sin()) end)
    co()
    local a = tensor.ones(3, {requires_grad = true})
    a:register_hook(function(g) return g:cos() end);
    (a * 2):sum():backward()
  end)
  check.equal(named(r.operations, "sin").calls, 1)
  check.ok(named(r.operations, "cos").backward_seconds > 0)
end)

check.test("errors end it, and it does not nest", function()
  check.error("boom", nnlua.profile, function() error("boom") end)
  check.error("expected a function", nnlua.profile, 3)
  check.error("running already", nnlua.profile, function() nnlua.profile(work, 1) end)
  check.equal(named(nnlua.profile(work, 1).operations, "linear").calls, 2)
  local r = nnlua.profile(function() pcall(nnlua.profile, work, 1); work(1) end)
  check.equal(named(r.operations, "linear").calls, 2)
end)

check.test("an operation that fails is counted, and its error is its own", function()
  local message
  local r = nnlua.profile(function() message = select(2, pcall(x.matmul, x, x)) end)
  check.ok(message:find("do not fit", 1, true))
  check.equal(named(r.operations, "matmul").calls, 1)
end)

check.test("many lines", function()
  local code = {"local x = ...\n"}
  for _ = 1, 700 do code[#code + 1] = "x = x + 1\n" end
  local r = nnlua.profile(assert(load(table.concat(code), "=many")), tensor.zeros(2))
  check.equal(#r.lines, 700)
  check.equal(named(r.operations, "add").calls, 700)
end)

check.test("the first 4,000 calls are all counted, however the machine dawdles", function()
  local r = nnlua.profile(function()
    local one = x + 1
    local wait = nnlua.clock() + 0.012
    while nnlua.clock() < wait do end
    for _ = 1, 3900 do one = x + 1 end
    return one
  end)
  check.equal(r.sampled, false)
  check.equal(named(r.operations, "add").calls, 3901)
end)

check.done()
