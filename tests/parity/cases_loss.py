"""Losses with their weights, reductions and targets; class numbers count from 1 in Lua."""

from spec import D, Op, T

FAMILY = "loss"
REDUCTIONS = ("mean", "sum", "none")


def labels(shape, classes, **kw):
    return T(shape, "index", "int64", n=classes, **kw)


def declare():
    for name, extra in (("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {"beta": 0.5}), ("huber_loss", {"delta": 0.75})):
        op = Op(FAMILY, name, tol="reduce", scale="cond", forms="F." + name)
        for s in ((5,), (3, 4), (), (2, 3, 2), (41,)):
            op(T(s), T(s))
        op(T((0,)), T((0,)), reduction="sum")
        for r in REDUCTIONS:
            op(T((3, 4)), T((3, 4)), reduction=r)
            op(T((3, 4), layout="t"), T((3, 4), layout="step"), reduction=r, **extra)
        op(T((3, 4), layout=("expand", 0)), T((3, 4), grad=False))
        if name == "mse_loss":
            op(T((6,)), T((6,), dtype="float64"))

    op = Op(FAMILY, "cross_entropy", tol="reduce", scale="cond", forms="F.cross_entropy")
    op(T((4,)), labels((), 4))
    op(T((3, 4)), labels((3,), 4))
    op(T((1, 2)), labels((1,), 2))
    op(T((2, 4, 3)), labels((2, 3), 4))
    op(T((2, 3, 2, 2)), labels((2, 2, 2), 3))
    op(T((7, 10), "wide"), labels((7,), 10))
    for r in REDUCTIONS:
        op(T((5, 4)), labels((5,), 4), reduction=r)
        op(T((5, 4)), labels((5,), 4), T((4,), "positive", grad=False), reduction=r)
        op(T((5, 4)), labels((5,), 4), label_smoothing=0.1, reduction=r)
        op(T((5, 4)), labels((5,), 4), T((4,), "positive", grad=False), label_smoothing=0.2, reduction=r)
        op(T((6, 3)), labels((6,), 3), ignore_index=D(1), reduction=r)
        op(T((6, 3)), labels((6,), 3), ignore_index=D(0), label_smoothing=0.25, reduction=r)
        op(T((2, 4, 3)), labels((2, 3), 4), T((4,), "positive", grad=False), ignore_index=D(2), reduction=r)
        op(T((5, 4)), T((5, 4), "prob"), reduction=r)
        op(T((5, 4)), T((5, 4), "prob", grad=False), T((4,), "positive", grad=False), label_smoothing=0.1, reduction=r)
        op(T((2, 4, 3)), T((2, 4, 3), "prob"), reduction=r)
    op(T((4,)), T((4,), "prob"))
    op(T((5, 4)), labels((5,), 4), ignore_index=-100)
    op(T((5, 4), layout="t"), labels((5,), 4, layout="step"))
    op(T((2, 4, 3), layout="rev"), labels((2, 3), 4, layout="t"))
    op(T((0, 4)), labels((0,), 4), reduction="sum")
    op(T((0, 4)), labels((0,), 4), reduction="none")
    op(T((5, 4), layout=("expand", 0)), labels((5,), 4))

    op = Op(FAMILY, "nll_loss", tol="reduce", scale="abs", forms="F.nll_loss")
    op(T((4,)), labels((), 4))
    op(T((3, 4)), labels((3,), 4))
    op(T((2, 4, 3)), labels((2, 3), 4))
    op(T((2, 3, 2, 2)), labels((2, 2, 2), 3))
    for r in REDUCTIONS:
        op(T((5, 4)), labels((5,), 4), T((4,), "positive", grad=False), reduction=r)
        op(T((6, 3)), labels((6,), 3), ignore_index=D(1), reduction=r)
        op(T((2, 4, 3)), labels((2, 3), 4), T((4,), "positive", grad=False), ignore_index=D(2), reduction=r)
    op(T((5, 4), layout="t"), labels((5,), 4, layout="step"))
    op(T((0, 4)), labels((0,), 4), reduction="sum")

    op = Op(FAMILY, "binary_cross_entropy", tol="reduce", scale="cond", forms="F.binary_cross_entropy")
    for s in ((5,), (3, 4), (), (2, 3, 2)):
        op(T(s, "prob"), T(s, "prob", grad=False))
        op(T(s, "prob"), T(s, "bool", grad=False))
    for r in REDUCTIONS:
        op(T((3, 4), "prob"), T((3, 4), "bool", grad=False), reduction=r)
        op(T((3, 4), "prob"), T((3, 4), "prob", grad=False), T((4,), "positive", grad=False), reduction=r)
    op(T((3, 4), "prob", layout="t"), T((3, 4), "prob", layout="step", grad=False), weight=T((3, 4), "positive", grad=False))
    op(T((0,), "prob"), T((0,), "prob", grad=False), reduction="sum")
    op(T((4,), "bool"), T((4,), "bool", grad=False), _scale=None)   # probabilities 0 and 1: logs are held at -100

    op = Op(FAMILY, "binary_cross_entropy_with_logits", tol="reduce", scale="cond",
            forms="F.binary_cross_entropy_with_logits")
    for s in ((5,), (3, 4), (), (2, 3, 2)):
        op(T(s), T(s, "prob", grad=False))
        op(T(s, "wide"), T(s, "bool", grad=False))
    for r in REDUCTIONS:
        op(T((3, 4)), T((3, 4), "bool", grad=False), reduction=r)
        op(T((3, 4)), T((3, 4), "prob", grad=False), T((4,), "positive", grad=False), reduction=r)
        op(T((3, 4)), T((3, 4), "prob", grad=False), pos_weight=T((4,), "positive", grad=False), reduction=r)
        op(T((3, 4)), T((3, 4), "prob", grad=False), weight=T((3, 1), "positive", grad=False),
           pos_weight=T((4,), "positive", grad=False), reduction=r)
    op(T((3, 4), layout="t"), T((3, 4), "prob", layout="step", grad=False))
    op(T((0,)), T((0,), "prob", grad=False), reduction="sum")

    op = Op(FAMILY, "kl_div", tol="reduce", scale="cond", forms="F.kl_div")
    for s in ((5,), (3, 4), (2, 3, 2)):
        op(T(s), T(s, "prob", grad=False))
        op(T(s), T(s, grad=False), log_target=True)
    for r in REDUCTIONS + ("batchmean",):
        op(T((3, 4)), T((3, 4), "prob", grad=False), reduction=r)
        op(T((3, 4)), T((3, 4), grad=False), reduction=r, log_target=True)
    op(T((3, 4), layout="t"), T((3, 4), "prob", layout="step", grad=False))
    op(T((5,)), T((5,), "bool", grad=False))                        # a target of 0 adds nothing
    op(T((0,)), T((0,), "prob", grad=False), reduction="sum")

    for s, c in (((7, 3), 3), ((2, 2, 5), 2), ((1, 6), 6), ((9, 2), 2), ((3, 4, 1, 2), 4)):
        Op.registry[(FAMILY, "nll_loss")](T(s), labels(s[:1] + s[2:], c))
        Op.registry[(FAMILY, "cross_entropy")](T(s), labels(s[:1] + s[2:], c))
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        for s in ((1,), (2, 9), (5, 1), (3, 2, 1, 2), (16,)):
            Op.registry[(FAMILY, name)](T(s), T(s))
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        for s in ((1,), (2, 9), (5, 1), (3, 2, 1, 2), (16,)):
            Op.registry[(FAMILY, name)](T(s, "prob"), T(s, "bool", grad=False))
    for s in ((1,), (2, 9), (5, 1), (3, 2, 1, 2), (16,)):
        Op.registry[(FAMILY, "kl_div")](T(s), T(s, "prob", grad=False))
