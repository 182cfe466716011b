"""Normalisation layers and functions, lazy ones included; buffers after a call. Configurations by chance."""

from sampled import draw
from spec import D, ModuleOp, Op, T

FAMILY = "normalization"
STATISTICS = {"eps": (1e-3, 0.1), "momentum": (0.3, 0.9)}


def options_of(r, affine):
    return r.some({"eps": lambda: r.choice(STATISTICS["eps"]), "momentum": lambda: r.choice(STATISTICS["momentum"]),
                   "affine": lambda: affine, "track_running_stats": r.maybe})


def features(n, unbatched=False, flat=False):
    def make(r, op):
        c = r.randint(1, 3)
        lead = () if unbatched and r.maybe(0.3) else (r.randint(2, 3),)
        spatial = () if flat and r.maybe() else r.sizes(n, 3, 6 - n)
        layout = r.choice([None, None, "t", "step"]) if spatial else None
        op(c, inputs=[T((*lead, c, *spatial), layout=layout)], train=r.maybe(0.7), **options_of(r, r.maybe()))
    return make


def lazy(name, n):
    def make(r, op):
        shape = (2, r.randint(1, 3), *r.sizes(n, 3, 6 - n))
        options = options_of(r, r.maybe())
        options.pop("track_running_stats", None)  # the first call would have moved them
        op(name, list(shape), inputs=[T(shape)], train=r.maybe(), track_running_stats=False, **options)
    return make


def groups(r, op):
    g = r.randint(1, 3)
    c = g * r.randint(1, 2)
    op(g, c, inputs=[T((2, c, *r.sizes(r.randint(0, 2), 2, 3)))], **r.some({"eps": lambda: 0.1, "affine": r.maybe}))


def rms(r, op):
    shape = r.sizes(r.randint(2, 3), 2, 4)
    n = r.randint(1, len(shape) - 1)
    op(list(shape[-n:]), inputs=[T(shape, "away")], **r.some({"eps": lambda: 1e-2, "elementwise_affine": r.maybe}))


def layer(r, op):
    shape = r.sizes(r.randint(2, 3), 2, 4)
    n = r.randint(1, len(shape) - 1)
    op(list(shape[-n:]), inputs=[T(shape)], **r.some({"eps": lambda: 1e-2, "elementwise_affine": r.maybe, "bias": r.maybe}))


def local_response(module, cross=False):
    def make(r, op):
        size = r.randint(3, 5) if cross else r.randint(1, 4)
        c = r.randint(1, (size - 1) // 2 + 1) if cross else r.randint(1, 4)
        shape = (r.randint(1, 2), c, *r.sizes(2 if cross else r.randint(1, 3), 2, 3))
        options = r.some({"alpha": lambda: r.choice([0.5, 1.0]), "beta": lambda: r.choice([0.5, 1.0]), "k": lambda: 2.0})
        if module:
            op(size, inputs=[T(shape, grad=not cross)], **options)  # PyTorch's has a gradient of its own
        else:
            op(T(shape), size, **options)
    return make


def instance_norm(r, op):
    c = r.randint(1, 3)
    running = [T((c,), mut=True), T((c,), "variance", mut=True)] if r.maybe() else [None, None]
    affine = [T((c,)), T((c,))] if r.maybe() else [None, None]
    stats = running[0] is None or r.maybe()
    op(T((2, c, *r.sizes(r.randint(1, 2), 2, 3))), *running, *affine, stats, *([0.3] if r.maybe() else []))


def linear_lazy(r, op):
    shape = (r.randint(1, 3), r.randint(1, 4))
    op("LazyLinear", list(shape), r.randint(1, 3), inputs=[T(shape)], **r.some({"bias": r.maybe}))


def reparametrized(kind):
    def make(r, op):
        layer = r.choice(["Linear"] if kind == "orthogonal" else ["Linear", "Conv1d", "Conv2d", "ConvTranspose2d"])
        a, b = r.randint(1, 4), r.randint(1, 4)
        n = {"Linear": 0, "Conv1d": 1}.get(layer, 2)
        options = {}
        if kind == "orthogonal":
            options = {"orthogonal_map": r.choice(["matrix_exp", "cayley", "householder"]),
                       **r.some({"use_trivialization": r.maybe})}
        elif r.maybe(0.4):
            options["dim"] = D(r.randrange(n + 2))
        if "spectral" in kind and r.maybe():
            options["n_power_iterations"] = r.randint(1, 3)
        op(kind, layer, [a, b] + ([2] if n else []), inputs=[T((2, a, *r.sizes(n, 3, 4)))], train=r.maybe(0.7), **options)
    return make


def declare():
    op = ModuleOp(FAMILY, "reparametrized")
    for kind in ("weight_norm", "spectral_norm", "orthogonal", "old_weight_norm", "old_spectral_norm"):
        draw(op, reparametrized(kind), 12)
    for n in (1, 2, 3):
        draw(ModuleOp(FAMILY, "BatchNorm%dd" % n), features(n, flat=n == 1), 14)
        draw(ModuleOp(FAMILY, "InstanceNorm%dd" % n), features(n, unbatched=True), 14)
    op = ModuleOp(FAMILY, "lazy")
    for n in (1, 2, 3):
        draw(op, lazy("LazyBatchNorm%dd" % n, n), 10)
        draw(op, lazy("LazyInstanceNorm%dd" % n, n), 10)
    draw(op, linear_lazy, 10)
    draw(ModuleOp(FAMILY, "cumulative"), lambda r, op: op(3, inputs=[T((r.randint(2, 4), 3, *r.sizes(r.randint(0, 1), 2, 3)))]))
    draw(ModuleOp(FAMILY, "SyncBatchNorm"), lambda r, op: op(
        3, inputs=[T((2, 3, *r.sizes(r.randint(0, 2), 2, 3)))], train=False, **r.some({"eps": lambda: 0.1, "affine": r.maybe})))
    draw(ModuleOp(FAMILY, "GroupNorm"), groups)
    draw(ModuleOp(FAMILY, "RMSNorm"), rms)
    draw(ModuleOp(FAMILY, "LayerNorm"), layer)
    draw(ModuleOp(FAMILY, "LocalResponseNorm"), local_response(True))
    draw(ModuleOp(FAMILY, "CrossMapLRN2d"), local_response(True, True))
    draw(Op(FAMILY, "local_response_norm", tol="reduce", scale="cond", forms="F.local_response_norm"), local_response(False))
    draw(Op(FAMILY, "instance_norm", tol="reduce", scale="cond", forms="F.instance_norm"), instance_norm)
