-- nn.init: ways to fill a parameter with its first values. All work in place, outside of the graph, and return the
-- tensor. Fans and gains are PyTorch's.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor = core.tensor
local no_grad = tensor.no_grad

local init = {}

local function check(name, t)
  if not tensor.is_tensor(t) then fail.raise("%s: expected a tensor, got %s", name, fail.show(t)) end
end

-- Defines init.<name>(t, ...): arguments by a signature, the body without gradients.
local function define(name, arguments, body)
  local read = signature(name, arguments)
  init[name] = function(t, ...)
    check(name, t)
    local a = read(...)
    no_grad(body, t, a)
    return t
  end
end

--- Fan-in and fan-out of a weight: numbers of inputs and outputs that a unit is connected to.
-- @param t at least 2-d: [out, in, kernel...]
function init.calculate_fan_in_and_fan_out(t)
  check("fan", t)
  if t:dim() < 2 then fail.raise("fan: expected at least 2 dimensions, got %d", t:dim()) end
  local field = 1
  for d = 3, t:dim() do field = field * t:size(d) end
  return t:size(2) * field, t:size(1) * field
end

local gains = {
  linear = 1, identity = 1, conv1d = 1, conv2d = 1, conv3d = 1, conv_transpose1d = 1, conv_transpose2d = 1,
  conv_transpose3d = 1, sigmoid = 1, tanh = 5 / 3, relu = math.sqrt(2), selu = 3 / 4,
}

