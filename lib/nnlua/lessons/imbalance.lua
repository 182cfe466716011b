-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Imbalanced classes",
  chinese = "类别不平衡",
  minutes = 10,
  about = "When one class is rare: weights, resampling and focal loss, and which number to look at.",
  steps = {
    {
      ask = "2 % of all transactions are fraud. How high is the accuracy of one who always says no?",
      equals = 0.98,
      wrong = {{0.02, "That is the share it gets wrong."}, {0.5, "It is right on all that are no fraud."}},
      hints = {"It is right on 98 of 100."},
    },
    {
      "Class weights multiply the loss of each sample of a class. Balanced weights give each class the same sum.",
      ask = "900 samples of class A, 100 of class B, and A has weight 1. Which weight balances B?",
      equals = 9,
      wrong = {{10, "B's sum should be A's: 900, not all 1000."}, {0.111, "B is the rare one: it gets more."}},
      hints = {"100 * w = 900"},
    },
    {
      "Two clouds that overlap, 950 points of class 1 and 50 of class 2. A linear model, and the recall of class 2.",
      ask = "Run it: the last line is the recall without weights.",
      given = [[
tensor.manual_seed(1)
x = tensor.cat({tensor.randn(950, 2), tensor.randn(50, 2) + 1.5}, 1)
y = tensor.cat({tensor.ones(950), tensor.ones(50) * 2}, 1):long()
function fit(weight)
  tensor.manual_seed(2)
  net = nn.Linear(2, 2)
  local opt = optim.Adam(net:parameters(), {lr = 0.1})
  for step = 1, 150 do
    opt:zero_grad()
    F.cross_entropy(net(x), y, {weight = weight}):backward()
    opt:step()
  end
  local says = net(x):argmax(2)
  local rare = y:eq(2)
  print("accuracy", says:eq(y):float():mean())
  return says:eq(2):logical_and(rare):sum():item() / 50
end
fit()]],
      between = {0.1, 0.65},
      hints = {"Enter runs it."},
      after = function(v) return ("%.0f %% of the rare class, at an accuracy that looks splendid."):format(100 * v) end,
    },
    {
      ask = "Call `fit` with weights for the two classes that bring the recall above 0.75.",
      answer = "fit(tensor{1, 19})",
      check = function(v)
        if type(v) ~= "number" then return nil end
        return v > 0.75
      end,
      wrong = {
        {"fit(tensor{19, 1})", "The weights are in the order of the classes: the second one is the rare one.", when = function(v) return v < 0.1 end},
      },
      otherwise = "Not yet: the second class has 50 of 1000 samples. Which weight balances it?",
      hints = {"950 / 50 is 19.", "`fit(tensor{1, 19})`"},
      after = "More of the rare ones are found, and accuracy fell: more false alarms. Which is worth more is a question of costs, not of "
        .. "mathematics.",
    },
    {
      "Focal loss takes weight from what is easy: -(1 - p)^2 log p, p the probability of the right class.",
      ask = "Write `focal(p)` for numbers (`math.log`).",
      given = "function focal(p)\n  return -math.log(p)\nend",
      answer = "function focal(p)\n  return -(1 - p) ^ 2 * math.log(p)\nend",
      func = "focal",
      inputs = function() return {{0.9}, {0.5}, {0.01}} end,
      wrong = {
        {"function focal(p) return -p ^ 2 * math.log(p) end", "That weighs the easy ones up: (1 - p)^2."},
        {"function focal(p) return (1 - p) ^ 2 * math.log(p) end", "Losses are positive: the minus."},
        {"function focal(p) return -(1 - p) * math.log(p) end", "The square of 1 - p."},
      },
      hints = {"In Lua a power is `^`."},
    },
    {
      ask = "At p = 0.9: what part of the ordinary cross-entropy is left?",
      equals = 0.01,
      within = 1e-3,
      wrong = {{0.1, "Squared."}, {0.81, "(1 - p)^2, not p^2."}},
      hints = {"(1 - 0.9)^2"},
      after = "A hundredth, where p = 0.1 keeps 81 %: the many easy samples no longer drown the few hard ones.",
    },
    {
      trap = "Oversampling the rare class first, and then splitting into training and test set, is fine.",
      holds = false,
      experiment = {
        "50 rare samples, each copied 19 times, then a random split in halves. How many of the 50 are in both parts?",
        ask = "Run the experiment: the last line is the share of the 50 that lie in both.",
        given = [[
tensor.manual_seed(1)
copies = tensor.arange(950):remainder(50)
mixed = copies[tensor.randperm(950)]
train_ids, test_ids = mixed[{ {1, 475} }], mixed[{ {476, 950} }]
both = 0
for id = 0, 49 do
  if train_ids:eq(id):any() and test_ids:eq(id):any() then both = both + 1 end
end
both / 50]],
        between = {0.95, 1},
        hints = {"Enter runs it."},
        after = "All of them: the test asks what was learned by heart.",
      },
      verdict = "Split first, then resample the training part alone. The test set keeps the shares of the real world, or precision means "
        .. "nothing.",
    },
  },
  interview = {
    {
      "How do you handle 1:1000 imbalance?",
      pass = "Weights or resampling, and another metric than accuracy.",
      good = "First the metric: precision-recall, F1, costs. Then class weights, over- or undersampling of the training part, focal loss, and "
        .. "the threshold, chosen on validation data, which alone often does it.",
      excellent = [[As good, and: weights and resampling spoil calibration (correct the logits by the log of the changed prior); with very few
        positives treat it as anomaly detection; stratify splits; look at the labels, rare classes are often rarely right.]],
    },
    {
      "Class weights or moving the threshold?",
      pass = "Both trade precision for recall.",
      good = "A probabilistic model that is calibrated needs only another threshold. Weights change training itself, which matters when the "
        .. "model has too little capacity or the rare class's gradients drown.",
      excellent = [[As good, and: for logistic regression in the limit of much data, weights shift mainly the intercept, so it is the same; for
        deep networks that separate the training data weights lose their effect, and margins (LDAM, logit adjustment) replace them.]],
    },
  },
}
