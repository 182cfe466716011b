-- graph: networks on graphs, by messages that travel along edges. A package of its own: local graph = require
-- "nnlua.graph". Names and definitions are PyTorch Geometric's. Nodes have features x [N, C]; edges are a tensor
-- edge_index [2, E] of node numbers from 1: row 1 the sources, row 2 the targets. Knows nothing of data and training.

local core = require "nnlua.core"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local init = require "nnlua.nn.initialize"
local linear = require "nnlua.nn.linear"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"

local tensor, F = core.tensor, core.F
local graph = {}

-- ---- checks -------------------------------------------------------------------------------------------------------

local function describe(v)
  return tensor.is_tensor(v) and v.dtype .. " [" .. table.concat({v:size()}, ", ") .. "]" or fail.show(v)
end

-- Reads edge_index; `nodes`, where known, bounds the numbers. Returns sources, targets and the number of nodes.
local function ends(who, edge_index, nodes)
  if not tensor.is_tensor(edge_index) or edge_index:dim() ~= 2 or edge_index:size(1) ~= 2 then
    fail.raise("%s: expected edge_index[2, E], the sources and the targets, got %s", who, describe(edge_index))
  end
  if edge_index.dtype ~= "int64" then edge_index = edge_index:to("int64") end
  local most = 0
  if edge_index:size(2) > 0 then
    local least
    least, most = edge_index:min():item(), edge_index:max():item()
    if least < 1 then fail.raise("%s: node %d in edge_index: nodes count from 1", who, least) end
    if nodes and most > nodes then
      fail.raise("%s: node %d in edge_index, but there are %d nodes", who, most, nodes)
    end
  end
  return edge_index[1], edge_index[2], nodes or most
end

local function nodes_of(who, x)
  if not tensor.is_tensor(x) or x:dim() ~= 2 or not x:is_floating_point() then
    fail.raise("%s: expected node features x[N, C] as floats, got %s", who, describe(x))
  end
  return x:size(1)
end

local function weights_of(who, edge_weight, count, dtype)
  if edge_weight == nil then return tensor.ones(count, {dtype = dtype or "float32"}) end
  if not tensor.is_tensor(edge_weight) or edge_weight:dim() ~= 1 or edge_weight:size(1) ~= count then
    fail.raise("%s: expected edge_weight[%d], one for each edge, got %s", who, count, describe(edge_weight))
  end
  return edge_weight
end

-- ---- gathering by node --------------------------------------------------------------------------------------------

local reductions = {sum = "sum", add = "sum", mean = "mean", max = "amax", min = "amin", mul = "prod"}
local scatter_arguments = signature("graph.scatter", "dim:int=1, dim_size:amount?, reduce:string=sum")

--- Reduces the slices of src that have the same number in index [E]: graph.scatter(src, index, dim, dim_size,
-- {reduce = "sum"}), reduce one of sum (or add), mean, max, min, mul. src [..., E, ...] with E at dim (1), result
-- [..., dim_size, ...]; dim_size is the largest number unless given. Places that no slice goes to are 0 (mul: 1).
--     local graph = require "nnlua.graph"
--     graph.scatter(tensor{5, 6, 7}, tensor{1, 3, 1})
--     --> {12, 0, 6}
function graph.scatter(src, index, ...)
  local a = scatter_arguments(...)
  local reduce = reductions[a.reduce]
  if not reduce then
    fail.raise("graph.scatter: reduce is one of add, max, mean, min, mul, sum; got %q", a.reduce)
  end
  if not tensor.is_tensor(src) or src:dim() < 1 then
    fail.raise("graph.scatter: expected a tensor src, got %s", describe(src))
  end
  local dim = a.dim < 0 and src:dim() + 1 + a.dim or a.dim
  if dim < 1 or dim > src:dim() then
    fail.raise("graph.scatter: dim %d is not there, src has %d", a.dim, src:dim())
  end
  if not tensor.is_tensor(index) or index:dim() ~= 1 or index:size(1) ~= src:size(dim) then
    fail.raise("graph.scatter: expected index[%d], a number for each slice of src along dim %d, got %s",
      src:size(dim), dim, describe(index))
  end
  local size = {src:size()}
  local count = a.dim_size or (index:size(1) > 0 and math.tointeger(index:max():item()) or 0)
  size[dim] = count
  local start = reduce == "prod" and tensor.ones or tensor.zeros
  local out = start(size, {dtype = src.dtype})
  if index:size(1) == 0 then return out end
  if reduce == "sum" then return out:index_add(dim, index, src) end
  if reduce == "mean" then
    local number = graph.degree(index, count, src.dtype):clamp(1)
    local shape = {}
    for d = 1, src:dim() do shape[d] = d == dim and count or 1 end
    return out:index_add(dim, index, src) / number:reshape(shape)
  end
  local shape = {}
  for d = 1, src:dim() do shape[d] = d == dim and index:size(1) or 1 end
  local wide = index:to("int64"):reshape(shape):expand({src:size()})
  return out:scatter_reduce(dim, wide, src, reduce, {include_self = reduce == "prod"})
