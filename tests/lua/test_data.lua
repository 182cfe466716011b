-- Data sets, loaders, IDX files, metrics, the training loop.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, F, optim, data, metrics, train =
  nnlua.tensor, nnlua.nn, nnlua.F, nnlua.optim, nnlua.data, nnlua.metrics, nnlua.train

local disk = require "scratch"
local scratch, write, read_bytes = disk.path, disk.write, disk.read

-- ---- data sets ----------------------------------------------------------------------------------------------------

check.test("TensorDataset", function()
  local x, y = tensor.arange(12, {dtype = "float32"}):reshape(6, 2), tensor.arange(1, 7)
  local set = data.TensorDataset(x, y)
  check.equal(#set, 6)
  check.equal(set[2][1]:totable(), {2.0, 3.0})
  check.equal(set[-1][2]:item(), 6)
  check.equal(set[7], nil)
  check.error("positions count from 1", function() return set[0] end)
  local n = 0
  for i, sample in ipairs(set) do n = n + sample[2]:item() * i end
  check.equal(n, 91)
  check.error("first sizes differ", data.TensorDataset, x, tensor.zeros(5))
  check.error("expected a tensor", data.TensorDataset, x, 3)
end)

check.test("Subset, ConcatDataset, random_split", function()
  local set = data.TensorDataset(tensor.arange(10, {dtype = "float32"}), tensor.arange(1, 11))
  local sub = data.Subset(set, {10, 1})
  check.equal(#sub, 2)
  check.equal(sub[1][2]:item(), 10)
  for x, y in data.DataLoader(sub, {batch_size = 2}):iter() do
    check.equal(x:totable(), {9.0, 0.0})
    check.equal(y:totable(), {10, 1})
  end
  check.error("positions must be in 1..10", data.Subset, set, {11})
  local both = data.ConcatDataset({sub, set})
  check.equal(#both, 12)
  check.equal(both[3][2]:item(), 1)
  local a, b = data.random_split(set, {7, 3}, {seed = 1})
  check.equal({#a, #b}, {7, 3})
  local seen = {}
  for _, part in ipairs {a, b} do
    for _, sample in ipairs(part) do seen[#seen + 1] = sample[2]:item() end
  end
  table.sort(seen)
  check.equal(seen, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  local c, d = data.random_split(set, {0.75, 0.25}, {seed = 1})
  check.equal({#c, #d}, {8, 2})
  check.error("sum to 8", data.random_split, set, {5, 3})
end)

-- ---- loaders ------------------------------------------------------------------------------------------------------

local function numbers(loader)
  local list, sizes = {}, {}
  for x in loader:iter() do
    sizes[#sizes + 1] = x:size(1)
    for _, v in ipairs(x:flatten():totable()) do list[#list + 1] = v end
  end
  return list, sizes
end

check.test("DataLoader in order", function()
  local set = data.TensorDataset(tensor.arange(1, 11), tensor.arange(1, 11))
  local loader = data.DataLoader(set, {batch_size = 4})
  check.equal(#loader, 3)
  local list, sizes = numbers(loader)
  check.equal(list, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  check.equal(sizes, {4, 4, 2})
  local short = data.DataLoader(set, {batch_size = 4, drop_last = true})
  check.equal(#short, 2)
  check.equal(#numbers(short), 8)
  check.equal(#numbers(data.DataLoader({tensor.zeros(5, 1), tensor.zeros(5)})), 5)
  check.equal(numbers(data.DataLoader(tensor.arange(1, 4), {batch_size = 2})), {1, 2, 3})
  check.equal(numbers(data.DataLoader(data.TensorDataset(tensor.zeros(0, 2)))), {})
end)

check.test("shuffling", function()
  local set = data.TensorDataset(tensor.arange(1, 101))
  local function order(options)
    options.shuffle, options.batch_size = true, 7
    return numbers(data.DataLoader(set, options))
  end
  local a, b = order {seed = 3}, order {seed = 3}
  check.equal(a, b)
  local c = order {seed = 4}
  local same = 0
  for i = 1, 100 do if a[i] == c[i] then same = same + 1 end end
  check.ok(same < 20, same)
  table.sort(a)
  for i = 1, 100 do check.equal(a[i], i) end
  local loader = data.DataLoader(set, {shuffle = true, batch_size = 100, seed = 5})
  local first, second = numbers(loader), numbers(loader)
  local equal = true
  for i = 1, 100 do equal = equal and first[i] == second[i] end
  check.ok(not equal, "each walk has an order of its own")
  tensor.manual_seed(9)
  local d = order {}
  tensor.manual_seed(9)
  check.equal(order {}, d)
end)

check.test("samples from Lua", function()
  local set = setmetatable({}, {
    __len = function() return 5 end,
    __index = function(_, i)
      if type(i) == "number" and i >= 1 and i <= 5 then return {tensor.full({2}, i * 1.0), i, i % 2 == 0, "s" .. i} end
    end,
  })
  local rows = {}
  for x, y, even, name in data.DataLoader(set, {batch_size = 3}):iter() do
    rows[#rows + 1] = {x:size(1), y.dtype, y:totable(), even:totable(), name}
  end
  check.equal(rows[1], {3, "int64", {1, 2, 3}, {false, true, false}, {"s1", "s2", "s3"}})
  check.equal(rows[2], {2, "int64", {4, 5}, {true, false}, {"s4", "s5"}})
  local list = {{tensor{1}, 0.5}, {tensor{2}, 1.5}}
  for x, y in data.DataLoader(list, {batch_size = 2}):iter() do
    check.equal({x:totable(), y:totable()}, {{{1.0}, {2.0}}, {0.5, 1.5}})
  end
  local joined
  local counting = data.DataLoader(list, {batch_size = 2, collate_fn = function(s) return #s end})
  for batch in counting:iter() do joined = batch end
  check.equal(joined, 2)
end)

check.test("samplers", function()
  local set = data.TensorDataset(tensor.arange(1, 11))
  check.equal(numbers(data.DataLoader(set, {sampler = {3, 1, 2}, batch_size = 2})), {3, 1, 2})
  local list, sizes = numbers(data.DataLoader(set, {batch_sampler = {{1, 2, 3}, {10}}}))
  check.equal({list, sizes}, {{1, 2, 3, 10}, {3, 1}})
  check.error("exclude each other", data.DataLoader, set, {sampler = {1}, shuffle = true})
  check.error("row 11 of a set of 10", numbers, data.DataLoader(set, {sampler = {11}}))
end)

check.test("loader misuse", function()
  check.error("unknown option 'batchsize' (did you mean 'batch_size'?)", data.DataLoader, {tensor.zeros(1)},
    {batchsize = 3})
  check.error("expected a data set", data.DataLoader, 3)
  check.error("take set.train", data.DataLoader, {train = {}, test = {}})
  check.error("batch_size must be", data.DataLoader, {tensor.zeros(1)}, {batch_size = 0})
end)

-- ---- IDX ----------------------------------------------------------------------------------------------------------

check.test("IDX files, every type", function()
  for _, dtype in ipairs {"uint8", "int64", "float32", "float64"} do
    local t = tensor({{1, 2, 3}, {4, 5, 200}}, {dtype = dtype})
    for _, suffix in ipairs {"", ".gz"} do
      local path = scratch .. suffix
      data.write_idx(path, t)
      check.equal(data.read_idx(path), t)
      if suffix == ".gz" then os.remove(path) end
    end
  end
  check.equal(data.read_idx(write("\0\0\x0B\1\0\0\0\2\xff\xfe\x01\x00")):totable(), {-2, 256})
  check.equal(data.read_idx(write("\0\0\x09\1\0\0\0\2\xff\x05")):totable(), {-1, 5})
  data.write_idx(scratch, tensor({{1, 2}, {3, 4}}, {dtype = "uint8"}):t())
  check.equal(data.read_idx(scratch):totable(), {{1, 3}, {2, 4}})
  check.equal({data.read_idx(write("\0\0\x08\2\0\0\0\0\0\0\0\5")):size()}, {0, 5})
end)

check.test("damaged IDX files", function()
  local bad = {
    {"", "truncated"}, {"\0\0\x08", "truncated"}, {"\1\0\x08\1\0\0\0\1a", "not an IDX file"},
    {"\0\0\x07\1\0\0\0\1a", "not an IDX file"}, {"\0\0\x08\0", "0 dimensions"}, {"\0\0\x08\xff", "255 dimensions"},
    {"\0\0\x08\1\0\0\0\4abc", "truncated: 1 bytes are missing"}, {"\0\0\x08\1\0\0\0\2abc", "goes on after"},
    {"\0\0\x08\2\xff\xff\xff\xff\xff\xff\xff\xff", "more than max_bytes"},
    {"\0\0\x0E\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "more than max_bytes"},
    {"\0\0\x08\2\0\0\0\2", "truncated"},
  }
  for _, case in ipairs(bad) do
    local message = check.error(case[2], data.read_idx, write(case[1]))
    check.ok(message:find("data.read_idx: ", 1, true), message)
  end
  check.error("max_bytes = 3", data.read_idx, write("\0\0\x08\1\0\0\0\4abcd"), {max_bytes = 3})
  check.error("cannot open", data.read_idx, scratch .. ".nowhere")
  check.error("expected the name of a file", data.read_idx, 3)
  check.error("0-dim", data.write_idx, scratch, tensor(3))
  check.error("does not fit", data.write_idx, scratch, tensor({2 ^ 40}, {dtype = "int64"}))
  check.error("cannot write", data.write_idx, "/nowhere/x.idx", tensor{1})
end)

check.test("damaged gzip files", function()
  local path = scratch .. ".gz"
  data.write_idx(path, tensor.arange(5000))
  local whole = read_bytes(path)
  os.remove(path)
  for _, n in ipairs {5, 12, 40, #whole // 2, #whole - 9, #whole - 1} do
    local ok, message = pcall(data.read_idx, write(whole:sub(1, n)))
    check.ok(not ok and (message:find("truncated") or message:find("damaged") or message:find("not an IDX")), n)
  end
  local random = 12345
  for _ = 1, 200 do -- a byte changed anywhere: an error, or the flags of the gzip header
    random = (random * 1103515245 + 12345) % 2 ^ 31
    local at = 11 + random % (#whole - 11)
    local damaged = whole:sub(1, at - 1) .. string.char(whole:byte(at) ~ 0x55) .. whole:sub(at + 1)
    check.ok(not pcall(data.read_idx, write(damaged)), at)
  end
end)

-- ---- Fashion-MNIST ------------------------------------------------------------------------------------------------

check.test("data.load", function()
  check.error("did you mean 'fashion-mnist'?", data.load, "fashion_mnist")
  check.error("apt install dataset-fashion-mnist", data.load, "fashion-mnist", {root = "/nowhere"})
  check.error("unknown option", data.load, "fashion-mnist", {rot = "/nowhere"})
end)

check.test("a small set of the same kind", function()
  local root = os.tmpname()
  os.remove(root)
  assert(os.execute("mkdir " .. root))
  local function part(name, n)
    data.write_idx(root .. "/" .. name .. "-images-idx3-ubyte.gz",
      tensor.arange(n * 4):reshape(n, 2, 2):to("uint8"))
    data.write_idx(root .. "/" .. name .. "-labels-idx1-ubyte.gz", tensor.arange(n):remainder(10):to("uint8"))
  end
  part("train", 20)
  part("t10k", 10)
  local set = data.load("fashion-mnist", {root = root})
  check.equal({#set.train, #set.test, #set.classes}, {20, 10, 10})
  local sample = set.train[3]
  check.equal({sample[1]:size()}, {1, 2, 2})
  check.equal(sample[2], 3)
  check.close(sample[1]:flatten():totable(), {8 / 255, 9 / 255, 10 / 255, 11 / 255})
  check.equal(set.classes[sample[2]], "Pullover")
  for x, y in data.DataLoader(set.train, {batch_size = 20}):iter() do
    check.equal({x.dtype, y.dtype}, {"float32", "int64"})
    check.equal({x:size()}, {20, 1, 2, 2})
    check.close(x[3], sample[1], 1e-7)
    check.equal({y:min():item(), y:max():item()}, {1, 10})
  end
  data.write_idx(root .. "/t10k-labels-idx1-ubyte.gz", tensor.arange(3):to("uint8"))
  check.error("does not fit", data.load, "fashion-mnist", {root = root})
  os.execute("rm -r " .. root)
end)

local installed = io.open("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")
if installed then
  installed:close()
  check.test("Fashion-MNIST as Debian has it", function()
    local set = data.load("fashion-mnist")
    check.equal({#set.train, #set.test}, {60000, 10000})
    for label = 1, 10 do check.equal(set.train.targets:eq(label):sum():item(), 6000) end
    check.equal(set.train[1][2], 10)
    check.close(set.train.data:to("float32"):mean():item() / 255, 0.2860, 1e-4)
  end)
end

-- ---- metrics and training -----------------------------------------------------------------------------------------

check.test("accuracy", function()
  local logits = tensor{{1, 2, 0}, {3, 1, 1}, {0, 0, 9}, {5, 6, 7}}
  local labels = tensor({2, 1, 3, 1}, {dtype = "int64"})
  check.equal(metrics.accuracy(logits, labels), 0.75)
  check.equal(metrics.accuracy(logits:argmax(2), labels), 0.75)
  check.error("do not fit", metrics.accuracy, tensor.zeros(3, 2), labels)
  check.error("expected a tensor", metrics.accuracy, logits, 3)
end)

check.test("train.fit learns", function()
  tensor.manual_seed(1)
  local x = tensor.randn(400, 2)
  local y = x[{{}, 1}]:mul(x[{{}, 2}]):gt(0):to("int64") + 1
  local net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2))
  local rows = {}
  local history = train.fit(net, data.DataLoader({x, y}, {batch_size = 20, shuffle = true}), {
    loss = F.cross_entropy, optimizer = optim.Adam(net:parameters(), {lr = 0.02}), epochs = 15,
    val = data.TensorDataset(x, y), quiet = true, callback = function(row) rows[#rows + 1] = row.epoch end,
  })
  check.equal(#history, 15)
  check.equal(#rows, 15)
  check.ok(history[15].val_accuracy > 0.93, history[15].val_accuracy)
  check.ok(history[15].loss < history[1].loss)
  check.equal(net.training, true)
  local judged = train.evaluate(net, {x, y}, {loss = F.cross_entropy})
  check.close({judged.accuracy, judged.loss}, {history[15].val_accuracy, history[15].val_loss}, 1e-5)
  local stopped = train.fit(net, {x, y}, {loss = F.cross_entropy, epochs = 5, quiet = true,
    optimizer = optim.SGD(net:parameters()), callback = function() return false end})
  check.equal(#stopped, 1)
  check.error("loss is missing", train.fit, net, {x, y}, {optimizer = optim.SGD(net:parameters())})
  check.error("expected a module", train.fit, 3, {x, y}, {loss = F.mse_loss, optimizer = optim.SGD(net:parameters())})
end)

os.remove(scratch)
check.done()
