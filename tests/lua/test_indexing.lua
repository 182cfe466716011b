-- x[...] read and written, and the gradients that flow through it.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor = nnlua.tensor

local function grid() return tensor{{1, 2, 3}, {4, 5, 6}} end
local function index(...) return tensor({...}, {dtype = "int64"}) end

check.test("numbers", function()
  local x = grid()
  check.equal(x[1]:totable(), {1.0, 2.0, 3.0})
  check.equal(x[-1]:totable(), {4.0, 5.0, 6.0})
  check.equal(x[2.0]:totable(), {4.0, 5.0, 6.0})
  check.equal(x[{2, 3}]:item(), 6.0)
  check.ok(x[{2, 3}].shape == {})
  check.equal(x[{-1, -3}]:item(), 4.0)
  check.equal(x[{2}]:totable(), {4.0, 5.0, 6.0})
  check.equal(x[2][3]:item(), 6.0)
  check.equal(x[tensor(2)]:totable(), {4.0, 5.0, 6.0})
  check.equal(x[{}], x)
end)

check.test("ranges", function()
  local x = grid()
  check.equal(x[{{}, {1, 2}}]:totable(), {{1.0, 2.0}, {4.0, 5.0}})
  check.equal(x[{{}, -1}]:totable(), {3.0, 6.0})
  check.equal(x[{{1, 1}}]:totable(), {{1.0, 2.0, 3.0}})
  check.equal(x[{{}, {1, 3, 2}}]:totable(), {{1.0, 3.0}, {4.0, 6.0}})
  check.equal(x[{{}, {-2, -1}}]:totable(), {{2.0, 3.0}, {5.0, 6.0}})
  check.equal(x[{{}, {2, 100}}]:totable(), {{2.0, 3.0}, {5.0, 6.0}}, "clipped as PyTorch clips")
  check.equal(x[{{}, {-100, 1}}]:totable(), {{1.0}, {4.0}})
  check.ok(x[{{}, {1, 0}}].shape == {2, 0}, "the empty range")
  check.ok(x[{{}, {3, 2}}].shape == {2, 0})
  check.ok(x[{{}, {7, 9}}].shape == {2, 0})
  check.ok(x[{{2, -1}}].shape == {1, 3})
  check.ok(tensor.zeros(1)[{{2, -1}}].shape == {0})
end)

check.test("ellipsis and new dimensions", function()
  local x = tensor.arange(24):view(2, 3, 4)
  check.equal(x[{"...", 1}]:totable(), {{0, 4, 8}, {12, 16, 20}})
  check.equal(x[{2, "...", -1}]:totable(), {15, 19, 23})
  check.equal(x[{"...", {1, 1}}].shape == {2, 3, 1}, true)
  check.equal(x["..."], x)
  check.ok(x[{tensor.newaxis, 1}].shape == {1, 3, 4})
  check.ok(x[{{}, tensor.newaxis, "...", tensor.newaxis}].shape == {2, 1, 3, 4, 1})
  check.ok(x[tensor.newaxis].shape == {1, 2, 3, 4})
  check.ok(tensor(5)[{"..."}].shape == {})
  check.ok(tensor(5)[tensor.newaxis].shape == {1})
  check.ok(x[{1, 1, 1, "..."}].shape == {})
end)

check.test("index tensors", function()
  local x = grid()
  check.equal(x[index(2, 1, 2)]:totable(), {{4.0, 5.0, 6.0}, {1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}})
  check.equal(x[{{}, index(3, 1)}]:totable(), {{3.0, 1.0}, {6.0, 4.0}})
  check.equal(x[{index(1, 2), index(3, -1)}]:totable(), {3.0, 6.0})
  check.equal(x[{2, index(3, 1)}]:totable(), {6.0, 4.0})
  check.equal(x[{{2, 2}, index(3, 1)}]:totable(), {{6.0, 4.0}})
  check.equal(x[tensor{1, 2}]:totable(), x:totable(), "floats of whole values will do")
  check.ok(x[tensor({{1, 2}, {2, 1}}, {dtype = "int64"})].shape == {2, 2, 3})
  local y = tensor.arange(24):view(2, 3, 4)
  check.ok(y[{index(1, 2), {}, index(1, 3)}].shape == {2, 3}, "index tensors apart: their dims in front")
  check.ok(y[{{}, index(1, 2, 1), index(1, 3, 4)}].shape == {2, 3}, "side by side: where they stood")
  check.ok(y[{"...", index(1, 2)}].shape == {2, 3, 2})
  check.ok(y[{tensor.newaxis, index(1, 2)}].shape == {1, 2, 3, 4})
  check.ok(x[tensor.zeros(0, {dtype = "int64"})].shape == {0, 3})
end)