end

--- How often each of the numbers 1 to num_nodes stands in index [E]: [num_nodes], float32 unless dtype says otherwise.
-- graph.degree(edge_index[2], n) counts the edges that arrive at each node.
--     local graph = require "nnlua.graph"
--     graph.degree(tensor{1, 3, 1}, 4)
--     --> {2, 0, 1, 0}
function graph.degree(index, num_nodes, dtype)
  if not tensor.is_tensor(index) or index:dim() ~= 1 then
    fail.raise("graph.degree: expected index[E], got %s", describe(index))
  end
  local count = num_nodes or (index:size(1) > 0 and math.tointeger(index:max():item()) or 0)
  local out = tensor.zeros(count, {dtype = dtype or "float32"})
  return out:index_add(1, index, tensor.ones(index:size(1), {dtype = dtype or "float32"}))
end

local softmax_arguments = signature("graph.softmax", "index:any, num_nodes:amount?")

--- Softmax within the groups that index [E] makes of the first dimension of src [E, ...]: attention over the edges
-- that arrive at a node. graph.softmax(src, index, num_nodes); the result has the shape of src.
--     local graph = require "nnlua.graph"
--     graph.softmax(tensor{1, 1, 5}, tensor{2, 2, 1})
--     --> {0.5, 0.5, 1}
function graph.softmax(src, ...)
  local a = softmax_arguments(...)
  expect.tensor("graph.softmax", "src", src)
  local peak = graph.scatter(src:detach(), a.index, 1, a.num_nodes, {reduce = "max"})
  local e = (src - peak:index_select(1, a.index)):exp()
  local sum = graph.scatter(e, a.index, 1, peak:size(1))
  return e / sum:index_select(1, a.index)
end

-- ---- edges --------------------------------------------------------------------------------------------------------

local function loops(n, from)
  local i = tensor.range(from or 1, n, {dtype = "int64"})
  return tensor.stack({i, i}, 1)
end

local loop_arguments = signature("graph.add_self_loops", "edge_weight:any?, fill_value:number=1, num_nodes:amount?")

--- Adds an edge from each node to itself: graph.add_self_loops(edge_index, edge_weight, {fill_value = 1,
-- num_nodes = nil}) returns edge_index [2, E + N] and the weights [E + N] (nil without edge_weight).
--     local graph = require "nnlua.graph"
--     graph.add_self_loops(tensor{{1}, {2}})
--     --> {{1, 1, 2}, {2, 1, 2}}	nil
function graph.add_self_loops(edge_index, ...)
  local a = loop_arguments(...)
  local from, _, n = ends("graph.add_self_loops", edge_index, a.num_nodes)
  local all = tensor.cat({edge_index:to("int64"), loops(n)}, 2)
  if a.edge_weight == nil then return all, nil end
  local w = weights_of("graph.add_self_loops", a.edge_weight, from:size(1))
  return all, tensor.cat({w, tensor.full({n}, a.fill_value, {dtype = w.dtype})}, 1)
