"""Functions of tensors beyond the first families: special functions, quantiles, products, pieces put together."""

from spec import D, Dtype, Op, T

FAMILY = "tensorfuncs"
SHAPES = [(7,), (3, 4), (2, 3, 4), (), (0, 3), (1,), (2, 1, 3)]


def each(op, make):
    for shape in SHAPES:
        op(make(shape))
    op(make((3, 4), layout="t"))
    op(make((3, 5), layout="step"))
    op(make((3, 4), layout="off"))
    return op


def unary(name, dom, forms="auto", tol="elementwise", **kwargs):
    return each(Op(FAMILY, name, forms=forms, tol=tol, scale="cond", **kwargs), lambda s, **k: T(s, dom, **k))


def binary(name, a, b, forms="auto", dtype="float", grad=True, tol="elementwise", **kwargs):
    op = Op(FAMILY, name, forms=forms, tol=tol, scale="cond" if grad else None, grad=grad, **kwargs)
    for x, y in (((7,), (7,)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((2, 3, 4), (3, 1)), ((), (3,)), ((0, 3), (3,)), ((1,), (1,)),
                 ((5, 2), (5, 2)), ((4,), (2, 4)), ((2, 2), ())):
        op(T(x, a, dtype), T(y, b, dtype))


def special():
    unary("lgamma", "above1", tol="reduce")
    unary("digamma", "above1", tol="reduce", reference=4e-9)
    for name, dom in (("ndtr", "any"), ("log_ndtr", "any"), ("i0e", "away"), ("i1e", "away"), ("erfcx", "positive"), ("entr", "positive"),
                      ("expit", "any"), ("i1", "away")):
        unary("special." + name, dom, forms="tensor.special." + name, tol="reduce")
    unary("special.ndtri", "prob", forms="tensor.special.ndtri", tol="reduce")
    unary("i0", "away", tol="reduce")
    unary("sinc", "away", tol="reduce")
    unary("logit", "prob", tol="reduce")
    binary("xlogy", "any", "positive")
    binary("special.xlog1py", "any", "positive", forms="tensor.special.xlog1py")
    binary("logaddexp", "any", "any")
    binary("logaddexp2", "any", "any")
    binary("copysign", "away", "away")
    binary("fmax", "distinct", "distinct")
    binary("fmin", "distinct", "distinct")
    binary("gcd", "int", "int", dtype="int64", grad=False, tol="exact")
    binary("lcm", "int", "int", dtype="int64", grad=False, tol="exact")
    unary("deg2rad", "any")
    unary("rad2deg", "any")
    op = Op(FAMILY, "special.gammainc", forms="tensor.special.gammainc", tol="reduce", scale="cond")
    for shape in SHAPES + [(3, 3), (2, 2), (4,)]:
        op(T(shape, "positive", grad=False), T(shape, "positive"))
    op = Op(FAMILY, "special.zeta", forms="tensor.special.zeta", tol="reduce", scale="cond", reference=1e-9)
    for shape in SHAPES + [(3, 3), (2, 2), (4,)]:
        op(T(shape, "above1", grad=False), T(shape, "above1", grad=False))


def statistics():
    op = Op(FAMILY, "quantile", tol="reduce", scale="cond")
    for q in (0.0, 0.25, 0.5, 0.9, 1.0):
        op(T((7,), "distinct"), q)
        op(T((3, 4), "distinct"), q, D(1))
    for kind in ("lower", "higher", "midpoint", "nearest", "linear"):
        op(T((3, 5), "distinct"), 0.4, D(0), interpolation=kind)
    op(T((2, 5), "distinct"), 0.6, D(1), True)
    op(T((2, 5), "distinct"), T((3,), "prob", grad=False), D(1))
    op(T((2, 5), "distinct"), T((3,), "prob", grad=False), D(0), True)
    op = Op(FAMILY, "logcumsumexp", tol="reduce", scale="cond")
    for shape, dim in (((7,), 0), ((3, 4), 0), ((3, 4), 1), ((3, 4), -1), ((2, 3, 4), 1), ((), 0), ((1,), 0), ((5, 1), 1), ((2, 2), 0), ((6,), -1)):
        op(T(shape), D(dim))
    op = Op(FAMILY, "cov", tol="reduce", scale="cond")
    for shape in ((2, 5), (3, 4), (5,), (1, 6), (4, 3), (2, 2)):
        op(T(shape))
    op(T((2, 5)), correction=0)
    op(T((2, 4)), aweights=T((4,), "positive"))
    op(T((2, 4)), fweights=T((4,), "posint", "int64"))
    op(T((2, 4)), fweights=T((4,), "posint", "int64"), aweights=T((4,), "positive"), correction=0)
    op(T((2, 4)), fweights=T((4,), "posint", "int64"), aweights=T((4,), "positive"))
    op = Op(FAMILY, "corrcoef", tol="reduce", scale="cond")
    for shape in ((2, 5), (3, 4), (1, 6), (4, 7), (2, 6), (3, 9), (2, 7), (5, 8), (2, 8), (3, 5)):
        op(T(shape, "distinct", grad=False))
    op = Op(FAMILY, "nanmean", tol="reduce", scale="cond")
    for shape in ((7,), (3, 4), (2, 3, 4), (1,), (5, 2)):
        op(T(shape))
        op(T(shape), D(0), True)
    op = Op(FAMILY, "trapezoid", tol="reduce", scale="cond")
    for shape in ((7,), (3, 4), (2, 3, 4), (2, 2), (1, 5)):
        op(T(shape))
        op(T(shape), T(shape[-1:], "distinct"))
    op = Op(FAMILY, "trace", tol="reduce", scale="abs")
    for shape in ((3, 3), (2, 4), (4, 2), (1, 1), (0, 0), (5, 5), (3, 1), (1, 3), (2, 2), (6, 4)):
        op(T(shape))


def products():
    op = Op(FAMILY, "kron", tol="reduce", scale="abs")
    for a, b in (((2, 3), (3, 2)), ((2,), (3,)), ((2,), (3, 2)), ((2, 2, 2), (2,)), ((), (3,)), ((1, 3), (2, 1)), ((3, 3), (2, 2)), ((4,), (1,)),
                 ((2, 1), (1, 2)), ((0, 2), (2, 2))):
        op(T(a), T(b))
    op = Op(FAMILY, "tensordot", tol="reduce", scale="abs")
    for a, b, n in (((2, 3), (3, 4), 1), ((2, 3, 4), (3, 4), 2), ((2,), (3,), 0), ((3,), (3,), 1), ((2, 3, 4), (4, 5), 1), ((2, 2), (2, 2), 2)):
        op(T(a), T(b), n)
    op(T((2, 3, 4)), T((4, 3)), [[D(1), D(2)], [D(1), D(0)]])
    op(T((2, 3)), T((4, 3)), [[D(1)], [D(1)]])
    op(T((2, 3)), T((4, 2)), [[D(0)], [D(1)]])
    op(T((2, 3, 4)), T((3, 5, 2)), [[D(0), D(1)], [D(2), D(0)]])
    op = Op(FAMILY, "inner", tol="reduce", scale="abs")
    for a, b in (((3,), (3,)), ((2, 3), (4, 3)), ((2, 3), (3,)), ((3,), (4, 3)), ((2, 2, 3), (4, 3)), ((), (3,)), ((), ()), ((1, 1), (1, 1)), ((5, 2), (5, 2)),
                 ((2, 4), (4,))):
        op(T(a), T(b))
    op = Op(FAMILY, "addr", tol="reduce", scale="abs")
    for a in ((2, 3), (3,), (2, 1), (), (1, 3)):
        op(T(a), T((2,)), T((3,)))
        op(T(a), T((2,)), T((3,)), beta=0.5, alpha=2)
    op = Op(FAMILY, "unfold", forms=":unfold", tol="exact", scale="abs")
    for shape, args in (((7,), (0, 2, 1)), ((7,), (0, 3, 2)), ((3, 6), (1, 2, 2)), ((6, 3), (0, 4, 1)), ((2, 5, 3), (1, 3, 2)), ((5,), (0, 5, 1)), ((4, 4), (-1, 2, 1)),
                        ((4, 4), (-2, 3, 1)), ((8,), (0, 1, 3)), ((2, 9), (1, 4, 5))):
        op(T(shape), D(args[0]), args[1], args[2])
    op = Op(FAMILY, "unique_consecutive", tol="exact", grad=False)
    for shape in ((12,), (3, 5), (1,), (20,), (2, 2, 3)):
        op(T(shape, "bool", "int64"))
        op(T(shape, "posint", "int64"))
    op = Op(FAMILY, "block_diag", forms="tensor.block_diag", tol="exact", scale="abs")
    for shapes in (((2, 3), (1, 2)), ((2,), (3, 1)), ((), (2, 2)), ((1, 1),), ((2, 2), (2, 2), (1, 3)), ((3,),), ((1, 2), ()), ((2, 1), (1, 2), (2,)), ((4, 4),),
                   ((1, 5), (5, 1))):
        op(*[T(s) for s in shapes])


def slices():
    op = Op(FAMILY, "unique", tol="exact", grad=False, index_out=(1,))
    for shape, dim in (((6, 2), 0), ((2, 6), 1), ((9, 1), 0), ((5, 2, 2), 0), ((2, 5, 1), 1), ((12, 3), -2), ((7,), 0), ((0, 3), 0), ((1, 4), 1),
                       ((3, 3), -1)):
        op(T(shape, "bool", "int64"), True, True, True, D(dim))
        op(T(shape, "bool", "int64"), dim=D(dim))
    op = Op(FAMILY, "index_reduce", tol="reduce", scale="abs")
    for reduce in ("prod", "mean", "amax", "amin"):
        for shape, dim, n in (((4,), 0, 6), ((3, 2), 0, 5), ((2, 4, 3), 1, 7)):
            size, source = shape[dim], shape[:dim] + (n,) + shape[dim + 1:]
            dom = "distinct" if reduce[0] == "a" else "positive"
            op(T(shape, dom), D(dim), T((n,), "index", "int64", n=size), T(source, dom), reduce)
            op(T(shape, dom), D(dim - len(shape)), T((n,), "index", "int64", n=size), T(source, dom), reduce, include_self=False)
    op = Op(FAMILY, "gradient", tol="reduce", scale="cond")
    for shape, dim in (((7,), None), ((3, 4), None), ((5, 3), 0), ((3, 6), -1), ((3, 4, 3), 1)):
        more = {} if dim is None else {"dim": D(dim)}
        op(T(shape), **more)
        op(T(shape), edge_order=2, **more)
        op(T(shape), spacing=0.5, edge_order=2, **more)
    op(T((3, 4)), spacing=[0.5, 3.0], edge_order=2)
    op = Op(FAMILY, "histogram", tol="elementwise", grad=False)
    for shape in ((20,), (4, 6), (3, 2, 5), (1,), (9,)):
        op(T(shape), 5)
        op(T(shape), 4, range=[-1.0, 1.0])
        op(T(shape), 3, range=[-1.5, 2.5], weight=T(shape, "bool"))
        op(T(shape), 2, range=[-2.0, 2.0], density=True)
    for name in ("hann", "hamming", "blackman", "bartlett", "kaiser"):
        op = Op(FAMILY, name + "_window", forms="tensor.%s_window" % name, tol="reduce", scale="norm", grad=False)
        for n in (0, 1, 2, 5, 12):
            for periodic in (True, False):
                op(n, periodic=periodic, dtype=Dtype("float64"))


def declare():
    slices()
    special()
    statistics()
    products()
