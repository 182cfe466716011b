-- The LSTM: a memory cell that is added to, not multiplied, and gates that decide what enters, stays and leaves.
--
--   nnlua scripts/lstm.lua [--seed 1] [--steps 4000] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {4000, 25}, length = {200, 40}}

-- Hochreiter and Schmidhuber (1997), with the forget gate of Gers (2000):
--   i = sigmoid(Wi x + Ui h + bi)      what enters
--   f = sigmoid(Wf x + Uf h + bf)      what stays
--   o = sigmoid(Wo x + Uo h + bo)      what is shown
--   g = tanh(Wg x + Ug h + bg)         what could enter
--   c = f c + i g                      the memory: with f near 1 its gradient passes unchanged, for hundreds of steps
--   h = o tanh(c)

tutorial.heading("By hand")
local lstm = nn.LSTM(3, 4, {batch_first = true})
local x = tensor.randn(2, 5, 3)
local h, c = tensor.zeros(2, 4), tensor.zeros(2, 4)
for t = 1, 5 do
  local sums = F.linear(x[{ {}, t }], lstm.weight_ih_l0, lstm.bias_ih_l0)
    + F.linear(h, lstm.weight_hh_l0, lstm.bias_hh_l0)
  local i, f, g, o = sums:chunk(4, 2)
  c = f:sigmoid() * c + i:sigmoid() * g:tanh()
  h = o:sigmoid() * c:tanh()
end
local _, state = lstm(x)
print(("five steps by hand and by nn.LSTM: h differs by %.1e, c by %.1e"):format((h - state[1][1]):abs():max():item(),
  (c - state[2][1]):abs():max():item()))

tutorial.heading("What reaches the first of 200 steps")
local function felt(layer)
  local input = tensor.randn(16, 200, 2)
  input.requires_grad = true
  local y = layer(input)
  return tensor.grad(y:select(2, 200):sum(), input):select(2, 1):norm():item()
end
local plain, gated = nn.RNN(2, 32, {batch_first = true}), nn.LSTM(2, 32, {batch_first = true})
local closed = nn.LSTM(2, 32, {batch_first = true})
closed.bias_ih_l0:detach():narrow(1, 33, 32):fill_(5) -- the second quarter is the forget gate's: "keep everything"
local felt_plain, felt_lstm, felt_open = felt(plain), felt(gated), felt(closed)
print(("gradient at input 1: RNN %.1e, LSTM %.1e, LSTM that starts by remembering (forget bias 5) %.1e"):format(
  felt_plain, felt_lstm, felt_open))

tutorial.heading(("The adding problem at length %d"):format(options.length))
-- Two marked numbers, one in each half; their sum is asked for at the end. Answering 1 costs 0.167.
local function adding(n, length)
  local values, marks = tensor.rand(n, length), tensor.zeros(n, length)
  local half = length // 2
  marks:scatter_(2, tensor.randint(1, half + 1, {n, 1}), 1.0)
  marks:scatter_(2, tensor.randint(half + 1, length + 1, {n, 1}), 1.0)
  return tensor.stack({values, marks}, 3), (values * marks):sum(2, {keepdim = true})
end
local Adder = nn.class("Adder")
function Adder:init(kind, settings)
  settings.batch_first = true
  self.memory = kind(2, 32, settings)
  if kind == nn.LSTM then self.memory.bias_ih_l0:detach():narrow(1, 33, 32):fill_(3) end -- it starts by remembering
  self.out = nn.Linear(32, 1)
end
function Adder:forward(input)
  local y = self.memory(input)
  return self.out(y:select(2, y:size(2)))
end
local function solve(kind, settings, steps)
  tensor.manual_seed(options.seed)
  local net = Adder(kind, settings)
  local opt = optim.Adam(net:parameters(), {lr = 1e-2})
  local curve, mean = {}, 0.167
  for step = 1, steps do
    opt.param_groups[1].lr = 1e-2 * math.min(1, 2 - 1.95 * step / steps)
    local input, sum = adding(32, options.length)
    local loss = F.mse_loss(net(input), sum)
    opt:zero_grad()
    loss:backward()
    nn.utils.clip_grad_norm_(net:parameters(), 1)
    opt:step()
    mean = 0.97 * mean + 0.03 * loss:item()
    curve[step] = mean
  end
  local input, sum = adding(1000, options.length)
  local error_now = tensor.no_grad(function() return F.mse_loss(net(input), sum):item() end)
  return error_now, curve, net
end
local rnn_error, rnn_curve = solve(nn.RNN, {}, options.steps // 4)
local error_now, curve, net = solve(nn.LSTM, {}, options.steps)
plot.line({RNN = rnn_curve, LSTM = curve}, {title = "error by step", xlabel = "step", logy = true, rows = 14})
local input, sum = adding(1000, options.length)
local close = tensor.no_grad(function() return (net(input) - sum):abs():lt(0.04):to("float32"):mean():item() end)
print(("RNN %.4f   LSTM %.4f   answers within 0.04: %.1f %%"):format(rnn_error, error_now, 100 * close))

tutorial.heading("The trap: a peephole is a fourth gate")
-- Peepholes (Gers and Schmidhuber, 2000) let the THREE gates look at the memory cell: i and f at the old one, o at
-- the new one, each through one weight a cell. No gate is added, only 3 x 64 numbers.
local function count(layer)
  local n = 0
  for _, p in ipairs(layer:parameters()) do n = n + p:numel() end
  return n
end
local without, with = count(nn.LSTM(2, 64)), count(nn.LSTM(2, 64, {peephole = true}))
print(("parameters: %d without, %d with peepholes: %d more; a fourth gate would be %d"):format(without, with,
  with - without,
  without // 4))

-- To try next: leave the forget bias at 0 (how many steps later does the curve fall?); peephole = true; --length 400.
print(("result: error=%.4f rnn_error=%.4f close=%.3f peephole_parameters=%d"):format(error_now, rnn_error, close,
  with - without))
