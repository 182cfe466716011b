-- data.DataLoader: walks over a data set in batches. Knows data sets only by #set, set[i] and, where there is one,
-- set:batch (data/dataset.lua).

local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor = core.tensor

local DataLoader = {__name = "DataLoader"}
DataLoader.__index = DataLoader
DataLoader.skips = true -- iter(n) leaves out n batches without making them

local read = signature("DataLoader", "batch_size:count=1, shuffle:bool=false, sampler:any?, batch_sampler:any?, "
  .. "num_workers:amount=0, collate_fn:callable?, drop_last:bool=false, generator:any?, seed:int?, "
  .. "transform:callable?")

-- ---- joining samples ----------------------------------------------------------------------------------------------

local collate

local function column(list, key)
  local out = {}
  for i, item in ipairs(list) do
    out[i] = item[key]
    if out[i] == nil then fail.raise("DataLoader: sample %d of a batch lacks field %s", i, fail.show(key)) end
  end
  return out
end

local function all_integers(list)
  for _, v in ipairs(list) do
    if math.type(v) ~= "integer" then return false end
  end
  return true
end

--- Joins what several samples have in one place: tensors are stacked, numbers and booleans become a tensor, tables are
-- joined field by field, anything else becomes a list.
function collate(list)
  local first = list[1]
  if tensor.is_tensor(first) then return tensor.stack(list, 1) end
  if type(first) == "number" then
    return tensor(list, {dtype = all_integers(list) and "int64" or "float32"})
  elseif type(first) == "boolean" then
    return tensor(list, {dtype = "bool"})
  elseif type(first) == "table" and not getmetatable(first) then
    local out = {}
    for key in pairs(first) do out[key] = collate(column(list, key)) end
    return out
  end
  return list
end

