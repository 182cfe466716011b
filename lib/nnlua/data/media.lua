-- Files of pictures, sound and text; tensors by name (safetensors). What decodes pictures is in the engine.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local path_of = require "nnlua.data.path"
local saving = require "nnlua.save"
local signature = require "nnlua.signature"

local tensor, bytes, pictures = core.tensor, core.bytes, core.pictures
local media = {}

-- ---- pictures -----------------------------------------------------------------------------------------------------

local picture_options = "max_bytes:amount=536870912"
local png_options = signature("data.read_png", picture_options)
local jpeg_options = signature("data.read_jpeg", picture_options)
local image_options = signature("data.read_image", picture_options)

--- Reads a PNG picture: uint8 [C, H, W] with 1 (grey), 2 (grey, alpha), 3 or 4 channels. Options: max_bytes.
--     data.write_png("/tmp/nnlua-example.png", tensor.zeros(3, 8, 8))
--     data.read_png("/tmp/nnlua-example.png").shape
--     --> {3, 8, 8}
function media.read_png(path, options)
  path_of.check("data.read_png", path)
  return pictures.read_png("data.read_png", path, png_options(options).max_bytes)
end

--- Reads a JPEG picture: uint8 [C, H, W] with 1 or 3 channels. Options: max_bytes.
--     data.write_jpeg("/tmp/nnlua-example.jpg", tensor.zeros(1, 8, 8))
--     data.read_jpeg("/tmp/nnlua-example.jpg").shape
--     --> {1, 8, 8}
function media.read_jpeg(path, options)
  path_of.check("data.read_jpeg", path)
  return pictures.read_jpeg("data.read_jpeg", path, jpeg_options(options).max_bytes)
end

--- Reads a picture, PNG or JPEG by what the file begins with: uint8 [C, H, W]. Options: max_bytes.
--     data.write_png("/tmp/nnlua-example.png", tensor.ones(1, 2, 2))
--     data.read_image("/tmp/nnlua-example.png")
--     --> {{{255, 255}, {255, 255}}}
function media.read_image(path, options)
  path_of.check("data.read_image", path)
  local max_bytes = image_options(options).max_bytes
  local file, message = io.open(path, "rb")
  if not file then fail.raise("data.read_image: cannot open %s", message) end
  local head = file:read(3)
  file:close()
  if head == "\xFF\xD8\xFF" then return pictures.read_jpeg("data.read_image", path, max_bytes) end
  if head == "\x89PN" then return pictures.read_png("data.read_image", path, max_bytes) end
  return fail.raise("data.read_image: '%s' is neither a PNG nor a JPEG picture", path)
end

-- Bytes from a picture of bytes or of floats 0..1.
local function as_bytes(who, t)
  if not tensor.is_tensor(t) then fail.raise("%s: expected a picture, got %s", who, fail.show(t)) end
  t = t:detach()
  if t.dtype == "uint8" then return t:contiguous() end
  if not t:is_floating_point() then fail.raise("%s: expected uint8 or floats from 0 to 1, got %s", who, t.dtype) end
  return (t:clamp(0, 1) * 255):round():byte()
end

--- Writes a picture [H, W] or [C, H, W] (uint8, or floats from 0 to 1) as PNG, beside and renamed.
--     data.write_png("/tmp/nnlua-example.png", tensor{{0, 0.2}, {1, 2}})
--     data.read_png("/tmp/nnlua-example.png")
--     --> {{{0, 51}, {255, 255}}}
function media.write_png(path, value)
  path_of.check("data.write_png", path)
  pictures.write_png("data.write_png", path, as_bytes("data.write_png", value))
end

local jpeg_write_options = signature("data.write_jpeg", "quality:count=90")

--- Writes a picture [H, W], [1, H, W] or [3, H, W] (uint8, or floats from 0 to 1) as JPEG. Options: quality (1 to 100).
--     data.write_jpeg("/tmp/nnlua-example.jpg", tensor.ones(3, 8, 8), {quality = 95})
--     data.read_image("/tmp/nnlua-example.jpg"):min()
--     --> 255
function media.write_jpeg(path, value, options)
  path_of.check("data.write_jpeg", path)
  local quality = jpeg_write_options(options).quality
  if quality > 100 then fail.raise("data.write_jpeg: quality is from 1 to 100, got %d", quality) end
  pictures.write_jpeg("data.write_jpeg", path, as_bytes("data.write_jpeg", value), quality)
