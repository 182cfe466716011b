"""Creation: values, shapes and dtypes of tensors made from numbers."""

from spec import D, Dtype, Op, T

FAMILY = "creation"
SHAPES = [(3,), (2, 3), (0,), (2, 0, 3), (1, 1), (4, 1, 2), (2, 3, 4), (1,), (5, 2)]


def declare():
    for name in ("zeros", "ones"):
        op = Op(FAMILY, name, forms="tensor." + name, tol="exact")
        for s in SHAPES:
            op(*s)
            op(list(s))
        op([])
        op(2, 3, dtype=Dtype("float64"))
        op([2, 3], dtype=Dtype("int64"))
        op(4, dtype=Dtype("bool"))
        op(4, dtype=Dtype("uint8"))

    op = Op(FAMILY, "full", forms="tensor.full", tol="exact")
    for s in SHAPES:
        op(list(s), 2.5)
    op([], 3.0)
    op([2, 2], 7)
    op([2, 2], True)
    op([3], -1.5, dtype=Dtype("float64"))
    op([3], 3, dtype=Dtype("float32"))
    op([3], float("inf"))

    op = Op(FAMILY, "arange", forms="tensor.arange", tol="elementwise")
    op(5)
    op(0)
    op(5.0)
    op(2, 7)
    op(1, 10, 3)
    op(10, 1, -3)
    op(0, 1, 0.25)
    op(0.5, 3.0, 0.5)
    op(1, 2.0, 0.1)
    op(3, 3)
    op(-3, 3)
    op(0, 5, dtype=Dtype("float64"))
    op(5, dtype=Dtype("float32"))
    op(0.0, 100.0, 7.0)
    op(1, 4.5, dtype=Dtype("int64"))

    op = Op(FAMILY, "linspace", forms="tensor.linspace", tol="elementwise")
    for a, b, n in ((0, 1, 5), (0, 1, 1), (-1, 1, 4), (3, 3, 3), (1, -2, 7), (0, 10, 0), (0.5, 2.5, 9), (-4, 4, 33),
                    (2.5, -7.25, 40), (1, 100, 100), (0, 1, 2)):
        op(a, b, n)
    op(0, 1, 11, dtype=Dtype("float64"))

    op = Op(FAMILY, "eye", forms="tensor.eye", tol="exact")
    for a in ((3,), (2, 4), (4, 2), (1,), (0,), (0, 3), (3, 0), (1, 5), (6,), (5, 5)):
        op(*a)
    op(3, dtype=Dtype("int64"))
    op(2, 3, dtype=Dtype("float64"))
    op(2, dtype=Dtype("bool"))

    for name in ("zeros_like", "ones_like"):
        op = Op(FAMILY, name, forms="tensor." + name, tol="exact", grad=False)
        for s in SHAPES:
            op(T(s))
        op(T(()))
        op(T((3, 4), layout="t"))
        op(T((3, 4), layout=("expand", 0)))
        op(T((3,), dtype="int64"))
        op(T((3,), dtype="bool"))
        op(T((3,), dtype="uint8"))
        op(T((3,)), dtype=Dtype("int64"))
        op(T((3,), dtype="int64"), dtype=Dtype("float64"))

    op = Op(FAMILY, "full_like", forms="tensor.full_like", tol="exact", grad=False)
    for s in SHAPES:
        op(T(s), 1.5)
    op(T(()), -2)
    op(T((3, 4), layout="t"), 4)
    op(T((3,), dtype="int64"), 4)
    op(T((3,), dtype="bool"), True)
    op(T((2, 2)), 3, dtype=Dtype("int64"))

    for name, extra in (("new_zeros", ()), ("new_ones", ()), ("new_full", (2.5,))):
        op = Op(FAMILY, name, forms=":" + name, tol="exact", grad=False)
        for s in SHAPES:
            op(T((2,)), list(s), *extra)
        op(T((2,), dtype="float64"), [2, 2], *extra)
        op(T((2,)), [], *extra)
        op(T((2, 2)), [3], *extra, dtype=Dtype("int64" if not extra else "float64"))

    op = Op(FAMILY, "tril", tol="exact")
    more = Op(FAMILY, "triu", tol="exact")
    for o in (op, more):
        o(T((3, 3)))
        o(T((3, 4)), 1)
        o(T((4, 3)), -1)
        o(T((2, 3, 3)))
        o(T((3, 3), layout="t"))
        o(T((0, 3)))
        o(T((5, 5)), diagonal=2)
        o(T((3, 3), dtype="int64"))
        o(T((2, 2, 4)), -2)
        o(T((1, 1)), 1)
        o(T((4, 6), layout="step"), 3)

    op = Op(FAMILY, "to", forms=":to", tol="exact")
    for name in ("float32", "float64", "int64", "bool", "uint8"):
        op(T((3, 4), "posint"), Dtype(name))
        op(T((3, 4), "posint", "int64"), Dtype(name))
        op(T((2, 3), dtype="bool"), Dtype(name))
        op(T((2, 3), dtype="uint8"), Dtype(name))
    op(T((5,), "wide"), Dtype("int64"))
    op(T((5,), "wide", layout="step"), Dtype("int64"))
    op(T(()), Dtype("float64"))
    op(T((0, 2)), Dtype("float32"))
    op(T((2, 3), layout="t"), Dtype("float32"))
    op(T((3,), dtype="float64"), Dtype("float32"))
    op(T((3,), dtype="float32"), Dtype("float64"))
    for name in ("float", "double", "long", "bool"):
        op = Op(FAMILY, name, forms=":" + name, tol="exact")
        op(T((3,)))
        op(T(()))
        op(T((0,)))
        op(T((2, 3), "wide"))
        op(T((2, 3), "wide", layout="t"))
        op(T((2, 3), dtype="int64"))
        op(T((2, 3), dtype="bool"))
        op(T((4,), dtype="uint8"))
        op(T((4,), dtype="float32"))
        op(T((4,), dtype="float64"))

    op = Op(FAMILY, "type_as", forms=":type_as", tol="exact")
    for a in ("float", "int64", "bool", "float32"):
        for b in ("float64", "int64", "float32"):
            op(T((3,), "posint" if a != "bool" else None, dtype=a), T((2,), "posint", dtype=b, grad=False))

    op = Op(FAMILY, "one_hot", forms="F.one_hot", tol="exact")
    op(T((4,), "index", "int64", n=3), 3)
    op(T((4,), "index", "int64", n=3), 5)
    op(T((2, 3), "index", "int64", n=4), num_classes=4)
    op(T((), "index", "int64", n=3), 3)
    op(T((0,), "index", "int64", n=3), 3)
    op(T((7,), "perm", "int64", n=7))
    op(T((1,), "index", "int64", n=1), 1)
    op(T((2, 2, 2), "index", "int64", n=6), 6)
    op(T((3, 2), "index", "int64", n=6, layout="t"), 6)
    op(T((6,), "index", "int64", n=2, layout="step"), 2)
