"""All activation modules, dropouts where nothing is left to chance, products of two inputs. Configurations by chance."""

from sampled import draw
from spec import D, ModuleOp, T

FAMILY = "activation"


def shape_of(r):
    return r.sizes(r.randint(1, 4), 1, 3)


def plain(options, dom="any"):
    def make(r, op):
        shape = shape_of(r)
        layout = r.choice([None, None, "t", "step"]) if len(shape) > 1 else None
        op(inputs=[T(shape, dom, layout=layout)], train=False, **r.some({k: (lambda f=f: f(r)) for k, f in options.items()}))
    return make


def number(*choices):
    return lambda r: r.choice(choices)


ACTIVATIONS = {
    "ReLU": {}, "ReLU6": {}, "Sigmoid": {}, "Tanh": {}, "LogSigmoid": {}, "Softsign": {}, "Tanhshrink": {}, "SELU": {}, "SiLU": {},
    "Mish": {}, "Hardsigmoid": {}, "Hardswish": {}, "LeakyReLU": {"negative_slope": number(0.2, 0.5, -0.1)},
    "ELU": {"alpha": number(0.5, 2.0)}, "CELU": {"alpha": number(0.5, 2.0)}, "GELU": {"approximate": number("none", "tanh")},
    "Softplus": {"beta": number(0.5, 2.0), "threshold": number(1.0, 3.0)}, "Softshrink": {"lambd": number(0.0, 0.3)},
    "Hardshrink": {"lambd": number(0.0, 0.3)}, "RReLU": {"lower": number(0.05, 0.1), "upper": number(0.4, 0.6)},
}


def hardtanh(r, op):
    low = r.choice([-1.5, -0.5, 0.0])
    op(low, low + r.choice([0.5, 1.0, 2.0]), inputs=[T(shape_of(r))])


def along(r, op):
    shape = shape_of(r)
    op(D(r.randrange(-len(shape), len(shape))), inputs=[T(shape)])


def glu(r, op):
    shape = list(shape_of(r))
    d = r.randrange(len(shape))
    shape[d] *= 2
    op(D(d), inputs=[T(tuple(shape))])


def prelu(r, op):
    c = r.randint(1, 3)
    op(r.choice([1, c]), inputs=[T((2, c, *r.sizes(r.randint(0, 2), 1, 3)))], **r.some({"init": lambda: 0.1}))


def dropout(n, choices):
    def make(r, op):
        train = r.maybe()
        op(r.choice(choices) if train else 0.4, inputs=[T((2, r.randint(1, 2), *(r.sizes(n, 1, 3) if n else shape_of(r))))], train=train)
    return make


def bilinear(r, op):
    a, b = r.randint(1, 3), r.randint(1, 3)
    lead = r.sizes(r.randint(1, 2), 1, 3)
    op(a, b, r.randint(1, 3), inputs=[T((*lead, a)), T((*lead, b))], **r.some({"bias": r.maybe}))


def declare():
    for name, options in ACTIVATIONS.items():
        op = ModuleOp(FAMILY, name, tol="elementwise", scale=None if name == "Hardsigmoid" else "cond")
        if name == "Hardsigmoid":
            op.reference = 1e-7  # of its gradient's 1/6
        draw(op, plain(options))
    draw(ModuleOp(FAMILY, "Hardtanh", tol="exact", scale=None), hardtanh)
    draw(ModuleOp(FAMILY, "Threshold", tol="exact", scale=None),
         lambda r, op: op(r.choice([0.1, 0.5, -0.3]), r.choice([-1.5, 0.0, 3.0]), inputs=[T(shape_of(r))]))
    for name in ("Softmax", "LogSoftmax", "Softmin"):
        draw(ModuleOp(FAMILY, name), along)
    draw(ModuleOp(FAMILY, "Softmax2d"), lambda r, op: op(inputs=[T(r.sizes(r.randint(3, 4), 1, 3))]))
    draw(ModuleOp(FAMILY, "GLU", tol="elementwise"), glu)
    draw(ModuleOp(FAMILY, "PReLU", tol="elementwise"), prelu)
    for name, n, choices in (("Dropout", 0, [0.0, 1.0]), ("Dropout1d", 1, [0.0, 1.0]), ("Dropout2d", 2, [0.0, 1.0]),
                             ("Dropout3d", 3, [0.0, 1.0]), ("AlphaDropout", 0, [0.0, 1.0]), ("FeatureAlphaDropout", 2, [0.0, 1.0])):
        draw(ModuleOp(FAMILY, name, tol="elementwise", scale=None), dropout(n, choices))
    draw(ModuleOp(FAMILY, "Bilinear"), bilinear)
