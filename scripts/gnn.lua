-- Graph neural networks: nodes tell their neighbours what they know. What a whole graph is, by what is passed along
-- its edges; why the order of nodes must not count; and two graphs that no such network tells apart.
--
--   nnlua scripts/gnn.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local graph = require "nnlua.graph"
local options = tutorial.options{graphs = {600, 120}, tests = {200, 60}, epochs = {20, 2}}

tutorial.heading("Graphs with a secret")
-- Random trees of 15 to 25 nodes to which a motif is tied: a house (a square with a roof, 6 edges) or a ring of five
-- nodes with one chord more (also 5 nodes and 6 edges). Numbers of nodes and edges say nothing; who is tied to whom
-- does.
local motifs = {
  {{1, 2}, {2, 3}, {3, 4}, {4, 1}, {1, 5}, {2, 5}}, -- a house
  {{1, 2}, {2, 3}, {3, 4}, {4, 1}, {4, 5}, {2, 5}}, -- squares side by side: the same degrees, 2 2 2 3 3
}
local function make(class)
  local n, edges = math.random(15, 25), {}
  for i = 2, n do edges[#edges + 1] = {i, math.random(math.max(1, i - 6), i - 1)} end
  for _, e in ipairs(motifs[class]) do edges[#edges + 1] = {n + e[1], n + e[2]} end
  edges[#edges + 1] = {math.random(n), n + 3}
  n = n + 5
  local from, to = {}, {}
  for i, e in ipairs(edges) do from[i], to[i] = e[1], e[2] end
  -- The nodes are numbered anew: their numbers mean nothing.
  local number = tensor.randperm(n)
  local ends = tensor.stack({number[tensor(from, {dtype = "int64"})], number[tensor(to, {dtype = "int64"})]}, 1)
  return {edge_index = graph.to_undirected(ends, n), x = tensor.ones(n, 1), y = class, num_nodes = n}
end
local function many(n)
  local list = {}
  for i = 1, n do list[i] = make(i % 2 + 1) end
  return list
end
local learn_from, test = many(options.graphs), graph.batch(many(options.tests))
local one = make(1)
print(("for example %d nodes and %d edges"):format(one.num_nodes, one.edge_index:size(2) // 2))

tutorial.heading("Without looking at edges")
-- How many nodes have one neighbour, two, three ... is all that a bag of nodes knows.
local function degrees(batch)
  local d = graph.degree(batch.edge_index[1], batch.x:size(1)):clamp(1, 6):long()
  return graph.global_mean_pool(F.one_hot(d, 6):float(), batch.batch, batch.num_graphs)
end
-- Trains any function of a batch to two scores a graph.
local function train_net(net)
  tensor.manual_seed(options.seed)
  local opt = optim.Adam(net:parameters(), {lr = 5e-3})
  net:train()
  for _ = 1, options.epochs do
    local order = tensor.randperm(#learn_from):totable()
    for i = 1, #order - 31, 32 do
      local list = {}
      for k = 1, 32 do list[k] = learn_from[order[i + k - 1]] end
      local batch = graph.batch(list)
      local loss = F.cross_entropy(net(batch), batch.y)
      opt:zero_grad()
      loss:backward()
      opt:step()
    end
  end
  net:eval()
  return tensor.no_grad(function() return metrics.accuracy(net(test), test.y) end)
end
local Bag = nn.class("Bag")
function Bag:init() self.layers = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2)) end
function Bag:forward(batch) return self.layers(degrees(batch)) end
local bag = train_net(Bag())
print(("a bag of nodes: accuracy %.3f"):format(bag))

tutorial.heading("Passing messages")
-- Each node adds up what its neighbours hold and puts it through a small network. After k rounds it knows what is k
-- steps away; the sum over all nodes is what the graph is. Adding counts; a mean does not: a node of threes looks
-- like one of twos when all nodes hold the same.
local Net = nn.class("Net")
function Net:init(kind, rounds, width)
  self.rounds = nn.ModuleList()
  for i = 1, rounds do
    local inputs = i == 1 and 1 or width
    if kind == "sum" then
      self.rounds:append(graph.GINConv(nn.Sequential(nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU(),
        nn.Linear(width, width))))
    else
      self.rounds:append(graph.SAGEConv(inputs, width, {aggr = "mean"}))
    end
  end
  self.head = nn.Linear(width, 2)
end
function Net:nodes(batch)
  local h = batch.x
  for _, round in ipairs(self.rounds) do h = F.relu(round(h, batch.edge_index)) end
  return h
end
function Net:forward(batch)
  return self.head(graph.global_mean_pool(self:nodes(batch), batch.batch, batch.num_graphs))
end
local nets, by_rounds = {}, {}
for rounds = 1, 4 do
  nets[rounds] = Net("sum", rounds, 32)
  by_rounds[rounds] = train_net(nets[rounds])
  print(("sums over neighbours, %d rounds: accuracy %.3f"):format(rounds, by_rounds[rounds]))
end
local by_mean = train_net(Net("mean", 4, 32))
print(("means over neighbours, 4 rounds: accuracy %.3f (every node holds the same, and so does every mean)"):format(
  by_mean))

tutorial.heading("The order of nodes does not count")
-- Another numbering of the same graph must give the same answer: sums don't know in which order they were added up.
local net = nets[4]
local function scores(g) return tensor.no_grad(net, graph.batch{g}) end
local number = tensor.randperm(one.num_nodes)
local renamed = {edge_index = number[one.edge_index:flatten()]:view(2, -1), x = one.x, y = one.y,
  num_nodes = one.num_nodes}
local moved = (scores(one) - scores(renamed)):abs():max():item()
print(("largest change of a score when the nodes are numbered anew: %.1e"):format(moved))

tutorial.heading("The trap: a graph network sees every difference")
-- A ring of six and two rings of three: every node has two neighbours, which have two neighbours, and so on. All
-- nodes hear the same for ever, whatever the weights (the test of Weisfeiler and Leman ends there, too).
local function rings(...)
  local from, to, first = {}, {}, 0
  for _, length in ipairs {...} do
    for i = 1, length do
      from[#from + 1], to[#to + 1] = first + i, first + i % length + 1
    end
    first = first + length
  end
  local ends = tensor({from, to}, {dtype = "int64"})
  return {edge_index = graph.to_undirected(ends, first), x = tensor.ones(first, 1), y = 1, num_nodes = first}
end
local six, threes = rings(6), rings(3, 3)
local same = (scores(six) - scores(threes)):abs():max():item()
-- Mark one node, and what its neighbours' neighbours hear is no longer the same: in a ring of three it comes back to
-- it.
six.x[1], threes.x[1] = 2, 2
local apart = (scores(six) - scores(threes)):abs():max():item()
print(("ring of six against two rings of three: scores differ by %.1e; with one node marked by %.1e"):format(same,
  apart))

-- To try next: graph.GATConv in place of the sums; motifs of six nodes; --graphs 100.
print(("result: bag=%.3f rounds1=%.3f rounds2=%.3f rounds4=%.3f mean=%.3f moved=%.0g same=%.0g apart=%.0g"):format(bag,
  by_rounds[1], by_rounds[2], by_rounds[4], by_mean, moved, same, apart))
