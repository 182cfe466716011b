# Writes fixtures/graph.json.gz: layers and functions of PyTorch Geometric on small random graphs, in float64.
#     python make_graph.py      (torch, torch_geometric)
import gzip, json, os, random
import torch
import torch_geometric.nn as G
import torch_geometric.utils as U
from torch_geometric.nn.conv.gcn_conv import gcn_norm

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
rng = random.Random(0)
cases = []


def pack(t):
    return {"shape": list(t.shape), "values": [round(v, 14) if isinstance(v, float) else v for v in t.flatten().tolist()]}


def edges(n, count):
    return torch.tensor([[rng.randrange(n) for _ in range(count)] for _ in range(2)])


def layer(name, make, options, positional=(), weights=False):
    n, count, c = rng.randint(3, 6), rng.randint(2, 9), rng.randint(1, 3)
    module = make(c)
    for p in module.parameters():
        torch.nn.init.normal_(p)
    e, x = edges(n, count), torch.randn(n, c, requires_grad=True)
    w = torch.rand(count) + 0.1 if weights else None
    out = module(x, e, w) if weights else module(x, e)
    factor = torch.randn(out.shape)
    (out * factor).sum().backward()
    cases.append({"name": name, "channels": c, "positional": list(positional), "options": options, "x": pack(x),
                  "edges": pack(e + 1), "weight": pack(w) if weights else None,
                  "state": {k: pack(v) for k, v in module.state_dict().items()},
                  "factor": pack(factor), "out": pack(out), "x_grad": pack(x.grad),
                  "grads": {k: pack(p.grad) for k, p in module.named_parameters() if p.grad is not None}})


for _ in range(3):
    for o in ({}, {"improved": True}, {"add_self_loops": False}, {"normalize": False}, {"bias": False}):
        for weights in (False, True):
            if "improved" in o and not weights:
                continue  # PyTorch Geometric forgets the 2 of the loops when there are no weights
            layer("GCNConv", lambda c: G.GCNConv(c, 2, **o), o, [2], weights)
    for o in ({}, {"concat": False}, {"negative_slope": 0.5}, {"add_self_loops": False}, {"bias": False}):
        heads = rng.randint(1, 3)
        layer("GATConv", lambda c: G.GATConv(c, 2, heads, **o), o, [2, heads])
    for o in ({}, {"aggr": "max"}, {"normalize": True}, {"root_weight": False}, {"bias": False}):
        layer("SAGEConv", lambda c: G.SAGEConv(c, 2, **o), o, [2])
    for o in ({}, {"aggr": "mean"}, {"aggr": "max"}, {"bias": False}):
        for weights in (False, True):
            layer("GraphConv", lambda c: G.GraphConv(c, 2, **o), o, [2], weights)
    for o in ({}, {"eps": 0.5}, {"eps": 0.25, "train_eps": True}):
        layer("GINConv", lambda c: G.GINConv(torch.nn.Linear(c, 2), **o), o, ["linear"])


def function(name, arguments, options, *want):
    cases.append({"name": name, "arguments": arguments, "options": options, "want": [pack(w) for w in want]})


for _ in range(4):
    n, count = rng.randint(3, 6), rng.randint(2, 9)
    e, w = edges(n, count), torch.rand(count) + 0.1
    for o in ({}, {"improved": True}, {"add_self_loops": False}):
        index, weight = gcn_norm(e, w, n, **o)
        function("gcn_norm", {"edges": pack(e + 1), "weight": pack(w), "n": n}, o, U.to_dense_adj(index, None, weight, n))
    for kind in (None, "sym", "rw"):
        index, weight = U.get_laplacian(e, w, kind, num_nodes=n)
        function("get_laplacian", {"edges": pack(e + 1), "weight": pack(w), "n": n}, {"normalization": kind},
                 U.to_dense_adj(index, None, weight, n))
    function("to_undirected", {"edges": pack(e + 1), "n": n}, {}, U.to_undirected(e, num_nodes=n) + 1)
    function("softmax", {"src": pack(w), "index": pack(e[1] + 1), "n": n}, {}, U.softmax(w, e[1], num_nodes=n))
    for reduce in ("sum", "mean", "max", "min", "mul"):
        src = torch.randn(count, 2)
        function("scatter", {"src": pack(src), "index": pack(e[1] + 1), "n": n}, {"reduce": reduce},
                 U.scatter(src, e[1], 0, n, reduce))
    sizes = [rng.randint(1, 4) for _ in range(3)]
    batch = torch.cat([torch.full((s,), i) for i, s in enumerate(sizes)])
    x = torch.randn(sum(sizes), 2)
    for name in ("global_add_pool", "global_mean_pool", "global_max_pool"):
        function(name, {"x": pack(x), "batch": pack(batch + 1)}, {}, getattr(G, name)(x, batch))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "graph.json.gz")
with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as f:
    f.write(json.dumps(cases).encode())
print(len(cases), "cases")
