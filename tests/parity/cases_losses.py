"""Losses beside those of cases_loss.py, as functions and as modules: margins, distances, likelihoods, sequences.

Class numbers count from 1 in Lua; CTC's blank too."""

from spec import D, ModuleOp, Op, T

FAMILY = "losses"
REDUCTIONS = ("mean", "sum", "none")
SHAPES = ((5,), (3, 4), (), (2, 3, 2), (1, 6), (7,), (2, 2))
CTC = (  # T, N, C, S, input lengths, target lengths; the blank is the last class
    (5, 2, 4, 2, (5, 4), (2, 1)), (6, 1, 3, 3, (6,), (2,)), (4, 3, 5, 2, (4, 3, 4), (2, 0, 1)), (8, 2, 3, 3, (8, 8), (3, 3)),
    (3, 2, 4, 1, (3, 2), (1, 1)), (10, 4, 6, 4, (10, 9, 8, 7), (4, 3, 2, 1)), (7, 2, 2, 2, (7, 6), (2, 2)),
    (2, 1, 3, 1, (2,), (1,)), (9, 3, 7, 4, (9, 9, 9), (4, 4, 4)), (5, 2, 3, 2, (5, 5), (0, 2)))


def labels(shape, classes, **kw):
    return T(shape, "index", "int64", n=classes, **kw)


def sign(shape):
    return T(shape, "sign", grad=False)


def pairs(op, second, extra):
    """Cases of a function of two tensors of one shape."""
    for s in SHAPES:
        op(T(s), second(s))
    for r in REDUCTIONS:
        op(T((3, 4)), second((3, 4)), reduction=r)
        for options in extra:
            op(T((4, 2), layout="t"), second((4, 2)), reduction=r, **options)


def functions():
    def make(name, scale="cond"):
        return Op(FAMILY, name, tol="reduce", scale=scale, forms="F." + name)

    pairs(make("poisson_nll_loss"), lambda s: T(s, "posint", grad=False), ({"full": True}, {"log_input": True, "full": False}))
    for r in REDUCTIONS:
        Op.registry[(FAMILY, "poisson_nll_loss")](T((6,), "positive"), T((6,), "posint", grad=False), log_input=False, reduction=r)
    pairs(make("soft_margin_loss"), sign, ())
    pairs(make("hinge_embedding_loss"), sign, ({"margin": 0.5},))
    for name in ("mse_loss", "l1_loss", "huber_loss"):
        op = Op(FAMILY, name + ".weight", tol="reduce", scale="cond", forms="F." + name)
        for s in SHAPES[:4]:
            for r in REDUCTIONS:
                op(T(s), T(s), weight=T(s, "positive", grad=False), reduction=r)

    op = make("gaussian_nll_loss")
    for s in ((5,), (3, 4), (2, 3, 2), (6, 1)):
        for r in REDUCTIONS:
            op(T(s), T(s), T(s, "positive"), reduction=r)
    op(T((3, 4)), T((3, 4)), T((3,), "positive"), full=True)
    op(T((3, 4)), T((3, 4)), T((3, 1), "positive"), eps=1e-3)

    op = make("margin_ranking_loss")
    for s in SHAPES:
        op(T(s), T(s), sign(s))
    for r in REDUCTIONS:
        op(T((3, 4)), T((3, 4)), sign((3, 4)), margin=0.3, reduction=r)
        op(T((3, 1)), T((3, 4)), sign((3, 4)), reduction=r)

    op = make("cosine_embedding_loss")
    for s in ((3, 4), (1, 5), (6, 2), (4, 3)):
        for r in REDUCTIONS:
            op(T(s), T(s), sign(s[:1]), margin=0.2 if r == "sum" else 0.0, reduction=r)
    op(T((5,)), T((5,)), sign(()))

    op = make("triplet_margin_loss")
    for s in ((3, 4), (5,), (2, 3, 4), (6, 2)):
        for o in ({}, {"margin": 2.0, "swap": True}, {"p": 1.0, "reduction": "sum"}, {"p": 3.0, "eps": 1e-4, "reduction": "none"}):
            op(T(s), T(s), T(s), **o)
    op = make("triplet_margin_with_distance_loss")
    for s in ((3, 4), (5,), (2, 3, 4), (6, 2)):
        for o in ({}, {"margin": 2.0, "swap": True}, {"margin": 0.5, "reduction": "sum"}, {"reduction": "none"}):
            op(T(s), T(s), T(s), **o)

    op = make("multi_margin_loss", scale=None)
    for n, c in ((3, 4), (1, 2), (6, 3), (2, 7)):
        op(T((n, c)), labels((n,), c))
        for r in REDUCTIONS:
            op(T((n, c)), labels((n,), c), p=2, margin=0.7, weight=T((c,), "positive", grad=False), reduction=r)
    op(T((4,)), labels((), 4))

    op = Op(FAMILY, "multilabel_margin_loss", tol="reduce", scale=None, forms="fn:multilabel_margin")
    for n, c, k in ((3, 4, 2), (1, 3, 1), (2, 6, 6), (4, 5, 0), (5, 2, 1)):
        for r in REDUCTIONS:
            op(T((n, c)), labels((n, c), c), k, r)
    op(T((4,)), labels((4,), 4), 2, "mean")

    op = make("multilabel_soft_margin_loss")
    for s in ((3, 4), (5,), (1, 6), (2, 3, 2)):
        for r in REDUCTIONS:
            op(T(s), T(s, "bool", grad=False), weight=T(s[-1:], "positive", grad=False) if r != "mean" else None, reduction=r)

    op = make("linear_cross_entropy")
    for n, i, c in ((3, 4, 5), (1, 2, 3), (6, 3, 2), (4, 1, 4)):
        op(T((n, i)), T((c, i)), labels((n,), c))
        for r in REDUCTIONS:
            op(T((n, i)), T((c, i)), labels((n,), c), linear_bias=T((c,)), weight=T((c,), "positive", grad=False), reduction=r,
               label_smoothing=0.1)
    op(T((2, 3)), T((4, 5, 3)), labels((2, 5), 4), linear_bias=T((4, 5)))

    op = make("ctc_loss", scale=None)
    for steps, n, c, width, ins, outs in CTC:
        for r in REDUCTIONS:
            op(T((steps, n, c), "small"), labels((n, width), c - 1), list(ins), list(outs), D(c - 1), r)
    op(T((5, 4), "small"), labels((2,), 3), [5], [2], D(3), "mean")
    op(T((5, 2, 4), "small"), labels((3,), 3), [5, 4], [2, 1], D(3))
    op(T((3, 2, 4), "small"), labels((2, 3), 3), [3, 1], [1, 3], D(3), "sum", True)
    op(T((3, 1, 4), "small"), labels((1, 3), 3), [2], [3], D(3), "none", True)
    op = Op(FAMILY, "ctc_loss of logits", tol="reduce", scale=None, forms="fn:ctc_of_logits")
    for steps, n, c, width, ins, outs in CTC:
        op(T((steps, n, c), "any" if c < 7 else "small"), labels((n, width), c - 1), list(ins), list(outs))