check.test("masks", function()
  local x = grid()
  check.equal(x[x:gt(2)]:totable(), {3.0, 4.0, 5.0, 6.0})
  check.equal(x[tensor{false, true}]:totable(), {{4.0, 5.0, 6.0}})
  check.equal(x[{{}, tensor{true, false, true}}]:totable(), {{1.0, 3.0}, {4.0, 6.0}})
  check.equal(x[{1, tensor{true, false, true}}]:totable(), {1.0, 3.0})
  check.ok(x[x:gt(9)].shape == {0})
  check.ok(tensor.zeros(2, 3, 4)[grid():gt(2)].shape == {4, 4})
  check.equal(x[{tensor{true, true}, index(1, 3)}]:totable(), {1.0, 6.0})
end)

check.test("views share memory, copies do not", function()
  local x = grid()
  x[1]:fill_(0)
  x[{{}, {3, 3}}]:add_(10)
  check.equal(x:totable(), {{0.0, 0.0, 10.0}, {4.0, 5.0, 16.0}})
  x[index(1)]:fill_(7)
  check.equal(x:get(1, 1), 0.0)
end)

check.test("assignment", function()
  local x = grid()
  x[{1, {}}] = 0
  check.equal(x:totable(), {{0.0, 0.0, 0.0}, {4.0, 5.0, 6.0}})
  x[2] = tensor{7, 8, 9}
  check.equal(x[2]:totable(), {7.0, 8.0, 9.0})
  x[{{}, 1}] = {20, 30}
  check.equal(x[{{}, 1}]:totable(), {20.0, 30.0})
  x[{2, 3}] = tensor(5)
  check.equal(x:get(2, 3), 5.0)
  x[x:gt(10)] = -1
  check.equal(x:totable(), {{-1.0, 0.0, 0.0}, {-1.0, 8.0, 5.0}})
  x[{{}, index(3, 1)}] = tensor{1, 2}
  check.equal(x:totable(), {{2.0, 0.0, 1.0}, {2.0, 8.0, 1.0}})
  x[x:eq(0)] = tensor{9}
  check.equal(x:get(1, 2), 9.0)
  x[{}] = 3
  check.equal(x:totable(), {{3.0, 3.0, 3.0}, {3.0, 3.0, 3.0}})
  x["..."] = 4
  check.equal(x:sum():item(), 24.0)
  x[{1, "..."}] = true
  check.equal(x[1]:totable(), {1.0, 1.0, 1.0})
  local i = tensor.zeros(3, {dtype = "int64"})
  i[2] = 5.9
  check.equal(i:totable(), {0, 5, 0})
  local b = tensor{true, true}
  b[1] = false
  check.equal(b:totable(), {false, true})
  x[{{1, 2}, 1}] = tensor.ones(2, {dtype = "int64"})
  check.equal(x.dtype, "float32")
end)

check.test("assignment between overlapping views", function()
  local x = tensor.arange(6.0)
  x[{{2, 6}}] = x[{{1, 5}}]
  check.equal(x:totable(), {0.0, 0.0, 1.0, 2.0, 3.0, 4.0})
  local y = tensor{{1, 2}, {3, 4}}
  y[{}] = y:t()
  check.equal(y:totable(), {{1.0, 3.0}, {2.0, 4.0}})
  local z = tensor.arange(5.0)
  z[{{1, 4}}]:add_(z[{{2, 5}}])
  check.equal(z:totable(), {1.0, 3.0, 5.0, 7.0, 4.0})
end)

check.test("gradients flow through indices", function()
  local x = tensor({{1, 2, 3}, {4, 5, 6}}, {dtype = "float64", requires_grad = true})
  local function grad(y) return (tensor.grad(y:sum(), x)):totable() end
  check.equal(grad(x[1]), {{1.0, 1.0, 1.0}, {0.0, 0.0, 0.0}})
  check.equal(grad(x[{{}, {1, 3, 2}}] * 2), {{2.0, 0.0, 2.0}, {2.0, 0.0, 2.0}})
  check.equal(grad(x[index(2, 2)]), {{0.0, 0.0, 0.0}, {2.0, 2.0, 2.0}})
  check.equal(grad(x[x:gt(4)]), {{0.0, 0.0, 0.0}, {0.0, 1.0, 1.0}})
  check.equal(grad(x[{2, -1}]), {{0.0, 0.0, 0.0}, {0.0, 0.0, 1.0}})
end)

