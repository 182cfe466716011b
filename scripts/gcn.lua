-- A graph convolutional network: a club of 34 people falls apart, and two labels are enough to tell who goes where.
--
--   nnlua scripts/gcn.lua [--seed 1] [--runs 20] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{runs = {20, 3}, steps = {200, 120}}

-- Zachary (1977) watched a karate club for three years: who met whom outside the club. Then the instructor (member 1)
-- and the president (member 34) quarrelled, and everyone had to choose a side.
local club = data.load("karate-club")
local n = club.adjacency:size(1)
local degree = club.adjacency:sum(2)
print(("%d members, %d friendships, the most popular member has %d friends"):format(n,
  club.adjacency:sum():item() // 2,
  degree:max():item()))

-- A graph convolution (Kipf and Welling, 2017) mixes each member's numbers with the friends', then applies one linear
-- layer to all:   H' = act(A^ H W),   A^ = D^-1/2 (A + I) D^-1/2
-- The square roots keep the mixing from blowing up with popular members: A^'s largest eigenvalue is 1.
local function normalised(adjacency)
  local a = adjacency + tensor.eye(adjacency:size(1))
  local root = a:sum(2):pow(-0.5)
  return root:unsqueeze(2) * a * root:unsqueeze(1)
end

local GCN = nn.class("GCN")
function GCN:init(adjacency, hidden)
  self:register_buffer("mix", normalised(adjacency))
  self.first = nn.Linear(adjacency:size(1), hidden)
  self.second = nn.Linear(hidden, 2)
end
function GCN:hidden(x) return (self.mix:matmul(self.first(x))):tanh() end
function GCN:forward(x) return self.mix:matmul(self.second(self:hidden(x))) end

-- The members have no features, only a name: row i of the identity.
local x = tensor.eye(n)
local known = tensor{1, 34}                            -- the two leaders; everyone else's side is to be found
local sides = club.y
local others = tensor.ones(n, {dtype = "bool"})
others[known] = false

local function learn(net, seed)
  tensor.manual_seed(seed)
  local opt = optim.Adam(net:parameters(), {lr = 0.01, weight_decay = 5e-4})
  for _ = 1, options.steps do
    local out = net(x)
    local loss = F.cross_entropy(out[known], sides[known])
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
  return tensor.no_grad(function() return net(x):argmax(2) end)
end

tutorial.heading("Sides from two labels")
local scores, net, guess = {}, nil, nil
for run = 1, options.runs do
  tensor.manual_seed(options.seed * 1000 + run)
  net = GCN(club.adjacency, 16)
  guess = learn(net, options.seed * 1000 + run)
  scores[run] = metrics.accuracy(guess[others], sides[others])
end
table.sort(scores)
local median = scores[(#scores + 1) // 2]
print(("accuracy on the other 32 members over %d runs: worst %.3f, median %.3f, best %.3f"):format(#scores, scores[1],
  median, scores[#scores]))
for i = 1, n do
  if guess:get(i) ~= sides:get(i) then
    local friends = {0, 0}
    for j = 1, n do
      if club.adjacency:get(i, j) > 0 then friends[sides:get(j)] = friends[sides:get(j)] + 1 end
    end
    print(("member %d is taken for side %d; friends on each side: %d and %d"):format(i, guess:get(i), friends[1],
      friends[2]))
  end
end

tutorial.heading("The same network without the graph")
local blind = GCN(tensor.zeros(n, n), 16)
local blind_guess = learn(blind, options.seed)
local without = metrics.accuracy(blind_guess[others], sides[others])
print(("no friendships: %.3f; two labels say nothing about people one knows nothing of"):format(without))

tutorial.heading("Where the network puts them")
-- The 16 hidden numbers of each member, squeezed to two by their principal components.
local h = tensor.no_grad(function() return net:hidden(x) end)
h = h - h:mean(1, {keepdim = true})
local _, _, v = tensor.linalg.svd(h, {full_matrices = false})
local flat = h:matmul(v.T:narrow(2, 1, 2))
local groups = {}
for side, name in ipairs(club.classes) do
  local rows = sides:eq(side)
  groups[name] = {flat:select(2, 1)[rows], flat:select(2, 2)[rows]}
end
plot.scatter(groups, {title = "the club in two dimensions", rows = 16})

tutorial.heading("The trap: more layers see further, so they are better")
-- Every layer mixes once more; after many all members look alike (over-smoothing).
local mixed = x
for layers = 1, 32 do
  mixed = net.mix:matmul(mixed)
  if layers == 1 or layers == 2 or layers == 8 or layers == 32 then
    local unit = mixed / mixed:norm(2, 2, {keepdim = true})
    print(("after %2d mixings two members resemble each other by %.3f on average"):format(layers,
      unit:matmul(unit.T):mean():item()))
  end
end

-- To try next: other pairs of known members; degree as a feature; attention instead of fixed mixing weights.
print(("result: accuracy=%.3f without_graph=%.3f"):format(median, without))
