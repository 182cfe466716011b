"""Trajectories: optimisers on one problem, and small models trained from weights that PyTorch saved.

Each record says how to train (kind "optimizer" or "model") and what came out: losses, gradients, parameters."""

import os

import torch
from safetensors.torch import save_file

import formula
import models
from codec import Exponents
from spec import T

FAMILY = "training"
MARKS = (1, 2, 5, 20, 50)
HERE = os.path.dirname(os.path.abspath(__file__))
PROBLEM = (("x", (6, 3), "any"), ("y", (6, 2), "any"), ("w1", (3, 4), "any"), ("b1", (4,), "any"), ("w2", (4, 2), "unit"))
TOL = 1e-4

OPTIMIZERS = [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9}), ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "dampening": 0.5}), ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.5, "dampening": 0.25, "weight_decay": 0.02}),
    ("SGD", {"lr": 0.01, "maximize": True}), ("SGD", {}), ("SGD", {"lr": 0.2, "momentum": 0.1}),
    ("Adam", {}), ("Adam", {"lr": 0.05}), ("Adam", {"lr": 0.02, "betas": [0.8, 0.95]}), ("Adam", {"lr": 0.02, "eps": 1e-3}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1}), ("Adam", {"lr": 0.05, "amsgrad": True}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.05}), ("Adam", {"lr": 0.01, "maximize": True}),
    ("Adam", {"lr": 0.1, "betas": [0.5, 0.9], "eps": 1e-6}), ("Adam", {"lr": 0.2}),
    ("AdamW", {}), ("AdamW", {"lr": 0.05}), ("AdamW", {"lr": 0.05, "weight_decay": 0.2}), ("AdamW", {"lr": 0.05, "amsgrad": True}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0}), ("AdamW", {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-4}),
    ("AdamW", {"lr": 0.01, "maximize": True}), ("AdamW", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.1, "betas": [0.5, 0.9]}), ("AdamW", {"lr": 0.2, "weight_decay": 0.01}),
]


class Probe:
    """The identity of a record, so that T gives it seeds."""

    def __init__(self, ident):
        self.id, self.count = ident, 0

    def tensor(self, name, shape, dom, dtype="float", n=None):
        t = T(shape, dom, dtype, grad=False, n=n)
        t.owner, t.leaf, t.param = self, self.count, name
        t.seed = formula.seed_of("%s/%s/%s" % (FAMILY, self.id, name))
        self.count += 1
        return t


def array(t):
    return t.detach().contiguous().numpy().copy()


def descend(dtype, name, options, tensors, groups, new_lr, steps):
    """Losses and, at the marks, parameters with the way they went."""
    data = {t.param: t.make("ref").to(dtype) for t in tensors}
    params = [data[k].requires_grad_(True) for k in ("w1", "b1", "w2")]
    given = [{"params": params[:1], **groups[0]}, {"params": params[1:], **groups[1]}] if groups else params
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    torch.set_default_dtype(dtype)  # of numbers that PyTorch keeps in tensors: the momentum product of NAdam
    opt = getattr(torch.optim, name)(given, **options)
    losses, loss_scales, marks, way = [], [], {}, [p.detach().abs() for p in params]
    for step in range(1, steps + 1):
        if new_lr and step == 10:
            opt.param_groups[0]["lr"] = new_lr
        before = [p.detach().clone() for p in params]
        loss = models.regression_loss(*[data[k] for k in ("x", "y", "w1", "b1", "w2")])
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
        reach = torch.tanh(data["x"].matmul(before[0]) + before[1]).abs().matmul(before[2].abs()) + data["y"].abs()
        loss_scales.append(float((reach ** 2).mean()))
        way = [w + (p.detach() - b).abs() for w, p, b in zip(way, params, before)]
        if step in MARKS:
            marks[step] = [{"value": array(p), "scale": Exponents(w.numpy())} for p, w in zip(params, way)]
    torch.set_default_dtype(torch.float32)
    return losses, loss_scales, marks


def close(a, b, bound):
    return bool(((a - b).abs() <= TOL * torch.maximum(b.abs(), bound)).all())


