-- nnlua.graph against PyTorch Geometric (fixtures/graph.json.gz, made by make_graph.py): results and gradients equal
-- to 1e-9 in float64; wrong inputs; message passing of one's own; batches.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../lua/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local nnlua = require "nnlua"
local graph = require "nnlua.graph"
local tensor, nn = nnlua.tensor, nnlua.nn

local bytes = core.bytes
local zipped = bytes.read_file("test", here .. "/fixtures/graph.json.gz", 1 << 24)
local cases = assert(core.files.parse_json(assert(bytes.inflate(zipped, 1, nil, 1 << 26))))

-- JSON has one kind of number.
local function plain(options)
  local out = {}
  for key, v in pairs(options) do out[key] = math.type(v) == "float" and math.tointeger(v) or v end
  return out
end

local function unpack_tensor(p, dtype)
  if type(p) ~= "table" then return nil end
  local t = tensor(p.values, {dtype = dtype or "float64"})
  return t:reshape(plain(p.shape))
end

local function whole(p) return unpack_tensor(p, "int64") end

local function build(case)
  local positional = {case.channels}
  for i, v in ipairs(plain(case.positional)) do positional[i + 1] = v end
  if case.name == "GINConv" then positional = {nn.Linear(math.tointeger(case.channels), 2)} end
  positional[#positional + 1] = plain(case.options)
  local module = graph[case.name](table.unpack(positional)):double()
  local state = {}
  for name, p in pairs(case.state) do state[name] = unpack_tensor(p) end
  module:load_state_dict(state)
  return module
end

local function layer(case)
  local module = build(case)
  local x = unpack_tensor(case.x):requires_grad_()
  local edges, weight = whole(case.edges), unpack_tensor(case.weight)
  local out = weight and module(x, edges, weight) or module(x, edges)
  check.equal({out:size()}, plain(case.out.shape))
  check.close(out:detach(), unpack_tensor(case.out), 1e-9, "result")
  local loss = (out * unpack_tensor(case.factor)):sum()
  loss:backward()
  check.close(x.grad, unpack_tensor(case.x_grad), 1e-9, "gradient of x")
  for name, p in module:named_parameters() do
    if case.grads[name] then check.close(p.grad, unpack_tensor(case.grads[name]), 1e-9, "gradient of " .. name) end
  end
  local single = module:float()
  local e = {edges, weight and weight:float()}
  check.close(single(unpack_tensor(case.x):float(), table.unpack(e)):double():detach(), unpack_tensor(case.out), 1e-4,
    "float32")
end

local calls = {}
function calls.gcn_norm(a, options)
  local index, weight = graph.gcn_norm(whole(a.edges), unpack_tensor(a.weight), math.tointeger(a.n), options)
  return graph.to_dense_adj(index, {edge_attr = weight, max_num_nodes = math.tointeger(a.n)})
end
function calls.get_laplacian(a, options)
  options.num_nodes = math.tointeger(a.n)
  local index, weight = graph.get_laplacian(whole(a.edges), unpack_tensor(a.weight), options)
  return graph.to_dense_adj(index, {edge_attr = weight, max_num_nodes = math.tointeger(a.n)})
end
function calls.to_undirected(a) return graph.to_undirected(whole(a.edges), math.tointeger(a.n)):double() end
function calls.softmax(a) return graph.softmax(unpack_tensor(a.src), whole(a.index), math.tointeger(a.n)) end
function calls.scatter(a, options)
  return graph.scatter(unpack_tensor(a.src), whole(a.index), 1, math.tointeger(a.n), options)
end
for _, name in ipairs {"global_add_pool", "global_mean_pool", "global_max_pool"} do
  calls[name] = function(a) return graph[name](unpack_tensor(a.x), whole(a.batch)) end
end

for i, case in ipairs(cases) do
  check.test(("case %d: %s"):format(i, case.name), function()
    if case.state then return layer(case) end
    local got = calls[case.name](case.arguments, plain(case.options))
    check.close(got, unpack_tensor(case.want[1]), 1e-9)
  end)
end

local edges = tensor {{1, 2, 3}, {2, 3, 3}}

check.test("message passing of one's own sees both ends", function()
  local Gap = nn.class("Gap", graph.MessagePassing)
  function Gap:init() graph.MessagePassing.init(self, {aggr = "max"}) end
  function Gap:forward(x, e, w) return self:propagate(e, {x = x, w = w}) end
  function Gap:message(edge) return (edge.x_j - edge.x_i) * edge.w:unsqueeze(2) end -- luacheck: no unused
  function Gap:update(out, values) return out + values.x end -- luacheck: no unused
  local y = Gap()(tensor {{1}, {5}, {7}}, edges, tensor {1, 2, 1})
  check.equal(y:totable(), {{1}, {1}, {7}})
end)

check.test("a batch of graphs gives what each gives alone", function()
  tensor.manual_seed(3)
  local list = {}
  for i = 1, 4 do
    list[i] = {x = tensor.randn(i + 2, 3), edge_index = tensor.randint(1, i + 3, {2, 5}), y = i % 2 + 1}
  end
  local layers = {graph.GCNConv(3, 2), graph.GATConv(3, 2, 2), graph.SAGEConv(3, 2)}
  local all = graph.batch(list)
  check.equal(all.y, tensor {2, 1, 2, 1}:long())
  check.equal(all.num_graphs, 4)
  for _, l in ipairs(layers) do
    local y = graph.global_mean_pool(l(all.x, all.edge_index), all.batch):detach()
    for i, g in ipairs(list) do
      check.close(y[i], graph.global_mean_pool(l(g.x, g.edge_index))[1]:detach(), 1e-5)
    end
  end
end)

check.test("attention weights add up to one at each node", function()
  local layer_, x = graph.GATConv(2, 3, 2), tensor.randn(3, 2)
  local _, index, alpha = layer_(x, edges, {return_attention_weights = true})
  check.close(graph.scatter(alpha, index[2], 1, 3):detach(), tensor.ones(3, 2), 1e-5)
end)

check.test("adjacency matrices there and back; gradients", function()
  local a = tensor {{0, 2, 0}, {0, 0, 1}, {3, 0, 0}}
  local index, weight = graph.dense_to_sparse(a)
  check.equal(graph.to_dense_adj(index, {edge_attr = weight})[1], a)
  local two = graph.to_dense_adj(tensor {{1, 3}, {2, 4}}, tensor {1, 1, 2, 2})
  check.equal(two:totable(), {{{0, 1}, {0, 0}}, {{0, 1}, {0, 0}}})
  local w = tensor.rand(3, {dtype = "float64"}):add_(0.5):requires_grad_()
  check.ok(tensor.gradcheck(function(v)
    local _, norm = graph.gcn_norm(edges, v, 3)
    return norm
  end, {w}))
  check.ok(tensor.gradcheck(function(v) -- node 1 has no edge that arrives
    local _, norm = graph.gcn_norm(edges, v, 3, {add_self_loops = false})
    return norm
  end, {w}))
  check.ok(tensor.gradcheck(function(v) return graph.softmax(v, tensor {1, 2, 2}, 2) end, {w}))
end)

check.test("wrong inputs", function()
  local x, gcn = tensor.randn(3, 2), graph.GCNConv(2, 2)
  check.error("nodes count from 1", gcn, x, tensor {{0}, {1}})
  check.error("there are 3 nodes", gcn, x, tensor {{1}, {4}})
  check.error("expected edge_index[2, E]", gcn, x, tensor {{1, 2, 3}})
  check.error("one for each edge", gcn, x, edges, tensor {1})
  check.error("expected node features x[N, C]", gcn, tensor.randn(2), edges)
  check.error("GCNConv.lin (Linear)", gcn, tensor.randn(3, 5), edges)
  check.error("reduce is one of", graph.scatter, x, tensor {1, 2, 3}, {reduce = "median"})
  check.error("expected index[3]", graph.scatter, x, tensor {1, 2})
  check.error("aggr is one of", graph.SAGEConv, 2, 2, {aggr = "lstm"})
  check.error("expected adjacency[N, N]", graph.dense_to_sparse, tensor.ones(2, 3))
  check.error("graph 2 has neither", graph.batch, {{x = x, edge_index = edges}, {edge_index = edges}})
  check.error("graph 1", graph.batch, {{num_nodes = 2, edge_index = edges}})
  check.error("normalization is", graph.get_laplacian, edges, {normalization = "both"})
  check.error("expected the nodes", function() return graph.MessagePassing():propagate(edges, {}) end)
end)

check.done()
