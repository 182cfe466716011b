-- Ways to part a data set: train and test, folds. All give Subsets. Knows nothing of loaders and networks.

local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor, files = core.tensor, core.files
local splits = {}

--- The labels of a data set as an int64 tensor: its targets, its second tensor, or the second field of each sample.
function splits.labels_of(who, set)
  local labels
  if type(set) == "table" and getmetatable(set) == dataset.Subset then
    local inner = splits.labels_of(who, set.dataset)
    labels = files.batch(inner, set.indices, 1, set.indices:size(1), inner.dtype)
  elseif type(set) == "table" and tensor.is_tensor(set.targets) then
    labels = set.targets
  elseif type(set) == "table" and type(set.tensors) == "table" then
    labels = set.tensors[2]
  else
    local list = {}
    for i = 1, #expect.dataset(who, set) do
      local sample = set[i]
      local y = (type(sample) == "table" or tensor.is_tensor(sample) and sample:dim() > 0) and sample[2] or nil
      if y == nil then fail.raise("%s: the data set has no labels (one number a sample)", who) end
      list[i] = tensor.is_tensor(y) and y:item() or y
    end
    labels = #list > 0 and tensor(list, {dtype = "int64"}) or tensor.zeros(0, {dtype = "int64"})
  end
  if not labels or labels:dim() ~= 1 then
    fail.raise("%s: the data set has no labels (one number a sample)", who)
  end
  return labels:to("int64"):contiguous()
end

-- Labels that an option names: a tensor, a list, or true for those of the data set.
local function labels_option(who, option, set)
  if option == true then return splits.labels_of(who, set) end
  local labels = type(option) == "table" and tensor(option, {dtype = "int64"}) or option
  if not tensor.is_tensor(labels) or labels:dim() ~= 1 or labels:size(1) ~= #set then
    fail.raise("%s: expected one label for each of %d samples, got %s", who, #set,
      tensor.is_tensor(labels) and "shape [" .. table.concat({labels:size()}, ", ") .. "]" or fail.show(labels))
  end
  return labels:to("int64")
end