def modules():
    def many(name, variants, *makers):
        op = ModuleOp(FAMILY, name, scale=None if name in ("MultiMarginLoss", "MultiLabelMarginLoss") else "cond")
        sizes = ((3, 4), (2, 4), (5, 4), (1, 4))
        for k in range(max(10, 2 * len(variants))):
            op(inputs=[make(sizes[k % 4]) for make in makers], **variants[k % len(variants)])

    def any_(s):
        return T(s)

    def classes(s):
        return labels(s[:1], 4)

    three = [{}, {"reduction": "sum"}, {"reduction": "none"}]
    many("MSELoss", three, any_, any_)
    many("L1Loss", three, any_, any_)
    many("SmoothL1Loss", three + [{"beta": 0.5}], any_, any_)
    many("HuberLoss", three + [{"delta": 0.5}], any_, any_)
    many("CrossEntropyLoss", three + [{"label_smoothing": 0.1}, {"ignore_index": D(1)}], any_, classes)
    many("NLLLoss", three + [{"ignore_index": D(2)}], any_, classes)
    many("BCELoss", three, lambda s: T(s, "prob"), lambda s: T(s, "bool", grad=False))
    many("BCEWithLogitsLoss", three, any_, lambda s: T(s, "prob", grad=False))
    many("KLDivLoss", three + [{"reduction": "batchmean"}], any_, lambda s: T(s, "prob", grad=False))
    many("PoissonNLLLoss", three + [{"full": True}], any_, lambda s: T(s, "posint", grad=False))
    many("GaussianNLLLoss", three + [{"full": True}], any_, any_, lambda s: T(s, "positive"))
    many("SoftMarginLoss", three, any_, sign)
    many("HingeEmbeddingLoss", three + [{"margin": 0.4}], any_, sign)
    many("MarginRankingLoss", three + [{"margin": 0.4}], any_, any_, sign)
    many("CosineEmbeddingLoss", three + [{"margin": 0.4}], any_, any_, lambda s: sign(s[:1]))
    many("TripletMarginLoss", three + [{"margin": 0.4, "p": 3.0, "swap": True}], any_, any_, any_)
    many("TripletMarginWithDistanceLoss", three + [{"margin": 0.4, "swap": True}], any_, any_, any_)
    many("MultiMarginLoss", three + [{"margin": 0.4, "p": 2}], any_, classes)
    many("MultiLabelMarginLoss", three, any_, lambda s: labels(s, 4))
    many("MultiLabelSoftMarginLoss", three, any_, lambda s: T(s, "bool", grad=False))
    op = ModuleOp(FAMILY, "CTCLoss", scale=None)
    for k, (steps, n, c, width, ins, outs) in enumerate(CTC):
        op(D(c - 1), REDUCTIONS[k % 3], k % 2 == 0,
           inputs=[T((steps, n, c), "small"), labels((n, width), c - 1), list(ins), list(outs)])
    op = ModuleOp(FAMILY, "LinearCrossEntropyLoss")
    for k in range(10):
        op(3, 4, bias=k % 2 == 0, reduction=REDUCTIONS[k % 3], label_smoothing=0.1 * (k % 2), inputs=[T((2 + k, 3)), labels((2 + k,), 4)])


def declare():
    functions()
    modules()
