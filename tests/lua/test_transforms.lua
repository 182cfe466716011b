-- data.transforms: against their definitions; samplers; loaders that transform.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local nnlua = require "nnlua"
local tensor, data, F = nnlua.tensor, nnlua.data, nnlua.F
local T = data.transforms

local function seeded(seed) return tensor.Generator():manual_seed(seed) end

local function pictures(n, c, h, w, dtype)
  local x = tensor.rand(n, c, h, w, {generator = seeded(5)})
  if dtype == "uint8" then return (x * 255):byte() end
  return x:to(dtype or "float32")
end

-- ---- the engine's warp against its definition ---------------------------------------------------------------------

local function mirrored(i, n)
  local period = 2 * (n - 1)
  if n == 1 then return 0 end
  local r = i % period
  return r < n and r or period - r
end

local function read(x, i, j, border, fill)
  local h, w = #x, #x[1]
  if border == "edge" then i, j = math.max(0, math.min(h - 1, i)), math.max(0, math.min(w - 1, j)) end
  if border == "reflect" then i, j = mirrored(i, h), mirrored(j, w) end
  if i < 0 or j < 0 or i >= h or j >= w then return fill end
  return x[i + 1][j + 1]
end

check.test("warp", function()
  math.randomseed(3)
  for round = 1, 60 do
    local h, w, oh, ow = math.random(1, 6), math.random(1, 6), math.random(1, 7), math.random(1, 7)
    local border = ({"constant", "edge", "reflect"})[round % 3 + 1]
    local bilinear = round % 2 == 0
    local x = pictures(2, 2, h, w, "float64")
    local m = {}
    for n = 1, 2 do
      m[n] = {}
      for k = 1, 6 do m[n][k] = math.random() * 4 - 2 end
      if round % 5 == 0 then -- only moved
        m[n] = {n == 1 and 1 or -1, 0, math.random(-3, 5), 0, 1, math.random(-3, 3)}
      end
    end
    local y = core.feed.warp(nil, "test", x, tensor(m, {dtype = "float64"}), oh, ow, bilinear, border, 7)
    local from = x:totable()
    for n = 1, 2 do
      for c = 1, 2 do
        for i = 0, oh - 1 do
          for j = 0, ow - 1 do
            local sx = m[n][1] * j + m[n][2] * i + m[n][3]
            local sy = m[n][4] * j + m[n][5] * i + m[n][6]
            local want
            if bilinear then
              local x0, y0 = math.floor(sx), math.floor(sy)
              local fx, fy = sx - x0, sy - y0
              local function at(a, b) return read(from[n][c], a, b, border, 7) end
              want = (at(y0, x0) * (1 - fx) + at(y0, x0 + 1) * fx) * (1 - fy)
                + (at(y0 + 1, x0) * (1 - fx) + at(y0 + 1, x0 + 1) * fx) * fy
            else
              want = read(from[n][c], math.floor(sy + 0.5), math.floor(sx + 0.5), border, 7)
            end
            check.close(y:get(n, c, i + 1, j + 1), want, 1e-12)
          end
        end
      end
    end
  end
  local one = tensor.zeros(1, 6, {dtype = "float64"})
  check.error("x: expected pictures [N, C, H, W]", core.feed.warp, nil, "x", tensor.zeros(1, 2), one, 1, 1, false)
  check.error("x: expected float64 maps [N, 6]", core.feed.warp, nil, "x", tensor.zeros(2, 1, 1, 1), one, 1, 1, false)
  check.error("have no pixels", core.feed.warp, nil, "x", tensor.zeros(1, 1, 0, 3), one, 1, 1, false)
end)

-- ---- geometry -----------------------------------------------------------------------------------------------------

check.test("flips", function()
  for _, dtype in ipairs {"float32", "float64", "uint8"} do
    local x = pictures(50, 3, 5, 4, dtype)
    check.equal(T.RandomHorizontalFlip(1)(x), x:flip({4}))
    check.equal(T.RandomVerticalFlip(1)(x), x:flip({3}))
    check.equal(T.RandomHorizontalFlip(0)(x), x)
    local y, label = T.RandomHorizontalFlip({generator = seeded(1)})(x, 3)
    check.equal(label, 3)
    local flipped = 0
    for i = 1, 50 do
      if y[i]:equal(x[i]:flip({3})) then flipped = flipped + 1 else check.equal(y[i], x[i]) end
    end
    check.ok(flipped > 12 and flipped < 38, flipped)
    check.equal(T.RandomHorizontalFlip(1)(x[1]), x[1]:flip({3}))
  end
end)

