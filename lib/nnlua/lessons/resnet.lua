-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Residual networks",
  chinese = "残差网络",
  minutes = 12,
  about = "y = F(x) + x: where exactly the x is added, what it costs, and what it makes possible.",
  steps = {
    {
      "A residual block gives F(x) + x. At the start its weights are small, so F(x) is about 0.",
      ask = "F(x) is exactly 0, x is 7. What does the block give?",
      equals = 7,
      wrong = {{0, "x is added."}},
      hints = {"F(x) + x"},
      after = "The identity: a deep network begins as if it were shallow, and each block learns a small correction.",
    },
    {
      [[The block of 2015: two layers, relu behind the first, the x added behind the second, and a last relu behind the sum.]],
      ask = "Write `block(x, f, g)`, f and g the two layers.",
      given = "function block(x, f, g)\n  return g(F.relu(f(x)))\nend",
      answer = "function block(x, f, g)\n  return F.relu(g(F.relu(f(x))) + x)\nend",
      func = "block",
      inputs = function()
        local f = function(v) return v * 2 - 1 end
        local g = function(v) return v * -3 + 1 end
        return {{tensor{1, -2, 0.2}, f, g}, {tensor{{-5, 5}}, g, f}, {tensor{0.1, 0.3}, f, f}}
      end,
      wrong = {
        {"function block(x, f, g) return g(F.relu(f(x))) end", "x isn't added yet."},
        {"function block(x, f, g) return g(F.relu(f(x))) + x end", "The last relu, behind the sum, is missing."},
        {"function block(x, f, g) return F.relu(g(F.relu(f(x)))) + x end", "The last relu stands behind the sum, not before it."},
        {"function block(x, f, g) return F.relu(g(F.relu(f(x)) + x)) end",
          "x is added before the second layer here. It is added behind it: the shortcut jumps over both."},
      },
      hints = {"First `g(F.relu(f(x)))`, then + x, then relu."},
    },
    {
      trap = "In a residual block the second layer's input is the first layer's output plus x.",
      holds = false,
      experiment = {
        "Layers that double and triple; x is 1. The second layer's input is watched by a hook.",
        ask = "Run the experiment: the last line is what the second layer gets.",
        given = [[
first, second = nn.Linear(1, 1, {bias = false}), nn.Linear(1, 1, {bias = false})
nn.init.constant_(first.weight, 2)
nn.init.constant_(second.weight, 3)
second:register_forward_hook(function(_, inputs) seen = inputs[1] end)
print("the block gives", block(tensor{{1}}, first, second))
seen:item()]],
        equals = 2,
        hints = {"Enter runs it. `block` is your function."},
        after = "2: the first layer's output alone. With the claim it would be 3.",
      },
      verdict = "The shortcut jumps over both layers: relu(F(x) + x). With an x added before the second layer its gradient would have to "
        .. "pass that layer's weights again.",
    },
    {
      ask = "A block of two 3 x 3 convolutions with 64 channels, no biases. How many weights?",
      equals = 73728,
      answer = "2 * 64 * 64 * 9",
      wrong = {
        {36864, "That is one of them."},
        {1152, "Every output channel looks at all 64 input channels."},
      },
      hints = {"2 * 64 * 64 * 9"},
      after = "And the addition costs none.",
    },
    {
      [[A bottleneck on 256 channels: 1 x 1 down to 64, 3 x 3 on 64, 1 x 1 up to 256.]],
      ask = "How many weights (no biases)?",
      equals = 69632,
      answer = "256 * 64 + 64 * 64 * 9 + 64 * 256",
      wrong = {
        {36864, "That is the middle one; the two 1 x 1 have 16384 each."},
        {53248, "Two 1 x 1: down and up."},
      },
      hints = {"256 * 64, 64 * 64 * 9, 64 * 256."},
      after = "Fewer than the plain block on 64 channels, and it works on 256.",
    },
    {
      "A block that halves the picture and doubles the channels: what is to be added doesn't fit any more.",
      ask = "Make `shortcut` a layer that turns x [1, 8, 16, 16] into the shape of y [1, 16, 8, 8]; then `y + shortcut(x)`.",
      given = "x, y = tensor.ones(1, 8, 16, 16), tensor.ones(1, 16, 8, 8)\nshortcut = nn.Identity()\ny + shortcut(x)",
      answer = "x, y = tensor.ones(1, 8, 16, 16), tensor.ones(1, 16, 8, 8)\nshortcut = nn.Conv2d(8, 16, 1, {stride = 2})\ny + shortcut(x)",
      check = function(v, s)
        if s.shortcut == nil or not tensor.is_tensor(v) then return nil end
        return v.shape == {1, 16, 8, 8} and #s.shortcut:parameters() > 0
      end,
      hints = {"A 1 x 1 convolution changes the channels; its stride halves the picture.", "`nn.Conv2d(8, 16, 1, {stride = 2})`"},
      after = "Everywhere else the shortcut is the plain x.",
    },
    {
      "24 layers on the handwritten digits, with and without `x +`.",
      ask = "Run it: the last line is the accuracy that the shortcuts bring.",
      given = [[
digits = data.load("digits")
pictures, labels = digits.x[{ {1, 600} }]:flatten(2), digits.y[{ {1, 600} }]
function learn(residual)
  tensor.manual_seed(1)
  local net = nn.ModuleList()
  for i = 1, 24 do net:append(nn.Linear(64, 64)) end
  local head = nn.Linear(64, 10)
  local function forward(h)
    for _, layer in ipairs(net) do
      if residual then h = h + F.relu(layer(h)) * 0.2 else h = F.relu(layer(h)) end
    end
    return head(h)
  end
  local parameters = net:parameters()
  table.move(head:parameters(), 1, 2, #parameters + 1, parameters)
  local opt = optim.Adam(parameters, {lr = 1e-3})
  for step = 1, 60 do
    opt:zero_grad()
    F.cross_entropy(forward(pictures), labels):backward()
    opt:step()
  end
  return metrics.accuracy(forward(pictures), labels)
end
plain, residual = learn(false), learn(true)
print(plain, residual)
residual - plain]],
      between = {0.2, 0.95},
      hints = {"Enter runs it, a few seconds."},
      after = function(v) return ("%.0f points, from an addition."):format(100 * v) end,
    },
  },
  interview = {
    {
      "Why do residual connections help?",
      pass = "Gradients have a direct way through the additions.",
      good = [[d(x + F(x))/dx = 1 + F'(x): a term that doesn't vanish, whatever F does. And the identity is easy to learn (F = 0), so
        more layers can't do worse than fewer, where plain networks degrade even in training error.]],
      excellent = [[As good, and: the network acts like an ensemble of paths of many lengths, of which the short ones carry most gradient;
        with pre-activation (norm, relu, conv) the way is an unbroken identity through all blocks; zero-initialised last
        scales begin as the identity.]],
    },
    {
      "The degradation problem: is it overfitting?",
      pass = "No, the training error itself gets worse with depth.",
      good = "A plain 56-layer network has a higher training error than a 20-layer one, although it could copy it and add identities: an "
        .. "optimisation problem. Residual blocks make the identity the default.",
      excellent = [[As good, and: batch normalisation was in these networks, so it isn't simply vanishing gradients; the shattered-gradients
        view: in plain deep networks gradients at near inputs become uncorrelated like white noise, with skips much later.]],
    },
  },
}
