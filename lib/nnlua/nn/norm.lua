-- Normalisation layers.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local init = require "nnlua.nn.initialize"
local module = require "nnlua.nn.module"

local tensor, F = core.tensor, core.F
local layers = {}

local not_fields = {dtype = true}

-- Weight (ones) and bias (zeros) of a layer, as far as wanted.
local function affine(self, dtype, want_weight, want_bias, ...)
  if want_weight then self.weight = init.ones_(module.empty_parameter(dtype, ...)) end
  if want_bias then self.bias = init.zeros_(module.empty_parameter(dtype, ...)) end
end

local function running_statistics(self, dtype, n)
  self:register_buffer("running_mean", tensor.zeros({n}, {dtype = dtype or "float32"}))
  self:register_buffer("running_var", tensor.ones({n}, {dtype = dtype or "float32"}))
  self:register_buffer("num_batches_tracked", tensor.zeros({}, {dtype = "int64"}))
end

-- The share of the new batch in the running statistics; counts the batch. momentum = false: a plain average.
local function share(self)
  if not self.num_batches_tracked then return self.momentum or 0 end
  self.num_batches_tracked:add_(1)
  return self.momentum or 1 / self.num_batches_tracked:item()
end

local function check_dims(self, name, x, low, high)
  local n = x:dim()
  if n < low or n > high or x:size(2) ~= self.num_features then
    local shapes = {[2] = "[N, C]", [3] = "[N, C, L]", [4] = "[N, C, H, W]", [5] = "[N, C, D, H, W]"}
    local expected = low == high and shapes[low] or shapes[low] .. " or " .. shapes[high]
    fail.raise("%s: expected input %s, got [%s]", name, (expected:gsub("C", tostring(self.num_features))),
      table.concat({x:size()}, ", "))
  end
end

local batch_norm_arguments = "num_features:count, eps:positive=1e-5, momentum:number|bool=0.1, affine:bool=true, "
  .. "track_running_stats:bool=true, dtype:string?"

local function define_batch_norm(name, low, high)
  local BatchNorm = module.define(name, batch_norm_arguments)
  layers[name] = BatchNorm

  function BatchNorm:init(...)
    local a = module.configure(self, BatchNorm, not_fields, ...)
    affine(self, a.dtype, a.affine, a.affine, a.num_features)
    if a.track_running_stats then running_statistics(self, a.dtype, a.num_features) end
  end

  --- Running statistics as they were at the start.
  function BatchNorm:reset_running_stats()
    if not self.track_running_stats then return end
    self.running_mean:zero_()
    self.running_var:fill_(1)
    self.num_batches_tracked:zero_()
  end

  function BatchNorm:forward(x)
    check_dims(self, name, x, low, high)
    local by_batch = self.training or not self.running_mean
    local momentum = self.training and share(self) or 0
    return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, by_batch, momentum, self.eps)
  end
end

--- Batch normalisation of [N, C] or [N, C, L]: per channel (x - mean) / sqrt(var + eps) * weight + bias, over the batch
-- while training, by running statistics in evaluation mode. nn.BatchNorm1d(num_features, {eps = 1e-5, momentum = 0.1,
-- affine = true, track_running_stats = true}); momentum = false averages over all batches.
define_batch_norm("BatchNorm1d", 2, 3)

--- Batch normalisation of [N, C, H, W], see BatchNorm1d.
define_batch_norm("BatchNorm2d", 4, 4)

--- Batch normalisation of [N, C, D, H, W], see BatchNorm1d.
define_batch_norm("BatchNorm3d", 5, 5)

--- Layer normalisation over the last dimensions: nn.LayerNorm(normalized_shape, {eps = 1e-5,
-- elementwise_affine = true, bias = true}); normalized_shape a number or a table of sizes.
local LayerNorm = module.define("LayerNorm",
  "normalized_shape:amount*, eps:positive=1e-5, elementwise_affine:bool=true, bias:bool=true, dtype:string?")
layers.LayerNorm = LayerNorm

function LayerNorm:init(...)
  local a = module.configure(self, LayerNorm, {bias = true, dtype = true}, ...)
  affine(self, a.dtype, a.elementwise_affine, a.elementwise_affine and a.bias, table.unpack(a.normalized_shape))
end

function LayerNorm:forward(x) return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps) end

--- x / sqrt(mean(x^2) + eps) * weight over the last dimensions: nn.RMSNorm(normalized_shape, {eps = nil,
-- elementwise_affine = true}); without eps the smallest one of the dtype.
local RMSNorm = module.define("RMSNorm",
  "normalized_shape:amount*, eps:positive?, elementwise_affine:bool=true, dtype:string?")
layers.RMSNorm = RMSNorm

function RMSNorm:init(...)
  local a = module.configure(self, RMSNorm, not_fields, ...)
  affine(self, a.dtype, a.elementwise_affine, false, table.unpack(a.normalized_shape))
end

function RMSNorm:forward(x) return F.rms_norm(x, self.normalized_shape, self.weight, self.eps) end

--- Normalisation over groups of channels of [N, C, ...]: nn.GroupNorm(num_groups, num_channels, {eps = 1e-5,
-- affine = true}).
local GroupNorm = module.define("GroupNorm",
  "num_groups:count, num_channels:count, eps:positive=1e-5, affine:bool=true, dtype:string?")
layers.GroupNorm = GroupNorm

function GroupNorm:init(...)
  local a = module.configure(self, GroupNorm, not_fields, ...)
  if a.num_channels % a.num_groups ~= 0 then
    fail.raise("GroupNorm: num_channels = %d is not divisible by num_groups = %d", a.num_channels, a.num_groups)
  end
  affine(self, a.dtype, a.affine, a.affine, a.num_channels)
end

function GroupNorm:forward(x) return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps) end

local function define_instance_norm(name, dims)
  local InstanceNorm = module.define(name, "num_features:count, eps:positive=1e-5, momentum:number|bool=0.1, "
    .. "affine:bool=false, track_running_stats:bool=false, dtype:string?")
  layers[name] = InstanceNorm

  function InstanceNorm:init(...)
    local a = module.configure(self, InstanceNorm, not_fields, ...)
    affine(self, a.dtype, a.affine, a.affine, a.num_features)
    if a.track_running_stats then running_statistics(self, a.dtype, a.num_features) end
  end

  function InstanceNorm:forward(x)
    check_dims(self, name, x, dims, dims)
    local by_instance = self.training or not self.running_mean
    return F.instance_norm(x, self.running_mean, self.running_var, self.weight, self.bias, by_instance,
      self.training and share(self) or 0, self.eps)
  end
end

--- Normalisation of each channel of each sample of [N, C, L]: nn.InstanceNorm1d(num_features, {eps = 1e-5,
-- momentum = 0.1, affine = false, track_running_stats = false}).
define_instance_norm("InstanceNorm1d", 3)

--- The same for [N, C, H, W].
define_instance_norm("InstanceNorm2d", 4)

--- The same for [N, C, D, H, W].
define_instance_norm("InstanceNorm3d", 5)

return layers
