-- NumPy's files: .npy (an array) and .npz (a zip archive of such). What would need Python to be read is refused.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local ordered = require "nnlua.ordered"
local path_of = require "nnlua.data.path"
local signature = require "nnlua.signature"
local zip = require "nnlua.data.zip"

local tensor, bytes = core.tensor, core.bytes
local npy = {}

local MAGIC = "\x93NUMPY"
local memory = {b = 1, u = 8, i = 8, f = 4} -- bytes that an element takes here

-- Sizes from "3, 4" or "3," or "", nil when that is no tuple of numbers.
local function parse_shape(text)
  local shape = {}
  for part in (text .. ","):gmatch("%s*([^,]*),") do
    part = part:match("^(.-)L?%s*$")
    if part ~= "" then
      if not part:find("^%d+$") or #part > 18 then return nil end
      shape[#shape + 1] = math.tointeger(tonumber(part))
    end
  end
  return shape
end

-- Element type, order and shape from the header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
local function parse_header(header, bad)
  local descr = header:match("'descr'%s*:%s*'([^']*)'")
  local order = header:match("'fortran_order'%s*:%s*(%a+)")
  local shape = header:match("'shape'%s*:%s*%(([%d%s,L]*)%)")
  if not descr and header:find("'descr'%s*:%s*%[") then bad("holds records (a structured dtype)") end
  shape = shape and parse_shape(shape)
  if not descr or not shape or (order ~= "True" and order ~= "False") then bad("has a damaged header") end
  local kind, size = descr:match("^[<>|=]?(%a)(%d+)$")
  if kind == "O" or descr:find("O", 1, true) then
    bad("holds Python objects, which cannot be read without running code")
  elseif not memory[kind] or (kind == "f" and not ("248"):find(size, 1, true)) or
    not ({["1"] = 1, ["2"] = 1, ["4"] = 1, ["8"] = 1})[size] or (kind == "b" and size ~= "1") then
    bad(("holds elements of dtype '%s', which there are not here"):format(descr))
  end
  local first = descr:sub(1, 1)
  return (first == ">" and ">" or "<") .. kind .. size, order == "True", shape
end

-- A tensor from the bytes of a .npy file; `what` names it in errors.
local function decode(who, what, s, max_bytes)
  local function bad(text) fail.raise("%s: '%s' %s", who, what, text) end
  if #s < 10 then bad(s == MAGIC:sub(1, #s) and "is truncated" or "is no .npy file") end
  if s:sub(1, 6) ~= MAGIC then bad("is no .npy file") end
  local version = s:byte(7)
  if version < 1 or version > 3 then bad(("has the unknown version %d"):format(version)) end
  if version > 1 and #s < 12 then bad("is truncated") end
  local length, from = string.unpack(version == 1 and "<I2" or "<I4", s, 9)
  if from + length - 1 > #s then bad("is truncated: its header ends early") end
  local kind, fortran, shape = parse_header(s:sub(from, from + length - 1), bad)
  if #shape > 16 then bad(("has %d dimensions; at most 16 can be read"):format(#shape)) end
  local size, n = tonumber(kind:sub(3)), 1
  local here = kind:sub(2) == "u1" and 1 or kind:sub(2) == "f8" and 8 or memory[kind:sub(2, 2)]
  for _, d in ipairs(shape) do
    if d > 0 and n > (max_bytes // here) // d then
      fail.raise("%s: '%s' holds more than max_bytes = %d bytes", who, what, max_bytes)
    end
    n = n * d
  end
  local have = #s - (from + length - 1)
  if have < n * size then bad(("is truncated: %d bytes are missing"):format(n * size - have)) end
  if have > n * size then bad("goes on after the data that its header announces") end
  if fortran and #shape > 1 then
    local turned, dims = {}, {}
    for d = #shape, 1, -1 do turned[#turned + 1], dims[#dims + 1] = shape[d], d end
    return bytes.from_bytes(who, s, from + length, kind, turned):permute(dims):contiguous()
  end
  return bytes.from_bytes(who, s, from + length, kind, shape)
end

local kinds = {float32 = "<f4", float64 = "<f8", int64 = "<i8", uint8 = "|u1", bool = "|b1"}

-- Header and data of a tensor as a .npy file has them.
local function encode(who, t)
  if not tensor.is_tensor(t) then fail.raise("%s: expected a tensor, got %s", who, fail.show(t)) end
  local kind = kinds[t.dtype] or fail.raise("%s: %s cannot be written", who, t.dtype)
  local shape = table.concat({t:size()}, ", ")
  if t:dim() == 1 then shape = shape .. "," end
  local header = ("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }"):format(kind, shape)
  header = header .. (" "):rep(-(10 + #header + 1) % 64) .. "\n"
  return MAGIC .. "\1\0" .. string.pack("<I2", #header) .. header, bytes.to_bytes(t:detach())
end

local read_options = signature("data.read_npy", "max_bytes:amount=536870912")

--- Reads an array that numpy.save wrote: unsigned bytes become uint8, other integers int64, halves float32. Arrays of
-- Python objects are refused. Options: max_bytes.
--     data.write_npy("/tmp/nnlua-example.npy", tensor{{1, 2}, {3, 4}})
--     data.read_npy("/tmp/nnlua-example.npy")
--     --> {{1, 2}, {3, 4}}
function npy.read_npy(path, options)
  path_of.check("data.read_npy", path)
  local max_bytes = read_options(options).max_bytes
  return decode("data.read_npy", path, bytes.read_file("data.read_npy", path, max_bytes + 65536), max_bytes)
end

--- Writes a tensor for numpy.load, beside and renamed.
--     data.write_npy("/tmp/nnlua-example.npy", tensor({1, 2}, {dtype = "int64"}))
--     data.read_npy("/tmp/nnlua-example.npy").dtype
--     --> int64
function npy.write_npy(path, value)
  path_of.check("data.write_npy", path)
  bytes.write_file("data.write_npy", path, encode("data.write_npy", value))
end

local npz_options = signature("data.read_npz", "max_bytes:amount=536870912")

--- Reads the arrays that numpy.savez or savez_compressed wrote, as a table by name. Options: max_bytes (of all
-- together).
--     data.write_npz("/tmp/nnlua-example.npz", {x = tensor{1, 2}, y = tensor{3}})
--     data.read_npz("/tmp/nnlua-example.npz").x
--     --> {1, 2}
function npy.read_npz(path, options)
  path_of.check("data.read_npz", path)
  local max_bytes = npz_options(options).max_bytes
  local out, left = ordered.new(), max_bytes
  for name, content in zip.files("data.read_npz", path, max_bytes) do
    local key = name:match("^(.*)%.npy$")
    if not key then fail.raise("data.read_npz: '%s' holds '%s', which is no array", path, name) end
    local t = decode("data.read_npz", path .. "/" .. name, content, left)
    left = left - t.nbytes
    out[key] = t
  end
  return out
end

local write_options = signature("data.write_npz", "compress:bool=false")

--- Writes tensors by name for numpy.load, beside and renamed. Options: compress.
--     data.write_npz("/tmp/nnlua-example.npz", {w = tensor.zeros(100)}, {compress = true})
--     data.read_npz("/tmp/nnlua-example.npz").w:sum()
--     --> 0
function npy.write_npz(path, tensors, options)
  path_of.check("data.write_npz", path)
  local o = write_options(options)
  if type(tensors) ~= "table" then
    fail.raise("data.write_npz: expected a table of tensors by name, got %s", fail.show(tensors))
  end
  local names = {}
  for name in pairs(tensors) do
    if type(name) ~= "string" or name == "" then fail.raise("data.write_npz: %s is no name", fail.show(name)) end
    names[#names + 1] = name
  end
  if not ordered.is(tensors) then table.sort(names) end
  local entries = {}
  for i, name in ipairs(names) do
    local header, data = encode("data.write_npz", tensors[name])
    entries[i] = {name = name .. ".npy", content = header .. data}
  end
  zip.write("data.write_npz", path, entries, o.compress)
end

return npy
