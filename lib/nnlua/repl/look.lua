-- look: values and names at the end of a path such as net.conv.weight, found without running any of the user's code.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local lazy = require "nnlua.lazy"
local lexer = require "nnlua.repl.lexer"

local tensor = core.tensor
local look = {}

-- What answers for the fields that v lacks: a table, nil, or a function of the library's.
local function index_of(v)
  lazy.load(v)
  local meta = getmetatable(v)
  local index = type(meta) == "table" and rawget(meta, "__index")
  if type(index) == "function" and not fail.in_library(debug.getinfo(index, "S").source) then return nil end
  return index, meta
end

--- v[key] without metamethods of the user's: nil where only these would know.
function look.field(v, key)
  for _ = 1, 100 do
    if type(v) == "string" then
      v = string
    elseif type(v) == "userdata" then
      if not tensor.is_tensor(v) or type(key) ~= "string" then return nil end
      local ok, value = pcall(function() return v[key] end)
      return ok and value or nil
    elseif type(v) ~= "table" then
      return nil
    end
    lazy.load(v)
    local value = rawget(v, key)
    if value ~= nil then return value end
    local index = index_of(v)
    if type(index) == "function" then
      local ok, found = pcall(index, v, key)
      return ok and found or nil
    end
    v = index
  end
end

local field_names

local function tensor_names()
  if field_names then return field_names end
  field_names = {}
  for name in pairs(core.methods) do
    if type(name) == "string" and name:find("^[%a_][%w_]*$") then field_names[#field_names + 1] = name end
  end
  return field_names
end

--- All names that v answers to, each once, its own first; in no order. Only text keys unless `all`.
function look.keys(v, all)
  local list, seen = {}, {}
  local function add(key)
    if not seen[key] and (all or type(key) == "string") then
      list[#list + 1], seen[key] = key, true
    end
  end
  for _ = 1, 100 do
    if type(v) == "string" then v = string end
    if type(v) == "userdata" and tensor.is_tensor(v) then
      for _, name in ipairs(tensor_names()) do add(name) end
      return list
    elseif type(v) ~= "table" then
      return list
    end
    lazy.load(v)
    for key in next, v do add(key) end
    local index, meta = index_of(v)
    v = type(index) == "function" and meta or index
  end
  return list
end

--- Whether a value can be called.
function look.callable(v)
  if type(v) == "function" then return true end
  lazy.load(v)
  local meta = getmetatable(v)
  return type(meta) == "table" and rawget(meta, "__call") ~= nil
end

-- The token before i and whether it touches no keyword: for going backwards through a.b[1]:c.
local closing = {["]"] = "["}

--- The path that ends at token `last`, as a list: names (texts) and indices (numbers or texts); nil when the expression
-- is none that can be looked up without running something. The second value is its first token's number.
function look.path_back(tokens, last)
  local path, i = {}, last
  while true do
    local t = tokens[i]
    if not t then return nil end
    if t.kind == "name" then
      table.insert(path, 1, t.text)
      local before = tokens[i - 1]
      if before and before.kind == "op" and (before.text == "." or before.text == ":") then
        i = i - 2
      else
        return path, i
      end
    elseif t.kind == "op" and closing[t.text] then
      local inner, opening = tokens[i - 1], tokens[i - 2]
      if not inner or not opening or opening.text ~= "[" then return nil end
      local key
      if inner.kind == "number" then key = tonumber(inner.text) end
      if inner.kind == "string" and not inner.open then key = inner.text:match("^[\"'](.*)[\"']$") end
      if key == nil then return nil end
      table.insert(path, 1, {key})
      i = i - 3
    else
      return nil
    end
  end
end

--- Follows a path: root(name) gives found, value for its first name. Returns found, value.
function look.follow(path, root)
  if type(path[1]) ~= "string" then return false end
  local found, v = root(path[1])
  if not found then return false end
  for i = 2, #path do
    local key = path[i]
    if type(key) == "table" then key = key[1] end
    v = look.field(v, key)
    if v == nil then return false end
  end
  return true, v
end

--- The value of a text such as "net.conv[1].weight" or "x:sum"; found, value.
function look.value(text, root)
  local tokens = lexer.tokens(text)
  local path, first = look.path_back(tokens, #tokens)
  if not path or first ~= 1 then return false end
  return look.follow(path, root)
end

return look
