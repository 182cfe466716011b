"""Elementwise operations: functions of one number, arithmetic and comparison of two, the clamp family."""

import math

from sampled import SHAPES, each
from spec import D, Op, T

FAMILY = "elementwise"

# name: domain in which the function and its float32 gradient are well conditioned
UNARY = {
    "neg": "any", "abs": "any", "exp": "any", "exp2": "any", "expm1": "any", "log": "positive", "log2": "positive",
    "log10": "positive", "log1p": "positive", "sqrt": "positive", "rsqrt": "positive", "square": "any",
    "reciprocal": "away", "sin": "any", "cos": "any", "tan": "unit", "asin": "unit", "acos": "unit", "atan": "any",
    "sinh": "any", "cosh": "any", "tanh": "any", "asinh": "any", "acosh": "above1", "atanh": "unit", "erf": "any",
    "erfc": "unit", "erfinv": "unit", "sigmoid": "any", "floor": "any", "ceil": "any", "round": "any",
    "trunc": "any", "frac": "any", "sign": "any", "isnan": "special", "isinf": "special", "isfinite": "special",
    "logical_not": "int",
}
ACTIVATIONS = {
    "relu": "int", "leaky_relu": "any", "gelu": "any", "silu": "any", "softplus": "any", "elu": "any", "selu": "any",
    "celu": "any", "relu6": "wide", "hardtanh": "any", "hardsigmoid": "wide", "hardswish": "wide", "mish": "any",
    "logsigmoid": "any", "softsign": "any", "tanhshrink": "away", "softshrink": "any", "hardshrink": "any",
}
INTEGERS_TOO = {"neg", "abs", "square", "sign", "relu", "floor", "ceil", "trunc", "round"}
EXACT = {"neg", "abs", "floor", "ceil", "round", "trunc", "frac", "sign", "isnan", "isinf", "isfinite", "logical_not",
         "relu", "relu6", "hardtanh", "softshrink", "hardshrink"}


def unary(op, dom, *args, ints=None):
    for s in ((), (1,), (7,), (0,), (2, 0, 3), (3, 4), (2, 3, 4), (67,), (2, 2, 1, 3)):
        op(T(s, dom), *args)
    op(T((3, 5), dom, layout="t"), *args)
    op(T((2, 3, 4), dom, layout="rev"), *args)
    op(T((3, 9), dom, layout="step"), *args)
    op(T((4, 3), dom, layout="off"), *args)
    op(T((4, 3), dom, layout=("expand", 0)), *args)
    if ints:
        op(T((3, 4), ints, "int64"), *args)
        op(T((5,), ints, "int64", layout="step"), *args)


