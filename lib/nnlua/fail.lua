-- Errors of the library: the text names the user's line and, inside a module, the path to it. Knows nothing of modules
-- themselves (nn/module.lua puts the path finder here).

local fail = {path = function() end}

local here = debug.getinfo(1, "S").source:match("^(.*)fail%.lua$")

--- True when the function on this level of the caller's stack belongs to the library.
-- @param source the `source` that debug.getinfo gives
function fail.in_library(source) return source:sub(1, #here) == here end

--- "script.lua:12: " of the innermost line outside of the library; "" when there is none.
function fail.where()
  local level = 2
  while true do
    local info = debug.getinfo(level, "Sl")
    if not info then return "" end
    if info.what ~= "C" and info.currentline > 0 and not fail.in_library(info.source) then
      return ("%s:%d: "):format(info.short_src, info.currentline)
    end
    level = level + 1
  end
end

--- Raises an error with the text string.format(format, ...).
function fail.raise(format, ...)
  local text = select("#", ...) > 0 and format:format(...) or format
  local path = fail.path()
  error(fail.where() .. (path and path .. ": " or "") .. text, 0)
end

--- A value as an error text shows it: short, on one line.
function fail.show(value)
  local kind = math.type(value) or type(value)
  if kind == "string" then return ("%q"):format(#value > 40 and value:sub(1, 37) .. "..." or value) end
  if kind == "table" and not getmetatable(value) then
    local parts = {}
    for i = 1, math.min(#value, 6) do parts[i] = type(value[i]) == "table" and "{...}" or fail.show(value[i]) end
    if #value > 6 then parts[7] = "..." end
    if #value == 0 and next(value) ~= nil then parts[1] = tostring(next(value)) .. " = ..." end
    return "{" .. table.concat(parts, ", ") .. "}"
  end
  if kind == "userdata" or kind == "table" then
    local name = getmetatable(value) and getmetatable(value).__name
    return "a " .. (type(name) == "string" and name or kind)
  end
  if kind == "function" or kind == "thread" then return "a " .. kind end
  return tostring(value)
end

-- Number of single-letter edits (a swap of neighbours counts as one) that make b of a.
local function distance(a, b)
  local before, row = {}, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local above
    above, before, row = before, row, {[0] = i}
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(before[j] + 1, row[j - 1] + 1, before[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], above[j - 2] + 1)
      end
    end
  end
  return row[#b]
end

--- The name of a list that is nearest to `name`, or nil when none is near.
function fail.nearest(name, names)
  local best, found
  name = tostring(name)
  for _, other in ipairs(names) do
    local d = distance(name:lower(), other:lower())
    if d <= math.max(1, (#name + 1) // 3) and (not best or d < best) then best, found = d, other end
  end
  return found
end

--- "; did you mean 'x'?" or, when nothing is near, the list of what there is.
function fail.suggest(name, names)
  local near = fail.nearest(name, names)
  if near then return ("; did you mean '%s'?"):format(near) end
  return #names > 0 and "; known: " .. table.concat(names, ", ") or ""
end

return fail
