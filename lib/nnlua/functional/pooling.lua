-- Functions of F around pooling that are compositions: power means, fractional pools, the way back from a maximum,
-- and pools that always return positions. Plain pools are rows of the engine.

local core = require "nnlua.core"
local define = require "nnlua.define"
local fail = require "nnlua.fail"

local tensor, F = core.tensor, core.F
local window_max = core.op "window_max"

local layouts = {"L", "H, W", "D, H, W"}

local function shape_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

local function check_input(name, x, n)
  if x:dim() ~= n + 1 and x:dim() ~= n + 2 then
    fail.raise("%s: expected input[N, C, %s] or [C, %s], got %s", name, layouts[n], layouts[n], shape_text(x))
  end
end

-- ---- power means --------------------------------------------------------------------------------------------------

local function define_lp_pool(n)
  local name, avg, max = ("lp_pool%dd"):format(n), F[("avg_pool%dd"):format(n)], F[("max_pool%dd"):format(n)]
  define(name, "input", ("norm_type:number, kernel_size:count*N, stride:count*N?, ceil_mode:bool=false"):gsub("N", n),
    function(a, x)
      check_input(name, x, n)
      local p, kernel, stride = a.norm_type, a.kernel_size, a.stride or a.kernel_size
      if p == math.huge then return max(x:abs(), kernel, stride, 0, 1, a.ceil_mode) end
      if p == -math.huge then return -max(-x:abs(), kernel, stride, 0, 1, a.ceil_mode) end
      if p == 0 then fail.raise("%s: norm_type must not be 0", name) end
      local mean, count = avg(x:pow(p), kernel, stride, 0, a.ceil_mode), 1
      for d = 1, n do count = count * kernel[d] end
      return (mean:sign() * mean:abs():relu() * count):pow(1 / p)
    end)
end

--- The norm_type-norm of each window, (sum of x^p)^(1/p), of [N, C, ...] or [C, ...]: F.lp_pool1d, F.lp_pool2d,
-- F.lp_pool3d. math.huge gives the largest absolute value.
--     F.lp_pool1d(tensor{{{3, 4, 0, 2}}}, 2, 2)
--     --> {{{5, 2}}}
for n = 1, 3 do define_lp_pool(n) end

-- ---- back from a maximum ------------------------------------------------------------------------------------------

