-- Data sets: anything with #set and set[i] giving {x, y, ...}. Those here can also give a whole batch at once:
-- set:batch(order, from, n) returns the fields of the rows order[from .. from + n - 1] (an int64 tensor, from 1)
-- stacked, gathered in one call of the engine each; feeds_ahead says that this can be a step of a work
-- (data/ahead.lua). Knows nothing of files and loaders.

local ahead = require "nnlua.data.ahead"
local core = require "nnlua.core"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor, files, feed = core.tensor, core.files, core.feed

local dataset = {}

-- A class whose instances answer integer keys by class.get(self, i) and count by class.count(self).
local function define(name)
  local class = {__name = name}
  function class.__index(self, key)
    local whole = type(key) == "number" and math.tointeger(key)
    if not whole then return class[key] end
    local n = class.count(self)
    if whole < 0 then whole = n + 1 + whole end
    if whole >= 1 and whole <= n then return class.get(self, whole) end
    if whole == 0 or key < 0 then fail.raise("%s: index %s: positions count from 1 to %d", name, tostring(key), n) end
    return nil -- so that ipairs ends
  end
  function class.__len(self) return class.count(self) end
  function class.__tostring(self) return ("%s of %d"):format(name, class.count(self)) end
  dataset[name] = setmetatable(class, {
    __call = function(_, ...)
      local self = setmetatable({}, class)
      class.init(self, ...)
      return self
    end,
    __tostring = function() return "class " .. name end,
  })
  return class
end

local function sizes(t) return "[" .. table.concat({t:size()}, ", ") .. "]" end

--- Tensors whose first dimensions agree: data.TensorDataset(x, y); set[i] is {x[i], y[i]}.
--     local set = data.TensorDataset(tensor{{1, 2}, {3, 4}}, tensor{10, 20})
--     #set, set[2][1], set[2][2]
--     --> 2	{3, 4}	20
local TensorDataset = define("TensorDataset")

function TensorDataset:init(...)
  local list = {...}
  if select("#", ...) == 1 and type(list[1]) == "table" then list = list[1] end
  if #list == 0 then fail.raise("TensorDataset: expected tensors") end
  for i, t in ipairs(list) do
    if not tensor.is_tensor(t) or t:dim() == 0 then
      fail.raise("TensorDataset: argument %d: expected a tensor with at least one dimension, got %s", i,
        tensor.is_tensor(t) and "one of shape []" or fail.show(t))
    elseif t:size(1) ~= list[1]:size(1) then
      fail.raise("TensorDataset: tensor %d is %s, the first one %s: their first sizes differ", i, sizes(t),
        sizes(list[1]))
    end
  end
  local tensors = {} -- rows in one piece each, or every batch would have to copy all of them
  for i, t in ipairs(list) do tensors[i] = t:is_contiguous() and t or t:detach():contiguous() end
  rawset(self, "tensors", tensors)
end

function TensorDataset.count(self) return self.tensors[1]:size(1) end

function TensorDataset.get(self, i)
  local sample = {}
  for k, t in ipairs(self.tensors) do sample[k] = t[i] end
  return sample
end

--- Rows order[from .. from + n - 1] of each tensor.
function TensorDataset:batch(order, from, n)
  local tensors = self.tensors
  if #tensors == 2 then
    local x, y = tensors[1], tensors[2]
    return ahead.batch(x, order, from, n, x.dtype), ahead.batch(y, order, from, n, y.dtype)
  end
  local out = {}
  for k, t in ipairs(tensors) do out[k] = ahead.batch(t, order, from, n, t.dtype) end
  return table.unpack(out)
end

TensorDataset.feeds_ahead = true

-- The same with the pictures moved on the way; moves is what at_once.lua draws.
local function moved(pictures, scale, order, from, n, moves)
  return feed.moved("DataLoader", pictures, order, from, n, scale, moves.maps, moves.height, moves.width, moves.fill,
    moves.mean, moves.std)
end

function TensorDataset:moved(order, from, n, moves)
  local out = {moved(self.tensors[1], 1, order, from, n, moves)}
  for k = 2, #self.tensors do out[k] = files.batch(self.tensors[k], order, from, n, self.tensors[k].dtype) end
  return table.unpack(out)
end

-- Pictures that can be moved on their way, [N, C, H, W], and whether they are bytes that become floats.
function TensorDataset:movable()
  local x = self.tensors[1]
  return x:dim() == 4 and x.dtype == "float32" and x or nil, false
end

