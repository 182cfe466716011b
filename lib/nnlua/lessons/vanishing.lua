-- A lesson; docs/writing-a-lesson.md describes the format.

local deep = [[
function deep(layers, activation)
  tensor.manual_seed(3)
  local list = {}
  for i = 1, layers do
    list[2 * i - 1], list[2 * i] = nn.Linear(32, 32), activation
  end
  return nn.Sequential(list)
end
function ratio(net)
  net:zero_grad()
  net(tensor.ones(8, 32)):pow(2):mean():backward()
  return net[1].weight.grad:norm():item() / net[#net - 1].weight.grad:norm():item()
end
]]

return {
  title = "Vanishing and exploding gradients",
  chinese = "梯度消失与爆炸",
  minutes = 13,
  about = "Why the first layers of a deep network may hear nothing, and which of the usual remedies are none.",
  steps = {
    {
      "A gradient that goes back through a layer is multiplied by its slope, in each layer again.",
      ask = "Each of 10 layers halves it. What part of it arrives at the first?",
      equals = 0.5 ^ 10,
      within = 2e-5,
      answer = "0.5 ^ 10",
      wrong = {
        {0.05, "0.5 / 10 would divide once; each layer multiplies by 0.5."},
        {5, "Factors multiply, they don't add up."},
      },
      hints = {"`0.5 ^ 10`"},
      after = "One thousandth.",
    },
    {
      ask = "And if each of 20 layers makes it 1.5 times as large: how large does 1 become, roughly?",
      equals = 1.5 ^ 20,
      within = 0.05,
      answer = "1.5 ^ 20",
      wrong = {{30, "1.5 * 20 adds; powers grow faster."}},
      hints = {"`1.5 ^ 20`"},
      after = "More than 3000. Between vanishing and exploding there is only a factor near 1 in each layer.",
    },
    {
      "Twenty layers with sigmoids: the gradient of the first layer's weights by that of the last layer's.",
      ask = "Run it.",
      given = deep .. "ratio(deep(20, nn.Sigmoid()))",
      between = {0, 1e-8},
      hints = {"Enter runs it."},
      after = function(v) return ("%.0e of what the last layer hears."):format(v) end,
    },
    {
      trap = "Gradient clipping cures vanishing gradients.",
      holds = false,
      experiment = {
        "The same network, clipped to norm 1: the first layer's gradient after by before.",
        ask = "Run the experiment.",
        given = [[
net = deep(20, nn.Sigmoid())
ratio(net)
before = net[1].weight.grad:norm():item()
nn.utils.clip_grad_norm_(net:parameters(), 1)
net[1].weight.grad:norm():item() / before]],
        between = {0, 1},
        hints = {"Enter runs it. `deep` and `ratio` are of the step before."},
        after = "Not larger by a bit.",
      },
      verdict = "Clipping makes large gradients smaller and leaves small ones alone: it is for explosions only.",
    },
    {
      trap = "A lower learning rate cures vanishing gradients, one only has to train longer.",
      holds = false,
      experiment = {
        "200 steps with a learning rate of 0.001, then once more the first layer's share.",
        ask = "Run the experiment.",
        given = [[
net = deep(20, nn.Sigmoid())
opt = optim.SGD(net:parameters(), {lr = 0.001})
for step = 1, 200 do
  opt:zero_grad()
  net(tensor.ones(8, 32)):pow(2):mean():backward()
  opt:step()
end
ratio(net)]],
        between = {0, 1e-8},
        hints = {"Enter runs it."},
        after = "The first layer still hears nothing.",
      },
      verdict = [[The rate multiplies all steps alike: the first layer's were too small already and get smaller. What helps changes
        the slopes: ReLU with He's weights, normalisation, gates, and above all a sum that bypasses the layer.]],
    },
    {
      "A residual layer computes h + f(h). Its slope is 1 plus that of f.",
      ask = "f has the slope 0.1 in each of 10 layers. What is the product of the slopes of h + f(h)?",
      equals = 1.1 ^ 10,
      within = 0.01,
      answer = "1.1 ^ 10",
      wrong = {
        {1e-10, "That is without the h: 0.1 ^ 10."},
        {2, "1 + 10 * 0.1 leaves out the products of the terms."},
        {11, "Each layer has 1 + 0.1, and slopes multiply."},
      },
      hints = {"1 + 0.1, ten times as a factor."},
      after = "2.6 instead of 0.0000000001: the 1 keeps the way open.",
    },
    {
      "Thirty layers of tanh with small weights, and the share that arrives at the first.",
      ask = "Mend `layer_out` so that it is a residual layer: the last line has to be above 0.01.",
      given = [[
function layer_out(layer, h)
  return F.tanh(layer(h))
end
function share()
  tensor.manual_seed(4)
  local layers, h = {}, tensor.ones(8, 32)
  for i = 1, 30 do layers[i] = nn.Linear(32, 32) end
  for i = 1, 30 do h = layer_out(layers[i], h) end
  h:pow(2):mean():backward()
  return layers[1].weight.grad:norm():item() / layers[30].weight.grad:norm():item()
end
share()]],
      answer = [[
function layer_out(layer, h)
  return h + F.tanh(layer(h))
end
function share()
  tensor.manual_seed(4)
  local layers, h = {}, tensor.ones(8, 32)
  for i = 1, 30 do layers[i] = nn.Linear(32, 32) end
  for i = 1, 30 do h = layer_out(layers[i], h) end
  h:pow(2):mean():backward()
  return layers[1].weight.grad:norm():item() / layers[30].weight.grad:norm():item()
end
share()]],
      between = {0.01, 1e4},
      otherwise = "Still next to nothing. What goes into the layer has to be added to what comes out.",
      hints = {"A residual layer gives h + f(h).", "`return h + F.tanh(layer(h))`"},
      after = "One `h +`, and every layer hears.",
    },
  },
  interview = {
    {
      "Why do gradients vanish, and what helps?",
      pass = "Products of many slopes below 1; ReLU and residual connections help.",
      good = [[The gradient of an early layer is a product of Jacobians; with sigmoids each has a factor of at most 1/4. Help:
        non-saturating activations, initialisation that keeps variances, normalisation, residual connections, gates in
        recurrent networks.]],
      excellent = [[As good, and: what counts is the singular values of the Jacobians, which orthogonal weights keep at 1; in
        recurrent networks the same matrix is multiplied again and again, so its spectral radius decides; the LSTM's cell adds
        where the plain one multiplies. Clipping and learning rates don't help against vanishing.]],
    },
    {
      "How do you notice vanishing or exploding gradients in practice?",
      pass = "The loss doesn't move, or becomes nan.",
      good = "Log the gradient's norm by layer: orders of magnitude between first and last say vanishing, spikes and nan say "
        .. "exploding. Early weights that don't change from their start are another sign.",
      excellent = [[As good, and: compare the size of updates with that of the weights (about 1/1000 is healthy); watch
        activations' means and the share of dead or saturated units; a test on one batch tells within seconds.]],
    },
  },
}
