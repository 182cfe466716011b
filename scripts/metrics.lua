-- Metrics: accuracy, precision, recall, F1, ROC and AUC, and when each of them deceives.
--
--   nnlua scripts/metrics.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {60, 10}, images = {4000, 800}}

tutorial.heading("Which biopsy is malignant?")
-- 569 biopsies of breast tissue, 30 measurements each. Called "positive" is what one looks for: malignant.
local set = data.load("breast-cancer")
local positive = set.classes[1]:lower():find("mal") and 1 or 2
local y = set.y:eq(positive)                               -- true: malignant
local order = tensor.randperm(#set)
local n = math.floor(#set * 0.7)
local seen, fresh = order:narrow(1, 1, n), order:narrow(1, n + 1, #set - n)
local mean, spread = set.x[seen]:mean(1), set.x[seen]:std(1) -- fitted on what is learned from, applied to both
local x = (set.x - mean) / spread
local model = nn.Linear(30, 1)
local opt = optim.Adam(model:parameters(), {lr = 0.02})
for _ = 1, options.epochs do
  opt:zero_grad()
  F.binary_cross_entropy_with_logits(model(x[seen]):squeeze(2), y[seen]:to("float32")):backward()
  opt:step()
end
local score = tensor.no_grad(function() return model(x[fresh]):squeeze(2):sigmoid() end)
local truth = y[fresh]

-- The four kinds of answers, and everything that is made of them.
local function count(said, is)
  local tp = (said & is):sum():item()
  local fp = (said & ~is):sum():item()
  local fn = (~said & is):sum():item()
  return tp, fp, fn, said:numel() - tp - fp - fn
end
local function judge(said, is)
  local tp, fp, fn, tn = count(said, is)
  local precision = tp + fp > 0 and tp / (tp + fp) or 0
  local recall = tp + fn > 0 and tp / (tp + fn) or 0
  local f1 = precision + recall > 0 and 2 * precision * recall / (precision + recall) or 0
  return {tp = tp, fp = fp, fn = fn, tn = tn, precision = precision, recall = recall, f1 = f1,
    accuracy = (tp + tn) / said:numel(), specificity = tn / math.max(1, tn + fp)}
end
print("threshold   hit  false alarm  missed  rest   accuracy precision recall  F1")
for _, threshold in ipairs {0.1, 0.3, 0.5, 0.7, 0.9} do
  local j = judge(score:ge(threshold), truth)
  print(("%9.1f %5d %12d %7d %5d   %8.3f %9.3f %6.3f %5.3f"):format(threshold, j.tp, j.fp, j.fn, j.tn, j.accuracy,
    j.precision, j.recall, j.f1))
end
-- A lower threshold misses fewer tumours (recall) and alarms more healthy people (precision). Which is worse is no
-- question of mathematics.

tutorial.heading("All thresholds at once: ROC")
local auc = metrics.roc_auc(score, truth)
plot.roc(score, truth, {title = "ROC: breast cancer", rows = 16})
-- AUC is the probability that a positive case scores higher than a negative one. Counted pair by pair:
local above = score[truth]:unsqueeze(2) - score[~truth]:unsqueeze(1)
local pairs_won = (above:gt(0):to("float64") + above:eq(0):to("float64") * 0.5):mean():item()
print(("AUC %.4f; pairs that are in the right order: %.4f"):format(auc, pairs_won))

tutorial.heading("The trap: recall is about negatives")
-- Recall = hits / all positives: add a thousand easy negatives and it does not move; precision and accuracy do.
local half = judge(score:ge(0.5), truth)
local more = judge(tensor.cat({score:ge(0.5), tensor.rand(1000):gt(0.97)}), tensor.cat({truth,
  tensor.zeros(1000):gt(0)}))
print(("recall %.3f and %.3f, precision %.3f and %.3f, accuracy %.3f and %.3f"):format(half.recall, more.recall,
  half.precision, more.precision, half.accuracy, more.accuracy))
print(("what is about negatives is specificity: %.3f of them are left in peace"):format(half.specificity))

tutorial.heading("The trap: accuracy suffices")
-- 99 to 1: who always says "no" is right 99 times of 100 and finds nothing.
local rare = tensor.rand(20000):lt(0.01)
local lazy = judge(tensor.zeros(20000):gt(0), rare)
local useful = judge((rare & tensor.rand(20000):lt(0.8)) | (~rare & tensor.rand(20000):lt(0.02)), rare)
print(("always no:       accuracy %.3f   recall %.3f   F1 %.3f"):format(lazy.accuracy, lazy.recall, lazy.f1))
print(("a useful search: accuracy %.3f   recall %.3f   F1 %.3f"):format(useful.accuracy, useful.recall, useful.f1))

tutorial.heading("Ten classes: a confusion matrix")
local clothes = tutorial.fashion(options.images, options.quick and 500 or 5000)
local net = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
local adam = optim.Adam(net:parameters(), {lr = 1e-3})
for _ = 1, options.quick and 2 or 6 do
  for bx, by in data.DataLoader({clothes.x, clothes.y}, {batch_size = 64, shuffle = true}):iter() do
    adam:zero_grad()
    F.cross_entropy(net(bx), by):backward()
    adam:step()
  end
end
local said = tensor.no_grad(net, clothes.test_x):argmax(2)
local confusion = metrics.confusion_matrix(said, clothes.test_y, {num_classes = 10})
plot.confusion(confusion, {names = clothes.classes, title = "rows: what it is, columns: what it says"})
local f1 = metrics.f1(said, clothes.test_y, {average = "macro"})
local worst, worst_f1 = 1, math.huge
for class = 1, 10 do
  local value = judge(said:eq(class), clothes.test_y:eq(class)).f1
  if value < worst_f1 then worst, worst_f1 = class, value end
end
print(("accuracy %.3f, macro F1 %.3f; hardest: %s with F1 %.3f"):format(metrics.accuracy(said, clothes.test_y), f1,
  clothes.classes[worst], worst_f1))

-- To try next: calibration (of all cases scored 0.8, are 80 % positive?), and precision-recall curves for rare
-- classes.
print(("result: auc=%.4f f1=%.3f lazy_accuracy=%.3f lazy_f1=%.3f"):format(auc, half.f1, lazy.accuracy, lazy.f1))
