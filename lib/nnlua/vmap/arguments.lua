-- The arguments of a call under vmap: which of an operation's rows it is, by name. Knows no rule.

local core = require "nnlua.core"
local is_stand_in = require "nnlua.vmap.stand_in".is

local tensor = core.tensor

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

return {rows_of = rows_of, read = read, run = run}
