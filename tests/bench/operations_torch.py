#!/usr/bin/env python3
"""Single operations, nnlua against PyTorch, in turn on the same cores: what is slower here is listed first.

    PYTHON tests/bench/operations_torch.py [--threads 2] [--sides 64,1024,3072] [--rounds 3] [--seconds 0.05]
                                           [--only exp,add] [--below 0.97]

operations.lua holds our side under the same names. Best times of all rounds; each round times one side after the other.
NNLUA names our program. MALLOC_MMAP_THRESHOLD_ and MALLOC_TRIM_THRESHOLD_ are set for PyTorch's sake, as in compare.
"""
import argparse
import os
import subprocess
import sys
import time

import timing

HERE = os.path.dirname(os.path.abspath(__file__))
timing.keep_pages()

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--sides", default="64,1024,3072")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=float, default=0.05)
parser.add_argument("--only")
parser.add_argument("--below", type=float, default=1e9, help="show only ratios below this")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)


def positive(x):
    return x.abs() + 0.1


def ids(x, high, *size):
    return torch.randint(0, high, size)


# name: f(x), or f(x) and what makes x of normal numbers
UNARY = {name: (getattr(torch, name),) for name in (
    "exp relu tanh sigmoid erf sin abs neg argmax sum mean max var std norm expm1 square floor sign prod atan all clone tril "
    "diff").split()}
UNARY.update({name: (getattr(F, name),) for name in "gelu silu softplus leaky_relu elu".split()})
UNARY.update({name: (getattr(torch, name), positive) for name in "log sqrt rsqrt reciprocal log1p".split()})
for name in "sum mean max var argmax norm std amax".split():
    for d, way in enumerate(("cols", "rows")):
        if name == "norm":
            UNARY[f"norm_{way}"] = (lambda x, d=d: x.norm(2, d),)
        else:
            UNARY[f"{name}_{way}"] = (lambda x, d=d, f=getattr(torch, name): f(x, d),)
