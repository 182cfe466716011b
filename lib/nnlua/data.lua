-- data: data sets, loaders, files. One file a part in data/; this one gathers them.

local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local fail = require "nnlua.fail"
local loader = require "nnlua.data.loader"
local signature = require "nnlua.signature"

local files = core.files

local data = {
  TensorDataset = dataset.TensorDataset,
  ImageDataset = dataset.ImageDataset,
  Subset = dataset.Subset,
  ConcatDataset = dataset.ConcatDataset,
  random_split = dataset.random_split,
  DataLoader = loader.DataLoader,
  default_collate = loader.default_collate,
}

-- Names of data sets and the files in data/ that know how to load them.
local sets = {["fashion-mnist"] = "fashion_mnist"}

local load_options = signature("data.load", "root:string?, max_bytes:amount=536870912")

--- Loads a data set by name: data.load("fashion-mnist") gives set.train and set.test (float32 1 x 28 x 28 in 0..1,
-- labels 1..10) and set.classes. Options: root (where its files are), max_bytes.
function data.load(name, options)
  local names = {}
  for known in pairs(sets) do names[#names + 1] = known end
  table.sort(names)
  if type(name) ~= "string" or not sets[name] then
    fail.raise("data.load: there is no data set %s%s", fail.show(name), fail.suggest(tostring(name), names))
  end
  return require("nnlua.data." .. sets[name])(load_options(options))
end

local read_options = signature("data.read_idx", "max_bytes:amount=536870912")

local function check_path(who, path)
  if type(path) ~= "string" or path == "" or path:find("\0", 1, true) then
    fail.raise("%s: expected the name of a file, got %s", who, fail.show(path))
  end
end

--- Reads an IDX file (plain or gzipped) as a tensor. Options: max_bytes (default 512 MiB).
function data.read_idx(path, options)
  check_path("data.read_idx", path)
  return files.read_idx("data.read_idx", path, read_options(options).max_bytes)
end

--- Writes a tensor as an IDX file (gzipped when the name ends in .gz), beside and renamed.
function data.write_idx(path, value)
  check_path("data.write_idx", path)
  if not core.tensor.is_tensor(value) then
    fail.raise("data.write_idx: expected a tensor, got %s", fail.show(value))
  end
  files.write_idx("data.write_idx", path, value)
end

return data
