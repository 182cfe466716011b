-- Metrics of predicted classes: counted in a confusion matrix. Definitions as in scikit-learn.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local input = require "nnlua.metrics.input"
local signature = require "nnlua.signature"

local tensor = core.tensor
local classes = {}

-- Counts [true][predicted] as nested lists, and the number of classes.
local function count(who, predictions, labels, num_classes)
  local p, y, n = input.classes(who, predictions, labels, num_classes)
  if n == 0 then return {}, 0, 0 end
  local cells = ((y - 1) * n + p):bincount(nil, n * n)
  return cells:reshape(n, n):totable(), n, y:numel()
end

--- The share of right predictions. predictions: logits or probabilities [N, C] (the largest counts), or classes of the
-- labels' shape; labels: classes from 1.
--     metrics.accuracy(tensor{{2, 1}, {0, 3}, {5, 4}}, tensor{1, 2, 2})
--     --> 0.66666666666667
function classes.accuracy(predictions, labels)
  local p, y = input.classes("accuracy", predictions, labels)
  local n = y:numel()
  if n == 0 then return 0 / 0 end
  return p:eq(y):sum():item() / n
end

local top_k_options = signature("top_k_accuracy", "k:count=5")

--- The share of samples whose class is among the k largest scores [N, C]. Of equal scores those of later classes count
-- as larger. Options: k (default 5).
--     metrics.top_k_accuracy(tensor{{3, 2, 1}, {3, 2, 1}}, {2, 3}, {k = 2})
--     --> 0.5
function classes.top_k_accuracy(scores, labels, ...)
  local o = top_k_options(...)
  local s = input.tensor("top_k_accuracy", "scores", scores)
  local y = input.tensor("top_k_accuracy", "labels", labels):long()
  if s:dim() ~= 2 or y:dim() ~= 1 or s:size(1) ~= y:size(1) then
    fail.raise("top_k_accuracy: expected scores [N, C] and labels [N], got %s and %s", input.sizes(s), input.sizes(y))
  end
  local n, c = s:size()
  if n == 0 then return 0 / 0 end
  if y:min():item() < 1 or y:max():item() > c then fail.raise("top_k_accuracy: labels must be in 1..%d", c) end
  local own = s:gather(2, y:unsqueeze(2))
  local later = tensor.arange(1, c + 1, {dtype = "int64"}):unsqueeze(1):gt(y:unsqueeze(2))
  local above = (s:gt(own) | (s:eq(own) & later)):long():sum(2)
  return above:lt(o.k):sum():item() / n
end

local matrix_options = signature("confusion_matrix", "num_classes:count?, normalize:string?")

--- How often each class was taken for which: int64 [C, C], a row for each true class, a column for each predicted one.
-- Options: num_classes, normalize ("true", "pred" or "all": float64 shares of the row, the column or all).
--     metrics.confusion_matrix({1, 2, 2, 3}, {1, 2, 3, 3})
--     --> {{1, 0, 0}, {0, 1, 0}, {0, 1, 1}}
function classes.confusion_matrix(predictions, labels, ...)
  local o = matrix_options(...)
  local counts, n = count("confusion_matrix", predictions, labels, o.num_classes)
  if n == 0 then fail.raise("confusion_matrix: there are no samples") end
  local matrix = tensor(counts, {dtype = "int64"})
  if not o.normalize then return matrix end
  local whole = matrix:double()
  local sum
  if o.normalize == "true" then
    sum = whole:sum(2, {keepdim = true})
  elseif o.normalize == "pred" then
    sum = whole:sum(1, {keepdim = true})
  elseif o.normalize == "all" then
    sum = whole:sum()
  else
    fail.raise("confusion_matrix: normalize must be \"true\", \"pred\" or \"all\", got %s", fail.show(o.normalize))
  end
  return tensor.where(sum:eq(0), tensor.zeros_like(whole), whole / sum:clamp({min = 1}))
end

-- For each class: true positives, predicted, actual.
local function tallies(counts, n)
  local list = {}
  for k = 1, n do
    local predicted, actual = 0, 0
    for j = 1, n do
      predicted, actual = predicted + counts[j][k], actual + counts[k][j]
    end
    list[k] = {hit = counts[k][k], predicted = predicted, actual = actual}
  end
  return list
end

local score_options = "average:string?, num_classes:count?, positive:int=2, zero_division:number=0"

