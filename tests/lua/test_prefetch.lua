-- data.DataLoader with threads that make batches ahead: same order, same bits as without; errors in their place and
-- with the file's name; ends that leave nothing behind.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local nnlua = require "nnlua"
local tensor, nn, F, optim, data, train = nnlua.tensor, nnlua.nn, nnlua.F, nnlua.optim, nnlua.data, nnlua.train
local T = data.transforms

local folder = os.tmpname()
os.remove(folder)

-- Pictures of two classes in files of both kinds, of many sizes and with 1 to 4 channels.
local function write_folder()
  tensor.manual_seed(1)
  for class = 1, 2 do
    local path = ("%s/class%d"):format(folder, class)
    assert(os.execute("mkdir -p " .. path))
    for i = 1, 20 do
      local picture = tensor.rand(1 + i % 4, 8 + i, 30 - i)
      if i % 4 == 1 or i % 4 == 3 then picture = tensor.rand(1, 8 + i, 30 - i) end
      if i % 2 == 0 and core.pictures.has_jpeg() and picture:size(1) ~= 2 and picture:size(1) ~= 4 then
        data.write_jpeg(("%s/%02d.jpg"):format(path, i), picture)
      else
        data.write_png(("%s/%02d.png"):format(path, i), picture)
      end
    end
  end
end

