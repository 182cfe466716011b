-- A lesson; docs/writing-a-lesson.md describes the format.

local xy = "tensor.manual_seed(2)\nX = tensor.randn(50, 8)\ny = X:matmul(tensor{3, -2, 1, 0, 0, 0, 0, 0}) + 0.5 * tensor.randn(50)\n"

return {
  title = "L1 and L2 regularisation",
  chinese = "正则化",
  minutes = 12,
  about = "Two penalties on weights: one shrinks, one makes zeros; and what is no regulariser at all.",
  steps = {
    {
      "L2 adds 0.1 * w^2 to the loss, L1 adds 0.1 * |w|.",
      ask = "w is 3. What does the L2 penalty add to its gradient?",
      equals = 0.6,
      wrong = {
        {0.9, "That is the penalty; its slope is 0.1 * 2w."},
        {0.3, "The 2 of the square: 0.1 * 2 * 3."},
        {0.1, "That is L1."},
      },
      hints = {"The slope of 0.1 w^2."},
      after = "And at w = 0.003 only 0.0006: L2 pulls the less the smaller a weight is, and never quite to 0.",
    },
    {
      ask = "And L1, at w = 0.003?",
      equals = 0.1,
      wrong = {
        {0.0003, "That is the penalty. Its slope is 0.1, however small w is."},
        {0.0006, "That is L2."},
      },
      hints = {"The slope of |w| is 1 for w > 0."},
      after = "The same pull all the way down: that is why L1 makes exact zeros.",
    },
    {
      [[In steps, L1 is soft thresholding: everything moves by t towards 0, and what would cross 0 becomes 0.]],
      ask = "Write `shrink(w, t)` for a tensor w.",
      given = "function shrink(w, t)\n  return w\nend",
      answer = "function shrink(w, t)\n  return w:sign() * (w:abs() - t):clamp(0)\nend",
      func = "shrink",
      inputs = function() return {{tensor{3, -2, 0.05, -0.05, 0}, 0.1}, {tensor{1, -1}, 2}} end,
      wrong = {
        {"function shrink(w, t) return w - t end", "Negative weights have to go up: towards 0, not down."},
        {"function shrink(w, t) return w * (1 - t) end", "That is L2: proportional. Here everything moves by the same t."},
        {"function shrink(w, t) return w:sign() * (w:abs() - t) end", "Small ones cross 0 here and change sign: stop them at 0."},
        {"function shrink(w, t) return w:clamp(-t, t) end", "That cuts large ones; soft thresholding takes t off all of them."},
      },
      hints = {"Work on the absolute value, and put the sign back.", "`(w:abs() - t):clamp(0)`, times `w:sign()`."},
    },
    {
      [[Ridge regression (岭回归) has a closed form: w = (X'X + L I)^-1 X'y. Of the eight true weights here, five are 0.]],
      ask = "Run the first lines, then set `w` to the ridge solution for L = 10 (`tensor.eye(8)` is I).",
      given = xy .. "w = ",
      answer = xy .. "w = tensor.linalg.solve(X.T:matmul(X) + 10 * tensor.eye(8), X.T:matmul(y))",
      variables = "w",
      within = 1e-3,
      wrong = {
        {xy .. "w = tensor.linalg.solve(X.T:matmul(X), X.T:matmul(y))", "That is plain least squares: 10 I is to be added."},
        {xy .. "w = tensor.linalg.solve(X.T:matmul(X) + 10, X.T:matmul(y))", "+ 10 adds to every element; I has ones on its diagonal only."},
      },
      hints = {"`tensor.linalg.solve(A, b)` solves A w = b.", "A is `X.T:matmul(X) + 10 * tensor.eye(8)`, b is `X.T:matmul(y)`."},
    },
    {
      ask = "How many of these eight weights are exactly 0? Predict, then count: `w:eq(0):sum():item()`.",
      equals = 0,
      wrong = {{5, "Five true weights are 0, but L2 only shrinks: look at `w`."}},
      hints = {"L2 never quite reaches 0."},
      after = "None: small ones, but no zeros.",
    },
    {
      "The same data under L1: gradient steps, each followed by your `shrink`.",
      ask = "Run it: the last line counts the zeros.",
      given = [[
v = tensor.zeros(8)
for step = 1, 500 do
  v = v - 0.005 * X.T:matmul(X:matmul(v) - y)
  v = shrink(v, 0.005 * 15)
end
print(v)
v:eq(0):sum():item()]],
      between = {3, 5},
      otherwise = "Is `shrink` the function of before? It should make zeros.",
      hints = {"Enter runs it. X, y and `shrink` are of earlier steps."},
      after = "Exact zeros: L1 chooses features.",
    },
    {
      trap = "Cross-validation is a regularisation method.",
      holds = false,
      experiment = {
        "Ridge weights before and after a 5-fold cross-validation of the same model.",
        ask = "Run the experiment: the last line is how far the weights moved.",
        given = [[
function ridge(X, y) return tensor.linalg.solve(X.T:matmul(X) + 10 * tensor.eye(8), X.T:matmul(y)) end
before = ridge(X, y)
for fold = 0, 4 do
  local test = tensor.arange(1, 51):remainder(5):eq(fold)
  local fitted = ridge(X[test:logical_not()], y[test:logical_not()])
  print("fold", fold, (X[test]:matmul(fitted) - y[test]):pow(2):mean())
end
moved = ridge(X, y) - before
moved:abs():max():item()]],
        equals = 0,
        within = 0,
        hints = {"Enter runs it."},
        after = "0: it measured, and changed nothing.",
      },
      verdict = "Cross-validation estimates how well a model does; it can choose the strength of a penalty, but it is none.",
    },
  },
  interview = {
    {
      "L1 or L2: what do they do, and why does L1 give zeros?",
      pass = "L2 shrinks weights, L1 makes some of them 0.",
      good = "The pull of L2 is proportional to w and fades; that of L1 is constant, so small weights are driven to 0. In the "
        .. "picture: the corners of the diamond lie on the axes, the circle has none.",
      excellent = [[As good, and: as priors L2 is Gaussian, L1 Laplace; of correlated features L1 takes one, L2 shares, elastic
        net does both; plain gradient descent on |w| only hovers around 0, a proximal step (soft threshold) gives true
        zeros.]],
    },
    {
      "What does ridge do to X'X, and when is that needed?",
      pass = "It adds a constant to the diagonal, so that it can be inverted.",
      good = "It raises all eigenvalues by L: with collinear features or fewer samples than features X'X is singular, with L it "
        .. "isn't. Directions of small variance are shrunk most.",
      excellent = [[As good, and: in the SVD each direction is multiplied by s^2 / (s^2 + L), whose sum is the effective number of
        degrees of freedom; early stopping of gradient descent does nearly the same; standardise first, and don't penalise the
        intercept.]],
    },
  },
}
