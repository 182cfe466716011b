-- tensor.vmap: a function of single samples becomes one of batches. Inside, a stand-in (a table around a tensor whose
-- first dimension is the batch, hidden) passes for each mapped tensor; every operation that meets one comes here, and a
-- rule runs it once for the whole batch. The rules go by what the registry says of an operation's parameters and by the
-- lists below; what has no rule runs in a loop over the batch.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor, F, methods = core.tensor, core.F, core.methods

local vmap = {}

-- ---- stand-ins -----------------------------------------------------------------------------------------------------

-- {value = tensor with the batch first, level = of which vmap}. A value may be a stand-in of an outer vmap.
local StandIn = {__name = "batched tensor"}

local function is_stand_in(v) return type(v) == "table" and getmetatable(v) == StandIn end

local function stand_in(value, level) return setmetatable({value = value, level = level}, StandIn) end

-- The running vmaps, the innermost last: {size = n, random = ...}.
local levels = {}

local function is_mine(v, level) return is_stand_in(v) and rawget(v, "level") == level end

-- The tensor with the batch first: expanded for one that is the same for all samples.
local function with_batch(v, level)
  if is_mine(v, level) then return rawget(v, "value") end
  local sizes = {levels[level].size, table.unpack({v:size()})}
  return v:unsqueeze(1):expand(sizes)
end

-- The number of dimensions a sample has.
local function rank_of(v, level)
  if is_mine(v, level) then return rawget(v, "value"):dim() - 1 end
  return v:dim()
end

