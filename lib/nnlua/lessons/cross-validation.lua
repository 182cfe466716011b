-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Cross-validation",
  chinese = "交叉验证",
  minutes = 9,
  about = "Every sample is tested once: what k folds cost, what their spread says, and how to spoil them.",
  steps = {
    {
      "The data are cut into k parts. Each part is the test set once, the other parts together are the training set.",
      ask = "200 samples, 5 folds. How many samples does each model train on?",
      equals = 160,
      wrong = {{40, "That is the part it is tested on."}, {200, "One part is held out."}, {32, "A fifth is held out; four fifths are trained on."}},
      hints = {"4 of 5 parts."},
    },
    {
      ask = "How many models are trained?",
      equals = 5,
      wrong = {{1, "Each fold needs a model that hasn't seen its test part."}, {4, "One for each part that is held out."}},
      hints = {"One for each fold."},
    },
    {
      ask = "Write `fold_of(i, k)`: the fold, from 1 to k, of sample i (from 1), dealt out in turn like cards.",
      given = "function fold_of(i, k)\n  return 1\nend",
      answer = "function fold_of(i, k)\n  return (i - 1) % k + 1\nend",
      func = "fold_of",
      inputs = function() return {{1, 5}, {5, 5}, {6, 5}, {12, 5}, {7, 3}} end,
      wrong = {
        {"function fold_of(i, k) return i % k end", "That counts from 0, and the last of k gets 0: shift before and after."},
        {"function fold_of(i, k) return i % k + 1 end", "Sample 1 goes to fold 2 here: (i - 1) % k + 1."},
      },
      hints = {"`%` is the remainder; it gives 0 to k - 1.", "(i - 1) % k + 1"},
    },
    {
      "Breast cancer, 569 samples with 30 features, a linear model, five folds.",
      ask = "Run it: the last line is the mean accuracy of the folds.",
      given = [[
set = data.load("breast-cancer")
x, y = set.x, set.y
tensor.manual_seed(1)
fold = tensor.arange(#x):remainder(5)[tensor.randperm(#x)]
function run(test)
  local train = test:logical_not()
  local mean, std = x[train]:mean(1), x[train]:std(1)
  local net = nn.Linear(30, 2)
  local opt = optim.Adam(net:parameters(), {lr = 0.05})
  for step = 1, 60 do
    opt:zero_grad()
    F.cross_entropy(net((x[train] - mean) / std), y[train]):backward()
    opt:step()
  end
  return metrics.accuracy(net((x[test] - mean) / std), y[test])
end
scores = {}
for k = 0, 4 do
  scores[k + 1] = run(fold:eq(k))
  print("fold", k + 1, scores[k + 1])
end
tensor(scores):mean():item()]],
      between = {0.94, 1},
      hints = {"Enter runs it."},
      after = function(v) return ("%.3f, from samples that the model in question had never seen."):format(v) end,
    },
    {
      "The folds differ, and that says how far to trust the mean.",
      ask = "Give the standard deviation of `scores`.",
      answer = "tensor(scores):std()",
      within = 1e-4,
      wrong = {{"tensor(scores):var()", "That is the variance; the standard deviation is its root."}},
      hints = {"`tensor(scores)` makes a tensor of the list."},
      after = "Two models whose means differ by less than that can't be told apart by this.",
    },
    {
      trap = "Choosing the best features on all data, and then cross-validating with them, gives an honest estimate.",
      holds = false,
      experiment = {
        [[60 samples, 2000 features, labels drawn by lot: nothing can be better than 0.5. First the 10 features that correlate best
          with the labels are chosen, on all samples; then leave one fifth out, five times, and take the nearer class mean.]],
        ask = "Run the experiment: the last line is the cross-validated accuracy.",
        given = [[
tensor.manual_seed(5)
noise = tensor.randn(60, 2000)
side = tensor.arange(60):remainder(2) * 2 - 1
_, best = (noise * side:unsqueeze(2)):mean(1):abs():topk(10)
chosen = noise:index_select(2, best)
right = 0
for k = 0, 4 do
  local test = (tensor.arange(60) // 2):remainder(5):eq(k)
  local train = test:logical_not()
  local w = (chosen[train] * side[train]:unsqueeze(2)):mean(1)
  right = right + (chosen[test]:matmul(w) * side[test]):gt(0):sum():item()
end
right / 60]],
        between = {0.7, 1},
        hints = {"Enter runs it."},
        after = "Far above 0.5, from pure noise.",
      },
      verdict = "The choice has seen the test samples' labels. Whatever looks at labels or data, scaling, choosing features or settings, "
        .. "belongs inside each fold.",
    },
    {
      "Monthly sales of ten years; the future is to be predicted.",
      ask = "Which split is right?",
      choose = {"Folds at random", "Train on the past, test on what follows, again and again further on", "The even months against the odd ones"},
      answer = 2,
      wrong = {
        {1, "Then the model knows the months before and after each test month: easier than the future."},
        {3, "Neighbouring months are on both sides: the same leak."},
      },
      hints = {"In use, what will be known?"},
    },
  },
  interview = {
    {
      "When do you use cross-validation, and when a single split?",
      pass = "With little data, to use every sample for testing; with much data one split will do.",
      good = "k folds give a mean and a spread at k times the cost: for small data and for comparing models. For large data and long trainings a "
        .. "fixed validation set. Stratify rare classes, group what belongs together, respect time.",
      excellent = [[As good, and: choosing settings by it makes its best score optimistic: nest it, or keep a test set; folds share training
        data, so their spread underestimates the true variance; leave-one-out has little bias and much variance.]],
    },
    {
      "Is cross-validation a way to prevent overfitting?",
      pass = "No, it measures it.",
      good = "It changes no weight. It shows overfitting, and helps to choose what prevents it: the strength of a penalty, the size of a model.",
      excellent = [[As good, and: with very many trials one overfits the folds themselves; report how many settings were tried, or test once on
        data that were never used.]],
    },
  },
}
