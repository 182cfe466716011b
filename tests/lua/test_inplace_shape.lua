-- x:t_(), x:squeeze_() and their kin: a tensor that becomes its own view, alone and among other views of its memory,
-- with its history. Values and gradients are PyTorch's.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor = nnlua.tensor

local function grid(rows, cols) return tensor.arange(rows * cols):double():view(rows, cols):clone() end

check.test("the same as the view, in the same memory", function()
  local cases = {
    {"squeeze", {2, 1, 3, 1}}, {"squeeze", {2, 1, 3, 1}, 2}, {"squeeze", {2, 1, 3, 1}, 1},
    {"squeeze", {2, 1, 3, 1}, {2, 4}}, {"unsqueeze", {2, 3}, 1}, {"unsqueeze", {2, 3}, -1}, {"unsqueeze", {2, 3}, 2},
    {"t", {2, 3}}, {"t", {3}}, {"transpose", {2, 3, 4}, 1, 3}, {"swapaxes", {2, 3, 4}, -1, 1},
    {"swapdims", {2, 3, 4}, 2, 3},
  }
  for _, c in ipairs(cases) do
    local x = tensor.randn(c[2])
    local want, place = x[c[1]](x, table.unpack(c, 3)):clone(), x:data_ptr()
    local result = x[c[1] .. "_"](x, table.unpack(c, 3))
    check.ok(rawequal(result, x), c[1] .. "_ returns its tensor")
    check.equal(x, want, c[1])
    check.equal(x:data_ptr(), place)
    check.equal({x:stride()}, {result:stride()})
  end
end)

check.test("many dimensions come and go", function()
  local x = tensor{1, 2, 3}
  for n = 2, 12 do
    x:unsqueeze_(1)
    check.equal(x:dim(), n)
  end
  check.equal((x * 2):sum():item(), 12.0)
  x:squeeze_()
  check.equal(x, tensor{1, 2, 3})
end)

check.test("other views of the memory stay as they are and see writes", function()
  local x = grid(2, 3)
  local row = x[1]
  x:t_()
  check.equal(row, tensor({0, 1, 2}, {dtype = "float64"}))
  x[{3, 1}] = 9
  check.equal(row, tensor({0, 1, 9}, {dtype = "float64"}))
  row:mul_(2)
  check.equal(x[{ {}, 1 }], tensor({0, 2, 18}, {dtype = "float64"}))
end)

check.test("gradients go through the new shape", function()
  local w = grid(2, 3):requires_grad_()
  local y = w * 2
  y:t_()
  check.equal(y.shape == {3, 2}, true)
  check.equal(y.grad_fn:name(), "t")
  local weights = grid(3, 2)
  check.equal((tensor.grad((y * weights):sum(), w)), weights:t() * 2)
  local z = w * 1
  z:unsqueeze_(1):transpose_(1, 3):squeeze_(3)
  check.equal((tensor.grad((z * weights):sum(), w, {retain_graph = true})), weights:t())
  local second = tensor.grad((z * z * z):sum(), w, {create_graph = true})
  check.equal((tensor.grad(second:sum(), w)), w:detach() * 6)
end)

check.test("a view that turns and is written to changes its base's history", function()
  local w = tensor.ones(3, 4, {dtype = "float64", requires_grad = true})
  local y = w * 1
  local v = y[{ {2, 3} }]
  v:t_()
  v:mul_(3)
  check.equal((tensor.grad(y:sum(), w)), tensor({{1, 1, 1, 1}, {3, 3, 3, 3}, {3, 3, 3, 3}}, {dtype = "float64"}))
end)

check.test("a base that turns under a view, and both are written to", function()
  local w = tensor.ones(2, 3, {dtype = "float64", requires_grad = true})
  local y = w * 1
  local row = y[1]
  y:t_()
  row:mul_(5)
  y[{ {}, 2 }]:mul_(7)
  check.equal(y:detach(), tensor({{5, 7}, {5, 7}, {5, 7}}, {dtype = "float64"}))
  check.equal((tensor.grad(y:sum(), w, {retain_graph = true})),
    tensor({{5, 5, 5}, {7, 7, 7}}, {dtype = "float64"}))
  check.equal((tensor.grad(row:sum(), w)), tensor({{5, 5, 5}, {0, 0, 0}}, {dtype = "float64"}))
end)

check.test("without recording the history still fits the shape", function()
  local w = grid(2, 3):requires_grad_()
  local y = w * 2
  tensor.no_grad(function() y:t_() end)
  check.equal((tensor.grad((y * grid(3, 2)):sum(), w)), grid(3, 2):t() * 2)
end)

check.test("retain_grad follows the tensor", function()
  local w = grid(2, 3):requires_grad_()
  local y = w * 2
  y:retain_grad()
  y:t_()
  local loss = (y * grid(3, 2)):sum()
  loss:backward()
  check.equal(y.grad, grid(3, 2))
end)

check.test("the same seen by PyTorch's version counter", function()
  local w = grid(2, 3):requires_grad_()
  local y = w * 1
  local z = y * y
  check.equal(y._version, 0)
  y:t_()
  check.equal(y._version, 1)
  check.error("changed in place afterwards", z.sum(z).backward, z:sum())
end)

check.test("errors", function()
  local w = grid(2, 3):requires_grad_()
  check.error("t_: a leaf tensor that requires grad cannot change its shape in place; use t", w.t_, w)
  check.error("unsqueeze_: a view of a leaf tensor that requires grad cannot change", w.unsqueeze_, w[1], 1)
  check.error("squeeze_: dim", tensor.zeros(2, 1).squeeze_, tensor.zeros(2, 1), 3)
  check.error("transpose_: dim1 = 3 is out of range", tensor.zeros(2, 1).transpose_, tensor.zeros(2, 1), 1, 3)
  check.error("t_: expected at most 2 dimensions, got [2, 1, 1]", tensor.zeros(2, 1).t_, tensor.zeros(2, 1, 1))
  check.error("unsqueeze_: dim = 4 is out of range", tensor.zeros(2, 1).unsqueeze_, tensor.zeros(2, 1), 4)
  check.error("unsqueeze_: argument 'dim' is missing", w.unsqueeze_, grid(2, 2))
  local most = tensor.zeros(1)
  check.error("at most", function() for _ = 1, 100 do most:unsqueeze_(1) end end)
  check.equal(most:sum():item(), 0.0, "still whole")
end)

check.done()
