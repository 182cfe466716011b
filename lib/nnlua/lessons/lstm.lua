-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "The LSTM",
  chinese = "长短期记忆网络",
  minutes = 12,
  about = "A cell that is added to, not multiplied away; gates that decide; peepholes that only look.",
  steps = {
    {
      [[The cell c of an LSTM: c = f c + i g. f is the forget gate (what stays), i the input gate (what enters), g the candidate, all
        computed from input and state.]],
      ask = "c = 2, f = 0.9, i = 0.5, g = 1. What is the new c?",
      equals = 2.3,
      wrong = {
        {1.8, "That is what stays; i g enters."},
        {2.5, "The forget gate multiplies the old cell: 0.9 * 2."},
        {0.7, "f is what stays, not what goes: 0.9 * 2."},
      },
      hints = {"0.9 * 2 + 0.5 * 1"},
    },
    {
      "The output gate o decides what shows: h = o tanh(c).",
      ask = "The forget gate is 1 and the input gate 0 for a thousand steps. What becomes of c = 2?",
      equals = 2,
      wrong = {{0, "f = 1 keeps all of it."}, {2000, "i = 0: nothing enters."}},
      hints = {"c = 1 * c + 0 * g"},
      after = "Nothing is lost: no product of slopes, but a sum. That is the whole idea.",
    },
    {
      ask = "Write `cell(c, i, f, g, o)` for numbers: it returns the new h and the new c.",
      given = "function cell(c, i, f, g, o)\n  local new = c\n  return o, new\nend",
      answer = "function cell(c, i, f, g, o)\n  local new = f * c + i * g\n  return o * tensor.tanh(tensor(new)):item(), new\nend",
      func = "cell",
      inputs = function() return {{2, 0.5, 0.9, 1, 1}, {-1, 1, 0, 0.3, 0.5}, {0.2, 0.1, 0.7, -0.9, 0.8}} end,
      wrong = {
        {"function cell(c, i, f, g, o) local new = f * c + i * g return o * new, new end", "h = o tanh(c): tanh is missing."},
        {"function cell(c, i, f, g, o) local new = f * c + i * g return o * tensor.tanh(tensor(c)):item(), new end", "h shows the new cell, not the old one."},
        {"function cell(c, i, f, g, o) local new = (1 - f) * c + i * g return o * tensor.tanh(tensor(new)):item(), new end",
          "f is what stays: f * c."},
        {"function cell(c, i, f, g, o) local new = f * c + i * g return new, o * tensor.tanh(tensor(new)):item() end", "h first, then c."},
      },
      hints = {"First the new cell: f * c + i * g.", "tanh of a number: `tensor.tanh(tensor(v)):item()`."},
    },
    {
      ask = "How many parameters has `nn.LSTM(10, 20)`? A plain `nn.RNN(10, 20)` has 640.",
      equals = 2560,
      wrong = {{1920, "Three gates and the candidate: four blocks."}, {640, "Each gate has weights of its own."}},
      hints = {"Four times: i, f, g and o."},
    },
    {
      "At the start a gate's sum is about 0, so the forget gate is sigmoid(0) = 0.5.",
      ask = "What is left of the cell after 10 steps with f = 0.5? And that is why its bias is often started at 1 or more.",
      equals = 0.5 ^ 10,
      within = 2e-5,
      answer = "0.5 ^ 10",
      wrong = {{0.05, "A power: 0.5 * 0.5 * ..."}, {5, "A power: 0.5 ^ 10."}},
      hints = {"0.5 ^ 10"},
    },
    {
      "How far back can it learn? The gradient of the last state at the first input, over 60 steps, by the forget gate's bias.",
      ask = "Run it: the last line says how many times more arrives with a bias of 5 than with 0.",
      given = [[
function arrives(bias)
  tensor.manual_seed(1)
  local net = nn.LSTM(1, 16)
  tensor.no_grad(function()
    net.bias_ih_l0[{ {17, 32} }] = bias
    net.bias_hh_l0[{ {17, 32} }] = 0
  end)
  local x = tensor.randn(60, 1, 1, {requires_grad = true})
  net(x)[60]:sum():backward()
  return x.grad[1]:abs():item()
end
print(arrives(0), arrives(5))
arrives(5) / arrives(0)]],
      between = {1e3, 1e30},
      hints = {"Enter runs it."},
      after = function(v) return ("%.0e times."):format(v) end,
    },
    {
      trap = "A peephole is a fourth gate.",
      holds = false,
      experiment = {
        "A fourth gate on 64 cells with 2 inputs would need 64 * (2 + 64) weights and biases: over 4000. What does `peephole = true` add?",
        ask = "Run the experiment: the last line is the number of added parameters, for each of the 64 cells.",
        given = [[
function count(net)
  local n = 0
  for _, p in ipairs(net:parameters()) do n = n + p:numel() end
  return n
end
print(count(nn.LSTM(2, 64)), count(nn.LSTM(2, 64, {peephole = true})))
more = count(nn.LSTM(2, 64, {peephole = true})) - count(nn.LSTM(2, 64))
more / 64]],
        equals = 3,
        within = 0,
        hints = {"Enter runs it."},
        after = "Three a cell: one for each of the three gates there are.",
      },
      verdict = "A peephole lets the three gates look at the cell, each through one weight a cell. No gate is added.",
    },
  },
  interview = {
    {
      "How does an LSTM avoid vanishing gradients?",
      pass = "The cell is added to instead of being multiplied by a matrix.",
      good = "dc_t / dc_(t-1) is the forget gate, elementwise: with f near 1 the gradient goes through unchanged, and the network learns "
        .. "when. The plain one multiplies by W and a slope at each step.",
      excellent = [[As good, and: gradients through the gates and h still vanish, so it is mitigated, not cured; explosions are still
        possible, so clipping stays; the bias of the forget gate at 1 or more makes it remember from the start; the first version
        (1997) had no forget gate: f = 1.]],
    },
    {
      "LSTM or GRU?",
      pass = "The GRU has two gates and no separate cell, so fewer weights; results are similar.",
      good = "GRU: reset and update gate, three quarters of the parameters; the state is an interpolation, (1 - z) n + z h. LSTM: gates "
        .. "for what enters and what stays are independent, so it can count. Try both; data decide.",
      excellent = [[As good, and: the LSTM's cell is unbounded and hidden behind o, the GRU's state is bounded and shown as it is; both lose to
        attention where exact recall of distant details counts, and win where memory has to be constant.]],
    },
  },
}
