-- Pictures in files: PNG of every colour type, depth and interlacing (files made by other software, their pixels
-- known by checksum), what is written is read back, damaged and oversized files are errors.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor = nnlua.tensor
local pictures = require "nnlua.core".pictures

local LIMIT = 1 << 29
local scratch = os.tmpname()

local function write(bytes)
  local file = assert(io.open(scratch, "wb"))
  file:write(bytes)
  file:close()
end

local function read_png(limit) return pictures.read_png("read_png", scratch, limit or LIMIT) end
local function read_jpeg(limit) return pictures.read_jpeg("read_jpeg", scratch, limit or LIMIT) end

local function bytes_of(hex)
  return (hex:gsub("%x%x", function(two) return string.char(tonumber(two, 16)) end))
end

local function adler32(t)
  local a, b = 1, 0
  for _, v in ipairs(t:flatten():totable()) do
    a = (a + v) % 65521
    b = (b + a) % 65521
  end
  return b << 16 | a
end

-- name (colour type, depth, interlacing, size), shape, checksum of the pixels, file
local files = {
  {"c0d1i0_13x11", {1, 11, 13}, 1882737844,
    "89504e470d0a1a0a0000000d494844520000000d0000000b01000000008cc93acc0000000e49444154789c63fcc9cf3ca388"
    .. "395b8d4557901b8ac10000000e494441548cd1c28265ba200bff03463b21866d5e20dd0000000e494441546b16ccad2e2ccb"
    .. "770200864b0891bade58db0000000049454e44ae426082"},
  {"c0d2i1_5x3", {1, 3, 5}, 803145466,
    "89504e470d0a1a0a0000000d494844520000000500000003020000000143eab2130000000749444154789c637060766035d8"
    .. "4a5900000007494441546160f06138c0b08d2e83fe00000007494441548125fc25001225198ee82300000002494441540388"
    .. "b4b5e56b0000000049454e44ae426082"},
  {"c0d4i1_13x11", {1, 11, 13}, 2647935109,
    "89504e470d0a1a0a0000000d494844520000000d0000000b0400000001332e852a0000002449444154789c0163009cff00eb"
    .. "0364016903c2049a03011ef204b83a02771004a6fe113b038e82726ee4e1e40000002449444154c100a3d09010014ffcb104"
    .. "9f288203d12fca04baafa304b633b604beed3400b9bbc547a514a992f90000002449444154cbe00307b585224d42ac01c02b"
    .. "f441afdeb30359887943bc38c504b978cb0431ab406f0fafe656ba000000024944415428f892c0693e0000000049454e44ae"
    .. "426082"},
  {"c0d16i0_5x3", {1, 3, 5}, 1047791597,
    "89504e470d0a1a0a0000000d49484452000000050000000310000000002ecd46670000000e49444154789c630cb73f237fa3"
    .. "efa8e62129a3f5c1b60000000e49444154c62d4bb3a205732b3eebb8306ceadafb281e0000000e494441543bcb9e363954af"
    .. "691900e8580de3dbd26a470000000049454e44ae426082"},
  {"c2d8i1_5x3", {3, 3, 5}, 343873740,
    "89504e470d0a1a0a0000000d4948445200000005000000030802000001a35362390000001549444154789c013400cbff037b"
    .. "71ac040506f2030df86101cafeccc35c0000001549444154d805b9a48d5db85301e8caec07d4c1029e3f65bafd2923558500"
    .. "0000154944415417025aa4d27cfc7204257210deae10ecf25253182e9b942a1f0000000049454e44ae426082"},
  {"c2d16i1_5x3", {3, 3, 5}, 110106200,
    "89504e470d0a1a0a0000000d4948445200000005000000031002000001f3c3be7a0000002449444154789c0161009eff0355"
    .. "5ae05903fb0093f5b663db68016853363ea7b00204675fc25f52640e2e0c7e0000002449444154f8a60228e935a325e29e39"
    .. "01fadb7aa59d80d571ab14d37b00b01bf22f998c6f716d03fa2584b55b0000002449444154f101529add1f38b1114d17298c"
    .. "33b07d76864afa57975e96132d5c8c058f2eb15b492b29579614340000000049454e44ae426082"},
  {"c3d2i1_5x3", {4, 3, 5}, 686366499,
    "89504e470d0a1a0a0000000d4948445200000005000000030203000001515f1dfd0000000c504c5445c46fcfa7ed520e910c"
    .. "cdec86f3548bae0000000274524e5300010194fdae0000000749444154789c63746068606efbe2d100000007494441543cc0"
    .. "b88091815138b6e5f7000000074944415480c1d901001744539f8795000000024944415402b9fc70d4100000000049454e44"
    .. "ae426082"},
  {"c3d4i0_13x11", {3, 11, 13}, 4291477576,
    "89504e470d0a1a0a0000000d494844520000000d0000000b0403000000569c1a5200000030504c54451615dbae7bfc12877a"
    .. "180bdc511ae52f5896551a4d0c91447fa261f0da78778ad6f2676b59862d68118892af5bcb25fd908b310c00000021494441"
    .. "54789c015800a7ff014c8d6dfaa7968304856319cf6dabf3030b8d334e4062740254f8886adf0000002149444154ae35717a"
    .. "a710019500780e282f6e03d6714de953ae0500d2459cc1d550300228d557983002000000214944415484f8ca8370032c81e7"
    .. "472927ef024a6cc1ea92c2e001f4edf4424f0cde3978265b408cbb170000000049454e44ae426082"},
  {"c4d8i1_5x3", {2, 3, 5}, 4213576061,
    "89504e470d0a1a0a0000000d494844520000000500000003080400000186383de50000000f49444154789c630979c7d8acc5"
    .. "ecb196797beac6b589e00000000f494441543dbf07ab192412e69530ddeb8c5ec6276426320000000f494441545cf820aa5b"
    .. "5c25c42a600e0011d70ea869ff950000000149444154a58e842a8f0000000049454e44ae426082"},
  {"c6d16i0_5x3", {4, 3, 5}, 3685228628,
    "89504e470d0a1a0a0000000d49484452000000050000000310060000000ba619bb0000002c49444154789c017b0084ff0371"
    .. "48e8f13b16506d6b49306d1afbf61d665d2ac5eec947c74124a813b3e2e3bde808cfe1541194da0000002c49444154b4ba72"
    .. "6b036706a221d149bf094edcb618a7a92804255ea2f50d65696db9774ec5b74b4eef6ca7afa0d015019ac9ad990000002c49"
    .. "444154d204b40f665607b0d7b20aa2f2c785563f7b1fa9618635c8f904274129a7b96eab7e7a14409bfef692aa1280fdd5dc"
    .. "6800000002494441543ae21756e0970000000049454e44ae426082"},
  {"c6d8i1_13x11", {4, 11, 13}, 3372424654,
    "89504e470d0a1a0a0000000d494844520000000d0000000b0806000001d3b537f7000000c949444154789c015202adfd04ca"
    .. "e4202354918d89014467ea6f41e669ed034fc99ec3298ef4dd02bd4564ea429c90e801d92bf0789ef725e6a7332422471e13"
    .. "55046d65849e7d944457d2bc1cc300ea6c32434c566a0608979acf024dac6f7051c92c58b1f169d10143f371b129c78a30ba"
    .. "0c6324da6daeeec8d2209a797fb2f7faedf4dc02a3243a8db3d581cfaf81fbc3f23690621ab3fedfd65013bff48bbe740396"
    .. "1d9aeaf6e2813057fff58b0bfc57c7abb04cb6800f073afe405dba0477454321bf1183231855256160ff7d54b21c000000c9"
    .. "49444154e0b49a26ef07ceb8af3c001ac46240db3cf51fc6213f59b5882847848ae65a9f334be3027872bb6edceb32ff6942"
    .. "206e9ac184cafebc25bd139b4c81039f439d8e3668fb602a85bf65edeae8c9761f45940b65ef0a04b496265689e39306a9d6"
    .. "c6a502a77a25dbb52d6815e27bd3040338b440521d14c2f9b4ef8053e87aac8a7c680d9c5add0303e1dc32c56ab38bdf732e"
    .. "98648d394e4aec623db769397c6a51b3bd6753556e5b61fd4d5e4aa34411924af503c0c985d76b7d425802034eae77ea8466"
    .. "0ac4f529ff4a6e3a6f000000c949444154756649b32dc85f033dfbb2fa8ff59af0ad66388d95b111caafd5eac89b355c53e5"
    .. "1e675c991e9e8e012093b44ce7496facecf4daad3818cc3f647e3600dd4cf46dc51742f6b547dede8dfc40ec3d24180cba44"
    .. "66093b50227ea67d414a029622cdaf479eae61ed483d381e37c62f9f2e642d707445fcb47badd3876ef9371f607f951a0fd8"
    .. "bd67a5213c04ecadfb99748104045ce00a257c39a0141cf73b0acdc02c0df727be77a4ba358f251675879dfbd98f0ceb8b47"
    .. "48b5280c6653478cee06927ed0a7e945a934867b207f00000002494441541fba9a15e9b60000000049454e44ae426082"},
}

