-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Loss functions",
  chinese = "损失函数",
  minutes = 12,
  about = "What a network is asked for: squared errors, cross-entropy, and two ways to ask for the wrong thing.",
  steps = {
    {
      "The mean squared error: differences, squared, and their mean.",
      ask = "Predictions {1, 2}, targets {3, 2}. What is the MSE?",
      equals = 2,
      wrong = {
        {4, "That is the sum of squares; the mean divides by 2."},
        {1, "That is the mean of the absolute errors: square them."},
        {-1, "Squares are not negative."},
      },
      hints = {"The errors are -2 and 0."},
    },
    {
      "Cross-entropy asks for one thing only: how probable was the right class? It is minus the logarithm of that.",
      ask = "The right class got 0.5. What is the cross-entropy, to two digits?",
      equals = math.log(2),
      within = 0.006,
      answer = "-math.log(0.5)",
      wrong = {
        {0.5, "Minus the logarithm of it."},
        {0.301, "The natural logarithm, not that to the base 10."},
        {-0.693, "With a minus: losses are positive."},
        {1, "In bits it would be 1; the natural logarithm gives 0.69."},
      },
      hints = {"`-math.log(0.5)`"},
    },
    {
      "From logits: log_softmax, the place of the right class, a minus.",
      ask = "Write `cross_entropy(z, c)` for one row of logits z (a tensor of one dimension) and the class c, from 1.",
      given = "function cross_entropy(z, c)\n  return 0\nend",
      answer = "function cross_entropy(z, c)\n  return -F.log_softmax(z, 1)[c]\nend",
      func = "cross_entropy",
      inputs = function() return {{tensor{2, 0, -1}, 1}, {tensor{0, 1, 2, 3}, 2}, {tensor{500, 0}, 2}} end,
      wrong = {
        {"function cross_entropy(z, c) return F.log_softmax(z, 1)[c] end", "The minus is missing."},
        {"function cross_entropy(z, c) return -z[c] end", "The logits are no log-probabilities yet: softmax first."},
        {"function cross_entropy(z, c) return -F.softmax(z, 1)[c]:log() end",
          "Right for small logits; with {500, 0} softmax underflows to 0 and its log is -inf. `F.log_softmax` does both at once, safely."},
        {"function cross_entropy(z, c) return -F.softmax(z, 1)[c] end", "The logarithm is missing."},
      },
      hints = {"`F.log_softmax(z, 1)` gives all log-probabilities.", "Its element c, with a minus."},
      after = "z[c] less logsumexp(z), with a minus: nothing can overflow.",
    },
    {
      trap = "Networks that classify end with softmax, so softmax comes before F.cross_entropy.",
      holds = false,
      experiment = {
        "Three classes. The network is as sure as can be, and right: softmax gives {1, 0, 0}. That goes into cross_entropy.",
        ask = "Run it: the last line is the loss of a perfect answer.",
        given = "sure = F.softmax(tensor{{100, 0, 0}}, 2)\nprint(F.cross_entropy(tensor{{100, 0, 0}}, tensor{1}))\n"
          .. "F.cross_entropy(sure, tensor{1}):item()",
        equals = math.log(1 + 2 / math.exp(1)),
        within = 1e-3,
        hints = {"Enter runs it."},
        after = "0.55 for a perfect answer, where 0 would be right.",
      },
      verdict = [[cross_entropy takes logits and applies softmax itself. Twice, the logits can only be between 0 and 1: the loss
        can't reach 0, gradients are small, and learning is slow. It runs without an error, which makes it a common mistake.]],
    },
    {
      "The gradient tells what a loss asks for. For a probability p = sigmoid(z) and binary cross-entropy it is p - y.",
      ask = "z = 0 and y = 1. What is dL/dz?",
      equals = -0.5,
      wrong = {
        {0.5, "p - y: 0.5 - 1."},
        {-1, "That is for p = 0. At z = 0, p is a half."},
        {0, "It would be 0 if p were y."},
      },
      hints = {"p is sigmoid(0).", "0.5 - 1"},
      after = "Negative: descent makes z larger.",
    },
    {
      "Now a bad mistake: z = -10 although y = 1. How strongly does each loss ask for a change?",
      ask = "Run it: the last line says how many times stronger cross-entropy pulls than the squared error.",
      given = [[
z = tensor(-10, {requires_grad = true})
y = tensor(1)
squared = tensor.grad(F.mse_loss(z:sigmoid(), y), z)
entropy = tensor.grad(F.binary_cross_entropy_with_logits(z, y), z)
print("squared", squared, "entropy", entropy)
strength = entropy / squared
strength:item()]],
      between = {5000, 20000},
      hints = {"Enter runs it."},
      after = "The squared error's gradient has the sigmoid's slope in it, and that is nearly 0 out there: the worse, the weaker.",
    },
    {
      ask = "By what is a loss chosen?",
      choose = {"By the number of layers", "By the task and what its errors cost", "By the size of the training set"},
      answer = 2,
      wrong = {
        {1, "The loss sees only outputs and targets; how many layers made them it can't know."},
        {3, "The set's size says nothing of what a mistake means."},
      },
      hints = {"Prices, classes, rankings, boxes: what differs?"},
      after = "Numbers: MSE, or L1 with outliers. One of many classes: cross-entropy. Several at once: BCE for each. Margins: hinge.",
    },
    {
      "With an outlier. The constant that has the least MSE is the mean; the one with the least absolute error is the median.",
      ask = "The values are {1, 1, 1, 97}. What is the best constant under L1?",
      equals = 1,
      wrong = {
        {25, "That is the mean, the best one under MSE."},
        {97, "Then three would be 96 off."},
      },
      hints = {"The median."},
      after = "25 against 1: the choice of loss is the choice of what an outlier may do.",
    },
  },
  interview = {
    {
      "Why cross-entropy rather than MSE for classification?",
      pass = "Its gradient doesn't vanish when the network is badly wrong.",
      good = [[With softmax or sigmoid its gradient is p - y. That of MSE has the slope p (1 - p) in it, which is nearly 0 for
        confident mistakes. And it is the negative log-likelihood of the labels.]],
      excellent = [[As good, and: MSE on probabilities (the Brier score) is a proper score, too, and not convex in the logits;
        cross-entropy punishes confident mistakes without limit, so label noise hurts it: label smoothing, focal or
        generalised losses bound that.]],
    },
    {
      "The loss falls slowly and stays at about 1.46 for ten classes, although the accuracy is fine. What do you suspect?",
      pass = "Softmax applied twice.",
      good = "With a softmax before cross_entropy the least loss for 10 classes is log(1 + 9/e) = 1.46. Take it away.",
      excellent = [[As good, and: check by feeding perfect one-hot outputs to the loss; the same holds for a sigmoid before
        binary_cross_entropy_with_logits, and for log_softmax before cross_entropy, which is harmless (it is idempotent).]],
    },
  },
}