check.test("crops and padding", function()
  local x = pictures(30, 2, 6, 7)
  local y = T.RandomCrop({4, 5}, {generator = seeded(1)})(x)
  check.equal({y:size()}, {30, 2, 4, 5})
  local seen = {}
  for n = 1, 30 do
    local found
    for i = 1, 3 do
      for j = 1, 3 do
        if x[n]:narrow(2, i, 4):narrow(3, j, 5):equal(y[n]) then found = i .. "," .. j end
      end
    end
    check.ok(found, n)
    seen[found] = true
  end
  check.ok(next(seen, next(seen)), "places differ")
  check.equal(T.Pad({1, 2}, {fill = 3})(x), F.pad(x, {2, 2, 1, 1}, "constant", 3))
  check.equal(T.CenterCrop({4, 3})(x), x:narrow(3, 2, 4):narrow(4, 3, 3):contiguous())
  local padded = T.RandomCrop({6, 7}, {padding = 2, padding_mode = "reflect", generator = seeded(2)})(x)
  check.equal({padded:size()}, {30, 2, 6, 7})
  check.ok(padded:min():item() > 0)
  check.error("a crop of 9 x 9 does not fit into 6 x 7", T.RandomCrop(9), x)
  check.error("padding_mode must be", T.Pad(1, {padding_mode = "wrap"}), x)
end)

check.test("rotation", function()
  local x = pictures(2, 3, 6, 6, "float64")
  for quarter = -2, 2 do
    local turn = T.RandomRotation({90 * quarter, 90 * quarter}, {interpolation = "bilinear", padding_mode = "edge"})
    check.close(turn(x), x:rot90(quarter, {3, 4}), 1e-9)
  end
  local affine = T.RandomAffine({90, 90}, {interpolation = "bilinear", padding_mode = "edge"})(x)
  check.close(affine, x:rot90(1, {3, 4}), 1e-9)
  local moved = T.RandomAffine(0, {translate = {0.5, 0}, generator = seeded(3)})(x)
  for n = 1, 2 do
    local found
    for d = -3, 3 do
      local want = tensor.zeros(3, 6, 6, {dtype = "float64"})
      for j = 1, 6 do
        if j + d >= 1 and j + d <= 6 then want[{{}, {}, j + d}] = x[n][{{}, {}, j}] end
      end
      found = found or want:allclose(moved[n])
    end
    check.ok(found, n)
  end
  -- stretched to twice the size: the middle fills the picture
  local big = T.RandomAffine(0, {scale = {2, 2}, interpolation = "bilinear"})(tensor.ones(1, 1, 8, 8))
  check.close(big:sum():item(), 64)
  local small = T.RandomAffine(0, {scale = {0.5, 0.5}})(tensor.ones(1, 1, 8, 8))
  check.equal(small:sum():item(), 16.0)
  check.ok(T.RandomAffine(10, {shear = 20, generator = seeded(1)})(x):isfinite():all())
  check.error("degrees must be a number or", T.RandomRotation, {3, 1})
  check.error("degrees must not be negative", T.RandomRotation, -3)
  check.error("interpolation must be", T.RandomRotation(3, {interpolation = "cubic"}), x)
  check.error("expected pictures [N, C, H, W] or [C, H, W], got [6]", T.RandomRotation(3), tensor.zeros(6))
end)

check.test("another size", function()
  local x = pictures(2, 3, 5, 6)
  for _, size in ipairs {{5, 6}, {10, 12}, {3, 4}, {7, 5}} do
    check.close(T.Resize(size)(x), F.interpolate(x, {size = size, mode = "bilinear", align_corners = false}), 1e-6)
  end
  local y = T.RandomResizedCrop({4, 4}, {generator = seeded(1)})(x)
  check.equal({y:size()}, {2, 3, 4, 4})
  check.ok(y:min():item() >= x:min():item() and y:max():item() <= x:max():item())
end)

-- ---- numbers and colours ------------------------------------------------------------------------------------------

