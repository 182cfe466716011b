-- data.DataLoader: walks over a data set in batches. Knows data sets only by #set, set[i] and, where there is one,
-- set:batch (data/dataset.lua).

local ahead = require "nnlua.data.ahead"
local at_once = require "nnlua.data.at_once"
local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local draw = require "nnlua.data.draw"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor, feed = core.tensor, core.feed

local DataLoader = {__name = "DataLoader"}
DataLoader.__index = DataLoader
DataLoader.skips = true -- iter(n) leaves out n batches without making them

local read = signature("DataLoader", "batch_size:count=1, shuffle:bool=false, sampler:any?, batch_sampler:any?, "
  .. "num_workers:amount=0, collate_fn:callable?, drop_last:bool=false, generator:any?, seed:int?, "
  .. "prefetch_factor:count?, persistent_workers:bool=false, "
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
  expect.list("default_collate", nil, samples, "a list of samples")
  if #samples == 0 then fail.raise("default_collate: expected samples, got an empty list") end
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
-- or seed for the order. num_workers threads make batches ahead, prefetch_factor (2) each, while the network learns:
-- same order, same bits. They serve data sets of tensors and ImageFolder, whose files they decode, and transforms of
-- pictures that come first; what Lua does (a collate_fn, a set of one's own, other transforms) is done when the batch
-- is due. It pays where files are decoded; batches from memory are made in no time. persistent_workers keeps the
-- threads from walk to walk. break and errors end them.
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
  if o.num_workers == 0 and (o.prefetch_factor or o.persistent_workers) then
    fail.raise("DataLoader: %s needs num_workers above 0", o.prefetch_factor and "prefetch_factor"
      or "persistent_workers")
  end
  local self = setmetatable({}, DataLoader)
  self.dataset = as_dataset(set)
  self.batch_size, self.shuffle, self.drop_last = o.batch_size, o.shuffle, o.drop_last
  self.sampler, self.batch_sampler, self.collate_fn = o.sampler, o.batch_sampler, o.collate_fn
  self.transform = o.transform
  self.num_workers, self.prefetch_factor = math.min(o.num_workers, 64), o.prefetch_factor or 2
  self.persistent_workers = o.persistent_workers
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
local function gather_of(self)
  local set, join = self.dataset, self.collate_fn
  local batch, samples = not join and dataset.batch_of(set), dataset.samples_of(set)
  if batch then
    return function(order, from, n) return batch(set, order, from, n) end
  end
  join = join or default_collate
  if samples then
    return function(order, from, n) return samples(set, order, from, n, join) end
  end
  return function(order, from, n)
    local list = {}
    for i = 1, n do
      local at = order:get(from + i - 1)
      list[i] = set[at]
      if list[i] == nil then fail.raise("DataLoader: the data set has no sample %d", at) end
    end
    return join(list)
  end
end

-- A function that gives, batch by batch, where its positions stand: order, from, n. The first `skip` are left out.
local function spans_of(self, skip)
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
      return order, 1, order:size(1)
    end
  end
  local order, at, size = order_of(self), skip * self.batch_size, self.batch_size
  local total = order:size(1)
  if self.drop_last then total = total - total % size end
  return function()
    if at >= total then return nil end
    local n = total - at < size and total - at or size
    at = at + n
    return order, at - n + 1, n
  end
end

-- Whether threads can make batches: not what functions of the user's make.
local function can_be_ahead(self)
  local set = self.dataset
  return self.num_workers > 0 and getmetatable(set) and set.feeds_ahead
    and (not self.collate_fn or dataset.samples_of(set))
end

-- A walk over a loader: batches in their order, the transform's random numbers from a stream for each batch, so that
-- they are the same whether a batch is made ahead or when it is due.
local function new_walk(self, skip)
  local walk = {spans = spans_of(self, skip), gather = gather_of(self), transform = self.transform, number = skip}
  if self.transform then
    walk.seed = tensor.randint(0, 1 << 53, {1}, {generator = self.generator}):item()
    walk.stream = tensor.Generator()
  end
  return walk
end

-- Gathering and the transforms that only move pictures are one pass over them: a function of a span, nil where it is
-- not so.
local function fused(self)
  local set = self.dataset
  if not self.transform or self.collate_fn or not getmetatable(set) or not set.movable or #set == 0 then return nil end
  local pictures, is_bytes = set:movable()
  if not pictures then return nil end
  local draw_moves, rest = at_once(ahead.parts(self.transform), is_bytes, pictures:size(2), pictures:size(3),
    pictures:size(4))
  if not draw_moves then return nil end
  return function(order, from, n) return rest(set:moved(order, from, n, draw_moves(n))) end
end

-- The next batch, made now.
local function make_now(walk)
  local order, from, n = walk.spans()
  if not order then return nil end
  if not walk.transform then return walk.gather(order, from, n) end
  walk.number = walk.number + 1
  walk.stream:manual_seed(walk.seed + walk.number)
  if walk.fused then return draw.within(walk.stream, walk.fused, order, from, n) end
  return draw.within(walk.stream, walk.transform, walk.gather(order, from, n))
end

-- ---- batches made ahead -------------------------------------------------------------------------------------------

-- Gathers the batch of a slot and transforms it as far as steps of a work can.
local function prepare(walk, slot)
  local function run(order, from, n)
    slot.after, slot.values = nil, nil
    local values
    slot.after, values = (function(after, ...) return after, table.pack(...) end)(
      ahead.within(slot.work, walk.gather, order, from, n))
    local done = 0
    while not slot.after and walk.parts[done + 1] and ahead.able(walk.parts[done + 1], values[1]) do
      done = done + 1
      values = (function(_, ...) return table.pack(...) end)(ahead.within(slot.work, draw.within, slot.stream,
        walk.parts[done], table.unpack(values, 1, values.n)))
    end
    slot.values, slot.done = values, done
  end
  local order, from, n = walk.spans()
  if not order then return false end
  walk.number = walk.number + 1
  if walk.seed then
    slot.stream = tensor.Generator()
    slot.stream:manual_seed(walk.seed + walk.number)
  end
  slot.work = feed.work()
  run(order, from, n)
  feed.send(walk.line, slot.work)
  return true
end

-- Fills the queue. An error belongs to the batch where it happened: it is raised when that is due.
local function refill(walk)
  while not walk.ended and #walk.slots < walk.depth do
    local slot = {}
    local ok, more = pcall(prepare, walk, slot)
    if not ok then slot.failure = {more} end
    walk.ended = not ok or not more
    if not ok or more then walk.slots[#walk.slots + 1] = slot end
  end
end

-- Ends a walk: no batch is made any more, and threads that are not kept end.
local function close_walk(walk)
  for _, slot in ipairs(walk.slots) do
    if slot.work then feed.drop(slot.work) end
  end
  walk.slots, walk.ended = {}, true
  if walk.line and not walk.keeps then feed.drop(walk.line) end
  walk.line = nil
end

-- The next batch of those made ahead.
local function take_next(walk)
  refill(walk)
  local slot = table.remove(walk.slots, 1)
  if not slot then
    close_walk(walk)
    return nil
  end
  if slot.failure then error(slot.failure[1], 0) end
  feed.finish("DataLoader", slot.work)
  local values = slot.values
  if slot.after then values = table.pack(slot.after()) end
  feed.drop(slot.work)
  refill(walk)
  for k = slot.done + 1, #walk.parts do
    values = table.pack(draw.within(slot.stream, walk.parts[k], table.unpack(values, 1, values.n)))
  end
  return table.unpack(values, 1, values.n)
end

local walk_end = {__name = "end of a walk"}
walk_end.__index = walk_end
function walk_end:__close() close_walk(self.walk) end
walk_end.__gc = walk_end.__close

--- Goes through the batches once, in a new order when shuffle is set: `for x, y in loader:iter() do`. With a number, so
-- many batches are left out at the start.
function DataLoader:iter(skip)
  local walk = new_walk(self, skip or 0)
  if not can_be_ahead(self) then
    walk.fused = fused(self)
    return function() return make_now(walk) end
  end
  walk.slots, walk.depth = {}, self.num_workers * self.prefetch_factor
  walk.parts = walk.transform and ahead.parts(walk.transform) or {}
  walk.keeps = self.persistent_workers
  walk.line = walk.keeps and self.line or feed.line(self.num_workers)
  if walk.keeps then self.line = walk.line end
  refill(walk)
  local guard = setmetatable({walk = walk}, walk_end)
  return function() return take_next(guard.walk) end, nil, nil, guard
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
