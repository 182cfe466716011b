-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Recurrent networks",
  chinese = "循环神经网络",
  minutes = 11,
  about = "A state that is carried along a sequence: one step, its weights, and how fast it forgets.",
  steps = {
    {
      "One step of a recurrent network: h = tanh(u x + w h + b), the new state from the input and the old state.",
      ask = "u = 2, w = 0.5, b = 0, the state is 0 and the input 0.3. What is the sum inside tanh?",
      equals = 0.6,
      wrong = {{0.537, "That is tanh of it, the new state. The sum itself."}, {0.65, "The old state is 0: w adds nothing."}},
      hints = {"2 * 0.3 + 0.5 * 0"},
    },
    {
      ask = "Write `run(xs, u, w, b)` that goes through the list xs from the state 0 and returns the last state.",
      given = "function run(xs, u, w, b)\n  local h = 0\n  for _, x in ipairs(xs) do\n    h = x\n  end\n  return h\nend",
      answer = "function run(xs, u, w, b)\n  local h = 0\n  for _, x in ipairs(xs) do\n    local a = math.exp(2 * (u * x + w * h + b))\n"
        .. "    h = (a - 1) / (a + 1)\n  end\n  return h\nend",
      func = "run",
      inputs = function() return {{{0.3}, 2, 0.5, 0}, {{1, 0, -1}, 1, 0.5, 0.1}, {{}, 1, 1, 1}} end,
      wrong = {
        {"function run(xs, u, w, b) local h = 0 for _, x in ipairs(xs) do local a = math.exp(2 * (u * x + b)) h = (a - 1) / (a + 1) end return h end",
          "The old state doesn't come in: w h is missing, so it has no memory."},
        {"function run(xs, u, w, b) local h = 0 for _, x in ipairs(xs) do h = u * x + w * h + b end return h end", "tanh is missing."},
      },
      hints = {"Lua has no tanh: `tensor.tanh(tensor(v)):item()`, or (e^2v - 1) / (e^2v + 1).", "Inside: u * x + w * h + b."},
      after = "The same u, w and b at every step: weights shared over time.",
    },
    {
      ask = "How many weights and biases has `nn.RNN(10, 20)`? It keeps two biases of 20 (as PyTorch does).",
      equals = 640,
      wrong = {
        {620, "There are two biases: 40."},
        {600, "The biases are missing."},
        {240, "The state has weights, too: 20 * 20."},
      },
      hints = {"Input 10 * 20, state 20 * 20, biases."},
    },
    {
      "Without tanh, the first input reaches step 50 multiplied by w 49 times.",
      ask = "w = 0.9. What is left of it, to one digit? (Lua: `0.9 ^ 49`)",
      equals = 0.9 ^ 49,
      within = 6e-4,
      answer = "0.9 ^ 49",
      wrong = {{0.9, "Multiplied by 0.9 at every step."}, {44.1, "Multiplied again and again: a power."}},
      hints = {"0.9 ^ 49"},
      after = "Half a percent; and with w = 1.1 it would be a hundredfold.",
    },
    {
      "A real one: how strongly does the last state depend on each input? The gradient tells.",
      ask = "Run it: the last line is the gradient at the first of 50 inputs by that at the last.",
      given = [[
tensor.manual_seed(1)
net = nn.RNN(1, 32)
x = tensor.randn(50, 1, 1, {requires_grad = true})
out = net(x)
out[50]:pow(2):sum():backward()
size = x.grad:abs():flatten()
print(size[50], size[40], size[30], size[1])
size:get(1) / size:get(50)]],
      between = {0, 1e-4},
      hints = {"Enter runs it."},
      after = "It has forgotten the first input long since.",
    },
    {
      trap = "A plain recurrent network has gates that decide what to forget.",
      holds = false,
      experiment = {
        "Each gate needs weights of its own, as many rows as the state has numbers. The rows of the state's weights, by the size of the state:",
        ask = "Run the experiment: the last line is for the plain one.",
        given = [[
function blocks(net) return net.weight_hh_l0:size(1) / net.weight_hh_l0:size(2) end
print("LSTM", blocks(nn.LSTM(4, 16)), "GRU", blocks(nn.GRU(4, 16)))
blocks(nn.RNN(4, 16))]],
        equals = 1,
        within = 0,
        hints = {"Enter runs it."},
        after = "LSTM 4 (three gates and the candidate), GRU 3 (two and the candidate), the plain one 1.",
      },
      verdict = "The plain one computes its new state and nothing else: no gates. Those came with the LSTM (1997) and the GRU (2014).",
    },
    {
      "Training unrolls the network over time and goes back through all steps.",
      ask = "Sequences have 10,000 steps. What is done in practice?",
      choose = {"Backward through all 10,000", "Backward through pieces of, say, 100 steps; the state is detached in between",
        "Only the last step gets a gradient"},
      answer = 2,
      wrong = {
        {1, "Memory for 10,000 steps of activations, and the gradient has vanished long before."},
        {3, "Then nothing is learned of how to remember."},
      },
      hints = {"Truncated backpropagation through time."},
    },
  },
  interview = {
    {
      "Why do plain recurrent networks fail on long dependencies?",
      pass = "Gradients vanish or explode over many steps.",
      good = [[The gradient over T steps is a product of T Jacobians diag(1 - h^2) W. If their singular values are below 1 it vanishes
        exponentially, if above it may explode. Clipping mends the latter only; gates mend the former.]],
      excellent = [[As good, and: remembering stably and having long gradients contradict each other in such a system (Bengio 1994);
        orthogonal or identity weights with ReLU, skips over time, or linear state-space layers are other ways out.]],
    },
    {
      "What is backpropagation through time?",
      pass = "The network is unrolled over the steps, then backpropagation as usual.",
      good = "Each step is a layer with the same weights; their gradients add up over the steps. Truncated: pieces of k steps, the state "
        .. "goes on, the gradient doesn't (detach).",
      excellent = [[As good, and: memory is linear in the length, and checkpointing trades it for time; truncation is biased: what needs
        more than k steps can't be learned; forward-mode alternatives (RTRL) are online but cost n^4.]],
    },
  },
}
