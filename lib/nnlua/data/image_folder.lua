-- data.ImageFolder: pictures in folders, one folder a class. A picture is read when it is asked for.

local ahead = require "nnlua.data.ahead"
local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local fail = require "nnlua.fail"
local path_of = require "nnlua.data.path"
local signature = require "nnlua.signature"

local tensor, bytes, feed = core.tensor, core.bytes, core.feed

local options = signature("ImageFolder", "root:string, size:count*2?, channels:count=3, transform:callable?, "
  .. "max_bytes:amount=536870912")

-- Names in a folder, sorted: folders, or pictures.
local function names_in(path, folders)
  local names, is_folder = bytes.list("ImageFolder", path)
  local out = {}
  for i, name in ipairs(names) do
    local picture = name:lower():find("%.png$") or name:lower():find("%.jpe?g$")
    if is_folder[i] == folders and (folders or picture) then out[#out + 1] = name end
  end
  table.sort(out)
  return out
end

-- A picture [C, H, W] with as many channels as asked for, of 1 or 3.
local function with_channels(x, channels)
  if x:size(1) == 2 or x:size(1) == 4 then x = x:narrow(1, 1, x:size(1) - 1) end -- without alpha
  if x:size(1) == channels then return x end
  if channels == 3 then return x:expand(3, -1, -1) end
  return (x * tensor{0.299, 0.587, 0.114}:reshape(3, 1, 1)):sum(1, {keepdim = true})
end

--- Pictures (PNG, JPEG) in folders, one folder a class: data.ImageFolder("pets", {size = {64, 64}}) finds
-- pets/cat/1.jpg, pets/dog/2.png and so on. set[i] is {float32 [C, H, W] in 0..1, label}; set.classes are the folders'
-- names in order of the alphabet, set.files the paths. Options: size (pictures are brought to it; without it they stay
-- as they are), channels (3, or 1 for grey), transform(x), max_bytes (of a picture).
--     os.execute("mkdir -p /tmp/nnlua-example/cat /tmp/nnlua-example/dog")
--     data.write_png("/tmp/nnlua-example/cat/1.png", tensor.zeros(8, 8))
--     data.write_png("/tmp/nnlua-example/dog/1.png", tensor.ones(3, 9, 9))
--     local set = data.ImageFolder("/tmp/nnlua-example", {size = 4})
--     #set, set.classes[set[2][2]], set[2][1]:mean()
--     --> 2	dog	1
local ImageFolder = dataset.define("ImageFolder")

function ImageFolder:init(...)
  local o = options(...)
  path_of.check("ImageFolder", o.root)
  local classes, paths, labels = names_in(o.root, true), {}, {}
  for label, class in ipairs(classes) do
    for _, name in ipairs(names_in(o.root .. "/" .. class, false)) do
      paths[#paths + 1], labels[#labels + 1] = ("%s/%s/%s"):format(o.root, class, name), label
    end
  end
  if #paths == 0 then
    fail.raise("ImageFolder: there are no PNG or JPEG pictures in the folders below '%s'", o.root)
  end
  if o.channels ~= 1 and o.channels ~= 3 then fail.raise("ImageFolder: channels must be 1 or 3, got %d", o.channels) end
  rawset(self, "files", paths)
  rawset(self, "targets", tensor(labels, {dtype = "int64"}))
  rawset(self, "classes", classes)
  rawset(self, "o", o)
end

function ImageFolder.count(self) return #self.files end

-- Reads pictures order[from .. from + n - 1] and gives finish(pictures): with a size a tensor [n, C, size], else a list
-- of uint8 [C, H, W]. Inside of a work (data/ahead.lua) the tensor is given at once, a list when the work is done.
local function read(self, order, from, n, finish)
  local o, paths = self.o, {}
  for k = 1, n do
    local i = order:get(from + k - 1)
    paths[k] = self.files[i]
    if not paths[k] then fail.raise("ImageFolder: there is no picture %d: positions count from 1 to %d", i, #self) end
  end
  local work = ahead.work()
  local mine = not work and feed.work() or nil
  local x = feed.pictures(work or mine, "ImageFolder", paths, o.channels, o.size and o.size[1] or 0,
    o.size and o.size[2] or 0, o.max_bytes)
  if work then
    if x then return finish(x) end
    return ahead.when_done(function() return finish(feed.taken(work)) end)
  end
  feed.finish("ImageFolder", mine)
  x = x or feed.taken(mine)
  feed.drop(mine)
  return finish(x)
end

-- A sample from its part of what read gives.
local function sample(self, x, i)
  local o = self.o
  if not o.size then x = with_channels(x:float() / 255, o.channels) end
  if o.transform then x = o.transform(x) end
  return {tensor.is_tensor(x) and x:contiguous() or x, self.targets:get(i)}
end

function ImageFolder.get(self, i)
  return read(self, tensor({i}, {dtype = "int64"}), 1, 1, function(x) return sample(self, x[1], i) end)
end

-- Samples order[from .. from + n - 1] as a list, given to join, whose results are the results.
function ImageFolder:samples(order, from, n, join)
  local function finish(x)
    local list = {}
    for k = 1, n do list[k] = sample(self, x[k], order:get(from + k - 1)) end
    return join(list)
  end
  return read(self, order, from, n, function(x)
    if not ahead.work() then return finish(x) end
    return ahead.when_done(function() return finish(x) end)
  end)
end

-- Pictures order[from .. from + n - 1] as float32 [n, C, H, W] in 0..1, and labels.
function ImageFolder:batch(order, from, n)
  local o = self.o
  if not o.size or o.transform then
    return self:samples(order, from, n, require("nnlua.data.loader").default_collate)
  end
  return read(self, order, from, n, function(x)
    return x, ahead.batch(self.targets, order, from, n, "int64")
  end)
end

ImageFolder.feeds_ahead = true

return ImageFolder
