-- Operations on one long lane run in pieces, between which they look whether Ctrl-C was pressed: the seams of these
-- can't be seen in what comes out.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"

local N = 300000

tensor.manual_seed(5)

local function lua_sorted(list, less)
  local copy = table.move(list, 1, #list, 1, {})
  table.sort(copy, less)
  return copy
end

check.test("sort, median, kthvalue and topk of a long lane are what Lua's sort says", function()
  local n = 70001
  local x = tensor.randint(1, 40000, {n}):float()
  local list = x:totable()
  local up = lua_sorted(list)
  check.ok(x:sort():equal(tensor(up)))
  check.equal(x:median():item(), up[(n + 1) // 2])
  check.equal((x:kthvalue(50000)):item(), up[50000])
  for _, k in ipairs {1, 5, 16, 17, 5000, 40000} do
    local v, i = x:topk(k)
    for j = 1, k, math.max(1, k // 50) do check.equal(v:get(j), up[n + 1 - j]) end
    check.ok(x:gather(1, i):equal(v))
    local low = x:topk(k, 1, false)
    check.equal(low:get(k), up[k])
  end
end)

check.test("of equals topk takes the first, in whatever block they stand", function()
  local x = tensor.zeros(5000)
  for _, i in ipairs {4999, 3000, 1025, 1024, 7} do x[i] = 1 end
  local v, i = x:topk(7)
  check.equal(table.concat(i:totable(), " "), "7 1024 1025 3000 4999 1 2")
  check.equal(v:sum():item(), 5)
  local _, j = tensor{3, 0 / 0, 5}:repeat_interleave(3000):topk(2)
  check.equal(table.concat(j:totable(), " "), "3001 3002") -- NaN is the largest
  local two = tensor.stack({x, -x}, 2)
  local _, columns = two:topk(3, 1)
  check.equal(table.concat(columns:select(2, 1):totable(), " "), "7 1024 1025")
  check.equal(table.concat(columns:select(2, 2):totable(), " "), "1 2 3")
end)

check.test("extremes of more than a million: the first of equals, the first NaN", function()
  local n = (1 << 21) + 12345
  local x = tensor.zeros(n)
  x[{ {n - 3, n} }] = 2
  check.equal(x:argmax():item(), n - 3)
  local v, i = x:max(1)
  check.equal(v:item(), 2)
  check.equal(i:item(), n - 3)
  check.equal(x:argmin():item(), 1)
  x[(1 << 20) + 5] = 0 / 0
  check.equal(x:argmax():item(), (1 << 20) + 5)
  check.equal(x:argmin():item(), (1 << 20) + 5)
end)

check.test("extremes and sums down wide columns", function()
  local x = tensor.randn(70, 2500)
  local v, i = x:max(1)
  local w, j = x:t():contiguous():max(2)
  check.ok(v:equal(w) and i:equal(j))
  local three = tensor.randn(3, 20, 1500)
  local low, at = three:min(2)
  local same, there = three:transpose(2, 3):contiguous():min(3)
  check.ok(low:equal(same) and at:equal(there))
  check.ok(x:sum(1):allclose(x:t():contiguous():sum(2), 1e-4, 1e-4))
  check.ok(x:amax(1):equal(v))
end)

check.test("running products, extremes and sums of exponentials go on over the seams", function()
  local x = tensor.full({N}, 1)
  x[{ {65536, 65538} }] = 2
  local product = x:cumprod(1)
  check.equal(product:get(65535), 1)
  check.equal(product:get(N), 8)
  local ramp = tensor.arange(N):float()
  local v, i = ramp:cummax(1)
  check.ok(v:equal(ramp))
  check.equal(i:get(N), N)
  check.equal((-ramp):cummax(1):get(N), 0)
  check.ok(math.abs(tensor.zeros(N):logcumsumexp(1):get(N) - math.log(N)) < 1e-4)
end)

check.test("gathering and scattering along long lanes", function()
  local order = tensor.randperm(N)
  local x = tensor.arange(N):float()
  check.ok(x:gather(1, order):equal(x:take(order)))
  check.ok(x[order]:equal(x:gather(1, order)))
  check.ok(tensor.zeros(N):scatter(1, order, x:gather(1, order)):equal(x))
  local y = tensor.zeros(N)
  y[order] = x:gather(1, order)
  check.ok(y:equal(x))
  local rows = tensor.stack({x, x + 1}, 2) -- lanes that don't lie element by element
  local twice = tensor.stack({order, order}, 2)
  check.ok(rows:gather(1, twice):select(2, 2):equal(x:gather(1, order) + 1))
  check.equal(tensor.zeros(3):scatter_add(1, tensor.ones(N, {dtype = "int64"}) * 2, tensor.ones(N)):get(2), N)
end)

check.test("counting, repeating, softmax and products of integers", function()
  local x = tensor.arange(N) % 7 + 1
  local counts = x:bincount()
  check.equal(counts:sum():item(), N)
  local values, inverse, times = x:unique({return_inverse = true, return_counts = true})
  check.equal(values:numel(), 7)
  check.ok(inverse:equal(x) and times:equal(counts))
  check.equal(tensor.arange(N):repeat_interleave(x):numel(), x:sum():item())
  check.equal(tensor{5}:repeat_interleave(tensor{200000}:long()):sum():item(), 1000000)
  local wide = tensor.randn(3, 100000)
  check.ok(wide:softmax(2):sum(2):allclose(tensor.ones(3), 1e-3, 1e-3))
  check.ok(wide:softmax(2):allclose(tensor.stack({wide[1]:softmax(1), wide[2]:softmax(1), wide[3]:softmax(1)}, 1)))
  local a, b = tensor.randint(-9, 9, {40, 50}), tensor.randint(-9, 9, {50, 30})
  check.ok(a:matmul(b):double():equal(a:double():matmul(b:double())))
end)

check.done()
