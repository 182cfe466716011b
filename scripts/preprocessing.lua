-- Preprocessing: numbers that are missing, scales that differ, and what may be learned from which data.
--
--   nnlua scripts/preprocessing.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {400, 100}}

-- 178 wines, 13 properties each; the task is to tell the grower. Proline goes up to 1,680, hue to 1.7.

local set = tutorial.facts("wine")
local names = {"alcohol", "malic acid", "ash", "alcalinity", "magnesium", "phenols", "flavanoids", "nonflavanoids",
  "proanthocyanins", "colour", "hue", "OD280", "proline"}

tutorial.heading("What is in the columns")
for _, i in ipairs {1, 11, 13} do
  local column = set.x[{{}, i}]
  print(("%-10s from %7.2f to %7.2f, mean %7.2f, deviation %6.2f"):format(names[i], column:min():item(),
    column:max():item(), column:mean():item(), column:std():item()))
end

tutorial.heading("Speed of learning, with and without")
local function learn(x, lr)
  tensor.manual_seed(options.seed)
  local net = nn.Sequential(nn.Linear(13, 16), nn.Tanh(), nn.Linear(16, 3))
  local opt = optim.SGD(net:parameters(), {lr = lr, momentum = 0.9})
  local reached, losses = nil, {}
  for step = 1, options.steps do
    local loss = F.cross_entropy(net(x), set.y)
    opt:zero_grad()
    loss:backward()
    opt:step()
    losses[step] = loss:item()
    if not reached and losses[step] < 0.1 then reached = step end
  end
  return net, reached, losses
end
local low, high = set.x:amin(1), set.x:amax(1)
local mean, spread = set.x:mean(1), set.x:std(1)
local ways = {
  {"as it is", function(x) return x end},
  {"to 0..1", function(x) return (x - low) / (high - low) end},
  {"standardised", function(x) return (x - mean) / spread end},
}
local steps, accuracy, curves = {}, {}, {}
for _, way in ipairs(ways) do
  local best
  for _, lr in ipairs {0.001, 0.01, 0.1} do -- each gets the rate that suits it best
    local net, reached, losses = learn(way[2](set.x), lr)
    local score = tensor.no_grad(function() return metrics.accuracy(net(way[2](set.test_x)), set.test_y) end)
    if not best or losses[#losses] < best.losses[#best.losses] then
      best = {lr = lr, reached = reached, losses = losses, score = score}
    end
  end
  steps[way[1]], accuracy[way[1]], curves[way[1]] = best.reached, best.score, best.losses
  print(("%-13s rate %.3f: %s, test accuracy %.3f"):format(way[1], best.lr, best.reached
    and ("loss below 0.1 after %d steps"):format(best.reached) or "loss never below 0.1", best.score))
end
plot.line(curves, {title = "training loss", xlabel = "step"})

tutorial.heading("Why: the valley is narrow")
-- The curvature of the loss along a weight grows with the square of its input. The step that suits proline is far too
-- short for hue; the ratio of largest to smallest curvature says how many steps gradient descent needs.
local function condition(x)
  x = x - x:mean(1)
  local values = tensor.linalg.eigvalsh(x:t():matmul(x):double() / #x)
  return values:max():item() / values:min():item()
end
for _, way in ipairs(ways) do print(("%-13s ratio %.0f"):format(way[1], condition(way[2](set.x)))) end

tutorial.heading("Missing values")
-- A tenth of the numbers is lost. What shall stand there? The mean of the column, and beside it a column that says that
-- it was missing, for that may mean something.
local function lose(x) return tensor.where(tensor.rand(x.shape):lt(0.1), 0 / 0, x) end
local holes, test_holes = lose((set.x - mean) / spread), lose((set.test_x - mean) / spread)
local function judge(net, x) return tensor.no_grad(function() return metrics.accuracy(net(x), set.test_y) end) end
local complete = holes:isnan():logical_not():all(2)
print(("%d of %d wines have no hole"):format(complete:sum():item(), #set.x))
local filled, test_filled = holes:nan_to_num(0), test_holes:nan_to_num(0)
local by_mean = judge((learn(filled, 0.1)), test_filled)
print(("filled with the mean (here 0): test accuracy %.3f, without holes %.3f"):format(by_mean,
  accuracy["standardised"]))
local _, _, broken = learn(holes, 0.1)
print(("not filled: the loss is %s from the first step on"):format(broken[1] ~= broken[1] and "no number" or broken[1]))

tutorial.heading("The trap: the scaler may be fitted on all data")
-- What is used on new data has to be known before they come: mean and deviation are learned, so they are learned from
-- the training part. With few data and a rare outlier it shows: here the test part holds a wine that is a slip of the
-- pen.
local slip = set.test_x:clone()
slip[{1, 13}] = 1e6
local both = tensor.cat({set.x, slip}, 1)
local leaky_mean, leaky_spread = both:mean(1), both:std(1)
local function resolution(scaled) return scaled[{{}, 13}]:std():item() end
local honest, leaky = resolution((set.x - mean) / spread), resolution((set.x - leaky_mean) / leaky_spread)
print(("proline of the training wines has deviation %.3f fitted on them, %.4f fitted on all"):format(honest, leaky))

-- To try next: data.transforms.Standardize, which learns with :fit and keeps what it learned; and the logarithm of
-- proline.
print(("result: raw=%.3f unit=%.3f standard=%.3f standard_steps=%d filled=%.3f honest=%.2f leaky=%.4f"):format(
  accuracy["as it is"], accuracy["to 0..1"], accuracy["standardised"], steps["standardised"] or 0, by_mean, honest,
  leaky))
