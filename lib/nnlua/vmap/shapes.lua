-- Rules of operations that change shapes or pick elements, one function each.

local core = require "nnlua.core"
local arguments = require "nnlua.vmap.arguments"
local stand_ins = require "nnlua.vmap.stand_in"
local general = require "nnlua.vmap.ways"

local tensor = core.tensor
local run = arguments.run
local levels, stand_in, is_mine = stand_ins.levels, stand_ins.new, stand_ins.is_mine
local rank_of, raised = stand_ins.rank_of, stand_ins.raised
local LOOP, along, elementwise = general.LOOP, general.along, general.elementwise
local only_first, shifted_dim = general.only_first, general.shifted_dim

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

return special
