"""Reductions over any dimensions, and scans. Gradients of var, std and norm avoid their singular points."""

from sampled import MATRICES, SHAPES, each
from spec import D, Dtype, Op, T

FAMILY = "reduce"


def dims(op, dom=None, many=True, zero=True, whole=True, **kw):
    """The common walk over dimensions; `many`: lists of dimensions, `zero`: empty reductions are defined."""
    if whole:
        op(T((7,), dom), **kw)
        op(T((), dom), **kw)
        op(T((3, 4), dom), **kw)
        op(T((2, 3, 4), dom, layout="rev"), **kw)
        op(T((101,), dom), **kw)
        if zero:
            op(T((0,), dom), **kw)
            op(T((2, 0), dom), **kw)
    op(T((7,), dom), D(0), **kw)
    op(T((3, 4), dom), D(0), **kw)
    op(T((3, 4), dom), D(1), **kw)
    op(T((3, 4), dom), D(-1), **kw, keepdim=True)
    op(T((2, 3, 4), dom), D(1), True, **kw)
    op(T((2, 3, 4), dom), D(0), **kw)
    op(T((2, 3, 4), dom), D(-2), **kw)
    op(T((3, 4), dom, layout="t"), D(0), **kw)
    op(T((3, 5), dom, layout="step"), D(1), **kw)
    op(T((2, 3, 4), dom, layout="rev"), D(1), **kw)
    op(T((3, 4), dom, layout="off"), D(0), keepdim=True, **kw)
    op(T((5, 40), dom), D(1), **kw)
    op(T((40, 5), dom), D(0), **kw)
    op(T((0, 3), dom), D(1), **kw)
    if zero:
        op(T((3, 0), dom), D(1), **kw)
        op(T((0, 3), dom), D(0), **kw)
    if many:
        op(T((2, 3, 4), dom), [D(0), D(2)], **kw)
        op(T((2, 3, 4), dom), [D(1), D(-1)], **kw, keepdim=True)
        op(T((2, 3, 4), dom), [D(0), D(1), D(2)], **kw)
        op(T((2, 3, 4, 2), dom, layout="rev"), [D(1), D(3)], **kw)
        op(T((3, 4), dom), dim=[D(1)], **kw)


def integers(op, dtypes=("int64", "bool"), **kw):
    for dtype in dtypes:
        op(T((3, 4), dtype=dtype), **kw)
        op(T((3, 4), dtype=dtype, layout="t"), D(1), **kw)


