-- A lesson; docs/writing-a-lesson.md describes the format.

local wb = "W, b = tensor{{1, 0, -1}, {2, 1, 0}}, tensor{0.5, -1}\nx = tensor{{1, 2, 3}}\n"

return {
  title = "Forward propagation",
  chinese = "前向传播",
  minutes = 10,
  about = "From the input to the output, layer by layer: products, biases, bends, and what a forward pass may change.",
  steps = {
    {
      "A batch is a matrix, one sample a row. `nn.Linear(3, 5)` makes of each row of 3 numbers one of 5.",
      ask = "A batch of 4 samples goes through it. How many numbers come out?",
      equals = 20,
      wrong = {
        {5, "That is one sample; there are four."},
        {15, "That is the number of weights. What comes out has 4 rows of 5."},
        {12, "That is what went in."},
      },
      hints = {"4 rows; how long is each?"},
      after = "[4, 5]: the layer changes the last dimension only.",
    },
    {
      [[The layer computes z = x W' + b. W has one row for each neuron, so W' is its transpose; b is added to every row of
        the result.]],
      ask = "Run the first lines, then set `z` to what the layer makes of x.",
      given = wb .. "z = ",
      answer = wb .. "z = x:matmul(W.T) + b",
      variables = "z",
      wrong = {
        {wb .. "z = x:matmul(W.T)", "The bias is missing."},
        {wb .. "z = W:matmul(x.T) + b", "W x' has the samples in columns, and + b then broadcasts along the wrong side. Keep samples in rows: x W'."},
      },
      hints = {"x is [1, 3], W is [2, 3]: which of them has to be transposed for a product?", "`x:matmul(W.T) + b`"},
      after = "-1.5 and 3: each is one neuron's weighted sum.",
    },
    {
      "An activation follows, element by element. ReLU keeps what is above 0 and makes the rest 0.",
      ask = "z is {-1.5, 3}. What is the sum of ReLU(z)?",
      equals = 3,
      wrong = {
        {1.5, "That is the sum of z itself. ReLU makes -1.5 to 0 first."},
        {4.5, "That would be the absolute value: ReLU drops the negative, it doesn't turn it round."},
      },
      hints = {"ReLU(-1.5) is 0."},
    },
    {
      "Two layers with a bend between them; that is a network.",
      ask = "Write `forward(x, W1, b1, W2, b2)`: a linear layer, tanh, a second linear layer, and nothing behind it.",
      given = "function forward(x, W1, b1, W2, b2)\n  local h = x\n  return h\nend",
      answer = "function forward(x, W1, b1, W2, b2)\n  local h = (x:matmul(W1.T) + b1):tanh()\n  return h:matmul(W2.T) + b2\nend",
      func = "forward",
      inputs = function()
        local g = tensor.Generator()
        g:manual_seed(4)
        local function r(...) return tensor.randn({...}, {generator = g}) end
        return {{r(4, 3), r(5, 3), r(5), r(2, 5), r(2)}, {r(1, 2), r(2, 2), r(2), r(1, 2), r(1)}}
      end,
      wrong = {
        {"function forward(x, W1, b1, W2, b2) return (x:matmul(W1.T) + b1):matmul(W2.T) + b2 end",
          "The bend is missing: without tanh two layers are one."},
        {"function forward(x, W1, b1, W2, b2) return ((x:matmul(W1.T) + b1):tanh():matmul(W2.T) + b2):tanh() end",
          "tanh stands behind the last layer, too: that would keep the outputs between -1 and 1."},
        {"function forward(x, W1, b1, W2, b2) return x:matmul(W1.T):tanh():matmul(W2.T) + b2 end",
          "b1 is missing: it goes in before tanh."},
      },
      hints = {"`x:matmul(W1.T) + b1` in parentheses, then `:tanh()`.", "The second layer is the same with W2 and b2."},
      after = "Everything a network of two layers does, in two lines.",
    },
    {
      "Your function against the module that has the same weights.",
      ask = "Run it: the last line is the largest difference.",
      given = [[
tensor.manual_seed(5)
net = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
picture = data.load("digits").x[{ {1, 8} }]:flatten(2)
mine = forward(picture, net[1].weight, net[1].bias, net[3].weight, net[3].bias)
difference = mine - net(picture)
difference:abs():max():item()]],
      between = {0, 1e-5},
      hints = {"Enter runs it; `again` types it anew. `forward` is the function of the step before."},
      after = "The module is those two lines and a place for the weights.",
    },
    {
      "The last layer's numbers are logits. Softmax makes probabilities of them: e^z for each, divided by the sum of all.",
      ask = "The logits are {2, 0, 0}. What is the probability of the first class, to two digits?",
      equals = math.exp(2) / (math.exp(2) + 2),
      within = 0.006,
      answer = "math.exp(2) / (math.exp(2) + 2)",
      wrong = {
        {1, "2 / (2 + 0 + 0) would give that; the exponentials come first, and e^0 is 1."},
        {0.333, "That would be equal logits."},
        {0.667, "Exponentials, no proportions: e^2 is 7.39, e^0 is 1."},
      },
      hints = {"7.39, 1 and 1; their sum is 9.39.", "`F.softmax(tensor{2, 0, 0}, 1)`"},
    },
    {
      trap = "A forward pass only computes: it changes nothing in the network.",
      holds = false,
      experiment = {
        "Batch normalisation in training, whose running mean begins at 0. One forward pass, no backward, no optimiser.",
        ask = "Run the experiment: the last line is the running mean afterwards.",
        given = "bn = nn.BatchNorm1d(1)\ntensor.no_grad(bn, tensor{{4}, {6}})\nbn.running_mean:item()",
        equals = 0.5,
        hints = {"Enter runs it."},
        after = "A tenth of the batch's mean of 5 has gone in.",
      },
      verdict = [[No weight has moved, but the running statistics have. That is why a forgotten eval() does not only give wrong
        outputs: it changes the network, even under no_grad.]],
    },
  },
  interview = {
    {
      "What happens in a forward pass, and what has to be kept of it?",
      pass = "The input goes through all layers to the output and the loss.",
      good = [[Each layer computes x W' + b and an activation. For the backward pass its inputs are kept: a linear layer needs
        x, tanh its output, ReLU only the signs. So memory grows with depth and batch size.]],
      excellent = [[As good, and: in evaluation nothing is kept; checkpointing keeps some activations and computes the others
        again; layers with state (batch normalisation, dropout's random numbers) make a forward pass more than a pure
        function.]],
    },
    {
      "What are logits, and why do networks end with them rather than with probabilities?",
      pass = "The numbers before softmax; the loss applies softmax itself.",
      good = "Log-softmax and cross-entropy in one are numerically safe: log(e^z / sum) is z minus logsumexp, with no overflow "
        .. "and no log of 0. For the most likely class softmax isn't needed at all, it keeps the order.",
      excellent = [[As good, and: the gradient with respect to the logits is p - y, simple and never saturated; logits can be
        scaled by a temperature for calibration or distillation; only their differences count.]],
    },
  },
}