-- What a loader gives in two walks, with random numbers drawn in between as a network with dropout draws them.
local function walks(set, options, more)
  tensor.manual_seed(7)
  local o = {batch_size = 7, shuffle = true}
  for _, t in ipairs {options, more} do
    for key, v in pairs(t) do o[key] = v end
  end
  local loader, out = data.DataLoader(set, o), {}
  for _ = 1, 2 do
    for x, y in loader:iter() do
      out[#out + 1] = {x, y}
      tensor.randn(3)
    end
  end
  out[#out + 1] = {tensor.randn(5)}
  return out
end

local function same(a, b, what)
  check.equal(#b, #a, what)
  for i = 1, #a do
    for k = 1, #a[i] do
      local equal
      if type(a[i][k]) == "number" then
        equal = a[i][k] == b[i][k]
      elseif tensor.is_tensor(a[i][k]) then
        equal = a[i][k].dtype == b[i][k].dtype and a[i][k]:equal(b[i][k])
      else
        equal = #a[i][k] == #b[i][k]
        for j = 1, #a[i][k] do equal = equal and a[i][k][j]:equal(b[i][k][j]) end
      end
      check.ok(equal, ("%s: batch %d, field %d"):format(what, i, k))
    end
  end
end

local ways = {{num_workers = 1}, {num_workers = 1, prefetch_factor = 1}, {num_workers = 3, prefetch_factor = 5},
  {num_workers = 2, persistent_workers = true}}

local function same_in_all_ways(set, options, what)
  local plain = walks(set, options, {})
  for i, way in ipairs(ways) do same(plain, walks(set, options, way), ("%s, way %d"):format(what, i)) end
end

local function pictures(n)
  tensor.manual_seed(3)
  return data.ImageDataset((tensor.rand(n, 3, 12, 10) * 255):byte(), tensor.randint(1, 5, {n}))
end

check.test("tensors", function()
  local x = tensor.arange(40, {dtype = "float32"}):reshape(20, 2)
  for _, dtype in ipairs {"float32", "float64", "int64", "uint8"} do
    same_in_all_ways(data.TensorDataset(x:to(dtype), tensor.arange(1, 21)), {}, dtype)
  end
  same_in_all_ways({x, x + 1}, {drop_last = true}, "a pair")
  same_in_all_ways(data.Subset(data.TensorDataset(x, x), {3, 5, 8, 13, 1, 2, 9, 9}), {}, "Subset")
  same_in_all_ways(pictures(30), {}, "pictures")
  same_in_all_ways(pictures(30), {shuffle = false, batch_sampler = {{1, 2, 3}, {30}, {4, 5}}}, "batch_sampler")
  same_in_all_ways(pictures(30), {shuffle = false, sampler = data.RandomSampler(pictures(30))}, "sampler")
end)

check.test("each transform of pictures", function()
  local all = {T.RandomHorizontalFlip(), T.RandomVerticalFlip(0.3), T.RandomCrop(8, {padding = 2}), T.CenterCrop(6),
    T.Pad(2, {fill = 1}), T.Resize(17), T.RandomResizedCrop(9), T.RandomRotation(30, {interpolation = "bilinear"}),
    T.RandomAffine(10, {translate = {0.2, 0.1}, scale = {0.8, 1.2}, shear = 5}), T.Normalize({0.1, 0.2, 0.3}, 0.5),
    T.ToFloat(), T.RandomErasing(), T.Cutout(5), T.ColorJitter({brightness = 0.4, hue = 0.1}), T.GaussianNoise(),
    T.MixUp({num_classes = 4}), T.CutMix({num_classes = 4}), T.Lambda(function(x, y) return x + tensor.rand(1), y end)}
  local set = pictures(30)
  for _, t in ipairs(all) do same_in_all_ways(set, {transform = t}, tostring(t)) end
  same_in_all_ways(set, {transform = T.Compose(all)}, "all of them")
  local own = tensor.Generator()
  same(walks(set, {transform = T.RandomCrop(8, {generator = own:manual_seed(5) or own})}, {}),
    walks(set, {transform = T.RandomCrop(8, {generator = own:manual_seed(5) or own})}, {num_workers = 2}), "own")
  local bytes = data.TensorDataset((tensor.rand(20, 1, 4, 4) * 255):byte(), tensor.arange(1, 21))
  same_in_all_ways(bytes, {transform = T.Compose {T.RandomCrop(4, {padding = 1}), T.ToFloat(), T.Normalize(0.5, 0.5)}},
    "bytes")
  local whole = data.TensorDataset(tensor.arange(32):reshape(2, 1, 4, 4), tensor.arange(1, 3))
  same_in_all_ways(whole, {transform = T.ToFloat()}, "whole numbers")
end)

check.test("what Lua makes is made when it is due", function()
  local set = data.from_function(20, function(i) return {tensor.rand(2), i} end)
  same_in_all_ways(set, {}, "from_function")
  same_in_all_ways(pictures(20), {collate_fn = function(list) return tensor.rand(#list), #list end,
    shuffle = false}, "collate_fn")
end)

check.test("pictures in files", function()
  write_folder()
  local set = data.ImageFolder(folder, {size = {16, 12}})
  check.equal(#set, 40)
  same_in_all_ways(set, {}, "with a size")
  same_in_all_ways(set, {transform = T.RandomCrop(8)}, "and a transform")
  same_in_all_ways(data.ImageFolder(folder, {size = 9, channels = 1}), {}, "grey")
  same_in_all_ways(data.ImageFolder(folder, {size = 9, transform = T.RandomHorizontalFlip()}), {}, "of each picture")
  same_in_all_ways(data.Subset(set, {1, 40, 7}), {}, "some of them")
  local function lists(samples)
    local x = {}
    for i, s in ipairs(samples) do x[i] = s[1] end
    return x
  end
  local plain, ahead = {}, {}
  for list, options in pairs {[plain] = {}, [ahead] = {num_workers = 2}} do
    options.collate_fn, options.batch_size = lists, 6
    for x in data.DataLoader(data.ImageFolder(folder), options):iter() do list[#list + 1] = {x} end
  end
  same(plain, ahead, "as they are")
  -- one by one, a sample is what it is in a batch
  local x, y = data.DataLoader(set, {batch_size = 40}):iter()()
  for i, sample in ipairs(set) do check.ok(sample[1]:equal(x[i]) and sample[2] == y[i]:item(), "picture " .. i) end
  -- and what reading, grey and another size make of it
  local raw = data.read_image(set.files[5]):float() / 255
  if raw:size(1) == 2 or raw:size(1) == 4 then raw = raw:narrow(1, 1, raw:size(1) - 1) end
  local sized = T.Resize({16, 12})(raw:size(1) == 3 and raw or raw:expand(3, -1, -1):contiguous())
  check.ok(set[5][1]:allclose(sized, {atol = 1e-6}), "as read and resized")
end)

check.test("errors come with their batch, and with the file's name", function()
  local bad = folder .. "/class2/13.png"
  local bytes = io.open(bad, "rb"):read("a")
  local file = io.open(bad, "wb")
  file:write(bytes:sub(1, #bytes // 2))
  file:close()
  local set = data.ImageFolder(folder, {size = 8})
  for _, o in ipairs {{}, {num_workers = 1}, {num_workers = 3, prefetch_factor = 4}} do
    o.batch_size = 4
    local seen = 0
    check.error("class2/13.png' is", function()
      for _ in data.DataLoader(set, o):iter() do seen = seen + 1 end
    end)
    check.equal(seen, 8, "the batches before it")
  end
  os.remove(bad)
  check.error("class2/13.png", function() for _ in data.DataLoader(set, {num_workers = 2}):iter() do end end)
  local few = data.DataLoader(data.TensorDataset(tensor.arange(10)), {num_workers = 2, sampler = {1, 2, 3, 11}})
  local seen = 0
  check.error("row 11 of a set of 10", function() for _ in few:iter() do seen = seen + 1 end end)
  check.equal(seen, 3)
  seen = 0
  local small = data.DataLoader(pictures(9), {num_workers = 2, batch_size = 3, transform = T.RandomCrop(11)})
  check.error("RandomCrop: a crop of 11 x 11 does not fit into 12 x 10", function()
    for _ in small:iter() do seen = seen + 1 end
  end)
  check.equal(seen, 0)
end)

-- How many threads this process has, nil where that cannot be known.
local function threads()
  local file = io.open("/proc/self/status")
  if not file then return nil end
  local n = file:read("a"):match("Threads:%s*(%d+)")
  file:close()
  return tonumber(n)
end

check.test("threads end with their walk", function()
  local set = data.ImageFolder(folder, {size = 32})
  table.remove(set.files, 33) -- the one that is gone
  local picked = data.Subset(set, tensor.arange(1, 33))
  local function walk(options, batches)
    options.batch_size = 2
    for _ in data.DataLoader(picked, options):iter() do
      batches = batches - 1
      if batches == 0 then break end
    end
  end
  walk({num_workers = 0}, 2)
  collectgarbage()
  collectgarbage()
  local before = threads()
  for i = 1, 20 do walk({num_workers = 3, prefetch_factor = 1 + i % 4}, i) end
  if before then check.equal(threads(), before, "after break and after the end") end
  pcall(function()
    for _ in data.DataLoader(picked, {num_workers = 3}):iter() do error("mine") end
  end)
  if before then check.equal(threads(), before, "after an error") end
  local abandoned = data.DataLoader(picked, {num_workers = 3}):iter()
  abandoned()
  if before then check.ok(threads() > before, "while it runs") end
  abandoned = nil -- luacheck: ignore
  collectgarbage()
  collectgarbage()
  if before then check.equal(threads(), before, "after it was abandoned") end
  local kept = data.DataLoader(picked, {num_workers = 2, persistent_workers = true})
  kept:iter()()
  local during = threads()
  for _ in kept:iter() do end
  if before then check.equal({during, threads()}, {before + 2, before + 2}, "threads that are kept") end
  kept = nil -- luacheck: ignore
  collectgarbage()
  collectgarbage()
  if before then check.equal(threads(), before, "kept by nobody") end
end)

check.test("memory stays where it was", function()
  local set = data.ImageDataset((tensor.rand(512, 3, 32, 32) * 255):byte(), tensor.ones(512):long())
  local function walk()
    local loader = data.DataLoader(set, {batch_size = 64, num_workers = 2, transform = T.RandomHorizontalFlip()})
    for _ in loader:iter() do end
  end
  walk()
  collectgarbage()
  local before = nnlua.memory()
  for _ = 1, 10 do walk() end
  collectgarbage()
  check.ok(nnlua.memory() <= before + 2 ^ 20, ("%d, before %d"):format(nnlua.memory(), before))
end)

check.test("training is the same", function()
  local set = pictures(64)
  local function weights(workers)
    tensor.manual_seed(2)
    local net = nn.Sequential(nn.Flatten(), nn.Linear(360, 8), nn.Dropout(0.5), nn.Linear(8, 4))
    local loader = data.DataLoader(set, {batch_size = 8, shuffle = true, num_workers = workers,
      transform = T.Compose {T.RandomCrop({12, 10}, {padding = 2}), T.Cutout(3)}})
    train.fit(net, loader, {loss = F.cross_entropy, optimizer = optim.Adam(net:parameters()), epochs = 3, quiet = true})
    return net[1 + 1].weight
  end
  check.ok(weights(0):equal(weights(2)), "weights")
end)

check.test("misuse", function()
  check.error("prefetch_factor needs num_workers above 0", data.DataLoader, {tensor.zeros(2)}, {prefetch_factor = 3})
  check.error("persistent_workers needs num_workers", data.DataLoader, {tensor.zeros(2)}, {persistent_workers = true})
  check.error("num_workers must", data.DataLoader, {tensor.zeros(2)}, {num_workers = -1})
end)

os.execute("rm -rf " .. folder)
check.done()
