-- Stand-ins: what vmap passes for each mapped tensor, and the running vmaps. Knows no operation.

local core = require "nnlua.core"

local tensor = core.tensor

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

-- Every result that is a tensor, as a stand-in.
local function results(level, ...)
  local out = table.pack(...)
  for i = 1, out.n do
    if tensor.is_tensor(out[i]) then out[i] = stand_in(out[i], level) end
  end
  return table.unpack(out, 1, out.n)
end

return {StandIn = StandIn, new = stand_in, is = is_stand_in, is_mine = is_mine, levels = levels,
  with_batch = with_batch, rank_of = rank_of, raised = raised, results = results}
