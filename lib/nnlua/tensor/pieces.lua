-- Functions and methods of tensors that are made of other operations: pieces put together and taken apart, indices of
-- triangles, windows over a dimension. What they do is said in builtins.lua.

local core = require "nnlua.core"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor, methods = core.tensor, core.methods

-- Adds tensor[name] and, where wanted, the method.
local function add(name, f, is_method)
  if tensor[name] == nil then tensor[name] = f end
  if is_method and methods[name] == nil then methods[name] = f end
end

-- Several tensors, as arguments or as one list.
local function tensors_of(name, ...)
  local list = table.pack(...)
  if list.n == 1 and type(list[1]) == "table" then list = list[1] end
  local n = list.n or #list
  if n == 0 then fail.raise("%s: expected tensors, got none", name) end
  for i = 1, n do expect.tensor(name, nil, list[i]) end
  return list
end

-- A whole number, or a list of such.
local function numbers(name, argument, v)
  local list = type(v) == "table" and not getmetatable(v) and v or {v}
  local out = {}
  for i, one in ipairs(list) do
    out[i] = math.type(one) and math.tointeger(one)
    if not out[i] then break end
  end
  if #out ~= #list or v == nil then
    fail.raise("%s: %s must be a whole number or a list of such, got %s", name, argument, fail.show(v))
  end
  return list == v and out or out[1]
end

-- ---- products -----------------------------------------------------------------------------------------------------

local by_dims, by_count = core.op("tensordot_dims"), core.op("tensordot_count")

add("tensordot", function(a, b, dims)
  expect.tensor("tensordot", nil, a)
  expect.tensor("tensordot", nil, b)
  if type(dims) == "table" and dims.dims ~= nil then dims = dims.dims end
  if dims == nil or math.type(dims) == "integer" then return by_count(a, b, dims or 2) end
  if type(dims) ~= "table" or #dims ~= 2 then
    fail.raise("tensordot: dims must be a number or two lists of dimensions, got %s", fail.show(dims))
  end
  local first = type(dims[1]) == "table" and dims[1] or {dims[1]}
  local second = {}
  for i, d in ipairs(type(dims[2]) == "table" and dims[2] or {dims[2]}) do second[i] = d > 0 and d - 1 or d end
  return by_dims(a, b, first, second)
end)

-- ---- shapes -------------------------------------------------------------------------------------------------------

local function each(name, f)
  return function(...)
    local results = tensors_of(name, ...)
    local out = {}
    for i, x in ipairs(results) do out[i] = f(x) end
    return table.unpack(out)
  end
end

local function atleast_1d(x) return x:dim() == 0 and x:reshape(1) or x end
local function atleast_2d(x) return x:dim() < 2 and atleast_1d(x):unsqueeze(1) or x end
local function atleast_3d(x)
  x = atleast_2d(x)
  return x:dim() == 2 and x:unsqueeze(3) or x
end
add("atleast_1d", each("atleast_1d", atleast_1d))
add("atleast_2d", each("atleast_2d", atleast_2d))
add("atleast_3d", each("atleast_3d", atleast_3d))

add("broadcast_tensors", function(...)
  local list = tensors_of("broadcast_tensors", ...)
  local all = tensor.zeros(1):expand(list[1]:dim() == 0 and {1} or list[1].shape)
  if list[1]:dim() == 0 then all = all:select(1, 1) end
  for i = 2, #list do all = all + tensor.zeros_like(list[i]):to("float32") end
  local out = {}
  for i, x in ipairs(list) do out[i] = x:expand(all.shape) end
  return table.unpack(out)
end)

add("broadcast_shapes", function(...)
  local all = tensor(0)
  for _, sizes in ipairs {...} do all = all + tensor(0):expand(type(sizes) == "number" and {sizes} or sizes) end
  return all.shape
end)

add("column_stack", function(list)
  local columns = {}
  for i, x in ipairs(tensors_of("column_stack", list)) do
    columns[i] = x:dim() < 2 and x:reshape(-1, 1) or x
  end
  return tensor.cat(columns, 2)
end)

