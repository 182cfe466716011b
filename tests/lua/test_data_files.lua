-- Readers and writers of files: what NumPy and Python wrote (files/make.py), round trips, damaged and hostile files.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local core = require "nnlua.core"
local tensor, data = nnlua.tensor, nnlua.data

local files = here .. "/files/"
local disk = require "scratch"
local scratch, write, read_bytes = disk.path, disk.write, disk.read

-- ---- NumPy --------------------------------------------------------------------------------------------------------

local base = tensor.arange(12):reshape(3, 4) * 7 - 20

check.test("npz as NumPy writes it", function()
  local set = data.read_npz(files .. "packed.npz")
  for _, kind in ipairs {"i1", "i2", "i4", "i8", ">i4"} do check.equal(set[kind], base, kind) end
  check.equal(set.f2, base:float())
  check.equal(set.f4, base:float())
  check.equal(set.f8, base:double())
  check.equal(set[">f8"], base:double())
  check.equal(set.u1, (base + 20):byte())
  for _, kind in ipairs {"u2", "u4", "u8", ">u2"} do check.equal(set[kind], base + 20, kind) end
  check.equal(set.bool, base:gt(0))
  check.close(set.fortran, (base:double() / 3):float():reshape(3, 2, 2), 1e-6)
  check.equal({set.scalar:dim(), set.scalar:item()}, {0, 2.5})
  check.equal({set.empty:size()}, {0, 3})
  local h = set.halves:totable()
  check.close({h[3], h[4], h[5]}, {2 * 2 ^ -24, 6.0022e-5, 65504}, 1e-8)
  check.equal({h[6], h[7], 1 / h[2]}, {math.huge, -math.huge, -math.huge})
  check.ok(h[8] ~= h[8])
  local plain = data.read_npz(files .. "plain.npz")
  check.equal({plain.a, plain.b}, {base, base:float()})
  check.equal(data.read_npy(files .. "one.npy"), base:float())
end)

check.test("npy and npz, there and back", function()
  for _, dtype in ipairs {"float32", "float64", "int64", "uint8", "bool"} do
    for _, shape in ipairs {{}, {3}, {0}, {2, 3}, {2, 1, 4}} do
      local t = (tensor.rand(shape, {dtype = "float64"}) * 200):to(dtype)
      data.write_npy(scratch, t)
      check.equal(data.read_npy(scratch), t)
    end
  end
  local many = {x = tensor.rand(40, 3), ["a b"] = tensor.arange(5), t = tensor.rand(3, 4):t()}
  for _, compress in ipairs {true, false} do
    data.write_npz(scratch, many, {compress = compress})
    local back = data.read_npz(scratch)
    for name, t in pairs(many) do check.equal(back[name], t:contiguous(), name) end
  end
  data.write_npz(scratch, {})
  check.equal(next(data.read_npz(scratch)), nil)
end)

check.test("npy files that are refused", function()
  check.error("Python objects, which cannot be read without running code", data.read_npy, files .. "objects.npy")
  check.error("records", data.read_npy, files .. "records.npy")
  check.error("dtype '<c8'", data.read_npy, files .. "complex.npy")
  check.error("is no .npy file", data.read_npy, write("hello, this is text"))
  local whole = read_bytes(files .. "one.npy")
  check.error("8 bytes are missing", data.read_npy, write(whole:sub(1, -9)))
  check.error("goes on after", data.read_npy, write(whole .. "x"))
  check.error("unknown version 9", data.read_npy, write(whole:sub(1, 6) .. "\9" .. whole:sub(8)))
  check.error("damaged header", data.read_npy, write((whole:gsub("fortran_order", "fortran_ordre"))))
  local function shaped(shape) return write((whole:gsub("%(3, 4%)", shape))) end
  check.error("more than max_bytes", data.read_npy, shaped("(999999999, 999999999)"))
  check.error("damaged header", data.read_npy, shaped("(99999999999999999999999,)"))
  check.error("17 dimensions", data.read_npy, shaped("(" .. ("1, "):rep(17) .. ")"))
  check.error("max_bytes = 10", data.read_npy, files .. "one.npy", {max_bytes = 10})
  check.error("data.write_npy: expected a tensor", data.write_npy, scratch, {1})
  check.error("is no name", data.write_npz, scratch, {tensor{1}})
end)

