-- Fashion-MNIST: 70,000 pictures of clothes, 28 x 28 grey, in 10 classes (Zalando Research; Debian packages it).

local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local fail = require "nnlua.fail"

local files = core.files
local HERE = "/usr/share/datasets/fashion-mnist"

local classes = {
  "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
}

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- One half: pictures and labels, which must belong together.
local function read(root, part, max_bytes)
  local image_path = ("%s/%s-images-idx3-ubyte.gz"):format(root, part)
  local label_path = ("%s/%s-labels-idx1-ubyte.gz"):format(root, part)
  for _, path in ipairs {image_path, label_path} do
    if not exists(path) then
      fail.raise("data.load: %s is missing; install it with: apt install dataset-fashion-mnist", path)
    end
  end
  local images = files.read_idx("data.load", image_path, max_bytes)
  local labels = files.read_idx("data.load", label_path, max_bytes)
  if images:dim() ~= 3 or images.dtype ~= "uint8" then fail.raise("data.load: '%s' holds no pictures", image_path) end
  if labels:dim() ~= 1 or labels:size(1) ~= images:size(1) or labels.dtype ~= "uint8" then
    fail.raise("data.load: '%s' does not fit '%s'", label_path, image_path)
  end
  labels = labels:to("int64") + 1
  if labels:numel() > 0 and labels:max():item() > #classes then
    fail.raise("data.load: '%s' has a label beyond %d", label_path, #classes)
  end
  return dataset.ImageDataset(images, labels, classes)
end

--- Loads both halves: {train, test, classes}.
return function(options)
  local root = options.root or HERE
  return {
    train = read(root, "train", options.max_bytes),
    test = read(root, "t10k", options.max_bytes),
    classes = classes,
  }
end