--- Pictures as bytes [N, H, W] or [N, C, H, W] with labels from 1: a sample is {float32 C x H x W in 0..1, label}.
-- Fields: data (the bytes, with channels), targets (int64), classes (names by label).
--     local set = data.ImageDataset(tensor.zeros(5, 28, 28):byte(), tensor.ones(5):long(), {"shirt"})
--     #set, set[1][1].shape, set.classes[set[1][2]]
--     --> 5	{1, 28, 28}	shirt
local ImageDataset = define("ImageDataset")

function ImageDataset:init(images, labels, classes)
  expect.tensor("ImageDataset", "images", images)
  expect.tensor("ImageDataset", "labels", labels)
  if images:dim() == 3 then images = images:unsqueeze(2) end
  if images:dim() ~= 4 or images.dtype ~= "uint8" then
    fail.raise("ImageDataset: expected uint8 [N, H, W] or [N, C, H, W], got %s %s", images.dtype, sizes(images))
  end
  if labels:dim() ~= 1 or labels:size(1) ~= images:size(1) then
    fail.raise("ImageDataset: %d pictures but labels %s", images:size(1), sizes(labels))
  end
  rawset(self, "data", images:contiguous())
  rawset(self, "targets", labels)
  rawset(self, "classes", classes)
end

function ImageDataset.count(self) return self.targets:size(1) end

function ImageDataset.get(self, i)
  return {self.data[i]:to("float32"):div(255), self.targets[i]:item()}
end

-- Rows order[from .. from + n - 1]: pictures as float32 [n, C, H, W] in 0..1, and labels.
function ImageDataset:batch(order, from, n)
  return ahead.batch(self.data, order, from, n, "float32", 1 / 255),
    ahead.batch(self.targets, order, from, n, "int64")
end

ImageDataset.feeds_ahead = true

function ImageDataset:moved(order, from, n, moves)
  return moved(self.data, 1 / 255, order, from, n, moves), files.batch(self.targets, order, from, n, "int64")
end

function ImageDataset:movable() return self.data, true end

--- Makes another class of data sets (for data/image_folder.lua).
dataset.define = define

-- The batch method of a data set, nil when it has none.
function dataset.batch_of(set)
  if type(set) ~= "table" or not getmetatable(set) then return nil end
  local batch = set.batch
  return type(batch) == "function" and batch or nil
end

-- The method of a set of pictures in files that gives many samples at once, nil when it has none.
function dataset.samples_of(set)
  if type(set) ~= "table" or not getmetatable(set) then return nil end
  return set.feeds_ahead and set.samples or nil
end

--- Some samples of a data set, by their positions: data.Subset(set, {1, 5, 7}) or with an int64 tensor.
--     local part = data.Subset(data.load("iris"), {1, 51, 101})
--     #part, part[2][2]
--     --> 3	2
local Subset = define("Subset")

function Subset:init(set, indices)
  expect.dataset("Subset", set)
  if type(indices) == "table" then indices = tensor(indices, {dtype = "int64"}) end
  if not tensor.is_tensor(indices) or indices:dim() ~= 1 then
    fail.raise("Subset: expected a list of positions, got %s", fail.show(indices))
  end
  indices = indices:to("int64")
  local n = #set
  if indices:numel() > 0 and (indices:min():item() < 1 or indices:max():item() > n) then
    fail.raise("Subset: positions must be in 1..%d", n)
  end
  rawset(self, "dataset", set)
  rawset(self, "indices", indices)
  rawset(self, "classes", type(set) == "table" and set.classes or nil)
  local batch = dataset.batch_of(set)
  if batch then
    rawset(self, "batch", function(_, order, from, count)
      return batch(set, files.batch(indices, order, from, count, "int64"), 1, count)
    end)
    rawset(self, "feeds_ahead", set.feeds_ahead)
  end
  if set.movable and set.moved then
    rawset(self, "movable", function() return set:movable() end)
    rawset(self, "moved", function(_, order, from, count, moves)
      return set:moved(files.batch(indices, order, from, count, "int64"), 1, count, moves)
    end)
  end
  local samples = dataset.samples_of(set)
  if samples then
    rawset(self, "samples", function(_, order, from, count, join)
      return samples(set, files.batch(indices, order, from, count, "int64"), 1, count, join)
    end)
  end
end

function Subset.count(self) return self.indices:size(1) end

function Subset.get(self, i) return self.dataset[self.indices:get(i)] end

--- Data sets one after the other: data.ConcatDataset({a, b}).
--     local a, b = data.TensorDataset(tensor{1, 2}), data.TensorDataset(tensor{3})
--     local both = data.ConcatDataset({a, b})
--     #both, both[3][1]
--     --> 3	3
local ConcatDataset = define("ConcatDataset")

