-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Batch and layer normalisation",
  chinese = "批量归一化与层归一化",
  minutes = 13,
  about = "Each feature to mean 0 and variance 1 over the batch: what that does, when, and where it fails.",
  steps = {
    {
      "For each feature: subtract the batch's mean, divide by the batch's standard deviation (that of the population, n below).",
      ask = "The batch has the values 1 and 3. What does the 1 become?",
      equals = -1,
      wrong = {
        {-0.7071, "That divides by n - 1; here it is n: the variance is 1."},
        {0, "0 is the mean of what comes out."},
        {1, "1 - 2 is negative."},
      },
      hints = {"Mean 2, variance ((-1)^2 + 1^2) / 2."},
    },
    {
      ask = "Write `normalise(x)` for x of [samples, features], with 1e-5 added to the variance before the root.",
      given = "function normalise(x)\n  return x\nend",
      answer = "function normalise(x)\n  local d = x - x:mean(1)\n  return d / (d:pow(2):mean(1) + 1e-5):sqrt()\nend",
      func = "normalise",
      within = 1e-3,
      inputs = function()
        return {{tensor{{1, 10}, {3, 30}}}, {tensor{{1, 2, 3}, {4, 4, 4}, {0, 9, 5}, {2, 2, 2}}}}
      end,
      wrong = {
        {"function normalise(x) return (x - x:mean(1)) / (x:var(1) + 1e-5):sqrt() end",
          "`var` divides by n - 1. Here it is n: the mean of the squared differences."},
        {"function normalise(x) local d = x - x:mean(2, {keepdim = true}) return d / (d:pow(2):mean(2, {keepdim = true}) + 1e-5):sqrt() end",
          "That is along each row: layer normalisation. The batch's mean is over dimension 1."},
        {"function normalise(x) local d = x - x:mean(1) return d / (d:pow(2):mean(1) + 1e-5) end", "The root is missing."},
        {"function normalise(x) return x - x:mean(1) end", "Centred; now the scale."},
      },
      hints = {"`x:mean(1)` is the mean of each feature.", "Differences, their squares' mean over dimension 1, plus 1e-5, root."},
      after = "The layer then multiplies by a weight and adds a bias, both learned.",
    },
    {
      trap = "Batch normalisation maps activations to [0, 1].",
      holds = false,
      experiment = {
        "A thousand numbers through it; the least and the largest.",
        ask = "Run the experiment: the last line is the largest.",
        given = "tensor.manual_seed(1)\nout = nn.BatchNorm1d(1)(tensor.randn(1000, 1) * 50 + 7):detach()\nprint(out:min(), out:max())\n"
          .. "out:max():item()",
        between = {2, 6},
        hints = {"Enter runs it."},
        after = "From about -3 to 3.",
      },
      verdict = "Mean 0 and variance 1 set no bounds. What maps to [0, 1] is min-max scaling, or a sigmoid.",
    },
    {
      "In training it also keeps running statistics: running = 0.9 running + 0.1 batch, from 0.",
      ask = "One batch with mean 5 has come. What is the running mean?",
      equals = 0.5,
      wrong = {
        {5, "One batch counts for a tenth."},
        {4.5, "It is the other way round: 0.9 of the old, 0.1 of the new."},
      },
      hints = {"0.9 * 0 + 0.1 * 5"},
      after = "In evaluation these are used in place of the batch's: a sample's output no longer depends on its neighbours.",
    },
    {
      "A sample alone, in evaluation: does its output depend on the others?",
      ask = "Run the first lines; then put `bn` into evaluation mode and give the largest difference between bn(batch)[1] and "
        .. "bn of the first row alone.",
      given = "tensor.manual_seed(2)\nbn = nn.BatchNorm1d(3)\nbatch = tensor.randn(8, 3)\nbn(batch)\n"
        .. "d = bn(batch)[1] - bn(batch[{ {1, 2} }])[1]\nd:abs():max():item()",
      answer = "tensor.manual_seed(2)\nbn = nn.BatchNorm1d(3)\nbatch = tensor.randn(8, 3)\nbn(batch)\nbn:eval()\n"
        .. "d = bn(batch)[1] - bn(batch[{ {1, 2} }])[1]\nd:abs():max():item()",
      check = function(v, s)
        if s.bn == nil or type(v) ~= "number" then return nil end
        if s.bn.training then return false, "bn is still in training mode: what it gives depends on the batch. `bn:eval()`" end
        return v < 1e-6
      end,
      hints = {"`bn:eval()` before the last two lines."},
      after = "0: in evaluation each row is by itself.",
    },
    {
      trap = "Batch normalisation works with any batch size.",
      holds = false,
      experiment = {
        "Batches of two: {1, 2} and {1, 100}. How different is what comes out?",
        ask = "Run the experiment: the last line is the largest difference between the two.",
        given = "bn = nn.BatchNorm1d(1)\nprint(bn(tensor{{1}, {2}}), bn(tensor{{1}, {100}}))\n"
          .. "d = bn(tensor{{1}, {2}}) - bn(tensor{{1}, {100}})\nd:abs():max():item()",
        between = {0, 1e-3},
        hints = {"Enter runs it."},
        after = "Both become -1 and 1: whether it was 2 or 100 is gone.",
      },
      verdict = [[With two samples only their order is left, with one nothing (it is an error in training). Small batches make noisy
        statistics, too, and the running ones don't match. Layer or group normalisation doesn't look at other samples.]],
    },
    {
      "A linear layer with a bias, and batch normalisation right behind it.",
      ask = "What is the gradient of that bias? Predict it.",
      equals = 0,
      wrong = {{1, "The mean is subtracted: whatever is added to all samples is taken off again."}},
      hints = {"The bias adds the same to every sample. What does the normalisation do first?"},
      after = "So such layers are made with {bias = false}; the normalisation has a bias of its own.",
    },
    {
      ask = "Over what does layer normalisation take its mean, in a Transformer?",
      choose = {"The samples of the batch", "The features of each position", "The positions of each sequence"},
      answer = 2,
      wrong = {
        {1, "That is batch normalisation."},
        {3, "Then a position would see those behind it, also the future ones."},
      },
      hints = {"It works the same for a single position alone."},
      after = "So it is the same in training and evaluation, for every length and batch size.",
    },
  },
  interview = {
    {
      "How does batch normalisation differ between training and inference?",
      pass = "Batch statistics in training, running ones at inference.",
      good = [[In training each feature is normalised by the batch's mean and variance, and running averages of both are updated;
        at inference these are used, so it is a fixed affine map that can be folded into the layer before.]],
      excellent = [[As good, and: the gradient goes through mean and variance in training; the running variance is the unbiased
        one; fine-tuning with small batches usually freezes the statistics; without eval() even a pass under no_grad changes
        them.]],
    },
    {
      "Batch or layer normalisation: when which?",
      pass = "Batch for convolutional networks, layer for Transformers and recurrent ones.",
      good = "Batch normalisation needs large batches and fixed statistics across steps; layer normalisation works a sample at a "
        .. "time, so for sequences of any length, small batches and reinforcement learning.",
      excellent = [[As good, and: group normalisation lies between for vision with small batches; RMSNorm leaves out the mean;
        in Transformers it stands before the sublayer (pre-norm) because gradients then have a clean way through the sum.]],
    },
  },
}
