-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Convolution",
  chinese = "卷积运算",
  minutes = 13,
  about = "One small kernel slides over a picture: sizes, edges, and why its parameters don't depend on the picture.",
  steps = {
    {
      [[A kernel of size k slides over n pixels with p zeros at each end, in steps of s. It fits at
        floor((n + 2p - k) / s) + 1 places.]],
      ask = "n = 28, k = 5, s = 2, p = 1. How many places?",
      equals = 13,
      wrong = {
        {12, "The first place counts, too: + 1."},
        {13.5, "Half a place is none: the division is rounded down."},
        {14, "Rounded down: 25 / 2 is 12, and 1."},
      },
      hints = {"28 + 2 - 5 = 25", "floor(25 / 2) + 1"},
    },
    {
      ask = "Write `places(n, k, s, p)`.",
      given = "function places(n, k, s, p)\n  return n\nend",
      answer = "function places(n, k, s, p)\n  return (n + 2 * p - k) // s + 1\nend",
      func = "places",
      inputs = function() return {{28, 5, 2, 1}, {28, 3, 1, 1}, {7, 7, 1, 0}, {32, 4, 3, 2}, {10, 3, 2, 0}} end,
      wrong = {
        {"function places(n, k, s, p) return (n + p - k) // s + 1 end", "Zeros are added at both ends: 2 p."},
        {"function places(n, k, s, p) return (n + 2 * p - k) // s end", "The first place is missing: + 1."},
        {"function places(n, k, s, p) return (n + 2 * p - k) / s + 1 end", "Whole places only: Lua's `//` rounds down."},
      },
      hints = {"Lua's `//` divides and rounds down."},
    },
    {
      "A picture, dark on the left and bright on the right, and the kernel {-1, 1}: right neighbour minus left one.",
      ask = "Run it, and see where the result is not 0.",
      given = "picture = tensor{{0, 0, 1, 1}, {0, 0, 1, 1}, {0, 0, 1, 1}}:view(1, 1, 3, 4)\n"
        .. "kernel = tensor{-1, 1}:view(1, 1, 1, 2)\nF.conv2d(picture, kernel)",
      hints = {"Enter runs it."},
      after = "A column of ones where dark meets bright: it finds vertical edges. A network learns such kernels by itself.",
    },
    {
      [[What networks call convolution doesn't turn the kernel round: at each place it multiplies kernel and picture as they lie
        and adds up.]],
      ask = "Write `conv(x, k)` for two Lua lists: no padding, step 1, a list of #x - #k + 1 numbers.",
      given = "function conv(x, k)\n  local out = {}\n  for i = 1, #x - #k + 1 do\n    out[i] = 0\n  end\n  return out\nend",
      answer = "function conv(x, k)\n  local out = {}\n  for i = 1, #x - #k + 1 do\n    out[i] = 0\n"
        .. "    for j = 1, #k do out[i] = out[i] + x[i + j - 1] * k[j] end\n  end\n  return out\nend",
      func = "conv",
      inputs = function() return {{{0, 0, 1, 1}, {-1, 1}}, {{1, 2, 3, 4, 5}, {1, 0, 2}}, {{7}, {2}}} end,
      wrong = {
        {"function conv(x, k) local out = {} for i = 1, #x - #k + 1 do out[i] = 0 for j = 1, #k do out[i] = out[i] + x[i + j - 1] * k[#k + 1 - j] end end return out end",
          "The kernel is turned round here, as in mathematics. Networks leave it as it is; it is learned anyway."},
        {"function conv(x, k) local out = {} for i = 1, #x - #k + 1 do out[i] = 0 end return out end", "The inner loop over k is missing."},
      },
      hints = {"An inner loop: `for j = 1, #k do ... end`.", "x[i + j - 1] meets k[j]."},
    },
    {
      ask = "How many parameters has `nn.Conv2d(3, 16, 5)`?",
      equals = 1216,
      wrong = {
        {1200, "16 biases are missing."},
        {400, "Each output channel has a kernel for each of the 3 input channels."},
        {75, "That is one output channel; there are 16, each with a bias."},
        {416, "16 kernels of 5 x 5 x 3, not 5 x 5."},
      },
      hints = {"One output channel: 3 x 5 x 5 weights and a bias."},
      after = "16 * (3 * 25 + 1).",
    },
    {
      trap = "A convolution on larger pictures has more parameters.",
      holds = false,
      experiment = {
        "The same layer on a picture of 28 x 28 and on one of 200 x 200; its parameters counted after each.",
        ask = "Run the experiment: the last line is the difference.",
        given = [[
layer = nn.Conv2d(1, 8, 3)
function count() return layer.weight:numel() + layer.bias:numel() end
print(layer(tensor.zeros(1, 1, 28, 28)).shape, count())
small = count()
print(layer(tensor.zeros(1, 1, 200, 200)).shape, count())
count() - small]],
        equals = 0,
        within = 0,
        hints = {"Enter runs it."},
        after = "80 parameters for either.",
      },
      verdict = "The kernel is shared by all places: its size and the channels count, nothing else. A larger picture costs more work "
        .. "and memory for activations, and a linear layer behind it would grow.",
    },
    {
      "A stack of convolutions sees further: each 3 x 3 layer adds one pixel on every side.",
      ask = "How wide a part of the picture does one number behind three such layers see?",
      equals = 7,
      wrong = {
        {9, "They overlap: 3, then 5, then?"},
        {3, "That is one layer."},
        {27, "The parts overlap; each layer adds 2 to the width."},
      },
      hints = {"One layer: 3. Two: 5."},
      after = "7 with 3 * 9 weights, where one 7 x 7 kernel has 49: small kernels, stacked.",
    },
    {
      "Shift the picture, and the result shifts along: equivariance.",
      ask = "Run it: the last line is the largest difference between shifting before and after the layer (away from the rim).",
      given = [[
tensor.manual_seed(1)
layer, x = nn.Conv2d(1, 4, 3, {padding = 1}), tensor.randn(1, 1, 12, 12)
before, after = layer(x:roll(2, 4)), layer(x):roll(2, 4)
d = (before - after)[{ {}, {}, {}, {4, 11} }]
d:abs():max():item()]],
      between = {0, 1e-5},
      hints = {"Enter runs it."},
      after = "An edge is found wherever it lies, from one set of weights.",
    },
  },
  interview = {
    {
      "Why convolutions rather than linear layers for pictures?",
      pass = "Far fewer parameters, and things are found wherever they are.",
      good = [[Three ideas: local connections (neighbours belong together), shared weights (an edge is an edge anywhere, so the
        layer is equivariant to shifts), and stacks whose fields of view grow.]],
      excellent = [[As good, and: it is a linear layer with a sparse, tied matrix; this prior helps with little data, and with very
        much Vision Transformers do without; equivariance ends at strides and borders; pooling makes invariance of it only in
        part.]],
    },
    {
      "What does a 1 x 1 convolution do?",
      pass = "It mixes channels at each place.",
      good = "A linear layer applied at every pixel: it changes the number of channels cheaply (bottlenecks, the ends of depthwise "
        .. "separable convolutions) and with an activation adds a nonlinearity without looking at neighbours.",
      excellent = [[As good, and: depthwise 3 x 3 plus 1 x 1 costs about 1/9 + 1/C of the full 3 x 3; a fully connected head written
        as 1 x 1 (or n x n) convolutions turns a classifier into one for pictures of any size.]],
    },
  },
}