add("dstack", function(list)
  local deep = {}
  for i, x in ipairs(tensors_of("dstack", list)) do deep[i] = atleast_3d(x) end
  return tensor.cat(deep, 3)
end)

-- Into so many equal parts, or in front of these positions (amounts of elements before the cut).
local function split_at(name, x, where, dim)
  if expect.tensor(name, nil, x):dim() < dim then
    fail.raise("%s: expected a tensor of %d dimensions or more, got %s", name, dim, tostring(x.shape))
  end
  local size = x:size(dim)
  where = numbers(name, "indices_or_sections", where)
  if type(where) == "number" then
    if where < 1 or size % where ~= 0 then
      fail.raise("%s: dimension %d of size %d cannot be cut into %s equal parts", name, dim, size, where)
    end
    return x:split(math.max(size // where, 1), dim)
  end
  local parts, from = {}, 0
  for i = 1, #where + 1 do
    local to = where[i] == nil and size or where[i] < 0 and size + where[i] or where[i]
    to = math.max(math.min(to, size), from)
    parts[i] = x:narrow(dim, from + 1, to - from)
    from = to
  end
  return table.unpack(parts)
end

add("hsplit", function(x, where)
  return split_at("hsplit", x, where, expect.tensor("hsplit", nil, x):dim() == 1 and 1 or 2)
end, true)
add("vsplit", function(x, where) return split_at("vsplit", x, where, 1) end, true)
add("dsplit", function(x, where) return split_at("dsplit", x, where, 3) end, true)
add("split_with_sizes", function(x, sizes, dim)
  return expect.tensor("split_with_sizes", nil, x):split(sizes, dim or 1)
end, true)

add("block_diag", function(...)
  local list = tensors_of("block_diag", ...)
  local rows, cols = 0, 0
  for i, x in ipairs(list) do
    if x:dim() > 2 then fail.raise("block_diag: tensor %d has more than two dimensions", i) end
    list[i] = atleast_2d(x)
    rows, cols = rows + list[i]:size(1), cols + list[i]:size(2)
  end
  local out, left = {}, 0
  for i, x in ipairs(list) do
    local r, c = x:size()
    local kind = {dtype = x.dtype}
    out[i] = tensor.cat({tensor.zeros(r, left, kind), x, tensor.zeros(r, cols - left - c, kind)}, 2)
    left = left + c
  end
  return tensor.cat(out, 1)
end)

add("cartesian_prod", function(...)
  local list = tensors_of("cartesian_prod", ...)
  if #list == 1 then return list[1] end
  local grids = {tensor.meshgrid(list, {indexing = "ij"})}
  for i, g in ipairs(grids) do grids[i] = g:reshape(-1) end
  return tensor.stack(grids, 2)
end)

local read_combinations = signature("combinations", "r:amount=2, with_replacement:bool=false")

add("combinations", function(x, ...)
  local a = read_combinations(...)
  local n, rows, chosen = expect.tensor("combinations", nil, x):size(1), {}, {}
  local function choose(k, from)
    if k > a.r then
      for _, i in ipairs(chosen) do rows[#rows + 1] = i end
      return
    end
    for i = from, n do
      chosen[k] = i
      choose(k + 1, a.with_replacement and i or i + 1)
    end
  end
  if a.r == 0 then return x:narrow(1, 1, 0) end
  choose(1, 1)
  if #rows == 0 then return x:narrow(1, 1, 0):reshape(0, a.r) end
  return x:index_select(1, tensor(rows, {dtype = "int64"})):reshape(-1, a.r)
end)

local read_vander = signature("vander", "N:amount?, increasing:bool=false")

local function vander(x, n, increasing)
  n = n or x:size(-1)
  local powers = tensor.arange(n, {dtype = "int64"})
  return x:unsqueeze(-1):pow(increasing and powers or n - 1 - powers)
end

add("vander", function(x, ...)
  local a = read_vander(...)
  return vander(expect.tensor("vander", nil, x), a.N, a.increasing)
end)
function core.tensor.linalg.vander(x, ...)
  return vander(expect.tensor("vander", nil, x), read_vander(...).N, true)
end

add("diagflat", function(x, offset)
  return tensor.diag(expect.tensor("diagflat", nil, x):reshape(-1), offset or 0)
end, true)

-- ---- positions ----------------------------------------------------------------------------------------------------

local function indices_of(name, cut)
  local read = signature(name, "row:amount, col:amount, offset:int=0")
  add(name, function(...)
    local a = read(...)
    local inside = tensor[cut](tensor.ones(a.row, a.col), a.offset)
    return inside:nonzero():t():contiguous()
  end)
end
indices_of("tril_indices", "tril")
indices_of("triu_indices", "triu")

add("unravel_index", function(index, shape)
  shape = numbers("unravel_index", "shape", shape)
  if type(shape) == "number" then shape = {shape} end
  for _, size in ipairs(shape) do
    if size < 1 then fail.raise("unravel_index: expected sizes >= 1, got %d", size) end
  end
  local rest, places = expect.tensor("unravel_index", nil, index):to("int64") - 1, {}
  for d = #shape, 1, -1 do
    places[d] = rest % shape[d] + 1
    rest = rest // shape[d]
  end
  return table.unpack(places)
end)

-- ---- copies with something in them --------------------------------------------------------------------------------

local function scattered(name, take)
  add(name, function(x, src, ...)
    local y = expect.tensor(name, nil, x):clone()
    take(y, ...):copy_(src)
    return y
  end, true)
end
scattered("select_scatter", function(y, dim, index) return y:select(dim, index) end)
scattered("diagonal_scatter", function(y, offset, dim1, dim2) return y:diagonal(offset or 0, dim1 or 1, dim2 or 2) end)

add("narrow_copy", function(x, ...) return expect.tensor("narrow_copy", nil, x):narrow(...):clone() end, true)

-- ---- methods alone ------------------------------------------------------------------------------------------------

function methods.fill_diagonal_(x, value)
  if expect.tensor("fill_diagonal_", nil, x):dim() ~= 2 then fail.raise("fill_diagonal_: expected a matrix") end
  x:diagonal():fill_(value)
  return x
end

function methods.put_(x, index, source, accumulate)
  expect.tensor("put_", nil, x)
  if not x:is_contiguous() then fail.raise("put_: the tensor must be contiguous") end
  x:view(-1):index_put_({expect.tensor("put_", nil, index):reshape(-1)}, expect.tensor("put_", nil, source):reshape(-1),
    accumulate == true)
  return x
end

for _, name in ipairs {"hardshrink", "prelu"} do
  methods[name] = function(x, ...) return core.F[name](x, ...) end
end

function methods.is_same_size(x, other) return expect.tensor("is_same_size", nil, x).shape == other.shape end
function methods.new_tensor(x, values, options)
  local o = {dtype = x.dtype}
  for key, v in pairs(options or {}) do o[key] = v end
  return tensor(values, o)
end
function methods.new_empty(x, ...) return x:new_zeros(...) end

-- ---- runs ---------------------------------------------------------------------------------------------------------

local read_runs = signature("unique_consecutive", "return_inverse:bool=false, return_counts:bool=false, dim:int?")

add("unique_consecutive", function(x, ...)
  local a = read_runs(...)
  expect.tensor("unique_consecutive", nil, x)
  local dim = a.dim or 1
  local lanes = a.dim and x or x:reshape(-1)
  local n = lanes:size(dim)
  local first = tensor.ones(n, {dtype = "bool"})
  if n > 1 then
    local differs = lanes:narrow(dim, 2, n - 1):ne(lanes:narrow(dim, 1, n - 1)):movedim(dim, 1):reshape(n - 1, -1)
    first[{ {2, n} }] = differs:any(2)
  end
  local starts = first:nonzero():reshape(-1)
  local results = {lanes:index_select(dim, starts)}
  if a.return_inverse then
    local inverse = first:to("int64"):cumsum(1)
    results[#results + 1] = a.dim and inverse or inverse:reshape(x.shape)
  end
  if a.return_counts then
    results[#results + 1] = tensor.cat({starts, tensor({n + 1}, {dtype = "int64"})}):diff()
  end
  return table.unpack(results)
end, true)

return tensor
