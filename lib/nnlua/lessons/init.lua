-- A lesson; docs/writing-a-lesson.md describes the format.

local setup = [[
digits = data.load("digits")
x, y = digits.x:flatten(2), digits.y
function learn(fill)
  tensor.manual_seed(1)
  net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
  for _, p in ipairs(net:parameters()) do fill(p) end
  local opt = optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9})
  for step = 1, 60 do
    opt:zero_grad()
    F.cross_entropy(net(x), y):backward()
    opt:step()
  end
  return metrics.accuracy(net(x), y)
end
]]

return {
  title = "Weight initialisation",
  chinese = "权重初始化",
  minutes = 12,
  about = "How large random weights should be, and why they should be random at all.",
  steps = {
    {
      [[A neuron adds 100 products of a weight and an input, all independent with mean 0 and variance 1. Variances of
        independent terms add up.]],
      ask = "What is the variance of the sum?",
      equals = 100,
      wrong = {
        {10, "That is the standard deviation; the variance is its square."},
        {1, "Each product has the variance 1, and there are 100 of them."},
      },
      hints = {"A product of two such numbers has the variance 1."},
      after = "A factor of 10 in size, in each layer. After 20 layers 10^20.",
    },
    {
      ask = "Which standard deviation of the weights makes it 1 again?",
      equals = 0.1,
      wrong = {
        {0.01, "That is the variance, 1/100; the standard deviation is its root."},
        {10, "Smaller weights are needed."},
      },
      hints = {"100 times the weights' variance has to be 1.", "The root of 1/100."},
      after = "1 / sqrt(fan_in): the heart of Xavier's and He's rules.",
    },
    {
      [[ReLU sets half of the values to 0, and with them half of the mean square is gone. He's rule makes up for it with a
        factor of 2: the variance is 2 / fan_in.]],
      ask = "What is He's standard deviation for 50 inputs?",
      equals = 0.2,
      wrong = {
        {0.04, "That is the variance: 2 / 50. Take its root."},
        {0.1414, "That is 1 / sqrt(50); with ReLU the 2 comes in."},
        {0.02, "2 / fan_in is 0.04; then the root."},
      },
      within = 0.002,
      hints = {"sqrt(2 / 50)"},
    },
    {
      "Twenty layers of 100 with ReLU; what size do values have at the end?",
      ask = "Write `std` so that the size stays the same through all layers: the last line should be between 0.1 and 10.",
      given = [[
function through(std)
  tensor.manual_seed(2)
  local h = tensor.randn(200, 100)
  for layer = 1, 20 do h = F.relu(h:matmul(tensor.randn(100, 100) * std)) end
  return h:pow(2):mean():sqrt():item()
end
std = 0.1
through(std)]],
      answer = [[
function through(std)
  tensor.manual_seed(2)
  local h = tensor.randn(200, 100)
  for layer = 1, 20 do h = F.relu(h:matmul(tensor.randn(100, 100) * std)) end
  return h:pow(2):mean():sqrt():item()
end
std = math.sqrt(2 / 100)
through(std)]],
      between = {0.1, 10},
      otherwise = "The values have died out or exploded: 1/sqrt(100) forgets what ReLU takes away, and much more explodes.",
      hints = {"He's rule: sqrt(2 / fan_in).", "`std = math.sqrt(2 / 100)`"},
      after = "The factor of sqrt(2) a layer is all that lies between 1 and 0.001.",
    },
    {
      trap = "All weights 0 is a fair start: the gradients will make the difference.",
      holds = false,
      experiment = {
        "A network on handwritten digits, every parameter 0 at the start, 60 steps.",
        ask = "Run the experiment: the last line is the accuracy (1/10 is guessing).",
        given = setup .. "learn(function(p) nn.init.zeros_(p) end)",
        between = {0.05, 0.15},
        hints = {"Enter runs it."},
        after = "Guessing.",
      },
      verdict = [[With W2 = 0 no gradient reaches layer 1, and with h = 0 none reaches W2: only the last bias learns. And if all
        weights were the same but not 0, all neurons of a layer would get the same gradient and stay copies for ever.]],
    },
    {
      ask = "All weights 0.1 instead. Run it: the last line is how much the 64 neurons of layer 1 differ (standard deviation "
        .. "between them) after training.",
      given = "print(learn(function(p) nn.init.constant_(p, 0.1) end))\nspread = net[1].weight:std(1)\nspread:max():item()",
      between = {0, 1e-4},
      hints = {"Enter runs it. `learn` is of the step before."},
      after = "64 neurons, all the same: it is a network with one hidden neuron. Randomness breaks the symmetry.",
    },
    {
      ask = "Give `learn` a way to fill that works: the accuracy has to be above 0.9. (`p:dim()` tells weights, 2, from biases, 1.)",
      given = "learn(function(p)\n  nn.init.zeros_(p)\nend)",
      answer = "learn(function(p)\n  if p:dim() == 2 then nn.init.kaiming_normal_(p) else nn.init.zeros_(p) end\nend)",
      between = {0.9, 1},
      otherwise = "Not yet. Weights random and of the right size, biases 0.",
      hints = {"nn.init has kaiming_normal_, xavier_uniform_, normal_ and others.",
        "`nn.init.kaiming_normal_(p)` where `p:dim() == 2`, zeros for the biases."},
      after = "Biases may be 0: the random weights break the symmetry for them.",
    },
    {
      ask = "Which of these is no way to initialise weights?",
      choose = {"Xavier (Glorot)", "He (Kaiming)", "Orthogonal", "Momentum"},
      answer = 4,
      wrong = {
        {1, "It is: variance 2 / (fan_in + fan_out), for tanh."},
        {2, "It is: variance 2 / fan_in, for ReLU."},
        {3, "It is: a random rotation, which keeps lengths; used in recurrent networks."},
      },
      hints = {"One of them is part of an optimiser."},
      after = "Momentum belongs to the optimiser; lists that name 'momentum initialisation' made it up.",
    },
  },
  interview = {
    {
      "Why not start with all weights 0?",
      pass = "All neurons of a layer would stay the same.",
      good = [[Equal weights get equal gradients, so a layer acts as one neuron for ever; with 0 the gradients don't even reach
        the layers below. Random values break the symmetry. Biases may be 0.]],
      excellent = [[As good, and: some parts are started at 0 on purpose: the last layer of a residual branch or LoRA's second
        matrix, so that the block begins as the identity; that is no contradiction, as the other factor is random.]],
    },
    {
      "Derive He's initialisation.",
      pass = "Variance 2 / fan_in, because ReLU drops half.",
      good = [[Var(z) = fan_in Var(w) E[h^2]. For z symmetric about 0, E[relu(z)^2] = Var(z) / 2. So Var(z) stays the same from
        layer to layer when Var(w) = 2 / fan_in.]],
      excellent = [[As good, and: going back the same holds with fan_out; Xavier takes the mean of both without the 2, for
        activations with slope 1 at 0; with normalisation layers the scale matters less, but it still sets the effective
        learning rate.]],
    },
  },
}
