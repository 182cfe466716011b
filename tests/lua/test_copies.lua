-- Copies of tensors whose elements lie in every order, against reading them one by one; what is chosen, counted,
-- reduced and sampled by short ways against the plain ones. Knows no kernels.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, F = nnlua.tensor, nnlua.F

local function same(a, b)
  check.ok(a.shape == b.shape, "shapes")
  check.ok(a:eq(b):logical_or(a:ne(a):logical_and(b:ne(b))):all(), "elements")
end

-- x read element by element in the order of its rows.
local function by_hand(x)
  local flat, size = {}, x:numel()
  local shape = {x:size()}
  for i = 0, size - 1 do
    local rest, at = i, {}
    for d = #shape, 1, -1 do
      at[d] = rest % shape[d] + 1
      rest = rest // shape[d]
    end
    flat[i + 1] = x[at]:item()
  end
  return tensor(flat, {dtype = x.dtype}):view(shape)
end

check.test("copies of views whose last dimension is short", function()
  tensor.manual_seed(1)
  for _, dtype in ipairs{"float32", "float64", "uint8"} do
    for last = 1, 9 do
      local x = (tensor.rand(11, 5, last) * 100):to(dtype)
      same(x:transpose(1, 2):contiguous(), by_hand(x:transpose(1, 2)))
      same(x:permute(3, 1, 2):contiguous(), by_hand(x:permute(3, 1, 2)))
      same(x:permute(2, 3, 1):contiguous(), by_hand(x:permute(2, 3, 1)))
      same(x:flip(1, 3), by_hand(x):flip(1):flip(3))
      local row = x:select(3, 1)
      local wide = row:unsqueeze(3):expand(11, 5, last)
      same(wide:contiguous(), by_hand(wide))
    end
    local y = (tensor.rand(9, 40) * 100):to(dtype)
    for size = 2, 9 do
      local windows = y:unfold(2, size, 1)
      local copy = windows:contiguous()
      for i = 1, windows:size(2) do same(copy:select(2, i), y:narrow(2, i, size)) end
    end
    same(y:flip(2):flip(2), y)
    check.equal(y:flip(2)[{1, 1}]:item(), y[{1, 40}]:item())
  end
end)

check.test("elementwise on transposed operands, large ones too", function()
  tensor.manual_seed(7)
  for _, dtype in ipairs{"float32", "float64", "int64"} do
    for _, size in ipairs{{70, 90}, {64, 128}, {129, 33}} do
      local x, y = (tensor.randn(size) * 20):to(dtype), (tensor.randn(size) * 20):to(dtype)
      local a, b = x:t(), y:t()
      same(a + b, (x + y):t())
      same(a * 3, (x * 3):t())
      same(a:lt(b), x:lt(y):t())
      same(a + b[1], (x + y:narrow(2, 1, 1)):t())
      same(a:abs(), x:abs():t())
      same(tensor.cat({a, b}, 2), tensor.cat({x, y}, 1):t())
      same(tensor.cat({x, y}, 2):narrow(2, size[2] + 1, size[2]), y)
      local z = x:clone()
      z:t():add_(b)
      same(z, x + y)
    end
  end
end)

check.test("reductions of permuted tensors", function()
  tensor.manual_seed(8)
  local x = (tensor.randn(12, 20, 30) * 9):round()
  for _, order in ipairs{{1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}} do
    local y = x:permute(table.unpack(order))
    local z = y:contiguous()
    for _, dims in ipairs{{1}, {2}, {3}, {1, 2}, {1, 3}, {2, 3}, {1, 2, 3}} do
      for _, name in ipairs{"sum", "amax", "amin", "mean"} do
        check.ok(y[name](y, dims):allclose(z[name](z, dims), {atol = 1e-5}), name)
        check.ok(y[name](y, dims, true):allclose(z[name](z, dims, true), {atol = 1e-5}), name)
      end
    end
    check.equal(y:sum():item(), z:sum():item())
    check.equal(y:max():item(), z:max():item())
  end
end)