def declare():
    op = Op(FAMILY, "sum", tol="reduce", scale="abs", forms=["tensor.sum", ":sum"])
    dims(op)
    integers(op)
    op(T((3, 4)), [])
    op(T((4,), dtype="uint8"))
    op(T((3, 4)), D(0), dtype=Dtype("float64"))
    op(T((3, 4), dtype="int64"), dtype=Dtype("float64"))
    op(T((3, 4), layout=("expand", 0)), D(0))
    op(T((1000,), "wide"), _scale="abs")
    op = Op(FAMILY, "mean", tol="reduce", scale="abs", forms=["tensor.mean", ":mean"])
    dims(op, zero=False)
    op(T((3, 4), dtype="int64"), dtype=Dtype("float64"))
    op(T((3, 4), layout=("expand", 0)), D(0))
    op(T((3, 4)), dtype=Dtype("float64"))
    op = Op(FAMILY, "nansum", tol="reduce", scale="abs", forms=["tensor.nansum", ":nansum"], grad=False)
    for s in ((15,), (3, 5), (2, 3, 5)):
        op(T(s))
        op(T(s, "positive", layout="step"), D(0))
        op(T(s), D(-1), keepdim=True)
    op(T((0,)))
    for name in ("var", "std"):
        op = Op(FAMILY, name, tol="reduce", scale="cond", forms=["tensor." + name, ":" + name])
        op(T((7,)))
        op(T((3, 4)))
        op(T((3, 4)), D(0))
        op(T((3, 4)), D(1), keepdim=True)
        op(T((2, 3, 4)), [D(0), D(2)])
        op(T((2, 3, 4)), D(-1))
        op(T((3, 4), layout="t"), D(1))
        op(T((3, 5), layout="step"), D(0))
        op(T((2, 3, 4), layout="rev"), [D(0), D(1)], keepdim=True)
        op(T((3, 4)), correction=0)
        op(T((3, 4)), D(1), correction=0)
        op(T((3, 4)), D(1), correction=2)
        op(T((5, 6)), D(0), unbiased=False)
        op(T((5, 6)), D(0), True)
        op(T((5, 6)), False)
        op(T((0, 3)), D(1))
        op(T((5, 40)), D(1))
        op(T((64,)))
        op(T((3, 4, 2)), [D(1), D(2)], correction=0, keepdim=True)
    for name in ("var_mean", "std_mean"):
        op = Op(FAMILY, name, tol="reduce", scale="cond", forms="tensor." + name)
        op(T((7,)))
        op(T((3, 4)))
        op(T((3, 4)), D(0))
        op(T((3, 4)), D(1), keepdim=True)
        op(T((2, 3, 4)), [D(0), D(2)])
        op(T((2, 3, 4)), D(-1))
        op(T((3, 4), layout="t"), D(1))
        op(T((3, 5), layout="step"), D(0))
        op(T((3, 4)), D(1), correction=0)
        op(T((3, 4)), D(1), unbiased=False)

    for name in ("max", "min"):
        op = Op(FAMILY, name, tol="exact", forms=["tensor." + name, ":" + name], index_out=(1,))
        dims(op, "distinct", many=False, zero=False)
        op(T((3, 4), "shuffled", "int64", n=13))
        op(T((3, 4), "shuffled", "int64", n=13), D(1))
        op(T((4,), dtype="bool"))
        op(T((3,), "distinct"), T((3,), "any"))                # the elementwise form
        op(T((3, 4), "distinct"), T((4,), "any"))
    for name in ("argmax", "argmin"):
        op = Op(FAMILY, name, tol="exact", forms=["tensor." + name, ":" + name], index_out=(0,), grad=False)
        dims(op, "distinct", many=False, zero=False)
        op(T((3, 4), "shuffled", "int64", n=13))
        op(T((3, 4), "shuffled", "int64", n=13), D(1))
        op(T((2, 3, 4), "distinct"), keepdim=True)
        op(T((15,), "special"))                                # a nan wins
    for name in ("amax", "amin"):
        op = Op(FAMILY, name, tol="exact", forms=["tensor." + name, ":" + name])
        dims(op, "distinct", zero=False)
        op(T((3, 4), dtype="int64"))
        op(T((3, 4), dtype="int64"), D(1))
        op(T((3, 4), dtype="bool"), D(1))
        op(T((6, 4), "int"), D(0))                             # ties share the gradient
    op = Op(FAMILY, "aminmax", tol="exact", forms=["tensor.aminmax", ":aminmax"])
    for s in ((3,), (3, 4), (2, 3, 4), ()):
        op(T(s, "distinct"))
    for d in (0, 1, -1):
        op(T((3, 4), "distinct"), dim=D(d))
        op(T((3, 4), "distinct", layout="t"), dim=D(d), keepdim=True)

    op = Op(FAMILY, "prod", tol="reduce", scale="cond", forms=["tensor.prod", ":prod"])
    dims(op, "away", many=False)
    op(T((6,), "int"))                                          # may hold a zero
    op(T((3, 4), "int"), D(1))
    op(T((5,), "zero"))
    op(T((3, 4), "nonzero", "int64"))
    op(T((3, 4), "nonzero", "int64"), D(1))
    op(T((4,), dtype="bool"))

    op = Op(FAMILY, "norm", tol="reduce", scale="cond", forms=["tensor.norm", ":norm"])
    op(T((7,)))
    op(T((3, 4)))
    op(T((2, 3, 4)), 2)
    op(T((3, 4)), 2, D(1))
    op(T((3, 4)), 1, D(0))
    op(T((3, 4)), 3, D(-1), True)
    op(T((3, 4)), p=2, dim=D(0), keepdim=True)
    op(T((2, 3, 4)), 2, [D(0), D(2)])
    op(T((3, 4), "distinct"), float("inf"), D(1))
    op(T((3, 4), "distinct"), float("-inf"), D(1))
    op(T((3, 4)), "fro")
    op(T((3, 4)), 0, D(1))
    op(T((3, 4), layout="t"), 2, D(0))
    op(T((3, 5), layout="step"), 1.5, D(0))
    op(T(()))
    op(T((0, 3)), 2, D(0))
    op(T((5,), "zero", grad=False))
    op = Op(FAMILY, "linalg.norm", tol="reduce", scale="cond", forms="tensor.linalg.norm")
    op(T((7,)))
    op(T((3, 4)))
    op(T((2, 3, 4)))
    op(T((7,)), 1)
    op(T((7,)), 3)
    op(T((7,), "distinct"), float("inf"))
    op(T((3, 4)), dim=D(1))
    op(T((3, 4)), 1, D(0))
    op(T((3, 4)), "fro")
    op(T((3, 4), layout="t"), 2, D(-1), True)
    op = Op(FAMILY, "linalg.vector_norm", tol="reduce", scale="cond", forms="tensor.linalg.vector_norm")
    op(T((7,)))
    op(T((3, 4)))
    op(T((3, 4)), 1)
    op(T((3, 4)), 3, D(1))
    op(T((3, 4)), 2, [D(0), D(1)])
    op(T((2, 3, 4)), 2, [D(0), D(2)], True)
    op(T((3, 4), "distinct"), float("inf"), D(0))
    op(T((3, 4)), 0)
    op(T((3, 4), layout="t"), 0.5, D(0))
    op(T((0, 3)), 2)

    for name in ("cumsum",):
        op = Op(FAMILY, name, tol="reduce", scale="abs")
        op(T((7,)), D(0))
        op(T((3, 4)), D(0))
        op(T((3, 4)), D(1))
        op(T((3, 4)), D(-1))
        op(T((2, 3, 4)), D(1))
        op(T(()), D(0))
        op(T((0, 3)), D(0))
        op(T((3, 4), layout="t"), D(1))
        op(T((3, 5), layout="step"), D(0))
        op(T((3, 4), layout=("expand", 0)), D(0))
        op(T((100,)), D(0))
        op(T((4,), dtype="int64"), D(0))
        op(T((4,), dtype="bool"), D(0))
        op(T((4,)), D(0), dtype=Dtype("float64"))
    op = Op(FAMILY, "cumprod", tol="reduce", scale="cond")
    for s, d in (((7,), 0), ((3, 4), 0), ((3, 4), 1), ((3, 4), -1), ((2, 3, 4), 1), ((0, 3), 0)):
        op(T(s, "away"), D(d))
    op(T(()), D(0))
    op(T((3, 4), "away", layout="t"), D(1))
    op(T((3, 5), "away", layout="step"), D(0))
    op(T((4,), "nonzero", "int64"), D(0))

    op = Op(FAMILY, "logsumexp", tol="reduce", scale="cond", forms=["tensor.logsumexp", ":logsumexp"])
    op(T((7,)), D(0))
    op(T((3, 4)), D(0))
    op(T((3, 4)), D(1))
    op(T((3, 4)), D(-1), True)
    op(T((2, 3, 4)), [D(0), D(2)])
    op(T((2, 3, 4)), [D(0), D(1), D(2)], keepdim=True)
    op(T((3, 4), layout="t"), D(1))
    op(T((3, 5), layout="step"), D(0))
    op(T((2, 3, 4), "wide", layout="rev"), D(1))
    op(T(()), D(0))
    op(T((0, 3)), D(1))
    op(T((5, 40), "wide"), D(1))
    op(T((3, 0)), D(1), _scale=None, _forms=["tensor.logsumexp", ":logsumexp"])

    for name in ("all", "any"):
        op = Op(FAMILY, name, tol="exact", forms=["tensor." + name, ":" + name], grad=False)
        for dtype in ("bool", "int64", "float"):
            op(T((3, 4), dtype=dtype, grad=False), D(0))
            op(T((3, 4), dtype=dtype, grad=False, layout="t"), D(1), True)
        op(T((2, 3, 4), dtype="bool"), D(-1))
        op(T((2, 3), "one", "bool"), D(1))
        op(T((2, 3), "zero", "bool"), D(1))
        op(T((3, 0), dtype="bool"), D(1))
        op(T((0, 3), dtype="bool"), D(1))
        op(T((2, 3, 4), dtype="bool"), [D(0), D(1)])
        op(T((2, 3, 4), dtype="bool", layout="step"), dim=D(1), keepdim=True)
        op = Op(FAMILY, name + "_whole", tol="exact", forms=["tensor." + name, ":" + name], grad=False, plain=True)
        for dtype in ("bool", "int64", "float"):
            op(T((3, 4), dtype=dtype, grad=False))
            op(T((3, 4), "one", dtype=dtype, grad=False))
            op(T((3, 4), "zero", dtype=dtype, grad=False, layout="t"))
        op(T((0,), dtype="bool"))
        op(T((), "one", "bool"))
        op(T((), "zero", "bool"))
    op = Op(FAMILY, "count_nonzero", tol="exact", forms=["tensor.count_nonzero", ":count_nonzero"], grad=False)
    for s in ((7,), (3, 4), (0,), ()):
        op(T(s, "int"))
        op(T(s, dtype="bool"))
    op(T((3, 4), "int"), D(0))
    op(T((3, 4), "int", layout="t"), D(1))
    for name in ("equal", "allclose"):
        op = Op(FAMILY, name, tol="exact", forms=["tensor." + name, ":" + name], grad=False)
        for s in ((3,), (2, 3), (), (0,), (67,)):
            op(T(s, "one"), T(s, "one"))
            op(T(s, "zero"), T(s, "one"))
    op = Op(FAMILY, "item", tol="exact", forms=":item", grad=False)
    for s in ((), (1,), (1, 1)):
        for dtype in ("float", "int64", "bool", "uint8"):
            op(T(s, dtype=dtype, grad=False))

    more_shapes(lambda name: Op.registry[(FAMILY, name)])