for _, item in ipairs(files) do
  local name, shape, sum, hex = table.unpack(item)
  check.test("PNG " .. name, function()
    write(bytes_of(hex))
    local t = read_png()
    check.equal(t.dtype, "uint8")
    check.equal({t:size()}, shape)
    check.equal(adler32(t), sum)
  end)
end

check.test("a truncated PNG is an error wherever it ends", function()
  local bytes = bytes_of(files[5][4])
  for n = 0, #bytes - 1 do
    write(bytes:sub(1, n))
    check.error(scratch, read_png)
  end
end)

check.test("a damaged PNG is an error, whichever bit is wrong", function()
  local bytes = bytes_of(files[7][4])
  for i = 1, #bytes do
    for _, bit in ipairs {1, 16, 128} do
      write(bytes:sub(1, i - 1) .. string.char(bytes:byte(i) ~ bit) .. bytes:sub(i + 1))
      local ok = pcall(read_png)
      -- the name and checksum of an ancillary chunk that nobody reads may change; here there is none
      check.equal(ok, false, ("byte %d, bit %d"):format(i, bit))
    end
  end
end)

check.test("PNG: what is written is read back", function()
  for _, channels in ipairs {1, 2, 3, 4} do
    for _, size in ipairs {{1, 1}, {7, 300}, {64, 1}} do
      local t = tensor.randint(0, 256, {channels, size[1], size[2]}):to("uint8")
      pictures.write_png("write_png", scratch, t)
      check.equal(read_png(), t)
    end
  end
  local grey = tensor.arange(12):reshape(3, 4):to("uint8")
  pictures.write_png("write_png", scratch, grey)
  check.equal(read_png(), grey:unsqueeze(1))
  local turned = tensor.randint(0, 256, {5, 6, 3}):to("uint8"):permute(3, 1, 2)
  pictures.write_png("write_png", scratch, turned)
  check.equal(read_png(), turned)
  local file = pictures.write_png("write_png", nil, turned)
  check.equal(file:sub(2, 4), "PNG")
end)