-- A mapped tensor with dimensions of size 1 put in behind the batch, so that a sample has `rank`.
local function raised(v, rank)
  local value = rawget(v, "value")
  local sizes = {value:size()}
  local missing = rank - (#sizes - 1)
  if missing <= 0 then return value end
  local shape = {sizes[1]}
  for _ = 1, missing do shape[#shape + 1] = 1 end
  table.move(sizes, 2, #sizes, #shape + 1, shape)
  return value:reshape(shape)
end

-- ---- arguments of an operation, by the registry --------------------------------------------------------------------

-- Base name -> rows; filled when somebody asks, for most programs never do.
local rows_of = {}

local function fill_rows()
  setmetatable(rows_of, nil)
  for _, row in ipairs(core.ops()) do
    if not row.flags.private then
      rows_of[row.base] = rows_of[row.base] or {}
      table.insert(rows_of[row.base], row)
    end
  end
  return rows_of
end

setmetatable(rows_of, {__index = function(_, base) return fill_rows()[base] end,
  __pairs = function() return pairs(fill_rows()) end})
vmap.rows = rows_of

local whole = math.tointeger

local function is_list(v, test)
  if type(v) ~= "table" or is_stand_in(v) then return false end
  for _, item in ipairs(v) do
    if not test(item) then return false end
  end
  return true
end

local function is_whole(v) return type(v) == "number" and whole(v) ~= nil end
local function is_number(v) return type(v) == "number" end

local fits = {
  tensors = function(v) return is_list(v, tensor.is_tensor) end,
  indices = function(v) return type(v) == "table" end,
  int = is_whole, dim = is_whole, position = is_whole, float = is_number, number = is_number,
  bool = function(v) return type(v) == "boolean" end,
  dims = function(v) return is_whole(v) or is_list(v, is_whole) end,
  shape = function(v) return is_whole(v) or (is_list(v, is_whole)) end,
  ints = function(v) return type(v) == "string" or is_whole(v) or is_list(v, is_whole) end,
  floats = function(v) return is_number(v) or is_list(v, is_number) end,
  dtype = function(v) return type(v) == "string" end, string = function(v) return type(v) == "string" end,
  choice = function(v) return type(v) == "string" end, generator = function(v) return type(v) == "userdata" end,
}

local function fits_kind(row, p, v)
  if p.kind == "tensor" then
    return tensor.is_tensor(v) or ((row.flags.promotes or row.flags.numbers) and type(v) ~= "table"
      and type(v) ~= "string")
  end
  return fits[p.kind] and fits[p.kind](v)
end

local function is_options(v)
  return type(v) == "table" and not getmetatable(v) and #v == 0 and type(next(v)) == "string"
end

-- The arguments of a call by the names of a row's parameters; nil when they are not this row's.
local function read(row, args, n)
  local values, positional, options = {}, {}, nil
  for _, p in ipairs(row.params) do
    if not p.keyword then positional[#positional + 1] = p end
  end
  if n > 0 and is_options(args[n]) then options, n = args[n], n - 1 end
  for i, p in ipairs(positional) do
    if p.rest and i <= n and type(args[i]) ~= "table" then -- the remaining numbers together
      local list = {}
      for k = i, n do
        if not is_whole(args[k]) then return nil end
        list[#list + 1] = args[k]
      end
      values[p.name], n = list, math.min(n, i)
      break
    end
    if i <= n and args[i] ~= nil then
      if not fits_kind(row, p, args[i]) then return nil end
      values[p.name] = args[i]
    end
  end
  if n > #positional then return nil end
  local known = {}
  for _, p in ipairs(row.params) do known[p.name] = p end
  for key, v in pairs(options or {}) do
    if not known[key] or values[key] ~= nil or not fits_kind(row, known[key], v) then return nil end
    values[key] = v
  end
  for _, p in ipairs(row.params) do
    if values[p.name] == nil and p.default == nil then return nil end
  end
  return values
end

-- Runs the row with arguments by name.
local function run(row, values)
  local first, options = row.params[1], {}
  for key, v in pairs(values) do
    if key ~= first.name then options[key] = v end
  end
  if next(options) == nil then return core.op(row.name)(values[first.name]) end
  return core.op(row.name)(values[first.name], options)
end

-- Every result that is a tensor, as a stand-in.
local function results(level, ...)
  local out = table.pack(...)
  for i = 1, out.n do
    if tensor.is_tensor(out[i]) then out[i] = stand_in(out[i], level) end
  end
  return table.unpack(out, 1, out.n)
end

-- ---- the ways to run batched ---------------------------------------------------------------------------------------

-- A way is a function of (row, values, level) that returns the results, or LOOP when it cannot.
local LOOP = {}

local function is_tensor_kind(p) return p.kind == "tensor" end

-- Elementwise with broadcasting: samples are raised to the same number of dimensions.
local function elementwise(row, values, level)
  local rank, new = 0, {}
  for _, p in ipairs(row.params) do
    local v = values[p.name]
    if is_tensor_kind(p) and tensor.is_tensor(v) then rank = math.max(rank, rank_of(v, level)) end
  end
  for key, v in pairs(values) do new[key] = is_mine(v, level) and raised(v, rank) or v end
  return results(level, run(row, new))
end

local function shifted_dim(d) return d > 0 and d + 1 or d end

local function shifted(v)
  if type(v) == "number" then return shifted_dim(v) end
  local list = {}
  for i, d in ipairs(v) do list[i] = shifted_dim(d) end
  return list
end

-- Dimensions count one more; what is the same for all samples is expanded.
local function along(row, values, level)
  local new = {}
  local first = values[row.params[1].name]
  if tensor.is_tensor(first) and rank_of(first, level) == 0 and row.base ~= "unsqueeze" then return LOOP end
  for _, p in ipairs(row.params) do
    local v = values[p.name]
    if is_tensor_kind(p) and tensor.is_tensor(v) then
      new[p.name] = with_batch(v, level)
    elseif p.kind == "tensors" then
      local list = {}
      for i, t in ipairs(v) do list[i] = with_batch(t, level) end
      new[p.name] = list
    elseif p.kind == "dim" or p.kind == "dims" or (p.kind == "position" and p.name:find("dim", 1, true)) then
      if v == nil and tonumber(p.default) and tonumber(p.default) > 0 then v = whole(tonumber(p.default)) end
      new[p.name] = v and shifted(v)
    else
      new[p.name] = v
    end
  end
  return results(level, run(row, new))
end

local function all_dims(x)
  local dims = {}
  for d = 2, x:dim() do dims[#dims + 1] = d end
  return dims
end

-- Reductions: without dimensions over those of a sample.
local function reduction(row, values, level)
  if values.other ~= nil then return elementwise(row, values, level) end
  if values.dim ~= nil then return along(row, values, level) end
  local x = rawget(values.input, "value")
  local new = {}
  for key, v in pairs(values) do new[key] = v end
  local by_dim
  for _, other in ipairs(rows_of[row.base]) do
    for _, p in ipairs(other.params) do
      if (p.kind == "dims" or p.kind == "dim") and not by_dim then by_dim = {row = other, kind = p.kind} end
    end
  end
  if not by_dim then return LOOP end
  new.input = by_dim.kind == "dims" and x or x:reshape({x:size(1), -1})
  new.dim = by_dim.kind == "dims" and all_dims(x) or 2
  if by_dim.kind == "dims" and #new.dim == 0 then new.input, new.dim = x:unsqueeze(2), {2} end
  local found = table.pack(run(by_dim.row, new))
  if row ~= by_dim.row then found.n = 1 end -- max() gives no position
  return results(level, table.unpack(found, 1, found.n))
end

-- In front of sizes comes the batch.
local function reshaping(row, values, level)
  local new = {}
  for key, v in pairs(values) do new[key] = v end
  for _, p in ipairs(row.params) do
    local v = values[p.name]
    if is_tensor_kind(p) and v ~= nil then new[p.name] = with_batch(v, level) end
    if p.kind == "shape" then
      new[p.name] = {levels[level].size, table.unpack(type(v) == "table" and v or {v})}
    end
  end
  return results(level, run(row, new))
end

local function expanding(_, values, level)
  local sizes = values.sizes or values.size or values.shape
  if not sizes then return LOOP end
  local list = type(sizes) == "table" and sizes or {sizes}
  local x = raised(values.input, #list)
  return stand_in(x:expand({x:size(1), table.unpack(list)}), level)
end

-- The mapped input's samples, themselves batches [N, ...], as one batch; everything else must be the same for all.
local function folded(sample_rank)
  return function(row, values, level)
    local new, x = {}, values.input
    for key, v in pairs(values) do
      if key ~= "input" and is_mine(v, level) then return LOOP end
      new[key] = v
    end
    if not is_mine(x, level) then return LOOP end
    local value, rank = rawget(x, "value"), rank_of(x, level)
    if rank == sample_rank then
      new.input = value
      return results(level, run(row, new))
    end
    local sizes = {value:size()}
    if #sizes < 3 then return LOOP end
    new.input = value:reshape({sizes[1] * sizes[2], table.unpack(sizes, 3)})
    local out = table.pack(run(row, new))
    for i = 1, out.n do
      local s = {out[i]:size()}
      out[i] = out[i]:reshape({sizes[1], sizes[2], table.unpack(s, 2)})
    end
    return results(level, table.unpack(out, 1, out.n))
  end
end

-- Only the first tensor is mapped, and nothing counts its dimensions from the front.
local function only_first(row, values, level)
  local first = row.params[1].name
  for key, v in pairs(values) do
    if key ~= first and is_mine(v, level) then return LOOP end
  end
  if not is_mine(values[first], level) then return LOOP end
  local new = {}
  for key, v in pairs(values) do new[key] = v end
  new[first] = rawget(values[first], "value")
  return results(level, run(row, new))
end

-- ---- products ------------------------------------------------------------------------------------------------------

local function product(a, b, level)
  local rank_a, rank_b = rank_of(a, level), rank_of(b, level)
  local function matrix(v, rank, dim)
    local value = is_mine(v, level) and rawget(v, "value") or v
    return rank == 1 and value:unsqueeze(dim) or value
  end
  local x, y = matrix(a, rank_a, -2), matrix(b, rank_b, -1)
  local rank = math.max(rank_a, rank_b, 2)
  if is_mine(a, level) then x = raised(stand_in(x, level), rank) end
  if is_mine(b, level) then y = raised(stand_in(y, level), rank) end
  local z = x:matmul(y)
  if rank_b == 1 then z = z:squeeze(-1) end
  if rank_a == 1 then z = z:squeeze(rank_b == 1 and -1 or -2) end
  return stand_in(z, level)
end

local function matmul(row, values, level)
  local a, b = values[row.params[1].name], values[row.params[2].name]
  return product(a, b, level)
end

local products = {}

function products.linear(row, values, level)
  local w, b = values.weight, values.bias
  if not is_mine(w, level) and not is_mine(b, level) then return only_first(row, values, level) end
  local y = values.input:matmul(w:t())
  return b and y + b or y
end

function products.outer(row, values)
  local a, b = values[row.params[1].name], values[row.params[2].name]
  return a:unsqueeze(2) * b:unsqueeze(1)
end

products.ger = products.outer

function products.addmm(row, values)
  local a, b = values[row.params[2].name], values[row.params[3].name]
  return values.input * (values.beta or 1) + a:matmul(b) * (values.alpha or 1)
end
products.baddbmm, products.addmv = products.addmm, products.addmm
function products.addr(row, values)
  local a, b = values[row.params[2].name], values[row.params[3].name]
  return values.input * (values.beta or 1) + a:unsqueeze(2) * b:unsqueeze(1) * (values.alpha or 1)
end

function products.inner(row, values, level)
  local a, b = values[row.params[1].name], values[row.params[2].name]
  local rank_a, rank_b = rank_of(a, level), rank_of(b, level)
  if rank_a == 0 or rank_b == 0 then return a * b end
  if rank_a > 2 or rank_b > 2 then return LOOP end
  return product(a, rank_b == 2 and b:transpose(1, 2) or b, level)
end

-- A letter for the batch goes in front of the mapped operands' and the result's.
function products.einsum(_, values, level)
  local equation, operands = values.equation:gsub("%s", ""), values.operands or values.tensors
  local left, right = equation:match("^(.-)%->(.*)$")
  left = left or equation
  if left:find("%.") then return LOOP end
  local letter, terms, counts = "Z", {}, {}
  while equation:find(letter) do letter = string.char(letter:byte() - 1) end
  for term in (left .. ","):gmatch("(.-),") do
    terms[#terms + 1] = term
    for c in term:gmatch("%a") do counts[c] = (counts[c] or 0) + 1 end
  end
  if not right then
    local once = {}
    for c, n in pairs(counts) do
      if n == 1 then once[#once + 1] = c end
    end
    table.sort(once)
    right = table.concat(once)
  end
  local plain = {}
  for i, x in ipairs(operands) do
    local mapped = is_mine(x, level)
    plain[i], terms[i] = mapped and rawget(x, "value") or x, (mapped and letter or "") .. terms[i]
  end
  return stand_in(tensor.einsum(table.concat(terms, ",") .. "->" .. letter .. right, plain), level)
end

-- ---- others with rules of their own --------------------------------------------------------------------------------

local special = {}

-- No dimension given: all of a sample that have size 1.
function special.squeeze(row, values, level)
  if values.dim ~= nil then return along(row, values, level) end
  local x = rawget(values.input, "value")
  local sizes, shape = {x:size()}, {x:size(1)}
  for d = 2, #sizes do
    if sizes[d] ~= 1 then shape[#shape + 1] = sizes[d] end
  end
  return stand_in(x:reshape(shape), level)
end

function special.t(_, values, level)
  local x = values.input
  return rank_of(x, level) < 2 and x or x:transpose(1, 2)
end

function special.flatten(row, values, level)
  local new = {input = values.input, start_dim = values.start_dim or 1, end_dim = values.end_dim or -1}
  if rank_of(values.input, level) == 0 then return values.input:reshape(1) end
  return along(row, new, level)
end

function special.ravel(_, values) return values.input:reshape(-1) end

function special.tile(_, values, level)
  local times = values.dims or values.sizes or values.repeats
  local list = type(times) == "table" and times or {times}
  local x = raised(values.input, #list)
  local all = {1}
  for _ = 1, x:dim() - 1 - #list do all[#all + 1] = 1 end
  table.move(list, 1, #list, #all + 1, all)
  return stand_in(x:tile(all), level)
end

function special.flip(row, values, level)
  if values.dims == nil then return LOOP end
  return along(row, values, level)
end

function special.roll(row, values, level)
  local x = values.input
  if values.dims ~= nil then return along(row, values, level) end
  local flat = rawget(x, "value"):reshape({levels[level].size, -1})
  local shifts = type(values.shifts) == "table" and values.shifts[1] or values.shifts
  return stand_in(flat:roll(shifts, 2):reshape(rawget(x, "value").shape), level)
end

-- Like another tensor.
local function like(name, other)
  local plain = name:gsub("_as$", "")
  special[name] = function(_, values)
    return values.input[plain](values.input, {values[other]:size()})
  end
end
like("view_as", "other")
like("reshape_as", "other")
like("expand_as", "other")

function special.permute(row, values, level)
  local dims = {1}
  for i, d in ipairs(values.dims) do dims[i + 1] = shifted_dim(d) end
  if not is_mine(values.input, level) or #values.dims ~= rank_of(values.input, level) then return LOOP end
  return stand_in(run(row, {input = rawget(values.input, "value"), dims = dims}), level)
end

-- The dimension counted from the end, for samples of different numbers of dimensions.
function special.cross(row, values, level)
  local new, rank, first = {}, 0, nil
  for key, v in pairs(values) do
    new[key] = v
    if tensor.is_tensor(v) then
      if rank_of(v, level) >= rank then rank, first = rank_of(v, level), v end
    end
  end
  local d = values.dim
  if d == nil and row.flags.linalg then d = -1 end
  for i = 1, rank do
    if d == nil and first:size(i) == 3 then d = i end
  end
  new.dim = d > 0 and d - rank - 1 or d
  return elementwise(row, new, level)
end

function special.vecdot(row, values, level)
  if values.dim and values.dim > 0 then return LOOP end
  return elementwise(row, values, level)
end

function special.fliplr(_, values) return values.input:flip{2} end

function special.flipud(_, values) return values.input:flip{1} end

function special.pad(row, values, level)
  return (values.mode or "constant") ~= "constant" and LOOP or only_first(row, values, level)
end

function special.hstack(_, values, level)
  local rank = rank_of(values.tensors[1], level)
  return rank < 2 and LOOP or tensor.cat(values.tensors, 2)
end

function special.vstack(_, values, level)
  local rank = rank_of(values.tensors[1], level)
  return rank < 2 and LOOP or tensor.cat(values.tensors, 1)
end

function special.multi_dot(row, values)
  local list = values[row.params[1].name]
  local y = list[1]
  for i = 2, #list do y = y:matmul(list[i]) end
  return y
end
special.chain_matmul = special.multi_dot
special.row_stack = special.vstack

function special.adjoint(_, values) return values.input:transpose(-2, -1) end

function special.trace(_, values) return values.input:diagonal(0, -2, -1):sum(-1) end

function special.dist(_, values) return (values.input - values.other):norm(values.p or 2) end

function special.msort(_, values) return (values.input:sort(1)) end

function special.rot90(row, values, level)
  if values.dims == nil then return LOOP end
  return along(row, values, level)
end

function special.take(_, values)
  local x, index = values.input, values.index
  return x:reshape(-1):gather(1, index:reshape(-1)):reshape({index:size()})
end

function special.type_as(row, values)
  return values.input:to(values[row.params[2].name].dtype)
end

function special.where(row, values, level)
  if values.other == nil then return LOOP end
  return elementwise(row, values, level)
end

function special.masked_fill(_, values)
  if not tensor.is_tensor(values.value) then return LOOP end
  return tensor.where(values.mask, values.value, values.input)
end

function special.take_along_dim(row, values, level)
  return values.dim == nil and LOOP or along(row, values, level)
end

-- The losses that compare elements: each sample's are reduced on their own.
local function elementwise_loss(row, values, level)
  local new, how = {}, values.reduction or "mean"
  for key, v in pairs(values) do new[key] = v end
  if values.weight ~= nil and not row.base:find("^binary") then return LOOP end
  new.input = stand_in(with_batch(values.input, level), level)
  new.target = stand_in(with_batch(values.target, level), level)
  new.reduction = "none"
  local loss = elementwise(row, new, level)
  if how == "mean" then return loss:mean() end
  if how == "batchmean" then return loss:sum() / loss:size(1) end
  return how == "sum" and loss:sum() or loss
end

-- Class numbers: the losses of all samples' rows in one call, then their means.
local function class_loss(row, values, level)
  local x, t, how = values.input, values.target, values.reduction or "mean"
  if is_mine(values.weight, level) then return LOOP end
  local rank = rank_of(x, level)
  local xs, ts = with_batch(x, level), with_batch(t, level)
  local sizes, target_sizes = {xs:size()}, {ts:size()}
  if rank > 1 then
    xs = xs:reshape({sizes[1] * sizes[2], table.unpack(sizes, 3)})
    ts = ts:reshape({target_sizes[1] * target_sizes[2], table.unpack(target_sizes, 3)})
  end
  local new = {}
  for key, v in pairs(values) do new[key] = v end
  new.input, new.target, new.reduction = xs, ts, "none"
  local loss = run(row, new)
  local soft = ts:is_floating_point() and ts:dim() == xs:dim()
  if how ~= "none" then
    local sums = loss:reshape({sizes[1], -1}):sum(2)
    if how == "sum" then return stand_in(sums, level) end
    if soft then return stand_in(sums / (loss:numel() // sizes[1]), level) end
    local flat = ts:reshape({sizes[1], -1}):long()
    local counted = flat:ne(values.ignore_index or -100)
    local weights = counted:to(xs.dtype)
    if values.weight then
      local class = tensor.where(counted, flat, tensor.ones_like(flat)):reshape(-1)
      weights = values.weight:index_select(1, class):reshape(flat.shape) * weights
    end
    return stand_in(sums / weights:sum(2), level)
  end
  if rank > 1 then
    local s = {loss:size()}
    loss = loss:reshape({sizes[1], sizes[2], table.unpack(s, 2)})
  end
  return stand_in(loss, level)
end

-- ---- which operation goes which way --------------------------------------------------------------------------------

local ways = {}

local function assign(way, names)
  for name in names:gmatch("%S+") do ways[name] = way end
end

assign(elementwise, [[
  exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh asinh acosh atanh sqrt rsqrt reciprocal erf
  erfc erfinv neg abs square sign floor ceil trunc frac round relu sigmoid tanh leaky_relu elu threshold clamp clip
  clamp_min clamp_max gelu silu softplus mish logsigmoid relu6 hardtanh hardsigmoid hardswish softsign tanhshrink selu
  isnan isinf isfinite logical_not bitwise_not clone contiguous to detach zeros_like ones_like empty_like full_like
  rand_like randn_like bernoulli dropout fill zero masked_fill lerp addcmul addcdiv nan_to_num celu hardshrink
  softshrink one_hot lgamma digamma polygamma mvlgamma i0 i0e i1 i1e ndtr ndtri log_ndtr erfcx sinc logit xlogy xlog1py
  gammaln gammainc gammaincc heaviside copysign nextafter logaddexp logaddexp2 rad2deg deg2rad positive absolute
  negative signbit sgn isposinf isneginf isreal ldexp float_power fmax fmin entr expit psi zeta bessel_j0 bessel_j1
  igamma igammac cauchy exponential geometric log_normal random uniform normal randint_like _standard_gamma
  subtract multiply rsub multigammaln fix arctan arcsin arccos arcsinh arccosh arctanh arctan2 not_equal
  greater greater_equal less less_equal poisson binomial isclose gcd lcm
  bitwise_left_shift bitwise_right_shift standard_gamma angle frexp]])
assign(along, [[
  softmax log_softmax softmin cumsum cumprod cummax cummin logcumsumexp sort argsort topk kthvalue unsqueeze transpose
  swapaxes swapdims movedim moveaxis select narrow unbind chunk split tensor_split diff tril triu gather
  scatter scatter_add scatter_reduce cat concat stack unflatten diag_embed concatenate]])
assign(reduction, [[
  sum mean prod amax amin max min argmax argmin all any count_nonzero var std logsumexp nansum nanmean mode median
  nanmedian aminmax var_mean std_mean]])
assign(reshaping, "view reshape")
assign(expanding, "expand broadcast_to")
assign(matmul, "matmul mm bmm mv dot vdot")
-- Matrices with batches of the same kind in front.
local function linalg(row, values, level)
  local ranks = {}
  for _, v in pairs(values) do
    if tensor.is_tensor(v) then ranks[#ranks + 1] = rank_of(v, level) end
  end
  local least, most = math.min(table.unpack(ranks)), math.max(table.unpack(ranks))
  if least > 1 and least ~= most then return LOOP end
  if row.base == "qr" and values.mode == "r" then return LOOP end
  return along(row, values, level)
end

assign(linalg, [[cdist
  inv inverse det slogdet logdet solve cholesky cholesky_ex cholesky_solve cholesky_inverse qr svd svdvals eigh eigvalsh
  eig eigvals pinv pinverse matrix_power matrix_exp lu_factor lu_factor_ex lu lu_solve solve_triangular triangular_solve
  matrix_rank lu_unpack householder_product cond inv_ex solve_ex ldl_factor vander]])
assign(only_first, "layer_norm rms_norm embedding bucketize")
assign(elementwise_loss, [[
  mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div]])
assign(class_loss, "cross_entropy nll_loss")
for n = 1, 3 do
  local names = [[convNd conv_transposeNd max_poolNd avg_poolNd adaptive_avg_poolNd adaptive_max_poolNd]]
  assign(folded(n + 1), (names:gsub("N", tostring(n))))
end
assign(folded(-1), "interpolate")
local unfold_blocks = folded(3)
assign(function(row, values, level)
  if row.name == "unfold.windows" then return along(row, values, level) end
  return unfold_blocks(row, values, level)
end, "unfold")
assign(folded(2), "fold")
for name, way in pairs(products) do ways[name] = way end
for name, way in pairs(special) do ways[name] = way end

-- With an index that is the same for all samples.
local function by_index(row, values, level)
  if is_mine(values.index, level) or tensor.is_tensor(values.value) then return LOOP end
  if rank_of(values.input, level) == 0 then return LOOP end
  local new = {}
  for _, p in ipairs(row.params) do
    local v = values[p.name]
    if p.name == "dim" then
      new.dim = shifted(v)
    elseif p.name ~= "index" and is_tensor_kind(p) and tensor.is_tensor(v) then
      new[p.name] = with_batch(v, level)
    else
      new[p.name] = v
    end
  end
  return results(level, run(row, new))
end
assign(by_index, "index_select index_add index_copy index_fill")

-- Norms over all elements of a sample, or along dimensions.
local function norms(row, values, level)
  if values.dim ~= nil then return along(row, values, level) end
  local name = row.params[1].name
  if not is_mine(values[name], level) then return LOOP end
  local x = rawget(values[name], "value")
  if row.base == "norm" and (row.flags.linalg and values.ord ~= nil or type(values.p) == "string") then return LOOP end
  local new = {}
  for key, v in pairs(values) do new[key] = v end
  new[name], new.dim = x:reshape({x:size(1), -1}), {2}
  return results(level, run(row, new))
end
assign(norms, "norm vector_norm")

-- Two dimensions that have defaults of their own.
local function on_diagonal(row, values, level)
  local x, d1, d2 = rawget(values[row.params[1].name], "value"), 1, 2
  if row.flags.linalg then d1, d2 = -2, -1 end
  return stand_in(x:diagonal(values.offset or 0, shifted_dim(values.dim1 or d1), shifted_dim(values.dim2 or d2)), level)
end
ways.diagonal = on_diagonal

ways.diag = function(_, values, level)
  local x, offset = values.input, values.diagonal or 0
  if rank_of(x, level) == 1 then return tensor.diag_embed(x, offset) end
  return x:diagonal(offset)
end

-- Fresh tensors of a sample's dtype.
ways.new_zeros = function(row, values, level) return reshaping(row, values, level) end
ways.new_ones, ways.new_full = ways.new_zeros, ways.new_zeros

-- Results whose sizes hang on the numbers.
local uneven = {masked_select = true, masked_scatter = true, index_put = true}

-- The way of an operation, nil for a loop.
local function way_of(base)
  if uneven[base] then return nil end
  if ways[base] then return ways[base] end
  for _, row in ipairs(rows_of[base] or {}) do
    if row.flags.broadcasts then return elementwise end
  end
end

--- The names of operations that vmap runs in a loop over the batch, and how many there are in all.
function vmap.loops()
  local list, n = {}, 0
  for base, rows in pairs(rows_of) do
    local takes_tensors = false
    for _, row in ipairs(rows) do
      for _, p in ipairs(row.params) do
        takes_tensors = takes_tensors or p.kind == "tensor" or p.kind == "tensors" or p.kind == "indices"
      end
    end
    if takes_tensors then
      n = n + 1
      if not way_of(base) then list[#list + 1] = base end
    end
  end
  table.sort(list)
  return list, n
end

-- ---- calls ---------------------------------------------------------------------------------------------------------

-- The highest level among stand-ins in arguments.
local function level_of(args, n)
  local level = 0
  local function look(v)
    if is_stand_in(v) then level = math.max(level, rawget(v, "level")) end
  end
  for i = 1, n do
    look(args[i])
    if type(args[i]) == "table" and not getmetatable(args[i]) then
      for _, v in pairs(args[i]) do look(v) end
    end
  end
  return level
end

-- The argument for sample i.
local function sample(v, i, level)
  if is_mine(v, level) then return rawget(v, "value"):select(1, i) end
  if type(v) == "table" and not getmetatable(v) then
    local out = {}
    for key, item in pairs(v) do out[key] = sample(item, i, level) end
    return out
  end
  return v
end

-- One call a sample, the results stacked.
local function loop(name, operation, args, level)
  local lists, n = {}, 0
  for i = 1, levels[level].size do
    local one = {}
    for k = 1, args.n do one[k] = sample(args[k], i, level) end
    local out = table.pack(operation(table.unpack(one, 1, args.n)))
    n = out.n
    for k = 1, n do
      lists[k] = lists[k] or {}
      lists[k][i] = out[k]
    end
  end
  local back = {}
  for k = 1, n do
    local first = lists[k][1]
    if not tensor.is_tensor(first) then
      fail.raise("vmap: %s gives a %s for each sample, which cannot stay batched", name, type(first))
    end
    for _, t in ipairs(lists[k]) do
      if table.concat({t:size()}, ",") ~= table.concat({first:size()}, ",") then
        fail.raise("vmap: %s gives samples of different shapes, [%s] and [%s]", name,
          table.concat({first:size()}, ", "), table.concat({t:size()}, ", "))
      end
    end
    back[k] = stand_in(tensor.stack(lists[k], 1), level)
  end
  return table.unpack(back, 1, n)
end

local function check_random(name, level)
  for _, row in ipairs(rows_of[name] or {}) do
    if row.flags.random and levels[level].randomness == "error" then
      fail.raise("vmap: %s draws random numbers: say with randomness = \"different\" that each sample gets its own",
        name)
    end
  end
end

-- The flag of the rows that this function of users stands for.
local function place_of(name, operation)
  if core.linalg[name] == operation then return "linalg" end
  if methods[name] == operation then return "method" end
  if tensor[name] == operation then return "tensor" end
  if F[name] == operation then return "functional" end
end

local function call(name, operation, args)
  local level = level_of(args, args.n)
  check_random(name, level)
  local way, place = way_of(name), place_of(name, operation)
  if way then
    for _, row in ipairs(rows_of[name] or {}) do
      local values = (not place or row.flags[place]) and read(row, args, args.n)
      if values then
        local out = table.pack(way(row, values, level))
        if out[1] ~= LOOP then return table.unpack(out, 1, out.n) end
        break
      end
    end
  end
  return loop(name, operation, args, level)
end

-- In place: the stand-in gets the new tensor.
local function call_in_place(name, operation, args)
  local target, level = args[1], level_of(args, args.n)
  if not is_mine(target, level) then
    fail.raise("vmap: %s would change a tensor that is the same for all samples", name)
  end
  local made = call(name:sub(1, -2), function(x, ...) return operation(x:clone(), ...) end, args)
  rawset(target, "value", rawget(made, "value"))
  return target
end

local function dispatch(name, operation, ...)
  local args = table.pack(...)
  if name:sub(-1) == "_" then return call_in_place(name, operation, args) end
  return call(name, operation, args)
end

-- ---- what a stand-in can do beside operations ----------------------------------------------------------------------

local own = {}

function own:size(d)
  local sizes = {rawget(self, "value"):size()}
  table.remove(sizes, 1)
  if d == nil then return table.unpack(sizes) end
  local n = sizes[d < 0 and #sizes + 1 + d or d]
  if not n then fail.raise("size: dimension %d of a tensor with %d dimensions", d, #sizes) end
  return n
end

function own:dim() return rawget(self, "value"):dim() - 1 end
own.ndimension = own.dim
function own:numel() return rawget(self, "value"):numel() // levels[rawget(self, "level")].size end
own.nelement = own.numel
function own:is_floating_point() return rawget(self, "value"):is_floating_point() end
function own:is_contiguous() return rawget(self, "value"):is_contiguous() end
function own:cpu() return self end

local function refuse(name)
  own[name] = function()
    fail.raise("vmap: %s needs the numbers of one sample, but a whole batch is computed at once", name)
  end
end
for _, name in ipairs {"item", "totable", "tolist", "get", "set"} do refuse(name) end

function own.backward() fail.raise("vmap: backward is not for inside; tensor.grad is, or differentiate outside") end

for name, dtype in pairs {float = "float32", double = "float64", long = "int64", byte = "uint8", bool = "bool"} do
  own[name] = function(self) return stand_in(rawget(self, "value"):to(dtype), rawget(self, "level")) end
end

function own:type(dtype)
  local value = rawget(self, "value")
  if dtype == nil then return value.dtype end
  return stand_in(value:to(dtype), rawget(self, "level"))
end

function own:to(...) return stand_in(rawget(self, "value"):to(...), rawget(self, "level")) end

function own:requires_grad_(on)
  rawget(self, "value"):requires_grad_(on ~= false)
  return self
end

local fields = {
  shape = function(self)
    local value = rawget(self, "value")
    return tensor.zeros({own.size(self)}, {dtype = value.dtype}).shape
  end,
  ndim = own.dim,
  T = function(self) return self:t() end,
  mT = function(self) return self:transpose(-2, -1) end,
  data = function(self) return self:detach() end,
}
for _, name in ipairs {"dtype", "device", "requires_grad", "is_leaf", "grad_fn"} do
  fields[name] = function(self) return rawget(self, "value")[name] end
end

-- x[key] with everything of the batch in front.
local function key_of(key)
  if type(key) == "table" and not getmetatable(key) then
    for _, k in ipairs(key) do
      if is_stand_in(k) then return nil end
    end
    return {{}, table.unpack(key)}
  end
  if is_stand_in(key) then return nil end
  return {{}, key}
end

function StandIn:__index(key)
  if type(key) == "string" then
    if own[key] then return own[key] end
    if fields[key] then return fields[key](self) end
    return methods[key]
  end
  local batch_key = key_of(key)
  if not batch_key then
    return loop("indexing", function(x, k) return x[k] end, {self, key, n = 2}, rawget(self, "level"))
  end
  return stand_in(rawget(self, "value")[batch_key], rawget(self, "level"))
end

function StandIn:__newindex(key, v)
  local batch_key, level = key_of(key), rawget(self, "level")
  if not batch_key then fail.raise("vmap: assigning at places that differ by sample is not possible") end
  local value = rawget(self, "value"):clone()
  local target = value[batch_key]
  if is_mine(v, level) then v = raised(v, target:dim() - 1) end
  value[batch_key] = v
  rawset(self, "value", value)
end

for event, name in pairs {__add = "add", __sub = "sub", __mul = "mul", __div = "div", __mod = "remainder",
  __pow = "pow", __idiv = "floor_divide", __band = "bitwise_and", __bor = "bitwise_or", __bxor = "bitwise_xor"} do
  StandIn[event] = function(a, b) return dispatch(name, tensor[name], a, b) end
end
function StandIn.__unm(a) return dispatch("neg", tensor.neg, a) end
function StandIn.__bnot(a) return dispatch("bitwise_not", tensor.bitwise_not, a) end
function StandIn:__len() return own.size(self, 1) end
function StandIn:__tostring()
  return ("batched tensor of %d samples [%s]"):format(levels[rawget(self, "level")].size,
    table.concat({own.size(self)}, ", "))
end

-- ---- gradients inside ----------------------------------------------------------------------------------------------

local plain_grad = tensor.grad

-- The samples of a batch do not touch each other: the gradient of the sum of their results is that of each.
local function batched_grad(outputs, inputs, options)
  local level, list = #levels, {}
  local is_single = is_stand_in(inputs)
  for i, x in ipairs(is_single and {inputs} or inputs) do
    if not is_mine(x, level) then
      fail.raise("vmap: gradients are by what the function got for each sample; pass the tensor as an argument "
        .. "(with false in in_dims when it is the same for all)")
    end
    list[i] = rawget(x, "value")
  end
  local ys, o = {}, {}
  for i, y in ipairs(is_stand_in(outputs) and {outputs} or outputs) do ys[i] = with_batch(y, level) end
  for key, v in pairs(options or {}) do o[key] = v end
  if o.grad_outputs then
    local given = is_stand_in(o.grad_outputs) and {o.grad_outputs} or o.grad_outputs
    local vs = {}
    for i, v in ipairs(given) do vs[i] = with_batch(v, level) end
    o.grad_outputs = vs
  else
    local ones = {}
    for i, y in ipairs(ys) do
      if y:dim() > 1 and y:numel() ~= y:size(1) then
        fail.raise("grad: a result of shape [%s] for each sample needs grad_outputs",
          table.concat({table.unpack({y:size()}, 2)}, ", "))
      end
      ones[i] = tensor.ones_like(y:detach())
    end
    o.grad_outputs = ones
  end
  return results(level, plain_grad(ys, list, o))
end

-- Stands for tensor.grad while a vmap runs.
local function grad_inside(outputs, ...)
  local inputs, options = ...
  local first = type(outputs) == "table" and not is_stand_in(outputs) and outputs[1] or outputs
  local by = type(inputs) == "table" and not is_stand_in(inputs) and inputs[1] or inputs
  if is_stand_in(first) or is_stand_in(by) then return batched_grad(outputs, inputs, options) end
  return plain_grad(outputs, ...)
end

-- ---- vmap ----------------------------------------------------------------------------------------------------------

-- The batch's place first.
local function batch_first(x, d, i)
  if not tensor.is_tensor(x) then
    fail.raise("vmap: argument %d is %s, so in_dims must be false for it", i, fail.show(x))
  end
  local n = x:dim()
  if math.type(d) ~= "integer" or d == 0 or d > n or d < -n then
    fail.raise("vmap: in_dims is %s for argument %d, which has %d dimensions", tostring(d), i, n)
  end
  return d == 1 and x or x:movedim(d, 1)
end

-- Gives mapped tensors of an argument (a tensor, or a table of them) to f(x, dim).
local function map_tree(v, d, f)
  if d == false or d == nil then return f(v, false) end
  if type(v) == "table" and not is_stand_in(v) and not getmetatable(v) then
    local out = {}
    for key, item in pairs(v) do
      local inner = d
      if type(d) == "table" then inner = d[key] end
      out[key] = map_tree(item, inner, f)
    end
    return out
  end
  return f(v, d)
end

local function in_dim(in_dims, i)
  if type(in_dims) == "table" then
    local d = in_dims[i]
    return d ~= nil and d or false
  end
  return in_dims
end

-- The arguments with stand-ins, and the size of the batch.
local function enter(args, in_dims, level)
  local size
  for i = 1, args.n do
    args[i] = map_tree(args[i], in_dim(in_dims, i), function(x, d)
      if not d then return x end
      local moved = batch_first(x, d, i)
      if size and moved:size(1) ~= size then
        fail.raise("vmap: argument %d has %d samples, those before have %d", i, moved:size(1), size)
      end
      size = moved:size(1)
      return stand_in(moved, level)
    end)
  end
  if not size then fail.raise("vmap: no argument is mapped: in_dims is false for all of them") end
  levels[level].size = size
  for i = 1, args.n do -- what wants a gradient is a leaf for each sample
    if tensor.is_tensor(args[i]) and not is_stand_in(args[i]) and args[i].requires_grad then
      args[i] = stand_in(with_batch(args[i], level), level)
    end
  end
end

local function out_dim(out_dims, k)
  if type(out_dims) == "table" then return out_dims[k] or 1 end
  return out_dims
end

-- Results without stand-ins, the batch where out_dims says.
local function leave(v, d, level)
  if type(v) == "table" and not is_stand_in(v) and not getmetatable(v) then
    local out = {}
    for key, item in pairs(v) do out[key] = leave(item, d, level) end
    return out
  end
  if not tensor.is_tensor(v) then
    fail.raise("vmap: the function must return tensors, it returned %s", fail.show(v))
  end
  local value = with_batch(v, level)
  return d == 1 and value or value:movedim(1, d)
end

local read_options = signature("vmap", "func:callable, in_dims:int|bool|table=1, out_dims:int|table=1, "
  .. "randomness:string=error")

--- A function that does to batches what func does to single samples, in one pass: func sees its arguments without the
-- batch's dimension. in_dims says where that is in each argument: a number for all, or a list with a number or false
-- (not mapped, the same for all samples) for each; out_dims where it goes in the results. Gradients of each sample:
-- tensor.grad inside of func by its arguments, mapped or not. randomness = "different" allows random operations, which
-- then draw for each sample. What needs the numbers of one sample (item, if) cannot be batched; a few operations run in
-- a loop, nnlua.vmap_loops() names them.
--     local dots = tensor.vmap(function(a, b) return a:dot(b) end)
--     dots(tensor{{1, 2}, {3, 4}}, tensor{{1, 1}, {2, 2}})
--     --> {3, 14}
function tensor.vmap(...)
  local o = read_options(...)
  if o.randomness ~= "error" and o.randomness ~= "different" then
    fail.raise("vmap: randomness must be 'error' or 'different', got %s", fail.show(o.randomness))
  end
  return function(...)
    local args, level = table.pack(...), #levels + 1
    levels[level] = {randomness = o.randomness}
    core.set_stand_ins(StandIn, dispatch)
    tensor.grad, tensor.autograd.grad = grad_inside, grad_inside
    local out = table.pack(pcall(function()
      enter(args, o.in_dims, level)
      local found = table.pack(o.func(table.unpack(args, 1, args.n)))
      if found.n == 0 then fail.raise("vmap: the function returned nothing") end
      for k = 1, found.n do found[k] = leave(found[k], out_dim(o.out_dims, k), level) end
      return table.unpack(found, 1, found.n)
    end))
    levels[level] = nil
    if level == 1 then
      core.set_stand_ins()
      tensor.grad, tensor.autograd.grad = plain_grad, plain_grad
    end
    if not out[1] then error(out[2], 0) end
    return table.unpack(out, 2, out.n)
  end
end

-- What a gradient inside of the running vmaps is taken by: x as a leaf (still connected to what x was made of), for
-- each sample its own.
function vmap.leaf(x)
  local level = #levels
  if level > 0 and not is_mine(x, level) then x = stand_in(with_batch(x, level), level) end
  return x.requires_grad and x:view_as(x) or x:detach():requires_grad_()
end

--- The names of the operations that tensor.vmap runs in a loop over the batch, and how many there are in all.
--     local names, n = nnlua.vmap_loops()
--     print(#names <= n / 10)
--     --> true
function vmap.vmap_loops() return vmap.loops() end

return vmap