-- The score of each class put together as `average` asks for. score(tally) or nil where it divides by zero.
local function averaged(who, predictions, labels, o, score)
  local counts, n = count(who, predictions, labels, o.num_classes)
  local list = tallies(counts, n)
  local how = o.average or (n == 2 and "binary" or "macro")
  local function of(tally) return score(tally) or o.zero_division end
  if how == "binary" then
    if n > 2 then fail.raise("%s: average \"binary\" needs two classes, there are %d", who, n) end
    return of(list[o.positive] or {hit = 0, predicted = 0, actual = 0})
  elseif how == "micro" then
    local all = {hit = 0, predicted = 0, actual = 0}
    for _, tally in ipairs(list) do
      for key, v in pairs(tally) do all[key] = all[key] + v end
    end
    return of(all)
  elseif how == "none" then
    local each = {}
    for k, tally in ipairs(list) do each[k] = of(tally) end
    return tensor(each, {dtype = "float64"})
  elseif how ~= "macro" and how ~= "weighted" then
    fail.raise("%s: average must be \"binary\", \"micro\", \"macro\", \"weighted\" or \"none\", got %s", who,
      fail.show(how))
  end
  local sum, weights = 0, 0
  for _, tally in ipairs(list) do
    local occurs = o.num_classes or tally.predicted + tally.actual > 0
    local weight = how == "weighted" and tally.actual or occurs and 1 or 0
    if weight > 0 then sum, weights = sum + weight * of(tally), weights + weight end
  end
  return weights > 0 and sum / weights or o.zero_division
end

local function ratio(a, b) return b > 0 and a / b or nil end

local precision_options = signature("precision", score_options)

--- The share of right ones among those predicted to be of a class. Options: average ("binary": the class `positive`
-- alone, the default for two classes; "macro": the mean over classes that occur, the default for more; "micro": all
-- counted together; "weighted" by how often a class occurs; "none": float64 [C]), num_classes, positive (default 2),
-- zero_division (what 0 / 0 is).
--     metrics.precision({1, 2, 2, 2}, {1, 1, 2, 2})
--     --> 0.66666666666667
function classes.precision(predictions, labels, ...)
  return averaged("precision", predictions, labels, precision_options(...), function(t)
    return ratio(t.hit, t.predicted)
  end)
end

local recall_options = signature("recall", score_options)

--- The share of a class's samples that were found. Options as for metrics.precision.
--     metrics.recall({1, 2, 2, 1}, {1, 1, 2, 2}), metrics.recall({1, 2, 3}, {1, 2, 2}, {average = "none"})
--     --> 0.5	{1, 0.5, 0}
function classes.recall(predictions, labels, ...)
  return averaged("recall", predictions, labels, recall_options(...), function(t) return ratio(t.hit, t.actual) end)
end

local f1_options = signature("f1", score_options)

--- The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). Options as for metrics.precision.
--     metrics.f1({1, 2, 2, 2}, {1, 1, 2, 2})
--     --> 0.8
function classes.f1(predictions, labels, ...)
  return averaged("f1", predictions, labels, f1_options(...), function(t)
    return ratio(2 * t.hit, t.predicted + t.actual)
  end)
end

local fbeta_options = signature("fbeta", "beta:positive, " .. score_options)

--- Precision and recall weighed, recall beta times as much as precision. Options as for metrics.precision.
--     metrics.fbeta({1, 2, 2, 2}, {1, 1, 2, 2}, 2)
--     --> 0.90909090909091
function classes.fbeta(predictions, labels, ...)
  local o = fbeta_options(...)
  local b = o.beta ^ 2
  return averaged("fbeta", predictions, labels, o, function(t)
    return ratio((1 + b) * t.hit, t.predicted + b * t.actual)
  end)
end

local iou_options = signature("iou", "average:string=macro, num_classes:count?, positive:int=2, zero_division:number=0")

--- Intersection over union of predicted and true pixels (or samples) of each class, also called Jaccard index: the mean
-- over classes that occur. Predictions [N, C, H, W] or classes, labels [N, H, W]. Options as for metrics.precision.
--     metrics.iou({1, 1, 2, 2}, {1, 2, 2, 2})
--     --> 0.58333333333333
function classes.iou(predictions, labels, ...)
  return averaged("iou", predictions, labels, iou_options(...), function(t)
    return ratio(t.hit, t.predicted + t.actual - t.hit)
  end)