end

-- ---- sound --------------------------------------------------------------------------------------------------------

-- The parts of a RIFF file by their names.
local function chunks_of(s, bad)
  if s:sub(1, 4) ~= "RIFF" or s:sub(9, 12) ~= "WAVE" then
    bad(#s < 12 and "is truncated or no WAV file" or "is no WAV file")
  end
  local chunks, at = {}, 13
  while at + 7 <= #s do
    local name, size = string.unpack("<c4I4", s, at)
    if at + 7 + size > #s then bad(("is truncated: its part '%s' ends early"):format(name:gsub("[^%w ]", "?"))) end
    chunks[name] = chunks[name] or {from = at + 8, size = size}
    at = at + 8 + size + size % 2
  end
  if not chunks["fmt "] or not chunks.data then bad("is truncated or damaged: it lacks its format or its data") end
  return chunks
end

-- Samples of the data, a number each, in -1..1.
local function samples_of(who, s, chunk, kind, bits, n)
  local shape = {n}
  if kind == 3 then return bytes.from_bytes(who, s, chunk.from, bits == 32 and "<f4" or "<f8", shape):float() end
  if bits == 8 then return (bytes.from_bytes(who, s, chunk.from, "|u1", shape):float() - 128) / 128 end
  if bits ~= 24 then
    local v = bytes.from_bytes(who, s, chunk.from, bits == 16 and "<i2" or "<i4", shape)
    return (v:double() / 2 ^ (bits - 1)):float()
  end
  local b = bytes.from_bytes(who, s, chunk.from, "|u1", {n, 3}):long()
  local v = b[{{}, 1}] + b[{{}, 2}] * 256 + b[{{}, 3}] * 65536
  return ((v - v:ge(1 << 23):long() * (1 << 24)):double() / 2 ^ 23):float()
end

local wav_options = signature("data.read_wav", "max_bytes:amount=536870912")

--- Reads a WAV file: samples as float32 [channels, N] in -1..1, and the rate in samples a second. PCM of 8, 16, 24 and
-- 32 bits and floats. Options: max_bytes.
--     data.write_wav("/tmp/nnlua-example.wav", tensor{{0, 0.5, -1}}, {sample_rate = 8000})
--     data.read_wav("/tmp/nnlua-example.wav")
--     --> {{0, 0.5, -1}}	8000
function media.read_wav(path, options)
  local who = "data.read_wav"
  path_of.check(who, path)
  local max_bytes = wav_options(options).max_bytes
  local s = bytes.read_file(who, path, max_bytes + 65536)
  local function bad(text) fail.raise("%s: '%s' %s", who, path, text) end
  local chunks = chunks_of(s, bad)
  local format, data = chunks["fmt "], chunks.data
  if format.size < 16 then bad("is damaged: its format is too short") end
  local kind, channels, rate, _, block, bits = string.unpack("<I2I2I4I4I2I2", s, format.from)
  if kind == 0xFFFE and format.size >= 26 then kind = string.unpack("<I2", s, format.from + 24) end
  local known = kind == 1 and (bits == 8 or bits == 16 or bits == 24 or bits == 32)
    or kind == 3 and (bits == 32 or bits == 64)
  if not known then bad(("has samples of kind %d with %d bits, which cannot be read"):format(kind, bits)) end
  if channels == 0 or rate == 0 or block ~= channels * bits // 8 then
    bad("is damaged: its format contradicts itself")
  end
  if data.size % block ~= 0 then bad("is damaged: its last sample is not whole") end
  local n = data.size // (bits // 8)
  if n > max_bytes // 4 then fail.raise("%s: '%s' holds more than max_bytes = %d bytes", who, path, max_bytes) end
  local samples = samples_of(who, s, data, kind, bits, n)
  return samples:reshape(n // channels, channels):t():contiguous(), rate
end

local write_wav_options = signature("data.write_wav", "sample_rate:count=16000, bits:count=16")

--- Writes samples [N] or [channels, N] in -1..1 (what lies outside is cut) as WAV. Options: sample_rate (16000), bits
-- (8, 16, 24, or 32 for floats).
--     data.write_wav("/tmp/nnlua-example.wav", tensor.zeros(16000))
--     data.read_wav("/tmp/nnlua-example.wav").shape
--     --> {1, 16000}
function media.write_wav(path, value, options)
  path_of.check("data.write_wav", path)
  local o = write_wav_options(options)
  if not tensor.is_tensor(value) or value:dim() < 1 or value:dim() > 2 then
    fail.raise("data.write_wav: expected samples [N] or [channels, N], got %s", fail.show(value))
  end
  if value:dim() == 1 then value = value:unsqueeze(1) end
  local channels = value:size(1)
  local x = value:detach():float():t():contiguous()
  local data
  if o.bits == 32 then
    data = bytes.to_bytes(x)
  else
    if o.bits ~= 8 and o.bits ~= 16 and o.bits ~= 24 then
      fail.raise("data.write_wav: bits must be 8, 16, 24 or 32, got %d", o.bits)
    end
    local scale = 2 ^ (o.bits - 1)
    local v = (x:double() * scale):round():clamp(-scale, scale - 1):long()
    if o.bits == 8 then v = v + 128 else v = v + v:lt(0):long() * (1 << o.bits) end
    local parts = {}
    for i = 1, o.bits // 8 do parts[i] = v:div(256 ^ (i - 1), {rounding_mode = "floor"}):remainder(256) end
    data = bytes.to_bytes(tensor.stack(parts, -1):byte())
  end
  local block = channels * o.bits // 8
  local format = string.pack("<I2I2I4I4I2I2", o.bits == 32 and 3 or 1, channels, o.sample_rate, o.sample_rate * block,
    block, o.bits)
  local pad = #data % 2 == 1 and "\0" or ""
  bytes.write_file("data.write_wav", path, "RIFF", string.pack("<I4", 4 + 24 + 8 + #data + #pad), "WAVEfmt ",
    string.pack("<I4", 16), format, "data", string.pack("<I4", #data), data, pad)
end

-- ---- text ---------------------------------------------------------------------------------------------------------

local text_options = signature("data.read_text", "encoding:string=utf-8, max_bytes:amount=536870912")

--- Reads a text file as a string; it has to be UTF-8 (a mark at its start is left out), or "latin1" by the option
-- encoding. Options: max_bytes.
--     data.write_text("/tmp/nnlua-example.txt", "明月\n")
--     data.read_text("/tmp/nnlua-example.txt") == "明月\n"
--     --> true
function media.read_text(path, options)
  path_of.check("data.read_text", path)
  local o = text_options(options)
  local s = bytes.read_file("data.read_text", path, o.max_bytes)
  if o.encoding == "latin1" then return (s:gsub("[\128-\255]", function(c) return utf8.char(c:byte()) end)) end
  if o.encoding ~= "utf-8" then
    fail.raise("data.read_text: encoding must be \"utf-8\" or \"latin1\", got %s", fail.show(o.encoding))
  end
  local ok, at = utf8.len(s)
  if not ok then
    local line = select(2, s:sub(1, at):gsub("\n", "")) + 1
    fail.raise("data.read_text: '%s', line %d: no UTF-8; {encoding = \"latin1\"} reads files of that kind", path, line)
  end
  return (s:gsub("^\xEF\xBB\xBF", ""))
end

--- Writes a string, beside and renamed.
--     data.write_text("/tmp/nnlua-example.txt", "hello")
--     data.read_text("/tmp/nnlua-example.txt")
--     --> hello
function media.write_text(path, value)
  path_of.check("data.write_text", path)
  if type(value) ~= "string" then fail.raise("data.write_text: expected a string, got %s", fail.show(value)) end
  bytes.write_file("data.write_text", path, value)
end

-- ---- tensors by name ----------------------------------------------------------------------------------------------

--- Reads the tensors of a safetensors file, as a table by name in the file's order. Options: max_bytes.
--     data.write_safetensors("/tmp/nnlua-example.safetensors", {w = tensor{1, 2}})
--     data.read_safetensors("/tmp/nnlua-example.safetensors").w
--     --> {1, 2}
function media.read_safetensors(path, options)
  path_of.check("data.read_safetensors", path)
  return saving.load(path, options)
end

--- Writes tensors by name as a safetensors file, beside and renamed.
--     data.write_safetensors("/tmp/nnlua-example.safetensors", {a = tensor{1}, b = tensor{2}})
--     data.read_safetensors("/tmp/nnlua-example.safetensors").b
--     --> {2}
function media.write_safetensors(path, value)
  path_of.check("data.write_safetensors", path)
  if type(value) ~= "table" then
    fail.raise("data.write_safetensors: expected a table of tensors by name, got %s", fail.show(value))
  end
  saving.save(path, value)
end

return media
