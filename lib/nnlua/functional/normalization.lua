-- Functions of F that normalise and are compositions. Batch and layer normalisation are rows of the engine, on which
-- the others rest.

local core = require "nnlua.core"
local define = require "nnlua.define"
local fail = require "nnlua.fail"

local tensor, F = core.tensor, core.F

local function shape_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

-- [C] as [1, C, 1, ...] for an input with this many dimensions.
local function by_channel(v, dims)
  local shape = {}
  for d = 1, dims do shape[d] = d == 2 and -1 or 1 end
  return v:reshape(shape)
end

local function check_vector(name, what, v, n)
  if v ~= nil and (not tensor.is_tensor(v) or v.shape ~= {n}) then
    fail.raise("%s: expected %s of shape [%d], one number a channel, got %s", name, what, n,
      tensor.is_tensor(v) and shape_text(v) or fail.show(v))
  end
end

--- x / sqrt(mean(x^2) + eps) * weight over the last dimensions, whose sizes normalized_shape gives (Zhang and
-- Sennrich 2019). Without eps the smallest one of the dtype.
--     F.rms_norm(tensor{3, 4}, 2, {eps = 0})
--     --> {0.8485, 1.1314}
define("rms_norm", "input", "normalized_shape:amount*, weight:any?, eps:positive?", function(a, x)
  local n, dims = #a.normalized_shape, {}
  for i = 1, n do
    dims[i] = i - n - 1
    if x:dim() < n or x:size(dims[i]) ~= a.normalized_shape[i] then
      fail.raise("rms_norm: input %s does not end in [%s]", shape_text(x), table.concat(a.normalized_shape, ", "))
    end
  end
  local eps = a.eps or (x.dtype == "float64" and 2.0 ^ -52 or 2.0 ^ -23)
  local y = x * (x:square():mean(dims, true) + eps):rsqrt()
  return a.weight and y * a.weight or y
end)

--- Normalises groups of channels of [N, C, ...] to mean 0 and variance 1, (x - mean) / sqrt(var + eps); weight and bias
-- [C] scale and shift (Wu and He 2018).
--     F.group_norm(tensor{{1, 3, 10, 30}}, 2)
--     --> {{-1, 1, -1, 1}}
define("group_norm", "input", "num_groups:count, weight:any?, bias:any?, eps:positive=1e-5", function(a, x)
  local shape = {x:size()}
  if #shape < 2 or shape[2] % a.num_groups ~= 0 then
    fail.raise("group_norm: input %s cannot be split into %d groups of channels", shape_text(x), a.num_groups)
  end
  check_vector("group_norm", "weight", a.weight, shape[2])
  check_vector("group_norm", "bias", a.bias, shape[2])
  local y = x
  if x:numel() > 0 then
    local size = x:numel() // (shape[1] * a.num_groups)
    y = F.layer_norm(x:reshape(shape[1], a.num_groups, size), size, nil, nil, a.eps):reshape(shape)
  end
  if a.weight then y = y * by_channel(a.weight, #shape) end
  return a.bias and y + by_channel(a.bias, #shape) or y
end)

-- The statistics of each sample move copies of the running ones, whose means are the new ones.
local function batch_of_instances(a, x, running_mean, running_var, weight, bias)
  local n, c = x:size(1), x:size(2)
  local function copies(v) return v and v:tile(n) end
  local means, vars
  if running_mean then means, vars = copies(running_mean:detach()), copies(running_var:detach()) end
  local shape = {x:size()}
  local merged = {1, n * c, table.unpack(shape, 3)}
  local y = F.batch_norm(x:reshape(merged), means, vars, copies(weight), copies(bias), a.use_input_stats, a.momentum,
    a.eps):reshape(shape)
  if running_mean and a.use_input_stats then
    tensor.no_grad(function()
      running_mean:copy_(means:reshape(n, c):mean(1))
      running_var:copy_(vars:reshape(n, c):mean(1))
    end)
  end
  return y
end

--- Normalises each channel of each sample of [N, C, ...], (x - mean) / sqrt(var + eps); without use_input_stats by the
-- running statistics, which are updated otherwise (Ulyanov et al. 2016).
--     F.instance_norm(tensor{{{1, 3}, {10, 30}}})
--     --> {{{-1, 1}, {-1, 1}}}
define("instance_norm", "input running_mean? running_var? weight? bias?", "use_input_stats:bool=true, "
  .. "momentum:number=0.1, eps:positive=1e-5", function(a, x, running_mean, running_var, weight, bias)
  if x:dim() < 3 then fail.raise("instance_norm: expected at least 3 dimensions, got %s", shape_text(x)) end
  if (running_mean == nil) ~= (running_var == nil) or not (a.use_input_stats or running_mean) then
    fail.raise("instance_norm: running_mean and running_var are needed, both, %s", a.use_input_stats
      and "or none of them" or "when use_input_stats is false")
  end
  local c = x:size(2)
  check_vector("instance_norm", "running_mean", running_mean, c)
  check_vector("instance_norm", "running_var", running_var, c)
  check_vector("instance_norm", "weight", weight, c)
  check_vector("instance_norm", "bias", bias, c)
  if a.use_input_stats and x:numel() == x:size(1) * c and x:numel() > 0 then
    fail.raise("instance_norm: expected more than 1 value per channel of a sample, got input %s", shape_text(x))
  end
  if x:numel() == 0 then return x * 1 end
  if a.use_input_stats then return batch_of_instances(a, x, running_mean, running_var, weight, bias) end
  return F.batch_norm(x, running_mean, running_var, weight, bias, false, 0, a.eps)
end)

--- x / (k + alpha * mean of x^2 over size neighbouring channels)^beta for input [N, C, ...] with at least one dimension
-- behind the channels (Krizhevsky et al. 2012). Beyond the first and last channel are zeros.
--     F.local_response_norm(tensor{{{3}, {4}}}, 2, {alpha = 1, beta = 0.5, k = 0})
--     --> {{{1.4142}, {1.1314}}}
define("local_response_norm", "input", "size:count, alpha:number=1e-4, beta:number=0.75, k:number=1.0", function(a, x)
  if x:dim() < 3 then
    fail.raise("local_response_norm: expected at least 3 dimensions, got %s", shape_text(x))
  end
  if x:numel() == 0 then return x end
  local squares = x:square():reshape(x:size(1), 1, x:size(2), -1)
  squares = F.pad(squares, {0, 0, a.size // 2, (a.size - 1) // 2})
  local means = F.avg_pool2d(squares, {a.size, 1}, 1):reshape({x:size()})
  return x / (means * a.alpha + a.k):pow(a.beta)
end)
