-- data: data sets, loaders, files. One file a part in data/; this one gathers them.

local core = require "nnlua.core"
local csv = require "nnlua.data.csv"
local dataset = require "nnlua.data.dataset"
local fail = require "nnlua.fail"
local loader = require "nnlua.data.loader"
local paths = require "nnlua.data.path"
local signature = require "nnlua.signature"
local splits = require "nnlua.data.splits"
local samplers = require "nnlua.data.sampler"
local tables = require "nnlua.data.table"
local transforms = require "nnlua.data.transforms"

local files = core.files

local data = {
  TensorDataset = dataset.TensorDataset,
  ImageDataset = dataset.ImageDataset,
  Subset = dataset.Subset,
  ConcatDataset = dataset.ConcatDataset,
  from_function = dataset.from_function,
  random_split = dataset.random_split,
  train_test_split = splits.train_test_split,
  kfold = splits.kfold,
  windows = splits.windows,
  ImageFolder = require "nnlua.data.image_folder",
  fetch = require("nnlua.data.fetch").fetch,
  DataLoader = loader.DataLoader,
  default_collate = loader.default_collate,
  pad_collate = loader.pad_collate,
  Table = tables.Table,
  transforms = transforms,
  read_csv = csv.read_csv,
  write_csv = csv.write_csv,
}

for _, part in ipairs {require "nnlua.data.npy", (require "nnlua.data.media")} do
  for name, f in pairs(part) do data[name] = f end
end
for name, class in pairs(samplers) do data[name] = class end

-- Names of data sets and the files in data/ that know how to load them.
local sets = {["fashion-mnist"] = "fashion_mnist", ["tang-poems"] = "tang_poems"}
for _, name in ipairs {"iris", "wine", "breast-cancer", "digits", "karate-club", "sunspots", "airline-passengers"} do
  sets[name] = "facts"
end
sets["mnist"], sets["cifar-10"] = "remote", "remote"

local load_options = signature("data.load", "root:string?, max_bytes:amount=536870912")

--- Loads a data set by name. data.load("fashion-mnist") gives set.train and set.test (float32 1 x 28 x 28 in 0..1,
-- labels 1..10) and set.classes. "iris", "wine", "breast-cancer" and "digits" are data sets of their own (#set,
-- set[i], set.x, set.y, set.classes, set.features) with set.train and set.test (four fifths and one fifth of each
-- class). "karate-club" is a graph: num_nodes, edges [78, 2], weights, adjacency, y. "sunspots" and
-- "airline-passengers" are series: values, times, period, train (the first four fifths), test. "mnist" and "cifar-10"
-- are as "fashion-mnist" and come from the network once. "tang-poems" has poems (title, author, lines, text) and text.
-- Options: root (where its files are), max_bytes.
--     local iris = data.load("iris")
--     #iris, iris.x.shape, iris.classes[1]
--     --> 150	{150, 4}	setosa
function data.load(name, options)
  local names = {}
  for known in pairs(sets) do names[#names + 1] = known end
  table.sort(names)
  if type(name) ~= "string" or not sets[name] then
    fail.raise("data.load: there is no data set %s%s", fail.show(name), fail.suggest(tostring(name), names))
  end
  local load = require("nnlua.data." .. sets[name])
  return (type(load) == "table" and load[name] or load)(load_options(options))
end

local read_options = signature("data.read_idx", "max_bytes:amount=536870912")


--- Reads an IDX file (plain or gzipped) as a tensor. Options: max_bytes (default 512 MiB).
--     data.write_idx("/tmp/nnlua-example.idx", tensor({{1, 2}, {3, 4}}, {dtype = "uint8"}))
--     data.read_idx("/tmp/nnlua-example.idx")
--     --> {{1, 2}, {3, 4}}
function data.read_idx(path, options)
  paths.check("data.read_idx", path)
  return files.read_idx("data.read_idx", path, read_options(options).max_bytes)
end

--- Writes a tensor as an IDX file (gzipped when the name ends in .gz), beside and renamed.
--     data.write_idx("/tmp/nnlua-example.idx.gz", tensor{0.5, 1})
--     data.read_idx("/tmp/nnlua-example.idx.gz")
--     --> {0.5, 1}
function data.write_idx(path, value)
  paths.check("data.write_idx", path)
  if not core.tensor.is_tensor(value) then
    fail.raise("data.write_idx: expected a tensor, got %s", fail.show(value))
  end
  files.write_idx("data.write_idx", path, value)
end

return data
