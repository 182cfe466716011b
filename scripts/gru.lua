-- The GRU: most of an LSTM for three quarters of its weights.
--
--   nnlua scripts/gru.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {6, 1}, length = 32}

-- Cho et al. (2014):
--   r = sigmoid(Wr x + Ur h + br)              how much of the past the new idea looks at
--   z = sigmoid(Wz x + Uz h + bz)              how much of the past stays
--   n = tanh(Wn x + bn + r (Un h + cn))        the new idea
--   h = (1 - z) n + z h                        one number decides what stays AND what enters; there is no second memory

tutorial.heading("By hand")
local gru = nn.GRU(3, 4, {batch_first = true})
local x = tensor.randn(2, 5, 3)
local h = tensor.zeros(2, 4)
for t = 1, 5 do
  local from_x = F.linear(x[{ {}, t }], gru.weight_ih_l0, gru.bias_ih_l0)
  local from_h = F.linear(h, gru.weight_hh_l0, gru.bias_hh_l0)
  local xr, xz, xn = from_x:chunk(3, 2)
  local hr, hz, hn = from_h:chunk(3, 2)
  local z = (xz + hz):sigmoid()
  h = (1 - z) * (xn + (xr + hr):sigmoid() * hn):tanh() + z * h
end
local _, last = gru(x)
print(("five steps by hand and by nn.GRU: largest difference %.1e"):format((h - last[1]):abs():max():item()))

tutorial.heading("Parameters")
local function count(layer)
  local n = 0
  for _, p in ipairs(layer:parameters()) do n = n + p:numel() end
  return n
end
local kinds = {{"RNN", nn.RNN}, {"GRU", nn.GRU}, {"LSTM", nn.LSTM}}
local plain = count(nn.RNN(64, 128))
for _, kind in ipairs(kinds) do
  print(("%-5s 64 to 128: %6d, %.0f times the plain layer's"):format(kind[1], count(kind[2](64, 128)),
    count(kind[2](64, 128)) / plain))
end

tutorial.heading("The same text for each: Tang poems, character by character")
local text = require "nnlua.text"
local poems = data.load("tang-poems").text
local tokens = text.CharTokenizer(poems)
local all = tokens:encode(poems)
local cut = math.floor(all:numel() * 0.9)
print(("%d characters, %d different ones; the last tenth is kept for judging"):format(all:numel(), tokens.vocab_size))

local Reader = nn.class("Reader")
function Reader:init(kind, hidden)
  self.embed = nn.Embedding(tokens.vocab_size, 64)
  self.memory = kind(64, hidden, {batch_first = true})
  self.out = nn.Linear(hidden, tokens.vocab_size)
end
function Reader:forward(input)
  return self.out((self.memory(self.embed(input))))
end

-- Rows of `length` characters and the same moved by one: predict the next.
local function rows(ids_of)
  local n = (ids_of:numel() - 1) // options.length
  return ids_of:narrow(1, 1, n * options.length):view(n, options.length),
    ids_of:narrow(1, 2, n * options.length):view(n, options.length)
end
local train_x, train_y = rows(all:narrow(1, 1, cut))
local test_x, test_y = rows(all:narrow(1, cut + 1, all:numel() - cut))
if options.quick then train_x, train_y = train_x:narrow(1, 1, 64), train_y:narrow(1, 1, 64) end
if options.quick then test_x, test_y = test_x:narrow(1, 1, 16), test_y:narrow(1, 1, 16) end

local function loss_on(net, input, target)
  return F.cross_entropy(net(input):flatten(1, 2), target:flatten())
end
local bits, curves = {}, {}
for _, kind in ipairs(kinds) do
  tensor.manual_seed(options.seed)
  local net = Reader(kind[2], 128)
  local opt = optim.Adam(net:parameters(), {lr = 4e-3})
  local loader = data.DataLoader({train_x, train_y}, {batch_size = 16, shuffle = true})
  local curve, best = {}, math.huge
  local began = nnlua.clock()
  for epoch = 1, options.epochs do
    for input, target in loader:iter() do
      local loss = loss_on(net, input, target)
      opt:zero_grad()
      loss:backward()
      nn.utils.clip_grad_norm_(net:parameters(), 1)
      opt:step()
    end
    local held = tensor.no_grad(loss_on, net, test_x, test_y):item() / math.log(2)
    curve[epoch], best = held, math.min(best, held)
  end
  bits[kind[1]], curves[kind[1]] = best, curve
  print(("%-5s %.3f bits a character on what it has not seen"):format(kind[1], best))
  print(("      %.1f seconds"):format(nnlua.clock() - began))
end
plot.line(curves, {title = "bits a character, held out, by epoch", xlabel = "epoch", rows = 12})
print(("guessing evenly costs %.3f bits"):format(math.log(tokens.vocab_size, 2)))

-- To try next: hidden sizes that give each kind the same number of parameters (an RNN of 256, a GRU of 145).
print(("result: rnn=%.3f gru=%.3f lstm=%.3f gru_share=%.2f"):format(bits.RNN, bits.GRU, bits.LSTM,
  count(nn.GRU(64, 128)) / count(nn.LSTM(64, 128))))
