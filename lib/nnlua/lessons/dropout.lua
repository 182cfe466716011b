-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Dropout",
  chinese = "随机失活",
  minutes = 12,
  about = "Switching neurons off at random while training: what it does to values, when, and what it doesn't do.",
  steps = {
    {
      "In training, `nn.Dropout(p)` sets each element to 0 with probability p.",
      ask = "Run what is typed for you, a few times if you like, and look at the elements that stay.",
      given = "layer = nn.Dropout(0.5)\nlayer(tensor.ones(10))",
      check = function(v, s)
        if not tensor.is_tensor(v) or s.layer == nil then return nil end
        local other = v:ne(0):logical_and(v:ne(2)):any()
        if other then return nil end
        return v:numel() > 0
      end,
      hints = {"Enter runs it; Up recalls it."},
      after = "Ones went in; zeros and twos came out.",
    },
    {
      "What stays is scaled up, so that the expected value of each element is what it was.",
      ask = "With p = 0.8 only one element in five stays. What does a 1 that stays become?",
      equals = 5,
      wrong = {
        {1.25, "That is 1 / p. What stays, stays with probability 1 - p: divide by that."},
        {2, "2 was for p = 0.5, where half stay."},
        {0.2, "Multiplying by 1 - p would make it smaller still: it is divided."},
        {1, "Then the mean would fall to 0.2."},
        {0.8, "What stays has to make up for what went, so it grows."},
      },
      hints = {"The mean of five elements has to stay 1, and four of them are 0.", "1 / (1 - p)"},
      after = "1 / (1 - 0.8) = 5.",
    },
    {
      ask = "So what is the mean of `nn.Dropout(0.8)(tensor.ones(1000000))`, to two digits? Predict, or run it.",
      equals = 1,
      within = 0.02,
      wrong = {
        {0.2, "The share that stays is 0.2, and each of those is 5."},
        {5, "Those that stay are 5, but only a fifth of them do."},
      },
      hints = {"A fifth of the elements, each 5."},
      after = "The mean is kept. That is what the scaling is for.",
    },
    {
      "A network that is used, not trained, should use all its neurons. Each layer has two modes, training and evaluation.",
      ask = "Put `layer` into evaluation mode, then give it ten ones: `layer(tensor.ones(10))`.",
      answer = "layer:eval()\nlayer(tensor.ones(10))",
      check = function(v, s)
        if not tensor.is_tensor(v) or v:numel() < 5 then return nil end
        if s.layer == nil then return nil end
        if s.layer.training then
          return false, "Some elements are gone, so the layer is still in training mode: `layer:eval()` changes that."
        end
        return v:eq(1):all()
      end,
      wrong = {{"layer:train()\nlayer(tensor.ones(10))",
        "Some elements are gone, so the layer is still in training mode: `layer:eval()` changes that."}},
      hints = {"There are `:train()` and `:eval()`.", "`layer:eval()`, then the call."},
      after = "In evaluation the layer does nothing at all: ones in, ones out.",
    },
    {
      trap = "Dropout scales at test time: there the outputs are multiplied by 1 - p.",
      holds = false,
      experiment = {
        [[The layer tells. The ratio of an output that stayed to its input in training, and the one in evaluation, are
          both easy to see; the last line gives that of evaluation.]],
        ask = "Run the experiment.",
        given = [[
drop, ones = nn.Dropout(0.5), tensor.ones(1000)
print("training", drop(ones):max())
drop:eval()
print("evaluation", drop(ones):max())
drop(ones):max():item()]],
        equals = 1,
        within = 0,
        hints = {"Enter runs it."},
        after = "Training multiplied by 2, evaluation by 1.",
      },
      verdict = [[The paper of 2014 described scaling at test time; every library today scales while training ("inverted
        dropout"), so that a trained network needs no special care.]],
    },
    {
      "Now your own, with the mask handed in (1 stays, 0 goes), so that it can be tested.",
      ask = "Write `dropout(x, p, mask)` as it is computed in training.",
      given = "function dropout(x, p, mask)\n  return x\nend",
      answer = "function dropout(x, p, mask)\n  return x * mask / (1 - p)\nend",
      func = "dropout",
      inputs = function()
        return {{tensor{1, 2, 3, 4}, 0.75, tensor{0, 1, 0, 0}}, {tensor{{1, -1}}, 0.2, tensor{{1, 1}}}}
      end,
      wrong = {
        {"function dropout(x, p, mask) return x * mask end", "The mask is right; what stays is still to be scaled up."},
        {"function dropout(x, p, mask) return x * mask / p end", "p is the share that goes. Divide by the share that stays."},
        {"function dropout(x, p, mask) return x * mask * (1 - p) end",
          "That makes what stays smaller. It has to make up for what went: divide."},
        {"function dropout(x, p, mask) return x end", "As it stands nothing is switched off: the mask has to come in."},
      },
      hints = {"The mask times x, then the scaling.", "`x * mask / (1 - p)`"},
    },
    {
      trap = "Dropout lowers the number of parameters, and that is why it helps against overfitting.",
      holds = false,
      experiment = {
        "Two networks, without and with dropout; their numbers of parameters, and the difference.",
        ask = "Run the experiment.",
        given = [[
function count(net)
  local n = 0
  for _, p in ipairs(net:parameters()) do n = n + p:numel() end
  return n
end
plain = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
dropped = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10))
print(count(plain), count(dropped))
count(plain) - count(dropped)]],
        equals = 0,
        within = 0,
        hints = {"Enter runs it."},
        after = "The same number in both.",
      },
      verdict = [[The layer has no parameters and removes none. It helps because no neuron can rely on particular others, and
        because each mask is another, thinner network: evaluation comes close to the average of them all.]],
    },
    {
      [[The commonest mistake: judging a network that is still in training mode. Here one learns handwritten digits, 8 x 8
        pixels, for a few seconds.]],
      ask = "Run it: the last line is how much accuracy the forgotten `eval()` costs.",
      given = [[
digits = data.load("digits")
pictures, labels = digits.x:flatten(2), digits.y
tensor.manual_seed(1)
net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.8), nn.Linear(128, 10))
opt = optim.Adam(net:parameters(), {lr = 0.01})
for step = 1, 150 do
  local loss = F.cross_entropy(net(pictures[{ {1, 1000} }]), labels[{ {1, 1000} }])
  opt:zero_grad()
  loss:backward()
  opt:step()
end
function accuracy() return metrics.accuracy(net(pictures[{ {1001, -1} }]), labels[{ {1001, -1} }]) end
net:train()
in_training = accuracy()
net:eval()
in_evaluation = accuracy()
print(in_training, in_evaluation)
in_evaluation - in_training]],
      between = {0.01, 0.5},
      otherwise = "The difference should be above 0: evaluation first, minus training.",
      hints = {"Enter runs it; `again` types it anew."},
      after = function(v)
        return ("%.1f points of accuracy, lost to one forgotten line."):format(100 * v)
      end,
    },
  },
  interview = {
    {
      "How does dropout work, in training and at test time?",
      pass = "In training neurons are switched off at random; at test time all are used.",
      good = [[In training each activation becomes 0 with probability p and the others are divided by 1 - p, so that
        expectations agree; at test time the layer is the identity. (The first version scaled at test time instead.)]],
      excellent = [[As good, and: the gradient goes through the same mask; the mask is drawn anew for each element and each
        step; on feature maps whole channels are dropped, because neighbours carry the same information; leaving it on at
        test time and averaging gives an estimate of uncertainty (Monte Carlo dropout).]],
    },
    {
      "Why does dropout reduce overfitting?",
      pass = "A neuron can't rely on others, so features become more robust.",
      good = [[It trains exponentially many thinned networks that share weights; the pass in evaluation approximates their
        average. And it adds noise, which keeps neurons from adapting to each other's mistakes.]],
      excellent = [[As good, and: for linear models it equals an L2 penalty scaled by each feature's variance, in
        expectation. It doesn't lower the number of parameters; it costs more steps of training; with much data, or beside
        batch normalisation, it often brings nothing.]],
    },
    {
      "Accuracy on the test set differs from run to run although nothing is trained. What do you look at first?",
      pass = "Whether the network is in evaluation mode.",
      good = "A forgotten `eval()`: dropout still draws masks, batch normalisation still uses the batch. Two passes over the "
        .. "same batch that differ prove it.",
      excellent = [[As good, and: then other sources of chance: augmentation left on in the test loader, sampling in the
        model, sums in another order on parallel hardware, batches of different sizes with batch normalisation. Switching
        off gradients is no substitute for evaluation mode; it changes nothing in dropout.]],
    },
  },
}