def more_shapes(op):
    """The same operations over the common shapes."""
    spread = [s for s in SHAPES if s[-1] > 2]
    for name in ("var", "std", "var_mean", "std_mean"):
        each(op(name), spread + [(4, 3), (2, 9)], lambda o, s: o(T(s), D(-1)))
        op(name)(T((0, 3)), D(1))
        op(name)(T((3, 0)), D(1), _scale=None)
    each(op("aminmax"), SHAPES, lambda o, s: o(T(s, "distinct"), dim=D(-1)))
    op("aminmax")(T((3, 4), "shuffled", "int64", n=13))
    op("aminmax")(T((0, 4), "distinct"), dim=D(-1))
    for name in ("norm", "linalg.vector_norm"):
        each(op(name), SHAPES, lambda o, s: o(T(s, "away"), 2, D(-1)))
    each(op("linalg.norm"), SHAPES, lambda o, s: o(T(s, "away"), dim=D(-1)))
    for name in ("cumsum", "cumprod", "logsumexp"):
        each(op(name), SHAPES, lambda o, s: o(T(s, "away"), D(-1)))
    for name in ("all", "any"):
        each(op(name), SHAPES, lambda o, s: o(T(s, dtype="bool"), D(-1)))
        op(name)(T((), "one", "bool"), D(0))
    for name in ("all_whole", "any_whole", "count_nonzero"):
        each(op(name), SHAPES, lambda o, s: o(T(s, dtype="bool")))
    for name in ("equal", "allclose"):
        each(op(name), SHAPES, lambda o, s: o(T(s, "one"), T(s, "one", layout="step")))
        op(name)(T((3,), "one", "int64"), T((3,), "one", "int64"))
        op(name)(T((2, 3), layout="t", grad=False), T((2, 3), grad=False))
    each(op("prod"), MATRICES, lambda o, s: o(T(s, "away"), D(0)))
