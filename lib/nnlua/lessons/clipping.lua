-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Gradient clipping",
  chinese = "梯度裁剪",
  minutes = 10,
  about = "A limit on the length of the gradient: what it keeps, what it doesn't, and a cliff that shows why.",
  steps = {
    {
      "The gradient of all parameters together is one long vector, and its norm is its length.",
      ask = "Two parameters have the gradients 3 and 4. What is the norm?",
      equals = 5,
      wrong = {
        {7, "That is the sum; the norm is the root of the sum of squares."},
        {25, "The root is still to be taken."},
      },
      hints = {"sqrt(9 + 16)"},
    },
    {
      "Clipping to a largest norm scales the whole vector down when it is longer.",
      ask = "It is clipped to norm 1. What becomes of the 3?",
      equals = 0.6,
      wrong = {
        {1, "That is clipping each element. By norm everything is divided by 5."},
        {3, "The vector is longer than 1, so it is scaled."},
        {0.75, "3/4 is their ratio; divide by the norm, 5."},
      },
      hints = {"Everything is divided by 5."},
      after = "0.6 and 0.8: the direction is the same.",
    },
    {
      ask = "Write `clip(g, most)`: the gradient g, scaled down to norm `most` if it is longer, else as it is.",
      given = "function clip(g, most)\n  return g\nend",
      answer = "function clip(g, most)\n  local n = g:norm():item()\n  return n > most and g * (most / n) or g\nend",
      func = "clip",
      inputs = function() return {{tensor{3, 4}, 1}, {tensor{0.3, 0.4}, 1}, {tensor{6, 8}, 2}} end,
      wrong = {
        {"function clip(g, most) return g * (most / g:norm():item()) end",
          "Short gradients are made longer here: they are to stay as they are."},
        {"function clip(g, most) return g:clamp(-most, most) end",
          "That clips each element, and turns the direction. Scale the whole by one factor."},
        {"function clip(g, most) return g / g:norm():item() end", "Everything gets length 1 here, whatever `most` says."},
        {"function clip(g, most) return g end", "As it stands nothing is clipped."},
      },
      hints = {"Compare `g:norm():item()` with most first.", "The factor is most / norm."},
    },
    {
      trap = "Clipping each element to [-1, 1] does the same: the direction stays.",
      holds = false,
      experiment = {
        "A gradient of {100, 1}, clipped by elements: the cosine between before and after (1: the same direction).",
        ask = "Run the experiment.",
        given = "g = tensor{100, 1}\nF.cosine_similarity(g, g:clamp(-1, 1), 1):item()",
        between = {0.70, 0.73},
        hints = {"Enter runs it."},
        after = "0.71: turned by 45 degrees.",
      },
      verdict = "By value every large element becomes the same 1, and a small one beside them suddenly counts as much. By norm the "
        .. "direction stays, only the length changes.",
    },
    {
      "`nn.utils.clip_grad_norm_(parameters, most)` does it in place, over all parameters together.",
      ask = "Run it: what it returns is worth logging. What is it?",
      given = "p = nn.Parameter(tensor{0, 0})\np.grad = tensor{6, 8}\nprint(nn.utils.clip_grad_norm_({p}, 1), p.grad)\n"
        .. "nn.utils.clip_grad_norm_({p}, 1):item()",
      equals = 1,
      within = 1e-3,
      hints = {"Enter runs it."},
      after = "It returns the norm before clipping: 10 the first time, and 1 the second, for by then it was clipped.",
    },
    {
      [[A recurrent network multiplies by the same weight again and again. In its simplest form: the output after 30 steps is
        w^30 times the input, and it should be 1. Around w = 1 the loss is flat, above it is a cliff.]],
      ask = "Run it: without a limit, from 1.2, what becomes of w?",
      given = [[
function train(most)
  local w = nn.Parameter(tensor(1.2))
  local opt = optim.SGD({w}, {lr = 0.01})
  for step = 1, 200 do
    opt:zero_grad()
    F.mse_loss(w ^ 30, tensor(1)):backward()
    if most then nn.utils.clip_grad_norm_({w}, most) end
    opt:step()
  end
  return math.abs(w:item() - 1)
end
train()]],
      check = function(v) return type(v) == "number" and (v ~= v or v > 10) end,
      hints = {"Enter runs it."},
      after = "One step off the cliff, and it never comes back.",
    },
    {
      ask = "Call `train` with a limit, so that w ends within 0.1 of 1.",
      answer = "train(1)",
      between = {0, 0.1},
      otherwise = "Not near 1. Try limits between 0.1 and 10.",
      hints = {"`train(most)` clips to norm most.", "`train(1)`"},
      after = "No step is longer than 0.01 now: it walks down the cliff.",
    },
    {
      ask = "Where in the loop does clipping belong?",
      choose = {"Before backward", "Between backward and step", "After step"},
      answer = 2,
      wrong = {
        {1, "There are no gradients yet."},
        {3, "The weights have moved already."},
      },
      hints = {"It needs the gradients, and step uses them."},
    },
  },
  interview = {
    {
      "What is gradient clipping, and which kind do you use?",
      pass = "Limiting the size of gradients against explosion; usually by norm.",
      good = "By global norm: all gradients are scaled by most / norm when the norm is larger, so that the direction stays. "
        .. "By value changes the direction. It goes between backward and step.",
      excellent = [[As good, and: under mixed precision gradients are unscaled first; with accumulation clip once at the end;
        with data parallelism after the sum; the limit is read off the logged norms (a bit above the usual ones), and frequent
        clipping says that the learning rate is too high.]],
    },
    {
      "Does clipping also help with Adam, which normalises anyway?",
      pass = "Yes, single huge gradients still spoil its averages.",
      good = "Adam divides by a running root mean square; one spike enters the second moment and makes steps tiny for about "
        .. "1 / (1 - beta2) steps, and the first moment points wrongly for ten.",
      excellent = [[As good, and: before the averages are warm the step may be as large as the learning rate in every
        coordinate, so clipping and warm-up both guard the beginning; Transformers are trained with a limit of 1 as a rule.]],
    },
  },
}
