-- A lesson; docs/writing-a-lesson.md describes the format.

local xg = "X = tensor{{1, 2, 3}, {4, 5, 6}, {0, 1, 0}, {2, 0, 1}}\nG = tensor{{1, 0}, {0, 1}, {1, 1}, {-1, 0}}\n"

return {
  title = "Backpropagation",
  chinese = "反向传播",
  minutes = 12,
  about = "The chain rule, from the loss backwards: by hand, by machine, and what it does not do.",
  steps = {
    {
      "Backpropagation is the chain rule: the slope of a chain is the product of the slopes of its links.",
      ask = "y = (3x + 1)^2. What is dy/dx at x = 1?",
      equals = 24,
      wrong = {
        {8, "That is the outer link, 2 * (3x + 1). The inner one, 3x + 1, has the slope 3: multiply."},
        {6, "2 * 3 is there, but the outer slope is 2 times (3x + 1), and that is 4 here."},
        {16, "That is y itself at x = 1."},
      },
      hints = {"Two links: u = 3x + 1 and y = u^2.", "dy/du = 2u, which is 8 here, and du/dx = 3."},
      after = "8 for the outer link times 3 for the inner one.",
    },
    {
      "The machine does the same: it records what was computed and walks back over the record.",
      ask = "Run what is typed for you: `x.grad` holds dy/dx.",
      given = "x = tensor(1, {requires_grad = true})\ny = (3 * x + 1)^2\ny:backward()\nx.grad",
      equals = 24,
      answer = "x = tensor(1, {requires_grad = true})\ny = (3 * x + 1)^2\ny:backward()\nx.grad",
      hints = {"Enter runs it; `again` types it anew."},
      after = "The same 24.",
    },
    {
      "Suppose the last two lines ran once more: y computed again from the same x, then backward again.",
      ask = "What would `x.grad` be then? Predict it.",
      equals = 48,
      wrong = {
        {24, "backward adds to .grad, it doesn't replace what is there."},
        {0, "Nothing is cleared by itself: somebody has to call zero_grad."},
        {576, "The gradients are added, not multiplied."},
      },
      hints = {"backward adds to `.grad`."},
      after = "24 + 24. That is why every training loop has a zero_grad.",
    },
    {
      [[A linear layer computes Y = X W' (one row a sample). Say the loss tells us G = dL/dY. How much does each weight
        move the loss? Each row of X meets its row of G, and the products add up over the samples.]],
      ask = "Run the first lines, then set `dW` to dL/dW, from `X` and `G`. It has the shape of W: [2, 3].",
      given = xg .. "dW = ",
      answer = xg .. "dW = G.T:matmul(X)",
      variables = "dW",
      wrong = {
        {xg .. "dW = X.T:matmul(G)", "That is the transpose, [3, 2]. W is [2, 3], and a gradient has the shape of what it belongs to."},
        {xg .. "dW = G.T:matmul(X) / 4", "A sum over samples, no mean: if the loss is a mean, the 1 / n is already in G."},
      },
      hints = {"Shapes lead the way: G is [4, 2], X is [4, 3], dW has to be [2, 3].",
        "Only G.T (2 x 4) times X (4 x 3) has that shape."},
      after = "G.T X for the weights; the bias gets the sum of G over the rows, the input gets G W.",
    },
    {
      [[Through tanh: h = tanh(a), and its slope is 1 - h^2, so it can be had from the output alone. From g = dL/dh the
        chain rule makes dL/da.]],
      ask = "Write `d_tanh(h, g)`: dL/da from the output h and the gradient g = dL/dh.",
      given = "function d_tanh(h, g)\n  return g\nend",
      answer = "function d_tanh(h, g)\n  return g * (1 - h * h)\nend",
      func = "d_tanh",
      inputs = function() return {{tensor{0, 0.5, -0.9}, tensor{1, 2, 3}}, {tensor{{0.25}}, tensor{{-4}}}} end,
      wrong = {
        {"function d_tanh(h, g) return g * h * (1 - h) end", "h (1 - h) is the slope of the sigmoid. That of tanh is 1 - h^2."},
        {"function d_tanh(h, g) return 1 - h * h end", "That is the slope of the link alone; the chain rule multiplies it by g."},
        {"function d_tanh(h, g) return g * (1 - h) end", "1 - h^2, with the square."},
        {"function d_tanh(h, g) return g end", "As it stands the gradient goes through unchanged: tanh has a slope."},
      },
      hints = {"Elementwise: the gradient times the slope.", "The slope is 1 - h^2, which is `1 - h * h`."},
      after = "Where h is near 1 or -1 almost nothing goes through: saturation.",
    },
    {
      [[Your d_tanh inside a network of two layers, in float64, against the machine. The first lines go forward, the next
        ones back by hand.]],
      ask = "Run it: the last line is the largest difference to autograd.",
      given = [[
tensor.manual_seed(3)
net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)):to("float64")
data_x, data_t = tensor.randn(8, 3, {dtype = "float64"}), tensor.randn(8, 2, {dtype = "float64"})
F.mse_loss(net(data_x), data_t):backward()
h = net[2](net[1](data_x)):detach()
d_o = (net(data_x):detach() - data_t) * 2 / 16
d_a = d_tanh(h, d_o:matmul(net[3].weight:detach()))
difference = d_a.T:matmul(data_x) - net[1].weight.grad
difference:abs():max():item()]],
      between = {0, 1e-12},
      otherwise = "That is more than rounding. Is d_tanh still the one of the step before? `back` shows it.",
      hints = {"Enter runs it; `again` types it anew."},
      after = "Nothing but rounding in the sixteenth digit: your hand and the machine do the same.",
    },
    {
      trap = "Backpropagation updates the weights.",
      holds = false,
      experiment = {
        "A copy of a weight before, `backward()`, and how far the weight has moved.",
        ask = "Run the experiment.",
        given = [[
layer = nn.Linear(4, 2)
before = layer.weight:detach():clone()
layer(tensor.ones(3, 4)):pow(2):mean():backward()
moved = layer.weight - before
moved:abs():max():item()]],
        equals = 0,
        within = 0,
        hints = {"Enter runs it."},
        after = "0, exactly: no weight has moved.",
      },
      verdict = [[Backpropagation computes gradients and leaves them in .grad. Moving the weights is the optimiser's work,
        and how far is its choice.]],
    },
    {
      "Plain SGD moves each weight by the learning rate times its gradient, against it.",
      ask = "Let SGD with learning rate 0.1 take one step on `layer`, then give the largest move as the last "
        .. "line does.",
      given = "-- one step of SGD\nmoved = layer.weight - before\nmoved:abs():max():item()",
      answer = "optim.SGD(layer:parameters(), {lr = 0.1}):step()\nmoved = layer.weight - before\nmoved:abs():max():item()",
      check = function(v, s)
        if type(v) ~= "number" and not (tensor.is_tensor(v) and v:numel() == 1) then return nil end
        if tensor.is_tensor(v) then v = v:item() end
        if s.layer.weight.grad == nil then
          return false, "The gradient is gone: backward first, `again` of the step before types it."
        end
        local move = (s.layer.weight - s.before):abs():max():item()
        local wanted = 0.1 * s.layer.weight.grad:abs():max():item()
        if move == 0 then return false, "Nothing has moved: call `:step()` of an optimiser over `layer:parameters()`." end
        if math.abs(move - wanted) > 0.02 * wanted then
          return false, "It moved, but not by 0.1 times the gradient. Is the learning rate 0.1, and one step only?"
        end
        return math.abs(v - move) < 1e-6
      end,
      wrong = {{"moved = layer.weight - before\nmoved:abs():max():item()",
        "Nothing has moved: call `:step()` of an optimiser over `layer:parameters()`."}},
      hints = {"`optim.SGD(layer:parameters(), {lr = 0.1})` makes the optimiser.", "Its `:step()` moves the weights."},
      after = "backward() and step() are two things, and between them you may look at gradients, clip them, add them up.",
    },
  },
  interview = {
    {
      "What is backpropagation? What does it cost?",
      pass = "The chain rule, applied from the loss back to the weights, to get all gradients.",
      good = [[The forward pass keeps its intermediate values; the backward pass walks the graph once in reverse, multiplies
        each gradient by the local slope and adds where paths meet. All gradients together cost about two forward passes.]],
      excellent = [[As good, and: it is reverse-mode automatic differentiation, cheap for one output and many inputs, where
        forward mode would need one pass for each input; the price is memory for the activations, which checkpointing
        trades for computing them again. It is neither numeric differencing nor symbolic algebra.]],
    },
    {
      "Does backpropagation train the network?",
      pass = "No, it only computes gradients; an optimiser updates the weights.",
      good = "It computes dL/dw for every weight. SGD, Adam and others decide what to make of them; the same gradients can "
        .. "be clipped, accumulated or used for something else, such as adversarial pictures.",
      excellent = [[As good, and: gradients with respect to inputs (saliency, style transfer), or through an optimiser's steps
        (meta-learning) are backpropagation without any training of the weights; and there is training without
        backpropagation: evolution strategies, forward gradients.]],
    },
    {
      "Why is zero_grad needed?",
      pass = "Because gradients add up over calls of backward.",
      good = [[.grad accumulates, since a weight may be used several times and one may want to add up several small batches.
        Without zero_grad each step uses the sum of all gradients so far: a momentum that never forgets.]],
      excellent = [[As good, and: accumulating k batches with the loss divided by k equals one batch k times as large, except
        where layers look at the whole batch, as batch normalisation does; setting gradients to nil instead of zero saves
        memory and lets optimisers leave unused parameters alone.]],
    },
  },
}
