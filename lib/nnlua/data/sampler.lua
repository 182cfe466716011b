-- Samplers: in what order positions of a data set are visited. One has :iter() (a position at a time), :indices() (a
-- whole walk as an int64 tensor) and #. Knows nothing of batches but BatchSampler.

local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"
local splits = require "nnlua.data.splits"

local tensor = core.tensor
local samplers = {}

local function define(name, parameters)
  local class = {__name = name, signature = signature(name, parameters)}
  class.__index = class
  function class.__len(self) return self.num_samples end
  function class.__tostring(self) return ("%s of %d"):format(name, #self) end
  function class.iter(self)
    local order, i = self:indices(), 0
    return function()
      i = i + 1
      if i <= order:size(1) then return order:get(i) end
    end
  end
  samplers[name] = setmetatable(class, {
    __call = function(_, ...)
      local self = setmetatable(class.signature(...), class)
      self.generator = dataset.generator(self)
      class.init(self)
      return self
    end,
    __tostring = function() return "class " .. name end,
  })
  return class
end

--- All positions of a data set in order.
--     data.SequentialSampler({10, 20, 30}):indices()
--     --> {1, 2, 3}
local SequentialSampler = define("SequentialSampler", "data_source:any")

function SequentialSampler:init() self.num_samples = #expect.dataset("SequentialSampler", self.data_source) end

function SequentialSampler:indices() return tensor.arange(1, self.num_samples + 1, {dtype = "int64"}) end

--- Positions of a data set in random order. Options: replacement (each draw is from all), num_samples, generator or
-- seed.
--     #data.RandomSampler(data.load("iris"), {seed = 1})
--     --> 150
local RandomSampler = define("RandomSampler", "data_source:any, replacement:bool=false, num_samples:count?, "
  .. "generator:any?, seed:int?")

function RandomSampler:init()
  self.n = #expect.dataset("RandomSampler", self.data_source)
  self.num_samples = self.num_samples or self.n
end

function RandomSampler:indices()
  local g = {generator = self.generator}
  if self.replacement then return tensor.randint(1, self.n + 1, {self.num_samples}, g) end
  local parts = {}
  for _ = 1, (self.num_samples + self.n - 1) // self.n do parts[#parts + 1] = tensor.randperm(self.n, g) + 0 end
  local order = #parts > 1 and tensor.cat(parts, 1) or parts[1]
  return order:narrow(1, 1, self.num_samples):contiguous()
end

--- Some positions in random order: data.SubsetRandomSampler({3, 5, 8}).
--     data.SubsetRandomSampler({3, 5, 8}, {seed = 1}):indices():sum()
--     --> 16
local SubsetRandomSampler = define("SubsetRandomSampler", "indices:any, generator:any?, seed:int?")

function SubsetRandomSampler:init()
  self.positions = tensor.is_tensor(self.indices) and self.indices:long() or tensor(self.indices, {dtype = "int64"})
  self.num_samples = self.positions:size(1)
  self.indices = nil
end

function SubsetRandomSampler:indices()
  return self.positions:index_select(1, tensor.randperm(self.num_samples, {generator = self.generator}))
end

--- Positions drawn with these weights: data.WeightedRandomSampler(weights, 1000). Options: replacement (true),
-- generator or seed.
--     data.WeightedRandomSampler({0, 1, 0}, 4):indices()
--     --> {2, 2, 2, 2}
local WeightedRandomSampler = define("WeightedRandomSampler", "weights:any, num_samples:count, replacement:bool=true, "
  .. "generator:any?, seed:int?")

function WeightedRandomSampler:init()
  if not tensor.is_tensor(self.weights) then self.weights = tensor(self.weights, {dtype = "float64"}) end
  if self.weights:dim() ~= 1 then fail.raise("WeightedRandomSampler: expected one weight a sample") end
end

function WeightedRandomSampler:indices()
  return tensor.multinomial(self.weights, self.num_samples, {replacement = self.replacement,
    generator = self.generator})
end

--- Positions drawn so that all classes come equally often: data.BalancedSampler(set) takes a data set or its labels.
-- Options: num_samples (default: as many as there are), generator or seed.
--     local rare = tensor.cat({tensor.ones(98), tensor.full({2}, 2)}, 1):long()
--     local order = data.BalancedSampler(rare, {num_samples = 1000, seed = 1}):indices()
--     math.abs(order:gt(98):long():sum():item() - 500) < 60
--     --> true
local BalancedSampler = define("BalancedSampler", "data_source:any, num_samples:count?, generator:any?, seed:int?")

function BalancedSampler:init()
  local source = self.data_source
  if type(source) == "table" and not getmetatable(source) and type(source[1]) == "number" then
    source = tensor(source, {dtype = "int64"})
  end
  if tensor.is_tensor(source) and source:dim() ~= 1 then
    fail.raise("BalancedSampler: expected labels [N], got %s", tostring(source.shape))
  end
  local labels = tensor.is_tensor(source) and source:long() or splits.labels_of("BalancedSampler", source)
  local counts = {}
  for _, y in ipairs(labels:totable()) do counts[y] = (counts[y] or 0) + 1 end
  local weights = {}
  for i, y in ipairs(labels:totable()) do weights[i] = 1 / counts[y] end
  self.weights = tensor(weights, {dtype = "float64"})
  self.num_samples = self.num_samples or #weights
end

function BalancedSampler:indices()
  return tensor.multinomial(self.weights, self.num_samples, {replacement = true, generator = self.generator})
end

--- Lists of positions, a batch each, from another sampler: for the loader's option batch_sampler.
--     local batches = data.BatchSampler(data.SequentialSampler({1, 2, 3}), 2, false)
--     local first, second = {}, {}
--     for list in batches:iter() do first, second = second, list end
--     #batches, #first, #second
--     --> 2	2	1
local BatchSampler = define("BatchSampler", "sampler:any, batch_size:count, drop_last:bool=false")

function BatchSampler:init() self.num_samples = 0 end

function BatchSampler:__len()
  local n = #self.sampler
  return self.drop_last and n // self.batch_size or (n + self.batch_size - 1) // self.batch_size
end

function BatchSampler:iter()
  local nexts = self.sampler:iter()
  return function()
    local list = {}
    while #list < self.batch_size do
      local i = nexts()
      if i == nil then break end
      list[#list + 1] = i
    end
    if #list == self.batch_size or (#list > 0 and not self.drop_last) then return list end
  end
end

return samplers