function ConcatDataset:init(sets)
  if type(sets) ~= "table" or #sets == 0 then fail.raise("ConcatDataset: expected a list of data sets") end
  rawset(self, "datasets", sets)
  for _, set in ipairs(sets) do
    if not dataset.batch_of(set) then return end
  end
  rawset(self, "batch", dataset.joined_batch)
end

-- Rows order[from .. from + n - 1]: each data set gives its own, which are then put in their places.
function dataset.joined_batch(self, order, from, n)
  local rows, first, places, parts = order:narrow(1, from, n), 0, {}, {}
  for _, set in ipairs(self.datasets) do
    local mine = (rows:gt(first) & rows:le(first + #set)):nonzero():flatten()
    if mine:size(1) > 0 then
      places[#places + 1] = mine
      parts[#parts + 1] = {set:batch((rows:index_select(1, mine) - first):contiguous(), 1, mine:size(1))}
    end
    first = first + #set
  end
  if #parts == 1 then return table.unpack(parts[1]) end
  if #parts == 0 then return self.datasets[1]:batch(order, from, n) end
  local back, out = tensor.cat(places, 1):argsort(), {}
  for k = 1, #parts[1] do
    local fields = {}
    for i, part in ipairs(parts) do fields[i] = part[k] end
    out[k] = tensor.cat(fields, 1):index_select(1, back)
  end
  return table.unpack(out)
end

function ConcatDataset.count(self)
  local n = 0
  for _, set in ipairs(self.datasets) do n = n + #set end
  return n
end

function ConcatDataset.get(self, i)
  for _, set in ipairs(self.datasets) do
    if i <= #set then return set[i] end
    i = i - #set
  end
end

--- A data set from a function: data.from_function(n, f) has n samples, f(i) each: {x, y} or whatever a batch needs.
--     local squares = data.from_function(5, function(i) return {tensor{i}, i * i} end)
--     local x, y = data.DataLoader(squares, {batch_size = 5}):iter()()
--     y
--     --> {1, 4, 9, 16, 25}
local FunctionDataset = define("FunctionDataset")

function FunctionDataset:init(n, f)
  if math.type(n) ~= "integer" or n < 0 or type(f) ~= "function" then
    fail.raise("from_function: expected a number of samples and a function, got %s and %s", fail.show(n), fail.show(f))
  end
  rawset(self, "n", n)
  rawset(self, "f", f)
end

function FunctionDataset.count(self) return self.n end

function FunctionDataset.get(self, i) return self.f(i) end

function dataset.from_function(n, f) return FunctionDataset(n, f) end

-- Lengths from shares that sum to 1: what rounding leaves over goes to the first ones.
local function from_shares(shares, n)
  local lengths, left = {}, n
  for i, share in ipairs(shares) do
    lengths[i] = math.floor(n * share)
    left = left - lengths[i]
  end
  for i = 1, left do
    local k = (i - 1) % #lengths + 1
    lengths[k] = lengths[k] + 1
  end
  return lengths
end

local split_options = signature("random_split", "generator:any?, seed:int?")

--- Splits a data set at random into Subsets: data.random_split(set, {50000, 10000}) or by shares {0.9, 0.1}. Options:
-- generator or seed. Returns the parts as several values.
--     local train, val = data.random_split(data.load("iris"), {0.8, 0.2}, {seed = 1})
--     #train, #val
--     --> 120	30
function dataset.random_split(set, lengths, options)
  local o, n, total = split_options(options), #expect.dataset("random_split", set), 0
  if type(lengths) ~= "table" or #lengths == 0 then
    fail.raise("random_split: expected a list of lengths or shares, got %s", fail.show(lengths))
  end
  for _, length in ipairs(lengths) do
    if type(length) ~= "number" or length < 0 then
      fail.raise("random_split: %s is no length", fail.show(length))
    end
    total = total + length
  end
  if math.abs(total - 1) < 1e-6 and n ~= 1 then
    lengths = from_shares(lengths, n)
  elseif total ~= n then
    fail.raise("random_split: the lengths sum to %s, the data set has %d", tostring(total), n)
  end
  local order = tensor.randperm(n, {generator = dataset.generator(o)})
  local parts, first = {}, 1
  for i, length in ipairs(lengths) do
    length = math.tointeger(length) or fail.raise("random_split: %s is no length", fail.show(length))
    parts[i] = Subset(set, order:narrow(1, first, length):clone())
    first = first + length
  end
  return table.unpack(parts)
end

--- The generator that options ask for: `generator`, one made from `seed`, or nil for the default one.
function dataset.generator(options)
  if options.generator or not options.seed then return options.generator end
  local g = tensor.Generator()
  g:manual_seed(options.seed)
  return g
end

return dataset
