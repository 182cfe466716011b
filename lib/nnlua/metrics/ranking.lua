-- Metrics of scores and probabilities: curves, areas, calibration. Definitions as in scikit-learn.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local input = require "nnlua.metrics.input"
local signature = require "nnlua.signature"

local tensor = core.tensor
local ranking = {}

local function vector(list) return tensor(list, {dtype = "float64"}) end

-- True and false positives when all scores >= threshold count as positive, for each different score from the highest.
local function cumulated(who, scores, labels, positive)
  local s, y = input.scores(who, scores), input.positives(who, labels, positive)
  if #s ~= #y then fail.raise("%s: %d scores for %d labels", who, #s, #y) end
  if #s == 0 then fail.raise("%s: there are no samples", who) end
  local order = {}
  for i = 1, #s do order[i] = i end
  table.sort(order, function(a, b) return s[a] > s[b] end)
  local tps, fps, thresholds, tp, fp = {}, {}, {}, 0, 0
  for k, i in ipairs(order) do
    if y[i] then tp = tp + 1 else fp = fp + 1 end
    if k == #order or s[order[k + 1]] ~= s[i] then
      tps[#tps + 1], fps[#fps + 1], thresholds[#thresholds + 1] = tp, fp, s[i]
    end
  end
  return tps, fps, thresholds, tp, fp
end

local function both(who, positives, negatives)
  if positives == 0 or negatives == 0 then
    fail.raise("%s: there are no %s samples", who, positives == 0 and "positive" or "negative")
  end
end

local function area(x, y)
  local sum = 0
  for i = 2, #x do sum = sum + (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2 end
  return sum
end

local curve_options = signature("roc_curve", "positive:any?, drop_intermediate:bool=true")

--- The ROC curve of scores [N] (or [N, 2]: the second column): false positive rates, true positive rates and
-- thresholds, from the strictest on, as three float64 tensors. labels: bool, 0 and 1, or the classes 1 and 2 (2 is
-- positive). Options: positive (the class that counts as such), drop_intermediate (points on straight lines are left
-- out).
--     metrics.roc_curve({0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1})
--     --> {0, 0, 0.5, 0.5, 1}	{0, 0.5, 0.5, 1, 1}	{inf, 0.8, 0.4, 0.35, 0.1}
function ranking.roc_curve(scores, labels, ...)
  local o = curve_options(...)
  local tps, fps, thresholds, p, n = cumulated("roc_curve", scores, labels, o.positive)
  both("roc_curve", p, n)
  local fpr, tpr, kept = {0}, {0}, {math.huge}
  for i = 1, #tps do
    local inner = o.drop_intermediate and i > 1 and i < #tps
    if not inner or tps[i + 1] - 2 * tps[i] + tps[i - 1] ~= 0 or fps[i + 1] - 2 * fps[i] + fps[i - 1] ~= 0 then
      fpr[#fpr + 1], tpr[#tpr + 1], kept[#kept + 1] = fps[i] / n, tps[i] / p, thresholds[i]
    end
  end
  return vector(fpr), vector(tpr), vector(kept)
end

-- The area of one class's scores.
local function binary_auc(who, scores, labels, positive)
  local tps, fps, _, p, n = cumulated(who, scores, labels, positive)
  both(who, p, n)
  table.insert(tps, 1, 0)
  table.insert(fps, 1, 0)
  return area(fps, tps) / (p * n)
end

-- Scores of class k of the samples whose labels `keep` accepts, and whether they are of class k.
local function column(scores, labels, k, keep)
  local s, y = {}, {}
  for i, row in ipairs(scores) do
    if keep(labels[i]) then s[#s + 1], y[#y + 1] = row[k], labels[i] == k end
  end
  return s, y
end

-- Each pair of classes against each other, both ways.
local function one_against_one(s, y, c)
  local sum, pairs_seen = 0, 0
  for a = 1, c do
    for b = a + 1, c do
      local function keep(label) return label == a or label == b end
      local sa, ya = column(s, y, a, keep)
      local sb, yb = column(s, y, b, keep)
      sum = sum + (binary_auc("roc_auc", sa, ya) + binary_auc("roc_auc", sb, yb)) / 2
      pairs_seen = pairs_seen + 1
    end
  end
  return sum / pairs_seen
end

local auc_options = signature("roc_auc", "positive:any?, average:string=macro, multi_class:string=ovr")

--- The area under the ROC curve: the chance that a positive sample has a higher score than a negative one. Scores [N],
-- or [N, C] with the classes 1..C: each class against the rest, averaged. Options: positive, average ("macro",
-- "weighted"), multi_class ("ovr": one against the rest, "ovo": each pair).
--     metrics.roc_auc({0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1})
--     --> 0.75
function ranking.roc_auc(scores, labels, ...)
  local o = auc_options(...)
  local s = input.tensor("roc_auc", "scores", scores)
  if s:dim() < 2 or s:size(2) < 3 then return binary_auc("roc_auc", scores, labels, o.positive) end
  local rows, c = input.probabilities("roc_auc", s):totable(), s:size(2)
  local classes = input.tensor("roc_auc", "labels", labels):long()
  if classes:dim() ~= 1 then fail.raise("roc_auc: expected labels [N], got %s", tostring(classes.shape)) end
  local y = classes:totable()
  if #y ~= #rows then fail.raise("roc_auc: %d scores for %d labels", #rows, #y) end
  if o.multi_class == "ovo" then return one_against_one(rows, y, c) end
  if o.multi_class ~= "ovr" or (o.average ~= "macro" and o.average ~= "weighted") then
    fail.raise("roc_auc: multi_class must be \"ovr\" or \"ovo\", average \"macro\" or \"weighted\"")
  end
  local sum, weights = 0, 0
  for k = 1, c do
    local own, is = column(rows, y, k, function() return true end)
    local weight = 0
    for _, yes in ipairs(is) do weight = weight + (yes and 1 or 0) end
    if o.average == "macro" then weight = 1 end
    sum, weights = sum + weight * binary_auc("roc_auc", own, is), weights + weight
  end
  return sum / weights
end

--- The area under a curve through points (x, y), by trapezoids; x must rise or fall throughout.
--     metrics.auc({0, 1, 3}, {0, 1, 1})
--     --> 2.5
function ranking.auc(x, y)
  local xs, ys = input.tensor("auc", "x", x):double(), input.tensor("auc", "y", y):double()
  if xs:dim() ~= 1 or input.sizes(xs) ~= input.sizes(ys) or xs:size(1) < 2 then
    fail.raise("auc: expected two vectors of one length, at least 2, got %s and %s", input.sizes(xs), input.sizes(ys))
  end
  xs, ys = xs:totable(), ys:totable()
  local rises, falls = true, true
  for i = 2, #xs do rises, falls = rises and xs[i] >= xs[i - 1], falls and xs[i] <= xs[i - 1] end
  if not rises and not falls then fail.raise("auc: x neither rises nor falls throughout") end
  return rises and area(xs, ys) or -area(xs, ys)
end

local pr_options = signature("precision_recall_curve", "positive:any?")

--- Precision and recall for every threshold, from the lowest on, as three float64 tensors: precision [M + 1] and recall
-- [M + 1], which end with the point (1, 0), and thresholds [M]. Options: positive.
--     metrics.precision_recall_curve({0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1})
--     --> {0.5, 0.6667, 0.5, 1, 1}	{1, 1, 0.5, 0.5, 0}	{0.1, 0.35, 0.4, 0.8}
function ranking.precision_recall_curve(scores, labels, ...)
  local o = pr_options(...)
  local tps, fps, thresholds, p = cumulated("precision_recall_curve", scores, labels, o.positive)
  both("precision_recall_curve", p, 1)
  local precision, recall, rising, m = {}, {}, {}, #tps
  for i = 1, m do
    local k = m + 1 - i
    precision[i], recall[i], rising[i] = tps[k] / (tps[k] + fps[k]), tps[k] / p, thresholds[k]
  end
  precision[m + 1], recall[m + 1] = 1, 0
  return vector(precision), vector(recall), vector(rising)
end

--- The mean precision over the steps of recall (not interpolated): the area under the precision-recall curve in
-- steps. Scores [N]; or [N, C] with the classes 1..C, averaged over the classes. Options: positive.
--     metrics.average_precision({0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1})
--     --> 0.83333333333333
function ranking.average_precision(scores, labels, ...)
  local o = pr_options(...)
  local s = input.tensor("average_precision", "scores", scores)
  if s:dim() == 2 and s:size(2) > 2 then
    local y, sum = input.tensor("average_precision", "labels", labels), 0
    for k = 1, s:size(2) do sum = sum + ranking.average_precision(s[{{}, k}], y:eq(k)) end
    return sum / s:size(2)
  end
  local tps, fps, _, p = cumulated("average_precision", scores, labels, o.positive)
  both("average_precision", p, 1)
  local sum, before = 0, 0
  for i = 1, #tps do
    sum = sum + (tps[i] - before) / p * tps[i] / (tps[i] + fps[i])
    before = tps[i]
  end
  return sum
end

-- Probabilities of the true classes and of all, from [N, C], or [N] for the positive class of two.
local function of_truth(who, probabilities, labels)
  local p = input.tensor(who, "probabilities", probabilities):double()
  if p:dim() == 1 then
    if p:numel() > 0 and (p:min():item() < 0 or p:max():item() > 1) then
      fail.raise("%s: probabilities must be in 0..1", who)
    end
    local y = input.positives(who, labels)
    if #y ~= p:size(1) then fail.raise("%s: %d probabilities for %d labels", who, p:size(1), #y) end
    local yes = tensor(y)
    return tensor.where(yes, p, 1 - p), tensor.stack({1 - p, p}, 2), yes:long() + 1
  end
  p = input.probabilities(who, p)
  local _, y = input.classes(who, p, labels)
  if y:numel() > 0 and y:max():item() > p:size(2) then
    fail.raise("%s: class %d, but there are %d columns", who, y:max():item(), p:size(2))
  end
  return p:gather(2, y:unsqueeze(2)):squeeze(2), p, y
end

--- The mean of -log(probability of the true class). Probabilities [N, C] (logits go through softmax), or [N] of the
-- positive class of two. A probability below 2.2e-16 counts as that.
--     metrics.log_loss(tensor{{0.5, 0.5}, {0.25, 0.75}}, {1, 2})
--     --> 0.49041462650586
function ranking.log_loss(probabilities, labels)
  local p = of_truth("log_loss", probabilities, labels)
  return -p:clamp(2 ^ -52, 1 - 2 ^ -52):log():mean():item()
end

--- The mean squared distance between the probability of the positive class [N] and what happened (0 or 1).
--     metrics.brier_score({0.5, 0.75}, {0, 1})
--     --> 0.15625
function ranking.brier_score(probabilities, labels)
  local p = of_truth("brier_score", probabilities, labels)
  return (1 - p):square():mean():item()
end

-- For each of n equal bins of 0..1: how many, the sum of probabilities, the number of hits. A border belongs to the bin
-- below it.
local function binned(p, hits, n)
  local bins = {}
  for k = 1, n do bins[k] = {n = 0, p = 0, hits = 0} end
  for i, v in ipairs(p) do
    local bin = bins[math.max(1, math.min(n, math.ceil(v * n)))]
    bin.n, bin.p, bin.hits = bin.n + 1, bin.p + v, bin.hits + (hits[i] and 1 or 0)
  end
  return bins
end

local ece_options = signature("calibration_error", "n_bins:count=15, norm:string=l1")

--- How far confidence and accuracy lie apart (ECE): samples are parted by the probability of the predicted class into
-- bins of equal width; the gaps are averaged by the number of samples. Probabilities [N, C] (logits go through softmax)
-- or [N]. Options: n_bins, norm ("l1", "l2", or "max" for the largest gap). Guo et al. 2017. Also
-- metrics.ece.
--     metrics.calibration_error(tensor{{0.25, 0.75}, {0.25, 0.75}}, {2, 1})
--     --> 0.25
function ranking.calibration_error(probabilities, labels, ...)
  local o = ece_options(...)
  local _, all, y = of_truth("calibration_error", probabilities, labels)
  local confidence, class = all:max(2)
  local total, sum, worst = #all, 0, 0
  for _, bin in ipairs(binned(confidence:totable(), class:eq(y):totable(), o.n_bins)) do
    if bin.n > 0 then
      local gap = math.abs(bin.p - bin.hits) / bin.n
      sum = sum + (o.norm == "l2" and gap ^ 2 or gap) * bin.n / total
      worst = math.max(worst, gap)
    end
  end
  if o.norm == "max" then return worst end
  if o.norm == "l2" then return math.sqrt(sum) end
  if o.norm ~= "l1" then fail.raise("calibration_error: norm must be \"l1\", \"l2\" or \"max\"") end
  return sum
end

local calibration_options = signature("calibration_curve", "n_bins:count=5")

--- For bins of probability of the positive class [N]: the share of positive samples and the mean probability, as two
-- float64 tensors without empty bins. Options: n_bins.
--     metrics.calibration_curve({0.1, 0.15, 0.9}, {0, 1, 1}, {n_bins = 2})
--     --> {0.5, 1}	{0.125, 0.9}
function ranking.calibration_curve(probabilities, labels, ...)
  local o = calibration_options(...)
  local p, y = input.scores("calibration_curve", probabilities), input.positives("calibration_curve", labels)
  if #p ~= #y then fail.raise("calibration_curve: %d probabilities for %d labels", #p, #y) end
  for i, v in ipairs(p) do
    if v < 0 or v > 1 then fail.raise("calibration_curve: probability %d is %g, not in 0..1", i, v) end
  end
  local share, mean = {}, {}
  for _, bin in ipairs(binned(p, y, o.n_bins)) do
    if bin.n > 0 then share[#share + 1], mean[#mean + 1] = bin.hits / bin.n, bin.p / bin.n end
  end
  return vector(share), vector(mean)
end

return ranking
