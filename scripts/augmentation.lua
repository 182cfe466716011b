-- Data augmentation: a thousand pictures that are never shown twice the same way. What each change of a picture brings
-- for new pictures as they are and for new pictures that are off centre, and one change that harms.
--
--   nnlua scripts/augmentation.lua [--seed 1] [--steps 700] [--rounds 2] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {700, 12}, rounds = {2, 1}, images = {1000, 300}, tests = {5000, 200}}

local set = tutorial.fashion(options.images, options.tests)

tutorial.heading("Ways to change a picture and keep what it shows")
-- Each takes a batch [N, 1, 28, 28] and its labels as shares [N, 10], and gives both back.
local change = {}

-- Half of the pictures mirrored.
function change.flip(x, y)
  local mirrored = tensor.rand(x:size(1), 1, 1, 1):lt(0.5)
  return tensor.where(mirrored, x:flip(4), x), y
end

-- Moved by up to 3 pixels each way: padded, then a window cut out. The same move for all of the batch is enough.
function change.shift(x, y)
  local padded = F.pad(x, {3, 3, 3, 3})
  return padded:narrow(3, math.random(1, 7), 28):narrow(4, math.random(1, 7), 28), y
end

-- Turned by up to 10 degrees, each picture its own way.
local rotation = data.transforms.RandomRotation(10, {interpolation = "bilinear"})
function change.rotation(x, y) return rotation(x), y end

-- Grain, as of a bad camera.
local grain = data.transforms.GaussianNoise({sigma = 0.05})
function change.noise(x, y) return grain(x), y end

-- A square of 9 x 9 pixels goes black: the network must not rely on one detail.
function change.cutout(x, y)
  local out = x:clone()
  local top, left = math.random(1, 20), math.random(1, 20)
  out[{{}, {}, {top, top + 8}, {left, left + 8}}] = 0
  return out, y
end

-- Two pictures laid over each other, their labels in the same shares.
function change.mixup(x, y)
  local other = tensor.randperm(x:size(1))
  local share = 0.7 + 0.3 * tensor.rand(1):item()
  return share * x + (1 - share) * x[other], share * y + (1 - share) * y[other]
end

-- Upside down: a change that does not keep what is shown.
function change.upside_down(x, y)
  local turned = tensor.rand(x:size(1), 1, 1, 1):lt(0.5)
  return tensor.where(turned, x:flip(3), x), y
end

local names = {"flip", "shift", "rotation", "noise", "cutout", "mixup", "upside_down"}
local some = set.x[{{1, 6}}]
local ones = F.one_hot(set.y[{{1, 6}}], 10):to("float32")
local rows = {some}
for _, name in ipairs(names) do rows[#rows + 1] = (change[name](some, ones)) end
plot.image(tensor.cat(rows, 1), {per_row = 6, title = "the pictures; " .. table.concat(names, ", ")})

tutorial.heading("What each brings")
local function stage(inputs, outputs)
  return nn.Sequential(nn.Conv2d(inputs, outputs, 3, {padding = 1, bias = false}), nn.BatchNorm2d(outputs), nn.ReLU(),
    nn.MaxPool2d(2))
end

local function accuracy(net, x, y)
  net:eval()
  local right = 0
  tensor.no_grad(function()
    for i = 1, x:size(1), 500 do
      local part = {{i, math.min(i + 499, x:size(1))}}
      right = right + net(x[part]):argmax(2):eq(y[part]):sum():item()
    end
  end)
  return right / x:size(1)
end

-- The test pictures once more, each five hundred of them moved by up to 3 pixels: photographs taken in a hurry.
local moved = {}
for i = 1, set.test_x:size(1), 500 do
  moved[#moved + 1] = (change.shift(set.test_x[{{i, math.min(i + 499, set.test_x:size(1))}}]))
end
moved = tensor.cat(moved, 1)

-- The same network, the same number of steps; only the pictures differ.
local function learn(changes, seed)
  tensor.manual_seed(seed)
  math.randomseed(seed)
  local net = nn.Sequential(stage(1, 16), stage(16, 32), stage(32, 64), nn.Flatten(), nn.Linear(64 * 9, 10))
  local loader = data.DataLoader({set.x, set.y}, {batch_size = 50, shuffle = true, seed = seed})
  local opt = optim.AdamW(net:parameters(), {lr = 3e-3, weight_decay = 0.02})
  local schedule = optim.lr_scheduler.CosineAnnealingLR(opt, {T_max = options.steps})
  local steps = 0
  while steps < options.steps do
    for x, labels in loader:iter() do
      local y = F.one_hot(labels, 10):to("float32")
      for _, name in ipairs(changes) do x, y = change[name](x, y) end
      local loss = F.cross_entropy(net(x), y) -- labels may be shares
      opt:zero_grad()
      loss:backward()
      opt:step()
      schedule:step()
      steps = steps + 1
      if steps == options.steps then break end
    end
  end
  return accuracy(net, set.test_x, set.test_y), accuracy(net, moved, set.test_y), accuracy(net, set.x, set.y)
end

local titles, as_is, off_centre = {}, {}, {}
local function try(title, changes)
  local sums = {0, 0, 0}
  for round = 1, options.rounds do
    for i, v in ipairs {learn(changes, options.seed + round - 1)} do sums[i] = sums[i] + v / options.rounds end
  end
  titles[#titles + 1], as_is[#as_is + 1], off_centre[#off_centre + 1] = title, sums[1], sums[2]
  print(("%-14s new pictures %.4f   off centre %.4f   those it learns from %.4f"):format(title, table.unpack(sums)))
  return sums[1], sums[2]
end
local none, none_moved = try("none", {})
local flip = try("flip", {"flip"})
local _, shift_moved = try("shift", {"shift"})
for _, name in ipairs {"rotation", "noise", "cutout", "mixup"} do try(name, {name}) end
local both, both_moved = try("flip and shift", {"flip", "shift"})
local upside_down = try("upside down", {"upside_down"})
plot.bar({["new pictures"] = as_is, ["off centre"] = off_centre}, {names = titles, xlim = {0, 1},
  title = ("accuracy after %d steps on %d pictures"):format(options.steps, options.images)})
-- Without changes the network knows its thousand pictures by heart and has nothing left to learn from them.

tutorial.heading("The trap: more variety is always better")
-- Only what can happen to the pictures that come later. All of these are centred, so shifts bring nothing there, and
-- very much as soon as they are not. Nobody wears trousers upside down: a network that must know them that way, too,
-- has less room and data for the rest.
print(("new pictures:  flip %+.1f points, upside down %+.1f"):format(100 * (flip - none), 100 * (upside_down - none)))
print(("off centre:    shift %+.1f points"):format(100 * (shift_moved - none_moved)))

-- To try next: --steps 3000 (variety needs time), --images 200 or 10000; rotation by F.affine_grid and F.grid_sample;
-- noise; averaging the predictions over a picture and its mirror image.
print(("result: none=%.4f flip=%.4f upside_down=%.4f both=%.4f off_none=%.4f off_shift=%.4f off_both=%.4f"):format(
  none, flip, upside_down, both, none_moved, shift_moved, both_moved))