-- The sizes that were pooled: the smallest ones that fit, or what the user says as far as it can be.
local function unpool_sizes(name, n, x, a)
  local stride, sizes, wanted = a.stride or a.kernel_size, {}, a.output_size
  if wanted and #wanted ~= n and #wanted ~= n + 2 then
    fail.raise("%s: output_size must have %d or %d sizes, got %d", name, n, n + 2, #wanted)
  end
  for d = 1, n do
    local least = (x:size(d - n - 1) - 1) * stride[d] - 2 * a.padding[d] + a.kernel_size[d]
    sizes[d] = wanted and wanted[#wanted - n + d] or least
    if wanted and math.abs(sizes[d] - least) >= stride[d] then
      fail.raise("%s: output_size %d cannot be: %d to %d can", name, sizes[d], least - stride[d] + 1,
        least + stride[d] - 1)
    end
  end
  return sizes
end

local function define_unpool(n)
  local name = ("max_unpool%dd"):format(n)
  define(name, "input indices", ("kernel_size:count*N, stride:count*N?, padding:amount*N=0, output_size:amount*?")
    :gsub("N", n), function(a, x, indices)
    check_input(name, x, n)
    if tostring(x.shape) ~= tostring(indices.shape) then
      fail.raise("%s: input %s and indices %s must have the same shape", name, shape_text(x), shape_text(indices))
    end
    local sizes, shape, places = unpool_sizes(name, n, x, a), {x:size()}, 1
    for d = 1, n do
      shape[#shape - n + d], places = sizes[d], places * sizes[d]
    end
    if indices:numel() > 0 and (indices:lt(1):any() or indices:gt(places):any()) then
      fail.raise("%s: an index is out of range: they count from 1 to %d for an output of %s", name, places,
        table.concat(sizes, " x "))
    end
    local flat = {table.unpack(shape, 1, #shape - n)}
    flat[#flat + 1] = places
    local y = tensor.zeros(flat, {dtype = x.dtype})
    y = y:scatter(-1, indices:flatten(-n), x:flatten(-n))
    return y:reshape(shape)
  end)
end

--- Puts the values of a max pool back to their places (indices, from 1, as max_pool2d returns them) and zeros
-- elsewhere: F.max_unpool1d, F.max_unpool2d, F.max_unpool3d. output_size tells the size where several are possible.
--     local y, i = F.max_pool1d(tensor{{{1, 3, 2, 4}}}, 2, {return_indices = true})
--     F.max_unpool1d(y, i, 2)
--     --> {{{0, 3, 0, 4}}}
for n = 1, 3 do define_unpool(n) end

-- ---- fractional ---------------------------------------------------------------------------------------------------

-- Where the windows of a dimension start (from 0), [P, out], for the random numbers u [P]: steps of
-- floor((i + u) a) - floor(u a) with a = (size - kernel) / (out - 1) (Graham 2014).
local function starts_of(u, size, kernel, out)
  if out == 1 then return tensor.full({u:size(1), 1}, size - kernel, {dtype = "int64"}) end
  local alpha = (size - kernel) / (out - 1)
  u = u:unsqueeze(2)
  local steps = ((tensor.arange(out - 1):to(u.dtype) + u) * alpha):trunc() - (u * alpha):trunc()
  return tensor.cat({steps:long(), tensor.full({u:size(1), 1}, size - kernel, {dtype = "int64"})}, 2)
end

local function fractional_sizes(name, n, x, a)
  if (a.output_size == nil) == (a.output_ratio == nil) then
    fail.raise("%s: expected either output_size or output_ratio", name)
  end
  local sizes = {}
  for d = 1, n do
    local size = x:size(d - n - 1)
    sizes[d] = a.output_size and a.output_size[d] or math.floor(size * a.output_ratio[d])
    if sizes[d] < 1 or sizes[d] + a.kernel_size[d] - 1 > size then
      fail.raise("%s: %d windows of %d do not fit into dimension %d of %s", name, sizes[d], a.kernel_size[d],
        x:dim() - n + d, shape_text(x))
    end
  end
  return sizes
end

-- One random number for each plane and dimension, [N, C, n].
local function samples_of(name, n, x, given)
  if given == nil then return tensor.rand(x:size(1), x:size(2), n, {dtype = x.dtype}) end
  if not tensor.is_tensor(given) or given.shape ~= {x:size(1), x:size(2), n} then
    fail.raise("%s: _random_samples must be a tensor of shape [%d, %d, %d]", name, x:size(1), x:size(2), n)
  end
  return given:to(x.dtype)
end

local function define_fractional(n)
  local name = ("fractional_max_pool%dd"):format(n)
  define(name, "input", ("kernel_size:count*N, output_size:count*N?, output_ratio:number*N?, "
    .. "return_indices:bool=false, _random_samples:any?"):gsub("N", n), function(a, x)
    check_input(name, x, n)
    local single = x:dim() == n + 1
    if single then x = x:unsqueeze(1) end
    local sizes = fractional_sizes(name, n, x, a)
    local samples = samples_of(name, n, x, a._random_samples):reshape(-1, n)
    local starts, stops = {}, {}
    for d = 1, n do -- of two dimensions the last one takes the first number, as in PyTorch
      local u = samples:select(2, n == 2 and 3 - d or d)
      starts[d] = starts_of(u, x:size(2 + d), a.kernel_size[d], sizes[d])
      stops[d] = starts[d] + a.kernel_size[d]
    end
    local box, out = x, sizes
    if n == 2 then
      table.insert(starts, 1, tensor.zeros({samples:size(1), 1}, {dtype = "int64"}))
      table.insert(stops, 1, tensor.ones({samples:size(1), 1}, {dtype = "int64"}))
      box, out = x:unsqueeze(3), {1, sizes[1], sizes[2]}
    end
    local _, places = window_max(box:detach(), tensor.cat(starts, 2), tensor.cat(stops, 2), out)
    local y = x:flatten(3):gather(3, places:flatten(3)):unflatten(3, sizes)
    places = places:reshape({y:size()})
    if single then y, places = y:squeeze(1), places:squeeze(1) end
    if a.return_indices then return y, places end
    return y
  end)
end

--- Maxima of windows whose places are drawn by chance, so that sizes shrink by any ratio (Graham 2014):
-- F.fractional_max_pool2d and F.fractional_max_pool3d of [N, C, ...] or [C, ...]. Give output_size or output_ratio.
--     F.fractional_max_pool2d(tensor.rand(1, 1, 7, 7), 2, {output_size = 5}).shape
--     --> {1, 1, 5, 5}
for n = 2, 3 do define_fractional(n) end

-- ---- always with positions ----------------------------------------------------------------------------------------

-- PyTorch's name of the function that returns values and positions.
local function with_indices(name)
  local f = F[name]
  F[name .. "_with_indices"] = function(...)
    local args = table.pack(...)
    local last, options = args[args.n], {return_indices = true}
    if type(last) == "table" and not getmetatable(last) and type(next(last)) == "string" then
      for key, v in pairs(last) do options[key] = v end
      args.n = args.n - 1
    end
    options.return_indices = true
    args[args.n + 1] = options
    return f(table.unpack(args, 1, args.n + 1))
  end
end

--- Pools that return values and positions, as with the option return_indices = true: F.max_pool1d_with_indices,
-- F.max_pool2d_with_indices, F.max_pool3d_with_indices, F.adaptive_max_pool1d_with_indices,
-- F.adaptive_max_pool2d_with_indices, F.adaptive_max_pool3d_with_indices, F.fractional_max_pool2d_with_indices,
-- F.fractional_max_pool3d_with_indices.
--     print(F.max_pool1d_with_indices(tensor{{{1, 3, 2, 4}}}, 2))
--     --> {{{3, 4}}}	{{{2, 4}}}
for n = 1, 3 do
  for _, kind in ipairs {"max", "adaptive_max", "fractional_max"} do
    local name = ("%s_pool%dd"):format(kind, n)
    if F[name] then with_indices(name) end
  end
end
