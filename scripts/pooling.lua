-- Pooling: one number for each small window of a feature map. The largest or the mean, where its gradient goes, what
-- it does to small shifts, and how it lets a network take pictures of any size.
--
--   nnlua scripts/pooling.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {12000, 1500}, tests = {5000, 800}, epochs = {2, 1}}

local set = tutorial.fashion(options.images, options.tests)

tutorial.heading("By hand")
local small = tensor{{1, 3, 0, 2}, {4, 2, 1, 1}, {0, 0, 9, 8}, {0, 1, 7, 6}}:view(1, 1, 4, 4):requires_grad_()
local largest, mean = F.max_pool2d(small, 2), F.avg_pool2d(small, 2)
print("the largest of each window of 2 x 2:", largest:flatten())
print("the mean of each:", mean:flatten())
-- No parameters, and three quarters of the numbers are gone. The gradient goes back to who was largest, or to all
-- alike.
local by_largest = tensor.autograd.grad(largest:sum(), small)
local by_mean = tensor.autograd.grad(mean:sum(), small)
print("gradient through the largest:", by_largest[1][1])
print("through the mean:", by_mean[1][1])
local reached = by_largest:ne(0):sum():item()

tutorial.heading("Seeing further")
-- The part of the picture that one number of the last layer depends on: where its gradient is not zero.
local function field(...)
  local net = nn.Sequential(...)
  for _, p in ipairs(net:parameters()) do nn.init.ones_(p) end
  local x = tensor.rand(1, 1, 40, 40, {requires_grad = true})
  local y = net(x)
  local grad = tensor.autograd.grad(y[1][1][y:size(3) // 2][y:size(4) // 2], x)
  return math.tointeger(grad[1][1]:ne(0):any(1):sum():item())
end
local function conv() return nn.Conv2d(1, 1, 3) end
local narrow = field(conv(), conv(), conv())
local wide = field(conv(), nn.AvgPool2d(2), conv(), nn.AvgPool2d(2), conv())
print(("three layers of 3 x 3 see %d x %d pixels, with pooling by two in between %d x %d"):format(narrow, narrow, wide,
  wide))

tutorial.heading("Small shifts")
-- How much do the features of a picture change when it moves by a pixel? The length of the difference against the
-- length of the features, the mean over pictures. Edges as features; pooled over windows of 1, 2, 4 and 8.
local edges = tensor{{{{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}}}, {{{-1, -2, -1}, {0, 0, 0}, {1, 2, 1}}}}
local shown = set.test_x[{{1, 500}}]
local function features(x, pool, window)
  local maps = F.relu(F.conv2d(F.pad(x, {4, 4, 4, 4}), edges, {padding = 1}))
  maps = window > 1 and pool(maps, window) or maps
  return maps:flatten(2)
end
local function change(pool, window, pixels)
  local before, after = features(shown, pool, window), features(shown:roll(pixels, 4), pool, window)
  return ((after - before):norm(2, 2) / before:norm(2, 2)):mean():item()
end
local windows, changes = {1, 2, 4, 8}, {max = {}, mean = {}}
for i, window in ipairs(windows) do
  changes.max[i], changes.mean[i] = change(F.max_pool2d, window, 1), change(F.avg_pool2d, window, 1)
  print(("windows of %d x %d: moved by one pixel, features change by %.2f (max), %.2f (mean)"):format(window, window,
    changes.max[i], changes.mean[i]))
end
plot.line(windows, changes, {rows = 12, xlabel = "window",
  title = "change of the features when the picture moves by 1"})

tutorial.heading("The trap: pooling makes a network blind to where things are")
-- Less sensitive to a pixel or two, and no more than that. A small network, trained with each way of making maps
-- smaller, on pictures that stand as in the training, and on the same ones moved.
local ways = {
  {"max", function() return nn.MaxPool2d(2) end},
  {"mean", function() return nn.AvgPool2d(2) end},
  {"first of four", function() return nn.MaxPool2d(1, {stride = 2}) end}, -- what a stride of two keeps
}
local function network(pool)
  return nn.Sequential(nn.Conv2d(1, 16, 3, {padding = 1}), nn.ReLU(), pool(), nn.Conv2d(16, 32, 3, {padding = 1}),
    nn.ReLU(), pool(), nn.Flatten(), nn.Linear(32 * 49, 10))
end
local function accuracy(net, pixels) return train.evaluate(net, {set.test_x:roll(pixels, 4), set.test_y}).accuracy end
local results = {}
for _, way in ipairs(ways) do
  tensor.manual_seed(options.seed)
  local net = network(way[2])
  train.fit(net, data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true}), {loss = F.cross_entropy,
    optimizer = optim.Adam(net:parameters(), {lr = 2e-3}), epochs = options.epochs, quiet = true})
  local still, one, four = accuracy(net, 0), accuracy(net, 1), accuracy(net, 4)
  results[#results + 1] = {still, one, four}
  print(("%-14s accuracy %.3f   moved by 1: %.3f   by 4: %.3f"):format(way[1], still, one, four))
end

tutorial.heading("Pictures of any size")
-- Global average pooling makes one number of each map, however large it is. A head behind it doesn't know the size.
local any = nn.Sequential(nn.Conv2d(1, 16, 3, {padding = 1}), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
  nn.Linear(16, 10))
for _, size in ipairs {16, 28, 75} do
  print(("a picture of %d x %d becomes %s"):format(size, size, table.concat(any(tensor.rand(1, 1, size, size)).shape,
    " x ")))
end

-- To try next: windows of 3 with a stride of 2, which overlap; nn.LPPool2d, between mean and max; a network without
-- pooling whose convolutions take the stride.
print(("result: reached=%d field=%d field_pooled=%d change1=%.2f change8=%.2f max=%.3f mean=%.3f first=%.3f "
  .. "moved4=%.3f"):format(reached, narrow, wide, changes.max[1], changes.max[4], results[1][1], results[2][1],
  results[3][1], results[1][3]))
