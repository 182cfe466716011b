-- Our side of the speed table: each workload in Lua as a user would write it, under the name that peer_torch.py and
-- peer_jax.py give it, timed as they time theirs. compare runs all three in turn; it knows the machine, this doesn't.
--   nnlua tests/bench/workloads.lua [--threads 2] [--seconds 0.5] [--batch N] [--only NAME]...     JSON, one a line
--   nnlua tests/bench/workloads.lua --check DIR [--only NAME]...        losses of 5 steps from peer_torch.py's weights
--   nnlua tests/bench/workloads.lua --count N --only NAME               nothing but N runs, for counting instructions

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local Cnn = require "clothes"
local timing = require "timing"
local text = table.concat

-- ---- arguments ----------------------------------------------------------------------------------------------------

local threads, seconds, only, check, count, batch = 2, 0.5, {}, nil, nil, nil
do
  local i = 1
  local function value()
    i = i + 1
    return arg[i] or error(arg[i - 1] .. " needs a value")
  end
  while i <= #arg do
    if arg[i] == "--threads" then
      threads = math.tointeger(value())
    elseif arg[i] == "--seconds" then
      seconds = tonumber(value())
    elseif arg[i] == "--only" then
      only[#only + 1] = value()
    elseif arg[i] == "--check" then
      check = value()
    elseif arg[i] == "--count" then
      count = math.tointeger(value())
    elseif arg[i] == "--batch" then
      batch = math.tointeger(value())
    else
      error("unknown argument " .. arg[i])
    end
    i = i + 1
  end
end
nnlua.threads(threads)
tensor.manual_seed(0)

-- ---- where weights and inputs come from ---------------------------------------------------------------------------

-- Given by the peer under --check, else made here. `given` holds what the file of the workload has.
local given

local function input(name, make)
  if not given then return make() end
  return given[name] or error("the file has no " .. name)
end

-- Random numbers within a step: the same ones in each step under --check.
local function noise(name, ...)
  if given then return given[name] or error("the file has no " .. name) end
  return tensor.randn(...)
end

local function model(name, m)
  if not given then return m end
  local state, prefix = {}, name .. "."
  for key, t in pairs(given) do
    if key:sub(1, #prefix) == prefix then state[key:sub(#prefix + 1)] = t end
  end
  m:load_state_dict(state)
  return m
end

-- Labels count from 1 here.
local function labels(classes, ...)
  local size = {...}
  return input("y", function() return tensor.randint(1, classes + 1, size) end)
end

local function step(loss_of, opt)
  return function()
    local loss = loss_of()
    opt:zero_grad()
    loss:backward()
    opt:step()
    return loss
  end
end

-- ---- the work -----------------------------------------------------------------------------------------------------

local names, work = {}, {}
local function workload(name, make)
  names[#names + 1] = name
  work[name] = make
end

workload("op_add", function()
  local a, b = tensor.randn(10), tensor.randn(10)
  return function() return a + b end
end)

workload("op_backward", function()
  local a, b = tensor.randn(10, {requires_grad = true}), tensor.randn(10)
  return function()
    a.grad = nil
    (a * b):sum():backward()
  end
end)

workload("exp_1m", function()
  local x = tensor.randn(1000000)
  return function() return x:exp() end
end)

workload("softmax_1024x1024", function()
  local x = tensor.randn(1024, 1024)
  return function() return x:softmax(-1) end
end)

workload("sum0_2048x2048", function()
  local x = tensor.randn(2048, 2048)
  return function() return x:sum(1) end
end)

for _, n in ipairs{64, 256, 1024} do
  workload("gemm_" .. n, function()
    local a, b = tensor.randn(n, n), tensor.randn(n, n)
    return function() return a:matmul(b) end
  end)
end

workload("xor_step", function() -- 2-16-1 tanh, SGD, batch 4
  local net = model("net", nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid()))
  local x, y = tensor{{0, 0}, {0, 1}, {1, 0}, {1, 1}}, tensor{{0}, {1}, {1}, {0}}
  return step(function() return F.binary_cross_entropy(net(x), y) end, optim.SGD(net:parameters(), {lr = 0.1}))
end)

workload("mlp_step", function() -- 784-128-10, batch 64
  local n = batch or 64
  local net = model("net", nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)))
  local x, y = input("x", function() return tensor.randn(n, 784) end), labels(10, n)
  return step(function() return F.cross_entropy(net(x), y) end, optim.Adam(net:parameters(), {lr = 1e-3}))
end)

workload("cnn_step", function() -- batch 64
  local n = batch or 64
  local net = model("net", Cnn())
  local x, y = input("x", function() return tensor.randn(n, 1, 28, 28) end), labels(10, n)
  return step(function() return F.cross_entropy(net(x), y) end, optim.Adam(net:parameters(), {lr = 1e-3}))
end)

workload("cnn_infer_b1", function()
  local net, x = Cnn():eval(), tensor.randn(1, 1, 28, 28)
  return function()
    return tensor.no_grad(function() return net(x) end)
  end
end)

local Residual = nn.class("Residual")
function Residual:init(c)
  self.conv1 = nn.Conv2d(c, c, 3, {padding = 1, bias = false})
  self.norm1 = nn.BatchNorm2d(c)
  self.conv2 = nn.Conv2d(c, c, 3, {padding = 1, bias = false})
  self.norm2 = nn.BatchNorm2d(c)
end
function Residual:forward(x)
  local y = F.relu(self.norm1(self.conv1(x)))
  return F.relu(self.norm2(self.conv2(y)) + x)
end

