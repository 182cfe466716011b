-- Normalisation layers. Functions of F that are written in Lua are called in parentheses, which keeps the layer on the
-- stack, so that errors name it.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local init = require "nnlua.nn.initialize"
local module = require "nnlua.nn.module"

local tensor, F = core.tensor, core.F
local layers = {}

local not_fields = {dtype = true, bias = true}

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
    local expected = low == high and shapes[low] or high == 5 and "[N, C, ...]" or shapes[low] .. " or " .. shapes[high]
    fail.raise("%s: expected input %s, got [%s]", name, (expected:gsub("C", tostring(self.num_features))),
      table.concat({x:size()}, ", "))
  end
end

local batch_norm_arguments = "num_features:count, eps:positive=1e-5, momentum:number|bool=0.1, affine:bool=true, "
  .. "track_running_stats:bool=true, dtype:string?, bias:bool=true"

-- What batch and instance normalisation share.
local function set_up(self, class, ...)
  local a = module.configure(self, class, not_fields, ...)
  affine(self, a.dtype, a.affine, a.affine and a.bias, a.num_features)
  if a.track_running_stats then running_statistics(self, a.dtype, a.num_features) end
end

-- Running statistics as they were at the start.
local function reset_running_stats(self)
  if not self.running_mean then return end
  self.running_mean:zero_()
  self.running_var:fill_(1)
  self.num_batches_tracked:zero_()
end

local function reset_parameters(self)
  self:reset_running_stats()
  if self.weight then init.ones_(self.weight) end
  if self.bias then init.zeros_(self.bias) end
end

local function define_batch_norm(name, low, high)
  local BatchNorm = module.define(name, batch_norm_arguments)
  layers[name] = BatchNorm

  function BatchNorm:init(...) set_up(self, BatchNorm, ...) end

  --- Running statistics as they were at the start.
  BatchNorm.reset_running_stats = reset_running_stats

  --- Everything as it was at the start.
  BatchNorm.reset_parameters = reset_parameters

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

--- Batch normalisation of [N, C, H, W]: per channel (x - mean) / sqrt(var + eps) * weight + bias, see nn.BatchNorm1d.
define_batch_norm("BatchNorm2d", 4, 4)

--- Batch normalisation of [N, C, D, H, W]: per channel (x - mean) / sqrt(var + eps) * weight + bias, see
-- nn.BatchNorm1d.
--     nn.BatchNorm3d(2)(tensor.rand(3, 2, 4, 4, 4)).shape
--     --> {3, 2, 4, 4, 4}
define_batch_norm("BatchNorm3d", 5, 5)

--- Batch normalisation of [N, C, ...]. PyTorch's computes the statistics over several processes; of one process, which
-- is what there is here, it is BatchNorm. nn.SyncBatchNorm.convert_sync_batchnorm(module) returns the module as it is.
--     nn.SyncBatchNorm(2)(tensor.rand(3, 2, 4)).shape
--     --> {3, 2, 4}
define_batch_norm("SyncBatchNorm", 2, 5)

function layers.SyncBatchNorm.convert_sync_batchnorm(m) return m end

--- Layer normalisation over the last dimensions, (x - mean) / sqrt(var + eps) * weight + bias with mean and variance of
-- each sample's own (Ba et al. 2016): nn.LayerNorm(normalized_shape, {eps = 1e-5, elementwise_affine = true, bias =
-- true}); normalized_shape a number or a table of sizes.
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

function RMSNorm:forward(x) return (F.rms_norm(x, self.normalized_shape, self.weight, self.eps)) end

--- Normalisation over groups of channels of [N, C, ...], (x - mean) / sqrt(var + eps) * weight + bias with mean and
-- variance of each group in each sample (Wu and He 2018): nn.GroupNorm(num_groups, num_channels, {eps = 1e-5, affine =
-- true}).
local GroupNorm = module.define("GroupNorm",
  "num_groups:count, num_channels:count, eps:positive=1e-5, affine:bool=true, dtype:string?, bias:bool=true")
layers.GroupNorm = GroupNorm

function GroupNorm:init(...)
  local a = module.configure(self, GroupNorm, not_fields, ...)
  if a.num_channels % a.num_groups ~= 0 then
    fail.raise("GroupNorm: num_channels = %d is not divisible by num_groups = %d", a.num_channels, a.num_groups)
  end
  affine(self, a.dtype, a.affine, a.affine and a.bias, a.num_channels)
