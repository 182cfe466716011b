-- Errors of the library: the text names the user's line and, inside a module, the path to it (both are the bindings'
-- work, as for the engine's errors). Knows nothing of modules.

local core = require "nnlua.core"

local fail = {}

-- Chunks whose source begins so are the library's.
local here = debug.getinfo(1, "S").source:match("^(.*)fail%.lua$")
core.set_library(here)

--- True when the function with this `source` (of debug.getinfo) belongs to the library.
function fail.in_library(source) return source:sub(1, #here) == here end

--- Raises an error with the text string.format(format, ...).
function fail.raise(format, ...)
  core.error(select("#", ...) > 0 and format:format(...) or format)
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

--- The name of a list that is nearest to `name`, or nil when none is near.
function fail.nearest(name, names) return core.nearest(tostring(name), names) end

--- " (did you mean 'x'?)", of what other libraries call so too, or, when nothing is near, the list of what there is.
function fail.suggest(name, names)
  local near = require "nnlua.spellings".of(name, names) or fail.nearest(name, names)
  if near then return (" (did you mean '%s'?)"):format(near) end
  return #names > 0 and " (known: " .. table.concat(names, ", ") .. ")" or ""
end

return fail