check.test("PNG: limits and wrong arguments", function()
  local t = tensor.zeros(3, 100, 100, {dtype = "uint8"})
  pictures.write_png("write_png", scratch, t)
  check.error("holds more than max_bytes = 29999", read_png, 29999)
  check.equal(read_png(30000), t)
  check.error("is longer than max_bytes = 10", read_png, 10)
  check.error("PNG file holds uint8, got float32", pictures.write_png, "w", scratch, tensor.zeros(3, 4))
  check.error("expected a picture", pictures.write_png, "w", scratch, tensor.zeros(3, {dtype = "uint8"}))
  check.error("1 to 4 channels, got 5", pictures.write_png, "w", scratch, tensor.zeros(5, 2, 2, {dtype = "uint8"}))
  check.error("cannot be written", pictures.write_png, "w", scratch, tensor.zeros(1, 0, 2, {dtype = "uint8"}))
  check.error("cannot open", pictures.read_png, "r", scratch .. ".not there", LIMIT)
  check.error("directory", pictures.read_png, "r", "/", LIMIT)
  write("GIF89a")
  check.error("is not a PNG file", read_png)
end)

check.test("a small PNG that announces a huge picture takes no memory", function()
  local function chunk(kind, data)
    local crc = 0xFFFFFFFF
    for i = 1, #kind + #data do
      crc = crc ~ (kind .. data):byte(i)
      for _ = 1, 8 do crc = crc & 1 == 1 and (crc >> 1) ~ 0xEDB88320 or crc >> 1 end
    end
    return (">I4"):pack(#data) .. kind .. data .. (">I4"):pack(crc ~ 0xFFFFFFFF)
  end
  write("\137PNG\r\n\26\n" .. chunk("IHDR", (">I4I4BBBBB"):pack(20000, 20000, 8, 0, 0, 0, 0))
    .. chunk("IDAT", "\120\156\1\0\0") .. chunk("IEND", ""))
  local _, before = nnlua.memory()
  check.error("truncated", read_png)
  local _, after = nnlua.memory()
  check.equal(after, before)
end)

if pictures.has_jpeg() then
  local ramp = tensor.arange(64):reshape(1, 8, 8):mul(4):repeat_interleave(6, 2):repeat_interleave(5, 3)

  check.test("JPEG: what is written is read back, nearly", function()
    for _, t in ipairs {ramp:to("uint8"), ramp:tile(3, 1, 1):to("uint8")} do
      pictures.write_jpeg("write_jpeg", scratch, t, 100)
      local back = read_jpeg()
      check.equal({back:size()}, {t:size()})
      check.ok((back:float() - t:float()):abs():max():item() <= 6, "the pixels differ")
    end
  end)

  check.test("JPEG: damaged files and wrong arguments", function()
    local file = pictures.write_jpeg("write_jpeg", nil, ramp:to("uint8"), 90)
    for n = 0, #file - 3, 7 do
      write(file:sub(1, n))
      check.error(scratch, read_jpeg)
    end
    write(file)
    check.error("max_bytes", read_jpeg, 1900)
    check.error("max_bytes", read_jpeg, 100)
    check.error("1 or 3 channels, got 4", pictures.write_jpeg, "w", scratch, tensor.zeros(4, 2, 2):to("uint8"), 90)
    check.error("JPEG file holds uint8", pictures.write_jpeg, "w", scratch, tensor.zeros(2, 2), 90)
    write("no picture")
    check.error("is not a JPEG file", read_jpeg)
    for i = 3, #file, 11 do -- whatever comes of it, an error or a picture: no crash
      write(file:sub(1, i - 1) .. string.char(file:byte(i) ~ 0x55) .. file:sub(i + 1))
      pcall(read_jpeg)
    end
  end)
end

os.remove(scratch)
check.done()
