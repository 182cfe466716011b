-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Batch size and gradient accumulation",
  chinese = "批量大小与梯度累积",
  minutes = 10,
  about = "Noise against steps: what a larger batch buys, and how to have one without the memory.",
  steps = {
    {
      "The gradient of a batch is a mean over its samples. The noise of a mean of n falls with the root of n.",
      ask = "The batch becomes 4 times as large. By which factor does the noise change?",
      equals = 0.5,
      wrong = {{0.25, "That is its variance; the noise itself falls with the root."}, {2, "It gets less."}},
      hints = {"1 / sqrt(4)"},
    },
    {
      "Gradients of one weight for many batches of digits, and how they scatter.",
      ask = "Run it: the last line is the scatter with batches of 1 by that with batches of 64. (The root of 64 is?)",
      given = [[
tensor.manual_seed(1)
digits = data.load("digits")
x, y = digits.x:flatten(2), digits.y
net = nn.Linear(64, 10)
function scatter(n)
  local list = {}
  for i = 1, 200 do
    local rows = tensor.randint(1, 1798, {n})
    net:zero_grad()
    F.cross_entropy(net(x[rows]), y[rows]):backward()
    list[i] = net.bias.grad:get(1)
  end
  return tensor(list):std():item()
end
scatter(1) / scatter(64)]],
      between = {5, 12},
      hints = {"Enter runs it."},
      after = function(v) return ("%.1f; in the limit 8."):format(v) end,
    },
    {
      ask = "A training set of 50,000. How many steps has an epoch with batches of 500 fewer than one with batches of 50?",
      equals = 900,
      wrong = {{100, "That is how many it has."}, {1000, "That is how many the smaller batches make."}, {10, "A tenth of the steps: 1000 and 100."}},
      hints = {"1000 and 100."},
      after = "Ten times the work a step for a third of the noise: beyond some size that is a bad trade.",
    },
    {
      "Linear scaling: k times the batch, k times the learning rate, so that an epoch goes as far.",
      ask = "0.1 was right for batches of 64. What does the rule say for 256?",
      equals = 0.4,
      wrong = {{0.025, "A better gradient deserves a larger step."}, {0.2, "That is the root rule (used with Adam); the linear one."}},
      hints = {"256 is 4 times 64."},
    },
    {
      [[No memory for 64 at once? Four batches of 16, whose gradients add up in .grad before one step. The loss of each is a mean over
        16.]],
      ask = "Something is missing. Mend the loop until the last line, the difference to the large batch's gradient, is below 1e-5.",
      given = [[
net:zero_grad()
F.cross_entropy(net(x[{ {1, 64} }]), y[{ {1, 64} }]):backward()
large = net.weight.grad:clone()
net:zero_grad()
for part = 1, 4 do
  local rows = {16 * part - 15, 16 * part}
  local loss = F.cross_entropy(net(x[{ rows }]), y[{ rows }])
  loss:backward()
end
difference = net.weight.grad - large
difference:abs():max():item()]],
      answer = [[
net:zero_grad()
F.cross_entropy(net(x[{ {1, 64} }]), y[{ {1, 64} }]):backward()
large = net.weight.grad:clone()
net:zero_grad()
for part = 1, 4 do
  local rows = {16 * part - 15, 16 * part}
  local loss = F.cross_entropy(net(x[{ rows }]), y[{ rows }]) / 4
  loss:backward()
end
difference = net.weight.grad - large
difference:abs():max():item()]],
      between = {0, 1e-5},
      otherwise = "The sum of four means is four times the mean of all.",
      hints = {"Each part should count a quarter.", "`/ 4` behind the loss."},
      after = "The same gradient with a quarter of the memory for activations.",
    },
    {
      trap = "Accumulated gradients always equal those of the large batch.",
      holds = false,
      experiment = {
        "The same with a batch normalisation in the network.",
        ask = "Run the experiment: the last line is the largest difference, now by the gradient's size.",
        given = [[
tensor.manual_seed(3)
bn = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))
F.cross_entropy(bn(x[{ {1, 64} }]), y[{ {1, 64} }]):backward()
large = bn[1].weight.grad:clone()
bn:zero_grad()
for part = 1, 16 do
  local rows = {4 * part - 3, 4 * part}
  local loss = F.cross_entropy(bn(x[{ rows }]), y[{ rows }]) / 16
  loss:backward()
end
difference = bn[1].weight.grad - large
difference:norm():item() / large:norm():item()]],
        between = {0.1, 10},
        hints = {"Enter runs it."},
        after = "Another gradient altogether.",
      },
      verdict = "Batch normalisation looks at the batch it is given: 4 samples have other means than 64. Layers that look at single samples "
        .. "(layer or group normalisation) don't mind.",
    },
    {
      ask = "A colleague says: the smaller the batch, the faster the training. When is that wrong?",
      choose = {"Never", "When the machine is as fast with 64 samples at once as with 1, or the noise forbids a useful rate",
        "Only for sequences"},
      answer = 2,
      wrong = {
        {1, "With batches of 1 a product of matrices becomes one of vectors: most of the machine idles."},
        {3, "It has nothing to do with the kind of data."},
      },
      hints = {"`bench` a layer with 1 row and with 64."},
    },
  },
  interview = {
    {
      "How does the batch size affect training?",
      pass = "Small: noisy and many steps; large: smooth, fewer steps, more memory.",
      good = "Noise falls with 1/sqrt(n); up to the critical size doubling the batch halves the steps (with the rate scaled along), beyond it "
        .. "brings little. Hardware wants it large enough to be busy.",
      excellent = [[As good, and: the critical size grows while training (gradient noise scale); large batches tend to sharper minima unless
        rate and schedule are adapted; warm-up and LARS/LAMB for very large ones; batch normalisation couples to the size per device.]],
    },
    {
      "What is gradient accumulation, and what must be watched?",
      pass = "Several small batches before one step; divide the loss by their number.",
      good = "backward adds up, so call step and zero_grad after every k batches with the loss / k: the gradient of the large batch. "
        .. "Watch batch normalisation, the schedule (counts steps, not batches), clipping (once, at the end).",
      excellent = [[As good, and: where samples have different numbers of tokens, divide by all tokens of the k batches, not mean by mean;
        in distributed training synchronise only at the last; it saves memory, no time.]],
    },
  },
}
