-- What the metrics take: predictions and labels as tensors or lists, brought into one form. Knows no metric.

local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor = core.tensor
local input = {}

function input.sizes(t) return "[" .. table.concat({t:size()}, ", ") .. "]" end

--- A tensor (detached) from a tensor or a list.
function input.tensor(who, name, v)
  if type(v) == "table" and not getmetatable(v) and #v > 0 then v = tensor(v) end
  if not tensor.is_tensor(v) then fail.raise("%s: %s: expected a tensor or a list, got %s", who, name, fail.show(v)) end
  return v:detach()
end

-- int64 from a tensor of whole numbers or booleans.
local function whole(who, name, t)
  if t:is_floating_point() then
    if t:numel() > 0 and not t:eq(t:floor()):all() then
      fail.raise("%s: %s must be class numbers, got fractions; compare probabilities with a threshold first: p:gt(0.5)",
        who, name)
    end
  end
  return t:to("int64")
end

--- Predictions and labels as class numbers from 1, flat int64 tensors of one length, and the number of classes.
-- Predictions may have one dimension more than the labels, the second: then the largest counts. Booleans and 0 and 1
-- become the classes 1 and 2.
function input.classes(who, predictions, labels, num_classes)
  local p, y = input.tensor(who, "predictions", predictions), input.tensor(who, "labels", labels)
  local classes = num_classes or 0
  if p:dim() == y:dim() + 1 and p:dim() > 1 then
    classes = math.max(classes, p:size(2))
    p = p:argmax(2)
  end
  if input.sizes(p) ~= input.sizes(y) then
    fail.raise("%s: predictions %s do not fit labels %s", who, input.sizes(p), input.sizes(y))
  end
  local binary = p.dtype == "bool" or y.dtype == "bool"
  p, y = whole(who, "predictions", p):flatten(), whole(who, "labels", y):flatten()
  if y:numel() == 0 then return p, y, classes end
  local least = math.min(p:min():item(), y:min():item())
  local most = math.max(p:max():item(), y:max():item())
  if (binary or least == 0) and classes <= 2 and least >= 0 and most <= 1 then
    return p + 1, y + 1, 2
  elseif least < 1 then
    fail.raise("%s: classes count from 1, got %d", who, least)
  elseif num_classes and most > num_classes then
    fail.raise("%s: class %d, but num_classes is %d", who, most, num_classes)
  end
  return p, y, math.max(classes, most)
end

--- Which samples are positive, as a list of booleans. labels: bool, 0 and 1, or the classes 1 and 2 (2 is positive); or
-- any, with the positive one named.
function input.positives(who, labels, positive)
  local y = input.tensor(who, "labels", labels):flatten()
  if positive ~= nil then return y:eq(positive):totable() end
  if y.dtype == "bool" then return y:totable() end
  local list = y:totable()
  local zeros, twos, others = 0, 0, 0
  for _, v in ipairs(list) do
    if v == 0 then zeros = zeros + 1 elseif v == 2 then twos = twos + 1 elseif v ~= 1 then others = others + 1 end
  end
  if others > 0 or (zeros > 0 and twos > 0) then
    fail.raise("%s: labels must be booleans, 0 and 1, or the classes 1 and 2; {positive = class} names one of several",
      who)
  end
  local one = (zeros == 0 and (twos > 0 or y.dtype == "int64")) and 2 or 1
  for i, v in ipairs(list) do list[i] = v == one end
  return list
end

--- Probabilities [N, C] in float64: as they are when they are such, else by softmax.
function input.probabilities(who, scores)
  local p = input.tensor(who, "scores", scores):double()
  if p:dim() ~= 2 then fail.raise("%s: expected scores [N, C], got %s", who, input.sizes(p)) end
  if p:numel() == 0 then return p end
  local sums = p:sum(2)
  if p:min():item() >= 0 and (sums - 1):abs():max():item() < 1e-4 then return p end
  return p:softmax(2)
end

--- Scores of the positive class as a list: [N] as they are, [N, 2] the second column's probabilities.
function input.scores(who, scores)
  local s = input.tensor(who, "scores", scores):double()
  if s:dim() == 2 and s:size(2) == 2 then s = input.probabilities(who, s)[{{}, 2}] end
  if s:dim() == 2 and s:size(2) == 1 then s = s:squeeze(2) end
  if s:dim() ~= 1 then fail.raise("%s: expected scores [N], got %s", who, input.sizes(s)) end
  local list = s:totable()
  for i, v in ipairs(list) do
    if v ~= v then fail.raise("%s: score %d is NaN", who, i) end
  end
  return list
end

--- Predictions and targets of a regression as float64 [N, D].
function input.numbers(who, predictions, targets)
  local p = input.tensor(who, "predictions", predictions):double()
  local y = input.tensor(who, "targets", targets):double()
  if input.sizes(p) ~= input.sizes(y) then
    fail.raise("%s: predictions %s do not fit targets %s", who, input.sizes(p), input.sizes(y))
  end
  if p:numel() == 0 then fail.raise("%s: there are no numbers", who) end
  if p:dim() < 2 then return p:reshape(-1, 1), y:reshape(-1, 1) end
  return p:reshape(p:size(1), -1), y:reshape(y:size(1), -1)
end

return input
