-- How time grows: per sample, layer and parameter over three orders of magnitude, and per product at odd sizes beside
-- round ones. Best of several runs, one line a case; the last column is the cost of a unit against the cheapest of its
-- table.
--   nnlua tests/bench/growth.lua [--threads 1]

nnlua.threads(arg[1] == "--threads" and math.tointeger(arg[2]) or 1)
tensor.manual_seed(0)

local function best(f)
  local clock, least, stop = nnlua.clock, math.huge, nnlua.clock() + 0.3
  f()
  for i = 1, 1000000 do
    local t = clock()
    f()
    least = math.min(least, clock() - t)
    if i >= 5 and clock() > stop then break end
  end
  return least
end

local function step(net, x, y)
  local opt = optim.SGD(net:parameters(), {lr = 1e-3})
  return function()
    local loss = F.cross_entropy(net(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
end

-- Square layers begin as identities: as many of them as one likes pass values and gradients on. With the usual weights
-- gradients fade to denormal numbers after 90 layers, and a sum of those takes a processor many times as long.
local function mlp(depth, width)
  local layers = {nn.Linear(64, width)}
  for _ = 2, depth do
    layers[#layers + 1] = nn.ReLU()
    layers[#layers + 1] = nn.Linear(width, width)
  end
  layers[#layers + 1] = nn.Linear(width, 10)
  for i = 3, #layers - 1, 2 do nn.init.eye_(layers[i].weight) end
  return nn.Sequential(layers)
end

-- cases: {label, units, f}
local function show(title, unit, cases)
  print(title)
  local rows, cheapest = {}, math.huge
  for i, case in ipairs(cases) do
    local seconds = best(case[3])
    rows[i] = {case[1], seconds, seconds / case[2]}
    cheapest = math.min(cheapest, seconds / case[2])
  end
  for _, row in ipairs(rows) do
    local line = "  %-18s %12.1f us  %12.5f us %s  %6.2f"
    print(line:format(row[1], row[2] * 1e6, row[3] * 1e6, unit, row[3] / cheapest))
  end
end

local function classes(n) return tensor.randint(1, 11, {n}) end

local cases = {}
for _, n in ipairs{16, 64, 256, 1024, 4096, 16384} do
  cases[#cases + 1] = {"batch " .. n, n, step(mlp(2, 128), tensor.randn(n, 64), classes(n))}
end
show("training step of a small network, by batch", "a sample", cases)

cases = {}
for _, depth in ipairs{2, 8, 32, 128, 512, 2000} do
  cases[#cases + 1] = {depth .. " layers", depth, step(mlp(depth, 32), tensor.randn(32, 64), classes(32))}
end
show("by depth (layers of 32 on a batch of 32)", "a layer", cases)

cases = {}
for _, width in ipairs{64, 128, 256, 512, 1024, 2048} do
  local net, count = mlp(2, width), 0
  for _, p in ipairs(net:parameters()) do count = count + p:numel() end
  cases[#cases + 1] = {count .. " parameters", count, step(net, tensor.randn(64, 64), classes(64))}
end
show("by parameters (batch of 64)", "a parameter", cases)

cases = {}
for _, length in ipairs{100, 1000, 10000, 100000} do
  local a = tensor.ones(4, {requires_grad = true})
  cases[#cases + 1] = {"chain of " .. length, length, function()
    local x = a
    for _ = 1, length do x = x * 1.0001 end
    a.grad = nil
    x:sum():backward()
  end}
end
show("recording and walking a chain of small operations", "an operation", cases)

cases = {}
for _, n in ipairs{64, 65, 127, 128, 129, 512, 513} do
  local a, b = tensor.randn(n, n), tensor.randn(n, n)
  cases[#cases + 1] = {("%d x %d"):format(n, n), n ^ 3 / 1e6, function() return a:matmul(b) end}
end
show("square products", "a million multiply-adds", cases)

cases = {}
for _, n in ipairs{28, 29, 31, 32, 33} do
  local x, w = tensor.randn(8, 32, n, n), tensor.randn(32, 32, 3, 3)
  cases[#cases + 1] = {("%d x %d"):format(n, n), 8 * 32 * 32 * 9 * n ^ 2 / 1e6, function()
    return F.conv2d(x, w, nil, 1, 1)
  end}
end
show("convolutions, 32 to 32 channels, 3 x 3", "a million multiply-adds", cases)

cases = {}
for _, length in ipairs{8, 32, 128, 512, 2048} do
  local rnn, x = nn.LSTM(64, 64, {batch_first = true}), tensor.randn(8, length, 64)
  cases[#cases + 1] = {"length " .. length, length, function()
    local y = rnn(x)
    rnn:zero_grad()
    y:sum():backward()
  end}
end
show("LSTM of 64 units on a batch of 8, forward and back, by length", "a step in time", cases)

cases = {}
for _, length in ipairs{16, 64, 256, 1024, 4096} do
  local q = tensor.randn(1, 4, length, 32, {requires_grad = true})
  cases[#cases + 1] = {"length " .. length, length ^ 2 / 1e3, function()
    q.grad = nil
    F.scaled_dot_product_attention(q, q, q):sum():backward()
  end}
end
show("attention of 4 heads of 32, forward and back, by length", "a thousand pairs", cases)

cases = {}
for _, n in ipairs{63, 64, 65, 127, 128, 129, 511, 512, 513} do
  local x, w, b = tensor.randn(64, n), tensor.randn(n, n), tensor.randn(n)
  cases[#cases + 1] = {("%d to %d"):format(n, n), 64 * n ^ 2 / 1e6, function() return F.linear(x, w, b) end}
end
show("linear layers on a batch of 64", "a million multiply-adds", cases)

cases = {}
for _, n in ipairs{1000, 10000, 100000, 1000000, 10000000} do
  local x = tensor.randn(n)
  cases[#cases + 1] = {n .. " elements", n / 1e3, function() return x:exp():sum() end}
end
show("exp and sum, by elements", "a thousand elements", cases)

cases = {}
for _, n in ipairs{63, 64, 65, 127, 128, 129, 511, 512, 513} do
  local x = tensor.randn(1024, n)
  cases[#cases + 1] = {("1024 rows of %d"):format(n), 1024 * n / 1e3, function() return x:softmax(2) end}
end
show("softmax of rows", "a thousand elements", cases)
