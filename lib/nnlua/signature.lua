-- Arguments of the library's own functions and constructors: positional, by PyTorch's names in one trailing table, with
-- defaults and checks. Knows nothing of what they mean.
--
-- A signature is written as "in_channels:count, stride:count*2=1, padding:amount*2|string=0, dtype:string?": names,
-- kinds, defaults. A parameter without a default (and without the ? that allows nil) is required. `kind*n` takes one
-- number or a table of n and gives a table of n; `kind*` a number or a table of any length and gives a table.

local fail = require "nnlua.fail"

local kinds = {
  count = {text = "a whole number >= 1", whole = true, least = 1},
  amount = {text = "a whole number >= 0", whole = true, least = 0},
  int = {text = "a whole number", whole = true},
  number = {text = "a number", test = function(v) return type(v) == "number" end},
  positive = {text = "a number >= 0", test = function(v) return type(v) == "number" and v >= 0 end},
  fraction = {text = "a number from 0 to 1", test = function(v) return type(v) == "number" and v >= 0 and v <= 1 end},
  bool = {text = "true or false", test = function(v) return type(v) == "boolean" end},
  string = {text = "a string", test = function(v) return type(v) == "string" end},
  table = {text = "a table", test = function(v) return type(v) == "table" end},
  callable = {text = "a function", test = function(v)
    local meta = getmetatable(v)
    return type(v) == "function" or (type(meta) == "table" and meta.__call ~= nil)
  end},
  any = {text = "a value", test = function() return true end},
}

-- One alternative of a parameter: returns ok, value.
local function take_one(kind, v)
  if kind.whole then
    local whole = type(v) == "number" and math.tointeger(v)
    return whole and (not kind.least or whole >= kind.least), whole
  end
  return kind.test(v), v
end

local function take(alternative, v)
  local kind, times = alternative.kind, alternative.times
  if not times then return take_one(kind, v) end
  local list = {}
  if type(v) == "table" and not getmetatable(v) then
    if times > 0 and #v ~= times then return false end
    for i = 1, #v do
      local ok, one = take_one(kind, v[i])
      if not ok then return false end
      list[i] = one
    end
    return true, list
  end
  local ok, one = take_one(kind, v)
  if not ok then return false end
  for i = 1, math.max(times, 1) do list[i] = one end
  return true, list
end

local function expected(parameter)
  local texts = {}
  for i, a in ipairs(parameter.alternatives) do
    texts[i] = a.kind.text
    if a.times == 0 then
      texts[i] = texts[i] .. " or a table of such"
    elseif a.times then
      texts[i] = ("%s or a table of %d"):format(texts[i], a.times)
    end
  end
  return table.concat(texts, " or ")
end

local function check(signature, parameter, v)
  for _, alternative in ipairs(parameter.alternatives) do
    local ok, value = take(alternative, v)
    if ok then return value end
  end
  return fail.raise("%s: %s must be %s, got %s", signature.name, parameter.name, expected(parameter), fail.show(v))
end

local function names_of(signature)
  local names = {}
  for i, p in ipairs(signature) do names[i] = p.name end
  return names
end

-- A plain table with string keys only (or nothing at all in it).
local function is_options(v)
  if type(v) ~= "table" or getmetatable(v) or #v > 0 then return false end
  local key = next(v)
  return key == nil or type(key) == "string"
end

local function default_of(parameter)
  local v = parameter.default
  if v == nil then return nil end
  for _, alternative in ipairs(parameter.alternatives) do
    local ok, value = take(alternative, v)
    if ok then return value end
  end
  return v
end