def optimizer_record(k, name, options, groups=None, new_lr=None, steps=50):
    probe = Probe("%s#%d" % (name, k))
    tensors = [probe.tensor(*p) for p in PROBLEM]
    losses, loss_scales, marks = descend(torch.float64, name, options, tensors, groups, new_lr, steps)
    single, _, single_marks = descend(torch.float32, name, options, tensors, groups, new_lr, steps)
    for step, entries in marks.items():
        for want, got in zip(entries, single_marks[step]):
            if not close(torch.from_numpy(got["value"]).double(), torch.from_numpy(want["value"]),
                         torch.from_numpy(want["scale"].rounded())):
                raise RuntimeError("%s: float32 strays at step %d" % (probe.id, step))
    if not close(torch.tensor(single), torch.tensor(losses), torch.tensor(loss_scales)):
        raise RuntimeError("%s: float32 strays in the loss" % probe.id)
    rec = {"op": name, "id": probe.id, "kind": "optimizer", "forms": [name], "args": [], "class": name, "steps": steps,
           "hyper": options, "tensors": [t.lua() for t in tensors], "losses": losses,
           "loss_scales": loss_scales, "marks": [[step, entries] for step, entries in marks.items()]}
    if groups:
        rec["groups"] = groups
    if new_lr:
        rec["new_lr"] = new_lr
    return rec


def train(dtype, builder, weights, inputs, labels, name, options, steps):
    model = models.BUILDERS[builder]()
    model.load_state_dict(weights)
    model.to(dtype).train()
    opt = getattr(torch.optim, name)(model.parameters(), **options)
    x = inputs.make("ref")
    x = x.to(dtype) if inputs.is_float() else x
    y = labels.make("ref")
    losses, first = [], None
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        if first is None:
            first = {n: p.grad.clone() for n, p in model.named_parameters()}
        opt.step()
        losses.append(loss.item())
    return losses, first, {n: v.clone() for n, v in model.state_dict().items()}


def model_record(builder, inputs, classes, name, options, steps=4):
    probe = Probe("%s/%s" % (builder, name))
    made = models.BUILDERS[builder]()
    weights = {}
    for n, v in made.state_dict().items():
        dom = "zero" if n.endswith("tracked") else "variance" if n.endswith("running_var") else "small"
        # LayerNorm and BatchNorm scales stay near one
        if n.startswith("norm") and n.endswith("weight"):
            dom = "variance"
        t = probe.tensor(n, tuple(v.shape), dom, "float" if v.dtype.is_floating_point else "int64")
        t.seed = formula.seed_of("%s/%s/%s" % (FAMILY, builder, n))
        weights[n] = t.make("float32").contiguous()
    file = "%s.safetensors" % builder
    path = os.path.join(HERE, "fixtures", file)
    save_file(weights, path)
    os.chmod(path, 0o644)
    x = probe.tensor("x", *inputs)
    y = probe.tensor("y", (inputs[0][0],), "index", "int64", n=classes)
    losses, grads, state = train(torch.float64, builder, weights, x, y, name, options, steps)
    s_losses, s_grads, s_state = train(torch.float32, builder, weights, x, y, name, options, steps)
    rec = {"op": builder, "id": probe.id, "kind": "model", "forms": [name], "args": [], "class": name, "builder": builder,
           "hyper": options, "steps": steps, "file": file, "x": x.lua(), "y": y.lua(), "losses": losses,
           "grads": {n: {"value": array(g), "scale": Exponents(torch.full(g.shape, float(g.abs().max())).numpy())}
                     for n, g in grads.items()},
           "state": {n: {"value": array(v), "scale": Exponents(torch.full(v.shape, float(v.abs().max())).numpy())}
                     for n, v in state.items()},
           "weights": {n: array(v) for n, v in weights.items()}}
    for want, got, kind in [(grads[n], s_grads[n], n) for n in grads] + [(state[n], s_state[n], n) for n in state]:
        want, got = want.double(), got.double()
        if not close(got, want, torch.full(want.shape, float(want.abs().max()) / 2)):
            raise RuntimeError("%s: float32 strays in %s" % (probe.id, kind))
    return rec


def records():
    out = []
    for k, (name, options) in enumerate(OPTIMIZERS):
        out.append(optimizer_record(k + 1, name, options))
    for k, (name, options) in enumerate((("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"lr": 0.05}), ("AdamW", {"lr": 0.05}))):
        out.append(optimizer_record(100 + k, name, options, groups=[{"lr": 0.02}, {"weight_decay": 0.1}]))
        out.append(optimizer_record(200 + k, name, options, new_lr=0.01))
    for builder, inputs, classes in (("mlp", ((6, 8), "any"), 4), ("small_cnn", ((4, 1, 8, 8), "any"), 5),
                                     ("word_bag", ((5, 4), "index", "int64", 11), 3)):
        out.append(model_record(builder, inputs, classes, "SGD", {"lr": 0.1, "momentum": 0.9}))
        out.append(model_record(builder, inputs, classes, "Adam", {"lr": 0.01, "eps": 1e-4}))
        out.append(model_record(builder, inputs, classes, "AdamW", {"lr": 0.01, "eps": 1e-4, "weight_decay": 0.1}))
    return out
