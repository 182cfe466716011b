-- Calls of operations under vmap: by a rule where there is one, else in a loop over the batch.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local arguments = require "nnlua.vmap.arguments"
local rules = require "nnlua.vmap.rules"
local stand_ins = require "nnlua.vmap.stand_in"
local LOOP = require "nnlua.vmap.ways".LOOP

local tensor, F, methods = core.tensor, core.F, core.methods
local rows_of, read = arguments.rows_of, arguments.read
local levels, stand_in, is_stand_in, is_mine = stand_ins.levels, stand_ins.new, stand_ins.is, stand_ins.is_mine

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
  local way, place = rules.way_of(name), place_of(name, operation)
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

return {loop = loop, dispatch = dispatch}
