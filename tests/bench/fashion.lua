-- The whole of a small project: Fashion-MNIST read, the network of cnn_step trained and tested, from the start of the
-- program to its end. fashion_torch.py does the same.
--   nnlua tests/bench/fashion.lua [--threads 2] [--epochs 3]      one JSON object a line

local begin = nnlua.clock()
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local Cnn = require "clothes"
local options = {threads = 2, epochs = 3}
for i = 1, #arg, 2 do options[arg[i]:sub(3)] = math.tointeger(arg[i + 1]) or error("a number is missing") end
nnlua.threads(options.threads)
tensor.manual_seed(0)

local function say(format, ...) print("{" .. format:format(...) .. "}") end

local t = nnlua.clock()
local set = data.load("fashion-mnist")
local train_loader = data.DataLoader(set.train, {batch_size = 64, shuffle = true})
local test_loader = data.DataLoader(set.test, {batch_size = 100})
say('"line": "load", "seconds": %.2f', nnlua.clock() - t)

local net = Cnn()
local opt = optim.Adam(net:parameters(), {lr = 1e-3})
for epoch = 1, options.epochs do
  t = nnlua.clock()
  for x, y in train_loader:iter() do
    local loss = F.cross_entropy(net(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
  local trained, right = nnlua.clock() - t, 0
  t = nnlua.clock()
  tensor.no_grad(function()
    for x, y in test_loader:iter() do right = right + net(x):argmax(2):eq(y):sum():item() end
  end)
  say('"line": "epoch", "epoch": %d, "train_seconds": %.2f, "test_seconds": %.2f, "accuracy": %.4f', epoch, trained,
    nnlua.clock() - t, right / #set.test)
end

local status = io.open("/proc/self/status")
local peak = status and tonumber(status:read("a"):match("VmHWM:%s*(%d+)")) or 0
say('"line": "total", "seconds": %.2f, "peak_rss_mb": %.0f, "threads": %d', nnlua.clock() - begin, peak / 1024,
  options.threads)
