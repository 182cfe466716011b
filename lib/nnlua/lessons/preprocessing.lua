-- A lesson; docs/writing-a-lesson.md describes the format.

local tt = "train = tensor{{1, 10}, {3, 30}, {5, 50}}\ntest = tensor{{9, 90}, {3, 0}}\n"

return {
  title = "Preprocessing",
  chinese = "数据预处理",
  minutes = 11,
  about = "Missing values, scales, and a scaler that must not see the test set.",
  steps = {
    {
      "Standardising: subtract the mean, divide by the standard deviation.",
      ask = "The mean is 5, the standard deviation 2. What becomes of 8?",
      equals = 1.5,
      wrong = {{3, "Divided by the standard deviation, too."}, {4, "First the mean is subtracted."}},
      hints = {"(8 - 5) / 2"},
    },
    {
      ask = "Min-max scaling to [0, 1]: the least value is 4, the largest 12. What becomes of 6?",
      equals = 0.25,
      wrong = {{0.5, "That is 6 / 12; the least goes to 0 first."}, {2, "Divided by the range, 8."}},
      hints = {"(6 - 4) / (12 - 4)"},
      after = "A single outlier squeezes all others together here; standardising suffers less.",
    },
    {
      "A missing value is often a nan. nan is the only value that doesn't equal itself, and everything computed with it is nan.",
      ask = "Write `fill(x)` for a tensor of one dimension: each nan becomes the mean of the values that are there.",
      given = "function fill(x)\n  return x\nend",
      answer = "function fill(x)\n  local there = x[x:isnan():logical_not()]\n  return x:masked_fill(x:isnan(), there:mean():item())\nend",
      func = "fill",
      inputs = function() return {{tensor{1, 0 / 0, 3}}, {tensor{0 / 0, 0 / 0, 5, 7, 0}}, {tensor{1, 2}}} end,
      wrong = {
        {"function fill(x) return x:masked_fill(x:isnan(), 0) end", "0 is a value like any other, and here a wrong one: the mean of those that are there."},
        {"function fill(x) return x:masked_fill(x:isnan(), x:mean():item()) end", "The mean of a tensor with a nan in it is nan: take the mean of the others."},
        {"function fill(x) local z = x:masked_fill(x:isnan(), 0) return x:masked_fill(x:isnan(), z:mean():item()) end",
          "The zeros in place of the missing ones pull that mean down: divide by the number of values that are there."},
      },
      hints = {"`x:isnan()` tells where; `x[mask]` takes those.", "`x:masked_fill(mask, number)`"},
    },
    {
      "What the scaler knows, it may only know from the training set: the test set stands for data of the future.",
      ask = "Run the first lines, then set `z` to the test set, standardised column by column (`:mean(1)`, `:std(1)`).",
      given = tt .. "z = ",
      answer = tt .. "z = (test - train:mean(1)) / train:std(1)",
      variables = "z",
      wrong = {
        {tt .. "z = (test - test:mean(1)) / test:std(1)", "That uses the test set's own mean and spread: of a single new sample there would be none. Those of `train`."},
        {tt .. "z = (test - train:mean()) / train:std()", "Column by column: `mean(1)`. The second feature is ten times as large."},
        {tt .. "all = tensor.cat({train, test}, 1)\nz = (test - all:mean(1)) / all:std(1)", "The test set has leaked into the scaler here: mean and spread of `train` alone."},
      },
      hints = {"Which set may the mean come from?", "`(test - train:mean(1)) / train:std(1)`"},
    },
    {
      trap = "The scaler may be fitted on all data; it only learns a mean and a spread, no labels.",
      holds = false,
      experiment = {
        [[A sensor that has drifted: training data around 0, test data around 3. An honest scaler shows the drift: the test mean is 3
          standard deviations off. And one that was fitted on both?]],
        ask = "Run the experiment: the last line is the drift that the leaking scaler shows.",
        given = [[
tensor.manual_seed(1)
old, new = tensor.randn(1000), tensor.randn(1000) + 3
all = tensor.cat({old, new}, 1)
honest = (new - old:mean()) / old:std()
leaking = (new - all:mean()) / all:std()
print("honest", honest:mean())
leaking:mean():item()]],
        between = {0.7, 1},
        hints = {"Enter runs it."},
        after = "0.8 instead of 3: the report would never have shown it.",
      },
      verdict = "Whatever is fitted on the test set makes the test easier than the future will be: scalers, fill-in values, the choice of "
        .. "features. Split first, fit on the training part, apply to both.",
    },
    {
      "Two features, one a hundred times as large. Gradient descent has one learning rate for both.",
      ask = "Run it: the last line is the loss without scaling by that with, after 100 steps of each at its best rate.",
      given = [[
tensor.manual_seed(2)
X = tensor.randn(100, 2) * tensor{1, 100}
y = X:matmul(tensor{1, 0.02})
function loss_after(X, lr)
  local w = tensor.zeros(2)
  for step = 1, 100 do w = w - lr * X.T:matmul(X:matmul(w) - y) / 100 end
  local e = X:matmul(w) - y
  return e:pow(2):mean():item()
end
raw = loss_after(X, 1e-4)
scaled = loss_after(X / X:std(1), 0.5)
print(raw, scaled)
raw / (scaled + 1e-9)]],
      between = {100, 1e12},
      hints = {"Enter runs it."},
      after = "The large feature forbids large steps, so the small one hardly learns.",
    },
    {
      ask = "A feature holds one of the colours red, green, blue. How does it go into a network?",
      choose = {"As 1, 2, 3", "As three numbers, of which one is 1 (one-hot), or an embedding", "As its number of letters"},
      answer = 2,
      wrong = {
        {1, "Then blue would be three times red, and green the mean of both."},
        {3, "That is an accident of spelling."},
      },
      hints = {"Is there an order in colours?"},
    },
  },
  interview = {
    {
      "Normalise or standardise? When is neither needed?",
      pass = "To [0, 1], or to mean 0 and variance 1; trees need neither.",
      good = "Standardise for linear models, networks, PCA, distances; min-max where bounds are natural (pixels). Trees look at order only. "
        .. "Always fitted on the training part.",
      excellent = [[As good, and: with outliers median and quartiles, or a logarithm first; scaling conditions the Hessian, which is why
        gradient descent gets faster; inside networks normalisation layers do the same for hidden features.]],
    },
    {
      "What is data leakage? Give three examples.",
      pass = "Information from the test set gets into training.",
      good = "A scaler or imputer fitted on everything; features chosen on all data; the same patient in both parts; the future used to "
        .. "predict the past in time series; a feature that is a consequence of the label.",
      excellent = [[As good, and: put every fitted step inside the cross-validation; group and time splits; duplicates and augmented copies
        across the split; suspiciously good results are the usual symptom.]],
    },
  },
}
