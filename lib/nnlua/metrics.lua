-- metrics: how good predictions are, as plain numbers.

local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor = core.tensor
local metrics = {}

local function sizes(t) return "[" .. table.concat({t:size()}, ", ") .. "]" end

--- The share of right predictions. predictions: logits or probabilities [N, C] (the largest counts), or classes of the
-- labels' shape; labels: classes from 1.
function metrics.accuracy(predictions, labels)
  for i, t in ipairs {predictions, labels} do
    if not tensor.is_tensor(t) then fail.raise("accuracy: argument %d: expected a tensor, got %s", i, fail.show(t)) end
  end
  predictions, labels = predictions:detach(), labels:detach()
  if predictions:dim() == labels:dim() + 1 then predictions = predictions:argmax(2) end
  if sizes(predictions) ~= sizes(labels) then
    fail.raise("accuracy: predictions %s do not fit labels %s", sizes(predictions), sizes(labels))
  end
  local n = labels:numel()
  if n == 0 then return 0 / 0 end
  return predictions:eq(labels):sum():item() / n
end

return metrics
