-- MNIST and CIFAR-10, which are fetched from the network when they are asked for.
--   MNIST: Y. LeCun, C. Cortes, C. J. C. Burges (70,000 handwritten digits, 28 x 28)
--   CIFAR-10: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009 (60,000 pictures, 32 x 32)

local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local fail = require "nnlua.fail"
local fetching = require "nnlua.data.fetch"
local path_of = require "nnlua.data.path"

local bytes, files = core.bytes, core.files
local remote = {}

local MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"

local mnist_files = {
  {"train", "train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
  {"test", "t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
}

-- A file in options.root (as it is), or fetched.
local function get(options, folder, url, sum)
  local name = url:match("[^/]+$")
  if options.root then
    local path = options.root .. "/" .. name
    if not path_of.exists(path) then fail.raise("data.load: %s is missing; it comes from %s", path, url) end
    return path
  end
  return fetching.fetch(url, {sha256 = sum, root = fetching.cache() .. "/" .. folder})
end

remote["mnist"] = function(options)
  local set = {classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}}
  for _, part in ipairs(mnist_files) do
    local image_path = get(options, "mnist", MNIST .. part[2], part[3])
    local label_path = get(options, "mnist", MNIST .. part[4], part[5])
    local images = files.read_idx("data.load", image_path, options.max_bytes)
    local labels = files.read_idx("data.load", label_path, options.max_bytes)
    if images:dim() ~= 3 or images.dtype ~= "uint8" then fail.raise("data.load: '%s' holds no pictures", image_path) end
    if labels:dim() ~= 1 or labels:size(1) ~= images:size(1) or labels:max():item() > 9 then
      fail.raise("data.load: '%s' does not fit '%s'", label_path, image_path)
    end
    set[part[1]] = dataset.ImageDataset(images, labels:long() + 1, set.classes)
  end
  return set
end

local CIFAR = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
local CIFAR_SUM = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
local ROW = 1 + 3 * 32 * 32

-- Where the files of a tar archive lie: {name = {from, size}}.
local function tar_files(s, path)
  local list, at = {}, 1
  while at + 511 <= #s do
    local name = s:sub(at, at + 99):match("^[^%z]*")
    if name == "" then break end
    local octal = s:sub(at + 124, at + 135):match("^ *([0-7]+)")
    local size = octal and tonumber(octal, 8)
    if not size or at + 511 + size > #s then fail.raise("data.load: '%s' is damaged", path) end
    list[name:match("[^/]*$")] = {at + 512, size}
    at = at + 512 + (size + 511) // 512 * 512
  end
  return list
end

remote["cifar-10"] = function(options)
  local path = get(options, "cifar-10", CIFAR, CIFAR_SUM)
  local packed = bytes.read_file("data.load", path, options.max_bytes)
  local s, fault = bytes.inflate(packed, 1, nil, options.max_bytes)
  if not s then fail.raise("data.load: '%s' does not unpack (%s)", path, fault) end
  local list = tar_files(s, path)
  local classes = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
  local function read(names)
    local parts = {}
    for i, name in ipairs(names) do
      local where = list[name]
      if not where or where[2] % ROW ~= 0 then fail.raise("data.load: '%s' lacks %s, or it is damaged", path, name) end
      parts[i] = bytes.from_bytes("data.load", s, where[1], "|u1", {where[2] // ROW, ROW})
    end
    local rows = core.tensor.cat(parts, 1)
    local labels = rows[{{}, 1}]:long() + 1
    if labels:max():item() > 10 then fail.raise("data.load: '%s' has a label beyond 10", path) end
    local images = rows:narrow(2, 2, ROW - 1):contiguous():reshape(-1, 3, 32, 32)
    return dataset.ImageDataset(images, labels, classes)
  end
  return {
    train = read {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
    test = read {"test_batch.bin"},
    classes = classes,
  }
end

return remote