end

--- The mean of the recalls of the classes that occur.
--     metrics.balanced_accuracy({1, 1, 1, 2}, {1, 1, 1, 2})
--     --> 1.0
function classes.balanced_accuracy(predictions, labels)
  local counts, n = count("balanced_accuracy", predictions, labels)
  local sum, occur = 0, 0
  for _, t in ipairs(tallies(counts, n)) do
    if t.actual > 0 then sum, occur = sum + t.hit / t.actual, occur + 1 end
  end
  return sum / occur
end

local kappa_options = signature("cohen_kappa", "weights:string?")

--- Agreement beyond chance: 1 is full agreement, 0 what chance gives. Options: weights ("linear", "quadratic": how much
-- distant classes count).
--     metrics.cohen_kappa({1, 2, 2, 1}, {1, 2, 1, 1})
--     --> 0.5
function classes.cohen_kappa(predictions, labels, ...)
  local o = kappa_options(...)
  local counts, n, total = count("cohen_kappa", predictions, labels)
  if o.weights and o.weights ~= "linear" and o.weights ~= "quadratic" then
    fail.raise("cohen_kappa: weights must be \"linear\" or \"quadratic\", got %s", fail.show(o.weights))
  end
  local list, seen, expected = tallies(counts, n), 0, 0
  for i = 1, n do
    for j = 1, n do
      local weight = i == j and 0 or 1
      if o.weights then weight = math.abs(i - j) ^ (o.weights == "linear" and 1 or 2) end
      seen = seen + weight * counts[i][j]
      expected = expected + weight * list[i].actual * list[j].predicted / total
    end
  end
  return 1 - seen / expected
end

--- Matthews' correlation of predicted and true classes, -1 to 1; also metrics.mcc.
--     metrics.matthews_corrcoef({1, 2, 2, 1}, {1, 2, 1, 1})
--     --> 0.57735026918963
function classes.matthews_corrcoef(predictions, labels)
  local counts, n, total = count("matthews_corrcoef", predictions, labels)
  local hits, cross, predicted, actual = 0, 0, 0, 0
  for _, t in ipairs(tallies(counts, n)) do
    hits, cross = hits + t.hit, cross + t.predicted * t.actual
    predicted, actual = predicted + t.predicted ^ 2, actual + t.actual ^ 2
  end
  local product = (total ^ 2 - predicted) * (total ^ 2 - actual)
  return product > 0 and (hits * total - cross) / math.sqrt(product) or 0.0
end

local report_options = signature("classification_report", "classes:table?, num_classes:count?")

--- Precision, recall, F1 and number of samples of each class, and their means, as a text to print. Options: classes
-- (their names), num_classes.
--     print(metrics.classification_report({1, 2, 2}, {1, 2, 1}, {classes = {"no", "yes"}}):match("yes[^\n]*"))
--     --> yes                  0.5000  1.0000  0.6667        1
function classes.classification_report(predictions, labels, ...)
  local o = report_options(...)
  local counts, n, total = count("classification_report", predictions, labels, o.num_classes)
  local lines = {("%-18s %8s%8s%8s%9s"):format("", "precis.", "recall", "f1", "samples")}
  local sums, means, occur, hits = {0, 0, 0}, {0, 0, 0}, 0, 0
  local function line(name, a, b, c, samples)
    lines[#lines + 1] = ("%-18s %8.4f%8.4f%8.4f%9d"):format(name, a, b, c, samples)
  end
  for k, t in ipairs(tallies(counts, n)) do
    local p, r = ratio(t.hit, t.predicted) or 0, ratio(t.hit, t.actual) or 0
    local f = ratio(2 * t.hit, t.predicted + t.actual) or 0
    line(tostring(o.classes and o.classes[k] or k):sub(1, 18), p, r, f, t.actual)
    if t.predicted + t.actual > 0 then occur = occur + 1 end
    hits = hits + t.hit
    for i, v in ipairs {p, r, f} do
      means[i], sums[i] = means[i] + v, sums[i] + v * t.actual
    end
  end
  line("mean", means[1] / occur, means[2] / occur, means[3] / occur, total)
  line("weighted mean", sums[1] / total, sums[2] / total, sums[3] / total, total)
  lines[#lines + 1] = ("%-18s %24.4f%9d"):format("accuracy", hits / total, total)
  return table.concat(lines, "\n")
end

return classes
