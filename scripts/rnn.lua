-- Recurrent networks: a state that is carried along, and how fast it forgets.
--
--   nnlua scripts/rnn.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{sine_steps = {4000, 60}, steps = {1500, 60}, longest = {50, 20}}

-- A plain recurrent layer keeps a state h and mixes it with each new input:   h[t] = tanh(W x[t] + U h[t-1] + b)
-- The same W and U serve every step, so a sequence may have any length.

tutorial.heading("By hand")
local rnn = nn.RNN(2, 3, {batch_first = true})
local x = tensor.randn(1, 4, 2)
local h = tensor.zeros(1, 3)
for t = 1, 4 do
  h = (F.linear(x[{ {}, t }], rnn.weight_ih_l0, rnn.bias_ih_l0) + F.linear(h, rnn.weight_hh_l0,
    rnn.bias_hh_l0)):tanh()
end
local _, last = rnn(x)
print(("after four steps by hand and by nn.RNN: largest difference %.1e"):format((h - last[1]):abs():max():item()))

tutorial.heading("The next value of a sine")
local Model = nn.class("Model")
function Model:init(kind, inputs, hidden)
  self.memory = kind(inputs, hidden, {batch_first = true})
  self.out = nn.Linear(hidden, 1)
end
function Model:forward(input)
  return self.out((self.memory(input))) -- the parentheses keep the first of the layer's two results
end

local function waves(n, length)
  local phase = tensor.rand(n, 1) * (2 * math.pi)
  local speed = tensor.rand(n, 1) * 0.2 + 0.2
  local t = tensor.arange(length + 1):to("float32"):unsqueeze(1)
  return (t * speed + phase):sin():unsqueeze(3)
end
local net = Model(nn.RNN, 1, 32)
local opt = optim.Adam(net:parameters(), {lr = 5e-3})
local loss
for _ = 1, options.sine_steps do
  local wave = waves(32, 50)
  loss = F.mse_loss(net(wave:narrow(2, 1, 50)), wave:narrow(2, 2, 50))
  opt:zero_grad()
  loss:backward()
  nn.utils.clip_grad_norm_(net:parameters(), 1)
  opt:step()
end
-- Judged by dreaming: it is shown 50 values and then fed its own predictions.
local truth = waves(1, 100)
local seen, dream = truth:narrow(2, 1, 50), {}
tensor.no_grad(function()
  local y, state = net.memory(seen)
  local value = net.out(y:narrow(2, 50, 1))
  for k = 1, 50 do
    dream[k] = value:item()
    y, state = net.memory(value, state)
    value = net.out(y)
  end
end)
local real = truth:flatten():narrow(1, 51, 50):totable()
local off = 0 -- of the first 20; later the two are out of step, as small errors add up
for k = 1, 20 do off = off + (dream[k] - real[k]) ^ 2 / 20 end
print(("one step ahead: mean squared error %.5f;  20 steps dreamed: %.4f (a flat line: 0.5)"):format(loss:item(),
  off))
plot.line({sine = real, dream = dream}, {title = "50 steps dreamed", rows = 12})

tutorial.heading("Where memory fades: how much does output T feel of input 1?")
-- d h[T] / d x[1] is a product of T matrices. It fades where they shrink vectors.
local fading = {}
for length = 1, 60 do
  local input = tensor.randn(16, length, 2)
  input.requires_grad = true
  local layer = nn.RNN(2, 32, {batch_first = true})
  local y = layer(input)
  local g = tensor.grad(y:select(2, length):sum(), input)
  fading[length] = math.max(g:select(2, 1):norm():item(), 1e-30)
end
for _, length in ipairs {1, 5, 10, 20, 40, 60} do
  print(("length %2d: gradient at the first input %.1e"):format(length, fading[length]))
end
plot.line(fading, {title = "gradient at the first input, by length", xlabel = "length", logy = true, rows = 12})

tutorial.heading("The adding problem")
-- Two of the numbers in a long row are marked; what is their sum? Answering 1 every time costs 1/6 = 0.167.
local function adding(n, length)
  local values, marks = tensor.rand(n, length), tensor.zeros(n, length)
  local half = length // 2
  marks:scatter_(2, tensor.randint(1, half + 1, {n, 1}), 1.0)
  marks:scatter_(2, tensor.randint(half + 1, length + 1, {n, 1}), 1.0)
  return tensor.stack({values, marks}, 3), (values * marks):sum(2, {keepdim = true})
end
local function solve(kind, length)
  tensor.manual_seed(options.seed)
  local model = Model(kind, 2, 32)
  local gates = kind == nn.LSTM
  if gates then model.memory.bias_ih_l0:detach():narrow(1, 33, 32):fill_(2) end -- it starts by remembering
  local adam = optim.Adam(model:parameters(), {lr = gates and 1e-2 or 2e-3})
  local mean = 0.167
  for _ = 1, options.steps do
    local input, sum = adding(32, length)
    local miss = F.mse_loss(model(input):select(2, length), sum)
    adam:zero_grad()
    miss:backward()
    nn.utils.clip_grad_norm_(model:parameters(), 1)
    adam:step()
    mean = 0.98 * mean + 0.02 * miss:item()
  end
  return mean
end
local errors = {}
for _, length in ipairs {10, options.longest} do
  errors[length] = solve(nn.RNN, length)
  print(("plain RNN, length %2d: error %.4f"):format(length, errors[length]))
end
local gated = solve(nn.LSTM, options.longest)
print(("LSTM,      length %2d: error %.4f"):format(options.longest, gated))

tutorial.heading("The trap: gates are part of the plain RNN")
-- They came with the LSTM. The plain layer has one matrix for the input and one for the state; the LSTM has four of
-- each.
for _, kind in ipairs {{"RNN", nn.RNN}, {"LSTM", nn.LSTM}} do
  local layer = kind[2](2, 32)
  print(("%-5s weight_hh_l0 [%s]: %d matrix of the state"):format(kind[1],
    table.concat({layer.weight_hh_l0:size()}, ", "), layer.weight_hh_l0:size(1) // 32))
end

-- To try next: nonlinearity = "relu", an orthogonal U by nn.init.orthogonal_(layer.weight_hh_l0).
print(("result: sine=%.5f dream=%.4f short=%.4f long=%.4f lstm=%.4f"):format(loss:item(), off, errors[10],
  errors[options.longest], gated))