end

function GroupNorm:forward(x) return (F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)) end

local function define_instance_norm(name, dims)
  local InstanceNorm = module.define(name, "num_features:count, eps:positive=1e-5, momentum:number|bool=0.1, "
    .. "affine:bool=false, track_running_stats:bool=false, dtype:string?, bias:bool=true")
  layers[name] = InstanceNorm

  function InstanceNorm:init(...) set_up(self, InstanceNorm, ...) end

  --- Running statistics as they were at the start.
  InstanceNorm.reset_running_stats = reset_running_stats

  --- Everything as it was at the start.
  InstanceNorm.reset_parameters = reset_parameters

  function InstanceNorm:forward(x)
    local single = x:dim() == dims - 1
    if single then x = x:unsqueeze(1) end
    check_dims(self, name, x, dims, dims)
    local by_instance = self.training or not self.running_mean
    local y = F.instance_norm(x, self.running_mean, self.running_var, self.weight, self.bias, by_instance,
      self.momentum or 0, self.eps)
    return single and y:squeeze(1) or y
  end
end

--- Normalisation of each channel of each sample of [N, C, L] or [C, L], (x - mean) / sqrt(var + eps) (Ulyanov et al.
-- 2016): nn.InstanceNorm1d(num_features, {eps = 1e-5, momentum = 0.1, affine = false, track_running_stats = false}).
--     nn.InstanceNorm1d(2)(tensor{{{1, 3}, {10, 30}}})
--     --> {{{-1, 1}, {-1, 1}}}
define_instance_norm("InstanceNorm1d", 3)

--- The same for [N, C, H, W] or [C, H, W].
--     nn.InstanceNorm2d(3)(tensor.rand(2, 3, 4, 4)).shape
--     --> {2, 3, 4, 4}
define_instance_norm("InstanceNorm2d", 4)

--- The same for [N, C, D, H, W] or [C, D, H, W].
--     nn.InstanceNorm3d(1)(tensor.rand(2, 1, 3, 4, 4)).shape
--     --> {2, 1, 3, 4, 4}
define_instance_norm("InstanceNorm3d", 5)

--- Divides each element by a power of the mean square of neighbouring channels, x / (k + alpha mean(x^2))^beta:
-- nn.LocalResponseNorm(size, {alpha = 1e-4, beta = 0.75, k = 1}), see F.local_response_norm.
--     nn.LocalResponseNorm(2, {alpha = 1, beta = 0.5, k = 0})(tensor{{{3}, {4}}})
--     --> {{{1.4142}, {1.1314}}}
local LocalResponseNorm = module.define("LocalResponseNorm",
  "size:count, alpha:number=1e-4, beta:number=0.75, k:number=1")
layers.LocalResponseNorm = LocalResponseNorm

function LocalResponseNorm:init(...) module.configure(self, LocalResponseNorm, nil, ...) end

function LocalResponseNorm:forward(x) return (F.local_response_norm(x, self.size, self.alpha, self.beta, self.k)) end

--- Local response normalisation of images [N, C, H, W] with an odd window, the last smaller one for an even size:
-- nn.CrossMapLRN2d(size, {alpha = 1e-4, beta = 0.75, k = 1}). PyTorch's keeps the first channel in the sums of all
-- later ones; here every sum is that of its own window.
--     nn.CrossMapLRN2d(1, {alpha = 1, beta = 0.5, k = 0})(tensor{{{{3}}, {{-4}}}})
--     --> {{{{1}}, {{-1}}}}
local CrossMapLRN2d = module.define("CrossMapLRN2d", "size:count, alpha:number=1e-4, beta:number=0.75, k:number=1")
layers.CrossMapLRN2d = CrossMapLRN2d

function CrossMapLRN2d:init(...) module.configure(self, CrossMapLRN2d, nil, ...) end

function CrossMapLRN2d:forward(x)
  if x:dim() ~= 4 then
    fail.raise("CrossMapLRN2d: expected input[N, C, H, W], got [%s]", table.concat({x:size()}, ", "))
  end
  local window = 2 * ((self.size - 1) // 2) + 1 -- alpha counts by size, whatever the window
  return (F.local_response_norm(x, window, self.alpha * window / self.size, self.beta, self.k))
end

return layers
