"""The same as small.lua in PyTorch, in the same form."""
import sys
import time

import torch

threads = int(sys.argv[sys.argv.index("--threads") + 1]) if "--threads" in sys.argv else 2
torch.set_num_threads(threads)


def report(name, rounds, count, f):
    times = []
    f()
    for _ in range(rounds):
        start = time.perf_counter()
        f()
        times.append((time.perf_counter() - start) / count * 1e6)
    times.sort()
    print(f'{{"name": "{name}", "best_us": {times[0]:.4f}, "median_us": {times[rounds // 2]:.4f}, "threads": {threads}}}', flush=True)


a, b = torch.randn(10), torch.randn(10)
many = 50000


def add():
    for _ in range(many):
        a + b


report("op_add", 15, many, add)
a.requires_grad_()
report("op_add_recorded", 15, many, add)
m, n = torch.randn(1024, 1024), torch.randn(1024, 1024)
report("gemm_1024", 15, 1, lambda: m @ n)
