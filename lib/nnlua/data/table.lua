-- data.Table: columns of equal length under names, as a CSV file has them. A column of numbers is a tensor (float64, or
-- int64 where all are whole), one of true and false a bool tensor, one of text a list of strings. Knows no file format.

local characters = require "nnlua.characters"
local core = require "nnlua.core"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor = core.tensor

local Table = {__name = "Table"}

-- What belongs to the object itself stands under this key, so that columns can have any name.
local INSIDE = {}

local function length(column) return tensor.is_tensor(column) and column:size(1) or #column end

local function value_at(column, i)
  if tensor.is_tensor(column) then return column:get(i) end
  return column[i]
end

local function check_column(name, column)
  if tensor.is_tensor(column) then
    if column:dim() ~= 1 then fail.raise("Table: column %s must have one dimension", fail.show(name)) end
    return column:detach()
  end
  if type(column) ~= "table" then
    fail.raise("Table: column %s must be a tensor or a list, got %s", fail.show(name), fail.show(column))
  end
  local kind = type(column[1])
  for i, v in ipairs(column) do
    if type(v) ~= kind then
      fail.raise("Table: column %s mixes types: value %d is %s", fail.show(name), i, fail.show(v))
    end
  end
  if kind == "number" then
    local whole = true
    for _, v in ipairs(column) do whole = whole and math.type(v) == "integer" end
    return tensor(column, {dtype = whole and "int64" or "float64"})
  elseif kind == "boolean" then
    return tensor(column)
  elseif kind ~= "string" and kind ~= "nil" then
    fail.raise("Table: column %s holds %s", fail.show(name), fail.show(column[1]))
  end
  return column
end

--- Columns under names, in order: data.Table({"x", "name"}, {x = tensor{1, 2}, name = {"a", "b"}}). t.x or t["x"] is a
-- column, t[i] a row as a table by name, #t the number of rows, t:names() the names.
--     local t = data.Table({"x", "name"}, {x = tensor{1, 2}, name = {"a", "b"}})
--     t.x:sum(), t[2].name, #t
--     --> 3	b	2
local function construct(_, names, columns)
  if type(names) ~= "table" or type(columns) ~= "table" then
    fail.raise("Table: expected a list of names and a table of columns, got %s and %s", fail.show(names),
      fail.show(columns))
  end
  local inside = {names = {}, columns = {}, missing = {}, n = 0}
  for i, name in ipairs(names) do
    if type(name) ~= "string" then fail.raise("Table: name %d is %s", i, fail.show(name)) end
    if inside.columns[name] then fail.raise("Table: the name %s is there twice", fail.show(name)) end
    local column = check_column(name, columns[name])
    if i > 1 and length(column) ~= inside.n then
      fail.raise("Table: column %s has %d values, the first one %d", fail.show(name), length(column), inside.n)
    end
    inside.n = length(column)
    inside.names[i], inside.columns[name] = name, column
  end
  return setmetatable({[INSIDE] = inside}, Table)
end

local function inside_of(self) return rawget(self, INSIDE) end

local function column_of(self, name, who)
  local inside = inside_of(self)
  local column = inside.columns[name]
  if column == nil then
    fail.raise("%s: there is no column %s%s", who, fail.show(name), fail.suggest(tostring(name), inside.names))
  end
  return column
end

