-- Order and counting beyond what the generic tests see: equal elements, NaN, all dtypes, lanes of every size against
-- sorting in Lua, drawing in proportion, values fixed by PyTorch's documented rules.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local samples = require "samples"
local nnlua = require "nnlua"
local tensor = nnlua.tensor

local nan = 0 / 0

local function listed(...)
  local results = table.pack(...)
  for i = 1, results.n do results[i] = results[i]:totable() end
  return table.unpack(results)
end

-- Values and positions in the order of Lua's own sort, made stable by the positions.
local function sorted(values, descending)
  local order, result = {}, {}
  for i = 1, #values do order[i] = i end
  table.sort(order, function(a, b)
    if values[a] == values[b] then return a < b end
    if descending then return values[a] > values[b] end
    return values[a] < values[b]
  end)
  for i, at in ipairs(order) do result[i] = values[at] end
  return result, order
end

local function first(list, n) return table.move(list, 1, n, 1, {}) end

for _, n in ipairs {1, 2, 15, 16, 17, 33, 100, 1023, 1024, 3000} do
  check.test("lanes of " .. n .. " as Lua sorts them", function()
    local random, values = samples.numbers(n), {}
    for i = 1, n do values[i] = math.floor(random() * n / 2) - n // 4 end
    for _, dtype in ipairs {"float32", "float64", "int64"} do
      local x = tensor(values, {dtype = dtype})
      for _, descending in ipairs {false, true} do
        local want, places = sorted(x:totable(), descending)
        local got, at = listed(x:sort(1, descending))
        check.equal(got, want)
        check.equal(at, places)
        check.equal(x:argsort(1, descending):totable(), places)
        local _, across = listed(x:reshape({n, 1}):expand({n, 3}):sort(1, descending))
        for i = 1, n do check.equal(across[i], {places[i], places[i], places[i]}) end
        for k = 1, n, math.max(1, n // 3) do
          local top, top_at = listed(x:topk(k, 1, descending))
          check.equal(top, first(want, k))
          check.equal(top_at, first(places, k))
        end
      end
      local up, up_at = sorted(x:totable(), false)
      local value, at = x:kthvalue((n + 1) // 2)
      check.equal(value:item(), up[(n + 1) // 2])
      check.equal(at:item(), up_at[(n + 1) // 2])
      check.equal(x:median():item(), up[(n + 1) // 2])
    end
  end)
end

check.test("NaN is the largest, -0 equals 0, infinities have their places", function()
  local x = tensor{nan, 1, -math.huge, nan, math.huge, 0.0, -0.0}
  local _, at = listed(x:sort())
  check.equal(at, {3, 6, 7, 2, 5, 1, 4})
  _, at = listed(x:sort({descending = true}))
  check.equal(at, {1, 4, 5, 2, 6, 7, 3})
  local top = listed(x:topk(3))
  check.ok(top[1] ~= top[1] and top[2] ~= top[2] and top[3] == math.huge)
end)

check.test("whole numbers at both ends, uint8 and bool", function()
  local got, at = listed(tensor({math.maxinteger, math.mininteger, 0}, {dtype = "int64"}):sort())
  check.equal(got, {math.mininteger, 0, math.maxinteger})
  check.equal(at, {2, 3, 1})
  check.equal(tensor({3, 255, 1}, {dtype = "uint8"}):argsort(1, true):totable(), {2, 1, 3})
  check.equal(tensor({true, false, true}):argsort():totable(), {2, 1, 3})
end)

check.test("median: the lower one, the first NaN", function()
  check.equal(tensor{4, 1, 3, 2}:median():item(), 2.0)
  local value, at = tensor{{1, nan, nan}, {3, 1, 2}}:median(2)
  check.ok(value[1]:item() ~= value[1]:item())
  check.equal(at:totable(), {2, 3})
  check.ok(tensor.zeros(0):median():isnan():item())
end)

check.test("median of all shares its gradient among equals", function()
  local x = tensor({2, 1, 2, 3, 2}, {requires_grad = true})
  x:median():backward()
  check.close(x.grad:totable(), {1 / 3, 0, 1 / 3, 0, 1 / 3})
end)

check.test("mode: the smallest of the most frequent", function()
  local value, at = tensor{{5, 2, 5, 2}, {1, 7, 7, 3}}:mode(2)
  check.equal(value:totable(), {2.0, 7.0})
  check.equal(at:totable(), {4, 3})
end)

check.test("running extremes: the last of equals, NaN stays", function()
  local value, at = tensor{2, 2, 1, nan, 5}:cummax(1)
  check.equal(at:totable(), {1, 2, 2, 4, 4})
  check.ok(value[5]:item() ~= value[5]:item())
  local _, low_at = tensor{2, 1, 1, 3}:cummin(1)
  check.equal(low_at:totable(), {1, 2, 3, 3})
end)

check.test("unique: values, places, counts; every NaN of its own", function()
  local value, inverse, count = tensor{{3, 1}, {3, nan}, {nan, 1}}:unique(true, true, true)
  check.equal(value:size(), 4)
  check.equal(first(value:totable(), 2), {1.0, 3.0})
  check.equal(inverse:totable(), {{2, 1}, {2, 3}, {4, 1}})
  check.equal(count:totable(), {2, 2, 1, 1})
end)

check.test("searching counts from 1 to n + 1", function()
  local s = tensor{1, 3, 3, 5}
  check.equal(tensor.searchsorted(s, tensor{0, 3, 6, nan}):totable(), {1, 2, 5, 5})
  check.equal(tensor.searchsorted(s, tensor{0, 3, 5}, {right = true}):totable(), {1, 4, 5})
  check.equal(tensor.bucketize(tensor({3, 4}), s, {right = true}):totable(), {4, 4})
  check.error("contradicts", tensor.searchsorted, s, tensor{1}, {right = true, side = "left"})
end)

check.test("multinomial draws in proportion, and nothing twice without replacement", function()
  tensor.manual_seed(3)
  local p, n = tensor{1, 2, 0, 5, 2}, 100000
  local drawn = tensor.multinomial(p, n, true)
  check.close((drawn:bincount({minlength = 5}):to("float64") / n):totable(), {0.1, 0.2, 0, 0.5, 0.2}, 0.01)
  local pairs_drawn = tensor.multinomial(p:expand({n, 5}), 2)
  local a, b = pairs_drawn:select(2, 1), pairs_drawn:select(2, 2)
  check.equal(a:eq(b):any(), false)
  check.close((a:bincount({minlength = 5}):to("float64") / n):totable(), {0.1, 0.2, 0, 0.5, 0.2}, 0.01)
  -- The second is the first one of the rest: sum over a of p(a) p(b) / (1 - p(a)).
  check.close((b:bincount({minlength = 5}):to("float64") / n):totable(), {0.15, 0.2722, 0, 0.3056, 0.2722}, 0.01)
end)

check.test("multinomial follows its generator", function()
  local g = tensor.Generator():manual_seed(5)
  local one = tensor.multinomial(tensor.ones(50), 20, {generator = g})
  g:manual_seed(5)
  check.equal(tensor.multinomial(tensor.ones(50), 20, {generator = g}), one)
end)

check.test("multinomial refuses what is no distribution", function()
  check.error("must not all be 0", tensor.multinomial, tensor{0, 0}, 1)
  check.error("not negative, got -1", tensor.multinomial, tensor{-1, 2}, 1)
  check.error("finite", tensor.multinomial, tensor{nan, 2}, 1)
  check.error("only 1 probabilities are above 0", tensor.multinomial, tensor{0, 2}, 2)
end)

check.test("median of many floats: ties, both signs, infinities; NaN wins", function()
  for trial = 1, 40 do
    local n = 255 + 37 * trial
    local x = tensor.randn(n) * (trial % 3 == 0 and 1e-30 or trial % 3 == 1 and 1 or 1e30)
    if trial % 4 == 0 then x = x:round() end
    if trial % 5 == 0 then x = x:abs():neg() end
    if trial % 7 == 0 then x = x:index_fill(1, tensor.arange(1, n // 3), 1 / 0) end
    local middle = (n - 1) // 2 + 1
    assert(x:median():item() == x:sort()[middle]:item(), "median of " .. n)
    assert(x:reshape(1, n):expand(3, n):median():item() == x:median():item(), "median of three times the same")
    x[trial] = nan
    assert(x:median():isnan():item(), "median with NaN")
  end
end)

check.test("nonzero: of one to four dimensions, against loops", function()
  local function positions(values, prefix, found)
    for i, v in ipairs(values) do
      local at = {table.unpack(prefix)}
      at[#at + 1] = i
      if type(v) == "table" then
        positions(v, at, found)
      elseif v ~= 0 then
        found[#found + 1] = at
      end
    end
    return found
  end
  for _, shape in ipairs {{1}, {300}, {7, 31}, {40, 1}, {3, 5, 7}, {2, 3, 2, 9}} do
    for _, share in ipairs {0, 0.1, 0.5, 1} do
      local x = tensor.rand(shape):lt(share):float()
      local want, got = positions(x:totable(), {}, {}), x:nonzero()
      assert(got:size(1) == #want and got:size(2) == #shape, "how many aren't 0")
      for i, at in ipairs(want) do
        for d, place in ipairs(at) do assert(got[{i, d}]:item() == place, "where they are") end
      end
    end
  end
end)

check.test("tril_indices and triu_indices: where the ones of a triangle are", function()
  for _, size in ipairs {{0, 0}, {0, 3}, {3, 0}, {1, 1}, {4, 4}, {3, 7}, {7, 3}} do
    for offset = -9, 9 do
      local ones = tensor.ones(size[1], size[2])
      for _, cut in ipairs {"tril", "triu"} do
        local got = tensor[cut .. "_indices"](size[1], size[2], {offset = offset})
        local want = ones[cut](ones, offset):nonzero():t()
        check.ok(got:equal(want) and got.dtype == "int64" and got:size(1) == 2, cut .. " " .. offset)
      end
    end
  end
end)

check.done()