UNARY.update({
    "pow2": (lambda x: x ** 2,), "pow3": (lambda x: x ** 3,), "pow_f": (lambda x: x ** 1.7, positive),
    "clamp": (lambda x: x.clamp(-1, 1),), "add_number": (lambda x: x + 1,),
    "softmax": (lambda x: x.softmax(1),), "softmax_cols": (lambda x: x.softmax(0),),
    "log_softmax": (lambda x: x.log_softmax(1),), "logsumexp": (lambda x: x.logsumexp(1),),
    "cumsum_rows": (lambda x: x.cumsum(1),), "cumsum_cols": (lambda x: x.cumsum(0),),
    "sort_rows": (lambda x: x.sort(1),), "topk_rows": (lambda x: x.topk(5, 1),),
    "argsort_all": (lambda x: x.argsort(), torch.flatten),
    "transpose_copy": (lambda x: x.t().contiguous(),),
    "flip": (lambda x: x.flip(0),), "roll": (lambda x: x.roll(7, 1),),
    "cat": (lambda x: torch.cat([x, x], 1),), "stack": (lambda x: torch.stack([x, x]),),
    "masked_select": (lambda x: x[x > 0],),
    "layer_norm": (lambda x: F.layer_norm(x, x.shape[1:]),),
    "dropout": (lambda x: F.dropout(x, 0.5, True),),
    "to_float64": (lambda x: x.double(),), "to_int64": (lambda x: x.long(),),
    "from_uint8": (lambda x: x.float(), lambda x: (x * 50).abs().to(torch.uint8)),
    "from_bool": (lambda x: x.float(), lambda x: x > 0),
    "glu": (lambda x: F.glu(x, 1),), "pad": (lambda x: F.pad(x, (1, 1, 1, 1)),),
    "histc": (lambda x: x.histc(50, -3, 3),), "unfold_view": (lambda x: x.unfold(1, 3, 1).sum(2),),
})
# name: f(x, y), or f and what makes (x, y) of normal numbers
BINARY = {name: (getattr(torch, name),) for name in "add mul div maximum lt".split()}
BINARY.update({
    "pow": (torch.pow, lambda x, y: (positive(x), y)),
    "add_row": (torch.add, lambda x, y: (x, y[0])), "add_col": (torch.add, lambda x, y: (x, y[:, :1])),
    "add_transposed": (torch.add, lambda x, y: (x, y.t())),
    "where": (lambda m, y: torch.where(m, y, 0), lambda x, y: (x > 0, y)),
    "masked_fill": (lambda m, y: y.masked_fill(m, 0), lambda x, y: (x > 0, y)),
    "mse_loss": (F.mse_loss,),
    "bce_logits": (F.binary_cross_entropy_with_logits, lambda x, y: (x, y.sigmoid())),
    "lerp": (lambda x, y: x.lerp(y, 0.3),), "addcmul": (lambda x, y: x.addcmul(x, y),),
    "dot": (torch.dot, lambda x, y: (x.flatten(), y.flatten())), "add_": (lambda x, y: x.add_(y),),
    "index_select": (lambda x, i: x.index_select(0, i), lambda x, y: (x, ids(x, len(x), len(x)))),
    "index_cols": (lambda x, i: x.index_select(1, i), lambda x, y: (x, ids(x, len(x), len(x)))),
    "index_rows": (lambda x, i: x[i], lambda x, y: (x, ids(x, len(x), len(x)))),
    "gather": (lambda x, i: x.gather(1, i), lambda x, y: (x, ids(x, len(x), *x.shape))),
    "scatter_add": (lambda x, i: x.scatter_add(1, i, x), lambda x, y: (x, ids(x, len(x), *x.shape))),
    "cross_entropy": (F.cross_entropy, lambda x, y: (x, ids(x, len(x), len(x)))),
    "embedding": (lambda w, i: F.embedding(i, w), lambda x, y: (x[:, :64].contiguous(), ids(x, len(x), len(x), len(x) // 64))),
    "embedding_bag": (lambda w, i: F.embedding_bag(i, w),
                      lambda x, y: (x[:, :64].contiguous(), ids(x, len(x), len(x), len(x) // 64))),
    "one_hot": (F.one_hot, lambda x, y: (ids(x, len(x), len(x)), len(x))),
    "bincount": (lambda x, y: torch.bincount(x), lambda x, y: (ids(x, 1000, x.numel()), None)),
    "unique": (lambda x, y: torch.unique(x), lambda x, y: (ids(x, 1000, x.numel()), None)),
    "add_int64": (torch.add, lambda x, y: ((x * 100).long(), (y * 100).long())),
    "sum_int64": (lambda x, y: x.sum(), lambda x, y: ((x * 100).long(), None)),
    "sum_bool": (lambda x, y: x.sum(), lambda x, y: (x > 0, None)),
    "eq_int64": (torch.eq, lambda x, y: ((x * 2).long(), (y * 2).long())),
    "exp_float64": (lambda x, y: x.exp(), lambda x, y: (x.double(), None)),
    "add_float64": (torch.add, lambda x, y: (x.double(), y.double())),
    "cdist": (torch.cdist, lambda x, y: (x[:, :32], y[:, :32])),
})
IMAGE = {
    "batch_norm_eval": lambda x: F.batch_norm(x, *[torch.ones(16)] * 4), "group_norm": lambda x: F.group_norm(x, 4),
    "instance_norm": F.instance_norm, "avg_pool3d": lambda x: F.avg_pool3d(x, 2), "max_pool3d": lambda x: F.max_pool3d(x, 2),
    "upsample": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "upsample_nearest": lambda x: F.interpolate(x, scale_factor=2), "unfold": lambda x: F.unfold(x, 3),
    "permute_copy": lambda x: x.permute(0, 2, 3, 1).contiguous(),
}
# name: what makes the call for a side
OTHER = {name: (lambda n, f=getattr(torch, name): lambda: f(n, n)) for name in "rand randn zeros ones".split()}
OTHER.update({
    "full": lambda n: lambda: torch.full((n, n), 3.0), "arange": lambda n: lambda: torch.arange(n * n),
    "randperm": lambda n: lambda: torch.randperm(n * n), "randint": lambda n: lambda: torch.randint(1, 100, (n, n)),
})
BOTH = {"relu_step": F.relu, "gelu_step": F.gelu, "softmax_step": lambda x: x.softmax(1),
        "layer_norm_step": lambda x: F.layer_norm(x, x.shape[1:]), "dropout_step": lambda x: F.dropout(x, 0.5, True),
        "mul_step": lambda x: x * x, "cumsum_step": lambda x: x.cumsum(1)}


def image(n):
    return torch.randn(max(1, n * n // 16384), 16, 32, 32)


def bernoulli(n):
    p = torch.rand(n, n)
    return lambda: p.bernoulli()


def multinomial(n):
    p = torch.rand(n)
    return lambda: p.multinomial(n, replacement=True)


def grid_sample(n):
    x = image(n)
    grid = torch.rand(len(x), 32, 32, 2) * 2 - 1
    return lambda: F.grid_sample(x, grid, align_corners=False)


def normal_(n):
    x = torch.empty(n, n)
    return lambda: x.normal_(1, 2)


def uniform_(n):
    x = torch.empty(n, n)
    return lambda: x.uniform_(-1, 1)


OTHER.update(bernoulli=bernoulli, multinomial=multinomial, grid_sample=grid_sample, normal_=normal_, uniform_=uniform_)


def both(f):
    def make(n):
        x, g = torch.randn(n, n, requires_grad=True), torch.randn(n, n)
        def run():
            x.grad = None
            f(x).backward(g)
        return run
    return make


def cases():
    """name -> what makes a call for a side."""
    def unary(f, made=lambda x: x):
        def make(n):
            x = made(torch.randn(n, n))
            return lambda: f(x)
        return make
    def binary(f, made=lambda x, y: (x, y)):
        def make(n):
            x, y = made(torch.randn(n, n), torch.randn(n, n))
            return lambda: f(x, y)
        return make
    def of_image(f):
        def make(n):
            x = image(n)
            return lambda: f(x)
        return make
    found = {name: unary(*how) for name, how in UNARY.items()}
    found.update({name: binary(*how) for name, how in BINARY.items()})
    found.update({name: of_image(f) for name, f in IMAGE.items()})
    found.update({name: both(f) for name, f in BOTH.items()})
    found.update(OTHER)
    return found


def main():
    nnlua = os.environ.get("NNLUA", os.path.join(HERE, "../../build/bin/nnlua"))
    ours = subprocess.Popen([nnlua, os.path.join(HERE, "operations.lua"), str(options.threads)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True, bufsize=1)
    rows = []
    all_cases = cases()
    for name in options.only.split(",") if options.only else all_cases:
        for side in map(int, options.sides.split(",")):
            run, mine, theirs = all_cases[name](side), [], []
            for _ in range(options.rounds):
                ours.stdin.write(f"{name} {side} {options.seconds}\n")
                answer = ours.stdout.readline().split()
                if not answer or answer == ["missing"]:
                    break
                mine.append(float(answer[0]))
                theirs.append(timing.timed(run, options.seconds, 0.002, 3)[0])
                time.sleep(0.005)  # until its threads sleep
            if not mine:
                print(f"{name}: not timed by operations.lua", file=sys.stderr)
                break
            rows.append((min(theirs) / min(mine), name, side, min(mine), min(theirs)))
    ours.stdin.close()
    for ratio, name, side, mine, theirs in sorted(rows):
        if ratio < options.below:
            print(f"{name:18s} {side:5d}  nnlua {mine:11.2f} us  PyTorch {theirs:11.2f} us  {ratio:6.2f} times faster")


main()
