-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Optimisers",
  chinese = "优化算法",
  minutes = 14,
  about = "SGD, momentum, Adam and AdamW: single steps by hand, and two claims about them that are not so.",
  steps = {
    {
      ask = "Plain SGD: w is 1, its gradient 4, the learning rate 0.1. What is w after the step?",
      equals = 0.6,
      wrong = {
        {1.4, "Against the gradient: minus."},
        {0.4, "That is the step. w is what it leaves: 1 - 0.4."},
        {-3, "The learning rate is missing."},
      },
      hints = {"w - lr * gradient"},
    },
    {
      [[Momentum keeps a velocity: v becomes 0.9 v + gradient, and w moves by -lr v. It begins with v = 0.]],
      ask = "From w = 1 with gradients of 4 both times and lr = 0.1: what is w after two steps?",
      equals = -0.16,
      wrong = {
        {0.2, "That is without momentum: 2 * 0.4. The second velocity is 0.9 * 4 + 4."},
        {0.24, "The second velocity is 0.9 * 4 + 4 = 7.6, not 3.6."},
        {0.6, "That is after one."},
      },
      hints = {"v is 4, then 0.9 * 4 + 4.", "1 - 0.1 * 4 - 0.1 * 7.6"},
    },
    {
      ask = "The gradient stays 4 for ever. How many times as fast as plain SGD does momentum 0.9 become?",
      equals = 10,
      wrong = {
        {1.9, "That is after two steps; it goes on: 1 + 0.9 + 0.81 + ..."},
        {9, "1 / (1 - 0.9)"},
      },
      hints = {"1 + 0.9 + 0.9^2 + ...", "1 / (1 - 0.9)"},
      after = "Where gradients agree it runs; where they alternate they cancel. That is all there is to momentum.",
    },
    {
      ask = "Write `step(w, g, v)` that returns the new w and the new v: momentum 0.9, learning rate 0.1.",
      given = "function step(w, g, v)\n  return w, v\nend",
      answer = "function step(w, g, v)\n  v = 0.9 * v + g\n  return w - 0.1 * v, v\nend",
      func = "step",
      inputs = function() return {{1, 4, 0}, {0.6, 4, 4}, {-1, 2, -3}} end,
      wrong = {
        {"function step(w, g, v) return w - 0.1 * v, 0.9 * v + g end", "w moved by the old velocity: update v first."},
        {"function step(w, g, v) v = 0.9 * v + 0.1 * g return w - 0.1 * v, v end",
          "That is an average of gradients (Adam keeps one). Momentum adds the whole gradient."},
        {"function step(w, g, v) v = 0.9 * v + g return w + 0.1 * v, v end", "Against the velocity: minus."},
      },
      hints = {"First v, then w by the new v."},
    },
    {
      [[Adam divides an average of gradients by the root of an average of their squares. In the first step both are made of one
        gradient.]],
      ask = "lr is 0.01, the first gradient is 1000. How far does Adam move the weight?",
      equals = 0.01,
      wrong = {
        {10, "That is SGD. Adam divides by the gradient's size."},
        {1, "1000 / sqrt(1000^2) is 1, times the learning rate."},
        {0, "g / sqrt(g^2) is 1, whatever g is."},
      },
      hints = {"1000 / sqrt(1000 ^ 2)"},
      after = "In the beginning every weight moves by the learning rate, whatever its gradient.",
    },
    {
      ask = "Run it: three gradients of very different size, one step of Adam. The last line is the largest move by the least.",
      given = [[
p = nn.Parameter(tensor{0, 0, 0})
p.grad = tensor{1000, 1, 0.001}
optim.Adam({p}, {lr = 0.01}):step()
print(p)
p:abs():max():item() / p:abs():min():item()]],
      between = {0.99, 1.01},
      hints = {"Enter runs it."},
    },
    {
      trap = "Stochastic gradient descent uses the whole training set for each step.",
      holds = false,
      experiment = {
        "A loader over 1437 digits, and how many of them one step sees.",
        ask = "Run the experiment.",
        given = [[
loader = data.DataLoader(data.load("digits").train, {batch_size = 32, shuffle = true})
for bx, by in loader:iter() do
  seen = bx:size(1)
  break
end
seen]],
        equals = 32,
        within = 0,
        hints = {"Enter runs it."},
        after = "32 of them.",
      },
      verdict = "That would be plain gradient descent. 'Stochastic' is the sample: one example, or a small batch, drawn anew for "
        .. "each step.",
    },
    {
      trap = "Weight decay and an L2 penalty are the same, under Adam as under SGD.",
      holds = false,
      experiment = {
        [[A weight of 1 that no loss touches (its gradient is 0), decay 0.1, lr 0.01. `Adam` puts the decay into the gradient
          (L2), `AdamW` takes it off the weight. How far does each move it?]],
        ask = "Run the experiment: the last line is Adam's move by AdamW's.",
        given = [[
function moved(make)
  local w = nn.Parameter(tensor{1})
  w.grad = tensor{0}
  make({w}, {lr = 0.01, weight_decay = 0.1}):step()
  return 1 - w:item()
end
print(moved(optim.Adam), moved(optim.AdamW))
moved(optim.Adam) / moved(optim.AdamW)]],
        between = {9.5, 10.5},
        hints = {"Enter runs it."},
        after = "Ten times as far.",
      },
      verdict = [[Under SGD both are the same: lr * decay * w. Adam divides the penalty's gradient by its own size, so the strength
        of the decay is lost, and weights with large gradients are decayed least. AdamW decays all alike.]],
    },
  },
  interview = {
    {
      "Explain Adam.",
      pass = "Momentum plus a learning rate of its own for each weight.",
      good = [[m averages gradients (0.9), v their squares (0.999); both start at 0 and are corrected by 1 - beta^t; the step is
        lr m / (sqrt(v) + eps). So the size of gradients cancels and their agreement counts.]],
      excellent = [[As good, and: it is close to sign descent early on; there are convex problems where it fails to converge
        (AMSGrad); eps bounds the amplification of tiny gradients; decay belongs outside (AdamW); it keeps two numbers a
        weight, which Adafactor and 8-bit variants save.]],
    },
    {
      "When would you take SGD with momentum instead of Adam?",
      pass = "For image classification it often generalises better.",
      good = "With convolutional networks, much data and a good schedule SGD with momentum often ends better and needs half the "
        .. "memory; Adam is better with sparse or badly scaled gradients, Transformers above all.",
      excellent = [[As good, and: the gap in generalisation mostly disappears with AdamW and both well tuned; compare at the best
        learning rate and decay of each, not at defaults.]],
    },
  },
}