--- Sorts out arguments: returns a table of values by parameter name.
local function parse(signature, ...)
  local n, given, values = select("#", ...), {...}, {}
  while n > 0 and given[n] == nil do n = n - 1 end
  local options = n > 0 and is_options(given[n]) and given[n] or nil
  if options then n = n - 1 end
  if n > #signature then
    fail.raise("%s: too many arguments: it takes %s", signature.name, table.concat(names_of(signature), ", "))
  end
  for i = 1, n do
    if given[i] ~= nil then values[signature[i].name] = check(signature, signature[i], given[i]) end
  end
  for name, v in pairs(options or {}) do
    local parameter = signature.by_name[name]
    if not parameter then
      fail.raise("%s: unknown option '%s'%s", signature.name, tostring(name), fail.suggest(name, names_of(signature)))
    elseif values[name] ~= nil then
      fail.raise("%s: %s is given twice", signature.name, name)
    end
    values[name] = check(signature, parameter, v)
  end
  for _, parameter in ipairs(signature) do
    if values[parameter.name] == nil then
      if parameter.required then
        fail.raise("%s: %s is missing: expected %s", signature.name, parameter.name, expected(parameter))
      end
      values[parameter.name] = default_of(parameter)
    end
  end
  return values
end

local function read_default(text)
  if text == "true" or text == "false" then return text == "true" end
  if text == "nil" then return nil end
  return tonumber(text) or text
end

local methods = {}
local meta = {__call = parse, __name = "signature", __index = methods}

-- A default as the user would write it.
local function default_text(v)
  if type(v) == "table" then return "{" .. table.concat(v, ", ") .. "}" end
  return type(v) == "string" and ("%q"):format(v) or tostring(v)
end

--- A parameter for readers: what it takes, its default.
function methods.explain(_, p)
  if p.required then return p.says end
  return p.says .. (p.default == nil and "; optional" or "; default " .. default_text(p.default))
end

--- The text of a signature as the user would write a call: "Linear(in_features, out_features, {bias = true})".
function meta:__tostring()
  local required, optional = {}, {}
  for _, p in ipairs(self) do
    if p.required then
      required[#required + 1] = p.name
    else
      optional[#optional + 1] = ("%s = %s"):format(p.name, default_text(p.default))
    end
  end
  if #optional > 0 then required[#required + 1] = "{" .. table.concat(optional, ", ") .. "}" end
  return ("%s(%s)"):format(self.name, table.concat(required, ", "))
end

-- Reads one parameter: "stride:count*2=1".
local function read_parameter(item)
  local key, rest = item:match("^%s*([%w_]+):(%S+)%s*$")
  local types, default = rest:match("^([^=]+)=(.*)$")
  local optional = (types or rest):sub(-1) == "?"
  local parameter = {name = key, text = item:match("^%s*(.-)%s*$"), alternatives = {},
    required = not default and not optional, default = default and read_default(default) or nil}
  if default == "false" then parameter.default = false end
  for type_name in (types or rest):gsub("%?$", ""):gmatch("[^|]+") do
    local base, times = type_name:match("^(%a+)%*?(%d*)$")
    local repeated = type_name:find("*", 1, true) and (tonumber(times) or 0) or nil
    table.insert(parameter.alternatives, {kind = assert(kinds[base], base), times = repeated})
  end
  parameter.says = expected(parameter)
  return parameter
end

-- Most signatures are never used in a run: the text is read when somebody looks.
local function unfold(s)
  local text = rawget(s, "unread")
  setmetatable(s, meta)
  s.unread, s.by_name = nil, {}
  for item in text:gmatch("[^,]+") do
    local parameter = read_parameter(item)
    s[#s + 1], s.by_name[parameter.name] = parameter, parameter
  end
  return s
end

local folded = {
  __name = "signature",
  __index = function(s, key) return unfold(s)[key] end,
  __newindex = function(s, key, value) unfold(s)[key] = value end,
  __len = function(s) return #unfold(s) end,
  __pairs = function(s) return pairs(unfold(s)) end,
  __call = function(s, ...) return parse(unfold(s), ...) end,
  __tostring = function(s) return tostring(unfold(s)) end,
}

--- Makes a signature: a list of parameters that can be called with arguments and returns them as a table by name.
local function signature(name, text) return setmetatable({name = name, unread = text}, folded) end

return signature
