"""Pools of all kinds in one to three dimensions, and the way back. Configurations by chance."""

from sampled import draw
from spec import ModuleOp, Op, T

FAMILY = "pool"


def volume(r, n, dom, low=3, high=None):
    batch = [r.randint(1, 2)] if r.maybe(0.8) else []
    return T((*batch, r.randint(1, 2), *r.sizes(n, low, high or 8 - n)), dom, layout=r.choice([None, None, None, "t"]) if n > 1 else None)


def window(r, n, more):
    options = {"stride": lambda: r.few(1, 3, n), "padding": lambda: r.few(0, 1, n), "ceil_mode": r.maybe, **more}
    return r.few(1, 3, n), r.some(options)


def plain(n, dom, module, more):
    def make(r, op):
        kernel, options = window(r, n, more(r, n))
        if module:
            op(kernel, inputs=[volume(r, n, dom)], **options)
        else:
            op(volume(r, n, dom), kernel, **options)
    return make


def max_more(r, n):
    return {"dilation": lambda: r.few(1, 2, n), "return_indices": r.maybe}


def avg_more(r, n):
    more = {"count_include_pad": r.maybe}
    return more if n == 1 else {**more, "divisor_override": lambda: r.choice([1, 3, 7])}


def adaptive(n, dom, module, indices):
    def make(r, op):
        options = r.some({"return_indices": r.maybe}) if indices else {}
        x, size = volume(r, n, dom), r.few(1, 4, n)
        if module:
            op(size, inputs=[x], **options)
        else:
            op(x, size, **options)
    return make


def power(n, module):
    def make(r, op):
        p, kernel = r.choice([1, 2, 2.0, 3, 1.5]), r.few(1, 3, n)
        options = r.some({"stride": lambda: r.few(1, 2, n), "ceil_mode": r.maybe})
        x = volume(r, n, "positive")
        if module:
            op(p, kernel, inputs=[x], **options)
        else:
            op(x, p, kernel, **options)
    return make


def unpooled(n):
    def make(r, op):
        kernel = r.randint(2, 3)
        op(n, kernel, r.choice([None, kernel]), r.choice([0, 0, 1]) if r.maybe() else 0, r.maybe(),
           inputs=[volume(r, n, "distinct", kernel + 1)])
    return make


def fractional(n, module):
    def make(r, op):
        kernel = r.few(1, 2, n)
        shape = (r.randint(1, 2), r.randint(1, 2), *r.sizes(n, 4, 8 - n))
        options = {"output_size": r.few(1, 3, n)} if r.maybe() else {"output_ratio": [r.choice([0.4, 0.5, 0.6, 0.75]) for _ in range(n)]}
        samples = T((*shape[:2], n), "prob", grad=False)
        if module:
            op(n, kernel, inputs=[T(shape, "distinct"), samples], **options)
        else:
            op(T(shape, "distinct"), kernel, return_indices=r.maybe(), _random_samples=samples, **options)
    return make


def declare():
    for n in (1, 2, 3):
        if n != 2:
            draw(Op(FAMILY, "max_pool%dd" % n, tol="exact", forms="F.max_pool%dd" % n, index_out=(1,)),
                 plain(n, "distinct", False, max_more), 20)
            draw(Op(FAMILY, "avg_pool%dd" % n, tol="reduce", scale="abs", forms="F.avg_pool%dd" % n), plain(n, "any", False, avg_more), 20)
            draw(Op(FAMILY, "adaptive_avg_pool%dd" % n, tol="reduce", scale="abs", forms="F.adaptive_avg_pool%dd" % n),
                 adaptive(n, "any", False, False))
        draw(ModuleOp(FAMILY, "MaxPool%dd" % n, tol="exact", scale=None, index_out=(1,)), plain(n, "distinct", True, max_more), 14)
        draw(ModuleOp(FAMILY, "AvgPool%dd" % n, scale="abs"), plain(n, "any", True, avg_more), 14)
        draw(ModuleOp(FAMILY, "AdaptiveAvgPool%dd" % n, scale="abs"), adaptive(n, "any", True, False))
        draw(ModuleOp(FAMILY, "AdaptiveMaxPool%dd" % n, tol="exact", scale=None, index_out=(1,)), adaptive(n, "distinct", True, True))
        draw(Op(FAMILY, "adaptive_max_pool%dd" % n, tol="exact", forms="F.adaptive_max_pool%dd" % n, index_out=(1,)),
             adaptive(n, "distinct", False, True))
        draw(ModuleOp(FAMILY, "LPPool%dd" % n), power(n, True))
        draw(Op(FAMILY, "lp_pool%dd" % n, tol="reduce", scale="cond", forms="F.lp_pool%dd" % n), power(n, False))
    op = ModuleOp(FAMILY, "unpooled", tol="exact", scale=None)
    for n in (1, 2, 3):
        draw(op, unpooled(n), 10)
    op = ModuleOp(FAMILY, "fractional", tol="exact", scale=None, index_out=(1,))
    for n in (2, 3):
        draw(op, fractional(n, True), 10)
        draw(Op(FAMILY, "fractional_max_pool%dd" % n, tol="exact", forms="F.fractional_max_pool%dd" % n, index_out=(1,)), fractional(n, False))
