-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "The perceptron",
  chinese = "神经元",
  minutes = 10,
  about = "What one neuron can do, what it can't, and why a network needs a bend between its layers.",
  steps = {
    {
      [[A neuron multiplies each input by a weight, adds the products, and adds a bias:

            sum = w1 * x1 + w2 * x2 + b

        It says yes where the sum is above 0.]],
      ask = "The weights are 2 and -1, the bias is -1, the inputs are 1 and 2. What is the sum?",
      equals = -1,
      wrong = {
        {0, "That is 2*1 - 1*2; the bias is still to be added."},
        {1, "The bias is -1: adding it makes the sum smaller."},
        {3, "The second weight is negative: -1 * 2 takes 2 away."},
      },
      hints = {"Two products and a bias: three numbers to add.", "2 * 1, then -1 * 2, then -1."},
      after = "The sum is negative, so this neuron says no to (1, 2).",
    },
    {
      "Four inputs at once are the rows of a matrix, and a product of matrices gives all four sums.",
      ask = "The code is typed for you: Enter runs it. Look at which sums are above 0.",
      given = "x = tensor{{0, 0}, {0, 1}, {1, 0}, {1, 1}}\nw, b = tensor{1, 1}, -1.5\nx:matmul(w) + b",
      hints = {"Press Enter. If the line is gone, `again` types it anew."},
      after = "One sum for each row of x.",
    },
    {
      ask = "Above 0 means yes. Which of these does the neuron with weights (1, 1) and bias -1.5 compute?",
      choose = {"x1 OR x2", "x1 AND x2", "x1 XOR x2 (one of them, not both)"},
      answer = 2,
      wrong = {
        {1, "Then (0, 1) would be a yes; its sum is 1 - 1.5."},
        {3, "Then (1, 1) would be a no; its sum is 2 - 1.5."},
      },
      hints = {"Only one of the four sums is above 0. Which row is it?"},
      after = "Only (1, 1) gets over the bias of -1.5.",
    },
    {
      "The bias says how much evidence a neuron wants before it says yes.",
      ask = "Set `b` so that the same neuron computes OR: yes to all rows but (0, 0).",
      answer = "b = -0.5",
      check = function(_, s)
        if type(s.b) ~= "number" and not tensor.is_tensor(s.b) then return nil end
        local yes = (tensor{{0, 0}, {0, 1}, {1, 0}, {1, 1}}:matmul(tensor{1, 1}) + s.b):gt(0):totable()
        if yes[1] then return false, "Now it says yes to (0, 0) too: with no input at all the sum is the bias itself." end
        if not yes[2] then return false, "It still says no to (0, 1): 1 + b has to be above 0." end
        return true
      end,
      wrong = {
        {"b = 0.5", "Now it says yes to (0, 0) too: with no input at all the sum is the bias itself.",
          when = function(_, s) return s.b == 0.5 end},
        {"b = -1", "1 + b is exactly 0 now, and 0 is not above 0.", when = function(_, s) return s.b == -1 end},
      },
      hints = {"(0, 1) has the sum 1 + b, (0, 0) has the sum b.", "Anything between -1 and 0."},
      after = "AND and OR differ in nothing but the bias. The line x1 + x2 + b = 0 has moved.",
    },
    {
      "Now as a function, for one input `x` of any length.",
      ask = "Write `neuron(x, w, b)` that returns the sum of a neuron: weights times inputs, added up, plus the bias.",
      given = "function neuron(x, w, b)\n  return 0\nend",
      answer = "function neuron(x, w, b)\n  return (x * w):sum() + b\nend",
      func = "neuron",
      inputs = function()
        return {{tensor{1, 2}, tensor{2, -1}, -1}, {tensor{0.5, 3, -2}, tensor{4, 1, 1}, 0.25}}
      end,
      wrong = {
        {"function neuron(x, w, b) return x * w + b end",
          "That gives one number for each input, with the bias in each. Add the products up first: `:sum()`."},
        {"function neuron(x, w, b) return (x * w):sum() end", "The bias is missing."},
        {"function neuron(x, w, b) return (x * w + b):sum() end",
          "This adds the bias once for each input. A neuron has one bias, however many inputs."},
      },
      hints = {"`x * w` gives the products, one by one.", "`(x * w):sum()` adds them up; then the bias."},
    },
    {
      [[XOR is yes to (0, 1) and (1, 0), no to (0, 0) and (1, 1). The border between a neuron's yes and no is a straight
        line. Draw the four corners of a square on paper and try.]],
      ask = "How many of the four can one straight line get right at most?",
      equals = 3,
      wrong = {
        {4, "That would need both yes corners on one side, both no corners on the other: they lie crosswise."},
        {2, "More is possible: cut off one corner."},
      },
      hints = {"The two yes corners lie on one diagonal, the two no corners on the other."},
      after = "Three of four, 75 %: the best that any line can do.",
    },
    {
      trap = "The line is too simple, so take more neurons: 256 of them in a hidden layer, nothing between the layers.",
      holds = false,
      experiment = {
        "Two layers, 2-256-1, learn XOR for 400 steps. The last line gives the share that is right.",
        ask = "Run the experiment.",
        given = [[
y = tensor{{0}, {1}, {1}, {0}}
function learn(net)
  local opt = optim.Adam(net:parameters(), {lr = 0.05})
  for step = 1, 400 do
    local loss = F.binary_cross_entropy_with_logits(net(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
  return net(x):gt(0):eq(y:gt(0.5)):float():mean():item()
end
tensor.manual_seed(1)
wide = nn.Sequential(nn.Linear(2, 256), nn.Linear(256, 1))
learn(wide)]],
        between = {0, 0.75},
        hints = {"Enter runs what is typed; `again` types it anew."},
        after = "No better than one line.",
      },
      verdict = [[B (A x + a) + b is (B A) x + (B a + b): two linear layers are one linear layer, whatever stands between in
        numbers of neurons. 1025 parameters draw the same straight line as 3.]],
    },
    {
      "What is missing is a bend. `nn.Tanh()` between the layers makes each hidden neuron's answer a curve.",
      ask = "Put an activation between the layers, so that `learn(bent)` gives 1.",
      given = "tensor.manual_seed(1)\nbent = nn.Sequential(nn.Linear(2, 16), nn.Linear(16, 1))\nlearn(bent)",
      answer = "tensor.manual_seed(1)\nbent = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))\nlearn(bent)",
      check = function(v, s)
        if type(v) ~= "number" or s.bent == nil then return nil end
        local ok, out = pcall(s.bent, tensor{{0, 0}, {0, 1}, {1, 0}, {1, 1}})
        if not ok then return nil end
        local yes = out:gt(0):totable()
        if yes[2][1] and yes[3][1] and not yes[1][1] and not yes[4][1] then return true end
        return false, "Still not all four. Is there a layer with a bend, `nn.Tanh()` or `nn.ReLU()`, between the two?"
      end,
      wrong = {
        {"tensor.manual_seed(1)\nbent = nn.Sequential(nn.Linear(2, 16), nn.Linear(16, 1))\nlearn(bent)",
          "Still not all four. Is there a layer with a bend, `nn.Tanh()` or `nn.ReLU()`, between the two?"},
      },
      hints = {"nn.Sequential takes any number of layers, in their order.",
        "`nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))`"},
      after = "All four. Sixteen bent lines are enough where 256 straight ones are not.",
    },
    {
      ask = "How many parameters has the 2-16-1 network? Each neuron has its weights and one bias.",
      equals = 65,
      wrong = {
        {48, "Those are the weights; 17 neurons have a bias each."},
        {49, "The hidden neurons have biases, too: 16 more."},
        {64, "The last neuron has a bias of its own."},
      },
      hints = {"The hidden layer: 16 neurons with 2 weights and a bias each.", "16 * 3, and then one neuron with 16 weights "
        .. "and a bias."},
      after = "16 * (2 + 1) + (16 + 1). `print(bent)` shows the same.",
    },
  },
  interview = {
    {
      "Why does a neural network need activation functions?",
      pass = "Without them the network is linear, however deep it is.",
      good = [[A composition of linear maps is one linear map: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2). So depth adds
        parameters but no new functions, and a problem such as XOR stays out of reach.]],
      excellent = [[As good, and: the rank of the product is limited by the narrowest layer, so depth may even take functions
        away; with a non-polynomial activation one hidden layer already approximates every continuous function on a
        bounded set, and depth then buys economy. It changes the path of training, too: a deep linear network has the
        same functions as a shallow one, but another loss surface.]],
    },
    {
      "What is the bias of a neuron for?",
      pass = "It moves the threshold at which the neuron says yes.",
      good = [[Without it the border w x = 0 goes through the origin. The bias moves it: AND and OR have the same weights and
        differ only in the bias.]],
      excellent = [[As good, and: it is a weight on an input that is always 1; a batch normalisation right behind the layer
        makes it useless, because the mean is subtracted; weight decay is usually kept away from it.]],
    },
    {
      "Can a single perceptron learn XOR? What is the smallest network that can?",
      pass = "No, because XOR can't be separated by a line; a hidden layer is needed.",
      good = "No: at most 3 of 4. Two hidden neurons with a nonlinearity are enough, say OR and AND, combined by OR minus AND.",
      excellent = [[As good, and: two are enough to represent it, but from many starting points training gets stuck with two,
        so in practice one takes more. One neuron is enough if it isn't monotonic (a cosine), or with x1 * x2 as a third
        input.]],
    },
  },
}
