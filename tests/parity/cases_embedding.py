"""Embeddings one by one and in bags, softmax in clusters. Configurations by chance."""

from sampled import draw
from spec import D, ModuleOp, Op, T

FAMILY = "embedding"


def index(shape, n, **options):
    return T(shape, "index", "int64", n=n, **options)


def embedding(r, op):
    rows, width = r.randint(2, 5), r.randint(1, 3)
    options = r.some({"padding_idx": lambda: D(r.choice([0, rows - 1, -1])), "scale_grad_by_freq": r.maybe})
    op(rows, width, inputs=[index(r.sizes(r.randint(0, 3), 1, 4), rows)], **options)


def renormalised(r, op):
    """Rows that are used and too long are cut in place."""
    rows = r.randint(2, 5)
    op(index(r.sizes(r.randint(1, 2), 1, 3), rows), T((rows, r.randint(1, 3)), grad=False, mut=True), None,
       r.choice([0.5, 1.0, 2.0]), r.choice([1.0, 2.0, 3.0]))


def bag(r, op):
    rows, width, count = r.randint(2, 5), r.randint(1, 3), r.randint(1, 7)
    mode = r.choice(["sum", "mean", "max"])
    # not scale_grad_by_freq: PyTorch counts other rows than the one that it scales
    options = {"mode": mode, **r.some({"padding_idx": lambda: D(r.choice([0, rows - 1]))}, 0.3)}
    if r.maybe(0.7):
        offsets = [0] + sorted(r.randint(0, count) for _ in range(r.randint(0, 3)))
        if r.maybe(0.3):
            options["include_last_offset"] = True
            offsets.append(count)
        shape, offsets = (count,), [D(o) for o in offsets]
    else:
        shape, offsets = (r.randint(1, 3), r.randint(1, 4)), None
    inputs = [index(shape, rows)]
    if mode == "sum" and r.maybe():
        inputs.append(T(shape))
    op(rows, width, offsets, inputs=inputs, **options)


def bag_function(r, op):
    rows = r.randint(2, 5)
    op(index((r.randint(1, 3), r.randint(1, 4)), rows), T((rows, 2)), mode=r.choice(["sum", "mean", "max"]),
       **r.some({"padding_idx": lambda: D(r.randrange(rows))}))


def adaptive(r, op):
    features, classes = r.choice([4, 6]), r.randint(6, 9)
    cutoffs = sorted(r.sample(range(1, classes), r.randint(1, 3)))
    single = r.maybe(0.2)
    shape = () if single else (r.randint(2, 5),)
    op(features, classes, cutoffs, inputs=[T((*shape, features)), index(shape, classes)],
       **r.some({"div_value": lambda: r.choice([1.5, 2.0]), "head_bias": r.maybe}, 0.7))


def declare():
    draw(ModuleOp(FAMILY, "Embedding", tol="reduce", scale="abs"), embedding, 16)
    draw(Op(FAMILY, "embedding", tol="reduce", scale=None, forms="F.embedding"), renormalised, 12)
    draw(ModuleOp(FAMILY, "bag", tol="reduce", scale="abs"), bag, 50)
    draw(Op(FAMILY, "embedding_bag", tol="reduce", scale="abs", forms="F.embedding_bag"), bag_function, 12)
    draw(ModuleOp(FAMILY, "adaptive"), adaptive, 16)
