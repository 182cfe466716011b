-- nnlua.threads(1) means this thread alone: products, kernels and training start no other. (A process of its own, in
-- which nobody has asked for more before.)

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, F, optim = nnlua.tensor, nnlua.nn, nnlua.F, nnlua.optim

-- How many threads this process has; nil where the system doesn't tell.
local function running()
  local f = io.open("/proc/self/status")
  if not f then return nil end
  local n = math.tointeger(f:read("a"):match("Threads:%s*(%d+)"))
  f:close()
  return n
end

local function work()
  local x = tensor.randn(512, 512)
  for _, f in ipairs{"matmul", "add"} do x[f](x, x):exp():softmax(2):sort(2) end
  F.dropout(x, 0.5, true):sum()
  local net = nn.Sequential(nn.Conv2d(3, 16, 3, {padding = 1}), nn.BatchNorm2d(16), nn.ReLU(), nn.Flatten(),
    nn.Linear(16 * 32 * 32, 10))
  local opt = optim.Adam(net:parameters())
  F.cross_entropy(net(tensor.randn(16, 3, 32, 32)), tensor.randint(1, 11, {16})):backward()
  opt:step()
end

check.test("one thread starts no other one", function()
  local before = running()
  nnlua.threads(1)
  check.equal(nnlua.threads(), 1)
  work()
  check.equal(running(), before)
end)

check.test("with two there is one more, and it ends when one is asked for again", function()
  local before = running()
  nnlua.threads(2)
  work()
  if before then check.equal(running(), before + 1) end
  nnlua.threads(1)
  check.equal(running(), before)
end)

check.test("denormal numbers are flushed on every thread, when asked for", function()
  nnlua.threads(2)
  local x = tensor.full({200000}, 1e-20)
  check.ok((x * 1e-20):min():item() > 0)
  if tensor.set_flush_denormal(true) then
    check.equal((x * 1e-20):max():item(), 0)
    check.equal((x[{{1, 10}}] * 1e-20):max():item(), 0)
  end
  tensor.set_flush_denormal(false)
  check.ok((x * 1e-20):min():item() > 0)
  check.error("set_flush_denormal: expected true or false, got", tensor.set_flush_denormal, 1)
  nnlua.threads(1)
end)

check.done()