check.test("Normalize, Standardize, MinMax", function()
  local x = pictures(20, 3, 4, 4)
  local y = T.Normalize({0.1, 0.2, 0.3}, {1, 2, 4})(x)
  check.close(y[{{}, 2}], (x[{{}, 2}] - 0.2) / 2, 1e-6)
  check.error("put ToFloat before it", T.Normalize(0, 1), pictures(1, 1, 2, 2, "uint8"))
  check.close(T.ToFloat()(pictures(1, 1, 2, 2, "uint8")):max():item() <= 1 and 1 or 0, 1)
  local iris = data.load("iris")
  local scale = T.Standardize():fit(iris.train)
  local z = scale(iris.x)
  check.close(scale.mean:totable(), tensor.stack((function()
    local rows = {}
    for _, sample in ipairs(iris.train) do rows[#rows + 1] = sample[1] end
    return rows
  end)(), 1):double():mean(1):totable(), 1e-6)
  check.close(scale:inverse(z), iris.x, 1e-5)
  local whole = T.Standardize():fit(iris.x)(iris.x)
  check.close(whole:mean(1):abs():max():item(), 0, 1e-5)
  check.close(whole:std(1, {correction = 0}):totable(), {1, 1, 1, 1}, 1e-5)
  check.close(T.Standardize():fit(x)(x):mean({1, 3, 4}):abs():max():item(), 0, 1e-5)
  check.equal(T.Standardize():fit(tensor{{1, 5}, {3, 5}})(tensor{{2, 6}}):totable(), {{0.0, 1.0}})
  local unit = T.MinMax():fit(iris.x)(iris.x)
  check.close({unit:min():item(), unit:max():item()}, {0, 1})
  check.error("Standardize: fit it first", T.Standardize(), x)
  check.error("fit takes a tensor or a data set", T.Standardize().fit, T.Standardize(), 3)
end)

check.test("colours", function()
  local x = pictures(10, 3, 4, 4)
  check.equal(T.ColorJitter()(x), x)
  check.close(T.ColorJitter({brightness = {0.5, 0.5}})(x), x * 0.5, 1e-6)
  check.close(T.ColorJitter({hue = {0, 0.0001}})(x), x, 2e-3)
  check.close(T.ColorJitter({hue = {0.5, 0.5}})(T.ColorJitter({hue = {0.5, 0.5}})(x)), x, 1e-5)
  local red = tensor{1, 0.25, 0.25}:reshape(1, 3, 1, 1)
  check.close(T.ColorJitter({hue = {1 / 3, 1 / 3}})(red):flatten():totable(), {0.25, 1, 0.25}, 1e-5)
  local gray = T.ColorJitter({saturation = {0, 0}})(x)
  check.close(gray[{{}, 1}], gray[{{}, 3}], 1e-6)
  local flat = T.ColorJitter({contrast = {0, 0}})(x)
  check.close(flat[1]:min():item(), flat[1]:max():item(), 1e-6)
  check.error("need 3 channels, got 1", T.ColorJitter({hue = 0.1}), pictures(1, 1, 2, 2))
  check.error("hue must be in", T.ColorJitter, {hue = 0.7})
end)

check.test("noise and holes", function()
  local x = tensor.full({20, 1, 16, 16}, 0.5)
  local noisy = T.GaussianNoise({sigma = 0.1, generator = seeded(1)})(x)
  check.close((noisy - x):std():item(), 0.1, 0.01)
  check.ok(not noisy[1]:equal(noisy[2]))
  check.ok(T.GaussianNoise({sigma = 5, generator = seeded(1)})(x):max():item() <= 1)
  local erased = T.RandomErasing({p = 0.5, value = 7, generator = seeded(2)})(x)
  local hit = 0
  for i = 1, 20 do
    local rows = erased[i]:eq(7)
    local n = rows:long():sum():item()
    if n > 0 then
      hit = hit + 1
      local at = rows[1]:nonzero()
      local size = at:amax(1) - at:amin(1) + 1
      check.equal(size:prod():item(), n, "a box")
      check.ok(n >= 2 and n <= 100, n)
    end
  end
  check.ok(hit >= 4 and hit <= 16, hit)
  local cut = T.Cutout(6, {generator = seeded(3)})(x)
  for i = 1, 20 do
    local n = cut[i]:eq(0):long():sum():item()
    check.ok(n >= 9 and n <= 36, n)
  end
end)

check.test("MixUp and CutMix", function()
  local x, y = pictures(8, 1, 10, 10), tensor({1, 2, 3, 1, 2, 3, 1, 2}, {dtype = "int64"})
  for seed = 1, 20 do
    local mx, my = T.MixUp({num_classes = 3, alpha = 0.4, generator = seeded(seed)})(x, y)
    check.close(my:sum(2):totable(), {1, 1, 1, 1, 1, 1, 1, 1}, 1e-6)
    check.close(mx:sum():item(), x:sum():item(), 1e-4)
    check.close(my:sum(1):totable(), {3, 3, 2}, 1e-5)
    local cx, cy, more = T.CutMix({num_classes = 3, generator = seeded(seed)})(x, y, "more")
    check.equal(more, "more")
    check.close(cy:sum():item(), 8, 1e-5)
    local same = cx:eq(x):double():mean({2, 3, 4})
    local own = cy:gather(2, y:unsqueeze(2)):squeeze(2)
    for i = 1, 8 do check.ok(same:get(i) <= 1 and own:get(i) >= same:get(i) - 1e-6) end
    check.ok(F.cross_entropy(tensor.zeros(8, 3), my):item() > 0)
  end
  check.error("num_classes is missing", T.MixUp(), x, y)
  check.error("expected labels beside the pictures", T.MixUp({num_classes = 3}), x)
end)

check.test("the beta distribution's moments", function()
  local draw = require "nnlua.data.draw"
  for _, alpha in ipairs {0.3, 1, 4} do
    local g, sum, squares, n = seeded(9), 0, 0, 3000
    for _ = 1, n do
      local v = draw.beta(alpha, g)
      sum, squares = sum + v, squares + v * v
    end
    local mean = sum / n
    check.close(mean, 0.5, 0.03)
    check.close(squares / n - mean ^ 2, 1 / (4 * (2 * alpha + 1)), 0.01)
  end
end)

check.test("same seed, same pictures", function()
  local x = pictures(6, 3, 8, 8)
  local t = T.Compose({T.RandomHorizontalFlip(), T.RandomCrop(8, {padding = 1}),
    T.RandomAffine(20, {scale = {0.8, 1.2}}), T.RandomErasing(),
    T.ColorJitter({brightness = 0.2, contrast = 0.2, saturation = 0.2, hue = 0.1})})
  tensor.manual_seed(1)
  local a = t(x)
  tensor.manual_seed(1)
  check.equal(t(x), a)
  check.ok(not t(x):equal(a))
end)

-- ---- feeding ------------------------------------------------------------------------------------------------------

check.test("loaders transform batches", function()
  local set = data.TensorDataset(pictures(10, 1, 4, 4), tensor.arange(1, 11))
  local calls = 0
  local loader = data.DataLoader(set, {batch_size = 4, transform = T.Compose({T.RandomHorizontalFlip(1),
    function(x, y)
      calls = calls + 1
      return x, y * 10
    end})})
  local seen = {}
  for x, y in loader:iter() do
    check.equal(x[1], set[y:get(1) // 10][1]:flip({3}))
    for _, v in ipairs(y:totable()) do seen[#seen + 1] = v end
  end
  check.equal({calls, seen[10]}, {3, 100})
  local first = loader:iter(2)
  local _, y = first()
  check.equal({y:totable(), first()}, {{90, 100}})
end)

check.test("samplers", function()
  local set = data.TensorDataset(tensor.arange(1, 11), tensor.arange(1, 11))
  local function walk(sampler)
    local list = {}
    for x in data.DataLoader(set, {sampler = sampler, batch_size = 3}):iter() do
      for _, v in ipairs(x:totable()) do list[#list + 1] = v end
    end
    return list
  end
  check.equal(walk(data.SequentialSampler(set)), {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  local order = walk(data.RandomSampler(set, {seed = 1}))
  check.equal(walk(data.RandomSampler(set, {seed = 1})), order)
  table.sort(order)
  check.equal(order, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  check.equal(#walk(data.RandomSampler(set, {num_samples = 25})), 25)
  check.equal(#walk(data.RandomSampler(set, {replacement = true, num_samples = 7})), 7)
  local some = walk(data.SubsetRandomSampler({2, 4, 6}, {seed = 1}))
  table.sort(some)
  check.equal(some, {2, 4, 6})
  check.equal(walk(data.WeightedRandomSampler({0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, 4)), {3, 3, 3, 3})
  local lists = {}
  for list in data.BatchSampler(data.SequentialSampler(set), 4, true):iter() do lists[#lists + 1] = #list end
  check.equal(lists, {4, 4})
  check.equal(#data.DataLoader(set, {batch_sampler = data.BatchSampler(data.SequentialSampler(set), 4)}), 3)
  local n = 0
  for i in data.RandomSampler(set):iter() do n = n + i end
  check.equal(n, 55)
end)

check.test("padding in loaders", function()
  local set = {{tensor{1, 2, 3}, 1, "a"}, {tensor{4}, 2, "b"}, {tensor.zeros(0), 1, "c"}}
  local loader = data.DataLoader(set, {batch_size = 3, collate_fn = data.pad_collate({value = 9})})
  for x, y, names, lengths in loader:iter() do
    check.equal(x:totable(), {{1.0, 2.0, 3.0}, {4.0, 9.0, 9.0}, {9.0, 9.0, 9.0}})
    check.equal({y:totable(), names, lengths:totable()}, {{1, 2, 1}, {"a", "b", "c"}, {3, 1, 0}})
  end
  local join = data.pad_collate()
  local x, lengths = join({{{5, 6}}, {{7}}})
  check.equal({x:totable(), x.dtype, lengths:totable()}, {{{5, 6}, {7, 1}}, "int64", {2, 1}})
  check.equal({join({{tensor.zeros(2, 4), 1}, {tensor.zeros(3, 4), 2}}):size()}, {2, 3, 4})
  check.equal(join({{{5, 6}}, {{0.5}}}):totable(), {{5.0, 6.0}, {0.5, 1.0}})
  check.error("a sample must be a list of fields", join, {3})
end)

check.test("joined and computed data sets", function()
  local a = data.TensorDataset(tensor.arange(1, 6), tensor.arange(1, 6))
  local b = data.Subset(data.TensorDataset(tensor.arange(11, 21), tensor.arange(11, 21)), {10, 1})
  local both = data.ConcatDataset({a, b})
  for seed = 1, 5 do
    local seen = {}
    for x, y in data.DataLoader(both, {batch_size = 3, shuffle = true, seed = seed}):iter() do
      check.equal(x, y)
      for _, v in ipairs(x:totable()) do seen[#seen + 1] = v end
    end
    table.sort(seen)
    check.equal(seen, {1, 2, 3, 4, 5, 11, 20})
  end
  for x in data.DataLoader(both, {batch_size = 7}):iter() do check.equal(x:totable(), {1, 2, 3, 4, 5, 20, 11}) end
  local f = data.from_function(3, function(i) return {tensor.full({2}, i), i} end)
  check.equal({#f, f[2][2], f[4]}, {3, 2})
  check.error("expected a number of samples", data.from_function, "x")
end)

-- ---- moved on the way to the batch ---------------------------------------------------------------------------------

check.test("a loader that moves pictures as it gathers them gives the bits of one step after the other", function()
  tensor.manual_seed(3)
  local bytes = (tensor.rand(50, 3, 9, 11) * 255):byte()
  local labels = tensor.randint(1, 4, {50})
  local images = data.ImageDataset(bytes, labels, {"a", "b", "c"})
  local sets = {
    bytes = images, gray = data.ImageDataset(bytes:select(2, 1), labels),
    part = data.Subset(images, {7, 3, 3, 50, 1, 20, 21, 22}),
    floats = data.TensorDataset(tensor.randn(40, 2, 9, 11), labels:narrow(1, 1, 40), tensor.randn(40)),
    doubles = data.TensorDataset(tensor.randn(20, 2, 9, 11):double()), raw = data.TensorDataset(bytes),
  }
  local own = function() return tensor.Generator():manual_seed(5) end
  local lists = {
    function() return {T.RandomHorizontalFlip()} end,
    function() return {T.RandomVerticalFlip(0.7), T.RandomHorizontalFlip(0.3)} end,
    function() return {T.RandomCrop({9, 11}, {padding = 3})} end,
    function() return {T.RandomHorizontalFlip(), T.RandomCrop({7, 14}, {padding = 4, fill = 0.25}),
      T.RandomVerticalFlip()} end,
    function() return {T.ToFloat(), T.RandomCrop(5), T.RandomHorizontalFlip(), T.Normalize(0.3, 0.7)} end,
    function() return {T.RandomHorizontalFlip(), T.RandomCrop({9, 11}, {padding = 1, fill = 0.5}),
      T.Normalize({0.3, 0.2, 0.1}, {0.7, 0.5, 0.3}), T.RandomErasing()} end,
    function() return {T.RandomCrop({9, 11}, {padding = 2}), T.RandomCrop({9, 11}, {padding = 2})} end,
    function() return {T.RandomCrop({11, 13}, {padding = 2, padding_mode = "reflect"}), T.RandomHorizontalFlip()} end,
    function() return {T.RandomHorizontalFlip(0.5, {generator = own()}), T.RandomCrop({9, 11}, {padding = 1,
      generator = own()}), T.Compose({T.RandomVerticalFlip()}), T.Lambda(function(x, ...) return x * 2, ... end)} end,
    function() return {T.RandomHorizontalFlip(), T.RandomHorizontalFlip(), T.RandomHorizontalFlip(),
      T.RandomVerticalFlip(), T.RandomVerticalFlip(), T.RandomCrop(4)} end,
    function() return {T.RandomCrop({3, 3}, {padding = {20, 30}})} end,
  }
  local function walk(set, transform)
    tensor.manual_seed(9)
    local out = {}
    for x, y in data.DataLoader(set, {batch_size = 6, shuffle = true, transform = transform}):iter() do
      out[#out + 1] = {x, y}
      tensor.rand(2)
    end
    return out
  end
  for name, set in pairs(sets) do
    for k, list in ipairs(lists) do
      local what = ("%s %d"):format(name, k)
      local plain = T.Compose(list())
      local ok, at_once = pcall(walk, set, T.Compose(list()))
      local fine, step_by_step = pcall(walk, set, T.Lambda(function(...) return plain(...) end))
      check.equal(ok, fine, what .. ": " .. tostring(at_once))
      for i = 1, ok and #step_by_step or 0 do
        check.ok(at_once[i][1].dtype == step_by_step[i][1].dtype and at_once[i][1]:equal(step_by_step[i][1]), what)
        check.ok(at_once[i][2] == nil or at_once[i][2]:equal(step_by_step[i][2]), what)
      end
      if not ok then check.equal(tostring(at_once), tostring(step_by_step), what) end
    end
  end
end)

check.test("every byte becomes the float that division gives", function()
  local set = data.ImageDataset(tensor.arange(256):byte():reshape(1, 1, 16, 16), tensor{1})
  for _, transform in ipairs {false, T.RandomHorizontalFlip(0), T.RandomCrop(16)} do
    for x in data.DataLoader(set, {transform = transform or nil}):iter() do
      check.equal(x:flatten(), tensor.arange(256):float() / 255)
    end
  end
end)

check.test("moves misused", function()
  local feed, x = require("nnlua.core").feed, tensor.zeros(4, 1, 5, 5)
  local order, maps = tensor.arange(1, 5), tensor.zeros(4, 6):double()
  check.error("map 1 does more than mirror and shift", feed.moved, "who", x, order, 1, 4, 1, {maps}, 5, 5, 0)
  check.error("expected contiguous float64 maps [4, 6]", feed.moved, "who", x, order, 1, 4, 1, {maps:float()}, 5, 5, 0)
  check.error("expected pictures [N, C, H, W] of bytes", feed.moved, "who", x:double(), order, 1, 4, 1, {}, 5, 5, 0)
  check.error("rows 3 to 6 of an order of 4", feed.moved, "who", x, order, 3, 4, 1, {maps}, 5, 5, 0)
  check.error("padding_mode must be", T.RandomCrop, 3, {padding_mode = "wrap"})
  local loader = data.DataLoader(data.TensorDataset(x), {transform = T.RandomCrop(9)})
  check.error("RandomCrop: a crop of 9 x 9 does not fit into 5 x 5", function() loader:iter()() end)
end)

check.done()