--- What DataLoader makes of a list of samples: the fields of one batch, joined field by field, as several values.
--     data.default_collate({{tensor{1, 2}, 3}, {tensor{4, 5}, 6}})
--     --> {{1, 2}, {4, 5}}	{3, 6}
local function default_collate(samples)
  local first = samples[1]
  if type(first) == "table" and not getmetatable(first) and #first > 0 then
    return table.unpack(collate(samples), 1, #first)
  end
  return collate(samples)
end

local pad_options = signature("pad_collate", "value:number=1")

-- Sequences of different length [L, ...] as one tensor [N, longest, ...], and their lengths.
local function padded(list, value)
  local longest, lengths, dtype = 0, {}, list[1].dtype
  for i, t in ipairs(list) do
    if t:is_floating_point() then dtype = t.dtype end
    lengths[i] = t:size(1)
    longest = math.max(longest, lengths[i])
  end
  local shape = {list[1]:size()}
  table.insert(shape, 1, #list)
  shape[2] = longest
  local out = tensor.full(shape, value, {dtype = dtype})
  for i, t in ipairs(list) do
    if lengths[i] > 0 then out[i]:narrow(1, 1, lengths[i]):copy_(t) end
  end
  return out, tensor(lengths, {dtype = "int64"})
end

-- A field's values as tensors if they are sequences (tensors with dimensions, or lists of numbers), else nil.
local function sequences(list)
  local out = {}
  for i, v in ipairs(list) do
    if type(v) == "table" and not getmetatable(v) then
      for _, number in ipairs(v) do
        if type(number) ~= "number" then return nil end
      end
      v = #v > 0 and tensor(v, {dtype = all_integers(v) and "int64" or "float32"}) or tensor.zeros(0, {dtype = "int64"})
    end
    if not tensor.is_tensor(v) or v:dim() == 0 then return nil end
    out[i] = v
  end
  return out
end

--- A collate_fn for sequences of different length: data.DataLoader(set, {collate_fn = data.pad_collate()}). Each field
-- that holds sequences (tensors [L, ...] or lists of numbers) is filled up to its longest; after the fields comes the
-- length of each sample's first sequence, int64 [N]. Options: value (1, what is filled in).
--     local join = data.pad_collate({value = 0})
--     join({{{5, 6, 7}, 1}, {{8}, 2}})
--     --> {{5, 6, 7}, {8, 0, 0}}	{1, 2}	{3, 1}
local function pad_collate(options)
  local o = pad_options(options)
  return function(samples)
    local fields, lengths = {}, nil
    local n = type(samples[1]) == "table" and not getmetatable(samples[1]) and #samples[1] or 0
    if n == 0 then fail.raise("pad_collate: a sample must be a list of fields, got %s", fail.show(samples[1])) end
    for k = 1, n do
      local list = column(samples, k)
      local rows = sequences(list)
      if rows then
        local size
        fields[k], size = padded(rows, o.value)
        lengths = lengths or size
      else
        fields[k] = collate(list)
      end
    end
    fields[n + 1] = lengths
    return table.unpack(fields, 1, n + 1)
  end
end

-- ---- the loader ---------------------------------------------------------------------------------------------------

local function as_dataset(set)
  if tensor.is_tensor(set) then return dataset.TensorDataset(set) end
  if type(set) ~= "table" then fail.raise("DataLoader: expected a data set, got %s", fail.show(set)) end
  if not getmetatable(set) then
    if tensor.is_tensor(set[1]) then return dataset.TensorDataset(set) end
    if #set == 0 and next(set) ~= nil then
      fail.raise("DataLoader: expected a data set, got %s (of a loaded one take set.train or set.test)", fail.show(set))
    end
  end
  return set
end

--- Walks over a data set in batches: data.DataLoader(set, {batch_size = 64, shuffle = true}); set is a data set, or
-- tensors {x, y}. Options: batch_size, shuffle, drop_last, sampler (a list of positions, or an object with :iter()),
-- batch_sampler (a list of lists), collate_fn(samples), transform(x, y) on whole batches (data.transforms), generator
-- or seed for the order. num_workers is accepted and changes nothing: batches are gathered by the engine.
--     local loader = data.DataLoader(data.load("iris"), {batch_size = 64, shuffle = true})
--     local sizes = {}
--     for x, y in loader:iter() do sizes[#sizes + 1] = x:size(1) end
--     table.concat(sizes, " ")
--     --> 64 64 22
local function construct(_, set, ...)
  local o = read(...)
  if o.shuffle and (o.sampler or o.batch_sampler) then
    fail.raise("DataLoader: shuffle and a sampler exclude each other")
  end
  local self = setmetatable({}, DataLoader)
  self.dataset = as_dataset(set)
  self.batch_size, self.shuffle, self.drop_last = o.batch_size, o.shuffle, o.drop_last
  self.sampler, self.batch_sampler, self.collate_fn = o.sampler, o.batch_sampler, o.collate_fn
  self.transform = o.transform
  self.generator = dataset.generator(o)
  return self
end

-- The numbers of a sampler as an int64 tensor; a table is a list of them.
local function sampled(sampler)
  if tensor.is_tensor(sampler) then return sampler:to("int64"):contiguous() end
  if type(sampler) == "table" and not getmetatable(sampler) then return tensor(sampler, {dtype = "int64"}) end
  if sampler.indices then return sampler:indices():contiguous() end
  local list = {}
  for i in sampler:iter() do list[#list + 1] = tensor.is_tensor(i) and i:item() or i end
  return tensor(list, {dtype = "int64"})
end

-- The order of one walk.
local function order_of(self)
  if self.sampler then return sampled(self.sampler) end
  local n = #self.dataset
  if self.shuffle then return tensor.randperm(n, {generator = self.generator}) end
  if not self.in_order or self.in_order:size(1) ~= n then
    self.in_order = tensor.arange(1, n + 1, {dtype = "int64"})
  end
  return self.in_order
end

-- A function(order, from, n) that gives the fields of a batch.
local function gather_raw(self)
  local set, join = self.dataset, self.collate_fn
  local batch = not join and dataset.batch_of(set)
  if batch then
    return function(order, from, n) return batch(set, order, from, n) end
  end
  join = join or default_collate
  return function(order, from, n)
    local samples = {}
    for i = 1, n do
      local at = order:get(from + i - 1)
      samples[i] = set[at]
      if samples[i] == nil then fail.raise("DataLoader: the data set has no sample %d", at) end
    end
    return join(samples)
  end
end

-- The same, transformed.
local function gather_of(self)
  local gather, transform = gather_raw(self), self.transform
  if not transform then return gather end
  return function(...) return transform(gather(...)) end
end

--- Goes through the batches once, in a new order when shuffle is set: `for x, y in loader:iter() do`. With a number, so
-- many batches are left out at the start.
function DataLoader:iter(skip)
  local gather = gather_of(self)
  skip = skip or 0
  if self.batch_sampler then
    local lists, i = self.batch_sampler, 0
    local nexts = type(lists) == "table" and lists.iter and lists:iter()
    return function()
      local list
      repeat
        i = i + 1
        if nexts then list = nexts() else list = lists[i] end
      until list == nil or i > skip
      if list == nil then return nil end
      local order = sampled(list)
      return gather(order, 1, order:size(1))
    end
  end
  local order, at, size = order_of(self), skip * self.batch_size, self.batch_size
  local total = order:size(1)
  if self.drop_last then total = total - total % size end
  return function()
    if at >= total then return nil end
    local n = total - at < size and total - at or size
    at = at + n
    return gather(order, at - n + 1, n)
  end
end

--- Number of batches.
function DataLoader:__len()
  if self.batch_sampler then return #self.batch_sampler end
  local n = self.sampler and (tensor.is_tensor(self.sampler) and self.sampler:size(1) or #self.sampler) or #self.dataset
  return self.drop_last and n // self.batch_size or (n + self.batch_size - 1) // self.batch_size
end

function DataLoader:__tostring()
  return ("DataLoader of %d batches of %d"):format(#self, self.batch_size)
end

setmetatable(DataLoader, {__call = construct, __tostring = function() return "class DataLoader" end})

return {DataLoader = DataLoader, default_collate = default_collate, pad_collate = pad_collate}