--- The names of the columns, in order.
function Table:names() return table.move(inside_of(self).names, 1, #inside_of(self).names, 1, {}) end

--- A column by its name: a tensor, or a list of strings.
function Table:column(name) return column_of(self, name, "column") end

--- Positions (from 1) of the values that were missing in the file, as a list.
function Table:missing(name)
  column_of(self, name, "missing")
  return table.move(inside_of(self).missing[name] or {}, 1, #(inside_of(self).missing[name] or {}), 1, {})
end

local tensor_options = signature("tensor", "names:table?, dtype:string=float32")

--- Columns of numbers side by side: t:tensor({"width", "height"}) is float32 [N, 2]; without names all columns of
-- numbers. Options: dtype.
function Table:tensor(...)
  local o = tensor_options(...)
  local names, list = o.names, {}
  if not names then
    names = {}
    for _, name in ipairs(inside_of(self).names) do
      if tensor.is_tensor(inside_of(self).columns[name]) then names[#names + 1] = name end
    end
  end
  for i, name in ipairs(names) do
    local column = column_of(self, name, "tensor")
    if not tensor.is_tensor(column) then
      fail.raise("tensor: column %s is text; t:labels(%s) numbers its classes", fail.show(name), fail.show(name))
    end
    list[i] = column:to(o.dtype)
  end
  if #list == 0 then fail.raise("tensor: there are no columns of numbers") end
  return tensor.stack(list, 2)
end

--- Class numbers from 1 for the different values of a column, and the list of these values: text in the order in which
-- it first occurs unless {sorted = true}; numbers in rising order.
function Table:labels(name, options)
  local column = column_of(self, name, "labels")
  local classes, number, list = {}, {}, {}
  for i = 1, length(column) do
    local v = value_at(column, i)
    if v ~= v then fail.raise("labels: row %d of column %s is missing", i, fail.show(name)) end
    list[i] = v
    if number[v] == nil then
      classes[#classes + 1] = v
      number[v] = #classes
    end
  end
  if tensor.is_tensor(column) or (options and options.sorted) then
    table.sort(classes, function(a, b)
      if type(a) == "boolean" then return not a and b end
      return a < b
    end)
    for k, v in ipairs(classes) do number[v] = k end
  end
  for i, v in ipairs(list) do list[i] = number[v] end
  return tensor(list, {dtype = "int64"}), classes
end

local function middle(list, how)
  table.sort(list)
  if how == "median" then
    local n = #list
    return (list[(n + 1) // 2] + list[n // 2 + 1]) / 2
  end
  local sum = 0
  for _, v in ipairs(list) do sum = sum + v end
  return sum / #list
end

--- Puts a value in place of the missing ones of a column: a number, a text, or "mean" or "median" of those that are
-- there (of a column of numbers). Returns the value.
function Table:fill(name, value)
  local column, gaps = column_of(self, name, "fill"), inside_of(self).missing[name] or {}
  if not tensor.is_tensor(column) then
    if type(value) ~= "string" then fail.raise("fill: column %s is text, got %s", fail.show(name), fail.show(value)) end
    for _, i in ipairs(gaps) do column[i] = value end
  else
    if value == "mean" or value == "median" then
      local there = {}
      for _, v in ipairs(column:totable()) do
        if v == v then there[#there + 1] = v end
      end
      if #there == 0 then fail.raise("fill: all values of column %s are missing", fail.show(name)) end
      value = middle(there, value)
    end
    if type(value) ~= "number" then
      fail.raise("fill: expected a number, \"mean\" or \"median\", got %s", fail.show(value))
    end
    for _, i in ipairs(gaps) do column:set(i, value) end
  end
  inside_of(self).missing[name] = nil
  return value
end

local function row(self, i)
  local out = {}
  for _, name in ipairs(inside_of(self).names) do out[name] = value_at(inside_of(self).columns[name], i) end
  return out
end

function Table:__index(key)
  local inside = inside_of(self)
  local whole = type(key) == "number" and math.tointeger(key)
  if whole then
    if whole < 0 then whole = inside.n + 1 + whole end
    if key == 0 or whole < 1 and key < 0 then
      fail.raise("Table: row %s: rows count from 1 to %d", tostring(key), inside.n)
    end
    return whole <= inside.n and row(self, whole) or nil
  end
  if inside.columns[key] ~= nil then return inside.columns[key] end
  return Table[key]
end

function Table:__len() return inside_of(self).n end

local SHOWN = 6

local function text_of(v)
  if v ~= v then return "nan" end -- not "-nan", as the C library writes some
  if math.type(v) == "float" then return ("%.6g"):format(v) end
  v = tostring(v):gsub("%c", " ")
  return characters.cut(v, 20)
end

-- The first rows, in columns of equal width.
function Table:__tostring()
  local inside = inside_of(self)
  local lines = {}
  for _, name in ipairs(inside.names) do
    local cells, wide = {text_of(name)}, 0
    for i = 1, math.min(inside.n, SHOWN) do cells[i + 1] = text_of(value_at(inside.columns[name], i)) end
    for _, cell in ipairs(cells) do wide = math.max(wide, characters.width(cell)) end
    for i, cell in ipairs(cells) do
      lines[i] = (lines[i] and lines[i] .. "  " or "") .. cell .. (" "):rep(wide - characters.width(cell))
    end
  end
  for i, line in ipairs(lines) do lines[i] = characters.cut(line, core.width()):gsub("%s+$", "") end
  if inside.n > SHOWN then lines[#lines + 1] = "..." end
  lines[#lines + 1] = ("(%d rows, %d columns)"):format(inside.n, #inside.names)
  return table.concat(lines, "\n")
end

-- Notes the positions of missing values; for readers.
local function set_missing(self, name, positions)
  if #positions > 0 then inside_of(self).missing[name] = positions end
end

setmetatable(Table, {__call = construct, __tostring = function() return "class Table" end})

return {Table = Table, set_missing = set_missing}
