-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Automatic differentiation",
  chinese = "自动微分",
  minutes = 12,
  about = "Derivatives from a record of what was computed: exact, of any order, through loops and branches.",
  steps = {
    {
      "The slopes of slopes: y = x^3 has the derivative 3x^2, that one has 6x, and so on.",
      ask = "What is the third derivative of x^3 at x = 2?",
      equals = 6,
      wrong = {
        {12, "That is the second, 6x. Once more."},
        {0, "That is the fourth: the third is a constant, but not this one."},
        {8, "That is x^3 itself."},
      },
      hints = {"3x^2, then 6x, then?"},
      after = "6, whatever x is.",
    },
    {
      "`tensor.grad(y, x)` gives dy/dx. With `create_graph` the result is itself recorded, so it has a derivative again.",
      ask = "Run it: three derivatives, one of the other.",
      given = [[
x = tensor(2, {requires_grad = true})
first = tensor.grad(x^3, x, {create_graph = true})
second = tensor.grad(first, x, {create_graph = true})
third = tensor.grad(second, x)
third:item()]],
      equals = 6,
      hints = {"Enter runs it."},
    },
    {
      [[Another way to a slope: go a little to both sides and see how much f changes. The central difference is
        (f(x + h) - f(x - h)) / (2h).]],
      ask = "Write `slope(f, x, h)`.",
      given = "function slope(f, x, h)\n  return 0\nend",
      answer = "function slope(f, x, h)\n  return (f(x + h) - f(x - h)) / (2 * h)\nend",
      func = "slope",
      inputs = function()
        return {{math.sin, 1, 0.5}, {function(v) return v * v * v end, 2, 0.25}}
      end,
      wrong = {
        {"function slope(f, x, h) return (f(x + h) - f(x - h)) / h end", "The two points are 2h apart, not h."},
        {"function slope(f, x, h) return (f(x + h) - f(x)) / h end",
          "That is the forward difference, one side only. It is less exact: its error shrinks with h, that of the central one with h^2."},
        {"function slope(f, x, h) return (f(x + h) - f(x - h)) / 2 * h end",
          "Lua reads / 2 * h from the left: put (2 * h) in parentheses."},
      },
      hints = {"Two calls of f.", "`(f(x + h) - f(x - h)) / (2 * h)`"},
    },
    {
      trap = "Automatic differentiation is numeric differencing, done well.",
      holds = false,
      experiment = {
        "The slope of sin at 1 is cos 1. Errors of your slope for four sizes of h, and the error of autograd.",
        ask = "Run the experiment: the last line is autograd's error.",
        given = [[
for _, h in ipairs{1e-1, 1e-5, 1e-9, 1e-13} do
  print(h, math.abs(slope(math.sin, 1, h) - math.cos(1)))
end
x = tensor(1, {requires_grad = true, dtype = "float64"})
math.abs(tensor.grad(x:sin(), x):item() - math.cos(1)) + 0]],
        between = {0, 1e-14},
        hints = {"Enter runs it. `slope` is the function of the step before."},
        after = "Differencing never gets below 1e-12: a large h is inexact, a small one is eaten by rounding.",
      },
      verdict = [[There is no h in automatic differentiation. Each operation has its exact rule, and the chain rule joins them:
        what remains is rounding. And it needs one backward pass for all inputs, where differencing needs two for each.]],
    },
    {
      "It is no symbolic algebra either: it never sees a formula, only what ran. Look at this program:\n\n"
        .. "    y = x\n    while y:item() < 100 do y = y * x end",
      ask = "x is 3. What is dy/dx in the end? Predict it.",
      equals = 405,
      answer = "5 * 3 ^ 4",
      wrong = {
        {243, "That is y: 3, 9, 27, 81, 243. Its slope?"},
        {81, "x^4 is there, and the exponent in front is missing: y is x^5."},
        {108, "The loop stops at 243 = x^5, not at 81."},
        {1, "Every pass multiplies by x: five of them in all."},
      },
      hints = {"How often is x multiplied until y is 100 or more? 3, 9, 27, 81, 243.", "y = x^5, so 5 x^4."},
      after = "Five factors were recorded, so it is the slope of x^5; for another x the loop may record another power.",
    },
    {
      ask = "Run it.",
      given = "x = tensor(3, {requires_grad = true})\ny = x\nwhile y:item() < 100 do y = y * x end\ntensor.grad(y, x):item()",
      equals = 405,
      hints = {"Enter runs it."},
      after = "Loops, branches, recursion: whatever runs has a derivative.",
    },
    {
      "`x:detach()` is the same value without its history.",
      ask = "y = x * x:detach() at x = 3. What is dy/dx?",
      equals = 3,
      wrong = {
        {6, "That would be x * x with both recorded. The second factor counts as a constant 3."},
        {0, "The first factor is still recorded."},
        {9, "That is y."},
      },
      hints = {"x times a constant."},
      after = "Used on purpose: targets in Q-learning, straight-through estimators, a generator held still.",
    },
    {
      ask = "A network has a million weights. What do all its gradients cost, by one backward pass?",
      choose = {"About two forward passes", "A million forward passes", "Nothing, they are a by-product"},
      answer = 1,
      wrong = {
        {2, "That is numeric differencing (two million, even)."},
        {3, "The backward pass multiplies as well: for each product going forward, two going back."},
      },
      hints = {"A linear layer going back: one product for the weights, one for the input."},
      after = "Reverse mode: one output, any number of inputs, a constant factor. That is why deep learning is possible.",
    },
  },
  interview = {
    {
      "How does automatic differentiation differ from numeric and symbolic differentiation?",
      pass = "It is exact, unlike numeric differencing, and works on programs, not on formulas.",
      good = [[Numeric: two evaluations an input, error from h and from rounding. Symbolic: a formula out of a formula, which
        may explode, and no loops. Automatic: the chain rule on the recorded operations, exact to rounding, through any
        control flow.]],
      excellent = [[As good, and: forward mode carries one direction along (cheap for few inputs), reverse mode one output back
        (cheap for few outputs); Hessian-vector products combine them; numeric differencing stays useful as a test.]],
    },
    {
      "When do you need the gradient of a gradient?",
      pass = "For second-order methods and some losses that contain a gradient.",
      good = "Gradient penalties (WGAN-GP), MAML's outer loop, Hessian-vector products, forces as derivatives of a learned "
        .. "energy that are themselves fitted.",
      excellent = [[As good, and: the first backward has to be recorded (create_graph), so every rule has to be made of
        differentiable operations; memory about doubles; ReLU has no second derivative worth having, so smooth activations
        are used in such networks.]],
    },
  },
}
