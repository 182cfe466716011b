--- Reads fixtures that codec.py wrote: plain values and numeric arrays as tagged bytes under gzip.
-- Knows nothing about operations or tensors. The format is described in codec.py.
local codec = {}

local ELEMENT <const> = { d = "d", e = "f", q = "i8", j = "i4", b = "B", x = "i1" }

--- Marks what was nil in a list, so that lists have no holes.
codec.null = setmetatable({}, { __name = "parity.null" })

local function read_array(bytes, pos)
  local kind, ndim
  kind, ndim, pos = string.unpack("<c1B", bytes, pos)
  local array = { shape = {} }
  local count = 1
  for d = 1, ndim do
    array.shape[d], pos = string.unpack("<I4", bytes, pos)
    count = count * array.shape[d]
  end
  local format = "<" .. ELEMENT[kind]
  for i = 1, count do
    local v
    v, pos = string.unpack(format, bytes, pos)
    if kind == "x" then v = v == -128 and 0.0 or 2.0 ^ v end
    array[i] = v
  end
  array.count = count
  return array, pos
end

local read_value
local READERS <const> = {
  n = function(_, pos) return codec.null, pos end,
  t = function(_, pos) return true, pos end,
  f = function(_, pos) return false, pos end,
  i = function(bytes, pos) return string.unpack("<i8", bytes, pos) end,
  d = function(bytes, pos) return string.unpack("<d", bytes, pos) end,
  s = function(bytes, pos) return string.unpack("<s4", bytes, pos) end,
  A = read_array,
  l = function(bytes, pos)
    local list, count = {}, string.unpack("<I4", bytes, pos)
    pos = pos + 4
    for k = 1, count do list[k], pos = read_value(bytes, pos) end
    return list, pos
  end,
  m = function(bytes, pos)
    local map, count = {}, string.unpack("<I4", bytes, pos)
    pos = pos + 4
    for _ = 1, count do
      local key, value
      key, pos = read_value(bytes, pos)
      value, pos = read_value(bytes, pos)
      if value ~= codec.null then map[key] = value end
    end
    return map, pos
  end,
}

function read_value(bytes, pos)
  local tag = bytes:sub(pos, pos)
  local reader = READERS[tag] or error(("damaged fixture: tag %q at byte %d"):format(tag, pos))
  return reader(bytes, pos + 1)
end

--- The value in a file, unpacked by gzip.
function codec.read(path)
  local quoted = "'" .. path:gsub("'", "'\\''") .. "'"
  local pipe = assert(io.popen("gzip -dc " .. quoted, "r"))
  local bytes = pipe:read("a")
  local ok = pipe:close()
  if not ok or #bytes == 0 then error("cannot read " .. path) end
  local value, pos = read_value(bytes, 1)
  if pos ~= #bytes + 1 then error("trailing bytes in " .. path) end
  return value
end

return codec
