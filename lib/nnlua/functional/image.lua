-- Functions of F about the places of pixels: shuffles of channels, and sampling at places that a grid gives.
-- Resampling to another size is a row of the engine (interpolate).

local core = require "nnlua.core"
local define = require "nnlua.define"
local fail = require "nnlua.fail"

local tensor, F = core.tensor, core.F
local sample_sum = core.op "sample_sum"
local grid_taps = core.op "grid_taps"

local function shape_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

-- ---- shuffles -----------------------------------------------------------------------------------------------------

-- The sizes before the last three, and these.
local function split_sizes(name, x)
  if x:dim() < 3 then fail.raise("%s: expected input[..., C, H, W], got %s", name, shape_text(x)) end
  local shape, n = {x:size()}, x:dim()
  return {table.unpack(shape, 1, n - 3)}, shape[n - 2], shape[n - 1], shape[n]
end

local function joined(lead, ...)
  local shape = {table.unpack(lead)}
  for _, size in ipairs {...} do shape[#shape + 1] = size end
  return shape
end

-- The dims of the lead in order, then the given ones behind them.
local function order(lead, ...)
  local dims = {}
  for d = 1, #lead do dims[d] = d end
  for _, d in ipairs {...} do dims[#dims + 1] = #lead + d end
  return dims
end

--- Channels become places: [..., C * r^2, H, W] to [..., C, H * r, W * r] with r = upscale_factor (Shi et al. 2016).
--     F.pixel_shuffle(tensor.arange(4):view(1, 4, 1, 1), 2)
--     --> {{{{0, 1}, {2, 3}}}}
define("pixel_shuffle", "input", "upscale_factor:count", function(a, x)
  local r, lead, c, h, w = a.upscale_factor, split_sizes("pixel_shuffle", x)
  if c % (r * r) ~= 0 then
    fail.raise("pixel_shuffle: the channels of input %s are not divisible by %d^2", shape_text(x), r)
  end
  local y = x:reshape(joined(lead, c // (r * r), r, r, h, w)):permute(order(lead, 1, 4, 2, 5, 3))
  return y:reshape(joined(lead, c // (r * r), h * r, w * r))
end)

--- Places become channels, the opposite of pixel_shuffle: [..., C, H * r, W * r] to [..., C * r^2, H, W].
--     F.pixel_unshuffle(tensor.arange(4):view(1, 1, 2, 2), 2):flatten()
--     --> {0, 1, 2, 3}
define("pixel_unshuffle", "input", "downscale_factor:count", function(a, x)
  local r, lead, c, h, w = a.downscale_factor, split_sizes("pixel_unshuffle", x)
  if h % r ~= 0 or w % r ~= 0 then
    fail.raise("pixel_unshuffle: height and width of input %s are not divisible by %d", shape_text(x), r)
  end
  local y = x:reshape(joined(lead, c, h // r, r, w // r, r)):permute(order(lead, 1, 3, 5, 2, 4))
  return y:reshape(joined(lead, c * r * r, h // r, w // r))
end)

--- Mixes groups of channels: [N, C, ...] is seen as [N, groups, C / groups, ...], of which the two are swapped (Zhang
-- et al. 2018).
--     F.channel_shuffle(tensor.arange(4):view(1, 4, 1, 1), 2):flatten()
--     --> {0, 2, 1, 3}
define("channel_shuffle", "input", "groups:count", function(a, x)
  local shape = {x:size()}
  if #shape < 3 or shape[2] % a.groups ~= 0 then
    fail.raise("channel_shuffle: input %s cannot be split into %d groups of channels", shape_text(x), a.groups)
  end
  return x:reshape({shape[1], a.groups, shape[2] // a.groups, -1}):transpose(2, 3):reshape(shape)
end)

--- The same as channel_shuffle.
--     F.native_channel_shuffle(tensor.arange(4):view(1, 4, 1, 1), 2):flatten()
--     --> {0, 2, 1, 3}
define("native_channel_shuffle", "input", "groups:count", function(a, x) return F.channel_shuffle(x, a.groups) end)

-- ---- other sizes, by their older names ----------------------------------------------------------------------------

local function options_of(a, mode)
  return {size = a.size, scale_factor = a.scale_factor, mode = mode or a.mode, align_corners = a.align_corners}
end

local sizes = "size:count*?, scale_factor:positive*?"

--- The same as interpolate, its older name.
--     F.upsample(tensor{{{1, 2}}}, 4)
--     --> {{{1, 1, 2, 2}}}
define("upsample", "input", sizes .. ", mode:string=nearest, align_corners:bool?", function(a, x)
  return F.interpolate(x, options_of(a))
end)

--- interpolate with mode = "nearest".
--     F.upsample_nearest(tensor{{{1, 2}}}, {scale_factor = 2})
--     --> {{{1, 1, 2, 2}}}
define("upsample_nearest", "input", sizes, function(a, x) return F.interpolate(x, options_of(a, "nearest")) end)

--- interpolate with mode = "bilinear" and align_corners = true.
--     F.upsample_bilinear(tensor{{{{1, 3}}}}, {1, 3})
--     --> {{{{1, 2, 3}}}}
define("upsample_bilinear", "input", sizes, function(a, x)
  local options = options_of(a, "bilinear")
  options.align_corners = true
  return F.interpolate(x, options)
end)

-- ---- grids --------------------------------------------------------------------------------------------------------

-- n places from -1 to 1: the centres of n cells, or with align_corners both ends.
local function places(n, align_corners, dtype)
  if n == 1 then return tensor.zeros({1}, {dtype = dtype}) end
  local x = tensor.linspace(-1, 1, n, {dtype = dtype})
  return align_corners and x or x * ((n - 1) / n)
end

--- The places that affine maps give, for grid_sample: theta [N, 2, 3] and size {N, C, H, W} to [N, H, W, 2], or
-- [N, 3, 4] and {N, C, D, H, W} to [N, D, H, W, 3]. Places go from -1 to 1 and begin with x, the last dimension.
--     F.affine_grid(tensor{{{1, 0, 0}, {0, 1, 0}}}, {1, 1, 1, 2}, {align_corners = true})
--     --> {{{{-1, 0}, {1, 0}}}}
define("affine_grid", "theta", "size:count*, align_corners:bool=false", function(a, theta)
  local n = #a.size - 2
  if n ~= 2 and n ~= 3 then fail.raise("affine_grid: size must have 4 or 5 entries, got %d", #a.size) end
  if theta.shape ~= {a.size[1], n, n + 1} then
    fail.raise("affine_grid: expected theta[%d, %d, %d] for this size, got %s", a.size[1], n, n + 1,
      shape_text(theta))
  end
  local box, columns = {table.unpack(a.size, 3)}, {}
  for d = n, 1, -1 do
    local shape = {}
    for k = 1, n do shape[k] = k == d and box[d] or 1 end
    columns[#columns + 1] = places(box[d], a.align_corners, theta.dtype):reshape(shape):expand(box):reshape(-1)
  end
  columns[#columns + 1] = tensor.ones({columns[1]:size(1)}, {dtype = theta.dtype})
  local grid = tensor.stack(columns, 2):matmul(theta:transpose(2, 3)) -- [places, n + 1] x [N, n + 1, n]
  return grid:reshape(joined({a.size[1]}, table.unpack(joined(box, n))))
end)

-- Mirrors x at low and high, which are given doubled.
local function reflect(x, low, high)
  if low == high then return tensor.zeros_like(x) end
  local least, span = low / 2, (high - low) / 2
  local away = (x - least):abs()
  local flips = (away:detach() / span):floor()
  local rest = away - flips * span
  local odd = flips - (flips / 2):floor() * 2
  return rest * (1 - 2 * odd) + odd * span + least
end

-- Places outside of 0 .. size - 1 brought in, as padding_mode says.
local function bring_in(x, size, mode, align_corners)
  if mode == "border" then return x:clamp(0, size - 1) end
  if mode ~= "reflection" then return x end
  if align_corners then x = reflect(x, 0, 2 * (size - 1)) else x = reflect(x, -1, 2 * size - 1) end
  return x:clamp(0, size - 1)
end

-- The flat position (from 1) of whole places, one float tensor [N, P] a dimension, first the first; 0 outside.
local function position_of(box, at)
  local index, inside
  for d, x in ipairs(at) do
    local within = x:ge(0):logical_and(x:le(box[d] - 1))
    inside = inside and inside:logical_and(within) or within
    local i = tensor.where(within, x, tensor.zeros_like(x)):long()
    index = index and index * box[d] + i or i
  end
  return (index + 1) * inside:long()
end

-- What a place [N, P] is made of: lists of positions and of their weights.

-- The corners of the cell around it, each weighted by how near it is.
local function linear_taps(box, at)
  local n, index, weights = #box, {}, {}
  local low, part = {}, {}
  for d = 1, n do
    low[d] = at[d]:detach():floor()
    part[d] = at[d] - low[d]
  end
  for corner = 0, 2 ^ n - 1 do
    local weight, place = nil, {}
    for d = 1, n do
      local far = corner // 2 ^ (d - 1) % 2
      place[d] = low[d] + far
      local w = far == 1 and part[d] or 1 - part[d]
      weight = weight and weight * w or w
    end
    index[#index + 1], weights[#weights + 1] = position_of(box, place), weight
  end
  return index, weights
end

-- Half a place goes to the even side, as PyTorch rounds; the gradient of the grid is zeros.
local function nearest_taps(box, at)
  local place, weight = {}, nil
  for d, x in ipairs(at) do
    place[d] = x:detach():round()
    local nothing = x:round() - place[d]
    weight = weight and weight + nothing or nothing + 1
  end
  return {position_of(box, place)}, {weight}
end

-- Keys' cubic weights (1981, a = -0.75) of the four places around one at `part` behind the second.
local function cubic_weights(part)
  local a = -0.75
  local function near(x) return ((a + 2) * x - (a + 3)) * x * x + 1 end
  local function far(x) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a end
  return {far(part + 1), near(part), near(1 - part), far(2 - part)}
end

local function cubic_taps(box, at, bring)
  local low, around, index, weights = {}, {}, {}, {}
  for d = 1, 2 do
    low[d] = at[d]:detach():floor()
    around[d] = cubic_weights(at[d] - low[d])
  end
  for i = 1, 4 do
    for k = 1, 4 do
      index[#index + 1] = position_of(box, {bring(low[1] + (i - 2), 1), bring(low[2] + (k - 2), 2)})
      weights[#weights + 1] = around[1][i] * around[2][k]
    end
  end
  return index, weights
end

local function check_grid(a, x, grid)
  local n = x:dim() - 2
  if n ~= 2 and n ~= 3 then
    fail.raise("grid_sample: expected input[N, C, H, W] or [N, C, D, H, W], got %s", shape_text(x))
  end
  if grid:dim() ~= n + 2 or grid:size(1) ~= x:size(1) or grid:size(-1) ~= n then
    fail.raise("grid_sample: expected grid[%d, %s, %d] for input %s, got %s", x:size(1),
      n == 2 and "H, W" or "D, H, W", n, shape_text(x), shape_text(grid))
  end
  if not ({bilinear = true, nearest = true, bicubic = n == 2})[a.mode] then
    fail.raise("grid_sample: mode must be 'bilinear', 'nearest' or (for images) 'bicubic', got %s", fail.show(a.mode))
  end
  if not ({zeros = true, border = true, reflection = true})[a.padding_mode] then
    fail.raise("grid_sample: padding_mode must be 'zeros', 'border' or 'reflection', got %s",
      fail.show(a.padding_mode))
  end
  return n
end

--- The values of input at the places of a grid: input [N, C, H, W] and grid [N, H', W', 2] to [N, C, H', W'], or
-- [N, C, D, H, W] and [N, D', H', W', 3]. Places go from -1 to 1 and begin with x, the last dimension. mode:
-- "bilinear", "nearest", "bicubic"; padding_mode says what is outside: "zeros", "border", "reflection"; align_corners
-- whether -1 and 1 are the outer elements' centres or their edges.
--     F.grid_sample(tensor{{{{1, 3}}}}, tensor{{{{0, 0}}}})
--     --> {{{{2}}}}
define("grid_sample", "input grid", "mode:string=bilinear, padding_mode:string=zeros, align_corners:bool=false",
  function(a, x, grid)
    local n = check_grid(a, x, grid)
    local box, at = {}, {}
    for d = 1, n do box[d] = x:size(2 + d) end
    if n == 2 and a.mode ~= "bicubic" and not (grid.requires_grad and tensor.is_grad_enabled()) then
      local index, weights = grid_taps(grid:reshape(grid:size(1), -1, 2), box, a.mode == "nearest",
        ({zeros = 0, border = 1, reflection = 2})[a.padding_mode], a.align_corners)
      return sample_sum(x:flatten(3), index, weights):reshape(x:size(1), x:size(2), grid:size(2), grid:size(3))
    end
    local function bring(place, d) return bring_in(place, box[d], a.padding_mode, a.align_corners) end
    for d = 1, n do
      local place = grid:select(-1, n + 1 - d):reshape(grid:size(1), -1)
      place = a.align_corners and (place + 1) * ((box[d] - 1) / 2) or ((place + 1) * box[d] - 1) / 2
      at[d] = a.mode == "bicubic" and place or bring(place, d)
    end
    local taps = ({bilinear = linear_taps, nearest = nearest_taps, bicubic = cubic_taps})[a.mode]
    local index, weights = taps(box, at, bring)
    local y = sample_sum(x:flatten(3), tensor.stack(index, 3), tensor.stack(weights, 3))
    return y:reshape(joined({x:size(1), x:size(2)}, table.unpack({grid:size()}, 2, n + 1)))
  end)
