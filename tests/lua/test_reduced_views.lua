-- Reductions read slices, windows, repeated and turned tensors where they lie. Whatever the layout, results are
-- those of a contiguous copy.

local nnlua = require "nnlua"
local tensor = nnlua.tensor

local random = math.random
math.randomseed(7)
tensor.manual_seed(7)

-- A view of more than 4096 elements and of a random kind of layout, in several steps.
local function view(dtype)
  local shape = {random(3, 9), random(5, 20), random(40, 90)}
  local x
  if dtype:find "^float" then
    x = tensor.randn(shape, {dtype = dtype})
  else
    x = tensor.randint(0, dtype == "bool" and 2 or 100, shape):to(dtype)
  end
  for _ = 1, random(1, 3) do
    local kind, dim = random(6), random(x:dim())
    local n = x.shape[dim]
    if kind == 1 and n > 2 then
      x = x:narrow(dim, random(1, 2), n - 2)
    elseif kind == 2 then
      x = x:transpose(dim, random(x:dim()))
    elseif kind == 3 and x:dim() < 5 then
      x = x:unfold(dim, math.min(3, n), random(1, 2))
    elseif kind == 4 and x:dim() < 5 then
      local wide = {table.unpack(x.shape)}
      table.insert(wide, dim, random(2, 3))
      x = x:unsqueeze(dim):expand(wide)
    elseif kind == 5 then
      x = x:select(dim, 1):unsqueeze(dim):expand(x.shape)
    elseif n > 8 then
      x = x:index_select(dim, tensor.arange(1, n + 1)):narrow(dim, 3, n - 4)
    end
  end
  return x
end

local function dims_of(x)
  local dims = {}
  for d = 1, x:dim() do
    if random(2) == 1 then dims[#dims + 1] = d end
  end
  return #dims > 0 and dims or {random(x:dim())}
end

local function same(a, b, what)
  assert(table.concat(a.shape, ",") == table.concat(b.shape, ","), what)
  if not a.dtype:find "^float" then return assert(a:equal(b), what) end
  local allowed = b:double():abs() * 1e-5 + (a.dtype == "float32" and 2e-3 or 1e-9)
  local far = (a:double() - b:double()):abs():gt(allowed):any()
  assert(not far, what)
end

local ways = {
  sum = function(x, dims, keep) return x:sum(dims, keep) end,
  amax = function(x, dims, keep) return x:amax(dims, keep) end,
  amin = function(x, dims, keep) return x:amin(dims, keep) end,
  mean = function(x, dims, keep) return x:mean(dims, keep) end,
  norm = function(x, dims, keep) return x:norm(2, dims, keep) end,
}

for _, dtype in ipairs {"float32", "float64", "int64", "uint8", "bool"} do
  for trial = 1, 60 do
    local x = view(dtype)
    local copy, dims, keep = x:contiguous():clone(), dims_of(x), random(2) == 1
    local shape, over = table.concat(x.shape, ", "), table.concat(dims, ", ")
    local what = ("%s, trial %d: shape {%s}, dims {%s}"):format(dtype, trial, shape, over)
    for name, f in pairs(ways) do
      local floats = name == "mean" or name == "norm"
      if dtype:find "^float" or not floats then same(f(x, dims, keep), f(copy, dims, keep), name .. " of " .. what) end
    end
    same(x:sum(), copy:sum(), "sum of all of " .. what)
    same(x:max(), copy:max(), "max of " .. what)
  end
end

-- What is repeated counts as often as it is there; NaN and infinity stay what they are.
local ones = tensor.ones(1, 300):expand(1000, 300)
assert(ones:sum():item() == 300000 and ones:sum(1):eq(1000):all() and ones:sum(2):eq(300):all())
local odd = tensor.zeros(100, 1)
odd[3] = 0 / 0
odd[4] = 1 / 0
local wide = odd:expand(100, 80)
assert(wide:sum(2)[3]:isnan():item() and wide:sum(2)[4]:item() == 1 / 0 and wide:amax():isnan():item())

-- Gradients of first and second order through views.
local x = tensor.randn(40, 120, {dtype = "float64"}):requires_grad_()
local y = (x:narrow(2, 3, 110):unfold(2, 4, 2):sum(3) ^ 2):sum()
local g = tensor.grad(y, x, {create_graph = true})
local h = (x:narrow(2, 3, 110):contiguous():unfold(2, 4, 2):contiguous():sum(3) ^ 2):sum()
same(g:detach(), tensor.grad(h, x), "gradient through windows")
assert(tensor.grad((g ^ 2):sum(), x):isfinite():all())
