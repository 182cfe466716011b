-- metrics: how good predictions are, as plain numbers. Predictions come first, as for losses; see metrics/.

local metrics = {}

for _, part in ipairs {"classes", "ranking", "regression", "language", "boxes"} do
  for name, f in pairs(require("nnlua.metrics." .. part)) do metrics[name] = f end
end

metrics.mcc = metrics.matthews_corrcoef
metrics.ece = metrics.calibration_error

return metrics
