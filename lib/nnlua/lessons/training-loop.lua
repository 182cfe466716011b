-- A lesson; docs/writing-a-lesson.md describes the format.

local setup = [[
digits = data.load("digits")
x, y = digits.x[{ {1, 1000} }]:flatten(2), digits.y[{ {1, 1000} }]
test_x, test_y = digits.x[{ {1001, -1} }]:flatten(2), digits.y[{ {1001, -1} }]
]]

return {
  title = "The training loop",
  chinese = "训练过程",
  minutes = 12,
  about = "Epochs, batches and the four lines that every network is trained with, on handwritten digits.",
  steps = {
    {
      "A step of training is four calls, in an order that makes sense of them.",
      ask = "Which order?",
      choose = {"zero_grad, loss, backward, step", "loss, step, backward, zero_grad", "loss, backward, zero_grad, step"},
      answer = 1,
      wrong = {
        {2, "step uses the gradients that backward makes: it can't come before it."},
        {3, "zero_grad between backward and step would throw away what was just computed."},
      },
      hints = {"What does step need? What would zero_grad destroy?"},
    },
    {
      "An epoch goes through all samples once, a batch at a time; the last batch may be smaller.",
      ask = "1000 samples, batches of 64. How many steps has an epoch?",
      equals = 16,
      wrong = {
        {15, "15 batches are 960 samples; the last 40 make one more."},
        {15.625, "A batch is a batch: the last one has only 40 samples."},
      },
      hints = {"1000 / 64 is 15.6."},
    },
    {
      "Handwritten digits, 8 x 8 pixels, ten classes, and a network that has learned nothing yet.",
      ask = "It knows nothing, so about 1/10 for each class. What is its cross-entropy, to one digit? (`math.log` may help.)",
      equals = math.log(10),
      within = 0.03,
      answer = "math.log(10)",
      wrong = {
        {0.1, "That is the probability. Cross-entropy is its logarithm, with a minus."},
        {1, "log to the base 10 would give that; cross-entropy takes the natural one."},
        {0, "0 is for one who knows everything."},
        {-2.303, "Minus log p is positive."},
      },
      hints = {"-log(1/10)"},
      after = "2.30: a loss that begins far above it says that something is wrong before training begins.",
    },
    {
      ask = "Run it: the last line is that loss.",
      given = setup .. [[
tensor.manual_seed(1)
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
F.cross_entropy(net(x), y):item()]],
      between = {2.2, 2.4},
      hints = {"Enter runs it."},
    },
    {
      [[A loop that somebody wrote in a hurry. It runs, and the loss stays where it is. One of the four calls is missing.]],
      ask = "Mend it, and run it, until the accuracy in the last line is above 0.8.",
      given = [[
opt = optim.Adam(net:parameters(), {lr = 0.01})
for step = 1, 100 do
  local loss = F.cross_entropy(net(x), y)
  opt:zero_grad()
  loss:backward()
end
metrics.accuracy(net(test_x), test_y)]],
      answer = [[
opt = optim.Adam(net:parameters(), {lr = 0.01})
for step = 1, 100 do
  local loss = F.cross_entropy(net(x), y)
  opt:zero_grad()
  loss:backward()
  opt:step()
end
metrics.accuracy(net(test_x), test_y)]],
      between = {0.8, 1},
      otherwise = "Still guessing. Who moves the weights?",
      hints = {"Gradients are computed, and then?", "`opt:step()` behind `loss:backward()`."},
      after = "backward computes, step moves.",
    },
    {
      trap = "Gradients reset themselves at each backward; zero_grad is only good manners.",
      holds = false,
      experiment = {
        "The same loss twice, without zero_grad in between; the gradient of the second time by that of the first.",
        ask = "Run the experiment.",
        given = [[
opt:zero_grad()
F.cross_entropy(net(x), y):backward()
once = net[1].weight.grad:norm():item()
F.cross_entropy(net(x), y):backward()
twice = net[1].weight.grad:norm():item()
twice / once]],
        equals = 2,
        hints = {"Enter runs it."},
        after = "Twice as large.",
      },
      verdict = "backward adds to .grad. Without zero_grad each step follows the sum of all gradients so far.",
    },
    {
      "Now in mini-batches, as it is done: a loader that shuffles, three epochs.",
      ask = "Complete the loop's body. The last line should be above 0.88.",
      given = [[
tensor.manual_seed(2)
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
opt = optim.Adam(net:parameters(), {lr = 0.01})
for epoch = 1, 3 do
  for bx, by in data.DataLoader({x, y}, {batch_size = 64, shuffle = true}):iter() do
    -- four calls
  end
end
metrics.accuracy(net(test_x), test_y)]],
      answer = [[
tensor.manual_seed(2)
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
opt = optim.Adam(net:parameters(), {lr = 0.01})
for epoch = 1, 3 do
  for bx, by in data.DataLoader({x, y}, {batch_size = 64, shuffle = true}):iter() do
    local loss = F.cross_entropy(net(bx), by)
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
end
metrics.accuracy(net(test_x), test_y)]],
      between = {0.86, 1},
      otherwise = "Not there. The batch is `bx`, `by`: are these what the loss is computed from, and are all four calls there?",
      hints = {"The four calls of before, with `bx` and `by`.", "`local loss = F.cross_entropy(net(bx), by)` and the other three."},
      after = "48 small steps do as well as 100 large ones: each costs a sixteenth.",
    },
    {
      ask = "Which number tells how good the network is on new digits?",
      choose = {"The loss on the training samples", "The accuracy on samples it never saw", "The number of epochs"},
      answer = 2,
      wrong = {
        {1, "That can go to 0 by learning by heart."},
        {3, "That tells how long, not how well."},
      },
      hints = {"New digits are digits that it never saw."},
    },
  },
  interview = {
    {
      "Describe one step of training, in the order of the calls.",
      pass = "Forward, loss, backward, update, with the gradients set to zero before.",
      good = [[A batch goes through the network; the loss compares with the labels; zero_grad; backward fills .grad of every
        weight by the chain rule; the optimiser moves the weights; a schedule may change the learning rate.]],
      excellent = [[As good, and: between backward and step is the place for clipping, for accumulating over several batches
        and for unscaling in mixed precision; train() and eval() bracket the epochs; validation runs without gradients.]],
    },
    {
      "Why mini-batches, and not single samples or the whole set?",
      pass = "A compromise: less noise than one sample, cheaper than all.",
      good = "The gradient's error falls with the root of the batch size, the cost rises linearly; hardware is fastest on "
        .. "matrices; the noise that remains helps to leave bad minima.",
      excellent = [[As good, and: beyond a critical size larger batches save no steps; the learning rate is to be scaled along;
        batch normalisation depends on the size.]],
    },
  },
}
