-- The ways to run an operation batched. A way is a function of (row, values, level) that returns the results, or LOOP
-- when it cannot. Which operation goes which way stands in rules.lua.

local core = require "nnlua.core"
local arguments = require "nnlua.vmap.arguments"
local stand_ins = require "nnlua.vmap.stand_in"

local tensor = core.tensor
local rows_of, run = arguments.rows_of, arguments.run
local levels, stand_in, is_mine, results = stand_ins.levels, stand_ins.new, stand_ins.is_mine, stand_ins.results
local with_batch, rank_of, raised = stand_ins.with_batch, stand_ins.rank_of, stand_ins.raised

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
      if v == nil and tonumber(p.default) and tonumber(p.default) > 0 then v = math.tointeger(tonumber(p.default)) end
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

return {LOOP = LOOP, elementwise = elementwise, along = along, reduction = reduction, reshaping = reshaping,
  expanding = expanding, folded = folded, only_first = only_first, shifted = shifted, shifted_dim = shifted_dim,
  is_tensor_kind = is_tensor_kind}
