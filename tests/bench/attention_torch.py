"""PyTorch's side of attention.lua: the same shapes and lines."""
import sys
import time

import torch
import torch.nn.functional as F

shapes = [(1, 4, n, d) for n in (16, 128, 512, 2048) for d in (16, 32, 64, 128)]
shapes += [(16, 4, n, d) for n in (16, 64, 256) for d in (16, 32, 64, 128)]
shapes += [(64, 4, n, d) for n in (16, 64) for d in (16, 32, 64, 128)]
if len(sys.argv) > 2:
    shapes = [tuple(map(int, s.split())) for s in sys.argv[2:]]
torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)


def best(f):
    f()
    least, runs, stop = 1e9, 0, time.perf_counter() + 0.12
    while time.perf_counter() < stop or runs < 4:
        t = time.perf_counter()
        f()
        least, runs = min(least, time.perf_counter() - t), runs + 1
    return least * 1e6


for s in shapes:
    q, k, v, g = (torch.randn(s) for _ in range(4))
    with torch.no_grad():
        forward = best(lambda: F.scaled_dot_product_attention(q, k, v))
    for x in (q, k, v):
        x.requires_grad_(True)
    both = best(lambda: torch.autograd.grad(F.scaled_dot_product_attention(q, k, v), (q, k, v), g))
    print("%d %d %d %d\t%.1f\t%.1f" % (*s, forward, both), flush=True)
