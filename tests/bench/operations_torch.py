#!/usr/bin/env python3
"""Single operations, nnlua against PyTorch, in turn on the same cores: what is slower here is listed first.

    PYTHON tests/bench/operations_torch.py [--threads 2] [--sides 64,1024,3072] [--rounds 3] [--seconds 0.05]
        [--forms plain,step,transposed,sliced,expanded,float64] [--only exp,add] [--below 0.97]

A form is how the operands lie or what is timed: "step" is a call and its gradient. operations.lua holds our side under
the same names. Best times of all rounds; each round times one side after the other. NNLUA names our program.
MALLOC_MMAP_THRESHOLD_ and MALLOC_TRIM_THRESHOLD_ are set for PyTorch's sake, as in compare.
"""
import argparse
import os
import subprocess
import sys
import time
import warnings

import timing

HERE = os.path.dirname(os.path.abspath(__file__))
timing.keep_pages()

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

warnings.filterwarnings("ignore")
parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--sides", default="64,1024,3072")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=float, default=0.05)
parser.add_argument("--forms", default="plain")
parser.add_argument("--only")
parser.add_argument("--below", type=float, default=1e9, help="show only ratios below this")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)

CASES = {}
OF_FIRST = ("bce_logits", "kl_div")  # losses, whose targets have no gradients


def normal(form):
    """Normal numbers in the layout that a form asks for."""
    dtype = torch.float64 if form == "float64" else torch.float32

    def randn(*size):
        size = list(size)
        if form == "transposed" and len(size) > 1:
            size[-2], size[-1] = size[-1], size[-2]
            return torch.randn(size, dtype=dtype).transpose(-1, -2)
        if form == "sliced":
            n = size[-1]
            return torch.randn(size[:-1] + [2 * n], dtype=dtype).narrow(-1, n // 2, n)
        if form == "expanded" and len(size) > 1:
            return torch.randn(size[:-2] + [1, size[-1]], dtype=dtype).expand(size)
        return torch.randn(size, dtype=dtype)
    return randn


def differentiable(x):
    return isinstance(x, torch.Tensor) and x.is_floating_point()


def calls(f, form, args, first_only=False):
    """What is timed; None where there is no gradient. first_only: of other operands nobody wants one."""
    args = list(args) if isinstance(args, (tuple, list)) else [args]
    if form != "step":
        return lambda: f(*args)
    args = [x.detach().requires_grad_(i == 0 or not first_only) if differentiable(x) else x for i, x in enumerate(args)]
    leaves = [x for x in args if differentiable(x) and x.requires_grad]

    def first():
        y = f(*args)
        return y[0] if isinstance(y, tuple) else y
    y = first()
    if not differentiable(y) or not y.requires_grad:
        return None
    g = torch.randn_like(y)

    def run():
        for x in leaves:
            x.grad = None
        first().backward(g)
    run()
    return run


def case(name, f, make):
    CASES[name] = lambda n, form: calls(f, form, make(normal(form), n), "loss" in name or name in OF_FIRST)


def positive(x):
    return x.abs() + 0.1


def inside(x):
    return x.clamp(-0.95, 0.95)


def ids(n, *size):
    return torch.randint(0, n, size)


def unary(name, f, make=lambda x: x):
    case(name, f, lambda randn, n: [make(randn(n, n))])


for name in ("exp exp2 expm1 relu tanh sigmoid erf erfc sin cos tan abs neg square floor sign round atan sinh cosh asinh "
             "isnan sum mean max min amax argmax var std norm median all any tril triu clone").split():
    unary(name, getattr(torch, name))
for name in ("gelu silu softplus leaky_relu elu selu mish hardtanh hardswish hardsigmoid relu6 logsigmoid softsign "
             "tanhshrink").split():
    unary(name, getattr(F, name))
unary("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"))
for name in "log log2 log10 sqrt rsqrt reciprocal log1p lgamma digamma".split():
    unary(name, getattr(torch, name), positive)
for name in "asin acos atanh erfinv".split():
    unary(name, getattr(torch, name), inside)
