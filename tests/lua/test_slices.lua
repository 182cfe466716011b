-- Wrong inputs and values, by hand, of the functions in tensor/slices.lua, of unique's slices and of unfold's views;
-- the parity tests hold the rest.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor = nnlua.tensor

check.test("unfold is a view: one memory, gradients summed", function()
  local x = tensor.arange(6):double():requires_grad_()
  local w = x:unfold(1, 3, 1)
  check.equal(w:data_ptr(), x:data_ptr())
  check.equal({w:stride()}, {1, 1})
  check.equal((tensor.grad(w:sum(), x)), tensor({1, 2, 3, 3, 2, 1}, {dtype = "float64"}))
  local y = tensor.zeros(5)
  y:unfold(1, 2, 2)[{ 2, {} }]:fill_(7)
  check.equal(y, tensor{0, 0, 7, 7, 0})
  check.error("unfold: windows of 4 at steps of 1 do not fit dimension 1 of size 3", y.unfold, tensor.zeros(3), 1, 4, 1)
  check.error("unfold: dimension = 2 is out of range", y.unfold, y, 2, 1, 1)
  check.error("steps of 0", y.unfold, y, 1, 1, 0)
end)

check.test("unique: slices, empty and wrong ones", function()
  local v, inverse, counts = tensor{{3, 1}, {1, 2}, {3, 1}}:unique({return_inverse = true, return_counts = true,
    dim = 1})
  check.equal({v, inverse, counts},
    {tensor{{1, 2}, {3, 1}}, tensor({2, 1, 2}, {dtype = "int64"}), tensor({1, 2}, {dtype = "int64"})})
  local nan = 0 / 0
  check.equal(tensor{{nan, 1}, {nan, 1}}:unique({dim = 1}):size(1), 2, "NaN is equal to nothing")
  check.equal(tensor{{0, 1}, {-0.0, 1}}:unique({dim = 1}):size(1), 1, "-0 is 0")
  check.error("unique: dim = 3 is out of range", tensor.unique, tensor.zeros(2, 2), {dim = 3})
  check.error("no elements", tensor.unique, tensor.zeros(2, 0), {dim = 1})
  check.error("without dimensions", tensor.unique, tensor(1), {dim = 1})
end)

check.test("slice_scatter", function()
  local x = tensor.zeros(2, 4):requires_grad_()
  local src = tensor.ones(2, 2):requires_grad_()
  local y = x:slice_scatter(src, 2, 2, 4, 2)
  check.equal(y:detach(), tensor{{0, 1, 0, 1}, {0, 1, 0, 1}})
  local gx, gs = tensor.grad((y * 3):sum(), {x, src})
  check.equal({gx, gs}, {tensor{{3, 0, 3, 0}, {3, 0, 3, 0}}, tensor{{3, 3}, {3, 3}}})
  check.equal(tensor.zeros(3):slice_scatter(tensor{1, 2}, {start = -2}), tensor{0, 1, 2})
  check.equal(tensor.zeros(3):slice_scatter(tensor{5}, {stop = 1}), tensor{5, 0, 0})
  check.error("slice_scatter: expected src of shape {2, 4}, got {2, 2}", x.slice_scatter, x, src, 2)
  check.error("src must be a tensor", x.slice_scatter, x, 3)
  check.error("slice_scatter: step", x.slice_scatter, x, src, {step = 0})
end)

check.test("index_reduce, put, fill: wrong inputs", function()
  local x, at, src = tensor.zeros(3, 2), tensor{1, 3}, tensor.ones(2, 2)
  check.equal(x:clone():index_reduce_(1, at, src, "amax"), tensor{{1, 1}, {0, 0}, {1, 1}})
  check.error('index_reduce: reduce must be "prod", "mean", "amax" or "amin", got "sum"', x.index_reduce, x, 1, at, src,
    "sum")
  check.error("index_reduce: expected source of shape {2, 2}", x.index_reduce, x, 1, at, tensor.ones(3, 2), "prod")
  check.error("index_reduce_: indices count from 1 to 3", x.index_reduce_, x, 1, tensor{0, 1}, src, "prod")
  check.error("index must have 1 dimension", x.index_reduce, x, 1, tensor.ones(1, 2), src, "prod")
  check.error("index must be a tensor", x.index_reduce, x, 1, 1, src, "prod")
  check.equal(x:put(tensor{2}, tensor{5}), tensor{{0, 5}, {0, 0}, {0, 0}})
  check.equal(tensor.fill(x, 2):sum():item(), 12.0)
  check.equal(x:sum():item(), 0.0, "x stays")
end)

check.test("gradient", function()
  check.close(tensor.gradient(tensor{1, 4, 9, 16}, {spacing = {tensor{0, 1, 3, 7}}, edge_order = 2}),
    tensor{19 / 6, 17 / 6, 2.25, 1.25}, 1e-6)
  local x = tensor{1, 4, 9}:requires_grad_()
  check.equal((tensor.grad(tensor.gradient(x):sum(), x)), tensor{-1.5, 0, 1.5})
  check.error("gradient: dimension 1 has size 2, edge_order = 2 needs at least 3", tensor.gradient, tensor{1, 2},
    {edge_order = 2})
  check.error("edge_order must be 1 or 2", tensor.gradient, x, {edge_order = 3})
  check.error("expected a spacing for each of 1 dimensions, got 2", tensor.gradient, x, {spacing = {1, 2}})
  check.error("the coordinates of dimension 1 must be a tensor of 3 numbers", tensor.gradient, x,
    {spacing = {tensor{1, 2}}})
end)

check.test("histogram", function()
  local h, edges = tensor.histogram(tensor{0, 1, 1.5, 3, 4, -1}, tensor{0, 1.5, 3})
  check.equal({h, edges}, {tensor{2, 2}, tensor{0, 1.5, 3}})
  check.equal((tensor.histogram(tensor{1, 2, 1}, tensor{0, 1.5, 3}, {density = true}):mul(9):round()), tensor{4, 2})
  check.equal((tensor.histogram(tensor{2, 2}, 2)), tensor{0, 2})
  check.equal((tensor.histogram(tensor.zeros(0), 2)), tensor{0, 0})
  check.error("ascending", tensor.histogram, tensor{1}, tensor{2, 1})
  check.error("range must be two finite numbers", tensor.histogram, tensor{1}, 3, {range = {2, 1}})
  check.error("bins must be at least 1", tensor.histogram, tensor{1}, 0)
  check.error("bins must be a whole number or a tensor", tensor.histogram, tensor{1}, "x")
  check.error("expected weight of shape {1}", tensor.histogram, tensor{1}, 3, {weight = tensor{1, 2}})
  check.error("floating-point", tensor.histogram, tensor({1}, {dtype = "int64"}), 3)
  check.error("range must be two finite numbers", tensor.histogram, tensor{0 / 0}, 3)
end)

check.test("windows: wrong inputs", function()
  check.error("hann_window: window_length must be a whole number >= 0, got -1", tensor.hann_window, -1)
  check.error("unknown", tensor.kaiser_window, 3, {beat = 3})
  check.equal(tensor.bartlett_window(5, {periodic = false}), tensor{0, 0.5, 1, 0.5, 0})
end)

check.done()