check.test("topk is the beginning of sort, however many are asked for", function()
  tensor.manual_seed(2)
  for _, n in ipairs{40, 1000, 9000} do
    for kind = 1, 5 do
      local x = tensor.randn(2, n)
      if kind == 2 then x = (x * 3):round() end -- many equal ones
      if kind == 3 then x[{1, n // 2}] = 0 / 0 end
      if kind == 4 then x = x:sort(2) end
      if kind == 5 then x = (x * 20):to("int64") end
      for _, k in ipairs{1, 3, 16, 17, n // 10, n // 5} do
        for _, largest in ipairs{true, false} do
          local v, i = x:topk(k, 2, largest)
          local sorted, place = x:sort(2, largest)
          same(v, sorted:narrow(2, 1, k))
          same(i, place:narrow(2, 1, k))
        end
      end
    end
  end
end)

check.test("unique by counting and by sorting agree", function()
  tensor.manual_seed(3)
  local x = tensor.randint(-40, 60, {20, 50})
  local v, inverse, counts = x:unique({return_inverse = true, return_counts = true})
  local w, inverse2, counts2 = (x * 100000):unique({return_inverse = true, return_counts = true})
  same(v * 100000, w)
  same(inverse, inverse2)
  same(counts, counts2)
  same(v:index_select(1, inverse:flatten()):view(20, 50), x)
  check.equal(counts:sum():item(), 1000)
  same(tensor.full({400}, -7, {dtype = "int64"}):unique(), tensor{-7})
end)

check.test("gather along a dimension of which one is picked, and its gradient", function()
  tensor.manual_seed(4)
  local x = tensor.randn(6, 4, 5, {requires_grad = true})
  for dim = 1, 3 do
    local shape = {6, 4, 5}
    local n = shape[dim]
    shape[dim] = 1
    local i = tensor.randint(1, n + 1, shape)
    local y = x:gather(dim, i)
    local mask = F.one_hot(i:squeeze(dim), n):movedim(-1, dim):to("float32")
    same(y:detach(), (x * mask):sum(dim, true):detach())
    x.grad = nil
    y:sum():backward()
    same(x.grad, mask)
  end
  local q = tensor.randn(7, 3)
  same(q:gather(2, tensor{{1}, {2}, {3}, {1}, {2}, {3}, {1}}):view(7),
    tensor.stack{q[{1, 1}], q[{2, 2}], q[{3, 3}], q[{4, 1}], q[{5, 2}], q[{6, 3}], q[{7, 1}]})
end)

check.test("reductions of many short rows", function()
  tensor.manual_seed(5)
  for _, dtype in ipairs{"float32", "float64", "int64", "uint8"} do
    for n = 1, 36 do
      for _, rows in ipairs{63, 64, 300} do
        local x = (tensor.randn(rows, n) * 30):abs():round():to(dtype)
        if n % 5 == 0 and dtype == "float32" then x[{rows // 2, n // 2}] = 0 / 0 end
        same(x:sum(2), x:t():contiguous():sum(1))
        for _, name in ipairs{"max", "min"} do
          local v, i = x[name](x, 2)
          local w, k = x:t():contiguous()[name](x:t():contiguous(), 1)
          same(v, w)
          same(i, k)
          same(x["a" .. name](x, 2), v)
          same(x["arg" .. name](x, 2), i)
        end
      end
    end
  end
  local x = tensor.randn(100, 7, {requires_grad = true})
  local y = x:logsumexp(2, true)
  check.ok(y:allclose(x:t():contiguous():logsumexp(1):view(100, 1), {atol = 1e-6}), "logsumexp")
  y:sum():backward()
  check.ok(x.grad:allclose(x:detach():softmax(2), {atol = 1e-6}), "its gradient")
  local infinite = tensor{{-math.huge, -math.huge}, {math.huge, 0}, {0, -math.huge}}
  same(infinite:logsumexp(2), tensor{-math.huge, math.huge, 0})
end)

check.test("sampling by a grid with and without its gradient", function()
  tensor.manual_seed(6)
  local x = tensor.randn(2, 3, 5, 7, {dtype = "float64"})
  local grid = tensor.randn(2, 4, 6, 2, {dtype = "float64"})
  grid[{1, 1, 1, 1}], grid[{1, 1, 1, 2}] = 1, -1
  local wanting = grid:clone():requires_grad_()
  for _, mode in ipairs{"bilinear", "nearest"} do
    for _, padding in ipairs{"zeros", "border", "reflection"} do
      for _, align in ipairs{true, false} do
        local options = {mode = mode, padding_mode = padding, align_corners = align}
        local y = F.grid_sample(x, grid, options)
        check.ok(y:allclose(F.grid_sample(x, wanting, options):detach(), {atol = 1e-12}), mode .. " " .. padding)
      end
    end
  end
end)

check.done()