PAIRS = (((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (3,)), ((3,), ()), ((), ()), ((2, 3, 4), (3, 1)),
         ((0, 3), (3,)), ((0,), (1,)), ((3, 1), (3, 0)), ((67,), (67,)), ((2, 1, 3), (4, 1)))


def binary(op, a, b, ints=("int", "int"), floats=True):
    if floats:
        for s, t in PAIRS:
            op(T(s, a), T(t, b))
        op(T((3, 4), a, layout="t"), T((3, 4), b))
        op(T((3, 4), a, layout="step"), T((3, 4), b, layout=("expand", 0)))
        op(T((2, 3, 4), a, layout="rev"), T((3, 4), b, layout="off"))
        op(T((3, 2), a, "float32"), T((3, 2), b, "float64"))
        op(T((3,), a, "float32"), T((), b, "float64"))
        op(T((), a, "float64"), T((2,), b, "float32"))
    if ints:
        i, j = ints
        op(T((3, 4), i, "int64"), T((4,), j, "int64"))
        op(T((3, 1), i, "int64"), T((5,), j, "int64", layout="step"))
        if floats:
            op(T((3, 4), i, "int64"), T((4,), b, "float32"))
            op(T((3, 4), a, "float32"), T((4,), j, "int64"))
            op(T((3,), a), T((), j, "int64"))
            op(T((3,), i, "int64"), T((), b))


def scalars(op, a, values, ints=None):
    for v in values:
        op(T((2, 3), a), v)
        op(T((), a), v)
        if ints:
            op(T((2, 3), ints, "int64"), v)
    op(T((0, 3), a), values[0])
    op(T((3, 4), a, layout="t"), values[0])


def declare():
    for name, dom in UNARY.items():
        tol = "exact" if name in EXACT else "elementwise"
        forms = "auto" if not name.startswith("is") else ["tensor." + name, ":" + name]
        op = Op(FAMILY, name, tol=tol, forms=forms)
        positive = dom in ("positive", "above1")
        ints = "posint" if positive or dom == "away" else ("bool" if dom == "unit" else "int")
        if name in ("erfinv", "frac"):
            ints = None
        unary(op, dom, ints=ints)
        if name in ("exp", "sin", "sqrt", "isnan", "logical_not", "sigmoid", "tanh"):
            op(T((4,), dtype="bool"))
    for name in ("floor", "ceil", "round", "trunc", "sign", "abs", "neg"):
        op = Op.registry[(FAMILY, name)]
        op(T((15,), "special", grad=False))
    Op.registry[(FAMILY, "round")](T((31,), "wide", grad=False), decimals=1, _tol="elementwise")

    for name, dom in ACTIVATIONS.items():
        op = Op(FAMILY, name, tol="exact" if name in EXACT else "elementwise",
                scale="cond" if name in ("gelu", "silu", "mish") else None,  # these have a minimum
                reference=1e-7 if name == "hardsigmoid" else None)  # its 1/6 is a float32
        unary(op, dom)
    reg = lambda n: Op.registry[(FAMILY, n)]
    reg("leaky_relu")(T((5,)), 0.2)
    reg("leaky_relu")(T((5,)), negative_slope=0.3)
    unary(reg("gelu"), "any")
    for s in ((7,), (67,), (3, 4), (), (0,)):
        reg("gelu")(T(s), approximate="tanh")
    reg("gelu")(T((3, 5), layout="t"), approximate="none")
    reg("softplus")(T((7,), "wide"), 2)
    reg("softplus")(T((7,), "wide"), beta=3.0, threshold=5.0)
    reg("softplus")(T((2, 3), layout="t"), 0.5, 10)
    reg("elu")(T((7,)), 0.5)
    reg("elu")(T((7,)), alpha=2.0)
    reg("celu")(T((7,)), 0.5)
    reg("hardtanh")(T((7,)), -0.5, 1.5)
    reg("hardtanh")(T((7,)), min_val=-0.25, max_val=0.25)
    reg("softshrink")(T((7,)), 0.25)
    reg("hardshrink")(T((7,)), 0.25)
    reg("relu")(T((3, 3), "int", "int64"))
    op = Op(FAMILY, "threshold", tol="exact")
    unary(op, "any", 0.25, -7.0)
    op = Op(FAMILY, "prelu")
    for x, w in (((2, 3), (3,)), ((2, 3), (1,)), ((5,), (1,)), ((2, 3, 4), (3,)), ((2, 3, 4, 2), (3,)), ((0, 3), (3,)),
                 ((2, 3, 4), (1,)), ((4, 1), (1,)), ((), (1,))):
        op(T(x), T(w))
    op(T((2, 3, 4), layout="t"), T((3,)))
    op = Op(FAMILY, "glu", forms="F.glu")
    for s in ((4,), (2, 6), (2, 3, 8), (0, 4), (2, 2, 2, 2), (34,)):
        op(T(s))
    op(T((4, 3)), D(0))
    op(T((2, 4, 3)), dim=D(1))
    op(T((2, 4, 3)), D(-2))
    op(T((3, 6), layout="t"), D(1))

    # two operands
    for name in ("add", "sub", "mul"):
        op = Op(FAMILY, name, tol="elementwise")
        binary(op, "any", "any")
        scalars(op, "any", (2, 0.5, -3, 1.25), ints="int")
    for name in ("add", "sub"):
        op = Op.registry[(FAMILY, name)]
        op(T((3, 4)), T((4,)), alpha=2)
        op(T((3, 4)), T((3, 1)), alpha=-0.5)
        op(T((3,), dtype="int64"), T((3,), dtype="int64"), alpha=3)
    op = Op.registry[(FAMILY, "add")]
    op(T((4,), dtype="bool"), T((4,), dtype="bool"))
    op(T((4,), dtype="bool"), T((4,), dtype="int64"))
    op(T((4,), dtype="bool"), 1.5)
    op(T((4,), dtype="bool"), 2)
    op = Op.registry[(FAMILY, "mul")]
    op(T((4,), dtype="bool"), T((4,), dtype="bool"))
    op(T((4,), dtype="bool"), T((4,)))
    op(T((4,)), T((4, 1), dtype="bool"))
    for name in ("div", "true_divide", "divide"):
        op = Op(FAMILY, name)
        binary(op, "any", "away", ints=("int", "nonzero"))
        scalars(op, "any", (2, 0.5, -3, 1.25), ints="int")
    op = Op.registry[(FAMILY, "div")]
    for mode in ("floor", "trunc"):
        op(T((3, 4), "wide"), T((4,), "away"), rounding_mode=mode)
        op(T((7,), "wide"), 1.5, rounding_mode=mode)
        op(T((3, 4), "int", "int64"), T((4,), "nonzero", "int64"), rounding_mode=mode)
        op(T((9,), "int", "int64"), -4, rounding_mode=mode)
        op(T((9,), "int", "int64"), 2.5, rounding_mode=mode)
    op(T((9,), "int", "int64"), T((9,), "zero", "int64"))
    op(T((15,), "special", grad=False), 0.0)
    for name in ("floor_divide", "remainder", "fmod"):
        op = Op(FAMILY, name, tol="elementwise", grad=name != "floor_divide")
        binary(op, "wide", "away", ints=("int", "nonzero"))
        scalars(op, "wide", (2, 0.75, -3, -1.25), ints="int")
    op = Op(FAMILY, "pow")
    binary(op, "positive", "any", ints=("int", "posint"))
    scalars(op, "positive", (2, 0.5, -3, 1.25, 3, 0, 1, -0.5), ints=None)
    for e in (2, 3, 0, 1):
        op(T((3, 4)), e)
        op(T((5,), "int", "int64"), e)
    op(T((5,), "posint", "int64"), 0.5)
    op(T((5,), "posint", "int64"), T((5,)))
    op(2, T((4,)), _forms=["tensor.pow"])
    op(2.5, T((3, 1), layout="t"), _forms=["tensor.pow"])
    op(T((3,), "zero"), 2)
    for name in ("maximum", "minimum"):
        op = Op(FAMILY, name, tol="exact")
        binary(op, "distinct", "distinct")
        op(T((15,), "special", grad=False), T((15,), grad=False))
    for name in ("atan2", "hypot"):
        op = Op(FAMILY, name)
        binary(op, "away", "away", ints=None)
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        op = Op(FAMILY, name, tol="exact", grad=False)
        binary(op, "int", "int")
        scalars(op, "int", (2, 0.5, -3, 0), ints="int")
        op(T((5,), dtype="bool"), T((5,), dtype="bool"))
        op(T((15,), "special", grad=False), T((15,), "special", grad=False))
        op(T((6,), dtype="uint8"), 100)
    for name in ("logical_and", "logical_or", "logical_xor"):
        op = Op(FAMILY, name, tol="exact", grad=False)
        binary(op, "bool", "bool", ints=("bool", "bool"))
        for s, t in PAIRS[:4]:
            op(T(s, dtype="bool"), T(t, dtype="bool"))
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        op = Op(FAMILY, name, tol="exact", grad=False)
        for s, t in PAIRS:
            op(T(s, dtype="int64"), T(t, dtype="int64"))
        op(T((3, 4), dtype="bool"), T((4,), dtype="bool"))
        op(T((3, 4), dtype="bool", layout="t"), T((3, 4), dtype="int64"))
        op(T((5,), dtype="int64"), 6)

    # operators
    for name in ("add", "sub", "mul", "truediv"):
        op = Op(FAMILY, "operator_" + name, forms="op:" + name)
        binary(op, "any", "away", ints=("int", "nonzero"))
        for v in (2, 0.5, -3):
            op(T((2, 3), "away"), v)
            op(v, T((2, 3), "away"))
            op(v, T((4,), "nonzero", "int64"))
            op(v, T((), "away"))
    for name in ("floordiv", "mod"):
        op = Op(FAMILY, "operator_" + name, forms="op:" + name, grad=name == "mod")
        binary(op, "wide", "away", ints=("int", "nonzero"))
        for v in (2, 0.75, -3):
            op(T((2, 3), "wide"), v)
            op(T((7,), "int", "int64"), v)
            op(v, T((2, 3), "away", grad=False))
            op(v, T((4,), "nonzero", "int64"))
    op = Op(FAMILY, "operator_pow", forms="op:pow")
    binary(op, "positive", "any", ints=("int", "posint"))
    for v in (2, 0.5, 3):
        op(T((2, 3), "positive"), v)
        op(v, T((2, 3)))
    op(2, T((4,), "posint", "int64"))
    op = Op(FAMILY, "operator_neg", forms="op:neg", tol="exact")
    unary(op, "any", ints="int")
    for name in ("and_", "or_", "xor"):
        op = Op(FAMILY, "operator_" + name.rstrip("_"), forms="op:" + name, tol="exact", grad=False)
        for s, t in PAIRS[:6]:
            op(T(s, dtype="int64"), T(t, dtype="int64"))
            op(T(s, dtype="bool"), T(t, dtype="bool"))
    op = Op(FAMILY, "operator_invert", forms="op:invert", tol="exact", grad=False)
    for dtype in ("bool", "int64"):
        for s in ((5,), (2, 3), (), (0,)):
            op(T(s, dtype=dtype))
        op(T((3, 4), dtype=dtype, layout="t"))

    # the clamp family
    for name in ("clamp", "clip"):
        op = Op(FAMILY, name, tol="exact")
        unary(op, "any", -0.5, 1.0)
        op(T((5,), "wide"), -1)
        op(T((5,), "wide"), min=-2)
        op(T((5,), "wide"), max=1.5)
        op(T((5,), "wide"), None, 0.5)
        op(T((5,), "int"), -2, 3)                              # values on the bounds
        op(T((5,), "int", "int64"), -2, 3)
        op(T((5,), "int", "int64"), -2.5, 3.5)
        op(T((3, 4)), T((4,), "zero", grad=False), T((3, 1), "positive", grad=False))
        op(T((3, 4)), T((3, 4), "unit"), T((3, 4), "positive"))
        op(T((3, 4)), min=T((4,), "unit"))
        op(T((15,), "special", grad=False), -1, 1)
        op(T((4,)), 1.0, -1.0)                                 # min above max: max holds
    for name in ("clamp_min", "clamp_max"):
        op = Op(FAMILY, name, tol="exact")
        unary(op, "any", 0.25)
        op(T((5,), "int", "int64"), 1)
        op(T((5,), "int", "int64"), 1.5)
        op(T((3, 4)), T((4,)))
    op = Op(FAMILY, "nan_to_num", tol="exact", grad=False)
    for s in ((15,), (3, 5), (), (0,), (30,), (2, 3, 5)):
        op(T(s, "special"), 0.0, 5.0, -5.0)
    op(T((3, 5), "special", layout="t"), nan=1.0, posinf=2.0, neginf=3.0)
    op(T((15,), "special", layout="step"), 1.0, 2.0, 3.0)
    op(T((4,), dtype="int64"), 1.0)
    op(T((3, 5), "special", layout="rev"), 9.0, 8.0, 7.0)
    for name in ("addcmul", "addcdiv"):
        op = Op(FAMILY, name, scale="cond")
        for a, b, c in (((3,), (3,), (3,)), ((3, 4), (4,), (3, 1)), ((), (), ()), ((0,), (0,), (0,)), ((2, 3, 4), (3, 4), (4,)),
                        ((67,), (67,), (67,)), ((1,), (5,), (5,))):
            op(T(a), T(b), T(c, "away"))
        op(T((3, 4)), T((3, 4)), T((3, 4), "away"), value=0.5)
        op(T((3, 4), layout="t"), T((3, 4), layout="step"), T((4,), "away"), value=2)
        op(T((3, 4)), T((3, 4), layout=("expand", 0)), T((4,), "away"), value=-1)
    op = Op(FAMILY, "lerp", scale="cond")
    for a, b in (((3,), (3,)), ((3, 4), (4,)), ((), ()), ((0,), (0,)), ((2, 3, 4), (3, 1)), ((67,), (67,)), ((1,), (5,))):
        op(T(a), T(b), 0.25)
    op(T((3, 4)), T((3, 4)), T((3, 4), "prob"))
    op(T((3, 4), layout="t"), T((4,)), T((3, 1), "prob"))
    op(T((3, 4)), T((3, 4)), T((), "prob"))

    for name in ("and", "or", "xor"):
        op = Op.registry[(FAMILY, "operator_" + name)]
        each(op, SHAPES, lambda o, s: o(T(s, dtype="int64"), T(s[-1:], dtype="int64", layout="step")))
        op(T((0, 3), dtype="bool"), T((3,), dtype="bool"))
        op(T((3, 4), dtype="bool", layout="t"), T((3, 4), dtype="bool", layout="step"))
    each(Op.registry[(FAMILY, "operator_invert")], SHAPES, lambda o, s: o(T(s, dtype="bool")))
    each(Op.registry[(FAMILY, "nan_to_num")], SHAPES, lambda o, s: o(T(s, "special"), 0.5, 6.0, -6.0))
