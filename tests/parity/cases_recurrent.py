"""Recurrent layers and cells in random configurations; packed and padded sequences."""

import random

from spec import ModuleOp, T

FAMILY = "recurrent"
CASES = 14


def declare():
    rng = random.Random(11)
    for name in ("RNN", "LSTM", "GRU"):
        op = ModuleOp(FAMILY, name)
        for k in range(CASES):
            layer(op, name, rng, k)
    op = ModuleOp(FAMILY, "packed")
    for k in range(CASES):
        packed(op, ("RNN", "LSTM", "GRU")[k % 3], rng)
    for name in ("RNNCell", "LSTMCell", "GRUCell"):
        op = ModuleOp(FAMILY, name)
        for k in range(CASES):
            cell(op, name, rng, k)


def states(name, count, n, hidden, state):
    """h, or (h, c) for an LSTM; without a batch when n is None."""
    batch = () if n is None else (n,)
    h = T((count,) + batch + (state,))
    return (h, T((count,) + batch + (hidden,))) if name == "LSTM" else h


def options_of(name, rng, k, hidden):
    o = {"num_layers": rng.choice((1, 1, 2)), "bidirectional": rng.random() < 0.5}
    if rng.random() < 0.3:
        o["bias"] = False
    if name == "RNN":
        o["nonlinearity"] = rng.choice(("tanh", "relu"))
    if name == "LSTM" and hidden > 1 and rng.random() < 0.4:
        o["proj_size"] = rng.randint(1, hidden - 1)
    return o


def layer(op, name, rng, k):
    inputs, hidden = rng.randint(1, 3), rng.randint(1, 4 if k < CASES - 1 else 2)
    steps, n = rng.randint(1, 4), rng.choice((1, 2, 3, None))
    if k == CASES - 1:
        steps, n, inputs, hidden = 9, 5, 2, 3
    o = options_of(name, rng, k, hidden)
    if k == CASES - 1:
        o = {"bidirectional": True}
    o["batch_first"] = rng.random() < 0.5
    count = o.get("num_layers", 1) * (2 if o["bidirectional"] else 1)
    shape = (steps, inputs) if n is None else (n, steps, inputs) if o["batch_first"] else (steps, n, inputs)
    layout = rng.choice((None, None, "t", "step"))
    x = [T(shape, layout=layout)]
    if rng.random() < 0.6:
        x.append(states(name, count, n, hidden, o.get("proj_size", hidden)))
    if o["num_layers"] > 1 and rng.random() < 0.5 if "num_layers" in o else False:
        o["dropout"] = 0.3
        op(inputs, hidden, inputs=x, train=False, dom="small", **o)
    else:
        op(inputs, hidden, inputs=x, dom="small", **o)


def packed(op, name, rng):
    inputs, hidden, steps, n = rng.randint(1, 3), rng.randint(1, 3), rng.randint(2, 4), rng.randint(1, 4)
    lengths = [rng.randint(1, steps) for _ in range(n)]
    in_order = rng.random() < 0.3
    if in_order:
        lengths.sort(reverse=True)
    o = options_of(name, rng, 0, hidden)
    first = rng.random() < 0.5
    count = o["num_layers"] * (2 if o["bidirectional"] else 1)
    x = [T((n, steps, inputs) if first else (steps, n, inputs))]
    if rng.random() < 0.6:
        x.append(states(name, count, n, hidden, o.get("proj_size", hidden)))
    op(name, lengths, first, in_order, rng.choice((None, steps + 1)), inputs, hidden, inputs=x, dom="small", **o)


def cell(op, name, rng, k):
    inputs, hidden, n = rng.randint(1, 5), rng.randint(1, 5), rng.choice((1, 2, 3, 5, None))
    batch = () if n is None else (n,)
    o = {"bias": False} if rng.random() < 0.3 else {}
    if name == "RNNCell":
        o["nonlinearity"] = rng.choice(("tanh", "relu"))
    x = [T(batch + (inputs,))]
    if rng.random() < 0.7:
        h = T(batch + (hidden,))
        x.append((h, T(batch + (hidden,))) if name == "LSTMCell" else h)
    op(inputs, hidden, inputs=x, dom="small", **o)