workload("resnet_step", function() -- stem and 3 residual blocks of 32 channels on 32 x 32, batch 32
  local n = batch or 32
  local stem = nn.Conv2d(3, 32, 3, {padding = 1, bias = false})
  local net = model("net", nn.Sequential(stem, nn.BatchNorm2d(32), nn.ReLU(),
    Residual(32), Residual(32), Residual(32), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)))
  local x, y = input("x", function() return tensor.randn(n, 3, 32, 32) end), labels(10, n)
  return step(function() return F.cross_entropy(net(x), y) end,
    optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9}))
end)

local CharLSTM = nn.class("CharLSTM")
function CharLSTM:init(vocab, hidden)
  self.embed = nn.Embedding(vocab, hidden)
  self.rnn = nn.LSTM(hidden, hidden, {batch_first = true})
  self.out = nn.Linear(hidden, vocab)
end
function CharLSTM:forward(ids) return self.out((self.rnn(self.embed(ids)))) end

if nn.LSTM then
  workload("lstm_step", function() -- a model of characters: vocabulary 65, hidden 128, batch 32, 64 steps in time
    local n = batch or 32
    local net = model("net", CharLSTM(65, 128))
    local x, y = input("x", function() return tensor.randint(1, 66, {n, 64}) end), labels(65, n, 64)
    return step(function() return F.cross_entropy(net(x):reshape(-1, 65), y:reshape(-1)) end,
      optim.Adam(net:parameters(), {lr = 1e-3}))
  end)
end

if nn.TransformerEncoderLayer then
  workload("transformer_step", function() -- one encoder layer: width 128, 4 heads, batch 16, 64 tokens
    local n = batch or 16
    local net = model("net", nn.TransformerEncoderLayer(128, 4, 512, {dropout = 0.0, batch_first = true}))
    local x = input("x", function() return tensor.randn(n, 64, 128) end)
    return step(function() return net(x):pow(2):mean() end, optim.Adam(net:parameters(), {lr = 1e-3}))
  end)
end

workload("gan_step", function() -- on 784, batch 64: a step of D, a step of G
  local n = batch or 64
  local g = model("g", nn.Sequential(nn.Linear(100, 256), nn.LeakyReLU(0.2), nn.Linear(256, 784), nn.Tanh()))
  local d = model("d", nn.Sequential(nn.Linear(784, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1)))
  local opt_g, opt_d = optim.Adam(g:parameters(), {lr = 2e-4}), optim.Adam(d:parameters(), {lr = 2e-4})
  local real = input("x", function() return tensor.randn(n, 784) end)
  local one, zero = tensor.ones(n, 1), tensor.zeros(n, 1)
  local bce = F.binary_cross_entropy_with_logits
  return function()
    local fake = g(noise("z", n, 100))
    local loss_d = bce(d(real), one) + bce(d(fake:detach()), zero)
    opt_d:zero_grad()
    loss_d:backward()
    opt_d:step()
    local loss_g = bce(d(fake), one)
    opt_g:zero_grad()
    loss_g:backward()
    opt_g:step()
    return loss_d + loss_g
  end
end)

local Vae = nn.class("Vae")
function Vae:init()
  self.enc, self.mu, self.lv = nn.Linear(784, 256), nn.Linear(256, 20), nn.Linear(256, 20)
  self.dec, self.out = nn.Linear(20, 256), nn.Linear(256, 784)
end
function Vae:forward(x)
  local h = F.relu(self.enc(x))
  local a, b = self.mu(h), self.lv(h)
  local z = a + (0.5 * b):exp() * noise("z", x:size(1), 20)
  return self.out(F.relu(self.dec(z))), a, b
end

workload("vae_step", function() -- 784-256-(2 x 20)-256-784, batch 64
  local n = batch or 64
  local net = model("net", Vae())
  local x = input("x", function() return tensor.rand(n, 784) end)
  return step(function()
    local logits, a, b = net(x)
    local rebuilt = F.binary_cross_entropy_with_logits(logits, x, {reduction = "sum"})
    return (rebuilt - 0.5 * (1 + b - a * a - b:exp()):sum()) / n
  end, optim.Adam(net:parameters(), {lr = 1e-3}))
end)

-- ---- timing -------------------------------------------------------------------------------------------------------

-- Blocks of about 10 ms until `seconds` and 5 blocks have passed, as the peers do it.
local function timed(run) return timing(run, seconds, 0.01, 5) end

-- Highest resident memory of this process in MB, where the system tells.
local function resident()
  local f = io.open("/proc/self/status")
  if not f then return 0 end
  local kb = f:read("a"):match("VmHWM:%s*(%d+)")
  f:close()
  return tonumber(kb or 0) / 1024
end

local function chosen()
  for _, name in ipairs(only) do
    if not work[name] then error("no workload is called " .. name) end
  end
  return #only > 0 and only or names
end

if check then
  for _, name in ipairs(chosen()) do
    local path = check .. "/" .. name .. ".safetensors"
    local file = io.open(path)
    if file then
      file:close()
      given = nn.load(path)
      for _, key in ipairs{"x", "y"} do
        if given[key] and given[key].dtype == "int64" then given[key] = given[key] + 1 end
      end
      local run, losses = work[name](), {}
      for i = 1, 5 do losses[i] = ("%.9g"):format(run():item()) end
      print(('{"name": "%s", "losses": [%s]}'):format(name, text(losses, ", ")))
    end
  end
elseif count then
  local run = work[chosen()[1]]()
  for _ = 1, count do run() end
else
  for _, name in ipairs(chosen()) do
    local best, median = timed(work[name]())
    local _, peak = nnlua.memory()
    print(('{"name": "%s", "best_us": %.3f, "median_us": %.3f, "threads": %d, "tensor_mb": %.1f, "rss_mb": %.1f}')
      :format(name, best, median, threads, peak / 2 ^ 20, resident()))
  end
end
