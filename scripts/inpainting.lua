-- Inpainting and denoising: what is missing in a picture, and what does not belong there, guessed from the rest.
--
--   nnlua scripts/inpainting.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {8000, 1500}, tests = {1000, 200}, epochs = {4, 1}}

local set = tutorial.fashion(options.images, options.tests)
local x, test_x = set.x, set.test_x

-- Decibels: ten times the logarithm of the largest squared value over the mean squared error. 20 dB are an error of a
-- tenth of white, 6 dB more are half of it.
local function psnr(mse) return -10 * math.log(mse, 10) end

tutorial.heading("What is broken")
-- A hole of 10 x 10 at a random place of each picture, and its mask: 1 where it is known.
local function holes(n, side)
  local known = tensor.ones(n, 1, 28, 28)
  for i = 1, n do
    local top, left = math.random(5, 24 - side), math.random(5, 24 - side)
    known[{i, 1, {top, top + side - 1}, {left, left + side - 1}}] = 0
  end
  return known
end
-- Noise of a third of white on each pixel.
local function noisy(clean) return clean + 0.3 * tensor.randn_like(clean) end
local test_known, test_noisy = holes(test_x:size(1), 10), noisy(test_x)
plot.image({test_x[1][1], (test_x * test_known)[1][1], test_noisy[1][1], test_x[2][1], (test_x * test_known)[2][1],
  test_noisy[2][1]}, {per_row = 6, names = {"whole", "hole", "noise", "whole", "hole", "noise"}})

tutorial.heading("Holes without learning")
-- Only the pixels of the hole count: the others are known. Three guesses: the mean of what is known of the picture;
-- the mean of all training pictures at that place; and what the border says: each unknown pixel becomes the mean of
-- its four neighbours, again and again, as heat spreads.
local hole = 1 - test_known
local function hole_psnr(guess) return psnr((((guess - test_x) * hole):square():sum() / hole:sum()):item()) end
local broken = test_x * test_known
local own_mean = broken:sum({2, 3, 4}, {keepdim = true}) / test_known:sum({2, 3, 4}, {keepdim = true})
local place_mean = x:mean(1, {keepdim = true})
local cross = tensor{{{{0, 0.25, 0}, {0.25, 0, 0.25}, {0, 0.25, 0}}}}
local spread = broken:clone()
for _ = 1, 60 do spread = tensor.where(test_known:gt(0), broken, F.conv2d(spread, cross, {padding = 1})) end
local guesses = {{"mean of the picture", own_mean:expand_as(test_x)},
  {"mean of the place", place_mean:expand_as(test_x)}, {"spread from the border", spread}}
local holes_db = {}
for i, guess in ipairs(guesses) do
  holes_db[i] = hole_psnr(guess[2])
  print(("%-24s %5.2f dB"):format(guess[1], holes_db[i]))
end

tutorial.heading("Holes filled by a network")
-- It sees the broken picture and the mask, on the way down to 7 x 7 more and more of it at once, and on the way up the
-- finer maps of the way down. Shown are whole pictures, broken anew each time: a training set that never ends.
local function conv(inputs, outputs, stride)
  return nn.Sequential(nn.Conv2d(inputs, outputs, 3, {padding = 1, stride = stride or 1}), nn.BatchNorm2d(outputs),
    nn.ReLU())
end
local Filler = nn.class("Filler")
function Filler:init()
  self.fine, self.middle, self.coarse = conv(2, 24), conv(24, 48, 2), nn.Sequential(conv(48, 64, 2), conv(64, 64))
  self.up2, self.up1 = conv(64 + 48, 48), conv(48 + 24, 24)
  self.head = nn.Conv2d(24, 1, 1)
end
function Filler:forward(picture, known)
  local fine = self.fine(tensor.cat({picture, known}, 2))
  local middle = self.middle(fine)
  local up = F.interpolate(self.coarse(middle), {scale_factor = 2})
  up = F.interpolate(self.up2(tensor.cat({up, middle}, 2)), {scale_factor = 2})
  return self.head(self.up1(tensor.cat({up, fine}, 2)))
end