check.test("gradients flow through assignment", function()
  local x = tensor({1, 2, 3}, {dtype = "float64", requires_grad = true})
  local v = tensor({10, 20}, {dtype = "float64", requires_grad = true})
  local y = x * 2
  y[{{1, 2}}] = v * 3
  local gx, gv = tensor.grad((y * y):sum(), {x, v})
  check.equal(gx:totable(), {0.0, 0.0, 24.0})
  check.equal(gv:totable(), {180.0, 360.0})
  local z = x * 1
  z[tensor{true, false, true}] = 0
  check.equal((tensor.grad(z:sum(), x)):totable(), {0.0, 1.0, 0.0})
  local w = x * 1
  w[index(3, 1)] = v
  gx, gv = tensor.grad((w * tensor({1, 2, 3}, {dtype = "float64"})):sum(), {x, v})
  check.equal(gx:totable(), {0.0, 2.0, 0.0})
  check.equal(gv:totable(), {3.0, 1.0})
  check.error("leaf", function() x[1] = 0 end)
  tensor.no_grad(function() x[1] = 5 end)
  check.equal(x:get(1), 5.0)
end)

check.test("ipairs walks the first dimension", function()
  local seen = {}
  for i, row in ipairs(grid()) do seen[i] = row:totable() end
  check.equal(seen, grid():totable())
  local n = 0
  for _ in ipairs(tensor.zeros(0, 2)) do n = n + 1 end
  check.equal(n, 0)
  check.equal(select("#", table.unpack(tensor{1, 2, 3}:totable())), 3)
  check.error("out of range", function() return grid()[3] end)
  check.error("out of range", function() local x = tensor{1, 2, 3} return x[#x + 1] end)
end)

-- Every wrong index, as code and what the error says.
local wrong = {
  {"x[0]", "count from 1"}, {"x[3]", "out of range"}, {"x[-3]", "out of range"}, {"x[{1, 4}]", "out of range"},
  {"x[{1, 0}]", "count from 1"}, {"x[{1, 2, 3}]", "too many indices"}, {"x[{1, 2, {}}]", "too many indices"},
  {"x[1.5]", "got the number 1.5"}, {"x[true]", "got a boolean"}, {"x[print]", "got a function"},
  {"x[{{1}}]", "{1, 1}"}, {"x[{{2}}]", "{2, -1}"}, {"x[{{0, 1}}]", "count from 1"}, {"x[{{2, 0}}]", "cannot end at 0"},
  {"x[{{}, {1, 3, 5}}]", "tensor{1, 3, 5}"}, {"x[{{}, {3, 1}}]", "ends before it starts"},
  {"x[{{1, 2, 0}}]", "at least 1"}, {"x[{{1, 2, -1}}]", "flip"}, {"x[{{1, 2, 3, 4}}]", "at most 3"},
  {"x[{{1, 'a'}}]", "whole numbers"}, {"x[{{1.5, 2}}]", "whole numbers"}, {"x[{a = 1}]", "list"},
  {"x[{'...', '...'}]", "once"}, {"x[{'abc'}]", "the string 'abc'"}, {"x[tensor{3}]", "out of range"},
  {"x[tensor({0}, {dtype = 'int64'})]", "count from 1"}, {"x[tensor{1.5}]", "whole"},
  {"x[tensor{true, false, true}]", "mask"}, {"x[{tensor{1, 2}, tensor{1, 2, 3}}]", "broadcast"},
  {"x[{1, 1, tensor{1}}]", "too many indices"}, {"tensor(1)[1]", "too many indices"}, {"#tensor(1)", "no length"},
  {"x[tensor.newaxis][3]", "out of range"},
}

check.test("wrong indices are errors", function()
  for _, case in ipairs(wrong) do
    local f = assert(load("local tensor, x = ... return " .. case[1]))
    local ok, message = pcall(f, tensor, grid())
    check.ok(not ok, case[1] .. " should fail")
    check.ok(message:find(case[2], 1, true), case[1] .. " says: " .. message)
  end
end)

local wrong_assignments = {
  {"x[0] = 1", "count from 1"}, {"x[3] = 1", "out of range"}, {"x[1] = tensor{1, 2}", "[2]"}, {"x[1] = 'a'", "assign"},
  {"x[1] = {1, 2}", "[2]"}, {"x[1] = nil", "assign"}, {"x.nosuch = 1", "nosuch"}, {"x[x:gt(2)] = tensor{1, 2}", "[2]"},
  {"x.shape = {1}", "shape"}, {"x.grad = 5", "grad"}, {"x.grad = tensor{1}", "shape"},
  {"x.requires_grad = 1", "true or false"}, {"x:long().requires_grad = true", "floating"},
}

check.test("wrong assignments are errors", function()
  for _, case in ipairs(wrong_assignments) do
    local f = assert(load("local tensor, x = ... " .. case[1]))
    local ok, message = pcall(f, tensor, grid())
    check.ok(not ok, case[1] .. " should fail")
    check.ok(message:find(case[2], 1, true), case[1] .. " says: " .. message)
  end
end)

check.done()
