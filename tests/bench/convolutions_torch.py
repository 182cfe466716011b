#!/usr/bin/env python3
"""Convolutions of many forms against PyTorch, in turn, the slowest first: forward alone, and forward with the gradients of
input and weights. PyTorch in both memory formats, the better one counts.

    python tests/bench/convolutions_torch.py [--threads 1,2] [--rounds 3] [--seconds 0.05] [--only a,b] [--below 100]
"""
import argparse
import os
import subprocess
import time

import timing

timing.keep_pages()

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
# name: kind, c, h, w, k, r, s, stride, padding, dilation, groups
SHAPES = {
    "3x3 first": ("conv2d", 3, 32, 32, 32, 3, 3, 1, 1, 1, 1),
    "3x3 32 28": ("conv2d", 32, 28, 28, 32, 3, 3, 1, 1, 1, 1),
    "3x3 64 14": ("conv2d", 64, 14, 14, 64, 3, 3, 1, 1, 1, 1),
    "3x3 128 7": ("conv2d", 128, 7, 7, 128, 3, 3, 1, 1, 1, 1),
    "3x3 32 33": ("conv2d", 32, 33, 33, 32, 3, 3, 1, 1, 1, 1),
    "3x3 8 28": ("conv2d", 8, 28, 28, 8, 3, 3, 1, 1, 1, 1),
    "1x1": ("conv2d", 64, 14, 14, 128, 1, 1, 1, 0, 1, 1),
    "5x5": ("conv2d", 16, 28, 28, 32, 5, 5, 1, 2, 1, 1),
    "3x3 stride 2": ("conv2d", 32, 28, 28, 64, 3, 3, 2, 1, 1, 1),
    "1x1 stride 2": ("conv2d", 64, 28, 28, 128, 1, 1, 2, 0, 1, 1),
    "4x4 stride 2": ("conv2d", 32, 32, 32, 64, 4, 4, 2, 1, 1, 1),
    "7x7 stride 2": ("conv2d", 3, 64, 64, 32, 7, 7, 2, 3, 1, 1),
    "depthwise": ("conv2d", 64, 28, 28, 64, 3, 3, 1, 1, 1, 64),
    "depthwise stride 2": ("conv2d", 64, 28, 28, 64, 3, 3, 2, 1, 1, 64),
    "depthwise 5x5": ("conv2d", 64, 14, 14, 64, 5, 5, 1, 2, 1, 64),
    "grouped": ("conv2d", 64, 14, 14, 64, 3, 3, 1, 1, 1, 8),
    "dilated": ("conv2d", 32, 28, 28, 32, 3, 3, 1, 2, 2, 1),
    "1-d": ("conv1d", 32, 1, 256, 64, 1, 5, 1, 2, 1, 1),
    "1-d causal": ("conv1d", 32, 1, 256, 32, 1, 2, 1, 4, 4, 1),
    "transposed": ("conv_transpose2d", 64, 14, 14, 32, 4, 4, 2, 1, 1, 1),
    "transposed 2x2": ("conv_transpose2d", 64, 14, 14, 32, 2, 2, 2, 0, 1, 1),
}


def work(n, shape, both, memory_format):
    kind, c, h, w, k, r, s, stride, padding, dilation, groups = shape
    a, b = (c, k // groups) if kind == "conv_transpose2d" else (k, c // groups)
    x = torch.randn(n, c, w) if kind == "conv1d" else torch.randn(n, c, h, w)
    weight = torch.randn(a, b, s) if kind == "conv1d" else torch.randn(a, b, r, s)
    if memory_format is not None:
        x, weight = x.to(memory_format=memory_format), weight.to(memory_format=memory_format)
    f = getattr(F, kind)
    options = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)

    def forward():
        with torch.no_grad():
            return f(x, weight, **options)
    if not both:
        return forward
    x.requires_grad_()
    weight.requires_grad_()
    g = torch.randn_like(f(x, weight, **options))

    def run():
        x.grad = weight.grad = None
        f(x, weight, **options).backward(g)
    return run


def compare(ours, n, shape, both, options):
    mine, theirs = [], []
    runs = [work(n, shape, both, None)]
    if shape[0] != "conv1d":
        runs.append(work(n, shape, both, torch.channels_last))
    for _ in range(options.rounds):
        numbers = " ".join(map(str, (n,) + shape[1:]))
        ours.stdin.write(f"{shape[0]} {numbers} {'both' if both else 'forward'} {options.seconds}\n")
        mine.append(float(ours.stdout.readline().split()[0]))
        time.sleep(0.005)  # until its threads sleep
        theirs += [timing.timed(run, options.seconds, 0.002, 3)[0] for run in runs]
        time.sleep(0.005)
    return min(mine), min(theirs)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--threads", default="1,2")
    ap.add_argument("--batches", default="1,32")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--seconds", default=0.05, type=float)
    ap.add_argument("--only")
    ap.add_argument("--below", type=float, default=100, help="show only what is fewer times faster")
    options = ap.parse_args()
    nnlua = os.environ.get("NNLUA", os.path.join(HERE, "../../build/bin/nnlua"))
    rows = []
    for threads in map(int, options.threads.split(",")):
        torch.set_num_threads(threads)
        ours = subprocess.Popen([nnlua, os.path.join(HERE, "convolutions.lua"), str(threads)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True, bufsize=1)
        for name in options.only.split(",") if options.only else SHAPES:
            for n in map(int, options.batches.split(",")):
                for both in (False, True):
                    mine, theirs = compare(ours, n, SHAPES[name], both, options)
                    rows.append((theirs / mine, name, n, threads, "both" if both else "forward", mine, theirs))
        ours.stdin.close()
    for ratio, name, n, threads, way, mine, theirs in sorted(rows):
        if ratio < options.below:
            print(f"{name:18s} batch {n:3d}, {threads} threads, {way:8s} nnlua {mine:9.1f} us  PyTorch {theirs:9.1f} us  "
                  f"{ratio:6.2f} times faster")


main()
