-- Checks of single arguments, for functions that have no signature to do it: each returns the value or raises an error
-- that names the function, the argument and what it got. Knows no function.

local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor = core.tensor
local expect = {}

local function wrong(who, argument, what, v)
  local must = argument and argument .. " must be " or "expected "
  fail.raise("%s: %s%s, got %s", who, must, what, fail.show(v))
end

--- A tensor, whatever it holds; `argument` may be nil where the function takes one thing only.
function expect.tensor(who, argument, v)
  return tensor.is_tensor(v) and v or wrong(who, argument, "a tensor", v)
end

function expect.number(who, argument, v) return type(v) == "number" and v or wrong(who, argument, "a number", v) end

--- A whole number >= least (1 unless told otherwise).
function expect.count(who, argument, v, least)
  local whole = type(v) == "number" and math.tointeger(v)
  if not whole or whole < (least or 1) then
    wrong(who, argument, ("a whole number >= %d"):format(least or 1), v)
  end
  return whole
end

--- A plain table with an array part, perhaps an empty one.
function expect.list(who, argument, v, what)
  return type(v) == "table" and not getmetatable(v) and v or wrong(who, argument, what or "a list", v)
end

--- Something with a length and numbered samples: a tensor, a table, a data set.
function expect.dataset(who, v)
  local meta = getmetatable(v)
  local fits = tensor.is_tensor(v) and v:dim() > 0 or type(v) == "table" and
    (not meta or type(meta) == "table" and (meta.__len or type(meta.__index) == "table" and meta.__index.__len))
  return fits and v or wrong(who, nil, "a data set (#set and set[i])", v)
end

return expect