end

--- Takes away the edges from a node to itself: returns edge_index and edge_weight (nil without) of the others.
--     local graph = require "nnlua.graph"
--     graph.remove_self_loops(tensor{{1, 2}, {2, 2}})
--     --> {{1}, {2}}	nil
function graph.remove_self_loops(edge_index, edge_weight)
  local from, to = ends("graph.remove_self_loops", edge_index)
  local kept = from:ne(to)
  local w = edge_weight and weights_of("graph.remove_self_loops", edge_weight, from:size(1))[kept]
  return tensor.stack({from[kept], to[kept]}, 1), w
end

-- Numbers 1 to n * n for the pairs, so that equal edges are found by sorting.
local function keys(from, to, n) return (from - 1) * n + to end

--- Every edge in both directions, each once, sorted by source: graph.to_undirected(edge_index, num_nodes).
--     local graph = require "nnlua.graph"
--     graph.to_undirected(tensor{{1, 1}, {2, 3}})
--     --> {{1, 1, 2, 3}, {2, 3, 1, 1}}
function graph.to_undirected(edge_index, num_nodes)
  local from, to, n = ends("graph.to_undirected", edge_index, num_nodes)
  if from:size(1) == 0 then return edge_index end
  local key = (tensor.unique(tensor.cat({keys(from, to, n), keys(to, from, n)}, 1)))
  return tensor.stack({(key - 1) // n + 1, (key - 1) % n + 1}, 1)
end

--- The edges of an adjacency matrix [N, N] (row: source, column: target): edge_index [2, E] and the entries [E].
--     local graph = require "nnlua.graph"
--     graph.dense_to_sparse(tensor{{0, 2}, {0, 0}})
--     --> {{1}, {2}}	{2}
function graph.dense_to_sparse(adjacency)
  if not tensor.is_tensor(adjacency) or adjacency:dim() ~= 2 or adjacency:size(1) ~= adjacency:size(2) then
    fail.raise("graph.dense_to_sparse: expected adjacency[N, N], got %s", describe(adjacency))
  end
  local edge_index = tensor.argwhere(adjacency):t():contiguous()
  return edge_index, adjacency[{edge_index[1], edge_index[2]}]
end

local dense_arguments = signature("graph.to_dense_adj", "batch:any?, edge_attr:any?, max_num_nodes:amount?")

--- Adjacency matrices [B, N, N] of a graph or of a batch: graph.to_dense_adj(edge_index, batch, edge_attr,
-- max_num_nodes). batch [nodes] numbers the graph of each node; edge_attr [E] are the entries (1); edges between the
-- same two nodes add up.
--     local graph = require "nnlua.graph"
--     graph.to_dense_adj(tensor{{1, 1}, {2, 2}})
--     --> {{{0, 2}, {0, 0}}}
function graph.to_dense_adj(edge_index, ...)
  local a = dense_arguments(...)
  if a.batch ~= nil and (not tensor.is_tensor(a.batch) or a.batch:dim() ~= 1) then
    fail.raise("graph.to_dense_adj: expected batch[nodes], got %s", describe(a.batch))
  end
  local from, to, n = ends("graph.to_dense_adj", edge_index, a.batch and a.batch:size(1))
  local w = weights_of("graph.to_dense_adj", a.edge_attr, from:size(1))
  local batch = a.batch or tensor.ones(n, {dtype = "int64"})
  local sizes = graph.degree(batch, nil, "int64")
  local graphs = sizes:size(1)
  local wide = a.max_num_nodes or (graphs > 0 and sizes:max():item() or 0)
  if graphs > 0 and sizes:max():item() > wide then
    fail.raise("graph.to_dense_adj: a graph has %d nodes, more than max_num_nodes (%d)", sizes:max():item(), wide)
  end
  local first = sizes:cumsum(1) - sizes
  local place = batch:index_select(1, from)
  local start = first:index_select(1, place)
  local at = ((place - 1) * wide + (from - start - 1)) * wide + (to - start)
  return tensor.zeros(graphs * wide * wide, {dtype = w.dtype}):index_add(1, at, w):reshape(graphs, wide, wide)
end

-- degree ^ power, 0 where nothing arrives (and no gradient of infinity there).
local function power_of(degree, power)
  local some = degree:gt(0)
  return tensor.where(some, tensor.where(some, degree, tensor.ones_like(degree)):pow(power), tensor.zeros_like(degree))
end

local laplacian_arguments = signature("graph.get_laplacian",
  "edge_weight:any?, normalization:string?, num_nodes:amount?")

--- The Laplacian of a graph as edges and weights: graph.get_laplacian(edge_index, edge_weight, {normalization = nil,
-- num_nodes = nil}): D - A without normalization, I - D^-1/2 A D^-1/2 with "sym", I - D^-1 A with "rw". Edges from a
-- node to itself are left out. Returns edge_index [2, E + N] and the weights [E + N].
--     local graph = require "nnlua.graph"
--     local index, weight = graph.get_laplacian(tensor{{1, 2}, {2, 1}})
--     graph.to_dense_adj(index, {edge_attr = weight})
--     --> {{{1, -1}, {-1, 1}}}
function graph.get_laplacian(edge_index, ...)
  local a = laplacian_arguments(...)
  local from, to, n = ends("graph.get_laplacian", edge_index, a.num_nodes)
  local w = weights_of("graph.get_laplacian", a.edge_weight, from:size(1))
  local kind = a.normalization
  if kind ~= nil and kind ~= "sym" and kind ~= "rw" then
    fail.raise("graph.get_laplacian: normalization is nil, \"sym\" or \"rw\", got %q", kind)
  end
  local kept = from:ne(to)
  from, to, w = from[kept], to[kept], w[kept]
  local degree = graph.scatter(w, from, 1, n)
  local own = kind and tensor.ones(n, {dtype = w.dtype}) or degree
  if kind == "sym" then
    local root = power_of(degree, -0.5)
    w = root:index_select(1, from) * w * root:index_select(1, to)
  elseif kind == "rw" then
    local inverse = power_of(degree, -1)
    w = inverse:index_select(1, from) * w
  end
  return tensor.cat({tensor.stack({from, to}, 1), loops(n)}, 2), tensor.cat({-w, own}, 1)
end

local norm_arguments = signature("graph.gcn_norm",
  "edge_weight:any?, num_nodes:amount?, improved:bool=false, add_self_loops:bool=true, dtype:string=float32")

--- The weights of a graph convolution, D^-1/2 (A + I) D^-1/2 (Kipf and Welling, 2017): graph.gcn_norm(edge_index,
-- edge_weight, num_nodes, {improved = false, add_self_loops = true, dtype = "float32"}) returns edge_index with a loop
-- at each node (which weighs 1, 2 when improved, unless the graph has one already) and the weights of its edges.
--     local graph = require "nnlua.graph"
--     graph.gcn_norm(tensor{{1, 2}, {2, 1}})
--     --> {{1, 2, 1, 2}, {2, 1, 1, 2}}	{0.5, 0.5, 0.5, 0.5}
function graph.gcn_norm(edge_index, ...)
  local a = norm_arguments(...)
  local from, to, n = ends("graph.gcn_norm", edge_index, a.num_nodes)
  local w = weights_of("graph.gcn_norm", a.edge_weight, from:size(1), a.dtype)
  if a.add_self_loops then
    local own = tensor.full({n}, a.improved and 2 or 1, {dtype = w.dtype})
    local others = from:ne(to)
    local looped = others:logical_not()
    if looped:any() then -- loops that are there keep their weight
      own = own:index_copy(1, from[looped], w[looped])
      from, to, w = from[others], to[others], w[others]
    end
    local all = loops(n)
    from, to = tensor.cat({from, all[1]}, 1), tensor.cat({to, all[1]}, 1)
    w = tensor.cat({w, own}, 1)
  end
  local degree = graph.scatter(w, to, 1, n)
  local root = power_of(degree, -0.5)
  return tensor.stack({from, to}, 1), root:index_select(1, from) * w * root:index_select(1, to)
end

-- ---- several graphs as one ----------------------------------------------------------------------------------------

--- Many small graphs as one large one without edges between them, as a batch: graph.batch(list) of tables with
-- edge_index and x (or num_nodes), perhaps y and edge_attr. Returns a table with x, edge_index, y, edge_attr joined,
-- batch [nodes] (the number of each node's graph) and num_graphs. A number y becomes a label of its graph.
--     local graph = require "nnlua.graph"
--     local edge = tensor{{1}, {2}}
--     local two = graph.batch{{x = tensor.ones(2, 3), edge_index = edge}, {x = tensor.ones(2, 3), edge_index = edge}}
--     print(two.edge_index, two.batch)
--     --> {{1, 3}, {2, 4}}	{1, 1, 2, 2}
function graph.batch(list)
  if type(list) ~= "table" or #list == 0 then
    fail.raise("graph.batch: expected a list of graphs {x = ..., edge_index = ...}, got %s", fail.show(list))
  end
  local parts, numbers, labels, before = {x = {}, edge_index = {}, edge_attr = {}, y = {}}, {}, {}, 0
  for i, g in ipairs(list) do
    if type(g) ~= "table" then fail.raise("graph.batch: graph %d must be a table, got %s", i, fail.show(g)) end
    local n = g.num_nodes or (g.x and nodes_of("graph.batch", g.x))
    if not n then fail.raise("graph.batch: graph %d has neither x nor num_nodes", i) end
    ends(("graph.batch: graph %d"):format(i), g.edge_index, n)
    parts.edge_index[i] = g.edge_index:to("int64") + before
    for _, key in ipairs {"x", "edge_attr", "y"} do
      local v = g[key]
      if (v == nil) ~= (list[1][key] == nil) then
        fail.raise("graph.batch: some of the graphs have %s, graph %d differs", key, i)
      end
      if type(v) == "number" then labels[i] = v else parts[key][i] = v end
    end
    numbers[i] = tensor.full({n}, i, {dtype = "int64"})
    before = before + n
  end
  local out = {edge_index = tensor.cat(parts.edge_index, 2), batch = tensor.cat(numbers, 1), num_graphs = #list}
  for _, key in ipairs {"x", "edge_attr", "y"} do
    if #parts[key] == #list then out[key] = tensor.cat(parts[key], 1) end
  end
  if #labels == #list then
    local whole = true
    for _, v in ipairs(labels) do whole = whole and math.type(v) == "integer" end
    out.y = tensor(labels, {dtype = whole and "int64" or "float32"})
  end
  return out
end

local pool_arguments = signature("graph.global_pool", "batch:any?, size:amount?")

local function pool(reduce)
  return function(x, ...)
    local a = pool_arguments(...)
    local batch = a.batch or tensor.ones(nodes_of("graph.global_pool", x), {dtype = "int64"})
    return graph.scatter(x, batch, 1, a.size, {reduce = reduce})
  end
end

--- One row for each graph of a batch, the sum over its nodes: graph.global_add_pool(x, batch, size), x [N, C], batch
-- [N] (one graph without), result [graphs, C].
--     local graph = require "nnlua.graph"
--     graph.global_add_pool(tensor{{1, 2}, {3, 4}, {5, 6}}, tensor{1, 1, 2})
--     --> {{4, 6}, {5, 6}}
graph.global_add_pool = pool "sum"

--- One row for each graph of a batch, the mean over its nodes: graph.global_mean_pool(x, batch, size).
--     local graph = require "nnlua.graph"
--     graph.global_mean_pool(tensor{{1, 2}, {3, 4}, {5, 6}}, tensor{1, 1, 2})
--     --> {{2, 3}, {5, 6}}
graph.global_mean_pool = pool "mean"

--- One row for each graph of a batch, the largest values of its nodes: graph.global_max_pool(x, batch, size).
--     local graph = require "nnlua.graph"
--     graph.global_max_pool(tensor{{1, 2}, {3, 4}, {5, 6}}, tensor{1, 1, 2})
--     --> {{3, 4}, {5, 6}}
graph.global_max_pool = pool "max"

-- ---- layers -------------------------------------------------------------------------------------------------------

--- The parent of layers that pass messages: graph.MessagePassing({aggr = "add"}), aggr one of add, mean, max, min,
-- mul. A child calls self:propagate(edge_index, {x = x, ...}) in its forward and may replace message and update.
--     local graph = require "nnlua.graph"
--     local Mean = nn.class("Mean", graph.MessagePassing)
--     function Mean:init() graph.MessagePassing.init(self, {aggr = "mean"}) end
--     function Mean:forward(x, edge_index) return self:propagate(edge_index, {x = x}) end
--     print(Mean()(tensor{{1}, {3}, {8}}, tensor{{1, 2}, {3, 3}}))
--     --> {{0}, {0}, {2}}
local MessagePassing = module.define("MessagePassing", "aggr:string=add")
graph.MessagePassing = MessagePassing

function MessagePassing:init(...)
  local a = MessagePassing.signature(...)
  if not reductions[a.aggr] then
    fail.raise("MessagePassing: aggr is one of add, max, mean, min, mul; got %q", a.aggr)
  end
  self.aggr = a.aggr
end

--- Sends a message along each edge, reduces those that arrive at a node, and updates the nodes: values.x is [N, ...],
-- other fields what message wants. Returns [N, ...]: nodes without a message get zeros.
function MessagePassing:propagate(edge_index, values)
  local who = module.is_class(self) and "MessagePassing" or getmetatable(self).__name
  if type(values) ~= "table" or not tensor.is_tensor(values.x) then
    fail.raise("%s:propagate: expected the nodes as a field x, got %s", who, fail.show(values))
  end
  local n = values.x:size(1)
  local from, to = ends(who, edge_index, n)
  local edge = setmetatable({index = to, num_nodes = n}, {__index = function(known, name)
    local base, side = tostring(name):match("^(.*)_([ij])$")
    local v = values[name]
    if base and values[base] ~= nil then v = values[base]:index_select(1, side == "j" and from or to) end
    rawset(known, name, v)
    return v
  end})
  local messages = self:message(edge)
  return self:update(graph.scatter(messages, to, 1, n, {reduce = self.aggr}), values)
end

--- What travels along the edges: [E, ...]. edge.x_j are the sources' features, edge.x_i the targets' (any field of the
-- values given to propagate can be asked for so), edge.index the targets, other names the values as they were given.
function MessagePassing:message(edge) return edge.x_j end -- luacheck: no unused

--- What becomes of the reduced messages [N, ...]: themselves, unless a child replaces this.
function MessagePassing:update(out) return out end -- luacheck: no unused

-- Reads a layer's arguments and sets it up as a parent of messages; "add" where its signature has no aggr.
local function configure(self, class, except, ...)
  local a = module.configure(self, class, except, ...)
  MessagePassing.init(self, {aggr = a.aggr})
  return a
end

--- A graph convolution, D^-1/2 (A + I) D^-1/2 x W^T + b (Kipf and Welling, "Semi-supervised classification with graph
-- convolutional networks", 2017): graph.GCNConv(in_channels, out_channels, {improved = false, add_self_loops = true,
-- normalize = true, bias = true}), called with x [N, in_channels], edge_index [2, E] and perhaps edge_weight [E].
-- Result [N, out_channels].
--     local graph = require "nnlua.graph"
--     graph.GCNConv(3, 2)(tensor.ones(4, 3), tensor{{1, 2}, {2, 3}}).shape
--     --> {4, 2}
local GCNConv = module.define("GCNConv", "in_channels:count, out_channels:count, improved:bool=false, "
  .. "add_self_loops:bool=true, normalize:bool=true, bias:bool=true", MessagePassing)
graph.GCNConv = GCNConv

function GCNConv:init(...)
  local a = configure(self, GCNConv, {bias = true}, ...)
  self.lin = linear.Linear(a.in_channels, a.out_channels, {bias = false})
  init.xavier_uniform_(self.lin.weight)
  if a.bias then self.bias = module.Parameter(tensor.zeros(a.out_channels)) end
end

function GCNConv:message(edge) return edge.norm:unsqueeze(2) * edge.x_j end -- luacheck: no unused

function GCNConv:forward(x, edge_index, edge_weight)
  local n = nodes_of("GCNConv", x)
  local norm
  if self.normalize then
    edge_index, norm = graph.gcn_norm(edge_index, edge_weight, n,
      {improved = self.improved, add_self_loops = self.add_self_loops, dtype = x.dtype})
  else
    local from = ends("GCNConv", edge_index, n)
    norm = weights_of("GCNConv", edge_weight, from:size(1), x.dtype)
  end
  local y = self:propagate(edge_index, {x = self.lin(x), norm = norm})
  if self.bias then y = y + self.bias end
  return y
end

--- Attention over the neighbours (Velickovic et al., "Graph attention networks", 2018): graph.GATConv(in_channels,
-- out_channels, heads, {concat = true, negative_slope = 0.2, dropout = 0, add_self_loops = true, bias = true}), called
-- with x [N, in_channels] and edge_index [2, E]. Result [N, heads * out_channels], or their mean [N, out_channels]
-- without concat. With {return_attention_weights = true} as a third argument two more values: the edges (with the
-- loops) and their weights [E + N, heads].
--     local graph = require "nnlua.graph"
--     graph.GATConv(3, 2, 4)(tensor.ones(4, 3), tensor{{1, 2}, {2, 3}}).shape
--     --> {4, 8}
local GATConv = module.define("GATConv", "in_channels:count, out_channels:count, heads:count=1, concat:bool=true, "
  .. "negative_slope:number=0.2, dropout:fraction=0, add_self_loops:bool=true, bias:bool=true", MessagePassing)
graph.GATConv = GATConv

function GATConv:init(...)
  local a = configure(self, GATConv, {bias = true}, ...)
  self.lin = linear.Linear(a.in_channels, a.heads * a.out_channels, {bias = false})
  self.att_src = module.empty_parameter(nil, 1, a.heads, a.out_channels)
  self.att_dst = module.empty_parameter(nil, 1, a.heads, a.out_channels)
  for _, p in ipairs {self.lin.weight, self.att_src, self.att_dst} do init.xavier_uniform_(p) end
  if a.bias then self.bias = module.Parameter(tensor.zeros(a.concat and a.heads * a.out_channels or a.out_channels)) end
end

function GATConv:message(edge) return edge.alpha:unsqueeze(3) * edge.x_j end -- luacheck: no unused

local gat_call = signature("GATConv", "return_attention_weights:bool=false")

function GATConv:forward(x, edge_index, ...)
  local n = nodes_of("GATConv", x)
  local all = gat_call(...).return_attention_weights
  x = self.lin(x):reshape(n, self.heads, self.out_channels)
  if self.add_self_loops then
    edge_index = graph.add_self_loops((graph.remove_self_loops(edge_index)), {num_nodes = n})
  end
  local from, to = ends("GATConv", edge_index, n)
  local score = (x * self.att_src):sum(-1):index_select(1, from) + (x * self.att_dst):sum(-1):index_select(1, to)
  local alpha = graph.softmax(F.leaky_relu(score, self.negative_slope), to, n)
  local kept = F.dropout(alpha, self.dropout, self.training)
  local y = self:propagate(edge_index, {x = x, alpha = kept})
  y = self.concat and y:reshape(n, self.heads * self.out_channels) or y:mean(2)
  if self.bias then y = y + self.bias end
  if all then return y, edge_index, alpha end
  return y
end

--- GraphSAGE, W1 mean(neighbours) + W2 x (Hamilton, Ying and Leskovec, "Inductive representation learning on large
-- graphs", 2017): graph.SAGEConv(in_channels, out_channels, {aggr = "mean", normalize = false, root_weight = true,
-- bias = true}), called with x [N, in_channels] and edge_index [2, E]. Result [N, out_channels], rows of length 1 when
-- normalize.
--     local graph = require "nnlua.graph"
--     graph.SAGEConv(3, 2)(tensor.ones(4, 3), tensor{{1, 2}, {2, 3}}).shape
--     --> {4, 2}
local SAGEConv = module.define("SAGEConv", "in_channels:count, out_channels:count, aggr:string=mean, "
  .. "normalize:bool=false, root_weight:bool=true, bias:bool=true", MessagePassing)
graph.SAGEConv = SAGEConv

function SAGEConv:init(...)
  local a = configure(self, SAGEConv, nil, ...)
  self.lin_l = linear.Linear(a.in_channels, a.out_channels, {bias = a.bias})
  if a.root_weight then self.lin_r = linear.Linear(a.in_channels, a.out_channels, {bias = false}) end
end

function SAGEConv:forward(x, edge_index)
  nodes_of("SAGEConv", x)
  local y = self.lin_l(self:propagate(edge_index, {x = x}))
  if self.lin_r then y = y + self.lin_r(x) end
  if self.normalize then y = F.normalize(y, 2, -1) end
  return y
end

--- W1 sum(weight * neighbours) + W2 x (Morris et al., "Weisfeiler and Leman go neural", 2019):
-- graph.GraphConv(in_channels, out_channels, {aggr = "add", bias = true}), called with x [N, in_channels], edge_index
-- [2, E] and perhaps edge_weight [E]. Result [N, out_channels].
--     local graph = require "nnlua.graph"
--     graph.GraphConv(3, 2)(tensor.ones(4, 3), tensor{{1, 2}, {2, 3}}).shape
--     --> {4, 2}
local GraphConv = module.define("GraphConv",
  "in_channels:count, out_channels:count, aggr:string=add, bias:bool=true", MessagePassing)
graph.GraphConv = GraphConv

function GraphConv:init(...)
  local a = configure(self, GraphConv, nil, ...)
  self.lin_rel = linear.Linear(a.in_channels, a.out_channels, {bias = a.bias})
  self.lin_root = linear.Linear(a.in_channels, a.out_channels, {bias = false})
end

function GraphConv:message(edge) -- luacheck: no unused
  return edge.weight and edge.weight:unsqueeze(2) * edge.x_j or edge.x_j
end

function GraphConv:forward(x, edge_index, edge_weight)
  local from = ends("GraphConv", edge_index, nodes_of("GraphConv", x))
  if edge_weight ~= nil then edge_weight = weights_of("GraphConv", edge_weight, from:size(1)) end
  return self.lin_rel(self:propagate(edge_index, {x = x, weight = edge_weight})) + self.lin_root(x)
end

--- f((1 + eps) x + sum(neighbours)), as strong as the Weisfeiler-Leman test (Xu et al., "How powerful are graph neural
-- networks?", 2019): graph.GINConv(nn, eps, {train_eps = false}), nn a module from in to out channels. Called with x
-- [N, C] and edge_index [2, E].
--     local graph = require "nnlua.graph"
--     graph.GINConv(nn.Linear(3, 2))(tensor.ones(4, 3), tensor{{1, 2}, {2, 3}}).shape
--     --> {4, 2}
local GINConv = module.define("GINConv", "nn:callable, eps:number=0, train_eps:bool=false", MessagePassing)
graph.GINConv = GINConv

function GINConv:init(...)
  local a = configure(self, GINConv, {eps = true}, ...)
  if a.train_eps then
    self.eps = module.Parameter(tensor{a.eps})
  else
    self:register_buffer("eps", tensor{a.eps})
  end
end

function GINConv:extra_repr()
  local start = self.eps:item()
  return self.train_eps and ("eps = %.4g, {train_eps = true}"):format(start) or ("eps = %.4g"):format(start)
end

function GINConv:forward(x, edge_index)
  nodes_of("GINConv", x)
  local y = self.nn(self:propagate(edge_index, {x = x}) + (self.eps + 1) * x)
  return y -- no tail call: errors find the layer on the stack
end

return graph
