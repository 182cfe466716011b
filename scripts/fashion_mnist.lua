-- Fashion-MNIST: a convolutional network learns to tell ten kinds of clothes apart from 60,000 pictures, then is judged
-- on 10,000 it has never seen.
--
--   nnlua scripts/fashion_mnist.lua [--seed 1] [--epochs 3] [--quick]

local nnlua = require "nnlua"
local tensor, nn, F, optim, data, train =
  nnlua.tensor, nnlua.nn, nnlua.F, nnlua.optim, nnlua.data, nnlua.train

-- ---- options ------------------------------------------------------------------------------------------------------

local options = {seed = 1, epochs = 3, quick = false}
do
  local i = 1
  while i <= #arg do
    local name = arg[i]:match("^%-%-(%a+)$")
    if name == "quick" then
      options.quick, i = true, i + 1
    elseif name == "seed" or name == "epochs" then
      options[name] = assert(math.tointeger(arg[i + 1]), arg[i] .. " needs a whole number")
      i = i + 2
    else
      error("usage: fashion_mnist.lua [--seed N] [--epochs N] [--quick]", 0)
    end
  end
end
tensor.manual_seed(options.seed)

-- ---- data ---------------------------------------------------------------------------------------------------------

local set = data.load("fashion-mnist")
local train_set, test_set = set.train, set.test
if options.quick then -- a few seconds: enough to see that everything works
  local function first(from, n) return data.Subset(from, tensor.arange(1, n + 1, {dtype = "int64"})) end
  train_set, test_set, options.epochs = first(train_set, 2000), first(test_set, 1000), 1
end
local loader = data.DataLoader(train_set, {batch_size = 64, shuffle = true, drop_last = true})

-- ---- network ------------------------------------------------------------------------------------------------------

-- Three stages of convolution, each halving the picture and finding more kinds of features in it, then a linear
-- classifier. Batch normalisation lets it learn at a high rate, so that three passes over the data suffice. It takes
-- the mean away from each channel, so the convolutions need no bias.
local Net = nn.class("Net")

local function stage(inputs, outputs)
  return nn.Sequential(
    nn.Conv2d(inputs, outputs, 3, {padding = 1, bias = false}),
    nn.BatchNorm2d(outputs),
    nn.ReLU(),
    nn.MaxPool2d(2)
  )
end

function Net:init()
  self.edges = stage(1, 32)    -- 28 x 28 to 14 x 14
  self.parts = stage(32, 64)   -- to 7 x 7
  self.wholes = stage(64, 128) -- to 3 x 3
  self.head = nn.Linear(128 * 3 * 3, 10)
end

function Net:forward(x)
  x = self.wholes(self.parts(self.edges(x)))
  return self.head(x:flatten(2))
end

local net = Net()
print(net)

-- ---- training -----------------------------------------------------------------------------------------------------

local peak = 4e-3
local opt = optim.AdamW(net:parameters(), {lr = peak, weight_decay = 1e-2})
local steps = options.epochs * #loader

-- The learning rate rises over the first fifth of all steps and then falls to zero along a cosine.
local function learning_rate(step)
  local done = step / steps
  if done < 0.2 then return peak * done / 0.2 end
  return peak * 0.5 * (1 + math.cos(math.pi * (done - 0.2) / 0.8))
end

local progress = train.progress(steps * loader.batch_size)
local step = 0
for epoch = 1, options.epochs do
  progress:part(("epoch %d/%d"):format(epoch, options.epochs))
  net:train()
  local running
  for x, y in loader:iter() do
    step = step + 1
    opt.param_groups[1].lr = learning_rate(step)
    if tensor.rand(1):item() < 0.5 then x = x:flip(4) end -- a mirrored shoe is a shoe
    local loss = F.cross_entropy(net(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
    running = running and 0.98 * running + 0.02 * loss:item() or loss:item()
    progress:step(x:size(1), ("loss %.3f"):format(running))
  end
  local judged = train.evaluate(net, test_set)
  progress:done(("loss %.3f  test accuracy %.4f"):format(running, judged.accuracy))
end

print(("result: accuracy=%.4f"):format(train.evaluate(net, test_set).accuracy))
