-- Class imbalance: one picture in fifty is a shirt. What a network makes of that, and four ways to have it look.
--
--   nnlua scripts/imbalance.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {30000, 3000}, epochs = {10, 2}}

-- The rare class is what one looks for: a fraud, an illness, here shirts among T-shirts, which look alike.

tutorial.heading("One in fifty")
local set = tutorial.fashion(options.images, options.quick and 1000 or 10000)
local rare, usual = 7, 1
local function pick(x, y, share)
  local common = y:eq(usual):nonzero():flatten()
  local few = y:eq(rare):nonzero():flatten()
  few = few[{{1, math.max(4, math.floor(share * #common))}}]
  local rows = tensor.cat({common, few}, 1)
  return x[rows], tensor.cat({tensor.zeros(#common), tensor.ones(#few)}, 1)
end
local x, y = pick(set.x, set.y, 0.02)
local test_x, test_y = pick(set.test_x, set.test_y, 0.02)
local n_rare, n_usual = y:sum():item(), #y - y:sum():item()
print(("%d %ss, %d %ss to learn from; %d and %d to judge by"):format(n_usual, set.classes[usual], n_rare,
  set.classes[rare], #test_y - test_y:sum():item(), test_y:sum():item()))

-- F1 of the rare class, and the area under the precision-recall curve, which asks no threshold.
local function judge(net, name)
  net:eval()
  local scores = tensor.no_grad(function() return net(test_x):flatten() end)
  net:train()
  local found = scores:gt(0):long()
  local truth = test_y:long()
  local hits = (found * truth):sum():item()
  local recall, precision = hits / truth:sum():item(), hits / math.max(1, found:sum():item())
  local f1 = hits > 0 and 2 * precision * recall / (precision + recall) or 0
  local accuracy = found:eq(truth):float():mean():item()
  local area = metrics.average_precision(scores, truth)
  print(("%-14s accuracy %.3f   precision %.2f  recall %.2f  F1 %.2f   area %.2f"):format(name, accuracy, precision,
    recall, f1, area))
  return {f1 = f1, accuracy = accuracy, recall = recall, area = area}
end

local function learn(loss, loader)
  tensor.manual_seed(options.seed)
  local net = nn.Sequential(nn.Conv2d(1, 8, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(8 * 14 * 14, 32), nn.ReLU(), nn.Linear(32, 1))
  local opt = optim.Adam(net:parameters(), {lr = 1e-3})
  loader = loader or data.DataLoader({x, y}, {batch_size = 64, shuffle = true})
  for _ = 1, options.epochs do
    for bx, by in loader:iter() do
      opt:zero_grad()
      loss(net(bx):flatten(), by):backward()
      opt:step()
    end
  end
  return net
end
local function plain(z, t) return F.binary_cross_entropy_with_logits(z, t) end

tutorial.heading("The trap: accuracy suffices")
local lazy = nn.Lambda(function(input) return tensor.full({input:size(1), 1}, -1) end)
local nobody = judge(lazy, "never a shirt")

tutorial.heading("Four ways")
-- A class weight counts each shirt as fifty. Resampling draws shirts more often, the same few again and again. Focal
-- loss (Lin and others 2017) turns down whatever is easy. And the threshold can be moved afterwards, at no cost.
local balance = n_usual / n_rare
local result = {never = nobody}
result.plain = judge(learn(plain), "plain")
result.weight = judge(learn(function(z, t)
  return F.binary_cross_entropy_with_logits(z, t, {pos_weight = tensor{balance}})
end), "class weight")
local sampler = data.BalancedSampler(y:long() + 1)
result.resampled = judge(learn(plain, data.DataLoader({x, y}, {batch_size = 64, sampler = sampler})), "resampled")
result.focal = judge(learn(function(z, t)
  local p = tensor.sigmoid(z)
  local sure = t * p + (1 - t) * (1 - p) -- the chance given to what is true
  local alpha = t * 0.75 + (1 - t) * 0.25
  return -(alpha * (1 - sure) ^ 2 * (sure + 1e-7):log()):mean()
end), "focal loss")

tutorial.heading("The threshold")
-- The same plain network, asked at another threshold: that of the best F1 on the pictures it has learned from would
-- deceive, so a part of them is kept for choosing it.
local half = tensor.randperm(#y)
local part, rest = half[{{1, #y * 4 // 5}}], half[{{#y * 4 // 5 + 1, -1}}]
local net = learn(plain, data.DataLoader({x[part], y[part]}, {batch_size = 64, shuffle = true}))
local held = tensor.no_grad(function() return net(x[rest]):flatten() end)
local best, threshold = -1, 0
for _, cut in ipairs {-4, -3, -2, -1, 0} do
  local found, truth = held:gt(cut):long(), y[rest]:long()
  local hits = (found * truth):sum():item()
  local f1 = 2 * hits / math.max(1, found:sum():item() + truth:sum():item())
  if f1 > best then best, threshold = f1, cut end
end
result.threshold = judge(nn.Lambda(function(input) return net(input) - threshold end), "threshold " .. threshold)
local bars = {}
for name, r in pairs(result) do bars[name] = r.f1 end
plot.bar(bars, {title = "F1 of the rare class", xlim = {0, 1}})

-- To try next: 1 in 10 instead of 1 in 50, and augmentation of the shirts.
print(("result: never_accuracy=%.3f never=%.2f plain=%.2f weight=%.2f resampled=%.2f focal=%.2f threshold=%.2f"):format(
  result.never.accuracy, result.never.f1, result.plain.f1, result.weight.f1, result.resampled.f1, result.focal.f1,
  result.threshold.f1))
