--- Weights that PyTorch saved, in layers of the same structure: the same outputs. Half precision files, files that
-- cannot be read, and what nn.save writes, byte by byte (make_weights.py checks the same bytes in Python).
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. directory .. "../lua/?.lua;" .. package.path
local check = require "check"
local nnlua = rawget(_G, "nnlua") or require "nnlua"
local tensor, nn = nnlua.tensor, nnlua.nn
local makers = require "weights"(nn)

local fixtures = directory .. "fixtures/"

--- Tensors of the file by layer: weights (by name), inputs and outputs (in order).
local function layers_of(file)
  local layers, order = {}, {}
  for key, value in pairs(file) do
    local kind, name, rest = key:match "^(%w+)/([^/]+)/(.+)$"
    if not layers[name] then
      layers[name] = { weights = {}, ["in"] = {}, out = {} }
      order[#order + 1] = name
    end
    layers[name][kind][tonumber(rest) and kind ~= "weights" and tonumber(rest) + 1 or rest] = value
  end
  table.sort(order)
  return layers, order
end

local function flat(results, out)
  for _, r in ipairs(results) do
    if type(r) == "table" then flat(r, out) else out[#out + 1] = r end
  end
  return out
end

local layers, order = layers_of(nn.load(fixtures .. "layers.safetensors"))
check.ok(#order >= 38, "layers in the file")

for _, name in ipairs(order) do
  check.test("weights of " .. name, function()
    local layer = layers[name]
    local module = makers[name]()
    module:load_state_dict(layer.weights)
    module:eval()
    local inputs = {}
    for k, x in ipairs(layer["in"]) do inputs[k] = x.dtype == "int64" and x + 1 or x end
    local got = flat({ tensor.no_grad(module, table.unpack(inputs)) }, {})
    check.equal(#got, #layer.out, "outputs")
    for k, want in ipairs(layer.out) do
      check.equal({ got[k]:size() }, { want:size() }, "shape of output " .. k)
      local scale = math.max(1, want:abs():max():item())
      check.ok((got[k] - want):abs():max():item() <= 1e-5 * scale, "output " .. k)
    end

    local path = os.tmpname() -- and back
    nn.save(path, module)
    local again = nn.load(path)
    os.remove(path)
    local count = 0
    for key, value in pairs(again) do
      count = count + 1
      check.equal(value, layer.weights[key], key)
    end
    for _ in pairs(layer.weights) do count = count - 1 end
    check.equal(count, 0, "names")
  end)
end

check.test("bfloat16 and float16 become float32", function()
  for name, odd in pairs { bf16 = { 1.0, 65536.0 }, f16 = { 1.0009765625, 65504.0 } } do
    local file = nn.load(fixtures .. name .. ".safetensors")
    check.equal(file.w.dtype, "float32")
    check.equal(file.w:totable(), { { 0.0, -1.0, 0.5 }, { odd[1], odd[2], 3.0 } }, name)
    check.equal(file.b:totable(), { 1.5, -2.25 }, name)
    local layer = nn.Linear(3, 2):to "float64"
    layer:load_state_dict { weight = file.w, bias = file.b }
    check.equal(layer.weight:get(2, 1), odd[1])
  end
end)

check.test("float8 is refused by name", function()
  local message = check.error("F8_E4M3", nn.load, fixtures .. "f8.safetensors")
  check.ok(message:find("f8.safetensors", 1, true), message)
end)

check.test("what nn.save writes is what Python's safetensors reads", function()
  local net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
  net:load_state_dict {
    ["0.weight"] = tensor.arange(6):float():view(2, 3) / 4 - 0.5, ["0.bias"] = tensor { 0.125, -3 },
    ["1.weight"] = tensor { 1, 2 }, ["1.bias"] = tensor { -1, 0.5 }, ["1.running_mean"] = tensor { 0, 0 },
    ["1.running_var"] = tensor { 1, 1 }, ["1.num_batches_tracked"] = tensor(0),
  }
  local path = os.getenv "NNLUA_WRITE_SAVED" or os.tmpname()
  nn.save(path, net)
  local function bytes(name)
    local file = assert(io.open(name, "rb"))
    local text = file:read "a"
    file:close()
    return text
  end
  local saved = bytes(path)
  if not os.getenv "NNLUA_WRITE_SAVED" then os.remove(path) end
  check.ok(saved == bytes(fixtures .. "saved.safetensors"), "the same bytes")
end)

check.done()
