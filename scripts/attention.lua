-- Attention: looking things up by likeness. By hand, with a map of who looks where, and why it divides by sqrt(d).
--
--   nnlua scripts/attention.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {1200, 60}}

-- A query is compared with every key by a scalar product; softmax turns the likenesses into shares that sum to 1; the
-- answer is the mean of the values, weighted by the shares:   attention(Q, K, V) = softmax(Q K' / sqrt(d)) V

tutorial.heading("By hand")
local function by_hand(q, k, v, scale)
  local weights = (q:matmul(k.mT) * (scale or 1 / math.sqrt(q:size(-1)))):softmax(-1)
  return weights:matmul(v), weights
end
local q, k, v = tensor.randn(2, 5, 8), tensor.randn(2, 7, 8), tensor.randn(2, 7, 8)
local hand, weights = by_hand(q, k, v)
local ours = F.scaled_dot_product_attention(q, k, v)
print(("by hand and by F.scaled_dot_product_attention: difference %.1e"):format((hand - ours):abs():max():item()))
print(("each query's shares sum to %.6f"):format(weights:sum(-1):mean():item()))

tutorial.heading("Order means nothing to it")
-- Shuffle keys and values together: the answer stays. Shuffle the inputs of self-attention: the outputs are shuffled
-- alike.
local order = tensor.randperm(7)
local shuffled = by_hand(q, k:index_select(2, order), v:index_select(2, order))
print(("keys and values shuffled: the answer changes by %.1e"):format((shuffled - hand):abs():max():item()))
local x = tensor.randn(1, 6, 8)
local perm = tensor.randperm(6)
local layer = nn.MultiheadAttention(8, 2, {batch_first = true})
local y = layer(x, x, x)
local z = x:index_select(2, perm)
local permuted = layer(z, z, z)
local permutation_error = (permuted - y:index_select(2, perm)):abs():max():item()
print(("self-attention of shuffled inputs = shuffled outputs: differs by %.1e"):format(permutation_error))
-- So a sentence is a bag of words to it unless positions are added to the inputs.

tutorial.heading("The trap: dividing by sqrt(d) saves time")
-- A product of d random numbers of variance 1 has variance d: without the root softmax is handed numbers in the tens,
-- puts all weight on one key and its gradient is gone. That is what the division is for; its time is nothing either
-- way.
print("    d   largest share: divided   not divided      gradient at q: divided   not divided")
local saturated
for _, d in ipairs {4, 64, 1024} do
  local keys, values = tensor.randn(1, 32, d), tensor.randn(1, 32, d)
  local function probe(scale)
    local query = tensor.randn(1, 64, d)
    query.requires_grad = true
    local out, share = by_hand(query, keys, values, scale)
    local g = tensor.grad((out * tensor.randn(1, 64, d)):sum(), query)
    return (share:amax(3)):mean():item(), g:pow(2):mean():sqrt():item()
  end
  local share_divided, gradient_divided = probe(1 / math.sqrt(d))
  local share_raw, gradient_raw = probe(1)
  saturated = share_raw
  print(("%5d   %22.3f   %11.3f   %23.1e   %11.1e"):format(d, share_divided, share_raw, gradient_divided,
    gradient_raw))
end

tutorial.heading("Learning where to look")
-- A row of ten letters and a question: which letter follows the one asked for? The network must find the letter that
-- was asked for and look one place to its right.
local letters, length = 12, 10
local Finder = nn.class("Finder")
function Finder:init(d)
  self.letter, self.place = nn.Embedding(letters, d), nn.Embedding(length + 1, d)
  self.first = nn.MultiheadAttention(d, 2, {batch_first = true})
  self.second = nn.MultiheadAttention(d, 1, {batch_first = true})
  self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
  self.out = nn.Linear(d, letters)
end
function Finder:forward(row, asked)
  local all = tensor.cat({row, asked}, 2)
  local h = self.letter(all) + self.place(tensor.arange(1, length + 2, {dtype = "int64"}))
  h = self.norm1(h + (self.first(h, h, h)))
  local question = h:narrow(2, length + 1, 1)
  local answer, map = self.second(question, h, h)
  return self.out(self.norm2(question + answer):squeeze(2)), map
end
local function rows(n)
  -- Different letters in each row, so that the answer is unique; never asked for the last.
  local row = tensor.rand(n, letters):argsort(2):narrow(2, 1, length)
  local at = tensor.randint(1, length, {n, 1})
  return row, row:gather(2, at), row:gather(2, at + 1):squeeze(2), at
end
local net = Finder(48)
local opt = optim.Adam(net:parameters(), {lr = 2e-3})
for step = 1, options.steps do
  opt.param_groups[1].lr = 2e-3 * math.min(1, step / 100) * (1 - 0.9 * step / options.steps)
  local row, asked, answer = rows(128)
  local loss = F.cross_entropy((net(row, asked)), answer)
  opt:zero_grad()
  loss:backward()
  opt:step()
end
net:eval()
local row, asked, answer, at = rows(1000)
local logits, map = tensor.no_grad(net, row, asked)
local accuracy = metrics.accuracy(logits, answer)
print(("right answers: %.1f %% (guessing: %.1f %%)"):format(100 * accuracy, 100 / letters))

-- The map: each line is one question; the brightest column is where it looked. It should be the place after the one
-- asked for.
local looked = map:squeeze(2):narrow(2, 1, length):argmax(2)
local right_place = looked:eq(at:squeeze(2) + 1):to("float32"):mean():item()
local sorted = at:squeeze(2):argsort()
plot.heatmap(map:squeeze(2):index_select(1, sorted:narrow(1, 1, 1000)[{ {1, 1000, 40} }]),
  {title = "who looks where", ylabel = "questions, by place asked for", xlabel = "place"})
print(("it looks one place to the right of the letter asked for in %.1f %% of the questions"):format(100 * right_place))

-- To try next: leave self.place out (what becomes of the accuracy, and why?); one layer only.
print(("result: accuracy=%.3f permutation=%.0e saturated=%.3f"):format(accuracy, math.max(permutation_error, 1e-9),
  saturated))