check.test("a zip bomb is refused before it unpacks", function()
  data.write_npz(scratch, {x = tensor.zeros(2 ^ 20 // 1)}, {compress = true})
  check.error("more than max_bytes = 1000000", data.read_npz, scratch, {max_bytes = 1000000})
  local s = read_bytes(scratch) -- it says that it is small, and isn't
  local at = assert(s:find("PK\1\2", 1, true))
  s = s:sub(1, at + 23) .. string.pack("<I4", 5000) .. s:sub(at + 28)
  check.error("does not unpack (big)", data.read_npz, write(s))
end)

-- ---- sound --------------------------------------------------------------------------------------------------------

check.test("WAV files as Python writes them", function()
  local want = {{0, 0.5, -1, 32767 / 32768, 1 / 32768}, {5 / 32768, -5 / 32768, 100 / 32768, -100 / 32768, 0}}
  for name, tolerance in pairs {wav8 = 1 / 128, wav16 = 1e-7, wav24 = 1e-7, wav32 = 1e-7} do
    local x, rate = data.read_wav(files .. name .. ".wav")
    check.equal({rate, x.dtype, x:size(1), x:size(2)}, {11025, "float32", 2, 5})
    check.close(x:totable(), want, tolerance, name)
  end
end)

-- A WAV file by its definition: kind 1 (whole numbers) or 3 (floats), also in the extensible form, with another chunk.
local function wav_bytes(kind, bits, channels, samples, extensible)
  local packing = kind == 3 and (bits == 32 and "<f" or "<d") or ({[16] = "<i2", [32] = "<i4"})[bits]
  local body, frame = {}, channels * bits // 8
  for i, v in ipairs(samples) do body[i] = packing:pack(v) end
  body = table.concat(body)
  local format = string.pack("<I2I2I4I4I2I2", extensible and 0xFFFE or kind, channels, 8000, 8000 * frame, frame, bits)
  if extensible then
    format = format .. string.pack("<I2I2I4I2", 22, bits, 0, kind)
      .. "\0\0\0\0\16\0\x80\0\0\xAA\0\x38\x9B\x71"
  end
  local function chunk(name, s) return name .. string.pack("<I4", #s) .. s .. (#s % 2 == 1 and "\0" or "") end
  local all = "WAVE" .. chunk("fmt ", format) .. chunk("LIST", "odd") .. chunk("data", body)
  return "RIFF" .. string.pack("<I4", #all) .. all
end

check.test("WAV files of floats, several channels, the extensible form", function()
  local samples = {0, 0.5, -1, 0.25, 1, -0.125}
  for _, case in ipairs {{3, 32, 1}, {3, 64, 1}, {3, 32, 2}, {3, 64, 2}, {3, 32, 3}} do
    for _, extensible in ipairs {false, true} do
      local x, rate = data.read_wav(write(wav_bytes(case[1], case[2], case[3], samples, extensible)))
      local what = ("%d bits, %d channels"):format(case[2], case[3])
      check.equal({rate, x:size(1), x:size(2)}, {8000, case[3], 6 // case[3]}, what)
      check.close(x:t():flatten():totable(), samples, 1e-7, what)
    end
  end
  local x = data.read_wav(write(wav_bytes(1, 16, 2, {0, 16384, -32768, 8192, 32767, -1}, true)))
  check.close(x:totable(), {{0, -1, 32767 / 32768}, {0.5, 0.25, -1 / 32768}}, 1e-7)
end)

check.test("WAV, there and back", function()
  local x = tensor.rand(2, 101) * 2 - 1
  for bits, tolerance in pairs {[8] = 1 / 128, [16] = 1 / 32768, [24] = 1e-6, [32] = 0} do
    data.write_wav(scratch, x, {bits = bits, sample_rate = 8000})
    local back, rate = data.read_wav(scratch)
    check.equal(rate, 8000)
    check.close(back, x, tolerance, bits)
  end
  data.write_wav(scratch, tensor{2, -2, 0})
  check.close(data.read_wav(scratch):totable(), {{32767 / 32768, -1, 0}}, 1e-7)
  check.error("bits must be", data.write_wav, scratch, x, {bits = 12})
  check.error("is no WAV file", data.read_wav, write(("x"):rep(100)))
  check.error("max_bytes = 8", data.read_wav, files .. "wav16.wav", {max_bytes = 8})
end)

-- ---- pictures, text, tensors by name ------------------------------------------------------------------------------

check.test("pictures", function()
  local x = (tensor.rand(3, 7, 5) * 255):byte()
  data.write_png(scratch, x)
  check.equal({data.read_png(scratch), data.read_image(scratch)}, {x, x})
  data.write_png(scratch, tensor{{0, 1}, {0.5, 2}})
  check.equal(data.read_png(scratch):totable(), {{{0, 255}, {128, 255}}})
  if core.pictures.has_jpeg() then
    data.write_jpeg(scratch, tensor.full({3, 16, 16}, 0.5), {quality = 95})
    check.close(data.read_image(scratch):float():mean():item(), 128, 1.5 / 128)
    check.error("quality is from 1 to 100", data.write_jpeg, scratch, x, {quality = 200})
  end
  check.error("neither a PNG nor a JPEG", data.read_image, write("GIF89a"))
  check.error("expected uint8 or floats", data.write_png, scratch, tensor.zeros(2, 2, {dtype = "int64"}))
end)

check.test("pictures as Pillow writes and reads them", function()
  local shapes = {["gray.jpg"] = {1, 29, 37}, ["half.jpg"] = {3, 29, 37}, ["progressive.jpg"] = {3, 17, 40},
    ["rgba.png"] = {4, 19, 23}, ["gray8.png"] = {1, 19, 23}, ["pairs.png"] = {2, 21, 20}}
  for name, shape in pairs(shapes) do
    local is_jpeg = name:find("jpg", 1, true)
    if not is_jpeg or core.pictures.has_jpeg() then
      local raw = read_bytes(files .. "pillow_" .. name:gsub("%..*", ".raw"))
      local c, h, w = table.unpack(shape)
      local want = core.bytes.from_bytes("test", raw, 1, "|u1", {h, w, c}):permute(3, 1, 2)
      local got = data.read_image(files .. "pillow_" .. name)
      check.equal({got:size()}, shape, name)
      local off = (got:long() - want:long()):abs():max():item()
      check.ok(off <= (is_jpeg and 2 or 0), ("%s: off by %d"):format(name, off)) -- libjpegs round differently
    end
  end
end)

check.test("text", function()
  data.write_text(scratch, "明月\r\n")
  check.equal(data.read_text(scratch), "明月\r\n")
  check.equal(data.read_text(write("\xEF\xBB\xBFa")), "a")
  check.equal(data.read_text(write("caf\xE9"), {encoding = "latin1"}), "café")
  check.error("line 2: no UTF-8", data.read_text, write("a\n\xFF"))
  check.error("expected a string", data.write_text, scratch, 3)
end)

check.test("tensors by name", function()
  data.write_safetensors(scratch, {a = tensor{1, 2}, b = tensor{{3}}})
  local back = data.read_safetensors(scratch)
  check.equal({back.a:totable(), back.b:totable()}, {{1.0, 2.0}, {{3.0}}})
end)

check.test("folders of pictures", function()
  local root = os.tmpname()
  os.remove(root)
  for _, class in ipairs {"b", "a"} do assert(os.execute(("mkdir -p %s/%s"):format(root, class))) end
  data.write_png(root .. "/a/1.png", tensor.zeros(4, 6))
  data.write_png(root .. "/b/1.png", tensor.ones(3, 4, 6))
  data.write_png(root .. "/b/2.png", tensor.ones(4, 8, 8) * 0.5)
  data.write_text(root .. "/b/notes.txt", "no picture")
  local set = data.ImageFolder(root)
  check.equal({#set, set.classes, set.targets:totable()}, {3, {"a", "b"}, {1, 2, 2}})
  check.equal({set[2][1]:size()}, {3, 4, 6})
  check.equal(set[2][1]:min():item(), 1.0)
  local gray = data.ImageFolder(root, {size = {8, 8}, channels = 1})
  for x, y in data.DataLoader(gray, {batch_size = 3}):iter() do
    check.equal({x:size()}, {3, 1, 8, 8})
    check.close(x:mean({2, 3, 4}):totable(), {0, 1, 128 / 255}, 1e-4)
    check.equal(y:totable(), {1, 2, 2})
  end
  write("not a picture")
  os.rename(scratch, root .. "/a/2.png")
  check.error("a/2.png", function() return data.ImageFolder(root)[2] end)
  os.execute("rm -r " .. root)
  check.error("cannot open", data.ImageFolder, "/nowhere")
end)

-- ---- damaged files ------------------------------------------------------------------------------------------------

-- A reader, a whole file of its format, and the bytes of which each is protected by a checksum or the structure.
local function formats()
  local list = {}
  local function add(name, make, from)
    make(scratch)
    list[#list + 1] = {name = name, read = data["read_" .. name], whole = read_bytes(scratch), from = from}
  end
  local x = tensor.arange(120):reshape(3, 8, 5):byte()
  add("idx", function(path) data.write_idx(path, x) end)
  add("npy", function(path) data.write_npy(path, x) end)
  add("npz", function(path) data.write_npz(path, {x = x}, {compress = true}) end, "PK\3\4")
  add("png", function(path) data.write_png(path, x) end, "\x89PNG")
  add("wav", function(path) data.write_wav(path, x:flatten():float() / 256) end)
  add("safetensors", function(path) data.write_safetensors(path, {x = x}) end)
  if core.pictures.has_jpeg() then add("jpeg", function(path) data.write_jpeg(path, x) end) end
  return list
end

-- Formats of which a part may be a whole file of its own, with a way to damage them that never leaves one: each gives
-- its reader and the damaged bytes.
local function loose_formats()
  local root = os.tmpname()
  os.remove(root)
  assert(os.execute("mkdir -p " .. root .. "/class"))
  data.write_png(scratch, tensor.arange(120):reshape(3, 8, 5):byte())
  local picture = read_bytes(scratch)
  data.write_idx(scratch .. ".gz", tensor.arange(60):reshape(3, 4, 5):byte())
  local idx = read_bytes(scratch .. ".gz")
  os.remove(scratch .. ".gz")
  local poem, rows = ("床前明月光，"):rep(9), 'a,b,c\n1,2,"three and more"\n4,5,"six\nin two lines"\n'
  return {
    {name = "csv with a quote that does not end", read = data.read_csv, make = function()
      local from = rows:find(math.random(2) == 1 and "three" or "six", 1, true)
      return rows:sub(1, from + math.random(0, 2)), "data.read_csv: "
    end},
    {name = "csv with too many fields", read = data.read_csv, make = function()
      return "a,b\n1,2\n" .. ("3,"):rep(math.random(2, 500)) .. "4\n", "data.read_csv: "
    end},
    {name = "text cut inside of a character", read = data.read_text, make = function()
      return poem:sub(1, 3 * math.random(0, #poem // 3 - 1) + math.random(2)), "data.read_text: "
    end},
    {name = "idx.gz", ending = ".gz", read = data.read_idx, make = function()
      return idx:sub(1, math.random(0, #idx - 1)), "data.read_idx: "
    end},
    {name = "folder with a damaged picture", make = function()
      return picture:sub(1, math.random(0, #picture - 1)), "1.png"
    end, read = function(path)
      os.rename(path, root .. "/class/1.png")
      data.DataLoader(data.ImageFolder(root), {num_workers = math.random(0, 1)}):iter()()
    end},
  }, root
end

check.test("damaged tables, texts, packed files and folders", function()
  math.randomseed(19)
  local list, root = loose_formats()
  for n = 0, 99 do
    local f = list[n % #list + 1]
    local bytes, says = f.make()
    local path = write(bytes)
    if f.ending then
      os.rename(path, path .. f.ending)
      path = path .. f.ending
    end
    local ok, message = pcall(f.read, path)
    check.ok(not ok, ("%s: %d bytes are an error"):format(f.name, #bytes))
    message = tostring(message)
    check.ok(message:find(says, 1, true) and #message < 400 and not message:find("attempt to"), message)
    os.remove(path)
  end
  os.execute("rm -r " .. root)
  write("")
end)

check.test("200 damaged files give 200 clear errors", function()
  math.randomseed(17)
  local list, n = formats(), 0
  while n < 200 do
    local f = list[n % #list + 1]
    local cut = f.whole:sub(1, math.random(0, #f.whole - 1))
    local ok, message = pcall(f.read, write(cut))
    check.ok(not ok, ("%s cut to %d of %d bytes is an error"):format(f.name, #cut, #f.whole))
    message = tostring(message)
    check.ok(message:find("data%.read_%a+: ") or message:find("nn%.load: "), message)
    check.ok(message:find(scratch, 1, true) and #message < 400, message)
    n = n + 1
  end
end)

check.test("changed bytes give an error or a value, never harm", function()
  math.randomseed(18)
  local errors = 0
  for _, f in ipairs(formats()) do
    for _ = 1, 150 do
      local at = math.random(1, #f.whole)
      local changed = f.whole:sub(1, at - 1) .. string.char(math.random(0, 255)) .. f.whole:sub(at + 1)
      local ok, message = pcall(f.read, write(changed), {max_bytes = 1000000})
      if not ok then
        errors = errors + 1
        message = tostring(message)
        check.ok(message:find("data%.read_%a+: ") or message:find("nn%.load: "), message)
      elseif f.name == "png" then
        check.ok(changed == f.whole, "a PNG's checksums find every change")
      end
    end
  end
  check.ok(errors > 300, errors)
end)

-- ---- fetched files ------------------------------------------------------------------------------------------------

if os.execute("command -v curl >/dev/null 2>&1") then
  check.test("fetch", function()
    local root = os.tmpname()
    os.remove(root)
    local source = root .. ".source"
    data.write_text(source, ("0123456789"):rep(1000))
    local url, sum = "file://" .. source, core.bytes.sha256("test", source)
    local path = data.fetch(url, {root = root .. "/deep/er", sha256 = sum})
    check.equal(data.read_text(path), data.read_text(source))
    data.write_text(source, "changed")
    check.equal(data.fetch(url, {root = root .. "/deep/er", sha256 = sum:upper()}), path, "not loaded again")
    check.error("has the checksum", data.fetch, url, {root = root, sha256 = sum})
    data.write_text(source, ("0123456789"):rep(1000))
    local target = root .. "/x.txt"
    data.write_text(target .. ".part", ("0123456789"):rep(300)) -- cut off before
    check.equal(data.read_text(data.fetch(url, {path = target, sha256 = sum})), data.read_text(source))
    data.write_text(target, "something else")
    check.error("remove it to load it anew", data.fetch, url, {path = target, sha256 = sum})
    data.write_text(root .. "/y.txt.part", "a longer part than there is, of another file" .. ("x"):rep(20000))
    check.equal(data.read_text(data.fetch(url, {path = root .. "/y.txt", sha256 = sum})), data.read_text(source))
    check.error("Without a network, put the file at " .. root .. "/z", data.fetch, "file:///nowhere/z", {root = root})
    check.error("Without a network", data.fetch, "http://127.0.0.1:9/z", {root = root})
    os.execute("rm -r " .. root .. " " .. source)
    check.error("expected an address", data.fetch, "no address")
    check.error("expected an address", data.fetch, "http://a/$(touch x)\n")
    check.error("64 hexadecimal digits", data.fetch, "http://a/b", {sha256 = "xyz"})
  end)
end

check.test("MNIST and CIFAR-10 from a folder", function()
  local root = os.tmpname()
  os.remove(root)
  assert(os.execute("mkdir " .. root))
  for _, part in ipairs {"train", "t10k"} do
    data.write_idx(root .. "/" .. part .. "-images-idx3-ubyte.gz", tensor.zeros(4, 28, 28):byte())
    data.write_idx(root .. "/" .. part .. "-labels-idx1-ubyte.gz", tensor({0, 1, 2, 9}, {dtype = "uint8"}))
  end
  local mnist = data.load("mnist", {root = root})
  check.equal({#mnist.train, mnist.test[4][2], mnist.classes[10]}, {4, 10, "9"})
  check.error("cifar-10-binary.tar.gz is missing; it comes from https://", data.load, "cifar-10", {root = root})
  local row = "\3" .. ("\255"):rep(1024) .. ("\0"):rep(2048)
  for i = 1, 6 do
    local name = i <= 5 and ("data_batch_%d.bin"):format(i) or "test_batch.bin"
    local file = assert(io.open(root .. "/" .. name, "wb"))
    file:write(row:rep(2))
    file:close()
  end
  assert(os.execute(("cd %s && mkdir c && mv *.bin c && tar czf cifar-10-binary.tar.gz c"):format(root)))
  local cifar = data.load("cifar-10", {root = root})
  check.equal({#cifar.train, #cifar.test, cifar.classes[cifar.train[1][2]]}, {10, 2, "cat"})
  check.equal(cifar.train[10][1]:mean({2, 3}):totable(), {1.0, 0.0, 0.0})
  local file = assert(io.open(root .. "/cifar-10-binary.tar.gz", "rb"))
  local packed = file:read("a")
  file:close()
  file = assert(io.open(root .. "/cifar-10-binary.tar.gz", "wb"))
  file:write(packed:sub(1, #packed // 2))
  file:close()
  check.error("does not unpack (truncated)", data.load, "cifar-10", {root = root})
  os.execute("rm -r " .. root)
end)

os.remove(scratch)
check.done()
