-- Zip archives, as far as .npz files need them: stored and deflated files, sizes beyond 4 GB. Knows no array.

local core = require "nnlua.core"
local fail = require "nnlua.fail"

local bytes = core.bytes
local zip = {}

-- string.unpack at a position, nil when the string ends before.
local function unpack(format, s, at)
  if at < 1 or at + string.packsize(format) - 1 > #s then return nil end
  return string.unpack(format, s, at)
end

-- Where the list of files begins and how many it has.
local function find_directory(s, bad)
  local last
  for at = #s - 21, math.max(1, #s - 21 - 65535), -1 do
    if s:sub(at, at + 3) == "PK\5\6" then
      last = at
      break
    end
  end
  if not last then bad("is no zip archive, or its end is missing") end
  local _, _, _, n, size, offset = unpack("<I2I2I2I2I4I4", s, last + 4)
  if n == 0xFFFF or size == 0xFFFFFFFF or offset == 0xFFFFFFFF then
    local at = last - 20 >= 1 and s:sub(last - 20, last - 17) == "PK\6\7" and unpack("<I8", s, last - 12)
    if not at or s:sub(at + 1, at + 4) ~= "PK\6\6" then bad("is damaged: its list of files is missing") end
    n, size, offset = select(2, unpack("<I8I8I8I8", s, at + 25))
  end
  if not offset or offset < 0 or offset + size > #s then bad("is damaged: its list of files lies outside of it") end
  return offset + 1, n
end

-- Sizes and place of a file whose 32-bit fields are full, from the extra field.
local function from_extra(extra, fields, bad)
  local at = 1
  while at + 3 <= #extra do
    local id, size = string.unpack("<I2I2", extra, at)
    if id == 1 then
      local from = at + 4
      for _, key in ipairs {"size", "packed", "offset"} do
        if fields[key] == 0xFFFFFFFF then
          fields[key] = unpack("<I8", extra, from)
          if not fields[key] or fields[key] < 0 or from + 7 > at + 3 + size then
            bad("is damaged: a size is missing")
          end
          from = from + 8
        end
      end
      return
    end
    at = at + 4 + size
  end
  bad("is damaged: a size is missing")
end

-- One entry of the list of files, and where the next begins.
local function read_entry(s, at, bad)
  if s:sub(at, at + 3) ~= "PK\1\2" or at + 45 > #s then bad("is damaged: its list of files ends early") end
  local flags, method, _, _, sum, packed, size, name, extra, comment = string.unpack("<I2I2I2I2I4I4I4I2I2I2", s, at + 8)
  local offset = string.unpack("<I4", s, at + 42)
  if at + 45 + name + extra + comment > #s then bad("is damaged: its list of files ends early") end
  local e = {flags = flags, method = method, sum = sum, packed = packed, size = size, offset = offset,
    name = s:sub(at + 46, at + 45 + name)}
  if packed == 0xFFFFFFFF or size == 0xFFFFFFFF or offset == 0xFFFFFFFF then
    from_extra(s:sub(at + 46 + name, at + 45 + name + extra), e, bad)
  end
  return e, at + 46 + name + extra + comment
end

-- What an entry holds.
local function content_of(s, e, left, bad, too_big)
  local at = e.offset + 1
  if s:sub(at, at + 3) ~= "PK\3\4" or at + 29 > #s then
    bad(("is damaged: '%s' is not where it should be"):format(e.name))
  end
  local name, extra = string.unpack("<I2I2", s, at + 26)
  local from = at + 30 + name + extra
  if from + e.packed - 1 > #s then bad(("is truncated: '%s' ends early"):format(e.name)) end
  if e.size > left then too_big() end
  local content, fault
  if e.method == 0 then
    if e.packed ~= e.size then bad(("is damaged: '%s' has two sizes"):format(e.name)) end
    content = s:sub(from, from + e.size - 1)
  else
    content, fault = bytes.inflate(s, from, e.packed, e.size, true)
    if not content then bad(("is damaged: '%s' does not unpack (%s)"):format(e.name, fault)) end
  end
  if #content ~= e.size or bytes.crc32(content) ~= e.sum then
    bad(("is damaged: the checksum of '%s' is wrong"):format(e.name))
  end
  return content
end

--- Goes through the files of an archive: name, content. What unpacks to more than max_bytes in all is refused.
function zip.files(who, path, max_bytes)
  local s = bytes.read_file(who, path, max_bytes + (1 << 20))
  local function bad(text) fail.raise("%s: '%s' %s", who, path, text) end
  local function too_big() fail.raise("%s: '%s' holds more than max_bytes = %d bytes", who, path, max_bytes) end
  local at, n = find_directory(s, bad)
  local i, left, seen = 0, max_bytes + 65536, {}
  return function()
    if i == n then return nil end
    i = i + 1
    local e
    e, at = read_entry(s, at, bad)
    if seen[e.name] then bad(("has two files '%s'"):format(e.name)) end
    seen[e.name] = true
    if e.flags & 1 ~= 0 then bad(("has an encrypted file '%s'"):format(e.name)) end
    if e.method ~= 0 and e.method ~= 8 then bad(("packs '%s' by the unknown method %d"):format(e.name, e.method)) end
    local content = content_of(s, e, left, bad, too_big)
    left = left - #content
    return e.name, content
  end
end

--- Writes an archive of entries {name, content}, beside and renamed.
function zip.write(who, path, entries, compress)
  local parts, list, at = {}, {}, 0
  for _, e in ipairs(entries) do
    local packed = compress and bytes.deflate(e.content) or e.content
    if #e.content > 0xFFFFFFFE or at > 0xFFFFFFFE then fail.raise("%s: more than 4 GB cannot be written", who) end
    local about = string.pack("<I2I2I2I2I4I4I4I2I2", 0x800, compress and 8 or 0, 0, 0x21, bytes.crc32(e.content),
      #packed, #e.content, #e.name, 0)
    local head = "PK\3\4" .. string.pack("<I2", 20) .. about .. e.name
    list[#list + 1] = "PK\1\2" .. string.pack("<I2I2", 20, 20) .. about .. string.pack("<I2I2I2I4I4", 0, 0, 0, 0, at)
      .. e.name
    parts[#parts + 1], parts[#parts + 2] = head, packed
    at = at + #head + #packed
  end
  local directory = table.concat(list)
  parts[#parts + 1] = directory
  parts[#parts + 1] = "PK\5\6" .. string.pack("<I2I2I2I2I4I4I2", 0, 0, #entries, #entries, #directory, at, 0)
  bytes.write_file(who, path, table.concat(parts))
end

return zip
