"""Derivatives of derivatives, a tensor on several paths: programs rather than single operations."""

from spec import Op, T

FAMILY = "autograd"


def declare():
    op = Op(FAMILY, "reuse", forms="fn:reuse", scale="cond", tol="reduce")
    twice = Op(FAMILY, "square_then_sum_twice", forms="fn:square_then_sum_twice", scale="cond", tol="reduce")
    third = Op(FAMILY, "third_derivative", forms="fn:third_derivative", scale="cond", tol="reduce")
    for o in (op, twice, third):
        for s in ((3,), (3, 4), (), (0,), (2, 3, 2), (17,)):
            o(T(s))
        o(T((3, 4), layout="t"))
        o(T((3, 4), layout="step"))
        o(T((3, 4), layout=("expand", 0)))
        o(T((2, 3, 2), layout="rev"))
    op = Op(FAMILY, "grad_penalty", forms="fn:grad_penalty", scale="cond", tol="reduce")
    for n, i, o in ((2, 3, 4), (1, 2, 2), (5, 3, 1), (3, 4, 2), (4, 2, 6), (2, 2, 2), (6, 3, 3)):
        op(T((n, i)), T((i, o)))
    op(T((3, 4), layout="t"), T((4, 3)))
    op(T((3, 4), layout="step"), T((4, 3), layout="t"))
    op(T((3, 4), layout=("expand", 0)), T((4, 3)))