-- Positions 1..n, shuffled when asked for, in lists by class; classes in rising order.
local function by_class(labels, order)
  local lists, keys = {}, {}
  local numbers = labels:totable()
  for _, i in ipairs(order) do
    local key = numbers[i]
    if not lists[key] then
      lists[key] = {}
      keys[#keys + 1] = key
    end
    table.insert(lists[key], i)
  end
  table.sort(keys)
  for k, key in ipairs(keys) do keys[k] = lists[key] end
  return keys
end

local function order_of(n, shuffle, generator)
  if shuffle then return tensor.randperm(n, {generator = generator}):totable() end
  local order = {}
  for i = 1, n do order[i] = i end
  return order
end

local split_options = signature("train_test_split", "test_size:number=0.25, shuffle:bool=true, stratify:any?, "
  .. "generator:any?, seed:int?")

--- Parts a data set in two: local train, test = data.train_test_split(set, {test_size = 0.2, stratify = true, seed =
-- 1}). test_size is a share below 1 or a number of samples; stratify (true, or labels) keeps the share of each class
-- in both; shuffle = false takes the last samples for the test, as series in time need it.
--     local train, test = data.train_test_split(data.load("iris"), {test_size = 0.2, stratify = true, seed = 1})
--     #train, #test
--     --> 120	30
function splits.train_test_split(set, options)
  local o = split_options(options)
  if tensor.is_tensor(set) or type(set) == "table" and not getmetatable(set) and tensor.is_tensor(set[1]) then
    set = dataset.TensorDataset(set)
  end
  local n = #expect.dataset("train_test_split", set)
  local size = o.test_size < 1 and math.floor(n * o.test_size + 0.5) or math.tointeger(o.test_size)
  if not size or size < 1 or size >= n then
    fail.raise("train_test_split: test_size %s of %d samples leaves one part empty", tostring(o.test_size), n)
  end
  local order = order_of(n, o.shuffle, dataset.generator(o))
  local train, test = {}, {}
  if o.stratify then
    local share, sum, taken = size / n, 0, 0
    for _, list in ipairs(by_class(labels_option("train_test_split", o.stratify, set), order)) do
      sum = sum + #list * share
      local k = math.floor(sum - taken + 0.5)
      taken = taken + k
      for j, i in ipairs(list) do table.insert(j <= k and test or train, i) end
    end
    table.sort(train)
    table.sort(test)
  else
    for j, i in ipairs(order) do table.insert(j <= n - size and train or test, i) end
  end
  return dataset.Subset(set, train), dataset.Subset(set, test)
end

local fold_options = signature("kfold", "k:count=5, shuffle:bool=true, stratify:any?, generator:any?, seed:int?")

--- Goes through k ways of parting a data set, each sample in one validation part: for train, val, fold in
-- data.kfold(set, {k = 5, seed = 1}) do ... end. Options: k, shuffle, stratify (true, or labels: each part has the
-- classes' shares), seed or generator.
--     local sizes = {}
--     for train, val, fold in data.kfold(data.load("iris"), {k = 4}) do sizes[fold] = #val end
--     table.concat(sizes, " ")
--     --> 38 38 37 37
function splits.kfold(set, ...)
  local o = fold_options(...)
  if tensor.is_tensor(set) or type(set) == "table" and not getmetatable(set) and tensor.is_tensor(set[1]) then
    set = dataset.TensorDataset(set)
  end
  local n = #expect.dataset("kfold", set)
  if o.k < 2 or o.k > n then fail.raise("kfold: k must be from 2 to %d, the number of samples, got %d", n, o.k) end
  local order = order_of(n, o.shuffle, dataset.generator(o))
  local fold_of = {}
  if o.stratify then
    local at = 0
    for _, list in ipairs(by_class(labels_option("kfold", o.stratify, set), order)) do
      for _, i in ipairs(list) do
        fold_of[i] = at % o.k + 1
        at = at + 1
      end
    end
  else -- the first n % k folds have one more
    local at = 0
    for f = 1, o.k do
      for _ = 1, n // o.k + (f <= n % o.k and 1 or 0) do
        at = at + 1
        fold_of[order[at]] = f
      end
    end
  end
  local fold = 0
  return function()
    if fold == o.k then return nil end
    fold = fold + 1
    local train, val = {}, {}
    for i = 1, n do table.insert(fold_of[i] == fold and val or train, i) end
    return dataset.Subset(set, train), dataset.Subset(set, val), fold
  end
end

local window_options = signature("windows", "input:count, horizon:count=1, step:count=1")

--- Windows of a series as a data set: sample i is {values[i .. i + input - 1], the horizon values that follow}:
-- data.windows(tensor.arange(5), 3)[1] is {{0, 1, 2}, {3}}. The series is [N] or [N, D]. Options: horizon, step.
--     local set = data.windows(tensor.arange(5, {dtype = "float32"}), 3)
--     #set, set[1][1], set[1][2]
--     --> 2	{0, 1, 2}	{3}
function splits.windows(values, ...)
  local o = window_options(...)
  if not tensor.is_tensor(values) or values:dim() < 1 then
    fail.raise("windows: expected a series as a tensor, got %s", fail.show(values))
  end
  local n = (values:size(1) - o.input - o.horizon) // o.step + 1
  if n < 1 then
    fail.raise("windows: a series of %d is too short for windows of %d and %d", values:size(1), o.input, o.horizon)
  end
  local xs, ys = {}, {}
  for i = 1, n do
    local from = (i - 1) * o.step + 1
    xs[i], ys[i] = values:narrow(1, from, o.input), values:narrow(1, from + o.input, o.horizon)
  end
  return dataset.TensorDataset(tensor.stack(xs, 1), tensor.stack(ys, 1))
end

return splits
