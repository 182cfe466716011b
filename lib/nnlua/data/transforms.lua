-- data.transforms: what is done to a batch on its way to the network. A transform is called with a batch (x, or x and
-- y and more) and returns the same; each sample draws random numbers of its own. Pictures are [N, C, H, W] or one [C,
-- H, W], float or uint8. Names and options are those of torchvision.transforms.v2. Knows nothing of loaders.

local ahead = require "nnlua.data.ahead"
local core = require "nnlua.core"
local draw = require "nnlua.data.draw"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor, feed, F = core.tensor, core.feed, core.F
local transforms = {}

-- ---- what transforms have in common -------------------------------------------------------------------------------

local function sizes(t) return "[" .. table.concat({t:size()}, ", ") .. "]" end

-- A class of transforms: T.Name(arguments), called with a batch. class.init(self, options), class.apply(self, x, ...);
-- class.ahead(self, x) when all that moves numbers goes through data/ahead.lua.
local function define(name, parameters)
  local class = {__name = name, signature = signature(name, parameters)}
  class.__index = class
  function class.__call(self, ...) return class.apply(self, ...) end
  function class.__tostring() return name end
  transforms[name] = setmetatable(class, {
    __call = function(_, ...)
      local self = setmetatable(class.signature(...), class)
      if class.init then class.init(self) end
      return self
    end,
    __tostring = function() return "class " .. name end,
  })
  return class
end

-- The same for transforms of pictures: class.pictures(self, x) gets [N, C, H, W]; labels pass unchanged.
local function define_pictures(name, parameters)
  local class = define(name, parameters)
  function class.apply(self, x, ...)
    if not tensor.is_tensor(x) or x:dim() < 3 or x:dim() > 4 then
      fail.raise("%s: expected pictures [N, C, H, W] or [C, H, W], got %s", name,
        tensor.is_tensor(x) and sizes(x) or fail.show(x))
    end
    if x:dim() == 3 then return class.pictures(self, x:detach():unsqueeze(1)):squeeze(1), ... end
    return class.pictures(self, x:detach()), ...
  end
  return class
end

-- The same for those that only mirror or shift by whole pixels: class.move(self, n, h, w) draws the maps for n pictures
-- of h x w and gives them with the height, width and fill of the results, or nil where it can do with less than
-- class.pictures. A loader does several of them at once (data/loader.lua).
local function define_moves(name, parameters)
  local class = define_pictures(name, parameters)
  function class.pictures(self, x)
    local map, h, w, fill = self:move(x:size(1), x:size(3), x:size(4))
    return ahead.warp(name, x, map, h, w, false, self.padding_mode or "constant", fill)
  end
  return class
end

local random = ", generator:any?"

--- One transform after the other.
--     local t = data.transforms.Compose({data.transforms.ToFloat(), data.transforms.Normalize(0.5, 0.5)})
--     t(tensor.full({1, 1, 1, 2}, 255):byte())
--     --> {{{{1, 1}}}}
local Compose = define("Compose", "transforms:table")

function Compose:apply(...)
  local values = table.pack(...)
  for _, t in ipairs(self.transforms) do values = table.pack(t(table.unpack(values, 1, values.n))) end
  return table.unpack(values, 1, values.n)
end

--- A function of a batch as a transform: T.Lambda(function(x, y) return x * 2, y end).
--     data.transforms.Lambda(function(x, y) return x * 2, y end)(tensor{1, 2}, 3)
--     --> {2, 4}	3
local Lambda = define("Lambda", "lambd:callable")

function Lambda:apply(...) return self.lambd(...) end

-- ---- numbers ------------------------------------------------------------------------------------------------------

--- Bytes 0..255 as float32 0..1; other numbers as float32.
--     data.transforms.ToFloat()(tensor({{0, 51}}, {dtype = "uint8"}))
--     --> {{0, 0.2}}
local ToFloat = define("ToFloat", "")

