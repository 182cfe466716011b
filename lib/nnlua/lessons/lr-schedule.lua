-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Learning rate and schedules",
  chinese = "学习率与调度",
  minutes = 11,
  about = "How large a step may be, why it should shrink, and why it begins small.",
  steps = {
    {
      "The loss x^2 has the slope 2x. A step with learning rate lr makes x into x - lr * 2x.",
      ask = "lr is 0.1. By which factor does each step multiply x?",
      equals = 0.8,
      wrong = {
        {0.9, "The slope is 2x: 1 - 2 * 0.1."},
        {0.2, "That is what goes; what stays is 1 - 0.2."},
      },
      hints = {"x - 0.2 x"},
    },
    {
      ask = "Up to which learning rate does x not grow?",
      equals = 1,
      wrong = {
        {0.5, "0.5 reaches the minimum in a single step: the factor is 0. It may be larger still, as long as |1 - 2 lr| <= 1."},
        {2, "The factor would be -3: it grows threefold."},
      },
      hints = {"|1 - 2 lr| <= 1"},
      after = "2 by the curvature (here 2): the steepest direction of a network sets the limit for all of them.",
    },
    {
      ask = "Run it: x after 20 steps, for four rates. The last line is that of 1.1.",
      given = [[
function descend(lr)
  local x = 1
  for step = 1, 20 do x = x - lr * 2 * x end
  return x
end
for _, lr in ipairs{0.01, 0.1, 0.9} do print(lr, descend(lr)) end
descend(1.1)]],
      between = {30, 45},
      hints = {"Enter runs it."},
      after = "0.01 crawls, 0.1 arrives, 0.9 swings, 1.1 explodes.",
    },
    {
      "StepLR multiplies the rate by gamma every so many epochs.",
      ask = "It begins at 0.1, with gamma 0.5 every 10 epochs. What is it after 25?",
      equals = 0.025,
      wrong = {
        {0.05, "Two cuts have been made by then, at 10 and at 20."},
        {0.0125, "The third cut comes at 30."},
      },
      hints = {"Cuts at 10 and at 20."},
    },
    {
      [[The cosine schedule goes from the peak to 0 along half a cosine: peak * (1 + cos(pi t / total)) / 2. Before it comes a
        warm-up, in which the rate rises from 0 to the peak in a straight line.]],
      ask = "Write `rate(t, warm, total, peak)`: peak * t / warm for t < warm, then the cosine from t = warm to t = total.",
      given = "function rate(t, warm, total, peak)\n  return peak\nend",
      answer = "function rate(t, warm, total, peak)\n  if t < warm then return peak * t / warm end\n"
        .. "  return peak * (1 + math.cos(math.pi * (t - warm) / (total - warm))) / 2\nend",
      func = "rate",
      inputs = function() return {{0, 10, 110, 0.1}, {5, 10, 110, 0.1}, {60, 10, 110, 0.1}, {110, 10, 110, 0.1}, {35, 10, 110, 2}} end,
      wrong = {
        {"function rate(t, warm, total, peak) return peak * (1 + math.cos(math.pi * t / total)) / 2 end", "The warm-up is missing."},
        {"function rate(t, warm, total, peak) if t < warm then return peak * t / warm end return peak * (1 + math.cos(math.pi * t / total)) / 2 end",
          "At t = warm the cosine has to begin: use t - warm, of total - warm."},
        {"function rate(t, warm, total, peak) if t < warm then return peak * t / warm end return peak * math.cos(math.pi * (t - warm) / (total - warm)) end",
          "cos goes from 1 to -1; (1 + cos) / 2 goes from 1 to 0."},
      },
      hints = {"Two cases: `if t < warm then ... end`.", "How far through the rest: (t - warm) / (total - warm)."},
    },
    {
      trap = "A small learning rate always ends at least as well as a large one; it only takes longer.",
      holds = false,
      experiment = {
        [[A valley with two dips, the deeper one further away. Both begin at 2.5; one takes 2000 steps of 0.005, the other three
          of 0.1 and then small ones.]],
        ask = "Run the experiment: the last line is how much lower the one with the schedule ends.",
        given = [[
function f(x) return x^4 - 8 * x^2 + 3 * x end
function slope(x) return 4 * x^3 - 16 * x + 3 end
a, b = 2.5, 2.5
for step = 1, 2000 do a = a - 0.005 * slope(a) end
for step = 1, 2000 do b = b - (step <= 3 and 0.1 or 0.005) * slope(b) end
print(a, f(a), b, f(b))
f(a) - f(b)]],
        between = {8, 16},
        hints = {"Enter runs it."},
        after = "12 lower: the small steps stopped in the nearer dip and would stay there for ever.",
      },
      verdict = "Large steps cross what small ones fall into; then they have to shrink to arrive. Hence schedules: large first, "
        .. "small at the end.",
    },
    {
      ask = "Why is there a warm-up?",
      choose = {"To save time", "Early gradients are large and averages (Adam's) are not yet reliable", "Because the cosine needs it"},
      answer = 2,
      wrong = {
        {1, "It takes time. It makes the beginning safe."},
        {3, "The cosine begins anywhere."},
      },
      hints = {"What does Adam know after one step?"},
    },
  },
  interview = {
    {
      "How do you choose a learning rate?",
      pass = "Try powers of ten, take the largest that doesn't diverge, a bit lower.",
      good = "A range test: raise it exponentially over some hundred steps and take a third to a tenth of where the loss "
        .. "turns up; then a schedule that ends near 0. `train.lr_find` does the test.",
      excellent = [[As good, and: it depends on batch size (about linearly below the critical one), on normalisation, on the
        optimiser; the limit is 2 / curvature, and training tends to drive the curvature up to just that limit (edge of
        stability).]],
    },
    {
      "Which schedules do you know, and when is which used?",
      pass = "Step, exponential, cosine, warm-up, on plateau.",
      good = "Cosine with warm-up is the usual one where the length is known; step is the old one for vision; on plateau where "
        .. "the length is open; one-cycle for short budgets; inverse root for long Transformer runs.",
      excellent = [[As good, and: a constant rate with a short decay at the end does about as well and can be prolonged at will;
        most of the gain comes at the decay, when the noise of the steps is taken away, as averaging weights (SWA, EMA) also
        shows.]],
    },
  },
}
