-- Residual networks: why twenty layers learn worse than a few, what `+ x` changes, and where exactly it has to stand.
--
--   nnlua scripts/resnet.lua [--seed 1] [--blocks 12] [--epochs 4] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{blocks = {12, 12}, epochs = {4, 1}, images = {10000, 640}, tests = {2000, 300}}

local WIDTH = 16
local set = tutorial.fashion(options.images, options.tests)

tutorial.heading("A block, three ways to wire it")
-- All three have the same two convolutions with the same weights. Only the `+ x` differs.
local Block = nn.class("Block")

function Block:init(wiring)
  self.wiring = wiring
  self.conv1 = nn.Conv2d(WIDTH, WIDTH, 3, {padding = 1})
  self.conv2 = nn.Conv2d(WIDTH, WIDTH, 3, {padding = 1})
end

function Block:forward(x)
  local first = F.relu(self.conv1(x))
  if self.wiring == "plain" then return F.relu(self.conv2(first)) end
  -- residual: the input goes round BOTH layers and meets their result
  if self.wiring == "residual" then return F.relu(self.conv2(first) + x) end
  -- inner: "the second layer's input is the first's output plus x": the second layer still stands in everyone's way
  return F.relu(self.conv2(first + x))
end

local Net = nn.class("Net")

function Net:init(wiring, blocks)
  self.stem = nn.Conv2d(1, WIDTH, 3, {stride = 2, padding = 1})
  self.blocks = {}
  local list = {}
  for i = 1, blocks do list[i] = Block(wiring) end
  self.blocks = list
  self.head = nn.Linear(WIDTH, 10)
end

function Net:forward(x)
  x = F.relu(self.stem(x))
  for _, block in ipairs(self.blocks) do x = block(x) end
  return self.head(x:mean({3, 4})) -- the average of each channel
end

local function make(wiring, blocks)
  tensor.manual_seed(options.seed) -- the same weights for each wiring
  return Net(wiring, blocks)
end

print(("%d layers with weights in each network of %d blocks"):format(2 + 2 * options.blocks, options.blocks))
plot.graph(Block("residual"), tensor.zeros(1, WIDTH, 14, 14), {title = "a residual block"})

tutorial.heading("What reaches the first layer")
-- The gradient of the loss at the stem, before any training. Each layer that stands in the way multiplies it by
-- something below one; `+ x` gives it a way past.
local wirings = {"plain", "inner", "residual"}
local gradients = {}
for _, wiring in ipairs(wirings) do
  local norms = {}
  for blocks = 0, options.blocks, 3 do
    local net = make(wiring, blocks)
    F.cross_entropy(net(set.x[{{1, 64}}]), set.y[{{1, 64}}]):backward()
    norms[#norms + 1] = net.stem.weight.grad:norm():item()
  end
  gradients[wiring] = norms
end
local depths = {}
for blocks = 0, options.blocks, 3 do depths[#depths + 1] = 2 + 2 * blocks end
plot.line(depths, gradients, {logy = true, rows = 12, xlabel = "layers", title = "gradient norm at the first layer"})

tutorial.heading("Training")
local function evaluate(net)
  return tensor.no_grad(function()
    local right = 0
    for i = 1, set.test_x:size(1), 500 do
      local rows = {{i, math.min(i + 499, set.test_x:size(1))}}
      right = right + net(set.test_x[rows]):argmax(2):eq(set.test_y[rows]):sum():item()
    end
    return right / set.test_x:size(1)
  end)
end

local function learn(net)
  local loader = data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true, seed = options.seed})
  local opt = optim.SGD(net:parameters(), {lr = 0.05, momentum = 0.9})
  local losses, running = {}, nil
  for _ = 1, options.epochs do
    for x, y in loader:iter() do
      local loss = F.cross_entropy(net(x), y)
      opt:zero_grad()
      loss:backward()
      nn.utils.clip_grad_norm_(net:parameters(), 1) -- nothing is normalised here: one bad batch could end it all
      opt:step()
      running = running and 0.9 * running + 0.1 * loss:item() or loss:item()
      losses[#losses + 1] = running
    end
  end
  return losses, evaluate(net)
end

local curves, accuracy = {}, {}
for _, wiring in ipairs(wirings) do
  curves[wiring], accuracy[wiring] = learn(make(wiring, options.blocks))
  print(("%-9s loss %.3f  test accuracy %.4f"):format(wiring, curves[wiring][#curves[wiring]], accuracy[wiring]))
end
local _, shallow = learn(make("plain", 1))
print(("%-9s (1 block)  test accuracy %.4f"):format("plain", shallow))
plot.line(curves, {xlabel = "step", title = "loss, smoothed", rows = 14})
-- The plain network has all that the one of 4 layers has, and more; it could copy its input through the rest and be as
-- good. It isn't that it can't represent it: it can't find it.

tutorial.heading("The trap: the second layer's input is the first's output plus x")
-- That is the inner wiring. The gradient must still pass one convolution in each block, and fades as it did.
print(("gradient at the first layer: plain %.1e, inner %.1e, residual %.1e"):format(gradients.plain[#gradients.plain],
  gradients.inner[#gradients.inner], gradients.residual[#gradients.residual]))

tutorial.heading("The bottleneck")
-- For wide networks: 1 x 1 down to a quarter of the channels, 3 x 3 there, 1 x 1 back up; `+ x` around all three.
local function weights(...)
  local n = 0
  for _, layer in ipairs {...} do n = n + layer.weight:numel() end
  return n
end
print(("256 channels: two 3 x 3 layers have %d weights, a bottleneck %d"):format(
  weights(nn.Conv2d(256, 256, 3), nn.Conv2d(256, 256, 3)),
  weights(nn.Conv2d(256, 64, 1), nn.Conv2d(64, 64, 3), nn.Conv2d(64, 256, 1))))

-- To try next: --blocks 24; batch normalisation after each convolution (then the plain one learns, too, but worse);
-- relu before the convolutions instead of after the sum.
print(("result: residual=%.4f inner=%.4f plain=%.4f shallow=%.4f"):format(accuracy.residual, accuracy.inner,
  accuracy.plain, shallow))