function ToFloat.apply(_, x, ...)
  if x.dtype == "uint8" then return ahead.floats("ToFloat", x:contiguous()), ... end
  if x.dtype == "float32" then return x, ... end
  return x:float(), ...
end

function ToFloat.ahead(_, x) return x.dtype == "uint8" or x.dtype == "float32" end

-- Numbers by channel in a shape that fits [N, C, H, W].
local function by_channel(list, x)
  local t = tensor.is_tensor(list) and list or tensor(type(list) == "table" and list or {list})
  return t:to(x.dtype):reshape(-1, 1, 1)
end

--- (x - mean) / std for each channel: T.Normalize({0.5}, {0.25}); numbers or lists.
--     data.transforms.Normalize(0.5, 0.25)(tensor.ones(1, 1, 1, 2))
--     --> {{{{2, 2}}}}
local Normalize = define_pictures("Normalize", "mean:number|any, std:number|any")

function Normalize:pictures(x)
  if not x:is_floating_point() then fail.raise("Normalize: expected floats, got %s: put ToFloat before it", x.dtype) end
  return ahead.normalize("Normalize", x, by_channel(self.mean, x), by_channel(self.std, x))
end

function Normalize.ahead(_, x) return x.dtype == "float32" or x.dtype == "float64" end

-- All x of a tensor or data set in one tensor.
local function all_of(who, set)
  if tensor.is_tensor(set) then return set:detach() end
  if type(set) ~= "table" then fail.raise("%s: fit takes a tensor or a data set, got %s", who, fail.show(set)) end
  local loaders = require "nnlua.data.loader"
  if getmetatable(set) ~= loaders.DataLoader then set = loaders.DataLoader(set, {batch_size = 1024}) end
  local list = {}
  for x in set:iter() do list[#list + 1] = x end
  if #list == 0 then fail.raise("%s: fit got no samples", who) end
  return tensor.cat(list, 1)
end

-- The dimensions over which a feature's (dim 2's) numbers are put together.
local function others(x)
  local dims = {1}
  for d = 3, x:dim() do dims[#dims + 1] = d end
  return dims
end

local function fitted(self, name)
  if not self.fitted then fail.raise("%s: fit it first: t:fit(train)", name) end
end

-- Statistics [D] in the shape and dtype of x [N, D, ...].
local function like(stat, x)
  local shape = {-1}
  for _ = 3, x:dim() do shape[#shape + 1] = 1 end
  return stat:to(x.dtype):reshape(shape)
end

--- (x - mean) / deviation for each feature [N, D] or channel [N, C, H, W], as measured on the training data: local t =
-- data.transforms.Standardize():fit(train); t(x); t:inverse(x). train is a tensor or a data set. A feature that never
-- changes stays 0. Fields: mean, std (population), float64.
--     local t = data.transforms.Standardize():fit(tensor{{1, 10}, {3, 10}})
--     t(tensor{{5, 10}}), t:inverse(tensor{{3, 0}})
--     --> {{3, 0}}	{{5, 10}}
local Standardize = define("Standardize", "")

--- Measures mean and deviation; returns the transform.
function Standardize:fit(set)
  local x = all_of("Standardize", set):double()
  if x:dim() < 2 then x = x:unsqueeze(2) end
  self.mean = x:mean(others(x))
  local std = (x - like(self.mean, x)):square():mean(others(x)):sqrt()
  self.std = tensor.where(std:gt(0), std, tensor.ones_like(std))
  self.fitted = true
  return self
end

function Standardize:apply(x, ...)
  fitted(self, "Standardize")
  if not x:is_floating_point() then x = x:float() end
  return (x - like(self.mean, x)) / like(self.std, x), ...
end

--- Back to the numbers before.
function Standardize:inverse(x, ...)
  fitted(self, "Standardize")
  return x * like(self.std, x) + like(self.mean, x), ...
end

--- Each feature to 0..1 as measured on the training data: data.transforms.MinMax():fit(train). Values outside of what
-- was seen there lie outside of 0..1. inverse goes back.
--     data.transforms.MinMax():fit(tensor{{1}, {3}})(tensor{{2}, {5}})
--     --> {{0.5}, {2.0}}
local MinMax = define("MinMax", "")

--- Measures minimum and maximum; returns the transform.
function MinMax:fit(set)
  local x = all_of("MinMax", set):double()
  if x:dim() < 2 then x = x:unsqueeze(2) end
  self.min = x:amin(others(x))
  local range = x:amax(others(x)) - self.min
  self.range = tensor.where(range:gt(0), range, tensor.ones_like(range))
  self.fitted = true
  return self
end

function MinMax:apply(x, ...)
  fitted(self, "MinMax")
  if not x:is_floating_point() then x = x:float() end
  return (x - like(self.min, x)) / like(self.range, x), ...
end

function MinMax:inverse(x, ...)
  fitted(self, "MinMax")
  return x * like(self.range, x) + like(self.min, x), ...
end

-- ---- moved, mirrored, turned --------------------------------------------------------------------------------------

-- Maps [N, 6] from six columns, each a number or float64 [N].
local function maps(n, ...)
  local columns = {...}
  for k, v in ipairs(columns) do
    columns[k] = tensor.is_tensor(v) and v or tensor.full({n}, v, {dtype = "float64"})
  end
  return tensor.stack(columns, 2)
end

local function check_mode(who, mode)
  if mode ~= "constant" and mode ~= "edge" and mode ~= "reflect" then
    fail.raise("%s: padding_mode must be \"constant\", \"edge\" or \"reflect\", got %s", who, fail.show(mode))
  end
  return mode
end

local function warp(who, x, map, o)
  local interpolation = o.interpolation or "nearest"
  if interpolation ~= "nearest" and interpolation ~= "bilinear" then
    fail.raise("%s: interpolation must be \"nearest\" or \"bilinear\", got %s", who, fail.show(interpolation))
  end
  local mode = check_mode(who, o.padding_mode or "constant")
  return ahead.warp(who, x, map, o.height or x:size(3), o.width or x:size(4), interpolation == "bilinear", mode,
    o.fill or 0)
end

--- Mirrors each picture left to right with probability p (0.5).
--     data.transforms.RandomHorizontalFlip(1)(tensor{{{{1, 2}, {3, 4}}}})
--     --> {{{{2, 1}, {4, 3}}}}
local RandomHorizontalFlip = define_moves("RandomHorizontalFlip", "p:fraction=0.5" .. random)

function RandomHorizontalFlip:move(n, h, w)
  return feed.maps_mirrored(draw.source(self.generator), n, self.p, w, false), h, w, 0
end

--- Mirrors each picture top to bottom with probability p (0.5).
--     data.transforms.RandomVerticalFlip(1)(tensor{{{{1, 2}, {3, 4}}}})
--     --> {{{{3, 4}, {1, 2}}}}
local RandomVerticalFlip = define_moves("RandomVerticalFlip", "p:fraction=0.5" .. random)

function RandomVerticalFlip:move(n, h, w)
  return feed.maps_mirrored(draw.source(self.generator), n, self.p, h, true), h, w, 0
end

local function check_crop(name, size, h, w)
  if size[1] > h or size[2] > w then
    fail.raise("%s: a crop of %d x %d does not fit into %d x %d", name, size[1], size[2], h, w)
  end
end

--- Cuts a piece of a size (a number or {height, width}) from a random place, after padding on all sides. Options:
-- padding (0), fill (0), padding_mode ("constant", "edge", "reflect").
--     tensor.manual_seed(1)
--     data.transforms.RandomCrop(28, {padding = 2})(tensor.rand(8, 1, 28, 28)).shape
--     --> {8, 1, 28, 28}
local RandomCrop = define_moves("RandomCrop", "size:count*2, padding:amount*2=0, fill:number=0, "
  .. "padding_mode:string=constant" .. random)

function RandomCrop:init() check_mode("RandomCrop", self.padding_mode) end

function RandomCrop:move(n, height, width)
  local dy, dx = self.padding[1], self.padding[2]
  local h, w = height + 2 * dy, width + 2 * dx
  check_crop("RandomCrop", self.size, h, w)
  local map = feed.maps_moved(draw.source(self.generator), n, -dx, w - self.size[2], -dy, h - self.size[1])
  return map, self.size[1], self.size[2], self.fill
end

--- The middle of each picture, of a size (a number or {height, width}).
--     data.transforms.CenterCrop(1)(tensor{{{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}}})
--     --> {{{{5}}}}
local CenterCrop = define_pictures("CenterCrop", "size:count*2")

function CenterCrop:pictures(x)
  check_crop("CenterCrop", self.size, x:size(3), x:size(4))
  local top, left = (x:size(3) - self.size[1]) // 2, (x:size(4) - self.size[2]) // 2
  return warp("CenterCrop", x, maps(x:size(1), 1, 0, left, 0, 1, top), {height = self.size[1], width = self.size[2]})
end

--- Adds pixels on all sides. Options: fill, padding_mode.
--     data.transforms.Pad(1)(tensor{{{{7}}}})
--     --> {{{{0, 0, 0}, {0, 7, 0}, {0, 0, 0}}}}
local Pad = define_pictures("Pad", "padding:amount*2, fill:number=0, padding_mode:string=constant")

function Pad:pictures(x)
  local dy, dx = self.padding[1], self.padding[2]
  return warp("Pad", x, maps(x:size(1), 1, 0, -dx, 0, 1, -dy), {height = x:size(3) + 2 * dy,
    width = x:size(4) + 2 * dx, fill = self.fill, padding_mode = self.padding_mode})
end

--- Pictures of another size (a number or {height, width}). Options: interpolation ("bilinear", "nearest").
--     data.transforms.Resize({2, 4})(tensor{{{{0, 2}}}})
--     --> {{{{0.0, 0.5, 1.5, 2.0}, {0.0, 0.5, 1.5, 2.0}}}}
local Resize = define_pictures("Resize", "size:count*2, interpolation:string=bilinear")

function Resize:pictures(x)
  local sy, sx = x:size(3) / self.size[1], x:size(4) / self.size[2]
  return warp("Resize", x, maps(x:size(1), sx, 0, sx / 2 - 0.5, 0, sy, sy / 2 - 0.5), {height = self.size[1],
    width = self.size[2], interpolation = self.interpolation, padding_mode = "edge"})
end

--- A random piece of the picture, brought to a size. Options: scale (its share of the area), ratio (width by height),
-- interpolation.
--     tensor.manual_seed(1)
--     data.transforms.RandomResizedCrop(16)(tensor.rand(4, 3, 32, 32)).shape
--     --> {4, 3, 16, 16}
local RandomResizedCrop = define_pictures("RandomResizedCrop", "size:count*2, scale:number*2?, ratio:number*2?, "
  .. "interpolation:string=bilinear" .. random)

function RandomResizedCrop:init()
  self.scale, self.ratio = self.scale or {0.08, 1}, self.ratio or {3 / 4, 4 / 3}
end

function RandomResizedCrop:pictures(x)
  local n, h, w, g = x:size(1), x:size(3), x:size(4), self.generator
  local area = draw.uniform(n, self.scale[1], self.scale[2], g) * (h * w)
  local ratio = draw.uniform(n, math.log(self.ratio[1]), math.log(self.ratio[2]), g):exp()
  local cw = (area * ratio):sqrt():clamp(1, w)
  local ch = (area / ratio):sqrt():clamp(1, h)
  local left, top = draw.uniform(n, 0, 1, g) * (w - cw), draw.uniform(n, 0, 1, g) * (h - ch)
  local sx, sy = cw / self.size[2], ch / self.size[1]
  return warp("RandomResizedCrop", x, maps(n, sx, 0, left + sx / 2 - 0.5, 0, sy, top + sy / 2 - 0.5),
    {height = self.size[1], width = self.size[2], interpolation = self.interpolation, padding_mode = "edge"})
end

-- A range from a number (-d..d) or two.
local function range(name, v, what)
  if type(v) == "number" then
    if v < 0 then fail.raise("%s: %s must not be negative, got %g", name, what, v) end
    return {-v, v}
  end
  if type(v) ~= "table" or #v ~= 2 or type(v[1]) ~= "number" or type(v[2]) ~= "number" or v[1] > v[2] then
    fail.raise("%s: %s must be a number or {least, most}, got %s", name, what, fail.show(v))
  end
  return v
end

-- Maps that turn by an angle (radians, counter-clockwise), shear, stretch and move around the middle of pictures: the
-- inverse of move * turn * shear * stretch. All are numbers or float64 [N].
local function turned(x, angle, o)
  local n, cx, cy = x:size(1), (x:size(4) - 1) / 2, (x:size(3) - 1) / 2
  local cos, sin = angle:cos(), angle:sin()
  local scale, kx, ky = o.scale or 1, o.shear_x or 0, o.shear_y or 0
  -- stretch and shear: [[1, kx], [ky, 1]] * scale; its inverse after turning back
  local det = (kx * ky * -1 + 1) * scale
  local a, b = (cos - sin * kx) / det, (sin * -1 - cos * kx) / det
  local d, e = (sin - cos * ky) / det, (cos + sin * ky) / det
  local dx, dy = (o.dx or 0) + cx, (o.dy or 0) + cy
  return maps(n, a, b, cx - a * dx - b * dy, d, e, cy - d * dx - e * dy)
end

--- Turns each picture by a random angle: degrees is a number (from -d to d) or {least, most}, counter-clockwise.
-- Options: interpolation ("nearest", "bilinear"), fill, padding_mode.
--     data.transforms.RandomRotation({90, 90})(tensor{{{{1, 2}, {3, 4}}}})
--     --> {{{{2, 4}, {1, 3}}}}
local RandomRotation = define_pictures("RandomRotation", "degrees:number|table, interpolation:string=nearest, "
  .. "fill:number=0, padding_mode:string=constant" .. random)

function RandomRotation:init() self.degrees = range("RandomRotation", self.degrees, "degrees") end

function RandomRotation:pictures(x)
  local angle = draw.uniform(x:size(1), self.degrees[1], self.degrees[2], self.generator) * (math.pi / 180)
  return warp("RandomRotation", x, turned(x, angle, {}), self)
end

--- Turns, moves, stretches and shears each picture at random around its middle. degrees as in RandomRotation. Options:
-- translate ({0.1, 0.1}: at most these shares of width and height), scale ({0.9, 1.1}), shear (degrees, along x; or
-- {least, most}), interpolation, fill, padding_mode.
--     tensor.manual_seed(1)
--     data.transforms.RandomAffine(10, {translate = {0.1, 0.1}, scale = {0.9, 1.1}})(tensor.rand(4, 1, 28, 28)).shape
--     --> {4, 1, 28, 28}
local RandomAffine = define_pictures("RandomAffine", "degrees:number|table, translate:number*2?, scale:number*2?, "
  .. "shear:number|table?, interpolation:string=nearest, fill:number=0, padding_mode:string=constant" .. random)

function RandomAffine:init()
  self.degrees = range("RandomAffine", self.degrees, "degrees")
  if self.shear then self.shear = range("RandomAffine", self.shear, "shear") end
  if self.scale and (self.scale[1] <= 0 or self.scale[1] > self.scale[2]) then
    fail.raise("RandomAffine: scale must be {least, most} above 0, got %s", fail.show(self.scale))
  end
  for _, share in ipairs(self.translate or {}) do
    if share < 0 or share > 1 then fail.raise("RandomAffine: translate must be shares from 0 to 1") end
  end
end

function RandomAffine:pictures(x)
  local n, g, o = x:size(1), self.generator, {}
  local angle = draw.uniform(n, self.degrees[1], self.degrees[2], g) * (math.pi / 180)
  if self.translate then
    o.dx = draw.uniform(n, -1, 1, g):mul(self.translate[1] * x:size(4)):round()
    o.dy = draw.uniform(n, -1, 1, g):mul(self.translate[2] * x:size(3)):round()
  end
  if self.scale then o.scale = draw.uniform(n, self.scale[1], self.scale[2], g) end
  if self.shear then o.shear_x = (draw.uniform(n, self.shear[1], self.shear[2], g) * (math.pi / 180)):tan() end
  return warp("RandomAffine", x, turned(x, angle, o), self)
end

-- ---- colours, noise, holes ----------------------------------------------------------------------------------------

local function need_floats(name, x)
  if not x:is_floating_point() then fail.raise("%s: expected floats, got %s: put ToFloat before it", name, x.dtype) end
end

-- A factor for each picture, in a shape that fits [N, C, H, W].
local function factors(x, limits, generator)
  return draw.uniform(x:size(1), limits[1], limits[2], generator):to(x.dtype):reshape(-1, 1, 1, 1)
end

local function gray(x)
  if x:size(2) ~= 3 then return x:mean(2, {keepdim = true}) end
  return (x * tensor({0.2989, 0.587, 0.114}, {dtype = x.dtype}):reshape(3, 1, 1)):sum(2, {keepdim = true})
end

-- Colours turned by shift (a share of the circle) at equal lightness and saturation, as HSV has them.
local function turn_hue(x, shift)
  local r, g, b = x:chunk(3, 2)
  local v, least = x:amax(2, {keepdim = true}), x:amin(2, {keepdim = true})
  local c = v - least
  local safe = tensor.where(c:gt(0), c, tensor.ones_like(c))
  local h = tensor.where(v:eq(r), ((g - b) / safe):remainder(6),
    tensor.where(v:eq(g), (b - r) / safe + 2, (r - g) / safe + 4))
  h = h + shift * 6
  local function channel(k)
    local at = (h + k):remainder(6)
    return v - c * at:minimum(4 - at):clamp(0, 1)
  end
  return tensor.cat({channel(5), channel(3), channel(1)}, 2)
end

local jitters = {
  brightness = function(x, f) return (x * f):clamp(0, 1) end,
  contrast = function(x, f)
    local mean = gray(x):mean({2, 3, 4}, {keepdim = true})
    return (x * f + mean * (1 - f)):clamp(0, 1)
  end,
  saturation = function(x, f) return (x * f + gray(x) * (1 - f)):clamp(0, 1) end,
  hue = function(x, f) return turn_hue(x, f) end,
}

--- Changes brightness, contrast, saturation and hue of each picture (floats 0..1) at random, in random order. A number
-- d stands for factors from 1 - d to 1 + d (hue: shifts from -d to d, at most 0.5), or {least, most}. Saturation and
-- hue need 3 channels.
--     tensor.manual_seed(1)
--     data.transforms.ColorJitter({brightness = {2, 2}})(tensor.full({1, 1, 1, 2}, 0.25))
--     --> {{{{0.5, 0.5}}}}
local ColorJitter = define_pictures("ColorJitter", "brightness:number|table=0, contrast:number|table=0, "
  .. "saturation:number|table=0, hue:number|table=0" .. random)

function ColorJitter:init()
  for name in pairs(jitters) do
    local v = self[name]
    local limits = range("ColorJitter", v, name)
    if name == "hue" then
      if limits[1] < -0.5 or limits[2] > 0.5 then fail.raise("ColorJitter: hue must be in -0.5..0.5") end
    elseif type(v) == "number" then
      limits = {math.max(0, 1 - v), 1 + v}
    elseif limits[1] < 0 then
      fail.raise("ColorJitter: %s must not be negative", name)
    end
    self[name] = v ~= 0 and limits or false
  end
end

function ColorJitter:pictures(x)
  need_floats("ColorJitter", x)
  if (self.saturation or self.hue) and x:size(2) ~= 3 then
    fail.raise("ColorJitter: saturation and hue need 3 channels, got %d", x:size(2))
  end
  local names = {"brightness", "contrast", "saturation", "hue"}
  for _, k in ipairs(draw.order(4, self.generator):totable()) do
    local limits = self[names[k]]
    if limits then x = jitters[names[k]](x, factors(x, limits, self.generator)) end
  end
  return x
end

--- Adds normal noise to each number. Options: mean (0), sigma (0.1), clip (true: results stay in 0..1).
--     tensor.manual_seed(1)
--     data.transforms.GaussianNoise({sigma = 0.5, clip = false})(tensor.zeros(1, 1, 100, 100)):std():item() > 0.48
--     --> true
local GaussianNoise = define("GaussianNoise", "mean:number=0, sigma:positive=0.1, clip:bool=true" .. random)

function GaussianNoise:apply(x, ...)
  need_floats("GaussianNoise", x)
  local shape = {x:size()}
  local noise = tensor.randn(shape, {dtype = x.dtype, generator = draw.source(self.generator)})
  local noisy = x + noise * self.sigma + self.mean
  return self.clip and noisy:clamp(0, 1) or noisy, ...
end

--- Fills a random box of each picture with probability p (0.5). Options: scale ({0.02, 0.33}: its share of the area),
-- ratio ({0.3, 3.3}: height by width), value (0).
--     tensor.manual_seed(1)
--     local x = data.transforms.RandomErasing({p = 1, scale = {0.25, 0.25}, ratio = {1, 1}})(tensor.ones(9, 1, 8, 8))
--     x:sum() / 9
--     --> 48
local RandomErasing = define_pictures("RandomErasing", "p:fraction=0.5, scale:number*2?, ratio:number*2?, "
  .. "value:number=0" .. random)

function RandomErasing:init()
  self.scale, self.ratio = self.scale or {0.02, 0.33}, self.ratio or {0.3, 3.3}
end

function RandomErasing:pictures(x)
  local n, h, w, g = x:size(1), x:size(3), x:size(4), self.generator
  local area = draw.uniform(n, self.scale[1], self.scale[2], g) * (h * w)
  local ratio = draw.uniform(n, math.log(self.ratio[1]), math.log(self.ratio[2]), g):exp()
  local bh, bw = (area * ratio):sqrt():round():clamp(0, h), (area / ratio):sqrt():round():clamp(0, w)
  local top = (draw.uniform(n, 0, 1, g) * (h - bh + 1)):floor():minimum(h - bh)
  local left = (draw.uniform(n, 0, 1, g) * (w - bw + 1)):floor():minimum(w - bw)
  local chosen = draw.coin(n, self.p, g):double()
  return ahead.erase("RandomErasing", x, tensor.stack({top, left, bh * chosen, bw}, 2), self.value)
end

--- Fills a square of a size at a random place of each picture; what lies outside of the picture is lost. Options:
-- value (0). DeVries, Taylor 2017.
--     tensor.manual_seed(1)
--     data.transforms.Cutout(4)(tensor.ones(100, 1, 16, 16)):sum():item() < 100 * 256
--     --> true
local Cutout = define_pictures("Cutout", "size:count, value:number=0" .. random)

function Cutout:pictures(x)
  local n, g = x:size(1), self.generator
  local side = tensor.full({n}, self.size, {dtype = "float64"})
  local top = draw.whole(n, x:size(3) - 1, g) - self.size // 2
  local left = draw.whole(n, x:size(4) - 1, g) - self.size // 2
  return ahead.erase("Cutout", x, tensor.stack({top, left, side, side}, 2), self.value)
end

-- ---- samples mixed ------------------------------------------------------------------------------------------------

-- Labels [N] as probabilities [N, C]; such pass.
local function soft(name, y, num_classes)
  if not tensor.is_tensor(y) then fail.raise("%s: expected labels beside the pictures, got %s", name, fail.show(y)) end
  if y:dim() == 2 and y:is_floating_point() then return y end
  if y:dim() ~= 1 then fail.raise("%s: expected labels [N], got %s", name, sizes(y)) end
  if not num_classes then fail.raise("%s: num_classes is missing", name) end
  return F.one_hot(y:long(), num_classes):float()
end

local mix_options = "num_classes:count?, alpha:positive=1" .. random

--- Mixes each sample with another one of the batch, labels too: x is l x + (1 - l) x', y probabilities [N,
-- num_classes], which F.cross_entropy takes; l is drawn from Beta(alpha, alpha) once a batch. Zhang et al. 2017.
--     tensor.manual_seed(1)
--     local x, y = data.transforms.MixUp({num_classes = 3})(tensor.rand(8, 1, 4, 4), tensor.ones(8):long())
--     y.shape, y:sum()
--     --> {8, 3}	8
local MixUp = define("MixUp", mix_options)

function MixUp:apply(x, y, ...)
  need_floats("MixUp", x)
  y = soft("MixUp", y, self.num_classes)
  local l = draw.beta(self.alpha, self.generator)
  local order = draw.order(x:size(1), self.generator)
  return x * l + x:index_select(1, order) * (1 - l), y * l + y:index_select(1, order) * (1 - l), ...
end

--- Puts a box of another sample of the batch into each picture, and mixes the labels by area; the box is one for the
-- batch, its share drawn from Beta(alpha, alpha). Yun et al. 2019.
--     tensor.manual_seed(1)
--     local x, y = data.transforms.CutMix({num_classes = 3})(tensor.rand(8, 1, 4, 4), tensor.ones(8):long())
--     x.shape, y:sum()
--     --> {8, 1, 4, 4}	8
local CutMix = define("CutMix", mix_options)

function CutMix:apply(x, y, ...)
  if not tensor.is_tensor(x) or x:dim() ~= 4 then fail.raise("CutMix: expected pictures [N, C, H, W]") end
  y = soft("CutMix", y, self.num_classes)
  local g, h, w = self.generator, x:size(3), x:size(4)
  local share = math.sqrt(1 - draw.beta(self.alpha, g))
  local cy, cx = draw.whole(1, h - 1, g):item(), draw.whole(1, w - 1, g):item()
  local top, bottom = math.floor(math.max(0, cy - h * share / 2)), math.floor(math.min(h, cy + h * share / 2))
  local left, right = math.floor(math.max(0, cx - w * share / 2)), math.floor(math.min(w, cx + w * share / 2))
  local order = draw.order(x:size(1), g)
  if bottom > top and right > left then
    local other = x:index_select(1, order)
    local at = {{}, {}, {top + 1, bottom}, {left + 1, right}}
    x = x:clone()
    x[at] = other[at]
  end
  local l = 1 - (bottom - top) * (right - left) / (h * w)
  return x, y * l + y:index_select(1, order) * (1 - l), ...
end

for _, name in ipairs {"RandomHorizontalFlip", "RandomVerticalFlip", "RandomCrop", "CenterCrop", "Pad", "Resize",
  "RandomResizedCrop", "RandomRotation", "RandomAffine", "RandomErasing", "Cutout"} do
  transforms[name].ahead = function(_, x) return x.dtype == "uint8" or x.dtype == "float32" or x.dtype == "float64" end
end

return transforms
