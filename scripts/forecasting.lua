-- Forecasting: tomorrow from yesterday, judged as honestly as tomorrow would judge.
--
--   nnlua scripts/forecasting.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {250, 15}, members = {5, 2}}

-- A series becomes a data set by sliding a window over it: the last `lags` values are the input, the next one is the
-- target.
local function windows(series, lags)
  local n = series:numel() - lags
  return series:unfold(1, lags + 1, 1):narrow(2, 1, lags), series:narrow(1, lags + 1, n)
end

-- The network predicts by how much the next value differs from a naive forecast, which it gets for free.
local function network(lags)
  return nn.Sequential(nn.Linear(lags, 32), nn.Tanh(), nn.Dropout(0.1), nn.Linear(32, 1))
end

local function learn(x, y, seed)
  tensor.manual_seed(seed)
  local net = network(x:size(2))
  local opt = optim.AdamW(net:parameters(), {lr = 3e-3, weight_decay = 0.05})
  local loader = data.DataLoader({x, y}, {batch_size = 16, shuffle = true})
  for _ = 1, options.epochs do
    for bx, by in loader:iter() do
      opt:zero_grad()
      F.mse_loss(net(bx):squeeze(2), by):backward()
      opt:step()
    end
  end
  net:eval()
  return net
end

-- The mean of a few networks that start differently.
local function learn_several(x, y)
  local nets = {}
  for k = 1, options.members do nets[k] = learn(x, y, options.seed * 100 + k) end
  return function(input)
    return tensor.no_grad(function()
      local sum = 0
      for _, net in ipairs(nets) do sum = sum + net(input):squeeze(2) / #nets end
      return sum
    end)
  end
end

local function rmse(a, b) return (a - b):pow(2):mean():sqrt():item() end

tutorial.heading("Airline passengers, 1949 to 1960")
-- The numbers grow, and so do their swings: in logarithms both become steady. Differences to the same month of the
-- year before take season and most of the trend away; what is left is what there is to learn.
local air = data.load("airline-passengers")
local values = air.values:to("float32")
local logs = values:log()
plot.line(values, {title = "passengers (thousands) by month", rows = 12})
local season, lags, test_months = 12, 13, 24
local yearly = logs:narrow(1, season + 1, logs:numel() - season) - logs:narrow(1, 1, logs:numel() - season)
local function standard(series, upto) -- mean and spread of what may be known, never of what is to be forecast
  local known = series:narrow(1, 1, upto)
  return known:mean(), known:std()
end
local center, spread = standard(yearly, yearly:numel() - test_months)
local x, y = windows((yearly - center) / spread, lags)
local n = x:size(1) - test_months
local forecast = learn_several(x:narrow(1, 1, n), y:narrow(1, 1, n))
local year_ago = logs:narrow(1, logs:numel() - test_months - season + 1, test_months)
local real = values:narrow(1, values:numel() - test_months + 1, test_months)
local said = (forecast(x:narrow(1, n + 1, test_months)) * spread + center + year_ago):exp()
local naive = year_ago:exp()
local last = values:narrow(1, values:numel() - test_months, test_months)
local air_error, air_naive = rmse(said, real), rmse(naive, real)
print(("two years, a month ahead: error %.1f thousand; as last month %.1f; as the same month last year %.1f"):format(
  air_error, rmse(last, real), air_naive))
plot.line({real = real, forecast = said, ["a year ago"] = naive}, {title = "the last 24 months", rows = 14})

tutorial.heading("Sunspots, 1700 to 2008")
-- About eleven years a cycle, but never quite: a "seasonal" forecast of eleven years ago is soon out of step.
local spots = data.load("sunspots").values:to("float32")
local roots = spots:sqrt() -- counts spread like their root
local root_center, root_spread = standard(roots, 250)
local sx, sy = windows((roots - root_center) / root_spread, 22)
local known = 250 - 22
local sun = learn_several(sx:narrow(1, 1, known), sy:narrow(1, 1, known))
local rest = sx:size(1) - known
local sun_said = (sun(sx:narrow(1, known + 1, rest)) * root_spread + root_center):clamp(0):pow(2)
local sun_real = spots:narrow(1, 251, rest)
local sun_error, sun_naive = rmse(sun_said, sun_real), rmse(spots:narrow(1, 250, rest), sun_real)
local sun_cycle = rmse(spots:narrow(1, 251 - 11, rest), sun_real)
print(("1950 to 2008, a year ahead: error %.1f; as last year %.1f; as eleven years ago %.1f"):format(sun_error,
  sun_naive,
  sun_cycle))
plot.line({real = sun_real, forecast = sun_said}, {title = "sunspots from 1950", rows = 12})

tutorial.heading("The trap: a random split into training and test is fine")
-- Windows overlap: the window beside a test window holds nearly the same numbers, even the very target. A random
-- split lets the network look at the future, and the reported error is one that nobody will ever see again. Here a
-- net that may learn by heart:
local function by_heart(train_x, train_y, test_x, test_y)
  tensor.manual_seed(options.seed)
  local net = nn.Sequential(nn.Linear(train_x:size(2), 128), nn.Tanh(), nn.Linear(128, 128), nn.Tanh(),
    nn.Linear(128, 1))
  local opt = optim.Adam(net:parameters(), {lr = 2e-3})
  for _ = 1, options.epochs do
    opt:zero_grad()
    F.mse_loss(net(train_x):squeeze(2), train_y):backward()
    opt:step()
  end
  return tensor.no_grad(function() return rmse(net(test_x):squeeze(2), test_y) end)
end
-- Here on the passengers themselves, whose level drifts: the future is unlike the past.
local px, py = windows((values - values:mean()) / values:std(), 12)
local count = px:size(1)
local cut = count - 36
local honest = by_heart(px:narrow(1, 1, cut), py:narrow(1, 1, cut), px:narrow(1, cut + 1, 36), py:narrow(1, cut + 1,
  36))
local order = tensor.randperm(count)
local seen, unseen = order:narrow(1, 1, cut), order:narrow(1, cut + 1, 36)
local random = by_heart(px[seen], py[seen], px[unseen], py[unseen])
print(("error by a random split %.3f, by time %.3f: %.1f times as large"):format(random, honest, honest / random))

-- To try next: forecast twelve months by feeding forecasts back; nn.LSTM over the window; leave the logarithm out.
print(("result: airline=%.1f airline_naive=%.1f sunspots=%.1f sunspots_naive=%.1f random=%.3f by_time=%.3f"):format(
  air_error, air_naive, sun_error, sun_naive, random, honest))
