-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Activation functions",
  chinese = "激活函数",
  minutes = 12,
  about = "Sigmoid, tanh, ReLU and softmax: their slopes, and what is left of a gradient after many of them.",
  steps = {
    {
      "The sigmoid is s(x) = 1 / (1 + e^-x), and its slope is s (1 - s).",
      ask = "Where it is steepest, at x = 0: what is its slope?",
      equals = 0.25,
      wrong = {
        {0.5, "That is the value there. The slope is s (1 - s)."},
        {1, "tanh has the slope 1 at 0; the sigmoid is flatter."},
        {0, "It is flat far away, not in the middle."},
      },
      hints = {"s(0) is 1/2.", "0.5 * (1 - 0.5)"},
      after = "A quarter, at best. Everywhere else less.",
    },
    {
      "The chain rule multiplies: a gradient that goes back through ten sigmoids meets ten such slopes.",
      ask = "What is left at most of a gradient of 1 after ten? (An expression will do.)",
      equals = 0.25 ^ 10,
      within = 2e-8,
      answer = "0.25 ^ 10",
      wrong = {
        {2.5, "Slopes multiply, they don't add up."},
        {0.025, "Ten factors of 0.25: a power."},
        {0.25, "That is one layer."},
      },
      hints = {"0.25 times itself, ten times: `0.25 ^ 10`."},
      after = "One millionth, and that is the best case.",
    },
    {
      ask = "Write `relu(x)` for tensors of any shape, out of comparisons or `clamp`, without calling relu.",
      given = "function relu(x)\n  return x\nend",
      answer = "function relu(x)\n  return x:clamp(0)\nend",
      func = "relu",
      inputs = function() return {{tensor{-2, 0, 3}}, {tensor{{-0.5, 0.5}, {100, -100}}}} end,
      wrong = {
        {"function relu(x) return x:abs() end", "That turns the negatives round; ReLU drops them."},
        {"function relu(x) return x:gt(0):float() end", "That is ReLU's slope, 0 or 1. ReLU keeps the value where it is positive."},
        {"function relu(x) return x:clamp(0, 1) end", "ReLU has no upper end: 3 stays 3."},
        {"function relu(x) return x end", "As it stands negatives go through."},
      },
      hints = {"`x:clamp(low)` raises everything below low.", "`x:clamp(0)`"},
    },
    {
      trap = "ReLU is linear: it is made of straight lines.",
      holds = false,
      experiment = {
        "A linear function has f(a + b) = f(a) + f(b), for any a and b. The gap between the two, for ReLU:",
        ask = "Run the experiment.",
        given = "a, b = tensor(-1), tensor(2)\ngap = F.relu(a) + F.relu(b) - F.relu(a + b)\ngap:item()",
        equals = 1,
        hints = {"Enter runs it."},
        after = "0 + 2 on the one side, 1 on the other.",
      },
      verdict = [[Linear in pieces is not linear. The one bend at 0 is what lets layers of ReLU approximate any function; with
        straight lines alone the whole network would be one line.]],
    },
    {
      ask = "What does ReLU do with an input of 5?",
      choose = {"It gives 5", "It adds its threshold to it", "It gives 1, for the neuron fires"},
      answer = 1,
      wrong = {
        {2, "ReLU adds nothing: max(x, 0). Thresholds are the biases of the layer before."},
        {3, "That is a step function, the neuron of 1943. ReLU passes the value."},
      },
      hints = {"max(x, 0)"},
      after = "And its slope there is 1, so that gradients pass unchanged.",
    },
    {
      "Twenty layers of each kind, and the gradient that reaches the first.",
      ask = "Run it: the last line says how many times more arrives with ReLU than with sigmoid.",
      given = [[
function arrives(activation)
  tensor.manual_seed(1)
  local layers = {}
  for i = 1, 20 do
    layers[2 * i - 1] = nn.Linear(64, 64)
    nn.init.kaiming_normal_(layers[2 * i - 1].weight)
    layers[2 * i] = activation
  end
  local net = nn.Sequential(layers)
  net(tensor.randn(32, 64)):pow(2):mean():backward()
  return layers[1].weight.grad:norm():item()
end
for _, f in ipairs{nn.Sigmoid(), nn.Tanh(), nn.ReLU()} do print(f, arrives(f)) end
arrives(nn.ReLU()) / arrives(nn.Sigmoid())]],
      between = {1e4, 1e15},
      hints = {"Enter runs it."},
      after = function(v) return ("%.0e times as much."):format(v) end,
    },
    {
      "A neuron whose sum is negative for every input: ReLU gives 0, and its slope is 0.",
      ask = "The bias is -100, the inputs are between 0 and 1. What is the gradient of that neuron's weights?",
      equals = 0,
      wrong = {
        {-100, "The slope where ReLU is flat is 0, whatever the bias."},
        {1, "1 is the slope on the other side."},
      },
      hints = {"The chain rule multiplies by the slope of ReLU."},
      after = "It can't learn its way back: a dead neuron. Leaky ReLU leaves a small slope there.",
    },
    {
      "Softmax makes probabilities of logits: each e^z, divided by the sum of all.",
      ask = "100 is added to every logit. By how much do the probabilities change?",
      equals = 0,
      wrong = {
        {100, "Numerator and denominator both get the factor e^100."},
        {1, "They still sum to 1, and nothing else changes either."},
      },
      hints = {"e^(z + 100) = e^z e^100"},
      after = "Only differences count. So libraries subtract the largest logit first, and nothing overflows.",
    },
  },
  interview = {
    {
      "Compare sigmoid, tanh and ReLU.",
      pass = "Sigmoid and tanh saturate; ReLU doesn't for positive inputs and is cheap.",
      good = [[Sigmoid: (0, 1), slope at most 1/4, not centred. tanh: (-1, 1), slope at most 1, centred, saturates too. ReLU:
        slope 0 or 1, sparse, may die. Sigmoid and tanh live on as gates.]],
      excellent = [[As good, and: each wants its initialisation (Xavier for tanh, He for ReLU); leaky ReLU, ELU and GELU mend
        the dead half; GELU or SwiGLU are usual in Transformers; normalisation and residual connections made the choice matter
        less.]],
    },
    {
      "ReLU has no derivative at 0. Why does gradient descent work all the same?",
      pass = "The point is hardly ever hit, and one takes 0 (or 1) there.",
      good = "Any value between 0 and 1 is a subgradient; libraries take 0. An input of exactly 0 has probability 0 unless "
        .. "everything is 0, and a single element doesn't matter in a mean over a batch.",
      excellent = [[As good, and: the loss is differentiable almost everywhere, which is what stochastic gradients need; the
        kink matters for second derivatives, where ReLU has none, and smooth activations are taken instead.]],
    },
  },
}
