-- A convolutional network classifies clothes: where its accuracy comes from, what its layers see, what it confuses, and
-- how far "it does not matter where the thing stands" is true.
--
--   nnlua scripts/cnn.lua [--seed 1] [--epochs 6] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {6, 1}, images = {60000, 1500}, tests = {10000, 500}}

local set = tutorial.fashion(options.images, options.tests)
local loader = data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true, drop_last = true})

tutorial.heading("The network")
-- Convolutions find small patterns wherever they are, pooling halves the picture so that the next ones see more of it;
-- the number of channels grows as the picture shrinks. At the end a linear layer votes.
local function stage(inputs, outputs)
  return nn.Sequential(
    nn.Conv2d(inputs, outputs, 3, {padding = 1, bias = false}), -- the normalisation takes a bias away anyhow
    nn.BatchNorm2d(outputs),
    nn.ReLU(),
    nn.MaxPool2d(2))
end

local Net = nn.class("Net")
function Net:init()
  self.edges = stage(1, 32)    -- 28 x 28 to 14 x 14
  self.parts = stage(32, 64)   -- to 7 x 7
  self.wholes = stage(64, 128) -- to 3 x 3
  self.dropout = nn.Dropout(0.3)
  self.head = nn.Linear(128 * 3 * 3, 10)
end
function Net:forward(x)
  x = self.wholes(self.parts(self.edges(x)))
  return self.head(self.dropout(x:flatten(2)))
end

local net = Net()
plot.graph(net, set.x[{{1, 1}}], {depth = 1})

tutorial.heading("Training")
local opt = optim.AdamW(net:parameters(), {lr = 4e-3, weight_decay = 0.02})
local schedule = optim.lr_scheduler.OneCycleLR(opt, {max_lr = 4e-3, total_steps = options.epochs * #loader})
local curve = {}
for epoch = 1, options.epochs do
  net:train()
  local sum, n = 0, 0
  for x, y in loader:iter() do
    if tensor.rand(1):item() < 0.5 then x = x:flip(4) end -- a mirrored shoe is a shoe
    local loss = F.cross_entropy(net(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
    schedule:step()
    sum, n = sum + loss:item(), n + 1
  end
  curve[epoch] = sum / n
  print(("epoch %d  loss %.4f"):format(epoch, curve[epoch]))
end

tutorial.heading("Judging")
-- Pictures that took no part in training; in evaluation mode dropout rests and normalisation uses what it has learned.
net:eval()
local function predict(pictures)
  local parts = {}
  tensor.no_grad(function()
    for i = 1, pictures:size(1), 500 do
      parts[#parts + 1] = net(pictures[{{i, math.min(i + 499, pictures:size(1))}}]):argmax(2)
    end
  end)
  return tensor.cat(parts, 1)
end
local predicted = predict(set.test_x)
local accuracy = metrics.accuracy(predicted, set.test_y)
print(("accuracy on %d new pictures: %.4f"):format(set.test_y:numel(), accuracy))
plot.confusion(predicted, set.test_y, {names = set.classes, normalize = true})
-- Shirts are the hard ones: at 28 x 28 pixels people confuse them with T-shirts and pullovers, too.

local wrong = predicted:ne(set.test_y):nonzero():flatten()
local pictures, names = {}, {}
for k = 1, math.min(6, wrong:numel()) do
  local i = wrong:get(k)
  pictures[k] = set.test_x[i]
  names[k] = ("%s?"):format(set.classes[predicted:get(i)])
end
if #pictures > 0 then plot.image(pictures, {names = names, per_row = 3, title = "what it takes for something else"}) end

tutorial.heading("What the first layer sees")
plot.feature_maps(net, set.test_x[{{2, 2}}], "edges[3]", {most = 8})

tutorial.heading("The trap: it does not matter where the thing stands")
-- A convolution moves its result along with the picture, and pooling forgives a pixel. But nothing in the network has
-- ever seen clothes that are off centre, and the linear layer at the end knows places:
local shifted = {}
for i, by in ipairs {0, 1, 2, 4, 6} do
  shifted[i] = metrics.accuracy(predict(set.test_x:roll({by}, {4})), set.test_y)
  print(("shifted by %d pixels: accuracy %.4f"):format(by, shifted[i]))
end
-- Shifted copies in training (see augmentation.lua) cure it.

-- To try next: --epochs 10, wider stages, a fourth stage, an average over each channel in place of flatten.
print(("result: accuracy=%.4f shifted_by_4=%.4f loss=%.4f"):format(accuracy, shifted[4], curve[#curve]))