-- Goes through the training pictures; loss_of(batch) makes a loss of whole pictures.
local function learn(net, loss_of)
  local loader = data.DataLoader({x}, {batch_size = 64, shuffle = true})
  local opt = optim.Adam(net:parameters())
  local schedule = optim.lr_scheduler.OneCycleLR(opt, 4e-3, {epochs = options.epochs, steps_per_epoch = #loader})
  for _ = 1, options.epochs do
    for batch in loader:iter() do
      local loss = loss_of(batch)
      opt:zero_grad()
      loss:backward()
      opt:step()
      schedule:step()
    end
  end
  net:eval()
end

local filler = Filler()
learn(filler, function(batch)
  local known = holes(batch:size(1), 10)
  -- The error of the holes alone: copying what is known is no work.
  return ((filler(batch * known, known) - batch) * (1 - known)):square():sum() / (1 - known):sum()
end)
local filled = tensor.no_grad(function() return filler(broken, test_known) end)
filled = broken + filled:clamp(0, 1) * hole
local filled_db = hole_psnr(filled)
print(("%-24s %5.2f dB"):format("the network", filled_db))
plot.image({broken[1][1], spread[1][1], filled[1][1], test_x[1][1], broken[2][1], spread[2][1], filled[2][1],
  test_x[2][1]}, {per_row = 4, names = {"hole", "from the border", "network", "truth", "hole", "from the border",
  "network", "truth"}})

tutorial.heading("Noise")
-- Without learning: the mean of each pixel and its neighbours. Noise falls, and so does everything sharp.
local function whole_psnr(guess) return psnr(F.mse_loss(guess, test_x):item()) end
local noise_db = whole_psnr(test_noisy)
local best_width, blurred_db, blurred = 0, -math.huge, nil
for _, width in ipairs {3, 5, 7} do
  local guess = F.avg_pool2d(test_noisy, width, {stride = 1, padding = width // 2, count_include_pad = false})
  local db = whole_psnr(guess)
  if db > blurred_db then best_width, blurred_db, blurred = width, db, guess end
end
-- A network is asked for the noise, not for the picture (Zhang and others 2017): where there is nothing to mend it has
-- nothing to do.
local cleaner = nn.Sequential(conv(1, 32), conv(32, 32), conv(32, 32), conv(32, 32), nn.Conv2d(32, 1, 3, {padding = 1}))
learn(cleaner, function(batch)
  local seen = noisy(batch)
  return F.mse_loss(seen - cleaner(seen), batch)
end)
local cleaned = tensor.no_grad(function() return (test_noisy - cleaner(test_noisy)):clamp(0, 1) end)
local cleaned_db = whole_psnr(cleaned)
print(("as it came %.2f dB, means of %d x %d %.2f dB, network %.2f dB"):format(noise_db, best_width, best_width,
  blurred_db, cleaned_db))
plot.image({test_noisy[3][1], blurred[3][1], cleaned[3][1], test_x[3][1]}, {per_row = 4, names = {"noise", "means",
  "network", "truth"}})

tutorial.heading("What it can't know")
-- A squared error is smallest for the mean of all pictures that could be there: where several could, the guess is
-- their mean, which is blurred. How sharp is what it fills in? The mean step from a pixel to the next, in the holes.
local function sharpness(pictures)
  local step = (pictures[{{}, {}, {}, {2, -1}}] - pictures[{{}, {}, {}, {1, -2}}]):abs()
  local inside = hole[{{}, {}, {}, {2, -1}}] * hole[{{}, {}, {}, {1, -2}}]
  return ((step * inside):sum() / inside:sum()):item()
end
local sharp_truth, sharp_filled = sharpness(test_x), sharpness(filled)
print(("mean step between neighbours in the holes: truth %.3f, network %.3f"):format(sharp_truth, sharp_filled))

-- To try next: holes of 14 x 14; the cleaner on noise of 0.1 and 0.6, of which it was shown none; a discriminator that
-- tells filled holes from true ones (a GAN) instead of the squared error.
print(("result: mean_fill=%.2f place_fill=%.2f border_fill=%.2f filled=%.2f noise=%.2f blurred=%.2f cleaned=%.2f "
  .. "sharp=%.3f sharp_truth=%.3f"):format(holes_db[1], holes_db[2], holes_db[3], filled_db, noise_db, blurred_db,
  cleaned_db, sharp_filled, sharp_truth))