unary("prod", torch.prod, lambda x: x * 0.001 + 1)
unary("acosh", torch.acosh, lambda x: x.abs() + 1)
unary("pow2", lambda x: x ** 2)
unary("pow3", lambda x: x ** 3)
unary("pow_f", lambda x: x ** 1.7, positive)
unary("clamp", lambda x: x.clamp(-1, 1))
unary("add_number", lambda x: x + 1)
unary("div_number", lambda x: x / 3)
unary("remainder_number", lambda x: x % 0.7)
unary("gt_number", lambda x: x > 0.5)
for name in ("softmax log_softmax logsumexp sum mean max var argmax norm std amax cumsum cumprod logcumsumexp cummax "
             "sort argsort median").split():
    for d, way in enumerate(("cols", "rows")):
        unary(f"{name}_{way}", (lambda x, d=d: x.norm(2, d)) if name == "norm" else
              lambda x, d=d, f=getattr(torch, name): f(x, d))
for name in "sum mean var amax softmax max cumsum".split():
    case(f"{name}_middle", lambda x, f=getattr(torch, name): f(x, 1), lambda randn, n: [randn(n // 32, n // 2, 64)])
for name in "softmax log_softmax logsumexp sum mean max var argmax amax cumsum sort".split():
    case(f"{name}_of_10", lambda x, f=getattr(torch, name): f(x, 1), lambda randn, n: [randn(n * n // 10, 10)])
case("topk_of_10", lambda x: x.topk(3, 1), lambda randn, n: [randn(n * n // 10, 10)])
case("cross_entropy_of_10", F.cross_entropy, lambda randn, n: (randn(n * n // 10, 10), torch.randint(0, 10, (n * n // 10,))))
case("layer_norm_of_10", lambda x: F.layer_norm(x, (10,)), lambda randn, n: [randn(n * n // 10, 10)])
unary("any_rows", lambda x: x.any(1), lambda x: x > 3)
unary("all_rows", lambda x: x.all(1), lambda x: x < 3)
unary("topk_rows", lambda x: x.topk(5, 1))
unary("topk_100", lambda x: x.flatten().topk(100))
unary("kthvalue", lambda x: x.kthvalue(x.shape[1] // 2, 1))
unary("sort_all", lambda x: x.sort(), torch.flatten)
unary("sort_int64", lambda x: x.sort(), lambda x: (x * 1000).long().flatten())
unary("argsort_all", lambda x: x.argsort(), torch.flatten)
unary("quantile", lambda x: x.quantile(0.3, 1))
unary("transpose_copy", lambda x: x.t().contiguous())
unary("flip", lambda x: x.flip(0))
unary("flip_rows", lambda x: x.flip(1))
unary("roll", lambda x: x.roll(7, 1))
unary("rot90", torch.rot90)
unary("cat", lambda x: torch.cat([x, x], 1))
unary("cat_rows", lambda x: torch.cat([x, x], 0))
unary("stack", lambda x: torch.stack([x, x]))
unary("split_cat", lambda x: torch.cat(x.split(x.shape[1] // 4, 1), 0))
unary("repeat_interleave", lambda x: x.repeat_interleave(2, 0))
unary("repeat_interleave_cols", lambda x: x.repeat_interleave(2, 1))
unary("tile", lambda x: x.tile(2, 2))
unary("expand_copy", lambda x: x[0].expand(x.shape).contiguous())
unary("masked_select", lambda x: x[x > 0])
unary("nonzero", torch.nonzero, lambda x: x > 1)
unary("layer_norm", lambda x: F.layer_norm(x, x.shape[1:]))
unary("rms_norm", lambda x: F.rms_norm(x, x.shape[1:]))
unary("normalize", F.normalize)
unary("dropout", lambda x: F.dropout(x, 0.5, True))
unary("to_float64", lambda x: x.to(torch.float64))
unary("to_int64", lambda x: x.long())
unary("to_bool", lambda x: x.bool())
unary("to_uint8", lambda x: x.to(torch.uint8), positive)
unary("from_int64", lambda x: x.float(), lambda x: (x * 50).long())
unary("from_uint8", lambda x: x.float(), lambda x: (x * 50).abs().to(torch.uint8))
unary("from_bool", lambda x: x.float(), lambda x: x > 0)
unary("glu", lambda x: F.glu(x, 1))
for mode in "constant reflect replicate circular".split():
    case(f"pad_{mode}", (lambda x: F.pad(x, (1, 2, 2, 1))) if mode == "constant" else
         (lambda x, mode=mode: F.pad(x[None], (1, 2, 2, 1), mode)[0]), lambda randn, n: [randn(n // 32, 32, n)])
unary("diff", torch.diff)
unary("histc", lambda x: x.histc(50, -3, 3))
unary("unfold_view", lambda x: x.unfold(1, 3, 1).sum(2))
unary("unfold_copy", lambda x: x.unfold(1, 3, 1).contiguous())
unary("gumbel_softmax", F.gumbel_softmax)


def binary(name, f, make=lambda x, y: (x, y)):
    case(name, f, lambda randn, n: make(randn(n, n), randn(n, n)))


def masked(x, y):
    return x > 0, y


def one_id(x, y):
    return x, ids(len(x), len(x))


def all_ids(x, y):
    return x, ids(len(x), len(x), len(x))


def long(x, y):
    return (x * 100).long(), (y * 100).long() + 1000


for name in "add sub mul div maximum minimum lt atan2 hypot fmod remainder floor_divide".split():
    binary(name, getattr(torch, name))
binary("pow", torch.pow, lambda x, y: (positive(x), y))
binary("add_row", torch.add, lambda x, y: (x, y[0]))
binary("add_col", torch.add, lambda x, y: (x, y[:, :1]))
binary("mul_row", torch.mul, lambda x, y: (x, y[0]))
binary("add_transposed", torch.add, lambda x, y: (x, y.t()))
binary("where", lambda m, y: torch.where(m, y, 0), masked)
binary("where_two", torch.where, lambda x, y: (x > 0, x, y))
binary("masked_fill", lambda m, y: y.masked_fill(m, 0), masked)
binary("masked_scatter", lambda m, y: y.masked_scatter(m, y), masked)
binary("lerp", lambda x, y: x.lerp(y, 0.3))
binary("addcmul", lambda x, y: x.addcmul(x, y))
binary("dot", torch.dot, lambda x, y: (x.flatten(), y.flatten()))
binary("add_", lambda x, y: x.add_(y))
binary("index_select", lambda x, i: x.index_select(0, i), one_id)
binary("index_cols", lambda x, i: x.index_select(1, i), one_id)
binary("index_rows", lambda x, i: x[i], one_id)
binary("index_add", lambda x, i, y: x.index_add(0, i, y), lambda x, y: (x, ids(len(x), len(x)), y))
binary("index_put", lambda x, i, y: x.index_put((i,), y), lambda x, y: (x, ids(len(x), len(x)), y))
binary("gather", lambda x, i: x.gather(1, i), all_ids)
binary("gather_cols", lambda x, i: x.gather(0, i), all_ids)
binary("gather_one", lambda x, i: x.gather(1, i.view(-1, 1)), one_id)
binary("scatter", lambda x, i: x.scatter(1, i, x), all_ids)
binary("scatter_add", lambda x, i: x.scatter_add(1, i, x), all_ids)
binary("take_along_dim", lambda x, i: x.take_along_dim(i, 1), all_ids)
binary("embedding", lambda w, i: F.embedding(i, w), lambda x, y: (x[:, :64].contiguous(), ids(len(x), len(x), len(x) // 64)))
binary("embedding_bag", lambda w, i: F.embedding_bag(i, w),
       lambda x, y: (x[:, :64].contiguous(), ids(len(x), len(x), len(x) // 64)))
binary("one_hot", F.one_hot, lambda x, y: (ids(len(x), len(x)), len(x)))
binary("bincount", torch.bincount, lambda x, y: ids(1000, x.numel()))
binary("unique", torch.unique, lambda x, y: ids(1000, x.numel()))
binary("unique_inverse", lambda x: x.unique(return_inverse=True, return_counts=True), lambda x, y: ids(1000, x.numel()))
binary("unique_floats", torch.unique, lambda x, y: x.flatten())
binary("isin", torch.isin, lambda x, y: (ids(1000, x.numel()), ids(1000, 50)))
binary("searchsorted", torch.searchsorted, lambda x, y: (x[0].sort()[0], y))
binary("add_int64", torch.add, long)
binary("mul_int64", torch.mul, long)
binary("floor_divide_int64", torch.floor_divide, long)
binary("remainder_int64", torch.remainder, long)
binary("sum_int64", torch.sum, lambda x, y: long(x, y)[0])
binary("max_int64", torch.max, lambda x, y: long(x, y)[0])
binary("sum_rows_int64", lambda x: x.sum(1), lambda x, y: long(x, y)[0])
binary("sum_bool", torch.sum, lambda x, y: x > 0)
binary("eq_int64", torch.eq, long)
binary("and_bool", torch.logical_and, lambda x, y: (x > 0, y > 0))
binary("not_bool", torch.logical_not, lambda x, y: x > 0)
binary("any_bool", torch.any, lambda x, y: x > 100)
binary("all_bool", torch.all, lambda x, y: x < 100)
binary("equal", torch.equal, lambda x, y: (x, x.clone()))
binary("allclose", torch.allclose, lambda x, y: (x, x.clone()))
binary("cdist", torch.cdist, lambda x, y: (x[:, :32], y[:, :32]))
binary("einsum_ij_ij", lambda x, y: torch.einsum("ij,ij->i", x, y))
binary("einsum_trace", lambda x, y: torch.einsum("ij->ji", x).contiguous())
binary("outer", torch.outer, lambda x, y: (x[0], y[0]))
binary("matvec", torch.mv, lambda x, y: (x, y[0]))


def labels(x):
    return ids(x.shape[1], len(x))


def signs(x):
    return (x > 0).float() * 2 - 1


for name in "mse_loss l1_loss smooth_l1_loss huber_loss pairwise_distance cosine_similarity".split():
    binary(name, getattr(F, name))
binary("bce_loss", F.binary_cross_entropy, lambda x, y: (x.sigmoid(), y.sigmoid()))
binary("bce_logits", F.binary_cross_entropy_with_logits, lambda x, y: (x, y.sigmoid()))
binary("kl_div", lambda x, y: F.kl_div(x, y, reduction="batchmean"), lambda x, y: (x.log_softmax(1), y.softmax(1)))
binary("cross_entropy", F.cross_entropy, lambda x, y: (x, labels(x)))
binary("cross_entropy_smooth", lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1), lambda x, y: (x, labels(x)))
binary("cross_entropy_weight", lambda x, t, w: F.cross_entropy(x, t, weight=w.detach()),
       lambda x, y: (x, labels(x), y[0].abs()))
binary("cross_entropy_soft", F.cross_entropy, lambda x, y: (x, y.softmax(1)))
binary("nll_loss", F.nll_loss, lambda x, y: (x.log_softmax(1), labels(x)))
binary("hinge_embedding_loss", F.hinge_embedding_loss, lambda x, y: (x, signs(y)))
binary("soft_margin_loss", F.soft_margin_loss, lambda x, y: (x, signs(y)))
binary("margin_ranking_loss", F.margin_ranking_loss, lambda x, y: (x, y, signs(y)))
binary("triplet_margin_loss", F.triplet_margin_loss, lambda x, y: (x, y, x.flip(0)))
binary("cosine_embedding_loss", F.cosine_embedding_loss, lambda x, y: (x, y, signs(y[:, 0])))
binary("gaussian_nll_loss", F.gaussian_nll_loss, lambda x, y: (x, y, positive(x)))
binary("poisson_nll_loss", F.poisson_nll_loss, lambda x, y: (x, y.abs()))


def ctc(randn, n):
    batch, classes, steps = 16, 32, n // 8
    return (randn(steps, batch, classes).log_softmax(2), torch.randint(1, classes, (batch, steps // 4)),
            torch.full((batch,), steps), torch.full((batch,), steps // 4))


case("ctc_loss", F.ctc_loss, ctc)


def images(randn, n):
    return randn(max(1, n * n // 16384), 16, 32, 32)


def grids(randn, n):
    x = images(randn, n)
    return x, (randn(len(x), 32, 32, 2) / 2).clamp(-1, 1)


for name, f in {
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "batch_norm_eval": lambda x: F.batch_norm(x, *[torch.ones(16, dtype=x.dtype)] * 4),
    "group_norm": lambda x: F.group_norm(x, 4), "instance_norm": F.instance_norm,
    "local_response_norm": lambda x: F.local_response_norm(x, 5),
    "max_pool2": lambda x: F.max_pool2d(x, 2), "max_pool3_s2": lambda x: F.max_pool2d(x, 3, 2, 1),
    "max_pool3_s1": lambda x: F.max_pool2d(x, 3, 1, 1), "avg_pool2": lambda x: F.avg_pool2d(x, 2),
    "avg_pool3_s2": lambda x: F.avg_pool2d(x, 3, 2, 1), "avg_pool3d": lambda x: F.avg_pool3d(x, 2),
    "max_pool3d": lambda x: F.max_pool3d(x, 2), "adaptive_avg_1": lambda x: F.adaptive_avg_pool2d(x, 1),
    "adaptive_avg_7": lambda x: F.adaptive_avg_pool2d(x, 7), "adaptive_max_7": lambda x: F.adaptive_max_pool2d(x, 7),
    "lp_pool": lambda x: F.lp_pool2d(x, 2, 2), "max_pool1d": lambda x: F.max_pool1d(x.flatten(2), 2),
    "avg_pool1d": lambda x: F.avg_pool1d(x.flatten(2), 2),
    "upsample": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "upsample_nearest": lambda x: F.interpolate(x, scale_factor=2),
    "upsample_bicubic": lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"),
    "downsample": lambda x: F.interpolate(x, size=(20, 20), mode="bilinear"),
    "downsample_nearest": lambda x: F.interpolate(x, size=(20, 20)), "unfold": lambda x: F.unfold(x, 3),
    "fold": lambda x: F.fold(x.reshape(len(x), -1, 256), (32, 32), 2, stride=2),
    "permute_copy": lambda x: x.permute(0, 2, 3, 1).contiguous(), "permute_back": lambda x: x.permute(0, 3, 1, 2).contiguous(),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x, 2), "pixel_unshuffle": lambda x: F.pixel_unshuffle(x, 2),
    "channel_mean": lambda x: x.mean((0, 2, 3)), "image_mean": lambda x: x.mean((2, 3)),
    "dropout2d": lambda x: F.dropout2d(x, 0.5, True), "pad_reflect_2d": lambda x: F.pad(x, (1, 1, 1, 1), "reflect"),
    "pad_2d": lambda x: F.pad(x, (1, 1, 1, 1)), "einsum_bchw": lambda x: torch.einsum("bchw->bhwc", x).contiguous(),
}.items():
    case(name, f, images)
for name, mode, padding in (("grid_sample", "bilinear", "zeros"), ("grid_sample_nearest", "nearest", "zeros"),
                            ("grid_sample_border", "bilinear", "border")):
    case(name, lambda x, g, mode=mode, padding=padding: F.grid_sample(x, g, mode, padding, align_corners=False), grids)
case("affine_grid", lambda theta: F.affine_grid(theta, (len(theta), 3, 32, 32), align_corners=False),
     lambda randn, n: [randn(max(1, n * n // 16384), 2, 3)])


def small(size):
    def make(randn, n):
        count = max(1, n * n // (size * size))
        return randn(count, size, size), randn(count, size, size)
    return make


case("bmm_8", torch.bmm, small(8))
case("bmm_32", torch.bmm, small(32))
case("einsum_bij", lambda x, y: torch.einsum("bij,bjk->bik", x, y), small(32))
case("einsum_heads", lambda x, y: torch.einsum("bqhd,bkhd->bhqk", x, y),
     lambda randn, n: (randn(max(1, n // 128), 64, 4, 32), randn(max(1, n // 128), 64, 4, 32)))


def matrix(name, f, kind=None):
    def make(randn, n):
        side = min(n, 256)
        x = randn(side, side)
        x = x @ x.t() + torch.eye(side) * side if kind == "positive" else x + torch.eye(side) * side if kind else x
        return x, randn(side, 4)
    case(name, f, make)


matrix("inv", lambda x, y: torch.linalg.inv(x), "well")
matrix("det", lambda x, y: torch.linalg.det(x), "well")
matrix("solve", torch.linalg.solve, "well")
matrix("cholesky", lambda x, y: torch.linalg.cholesky(x), "positive")
matrix("qr", lambda x, y: torch.linalg.qr(x))
matrix("svd", lambda x, y: tuple(torch.linalg.svd(x, False)))
matrix("eigh", lambda x, y: tuple(torch.linalg.eigh(x)), "positive")
matrix("matrix_norm", lambda x, y: torch.linalg.norm(x))


def made(name, f):
    case(name, f, lambda randn, n: [n])


for name in "rand randn zeros ones".split():
    made(name, lambda n, f=getattr(torch, name): f(n, n))
made("full", lambda n: torch.full((n, n), 3.5))
made("arange", lambda n: torch.arange(n * n))
made("linspace", lambda n: torch.linspace(0, 1, n * n))
made("eye", torch.eye)
made("randperm", lambda n: torch.randperm(n * n))
made("randint", lambda n: torch.randint(1, 100, (n, n)))
made("tril_indices", lambda n: torch.tril_indices(n, n))
unary("bernoulli", torch.bernoulli, torch.sigmoid)
unary("exponential_", lambda x: x.exponential_())
unary("normal_", lambda x: x.normal_(1, 2))
unary("uniform_", lambda x: x.uniform_(-1, 1))
unary("zero_", lambda x: x.zero_())
unary("copy_", lambda x: x.copy_(x + 1))
unary("multinomial", lambda p: p.multinomial(len(p), replacement=True), lambda x: x[0].abs())
unary("multinomial_rows", lambda p: p.multinomial(1), torch.abs)


def optimiser(name, make, count):
    def parameters(randn, n):
        made = []
        for _ in range(count):
            made.append(randn(max(1, n * n // count // (64 if count > 10 else 1))).requires_grad_())
            made[-1].grad = randn(made[-1].shape[0])
        return [make(made)]
    case(f"{name}_{count}", lambda step: step(), parameters)


for count in (4, 50):
    for name, kind, more in (("sgd", "SGD", dict(lr=1e-3, momentum=0.9)), ("adam", "Adam", {}), ("adamw", "AdamW", {}),
                             ("rmsprop", "RMSprop", {}), ("adagrad", "Adagrad", {}), ("adadelta", "Adadelta", {}),
                             ("nadam", "NAdam", {})):
        def steps(p, kind=kind, more=more):
            forms = [getattr(torch.optim, kind)(p, **more).step]
            if kind in ("SGD", "Adam", "AdamW", "Adagrad"):
                forms.append(getattr(torch.optim, kind)(p, fused=True, **more).step)
            best = [timing.timed(form, 0.01, 0.002, 3)[0] for form in forms]
            return forms[best.index(min(best))]
        optimiser(name, steps, count)
    optimiser("clip_grad_norm", lambda p: lambda: torch.nn.utils.clip_grad_norm_(p, 1), count)


def cell(name, make):
    def build(n, form):
        width = n // 4 if n > 512 else n
        c, x = make(width), normal(form)(32, width)
        if form == "float64":
            c = c.double()
        return calls(lambda v: (c(v)[0] if name == "lstm_cell" else c(v)), form, [x])
    CASES[name] = build


cell("gru_cell", lambda n: torch.nn.GRUCell(n, n))
cell("rnn_cell", lambda n: torch.nn.RNNCell(n, n))
cell("lstm_cell", lambda n: torch.nn.LSTMCell(n, n))


class Ours:
    """Our program, which is asked for one timing after the other."""

    def __init__(self):
        nnlua = os.environ.get("NNLUA", os.path.join(HERE, "../../build/bin/nnlua"))
        self.program = subprocess.Popen([nnlua, os.path.join(HERE, "operations.lua"), str(options.threads)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def best(self, name, form, side):
        """Microseconds, or None with the reason on stderr."""
        self.program.stdin.write(f"{name} {form} {side} {options.seconds}\n")
        answer = self.program.stdout.readline().strip()
        if answer[:1].isdigit():
            return float(answer.split()[0])
        print(f"{name} {form} {side}: {answer or 'our program has ended'}", file=sys.stderr)
        return None


def compared(ours, name, form, side):
    """The best times of both, or None where one of them has nothing to time."""
    try:
        run = CASES[name](side, form)
    except (RuntimeError, NotImplementedError) as problem:
        print(f"{name} {form} {side}: PyTorch: {str(problem).splitlines()[0]}", file=sys.stderr)
        return None
    if run is None:
        return None
    mine, theirs = [], []
    for _ in range(options.rounds):
        mine.append(ours.best(name, form, side))
        if mine[-1] is None:
            return None
        theirs.append(timing.timed(run, options.seconds, 0.002, 3)[0])
        time.sleep(0.005)  # until its threads sleep
    return min(mine), min(theirs)


def main():
    ours, rows = Ours(), []
    for name in options.only.split(",") if options.only else CASES:
        for form in options.forms.split(","):
            for side in map(int, options.sides.split(",")):
                times = compared(ours, name, form, side)
                if times:
                    rows.append((times[1] / times[0], name, form, side, *times))
    ours.program.stdin.close()
    for ratio, name, form, side, mine, theirs in sorted(rows):
        if ratio < options.below:
            print(f"{name:22s} {form:10s} {side:5d}  nnlua {mine:11.2f} us  PyTorch {theirs:11.2f} us  "
                  f"{ratio:6.2f} times faster")


main()
