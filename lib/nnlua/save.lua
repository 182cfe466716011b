-- nn.save and nn.load: modules and nested tables in safetensors files, whose tensors any reader of that format finds
-- under dotted names. What is no tensor stands as JSON in the file's metadata. Reading runs no code.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local ordered = require "nnlua.ordered"
local signature = require "nnlua.signature"

local files, is_tensor = core.files, core.tensor.is_tensor

local saving = {}

local DEEPEST, STRUCTURE = 200, "nnlua"

-- ---- values to text -----------------------------------------------------------------------------------------------

local function json_string(s)
  return '"' .. s:gsub('[%c"\\\127]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function scalar_text(v)
  if type(v) == "boolean" then return tostring(v) end
  if math.type(v) == "integer" then return ('{"int":"%d"}'):format(v) end
  if type(v) == "number" then
    if v ~= v then return '{"float":"nan"}' end
    if v == math.huge or v == -math.huge then return ('{"float":"%s"}'):format(v > 0 and "inf" or "-inf") end
    return ('{"float":"%.17g"}'):format(v)
  end
  if utf8.len(v) and not v:find("\0", 1, true) then return json_string(v) end
  return '{"bytes":"' .. v:gsub(".", function(c) return ("%02x"):format(c:byte()) end) .. '"}'
end

local function is_sequence(t)
  local n = 0
  for _ in next, t do n = n + 1 end
  return n == #t
end

-- Keys in the order they are written: an ordered table's own, otherwise numbers, then strings, sorted.
local function keys_of(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  if not ordered.is(t) then
    table.sort(keys, function(a, b)
      if type(a) == type(b) and type(a) ~= "boolean" then return a < b end
      if type(a) == type(b) then return a and not b end
      return type(a) < type(b)
    end)
  end
  return keys
end

-- What an object with a metatable is saved as.
local function plain(v, path)
  if module.is_module(v) then return v:state_dict() end
  local meta = getmetatable(v)
  if not meta or ordered.is(v) then return v end
  if type(v.state_dict) == "function" then return v:state_dict() end
  if is_sequence(v) then return v end
  return fail.raise("nn.save: %s is %s, which cannot be saved", path, fail.show(v))
end

-- Appends the text of a value to out.parts and its tensors to out.names and out.tensors.
local function encode(out, v, path, depth)
  local function put(s) out.parts[#out.parts + 1] = s end
  if is_tensor(v) then
    local name = out.name_of[v]
    if not name then
      name = path == "" and "tensor" or path
      local again = 2
      while out.taken[name] do name, again = path .. "#" .. again, again + 1 end
      out.taken[name], out.name_of[v] = true, name
      out.names[#out.names + 1], out.tensors[#out.tensors + 1] = name, v
    end
    return put('{"tensor":' .. scalar_text(name) .. "}")
  elseif type(v) ~= "table" then
    if type(v) == "function" or type(v) == "thread" or type(v) == "userdata" then
      fail.raise("nn.save: '%s' is %s, which cannot be saved", path, fail.show(v))
    end
    return put(scalar_text(v))
  end
  v = plain(v, "'" .. path .. "'")
  if out.open[v] then fail.raise("nn.save: '%s' holds itself", path) end
  if depth > DEEPEST then fail.raise("nn.save: tables are nested more than %d deep", DEEPEST) end
  out.open[v] = true
  local function below(key) return (path == "" and "" or path .. ".") .. tostring(key) end
  if not ordered.is(v) and is_sequence(v) then
    put '{"array":['
    for i = 1, #v do
      if i > 1 then put "," end
      encode(out, v[i], below(i), depth + 1)
    end
  else
    put(ordered.is(v) and '{"ordered":[' or '{"table":[')
    for i, key in ipairs(keys_of(v)) do
      if type(key) == "table" or type(key) == "userdata" or type(key) == "function" then
        fail.raise("nn.save: '%s' has a key that is %s; strings, numbers and booleans can be saved", path,
          fail.show(key))
      end
      put(i > 1 and ",[" or "[")
      put(scalar_text(key))
      put ","
      encode(out, v[key], below(key), depth + 1)
      put "]"
    end
  end
  put "]}"
  out.open[v] = nil
end

-- Names and tensors when that is all there is.
local function flat(v)
  if type(v) ~= "table" or (getmetatable(v) and not ordered.is(v)) then return nil end
  local names, tensors = {}, {}
  for _, key in ipairs(keys_of(v)) do
    if type(key) ~= "string" or key == "" or not is_tensor(v[key]) then return nil end
    names[#names + 1], tensors[#tensors + 1] = key, v[key]
  end
  return names, tensors
end

local function check_path(who, path)
  if type(path) ~= "string" or path == "" or path:find("\0", 1, true) then
    fail.raise("%s: expected the name of a file, got %s", who, fail.show(path))
  end
end

--- Saves a module (its state dict) or a table (tensors, numbers, strings, booleans, tables of these, modules and
-- optimisers) to a safetensors file. It is written beside `path` and renamed: the old or the new file is whole.
function saving.save(path, value)
  check_path("nn.save", path)
  if type(value) ~= "table" and not is_tensor(value) then
    fail.raise("nn.save: expected a module or a table, got %s", fail.show(value))
  end
  if module.is_module(value) then value = value:state_dict() end
  local names, tensors = flat(value)
  local metadata = {"format", "pt"}
  if not names then
    local out = {parts = {}, names = {}, tensors = {}, taken = {}, name_of = {}, open = {}}
    encode(out, value, "", 1)
    names, tensors = out.names, out.tensors
    metadata[3], metadata[4] = STRUCTURE, table.concat(out.parts)
  end
  files.write_safetensors("nn.save", path, names, tensors, metadata)
end

-- ---- text to values -----------------------------------------------------------------------------------------------

local decode

local function decode_pairs(list, into, tensors, bad)
  if type(list) ~= "table" then bad() end
  for _, pair in ipairs(list) do
    if type(pair) ~= "table" then bad() end
    local key = decode(pair[1], tensors, bad)
    if type(key) == "table" or key == nil or key ~= key or is_tensor(key) then bad() end
    into[key] = decode(pair[2], tensors, bad)
  end
  return into
end

local decoders = {
  tensor = function(v, tensors, bad)
    if type(v) ~= "string" or not tensors[v] then bad() end
    return tensors[v]
  end,
  int = function(v, _, bad)
    return type(v) == "string" and v:find("^-?%d+$") and math.tointeger(tonumber(v)) or bad()
  end,
  float = function(v, _, bad)
    if v == "nan" then return 0 / 0 end
    if v == "inf" or v == "-inf" then return v == "inf" and math.huge or -math.huge end
    local number = type(v) == "string" and tonumber(v)
    return number and number + 0.0 or bad()
  end,
  bytes = function(v, _, bad)
    if type(v) ~= "string" or #v % 2 ~= 0 or v:find("%X") then bad() end
    return (v:gsub("..", function(hex) return string.char(tonumber(hex, 16)) end))
  end,
  array = function(v, tensors, bad)
    if type(v) ~= "table" then bad() end
    local list = {}
    for i, item in ipairs(v) do list[i] = decode(item, tensors, bad) end
    return list
  end,
  table = function(v, tensors, bad) return decode_pairs(v, {}, tensors, bad) end,
  ordered = function(v, tensors, bad) return decode_pairs(v, ordered.new(), tensors, bad) end,
}

function decode(v, tensors, bad)
  if type(v) == "string" or type(v) == "boolean" then return v end
  local kind, content = nil, nil
  if type(v) == "table" then kind, content = next(v) end
  if not decoders[kind] or next(v, kind) ~= nil then bad() end
  return decoders[kind](content, tensors, bad)
end

local read_options = signature("nn.load", "max_bytes:amount=536870912")

--- Reads what nn.save (or another writer of safetensors) wrote: a state dict, or the table. Options: max_bytes
-- (default 512 MiB), the most that the tensors may take.
function saving.load(path, options)
  check_path("nn.load", path)
  local a = read_options(options)
  local names, tensors, metadata = files.read_safetensors("nn.load", path, a.max_bytes)
  local state, structure = ordered.new(), nil
  for i, name in ipairs(names) do state[name] = tensors[i] end
  for i = 1, #metadata, 2 do
    if metadata[i] == STRUCTURE then structure = metadata[i + 1] end
  end
  if not structure then return state end
  local function bad() fail.raise("nn.load: '%s' has a damaged table of contents", path) end
  local tree = files.parse_json(structure)
  if tree == nil then bad() end
  return decode(tree, state, bad)
end

return saving
