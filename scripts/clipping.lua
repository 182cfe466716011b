-- Gradient clipping: a recurrent network reads digits two points at a time, and is thrown off by a single step, unless
-- steps have a largest length.
--
--   nnlua scripts/clipping.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {1500, 40}, limit = 1.0}

-- A recurrent network multiplies by the same weight at each step. Over many steps a little more than 1 becomes
-- thousands, and the gradient with it: on most of the ground it is small, at the edge of a cliff it is huge, and the
-- step that follows lands far away.

tutorial.heading("A cliff in one dimension")
-- w^30 should be 1. The slope is 60 w^29 (w^30 - 1): 0 at w = 1, a thousand at 1.06, millions at 1.3.
for _, w in ipairs {0.9, 1.0, 1.06, 1.3} do
  local p = tensor({w}, {requires_grad = true})
  F.mse_loss(p ^ 30, tensor{1.0}):backward()
  print(("w = %.2f   loss %12.4f   gradient %14.2f"):format(w, (w ^ 30 - 1) ^ 2, p.grad:item()))
end

tutorial.heading("Clipping by norm, clipping by value")
-- By norm all gradients together are one vector, made shorter where it is too long: the direction stays. By value each
-- number is cut for itself: the direction turns.
local function clipped(how)
  local p = nn.Parameter(tensor{0, 0})
  p.grad = tensor{100, 1}
  local before = p.grad:clone()
  how({p}, 1)
  return p.grad, F.cosine_similarity(before, p.grad, 1):item()
end
for _, how in ipairs {"clip_grad_norm_", "clip_grad_value_"} do
  local grad, cosine = clipped(nn.utils[how])
  print(("%-17s {100, 1} becomes {%.3f, %.3f}, cosine to before %.3f"):format(how, grad:get(1), grad:get(2), cosine))
end
local _, by_norm = clipped(nn.utils.clip_grad_norm_)
local _, by_value = clipped(nn.utils.clip_grad_value_)

tutorial.heading("Digits, two points after two points")
-- 8 x 8 points are 32 steps of two; what the network knows at the end decides. Its recurrent weights start as the
-- identity (Le and others 2015), so that it remembers, and its ReLU bounds nothing.
local set = tutorial.facts("digits")
local x, test_x = set.x:view(-1, 32, 2) / set.x:max(), set.test_x:view(-1, 32, 2) / set.x:max()
local y, test_y = set.y, set.test_y
local Reader = nn.class("Reader")
function Reader:init(hidden)
  self.rnn = nn.RNN(2, hidden, {nonlinearity = "relu", batch_first = true})
  nn.init.eye_(self.rnn.weight_hh_l0)
  nn.init.zeros_(self.rnn.bias_hh_l0)
  nn.init.zeros_(self.rnn.bias_ih_l0)
  self.head = nn.Linear(hidden, 10)
end
function Reader:forward(seq)
  return self.head(self.rnn(seq)[{{}, -1}])
end

local function learn(limit)
  tensor.manual_seed(options.seed)
  local net = Reader(48)
  local opt = optim.SGD(net:parameters(), {lr = 0.03, momentum = 0.9})
  local norms, last = {}, nil
  for step = 1, options.steps do
    local rows = tensor.randint(1, y:numel() + 1, {64})
    local loss = F.cross_entropy(net(x[rows]), y[rows])
    opt:zero_grad()
    loss:backward()
    -- It returns the norm before clipping, which is worth a look in any training.
    norms[step] = nn.utils.clip_grad_norm_(net:parameters(), limit or math.huge):item()
    opt:step()
    last = loss:item()
  end
  local accuracy = tensor.no_grad(function() return metrics.accuracy(net(test_x), test_y) end)
  return {norms = norms, loss = last, largest = math.max(table.unpack(norms)), accuracy = accuracy}
end

local free, held = learn(nil), learn(options.limit)
for _, run in ipairs {{"without a limit", free}, {("norm at most %g"):format(options.limit), held}} do
  print(("%-16s loss %.3f at the end, test accuracy %.3f, largest norm %.3g"):format(run[1], run[2].loss,
    run[2].accuracy, run[2].largest))
end
-- Guessing one of ten costs ln 10 = 2.303. One step was long enough to leave every ReLU below zero for all digits; no
-- gradient comes through them any more, so nothing brings them back.
plot.line(held.norms, {title = "gradient norm before clipping", xlabel = "step", logy = true})

tutorial.heading("The limit")
-- Too small and it is nothing but a lower learning rate, too large and it is none. Read it off the logged norms: a bit
-- above what is usual.
for _, limit in ipairs {0.01, 0.1, 1, 10, 100} do
  print(("limit %6g: test accuracy %.3f"):format(limit, learn(limit).accuracy))
end

tutorial.heading("What it does not do")
-- A gradient that vanishes is not made longer: clipping cures explosion only.
local short = nn.Parameter(tensor{0, 0})
short.grad = tensor{1e-6, 0}
nn.utils.clip_grad_norm_({short}, options.limit)
print(("a gradient of 1e-06 is %.0e after clipping"):format(short.grad:get(1)))

-- To try next: an LSTM instead of the RNN (does it need the limit?), and Adam instead of SGD.
print(("result: held=%.3f free=%.3f free_loss=%.3f by_norm=%.3f by_value=%.3f"):format(held.accuracy, free.accuracy,
  free.loss, by_norm, by_value))
