"""Convolution in one to three dimensions, plain, transposed and lazy; blocks as columns. Configurations by chance."""

from sampled import draw
from spec import ModuleOp, Op, T

FAMILY = "conv"


def conv(n):
    def make(r, op):
        groups = r.choice([1, 1, 2])
        c, k = groups * r.randint(1, 2), groups * r.randint(1, 2)
        options = r.some({"stride": lambda: r.few(1, 2, n), "dilation": lambda: r.few(1, 2, n), "bias": r.maybe}, 0.4)
        options["padding"] = r.choice([0, r.few(0, 2, n), "same", "valid"])
        options["padding_mode"] = r.choice(["zeros", "zeros", "reflect", "replicate", "circular"])
        batch = [r.randint(1, 2)] if r.maybe(0.8) else []
        op(c, k, r.few(1, 3, n), groups=groups, inputs=[T((*batch, c, *r.sizes(n, 3, 7 - n)), layout=r.choice([None, None, "t"]))],
           **options)
    return make


def transposed(n):
    def make(r, op):
        groups = r.choice([1, 1, 2])
        c, k = groups * r.randint(1, 2), groups * r.randint(1, 2)
        options = r.some({"stride": lambda: r.few(1, 3, n), "padding": lambda: r.few(0, 1, n), "bias": r.maybe,
                          "output_padding": lambda: r.few(0, 1, n), "dilation": lambda: r.few(1, 2, n)})
        batch = [r.randint(1, 2)] if r.maybe(0.8) else []
        op(c, k, r.few(1, 3, n), groups=groups, inputs=[T((*batch, c, *r.sizes(n, 2, 5 - n)))], **options)
    return make


def sized(n):
    """With output_size in place of output_padding."""
    def make(r, op):
        stride, kernel = r.randint(2, 3), r.randint(2, 3)
        size = r.sizes(n, 2, 3)
        output = [(s - 1) * stride + kernel + r.randint(0, stride - 1) for s in size]
        op(2, 1, kernel, stride=stride, inputs=[T((1, 2, *size)), output])
    return make


def functional(n, back):
    def make(r, op):
        groups = r.choice([1, 1, 2])
        c, k = groups * r.randint(1, 2), r.randint(1, 2)
        weight = (c, k) if back else (groups * k, c // groups)
        options = r.some({"stride": lambda: r.few(1, 2, n), "padding": lambda: r.few(0, 1, n), "dilation": lambda: r.few(1, 2, n)})
        bias = T((groups * k,)) if r.maybe() else None
        op(T((r.randint(1, 2), c, *r.sizes(n, 3, 6 - n))), T((*weight, *r.sizes(n, 1, 3))), bias, groups=groups, **options)
    return make


def lazy(name, n):
    def make(r, op):
        shape = (2, r.randint(1, 2), *r.sizes(n, 3, 7 - n))
        op(name, list(shape), r.randint(1, 2), r.few(1, 3, n), inputs=[T(shape)],
           **r.some({"stride": lambda: 2, "bias": r.maybe, "padding": lambda: 1}))
    return make


def time_first(r, op):
    c, k, kernel = r.randint(1, 3), r.randint(1, 3), r.randint(1, 3)
    op(T((r.randint(3, 5), r.randint(1, 2), c)), T((kernel, c, k)), T((k,)), r.randint(0, 2))


def blocks(r):
    return r.few(1, 3, 2), r.some({"dilation": lambda: r.few(1, 2, 2), "padding": lambda: r.few(0, 2, 2),
                                   "stride": lambda: r.few(1, 3, 2)})


def unfold(module):
    def make(r, op):
        kernel, options = blocks(r)
        x = T((r.randint(1, 2), r.randint(1, 2), *r.sizes(2, 3, 5)))
        if module:
            op(kernel, inputs=[x], **options)
        else:
            op(x, kernel, **options)
    return make


def fold(module):
    def make(r, op):
        kernel, options = blocks(r)
        size = r.sizes(2, 3, 5)
        pairs = {k: v if isinstance(v, list) else [v, v] for k, v in {"kernel": kernel, "dilation": 1, "padding": 0, "stride": 1, **options}.items()}
        count = 1
        for d in range(2):
            count *= (size[d] + 2 * pairs["padding"][d] - pairs["dilation"][d] * (pairs["kernel"][d] - 1) - 1) // pairs["stride"][d] + 1
        x = T((2, r.randint(1, 2) * pairs["kernel"][0] * pairs["kernel"][1], max(count, 0)))
        if module:
            op(list(size), kernel, inputs=[x], **options)
        else:
            op(x, list(size), kernel, **options)
    return make


def declare():
    for n in (1, 2, 3):
        draw(ModuleOp(FAMILY, "Conv%dd" % n, scale="abs"), conv(n), 20)
        op = ModuleOp(FAMILY, "ConvTranspose%dd" % n, scale="abs")
        draw(op, transposed(n), 14)
        draw(op, sized(n), 4)
        draw(Op(FAMILY, "conv%dd" % n, tol="reduce", scale="abs", forms=["F.conv%dd" % n, "tensor.conv%dd" % n]), functional(n, False))
        draw(Op(FAMILY, "conv_transpose%dd" % n, tol="reduce", scale="abs",
                forms=["F.conv_transpose%dd" % n, "tensor.conv_transpose%dd" % n]), functional(n, True))
    op = ModuleOp(FAMILY, "lazy", scale="abs")
    for n in (1, 2, 3):
        draw(op, lazy("LazyConv%dd" % n, n), 10)
        draw(op, lazy("LazyConvTranspose%dd" % n, n), 10)
    draw(Op(FAMILY, "conv_tbc", tol="reduce", scale="abs", forms=["F.conv_tbc", "tensor.conv_tbc"]), time_first)
    draw(ModuleOp(FAMILY, "Unfold", tol="exact", scale="abs"), unfold(True))
    draw(ModuleOp(FAMILY, "Fold", scale="abs"), fold(True))
    draw(Op(FAMILY, "unfold", tol="exact", scale="abs", forms="F.unfold"), unfold(False))
    draw(Op(FAMILY, "fold", tol="reduce", scale="abs", forms="F.fold"), fold(False))
