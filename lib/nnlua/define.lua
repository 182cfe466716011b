-- How functions of F that are compositions of operations are made: arguments by position or name, with checks. Knows
-- no function itself.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor, F = core.tensor, core.F

-- A plain table with names: options.
local function has_names(v)
  return type(v) == "table" and not getmetatable(v) and type(next(v)) == "string"
end

--- Adds F[name] unless there is one. Tensors come first (their names; those with ? may be nil or be given by name),
-- then arguments by the signature; body(a, t1, t2, ...).
return function(name, tensors, arguments, body)
  if F[name] then return end
  local names, n = {}, 0
  for tensor_name in tensors:gmatch("[%w_]+%??") do
    n = n + 1
    names[n] = tensor_name
  end
  local read = signature(name, arguments)
  F[name] = function(...)
    local given, options = table.pack(...), nil
    if has_names(given[given.n]) then given.n, options = given.n - 1, given[given.n] end
    local t, rest = {}, {table.unpack(given, n + 1, given.n)}
    local others = {}
    for key, v in pairs(options or {}) do others[key] = v end
    for i = 1, n do
      local tensor_name, mark = names[i]:match("^([%w_]+)(%??)$")
      if i <= given.n then t[i] = given[i] end
      if t[i] == nil then t[i], others[tensor_name] = others[tensor_name], nil end
      if not tensor.is_tensor(t[i]) and not (mark == "?" and t[i] == nil) then
        fail.raise("%s: %s must be a tensor, got %s", name, tensor_name, fail.show(t[i]))
      end
    end
    if options then rest[math.max(given.n - n, 0) + 1] = others end
    return body(read(table.unpack(rest, 1, math.max(given.n - n, 0) + 1)), table.unpack(t, 1, n))
  end
end
