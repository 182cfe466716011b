-- A script of many small operations stays flat in memory: runs so many (100 million unless told otherwise), some
-- recorded, some walked back, and prints resident memory along the way and the cost of an operation.
--   nnlua tests/bench/flat.lua [COUNT]
-- As a chunk called with COUNT it prints nothing and returns by how many MB it grew after the first twentieth.

local called = ...
local quiet = type(called) == "number"
local count = quiet and called or math.tointeger(tonumber(arg[1] or 100000000))

local function resident()
  local f = io.open("/proc/self/statm")
  if not f then return select(2, nnlua.memory()) / 2 ^ 20 end
  local pages = f:read("n", "n") and f:seek("set") and select(2, f:read("n", "n"))
  f:close()
  return pages * 4096 / 2 ^ 20
end

local plain, w = tensor.ones(10), tensor.ones(10, {requires_grad = true})

-- 20 operations: a chain without history, a chain with one, and the walk back.
local function work()
  local x = plain
  for _ = 1, 5 do x = (x + plain) * 0.5 end
  local y = w
  for _ = 1, 4 do y = (y + plain) * 0.5 end
  w.grad = nil
  y:sum():backward()
  return x:mean()
end

local rounds = count // 20
local first = math.max(rounds // 20, 1)
local start, base, clock = nil, nil, nnlua.clock()
for i = 1, rounds do
  local last = work()
  if i == first then start, base = resident(), last:item() end
  if not quiet and i % first == 0 then
    print(("%3d %%  %6.1f MB"):format(math.floor(100 * i / rounds + 0.5), resident()))
  end
end
local grown = resident() - start
if quiet then return grown, base end
local cost = (nnlua.clock() - clock) / (rounds * 20) * 1e6
print(("%d operations, %.3f us each, grown by %.1f MB"):format(rounds * 20, cost, grown))