--- The factor by which a nonlinearity's weights are scaled: calculate_gain("leaky_relu", 0.2).
function init.calculate_gain(nonlinearity, param)
  if nonlinearity == "leaky_relu" then return math.sqrt(2 / (1 + (param or 0.01) ^ 2)) end
  local gain = gains[nonlinearity]
  if not gain then
    local names = {"leaky_relu"}
    for name in pairs(gains) do names[#names + 1] = name end
    table.sort(names)
    fail.raise("calculate_gain: unknown nonlinearity %s%s", fail.show(nonlinearity),
      fail.suggest(nonlinearity, names))
  end
  return gain
end

--- Uniform in [a, b): init.uniform_(t, 0, 1).
define("uniform_", "a:number=0, b:number=1", function(t, o) t:uniform_(o.a, o.b) end)

--- Normal: init.normal_(t, mean, std).
define("normal_", "mean:number=0, std:positive=1", function(t, o) t:normal_(o.mean, o.std) end)

--- One value everywhere.
define("constant_", "val:number", function(t, o) t:fill_(o.val) end)

--- Ones.
define("ones_", "", function(t) t:fill_(1) end)

--- Zeros.
define("zeros_", "", function(t) t:fill_(0) end)

--- The identity matrix.
define("eye_", "", function(t)
  if t:dim() ~= 2 then fail.raise("eye_: expected 2 dimensions, got %d", t:dim()) end
  t:fill_(0)
  for i = 1, math.min(t:size(1), t:size(2)) do t:set(i, i, 1) end
end)

--- A convolution's weight that passes its input on, as far as there are channels.
define("dirac_", "groups:count=1", function(t, o)
  if t:dim() < 3 or t:dim() > 5 then fail.raise("dirac_: expected 3 to 5 dimensions, got %d", t:dim()) end
  if t:size(1) % o.groups ~= 0 then fail.raise("dirac_: %d outputs in %d groups", t:size(1), o.groups) end
  local out, middle = t:size(1) // o.groups, {}
  for d = 3, t:dim() do middle[#middle + 1] = t:size(d) // 2 + 1 end
  t:fill_(0)
  for g = 0, o.groups - 1 do
    for i = 1, math.min(out, t:size(2)) do
      local at = {g * out + i, i, table.unpack(middle)}
      at[#at + 1] = 1
      t:set(table.unpack(at))
    end
  end
end)

--- Normal with the tails beyond a and b cut off.
define("trunc_normal_", "mean:number=0, std:positive=1, a:number=-2, b:number=2", function(t, o)
  -- Inverse of the distribution function on uniform values between its values at a and b.
  local function cdf(x) return 0.5 * tensor.erf(tensor((x - o.mean) / o.std / math.sqrt(2), {dtype = "float64"})):item()
    + 0.5 end
  local low, high = cdf(o.a), cdf(o.b)
  t:uniform_(2 * low - 1, 2 * high - 1)
  t:copy_(t:erfinv():mul(o.std * math.sqrt(2)):add(o.mean):clamp(o.a, o.b))
end)

--- Xavier (Glorot): uniform with the variance 2 / (fan_in + fan_out), times gain squared.
define("xavier_uniform_", "gain:number=1", function(t, o)
  local fan_in, fan_out = init.calculate_fan_in_and_fan_out(t)
  local bound = o.gain * math.sqrt(6 / (fan_in + fan_out))
  t:uniform_(-bound, bound)
end)

--- Xavier (Glorot), normal.
define("xavier_normal_", "gain:number=1", function(t, o)
  local fan_in, fan_out = init.calculate_fan_in_and_fan_out(t)
  t:normal_(0, o.gain * math.sqrt(2 / (fan_in + fan_out)))
end)

-- The standard deviation of He's initialisation.
local function kaiming_std(name, t, o)
  local fan_in, fan_out = init.calculate_fan_in_and_fan_out(t)
  if o.mode ~= "fan_in" and o.mode ~= "fan_out" then
    fail.raise("%s: mode must be 'fan_in' or 'fan_out', got %s", name, fail.show(o.mode))
  end
  local fan = math.max(o.mode == "fan_in" and fan_in or fan_out, 1)
  return init.calculate_gain(o.nonlinearity, o.a) / math.sqrt(fan)
end

--- He (Kaiming): uniform with the standard deviation gain / sqrt(fan); the layers' default is a = sqrt(5).
-- @param a slope of a leaky ReLU behind it
-- @param mode "fan_in" keeps the variance forward, "fan_out" backward
-- @param nonlinearity default "leaky_relu"
define("kaiming_uniform_", "a:number=0, mode:string=fan_in, nonlinearity:string=leaky_relu", function(t, o)
  local bound = math.sqrt(3) * kaiming_std("kaiming_uniform_", t, o)
  t:uniform_(-bound, bound)
end)

--- He (Kaiming), normal.
define("kaiming_normal_", "a:number=0, mode:string=fan_in, nonlinearity:string=leaky_relu", function(t, o)
  t:normal_(0, kaiming_std("kaiming_normal_", t, o))
end)

-- Columns made orthonormal by Gram-Schmidt, each projected twice, in place; a is [rows, columns], rows >= columns.
local function orthonormal_columns(a)
  for j = 1, a:size(2) do
    local v = a[{{}, j}]
    if j > 1 then
      local before = a[{{}, {1, j - 1}}]
      for _ = 1, 2 do v:sub_(before:matmul(before:t():matmul(v))) end
    end
    v:div_(v:pow(2):sum():sqrt():item())
  end
end

--- A (semi-)orthogonal matrix, the dimensions behind the first taken as one.
define("orthogonal_", "gain:number=1", function(t, o)
  if t:dim() < 2 then fail.raise("orthogonal_: expected at least 2 dimensions, got %d", t:dim()) end
  local rows = t:size(1)
  local columns = rows > 0 and t:numel() // rows or 0
  local wide = columns > rows
  local a = tensor.randn(wide and columns or rows, wide and rows or columns, {dtype = "float64"})
  orthonormal_columns(a)
  if wide then a = a:t() end
  t:copy_(a:mul(o.gain):reshape(t.shape))
end)

--- Zeros in a share of each column, the rest normal.
define("sparse_", "sparsity:fraction, std:positive=0.01", function(t, o)
  if t:dim() ~= 2 then fail.raise("sparse_: expected 2 dimensions, got %d", t:dim()) end
  local rows = t:size(1)
  t:normal_(0, o.std)
  for j = 1, t:size(2) do
    local order = tensor.randperm(rows)
    for i = 1, math.ceil(o.sparsity * rows) do t:set(order:get(i), j, 0) end
  end
end)

return init
