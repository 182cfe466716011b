-- nn.save and nn.load: what comes back, what the file looks like to others, hostile files, interrupted writing.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn = nnlua.tensor, nnlua.nn

local path = os.tmpname()

local function read_bytes(name)
  local file = assert(io.open(name, "rb"))
  local bytes = file:read("a")
  file:close()
  return bytes
end

local function write_bytes(bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
  return path
end

-- A safetensors file from a header and data.
local function file_of(header, bytes)
  return write_bytes(string.pack("<I8", #header) .. header .. (bytes or ""))
end

local function keys_of(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  return keys
end

-- ---- round trips --------------------------------------------------------------------------------------------------

check.test("a module", function()
  local net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
  nn.save(path, net)
  local state = nn.load(path)
  check.equal(keys_of(state), keys_of(net:state_dict()))
  local other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
  other:load_state_dict(state)
  local x = tensor.randn(2, 1, 4, 4)
  check.equal(other:eval()(x), net:eval()(x))
end)

check.test("every dtype and geometry", function()
  local saved = {
    f32 = tensor.randn(2, 3), f64 = tensor.randn(3, {dtype = "float64"}), i64 = tensor({-2 ^ 62, 7}, {dtype = "int64"}),
    u8 = tensor({0, 255, 3}, {dtype = "uint8"}), b = tensor({true, false, true}), scalar = tensor(3.5),
    empty = tensor.zeros(0, 4), view = tensor.arange(12):reshape(3, 4):t(), row = tensor.arange(10)[{{3, 9, 2}}],
    expanded = tensor.ones(1):expand(4),
  }
  nn.save(path, saved)
  local loaded = nn.load(path)
  for name, t in pairs(saved) do check.equal(loaded[name], t, name) end
  check.ok(loaded.view:is_contiguous())
  local nan = tensor{0 / 0, 1 / 0, -1 / 0, -0.0}
  nn.save(path, {x = nan})
  check.equal(nn.load(path).x:totable(), nan:totable())
end)

check.test("nested tables", function()
  local net = nn.Linear(2, 2)
  local value = {
    model = net:state_dict(), epoch = 3, best = 0.5, whole = 2.0, big = math.maxinteger, small = math.mininteger,
    inf = math.huge, ninf = -math.huge, name = "Tang 诗 \"quoted\" \\ \n", bytes = "\0\xff\xfe", yes = true, no = false,
    list = {1, 2.5, "three", {4}}, empty = {}, sparse = {[1] = "a", [5] = "b", [2.5] = "c"}, [true] = "key",
    deep = {a = {b = {c = tensor{1, 2}}}}, tensors = {tensor{1}, tensor{2}},
  }
  nn.save(path, value)
  local back = nn.load(path)
  check.equal(keys_of(back.model), {"weight", "bias"})
  check.equal(back.model.weight, net.weight:detach())
  for _, key in ipairs {"epoch", "best", "whole", "big", "small", "inf", "ninf", "name", "bytes", "yes", "no", "list",
    "empty", "sparse", true, "deep", "tensors"} do
    check.equal(back[key], value[key], tostring(key))
    check.equal(math.type(back[key]), math.type(value[key]), tostring(key))
  end
  nn.save(path, {x = 0 / 0})
  check.ok(nn.load(path).x ~= nn.load(path).x)
  local t = tensor{1}
  nn.save(path, {a = t, b = {t}})
  back = nn.load(path)
  check.ok(back.a == back.b[1], "one tensor stays one")
  nn.save(path, {["a.b"] = tensor{1}, a = {b = tensor{2}}})
  back = nn.load(path)
  check.equal({back["a.b"]:item(), back.a.b:item()}, {1.0, 2.0})
  nn.save(path, {model = nn.Linear(1, 1)})
  check.equal(keys_of(nn.load(path).model), {"weight", "bias"})
  nn.save(path, tensor{1, 2})
  check.equal(nn.load(path):totable(), {1.0, 2.0})
  nn.save(path, {})
  check.equal(keys_of(nn.load(path)), {})
end)

check.test("what cannot be saved", function()
  check.error("'f' is a function", nn.save, path, {f = print})
  check.error("expected a module or a table", nn.save, path, 3)
  check.error("expected the name of a file", nn.save, nil, {})
  local ring = {}
  ring.me = {ring}
  check.error("holds itself", nn.save, path, ring)
  check.error("has a key that is", nn.save, path, {a = {[{}] = 1}})
  local deep = {}
  for _ = 1, 300 do deep = {deep} end
  check.error("nested more than", nn.save, path, deep)
  check.error("__metadata__", nn.save, path, {__metadata__ = tensor{1}})
  check.error("UTF-8", nn.save, path, {["\xff"] = tensor{1}})
end)

-- ---- the format ---------------------------------------------------------------------------------------------------

check.test("the bytes of a file", function()
  nn.save(path, {b = tensor({1, 2}, {dtype = "uint8"}), a = tensor({{1}, {2}})})
  local bytes = read_bytes(path)
  local n = string.unpack("<I8", bytes)
  local header = bytes:sub(9, 8 + n)
  check.equal(n % 8, 0)
  check.ok(header:find('"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}', 1, true), header)
  check.ok(header:find('"b":{"dtype":"U8","shape":[2],"data_offsets":[8,10]}', 1, true), header)
  check.ok(header:find('"__metadata__":{"format":"pt"}', 1, true), header)
  check.equal(bytes:sub(9 + n), string.pack("<ff", 1, 2) .. "\1\2")
end)

check.test("files of other writers", function()
  file_of('{"x":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}}', "\x80\x3f\xc0\xbf\x80\x7f")
  check.equal(nn.load(path).x:totable(), {1.0, -1.5, math.huge})
  check.equal(nn.load(path).x.dtype, "float32")
  file_of('{"x":{"dtype":"F16","shape":[6],"data_offsets":[0,12]}}',
    string.pack("<I2I2I2I2I2I2", 0x3C00, 0xC000, 0x7C00, 0x0001, 0x8000, 0x3555))
  check.equal(nn.load(path).x:totable(), {1.0, -2.0, math.huge, 2.0 ^ -24, -0.0, 1365 / 4096})
  file_of('{"x":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"I8","shape":[1],"data_offsets":[8,9]},'
    .. '"z":{"dtype":"U16","shape":[1],"data_offsets":[9,11]},"w":{"dtype":"I16","shape":[1],"data_offsets":[11,13]},'
    .. '"v":{"dtype":"U32","shape":[1],"data_offsets":[13,17]},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[17,19]}}'
    .. "  ", string.pack("<i4i4i1I2i2I4", -5, 7, -3, 65535, -2, 4294967295) .. "\2\0")
  local t = nn.load(path)
  check.equal(keys_of(t), {"x", "y", "z", "w", "v", "b"})
  check.equal({t.x:totable(), t.y:item(), t.z:item(), t.w:item(), t.v:item(), t.b:totable()},
    {{-5, 7}, -3, 65535, -2, 4294967295, {true, false}})
end)

check.test("hostile files", function()
  local function entry(fields) return '{"x":{' .. fields .. "}}" end
  local function two(...)
    local bytes = '"%s":{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]}'
    return ("{" .. bytes .. "," .. bytes .. "}"):format(...)
  end
  local four = "\0\0\0\0"
  local cases = {
    {"", "is not a safetensors file"}, {"\1\2\3", "is not a safetensors file"},
    {string.pack("<I8", 1 << 40) .. "{}", "is not a safetensors file"},
    {string.pack("<I8", 100) .. "{}", "truncated"},
    {string.pack("<I8", 2) .. "[]", "no JSON object"}, {string.pack("<I8", 2) .. "{x", "no JSON object"},
    {string.pack("<I8", 4) .. "{}  ", nil}, {string.pack("<I8", 4) .. "{}xx", "no JSON object"},
    {string.pack("<I8", 2) .. "{}abc", "goes on after its last tensor"},
    {string.pack("<I8", 3) .. '{"\xff', "no JSON object"},
    {"PK\3\4" .. ("x"):rep(100), "Convert it in Python"}, {"\x80\x02" .. ("x"):rep(100), "Convert it in Python"},
  }
  local headers = {
    {'{"x":3}', "not described"}, {entry '"shape":[1],"data_offsets":[0,4]', "has no dtype"},
    {entry '"dtype":"F128","shape":[1],"data_offsets":[0,4]', "cannot be read"},
    {entry '"dtype":"F32","data_offsets":[0,4]', "has no shape"},
    {entry '"dtype":"F32","shape":[1]', "data_offsets"},
    {entry '"dtype":"F32","shape":[1],"data_offsets":[0]', "data_offsets"},
    {entry '"dtype":"F32","shape":[1],"data_offsets":[4,0]', "outside"},
    {entry '"dtype":"F32","shape":[1],"data_offsets":[0,8]', "outside"},
    {entry '"dtype":"F32","shape":[1],"data_offsets":[-4,4]', "data_offsets"},
    {entry '"dtype":"F32","shape":[1],"data_offsets":[0.5,4]', "data_offsets"},
    {entry '"dtype":"F32","shape":[1],"data_offsets":[0,1e300]', "data_offsets"},
    {entry '"dtype":"F32","shape":[2],"data_offsets":[0,4]', "does not fit"},
    {entry '"dtype":"F32","shape":[-1],"data_offsets":[0,4]', "no whole number"},
    {entry '"dtype":"F32","shape":["1"],"data_offsets":[0,4]', "no whole number"},
    {entry '"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]', "too large"},
    {entry '"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]', "too many dimensions"},
    {two("x", 4, 0, 4, "x", 0, 4, 4), "twice"}, {two("x", 3, 0, 3, "y", 2, 2, 4), "overlaps"},
    {two("x", 1, 0, 1, "y", 2, 2, 4), "gap"},
    {'{"__metadata__":{"a":3},"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', "no string"},
    {'{"__metadata__":[],"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', "no JSON object"},
    {("[" ):rep(2000), "no JSON object"}, {'{"a":' .. ("["):rep(5000), "no JSON object"},
  }
  for _, case in ipairs(headers) do
    cases[#cases + 1] = {string.pack("<I8", #case[1]) .. case[1] .. four, case[2]}
  end
  for i, case in ipairs(cases) do
    write_bytes(case[1])
    if case[2] then
      local message = check.error(case[2], nn.load, path)
      check.ok(message:find("nn.load: ", 1, true), message)
    else
      check.ok(pcall(nn.load, path), i)
    end
  end
  check.error("cannot open", nn.load, path .. ".nowhere")
  check.error("regular file", nn.load, "/tmp")
  nn.save(path, {x = tensor.zeros(100)})
  check.error("more than max_bytes = 399", nn.load, path, {max_bytes = 399})
  check.equal(nn.load(path, {max_bytes = 400}).x:numel(), 100)
end)

check.test("hostile tables of contents", function()
  local function with(structure)
    local escaped = structure:gsub('[\\"]', "\\%0")
    return file_of('{"__metadata__":{"nnlua":"' .. escaped .. '"},'
      .. '"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', "a")
  end
  for _, structure in ipairs {"", "{", "3", "null", '{"tensor":"y"}', '{"tensor":3}', '{"int":"1x"}',
    '{"float":"x"}', '{"bytes":"abc"}', '{"bytes":"zz"}', '{"array":3}', '{"table":[3]}', '{"table":[[]]}',
    '{"table":[[{"array":[]},1]]}',
    '{"code":"os.exit()"}', '{"int":"1","float":"2"}', "[]", '{"table":[[{"float":"nan"},true]]}'} do
    check.error("damaged table of contents", nn.load, with(structure))
  end
  check.equal(nn.load(with '{"table":[["t",{"tensor":"x"}]]}').t:item(), 97)
end)

check.test("every truncation and many damaged bytes give an error or tensors, never a crash", function()
  nn.save(path, {a = tensor.randn(3, 3), b = {tensor({1, 2}, {dtype = "uint8"}), 5, "text"}})
  local whole = read_bytes(path)
  for n = 0, #whole - 1 do check.ok(not pcall(nn.load, write_bytes(whole:sub(1, n))), n) end
  local random = 1
  for _ = 1, 500 do
    random = (random * 1103515245 + 12345) % 2 ^ 31
    local at = 1 + random % #whole
    write_bytes(whole:sub(1, at - 1) .. string.char((whole:byte(at) + 1 + random % 250) % 256) .. whole:sub(at + 1))
    pcall(nn.load, path)
  end
end)

-- ---- whole old or whole new ---------------------------------------------------------------------------------------

check.test("a failed write leaves the old file", function()
  nn.save(path, {x = tensor{1}})
  check.error("__metadata__", nn.save, path, {__metadata__ = tensor{1}})
  check.equal(nn.load(path).x:item(), 1.0)
  check.error("cannot write", nn.save, "/nowhere/at/all.safetensors", {x = tensor{1}})
  check.error("not a regular file", nn.save, "/tmp", {x = tensor{1}})
  local link = path .. ".link"
  assert(os.execute(("ln -sf %s %s"):format(path, link)))
  nn.save(link, {x = tensor{2}})
  check.equal(nn.load(path).x:item(), 2.0, "a symbolic link stays one")
  os.remove(link)
  local pipe = assert(io.popen(("ls -d %s.* 2>/dev/null"):format(path)))
  check.equal(pipe:read("a"), "", "nothing is left beside")
  pipe:close()
end)

os.remove(path)
check.done()
