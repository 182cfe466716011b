-- Layers that learn their input's size from the first input and become the plain layer then.

local conv = require "nnlua.nn.conv"
local core = require "nnlua.core"
local fail = require "nnlua.fail"
local linear = require "nnlua.nn.linear"
local module = require "nnlua.nn.module"
local norm = require "nnlua.nn.norm"

local tensor = core.tensor
local layers = {}

-- A parameter or buffer that waits for its sizes: no elements yet, but as many dimensions as it will have.
local function waiting(dtype, dims)
  local sizes = {}
  for d = 1, dims do sizes[d] = 0 end
  return module.uninitialized(tensor.zeros(sizes, {dtype = dtype or "float32"}))
end

local function grow(t, ...)
  if module.is_uninitialized(t) then module.initialize(t, {...}) end
end

-- Waits for anything still?
local function is_waiting(self)
  for _, list in ipairs {self:parameters(false), self:buffers(false)} do
    for _, t in ipairs(list) do
      if module.is_uninitialized(t) then return true end
    end
  end
  return false
end

-- Defines Lazy<name>, whose arguments are those of the class without some; with `defaults` all that can be switched on
-- is on. wait(self, a) makes the parameters that wait; settle(self, x) learns the sizes; then the instance becomes one
-- of the class.
local function define(class, drop, wait, settle, defaults)
  local name = "Lazy" .. class.__name
  local texts = {}
  for _, p in ipairs(class.signature) do
    if not drop[p.name] then texts[#texts + 1] = defaults and p.text:gsub("=false$", "=true") or p.text end
  end
  local lazy = module.define(name, table.concat(texts, ", "))
  layers[name] = lazy

  function lazy:init(...)
    local a = module.configure(self, lazy, {dtype = true, bias = true}, ...)
    for _, key in ipairs {"in_channels", "in_features", "num_features"} do
      if class.signature.by_name[key] then self[key] = 0 end
    end
    wait(self, a)
  end

  --- Nothing, as long as the sizes are not known.
  function lazy:reset_parameters() end -- luacheck: no unused

  function lazy:forward(x, ...)
    local fresh = is_waiting(self)
    settle(self, x)
    setmetatable(self, class)
    if fresh then self:reset_parameters() end
    return self:forward(x, ...)
  end
end

--- A Linear layer whose in_features come from the first input: nn.LazyLinear(out_features, {bias = true}). Parameters
-- are there from the start, for optimisers, and get their sizes and first values when the layer is called.
--     local layer = nn.LazyLinear(3)
--     print(layer(tensor.ones(2, 5)).shape, layer.weight.shape)
--     --> {2, 3}	{3, 5}
define(linear.Linear, {in_features = true}, function(self, a)
  self.weight = module.Parameter(waiting(a.dtype, 2))
  if a.bias then self.bias = module.Parameter(waiting(a.dtype, 1)) end
end, function(self, x)
  self.in_features = x:size(-1)
  grow(self.weight, self.out_features, self.in_features)
  if self.bias then grow(self.bias, self.out_features) end
end)

-- The channels of an input for n dimensions.
local function channels_of(self, x, n)
  if x:dim() ~= n + 1 and x:dim() ~= n + 2 then
    fail.raise("expected an input of %d or %d dimensions, got [%s]", n + 1, n + 2, table.concat({x:size()}, ", "))
  end
  local c = x:size(-n - 1)
  for _, key in ipairs {"in", "out"} do
    local count = key == "in" and c or self.out_channels
    if count % self.groups ~= 0 then
      fail.raise("%s_channels = %d is not divisible by groups = %d", key, count, self.groups)
    end
  end
  return c
end

local function define_conv(n, class, transposed)
  define(class, {in_channels = true}, function(self, a)
    class.prepare(self, a)
    self.weight = module.Parameter(waiting(a.dtype, n + 2))
    if a.bias then self.bias = module.Parameter(waiting(a.dtype, 1)) end
  end, function(self, x)
    local c = channels_of(self, x, n)
    self.in_channels = c
    local first, second = self.out_channels, c // self.groups
    if transposed then first, second = c, self.out_channels // self.groups end
    grow(self.weight, first, second, table.unpack(self.kernel_size))
    if self.bias then grow(self.bias, self.out_channels) end
  end)
end

--- A convolution whose in_channels come from the first input: nn.LazyConv2d(out_channels, kernel_size, {...}), see
-- nn.Conv2d. nn.LazyConv1d and nn.LazyConv3d likewise.
--     local layer = nn.LazyConv2d(4, 3)
--     print(layer(tensor.ones(1, 2, 5, 5)).shape, layer.weight.shape)
--     --> {1, 4, 3, 3}	{4, 2, 3, 3}
for n = 1, 3 do define_conv(n, conv[("Conv%dd"):format(n)], false) end

--- A transposed convolution whose in_channels come from the first input: nn.LazyConvTranspose2d(out_channels,
-- kernel_size, {...}), see nn.ConvTranspose2d. nn.LazyConvTranspose1d and nn.LazyConvTranspose3d likewise.
--     nn.LazyConvTranspose1d(4, 3)(tensor.ones(1, 2, 5)).shape
--     --> {1, 4, 7}
for n = 1, 3 do define_conv(n, conv[("ConvTranspose%dd"):format(n)], true) end

local function define_norm(class, single)
  define(class, {num_features = true}, function(self, a)
    if a.affine then
      self.weight = module.Parameter(waiting(a.dtype, 1))
      if a.bias then self.bias = module.Parameter(waiting(a.dtype, 1)) end
    end
    if a.track_running_stats then
      self:register_buffer("running_mean", waiting(a.dtype, 1))
      self:register_buffer("running_var", waiting(a.dtype, 1))
      self:register_buffer("num_batches_tracked", tensor.zeros({}, {dtype = "int64"}))
    end
  end, function(self, x)
    local n = x:dim() == single and x:size(1) or x:size(2)
    self.num_features = n
    for _, key in ipairs {"weight", "bias", "running_mean", "running_var"} do
      if self[key] then grow(self[key], n) end
    end
  end, true)
end

--- Batch normalisation whose num_features come from the first input: nn.LazyBatchNorm2d({eps = 1e-5, momentum = 0.1,
-- affine = true, track_running_stats = true}), see nn.BatchNorm2d. nn.LazyBatchNorm1d and nn.LazyBatchNorm3d
-- likewise.
--     nn.LazyBatchNorm1d()(tensor.randn(8, 3)).shape
--     --> {8, 3}
for n = 1, 3 do define_norm(norm[("BatchNorm%dd"):format(n)]) end

--- Instance normalisation whose num_features come from the first input: nn.LazyInstanceNorm2d({eps = 1e-5,
-- momentum = 0.1, affine = true, track_running_stats = true}), see nn.InstanceNorm2d. nn.LazyInstanceNorm1d and
-- nn.LazyInstanceNorm3d likewise.
--     nn.LazyInstanceNorm1d()(tensor.randn(2, 3, 8)).shape
--     --> {2, 3, 8}
for n = 1, 3 do define_norm(norm[("InstanceNorm%dd"):format(n)], n + 1) end

return layers
