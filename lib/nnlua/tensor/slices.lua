-- Functions and methods of tensors that are made of other operations: slices combined and replaced, estimates
-- of derivatives, histograms, windows. What they do is said in builtins.lua.

local core = require "nnlua.core"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor, methods = core.tensor, core.methods

-- ---- slices -------------------------------------------------------------------------------------------------------

local read_slice = signature("slice_scatter", "src:any, dim:int=1, start:int?, stop:int?, step:count=1")

local function slice_scatter(x, ...)
  local a = read_slice(...)
  expect.tensor("slice_scatter", nil, x)
  expect.tensor("slice_scatter", "src", a.src)
  local size = x:size(a.dim)
  local first, last = a.start or 1, a.stop or size
  if first < 0 then first = size + first + 1 end
  if last < 0 then last = size + last + 1 end
  first, last = math.max(first, 1), math.min(last, size)
  local places = tensor.arange(first, math.max(last, first - 1) + 1, a.step, {dtype = "int64"})
  local want = {x:size()}
  want[a.dim < 0 and a.dim + #want + 1 or a.dim] = places:numel()
  if a.src.shape ~= want then
    fail.raise("slice_scatter: expected src of shape {%s}, got %s", table.concat(want, ", "), tostring(a.src.shape))
  end
  return x:index_copy(a.dim, places, a.src:to(x.dtype))
end
tensor.slice_scatter, methods.slice_scatter = slice_scatter, slice_scatter

local read_reduce = signature("index_reduce", "dim:int, index:any, source:any, reduce:string, include_self:bool=true")
local ways = {prod = true, mean = true, amax = true, amin = true}

-- What scatter_reduce takes for whole slices.
local function reduced(name, method, x, ...)
  local a = read_reduce(...)
  expect.tensor(name, nil, x)
  expect.tensor(name, "index", a.index)
  expect.tensor(name, "source", a.source)
  if not ways[a.reduce] then
    fail.raise('%s: reduce must be "prod", "mean", "amax" or "amin", got %s', name, fail.show(a.reduce))
  end
  local want, slices, n = {x:size()}, {}, a.index:numel()
  local size = x:size(a.dim)
  local dim = a.dim < 0 and a.dim + #want + 1 or a.dim
  if a.index:dim() ~= 1 then fail.raise("%s: index must have 1 dimension, got %s", name, tostring(a.index.shape)) end
  want[dim] = n
  if a.source.shape ~= want then
    fail.raise("%s: expected source of shape {%s}, a slice for each of the %d indices, got %s", name,
      table.concat(want, ", "), n, tostring(a.source.shape))
  end
  if n > 0 and (a.index:min():item() < 1 or a.index:max():item() > size) then
    fail.raise("%s: indices count from 1 to %d, got %s", name, size, tostring(a.index))
  end
  for d = 1, #want do slices[d] = d == dim and n or 1 end
  local index = a.index:long():reshape(slices):expand(want)
  return x[method](x, dim, index, a.source, a.reduce, {include_self = a.include_self})
end

function tensor.index_reduce(x, ...) return reduced("index_reduce", "scatter_reduce", x, ...) end
methods.index_reduce = tensor.index_reduce
function methods.index_reduce_(x, ...) return reduced("index_reduce_", "scatter_reduce_", x, ...) end

function tensor.put(x, ...) return expect.tensor("put", nil, x):clone():put_(...) end
methods.put = tensor.put
function tensor.fill(x, value) return expect.tensor("fill", nil, x):clone():fill_(value) end

-- ---- derivatives --------------------------------------------------------------------------------------------------

-- The differences of neighbouring coordinates along dimension d, shaped to go with x.
local function distances(x, d, spacing)
  local n, sizes = x:size(d), {}
  for k = 1, x:dim() do sizes[k] = k == d and n - 1 or 1 end
  if type(spacing) == "number" then return tensor.full(sizes, spacing, {dtype = x.dtype}) end
  if not tensor.is_tensor(spacing) or spacing:dim() ~= 1 or spacing:size(1) ~= n then
    fail.raise("gradient: the coordinates of dimension %d must be a tensor of %d numbers, got %s", d, n,
      tensor.is_tensor(spacing) and tostring(spacing.shape) or fail.show(spacing))
  end
  return spacing:to(x.dtype):diff():reshape(sizes)
end

-- The derivative along dimension d with respect to coordinates that are h apart.
local function along(x, d, h, edge_order)
  local n = x:size(d)
  local function at(i, count) return x:narrow(d, i, count or 1) end
  local function gap(i, count) return h:narrow(d, i, count or 1) end
  local parts = {}
  if n > 2 then
    local l, r = gap(1, n - 2), gap(2, n - 2)
    parts[2] = (l * l * at(3, n - 2) - r * r * at(1, n - 2) + (r * r - l * l) * at(2, n - 2)) / (r * l * (l + r))
  end
  if edge_order == 1 then
    parts[1] = (at(2) - at(1)) / gap(1)
    parts[#parts + 1] = (at(n) - at(n - 1)) / gap(n - 1)
  else
    local a, b = gap(1), gap(2)
    parts[1] = at(2) * (a + b) / (a * b) - at(1) * (2 * a + b) / (a * (a + b)) - at(3) * a / (b * (a + b))
    a, b = gap(n - 2), gap(n - 1)
    parts[3] = at(n - 2) * b / (a * (a + b)) - at(n - 1) * (a + b) / (a * b) + at(n) * (2 * b + a) / (b * (a + b))
  end
  return tensor.cat(parts, d)
end

local read_gradient = signature("gradient", "spacing:any=1, dim:int*?, edge_order:count=1")

function tensor.gradient(x, ...)
  local a = read_gradient(...)
  expect.tensor("gradient", nil, x)
  if not x:is_floating_point() then x = x:float() end
  if a.edge_order > 2 then fail.raise("gradient: edge_order must be 1 or 2, got %d", a.edge_order) end
  local dims = a.dim
  if dims == nil then
    dims = {}
    for d = 1, x:dim() do dims[d] = d end
  end
  local spacing = a.spacing
  if tensor.is_tensor(spacing) then spacing = {spacing} end
  if type(spacing) == "table" and #spacing ~= #dims then
    fail.raise("gradient: expected a spacing for each of %d dimensions, got %d", #dims, #spacing)
  end
  local out = {}
  for i, d in ipairs(dims) do
    local n = x:size(d)
    if n < a.edge_order + 1 then
      fail.raise("gradient: dimension %d has size %d, edge_order = %d needs at least %d", d, n, a.edge_order,
        a.edge_order + 1)
    end
    if d < 0 then d = d + x:dim() + 1 end
    out[i] = along(x, d, distances(x, d, type(spacing) == "table" and spacing[i] or spacing), a.edge_order)
  end
  return table.unpack(out)
end

-- ---- histograms ---------------------------------------------------------------------------------------------------

-- The edges of so many bins of equal width.
local function equal_edges(x, bins, range)
  if bins < 1 then fail.raise("histogram: bins must be at least 1, got %d", bins) end
  local low, high = 0.0, 1.0
  if range then
    low, high = range[1], range[2]
  elseif x:numel() > 0 then
    low, high = x:min():item(), x:max():item()
  end
  local width = high - low -- NaN and infinite ones are not below infinity
  if not (width >= 0 and width < math.huge) then
    fail.raise("histogram: range must be two finite numbers in ascending order, got %s and %s", fail.show(low),
      fail.show(high))
  end
  if low == high then low, high = low - 0.5, high + 0.5 end
  return tensor.linspace(low, high, bins + 1, {dtype = x.dtype})
end

local read_histogram = signature("histogram", "bins:any, range:number*2?, weight:any?, density:bool=false")

local function histogram(x, ...)
  local a = read_histogram(...)
  expect.tensor("histogram", nil, x)
  if not x:is_floating_point() then
    fail.raise("histogram: expected a tensor of floating-point numbers, got %s; use x:float()", x.dtype)
  end
  x = x:detach()
  local flat, edges = x:reshape(-1), a.bins
  if math.type(edges) == "integer" then edges = equal_edges(flat, edges, a.range) end
  if not tensor.is_tensor(edges) or edges:dim() ~= 1 or edges:numel() < 2 then
    fail.raise("histogram: bins must be a whole number or a tensor of at least 2 edges, got %s", fail.show(a.bins))
  end
  local n = edges:numel() - 1
  if edges:diff():lt(0):any() then fail.raise("histogram: the edges must be in ascending order") end
  edges = edges:detach():to(x.dtype)
  local weight = a.weight
  if weight ~= nil and expect.tensor("histogram", "weight", weight).shape ~= x.shape then
    fail.raise("histogram: expected weight of shape %s, got %s", tostring(x.shape), tostring(weight.shape))
  end
  weight = weight and weight:detach():to(x.dtype):reshape(-1) or tensor.ones_like(flat)
  local bin = tensor.searchsorted(edges, flat, {right = true}) - 1
  bin = tensor.where(flat:eq(edges[n + 1]), n, bin)
  local inside = bin:ge(1) & bin:le(n) & flat:eq(flat)
  local counts = bin:masked_select(inside):bincount({weights = weight:masked_select(inside), minlength = n})
  counts = counts:to(x.dtype)
  if a.density then counts = counts / counts:sum() / edges:diff() end
  return counts, edges
end
tensor.histogram, methods.histogram = histogram, histogram

-- ---- windows ------------------------------------------------------------------------------------------------------

-- tensor[name](window_length, ...): f(t, a) of t = n / N in float64, N the length of a period.
local function window(name, arguments, f)
  local read = signature(name, "window_length:amount, periodic:bool=true, " .. arguments .. "dtype:string=float32")
  tensor[name] = function(...)
    local a = read(...)
    local n = a.window_length
    if n < 2 then return tensor.ones(n, {dtype = a.dtype}) end
    return f(tensor.arange(n, {dtype = "float64"}) / (a.periodic and n or n - 1), a):to(a.dtype)
  end
end

local function wave(t, k) return (t * (2 * math.pi * k)):cos() end

window("hann_window", "", function(t) return 0.5 - 0.5 * wave(t, 1) end)
window("hamming_window", "alpha:number=0.54, beta:number=0.46, ", function(t, a)
  return a.alpha - a.beta * wave(t, 1)
end)
window("blackman_window", "", function(t) return 0.08 * wave(t, 2) - 0.5 * wave(t, 1) + 0.42 end)
window("bartlett_window", "", function(t) return 1 - (t * 2 - 1):abs() end)
window("kaiser_window", "beta:number=12, ", function(t, a)
  local peak = tensor(a.beta, {dtype = "float64"}):i0()
  return tensor.i0((1 - (t * 2 - 1):square()):clamp_min(0):sqrt() * a.beta) / peak
end)

return tensor
