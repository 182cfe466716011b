"""Other sizes, places from grids, shuffled channels, borders, distances. Configurations by chance."""

from sampled import draw
from spec import D, ModuleOp, Op, T

FAMILY = "image"
SMOOTH = {1: ["linear"], 2: ["bilinear", "bicubic"], 3: ["trilinear"]}


def target(r, n):
    if r.maybe():
        return {"size": r.few(2, 6, n)}
    # A scale that is not exactly 2 but gives twice the size has a gradient of scale 2 in PyTorch.
    scales = [0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 2.6]
    return {"scale_factor": r.choice(scales) if r.maybe() else [r.choice(scales) for _ in range(n)]}


def interpolation(r):
    n = r.randint(1, 3)
    mode = r.choice(["nearest", "nearest-exact", "area"] + 2 * SMOOTH[n])
    options = {"mode": mode, **target(r, n)}
    if mode in SMOOTH[n]:
        options["align_corners"] = r.choice([None, True, False])
        if mode.startswith("bi") and r.maybe(0.4):
            options["antialias"] = True
    if "scale_factor" in options and r.maybe(0.3):
        options["recompute_scale_factor"] = True
    if options.get("align_corners", 0) is None:
        del options["align_corners"]
    return n, options


def interpolate(module):
    def make(r, op):
        n, options = interpolation(r)
        x = T((r.randint(1, 2), r.randint(1, 2), *r.sizes(n, 1, 7 - n)), layout=r.choice([None, None, "t"]))
        if "antialias" in options:  # PyTorch takes images of one channel or column for others with the channels last
            x = T((1, 2, *r.sizes(2, 5, 7)))
        if module == "Upsample":
            options.pop("antialias", None)
            if isinstance(options.get("scale_factor"), list):
                options["scale_factor"] = options["scale_factor"][0]
        if module:
            op(inputs=[x], **options)
        else:
            op(x, **options)
    return make


def upsampling(r, op):
    op(inputs=[T((1, 2, *r.sizes(2, 1, 4)))], **({"size": r.few(1, 6, 2)} if r.maybe() else {"scale_factor": r.choice([1, 2, 1.5])}))


def grid_sample(r, op):
    n = r.randint(2, 3)
    x = T((2, r.randint(1, 2), *r.sizes(n, 1, 4)))
    mode = r.choice(["bilinear", "nearest"] + (["bicubic", "bicubic"] if n == 2 else []))
    op(x, T((2, *r.sizes(n, 1, 3), n), "any"), mode, r.choice(["zeros", "border", "reflection"]), r.maybe())


def affine_grid(r, op):
    n = r.randint(2, 3)
    op(T((2, n, n + 1)), [2, 3, *r.sizes(n, 1, 4)], r.maybe())


def shuffle(kind, module):
    def make(r, op):
        f = r.randint(1, 3)
        lead = [(), (2,), (2, 1)][r.randint(0, 2)]
        c, h, w = r.randint(1, 2), r.randint(1, 3), r.randint(1, 3)
        shape = {"up": (*lead, c * f * f, h, w), "down": (*lead, c, h * f, w * f), "mix": (2, c * f, h, w)}[kind]
        if module:
            op(f, inputs=[T(shape)])
        else:
            op(T(shape), f)
    return make


def padding(n, extra):
    def make(r, op):
        x = T((*([2] if r.maybe(0.8) else []), r.randint(1, 2), *r.sizes(n, 3, 6 - n)))
        op(r.randint(0, 2) if r.maybe() else [r.randint(0, 2) for _ in range(2 * n)], *extra(r), inputs=[x])
    return make


def cropped(n, extra):
    """Negative numbers take elements away."""
    def make(r, op):
        op([r.randint(-1, 2) for _ in range(2 * n)], *extra(r), inputs=[T((2, 1, *r.sizes(n, 3, 4)))])
    return make


def distance(name):
    def make(r, op):
        shape = r.sizes(r.randint(1, 3), 2, 4)
        if name == "PairwiseDistance":
            options = r.some({"p": lambda: r.choice([1.0, 2.0, 3.0]), "eps": lambda: 1e-3, "keepdim": r.maybe})
        else:
            options = {"dim": D(r.randrange(len(shape))), **r.some({"eps": lambda: 1e-6})}
        op(inputs=[T(shape, "away"), T(shape, "away")], **options)
    return make


def declare():
    draw(Op(FAMILY, "interpolate", tol="reduce", scale="abs", forms="F.interpolate"), interpolate(None), 60)
    draw(ModuleOp(FAMILY, "interpolated", scale="abs"), interpolate("interpolated"), 20)
    draw(ModuleOp(FAMILY, "Upsample", scale="abs"), interpolate("Upsample"), 30)
    draw(ModuleOp(FAMILY, "UpsamplingNearest2d", tol="exact", scale="abs"), upsampling)
    draw(ModuleOp(FAMILY, "UpsamplingBilinear2d", scale="abs"), upsampling)
    draw(Op(FAMILY, "grid_sample", tol="reduce", scale="cond", forms="F.grid_sample"), grid_sample, 50)
    draw(Op(FAMILY, "affine_grid", tol="reduce", scale="cond", forms="F.affine_grid"), affine_grid, 12)
    for kind, name, function in (("up", "PixelShuffle", "pixel_shuffle"), ("down", "PixelUnshuffle", "pixel_unshuffle"),
                                 ("mix", "ChannelShuffle", "channel_shuffle")):
        draw(ModuleOp(FAMILY, name, tol="exact", scale=None), shuffle(kind, True))
        draw(Op(FAMILY, function, tol="exact", forms=["F." + function, "tensor." + function]), shuffle(kind, False))
    for n in (1, 2, 3):
        for name in ("ReflectionPad", "ReplicationPad", "CircularPad"):
            draw(ModuleOp(FAMILY, "%s%dd" % (name, n), tol="reduce", scale="abs"), padding(n, lambda r: []))
        for name, extra in (("ConstantPad", lambda r: [r.choice([0, 1.5, -2])]), ("ZeroPad", lambda r: [])):
            op = ModuleOp(FAMILY, "%s%dd" % (name, n), tol="exact", scale=None)
            draw(op, padding(n, extra), 7)
            draw(op, cropped(n, extra), 5)
    for name in ("CosineSimilarity", "PairwiseDistance"):
        draw(ModuleOp(FAMILY, name), distance(name), 12)
    draw(Op(FAMILY, "pdist", tol="reduce", scale=None, forms=["F.pdist", "tensor.pdist"]),
         lambda r, op: op(T((r.randint(1, 4), r.randint(1, 3)), "distinct"), *([r.choice([1.0, 2.0, 3.0])] if r.maybe() else [])))
