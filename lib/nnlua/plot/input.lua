-- What users give to plots: tensors, tables, one series or several. Makes lists of Lua numbers of them. Knows nothing
-- of figures.

local core = require "nnlua.core"
local fail = require "nnlua.fail"

local is_tensor = core.tensor.is_tensor

local input = {}

--- A table with names only: options, or series by name.
function input.is_named(v)
  return type(v) == "table" and not is_tensor(v) and #v == 0 and type((next(v))) == "string"
end

local function sizes(t) return "[" .. table.concat({t:size()}, ", ") .. "]" end

-- A flat list of numbers from a tensor; booleans count as 0 and 1.
local function from_tensor(t)
  if t.dtype == "bool" or t.dtype == "uint8" then t = t:to("int64") end
  return t:detach():flatten():totable()
end

--- A list of numbers from a tensor (of one dimension, or with just one longer than 1) or a table.
function input.numbers(who, v, what)
  if is_tensor(v) then
    if v:dim() == 0 then return {v:item()} end
    if v:dim() > 1 and v:numel() ~= math.max(v:size()) then
      fail.raise("%s: %s must have one dimension, got a tensor of shape %s", who, what, sizes(v))
    end
    return from_tensor(v)
  end
  if type(v) == "number" then return {v} end
  if type(v) ~= "table" or input.is_named(v) then
    fail.raise("%s: %s must be a tensor or a table of numbers, got %s", who, what, fail.show(v))
  end
  local list = {}
  for i = 1, #v do
    local item = v[i]
    if is_tensor(item) and item:numel() == 1 then item = item:item() end
    if item == true or item == false then item = item and 1 or 0 end
    if type(item) ~= "number" then
      fail.raise("%s: %s: element %d is no number but %s", who, what, i, fail.show(v[i]))
    end
    list[i] = item
  end
  for key in pairs(v) do
    if math.type(key) == "integer" and (key < 1 or key > #list) then
      fail.raise("%s: %s has gaps: there is a value at %s, but none at %d", who, what, fail.show(key), #list + 1)
    end
  end
  return list
end

-- A list (or rows of a matrix) that holds several series rather than numbers.
local function is_list_of_series(v)
  if is_tensor(v) then return false end
  local first = type(v) == "table" and v[1]
  return (is_tensor(first) and first:dim() > 0) or (type(first) == "table" and not is_tensor(first))
end

-- Names of a table in order: its own when it has one (pairs), else the alphabet's.
local function names_of(t)
  local names = {}
  for name in pairs(t) do
    names[#names + 1] = name
  end
  local meta = getmetatable(t)
  if not (meta and meta.__pairs) then table.sort(names, function(a, b) return tostring(a) < tostring(b) end) end
  return names
end

local function counting(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

local function series_of(who, x, y, name)
  y = input.numbers(who, y, name and ("series '%s'"):format(name) or "y")
  x = x and input.numbers(who, x, "x") or counting(#y)
  if #x ~= #y then
    fail.raise("%s: %s%d values of x but %d of y", who, name and ("series '%s': "):format(name) or "", #x, #y)
  end
  return {name = name, x = x, y = y}
end

local function pair_of(who, item, name)
  if is_tensor(item) then
    if item:dim() == 2 and item:size(2) == 2 then return item:select(2, 1), item:select(2, 2) end
    return nil, item
  end
  if type(item) == "table" and (is_list_of_series(item)) then
    if #item ~= 2 then
      fail.raise("%s: series '%s' must be a list of numbers, or {x, y}; it holds %d lists", who, tostring(name), #item)
    end
    return item[1], item[2]
  end
  return nil, item
end

--- Series from the arguments (x, y) or (y) of a plot: a list of {name, x, y}. y is a tensor [N], a table of numbers, a
-- matrix [N, K] of K series, a list of series, or a table of series by name; a series by name may be {x, y}.
-- @param points a matrix [N, 2] alone is taken as points
function input.series(who, x, y, names, points)
  if y == nil then x, y = nil, x end
  if y == nil then fail.raise("%s: there is nothing to plot: expected a tensor or a table of numbers", who) end
  local out = {}
  if is_tensor(y) and y:dim() == 2 and math.min(y:size()) > 1 then
    if points and not x and y:size(2) == 2 then return {series_of(who, y:select(2, 1), y:select(2, 2))} end
    for k = 1, y:size(2) do out[k] = series_of(who, x, y:select(2, k), names and names[k] or tostring(k)) end
  elseif input.is_named(y) then
    for i, name in ipairs(names_of(y)) do
      local own, values = pair_of(who, y[name], name)
      out[i] = series_of(who, own or x, values, tostring(name))
    end
  elseif is_list_of_series(y) then
    for k, item in ipairs(y) do
      local name = names and names[k] or tostring(k)
      local own, values = pair_of(who, item, name)
      if points and own == nil and x == nil then
        fail.raise("%s: series %s must be {x, y}", who, name)
      end
      out[k] = series_of(who, own or x, values, name)
    end
  else
    out[1] = series_of(who, x, y)
    out[1].name = names and names[1]
  end
  return out
end

--- A matrix as a list of rows of numbers, from a tensor [H, W] (or with leading dimensions of 1) or a table of rows.
function input.matrix(who, v)
  if is_tensor(v) then
    while v:dim() > 2 and v:size(1) == 1 do v = v:select(1, 1) end
    if v:dim() == 1 then v = v:unsqueeze(1) end
    if v:dim() ~= 2 or v:numel() == 0 then
      fail.raise("%s: expected a matrix [H, W], got a tensor of shape %s", who, sizes(v))
    end
    if v.dtype == "bool" or v.dtype == "uint8" then v = v:to("int64") end
    return v:detach():totable()
  end
  if type(v) ~= "table" or type(v[1]) ~= "table" and not is_tensor(v[1]) then
    fail.raise("%s: expected a matrix (a tensor [H, W] or a table of rows), got %s", who, fail.show(v))
  end
  local rows = {}
  for i, row in ipairs(v) do
    rows[i] = input.numbers(who, row, "row " .. i)
    if #rows[i] ~= #rows[1] or #rows[i] == 0 then
      fail.raise("%s: row %d has %d columns, row 1 has %d", who, i, #rows[i], #rows[1])
    end
  end
  return rows
end

--- A list of texts, or nil.
function input.names(who, v, what)
  if v == nil then return nil end
  if type(v) ~= "table" then fail.raise("%s: %s must be a table of names, got %s", who, what, fail.show(v)) end
  local list = {}
  for i, name in ipairs(v) do list[i] = tostring(name) end
  return list
end

--- A picture as uint8 [1 or 3, H, W] from [H, W], [1 or 3, H, W] or [H, W, 3]; floats: 0 is black and 1 white, unless
-- low and high say otherwise.
function input.picture(who, t, low, high)
  if not is_tensor(t) then
    if type(t) ~= "table" then fail.raise("%s: expected a picture, got %s", who, fail.show(t)) end
    t = core.tensor(input.matrix(who, t))
  end
  local d = t:dim()
  if d == 2 then t = t:unsqueeze(1) end
  if d == 3 and t:size(1) ~= 1 and t:size(1) ~= 3 and t:size(3) == 3 then t = t:permute(3, 1, 2) end
  if t:dim() ~= 3 or (t:size(1) ~= 1 and t:size(1) ~= 3) or t:numel() == 0 then
    fail.raise("%s: expected a picture [H, W], [1, H, W] or [3, H, W], got a tensor of shape %s", who, sizes(t))
  end
  t = t:detach()
  if t.dtype == "uint8" and not low and not high then return t end
  if t.dtype == "bool" then return t:to("uint8"):mul(255) end
  t = t:to("float32")
  low, high = low or 0, high or 1
  if low ~= 0 or high ~= 1 then t = (t - low) / (high > low and high - low or 1) end
  return t:masked_fill(t:ne(t), 0):clamp(0, 1):mul(255):round():to("uint8")
end

return input
