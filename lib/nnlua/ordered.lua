-- Tables that remember the order in which their keys came: pairs() goes through them in that order, everything else is
-- an ordinary table. Knows nothing of what is kept.

local ordered = {}

local function iterate(t)
  local order, i = getmetatable(t).order, 0
  return function()
    local value
    repeat
      i = i + 1
      if order[i] == nil then return nil end
      value = rawget(t, order[i])
    until value ~= nil
    return order[i], value
  end
end

local function newindex(t, key, value)
  local meta = getmetatable(t)
  if not meta.known[key] then
    meta.known[key] = true
    meta.order[#meta.order + 1] = key
  end
  rawset(t, key, value)
end

--- A fresh ordered table.
function ordered.new()
  return setmetatable({}, {__name = "ordered table", order = {}, known = {}, __newindex = newindex, __pairs = iterate})
end

--- True for what ordered.new made.
function ordered.is(t)
  local meta = getmetatable(t)
  return type(meta) == "table" and meta.__pairs == iterate
end

return ordered
