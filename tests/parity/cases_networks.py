"""One training step of well known networks (networks.py) from weights of the formula: losses, gradients, what the step
made of parameters and buffers. Of a large tensor the fixture holds the norm, a sum with signs and its first elements."""

import torch

import formula
import networks
from spec import T

FAMILY = "networks"
FIRST = 6       # elements that are stored
LOSS_TOL, GRAD_TOL = 1e-5, 1e-4


def domain(name, value):
    if name.endswith("num_batches_tracked"):
        return "zero"
    if name.endswith("running_var") or (value.dim() == 1 and name.endswith("weight")):
        return "variance"
    return "small"


def descriptor(owner, k, name, shape, dom, dtype, n=None):
    t = T(shape, dom, dtype, grad=False, n=n)
    t.owner, t.leaf, t.param = owner, k, name
    t.seed = formula.seed_of("%s/%s/%s" % (FAMILY, owner, name))
    return t


def signs(name, count):
    """What a tensor is summed with, in [-2, 2)."""
    return torch.tensor(formula.values("any", formula.seed_of("sum/" + name), count), dtype=torch.float64)


def summary(name, t):
    """Norm, sum with signs, first elements."""
    flat = t.detach().double().reshape(-1)
    return [float(flat.norm()), float(flat @ signs(name, flat.numel()))] + [float(v) for v in flat[:FIRST]]


def run(name, weights, inputs, dtype):
    builder, _, step = networks.NETWORKS[name]
    model = builder().to(dtype).train()
    model.load_state_dict({t.param: t.make("ref") for t in weights})
    data = [t.make("ref") for t in inputs]
    losses = step(model, *[d.to(dtype) if t.is_float() else d for t, d in zip(inputs, data)])
    return ([float(x.detach()) for x in losses], {n: summary(n, p.grad) for n, p in model.named_parameters()},
            {n: summary(n, v) for n, v in model.state_dict().items()})


def check_single(name, want, got):
    """PyTorch's own float32 must be well within what nnlua is held to."""
    for a, b in zip(got[0], want[0]):
        assert abs(a - b) <= LOSS_TOL / 2 * abs(b), (name, a, b)
    for kind in (1, 2):
        for n, values in want[kind].items():
            for a, b in zip(got[kind][n], values):
                assert abs(a - b) <= GRAD_TOL / 2 * max(values[0], 1e-12), (name, n, a, b)


def records():
    out = []
    for name, (builder, shapes, _) in networks.NETWORKS.items():
        state = builder().state_dict()
        weights = [descriptor(name, k, n, tuple(v.shape), domain(n, v), "float" if v.dtype.is_floating_point else "int64")
                   for k, (n, v) in enumerate(state.items())]
        inputs = [descriptor(name, k, "input%d" % k, *s) for k, s in enumerate(shapes)]
        want = run(name, weights, inputs, torch.float64)
        check_single(name, want, run(name, weights, inputs, torch.float32))
        out.append({"op": name, "id": name, "kind": "network", "forms": ["step"], "args": [],
                    "weights": [t.lua() for t in weights], "inputs": [t.lua() for t in inputs],
                    "losses": want[0], "gradients": want[1], "state": want[2]})
    return out
