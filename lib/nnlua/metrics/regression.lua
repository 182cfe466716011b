-- Metrics of predicted numbers, in float64. Several columns are averaged. Definitions as in scikit-learn.

local input = require "nnlua.metrics.input"

local regression = {}

--- The mean squared error.
--     metrics.mse({1, 2, 4}, {1, 2, 2})
--     --> 1.3333333333333
function regression.mse(predictions, targets)
  local p, y = input.numbers("mse", predictions, targets)
  return (p - y):square():mean():item()
end

--- The root of the mean squared error (of each column, averaged).
--     metrics.rmse({1, 5}, {1, 1})
--     --> 2.8284271247462
function regression.rmse(predictions, targets)
  local p, y = input.numbers("rmse", predictions, targets)
  return (p - y):square():mean(1):sqrt():mean():item()
end

--- The mean absolute error.
--     metrics.mae({1, 2, 4}, {1, 2, 2})
--     --> 0.66666666666667
function regression.mae(predictions, targets)
  local p, y = input.numbers("mae", predictions, targets)
  return (p - y):abs():mean():item()
end

--- The mean of |error| / |target|.
--     metrics.mape({1.5, 2}, {1, 2})
--     --> 0.25
function regression.mape(predictions, targets)
  local p, y = input.numbers("mape", predictions, targets)
  return ((p - y):abs() / y:abs():clamp({min = 2 ^ -52})):mean():item()
end

--- The share of the targets' variance that is predicted: 1 - sum of squared errors / sum of squared distances from the
-- mean. 1 is perfect, 0 what the mean gives, below it is worse than that.
--     metrics.r2({1, 2, 4}, {1, 2, 3})
--     --> 0.5
function regression.r2(predictions, targets)
  local p, y = input.numbers("r2", predictions, targets)
  local errors = (p - y):square():sum(1):totable()
  local spread = (y - y:mean(1, {keepdim = true})):square():sum(1):totable()
  local sum = 0
  for k, e in ipairs(errors) do
    if spread[k] > 0 then sum = sum + 1 - e / spread[k] else sum = sum + (e == 0 and 1 or 0) end
  end
  return sum / #errors
end

--- 1 - variance of the errors / variance of the targets: as metrics.r2, but a constant error costs nothing.
--     metrics.explained_variance({2, 3, 4}, {1, 2, 3})
--     --> 1.0
function regression.explained_variance(predictions, targets)
  local p, y = input.numbers("explained_variance", predictions, targets)
  local function variance(t) return (t - t:mean(1, {keepdim = true})):square():mean(1):totable() end
  local errors, spread, sum = variance(p - y), variance(y), 0
  for k, e in ipairs(errors) do
    if spread[k] > 0 then sum = sum + 1 - e / spread[k] else sum = sum + (e == 0 and 1 or 0) end
  end
  return sum / #errors
end

--- The largest absolute error.
--     metrics.max_error({1, 2, 4}, {1, 2, 2})
--     --> 2.0
function regression.max_error(predictions, targets)
  local p, y = input.numbers("max_error", predictions, targets)
  return (p - y):abs():max():item()
end

return regression
