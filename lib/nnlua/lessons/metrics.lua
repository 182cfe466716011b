-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Metrics of classifiers",
  chinese = "准确率、精确率、召回率与 AUC",
  minutes = 12,
  about = "Precision, recall, F1 and AUC from four counts, and when accuracy deceives.",
  steps = {
    {
      [[A test for an illness, 100 people. 8 of the ill were found (true positives), 4 of the ill were missed (false negatives), 2
        healthy ones were alarmed (false positives), 86 healthy ones were left in peace.]],
      ask = "Precision: what share of the alarms was right?",
      equals = 0.8,
      within = 0.005,
      wrong = {
        {0.667, "That is recall: found by ill. Precision looks at the alarms, 8 + 2."},
        {0.94, "That is accuracy."},
      },
      hints = {"10 alarms, of which 8 were right."},
    },
    {
      ask = "Recall: what share of the ill was found, to two digits?",
      equals = 2 / 3,
      within = 0.01,
      answer = "8 / (8 + 4)",
      wrong = {
        {0.8, "That is precision. Recall looks at the ill: 8 + 4."},
        {0.5, "4 / 8 compares missed with found; the ill are 12."},
      },
      hints = {"12 are ill."},
    },
    {
      "F1 is the harmonic mean of both: 2 P R / (P + R).",
      ask = "Write `f1(tp, fp, fn)` from the counts.",
      given = "function f1(tp, fp, fn)\n  return 0\nend",
      answer = "function f1(tp, fp, fn)\n  local p, r = tp / (tp + fp), tp / (tp + fn)\n  return 2 * p * r / (p + r)\nend",
      func = "f1",
      inputs = function() return {{8, 2, 4}, {1, 0, 99}, {50, 50, 0}} end,
      wrong = {
        {"function f1(tp, fp, fn) return (tp / (tp + fp) + tp / (tp + fn)) / 2 end",
          "That is the arithmetic mean: with precision 1 and recall 0.01 it would give 0.5. The harmonic one gives 0.02."},
        {"function f1(tp, fp, fn) return tp / (tp + fp + fn) end", "That is IoU (Jaccard); F1 is 2 tp / (2 tp + fp + fn)."},
      },
      hints = {"p = tp / (tp + fp), r = tp / (tp + fn).", "The same as 2 tp / (2 tp + fp + fn)."},
    },
    {
      trap = "Accuracy suffices, also on data where 99 of 100 are negative.",
      holds = false,
      experiment = {
        "1000 samples, 10 of them positive (class 2), and a classifier that always says no (class 1).",
        ask = "Run the experiment: the last line is the recall of the positives.",
        given = [[
truth = tensor.ones(1000, {dtype = "int64"})
truth[{ {1, 10} }] = 2
says = tensor.ones(1000, {dtype = "int64"})
print("accuracy", says:eq(truth):float():mean())
found = says:eq(2):logical_and(truth:eq(2)):sum():item()
found / truth:eq(2):sum():item()]],
        equals = 0,
        within = 0,
        hints = {"Enter runs it."},
        after = "Accuracy 0.99, recall 0: it has found nobody.",
      },
      verdict = "On rare positives accuracy measures the majority. Recall, precision, F1 or the precision-recall curve look at the rare "
        .. "class.",
    },
    {
      trap = "Recall tells how well the negatives are recognised.",
      holds = false,
      experiment = {
        "The counts of the first step, then a hundred times as many healthy people, all recognised.",
        ask = "Run the experiment: the last line is how much recall has changed.",
        given = "function recall(tp, fp, fn, tn) return tp / (tp + fn) end\nprint(recall(8, 2, 4, 86), recall(8, 2, 4, 8600))\n"
          .. "recall(8, 2, 4, 8600) - recall(8, 2, 4, 86)",
        equals = 0,
        within = 0,
        hints = {"Enter runs it."},
        after = "Not at all: the true negatives don't occur in it.",
      },
      verdict = "Recall is about the positives: of those that are there, how many were found. For the negatives it is specificity, "
        .. "tn / (tn + fp).",
    },
    {
      [[A classifier that gives scores can be cut at any threshold. AUC needs none: it is the probability that a positive gets a
        higher score than a negative, over all pairs.]],
      ask = "Positives have the scores 0.9 and 0.4, negatives 0.5 and 0.1. What is the AUC?",
      equals = 0.75,
      wrong = {
        {0.5, "0.5 is chance. Count the pairs: four, of which three are in order."},
        {1, "One pair is in the wrong order: 0.4 and 0.5."},
        {0.65, "That is the mean of the positives' scores: count pairs."},
      },
      hints = {"Four pairs: (0.9, 0.5), (0.9, 0.1), (0.4, 0.5), (0.4, 0.1)."},
    },
    {
      ask = "Write `auc(pos, neg)` for two Lua lists of scores; a tie counts a half.",
      given = "function auc(pos, neg)\n  local right = 0\n  return right\nend",
      answer = "function auc(pos, neg)\n  local right = 0\n  for _, p in ipairs(pos) do\n    for _, n in ipairs(neg) do\n"
        .. "      right = right + (p > n and 1 or p == n and 0.5 or 0)\n    end\n  end\n  return right / (#pos * #neg)\nend",
      func = "auc",
      inputs = function() return {{{0.9, 0.4}, {0.5, 0.1}}, {{1, 1}, {1, 0, 2}}, {{5}, {1, 2, 3}}} end,
      wrong = {
        {"function auc(pos, neg) local right = 0 for _, p in ipairs(pos) do for _, n in ipairs(neg) do right = right + (p > n and 1 or 0) end end return right / (#pos * #neg) end",
          "Ties count a half."},
        {"function auc(pos, neg) local right = 0 for _, p in ipairs(pos) do for _, n in ipairs(neg) do right = right + (p > n and 1 or p == n and 0.5 or 0) end end return right end",
          "That is the number of pairs in order; divide by the number of pairs."},
      },
      hints = {"Two loops, one in the other.", "Divide by #pos * #neg."},
      after = "`metrics.roc_auc` does the same by sorting.",
    },
    {
      ask = "The threshold is lowered. What happens?",
      choose = {"Recall rises or stays, precision usually falls", "Both rise", "AUC rises"},
      answer = 1,
      wrong = {
        {2, "More alarms find more of the ill, and alarm more of the healthy."},
        {3, "AUC looks at the order of the scores; no threshold occurs in it."},
      },
      hints = {"More alarms: whom do they reach?"},
    },
  },
  interview = {
    {
      "Precision and recall: what do they mean, and when does which matter more?",
      pass = "Right among the alarms; found among those that are there.",
      good = "Precision = tp / (tp + fp), recall = tp / (tp + fn). Recall where a miss is costly (illness, fraud), precision where an "
        .. "alarm is (spam filters, arrests). The threshold trades one for the other.",
      excellent = [[As good, and: precision depends on how rare positives are, recall doesn't, so a test set with another share of
        positives changes precision; choose the threshold by costs on validation data; F-beta weighs recall beta times as
        much.]],
    },
    {
      "What is AUC, and when does it deceive?",
      pass = "The area under the ROC curve; with rare positives it looks too good.",
      good = "The probability that a random positive is ranked above a random negative. With rare positives a small false positive "
        .. "rate is still many false alarms: the precision-recall curve shows that, ROC doesn't.",
      excellent = [[As good, and: it says nothing of calibration, and it counts thresholds nobody would use; partial AUC, or recall at a
        fixed precision, are nearer to use. It is the Mann-Whitney statistic, which gives its variance, too.]],
    },
  },
}
