#!/usr/bin/env python3
"""Writes the fixtures: runs every declared case in PyTorch and stores what nnlua has to reproduce.

    python make_fixtures.py [FAMILY...]      (needs torch, numpy, safetensors)

Without arguments all families are written. A case that PyTorch refuses, an operation with fewer than ten
cases, and a file that would grow out of bounds are errors."""

import importlib
import os
import sys
import warnings

import torch

import codec
from sampled import draw_cases
from spec import Op

HERE = os.path.dirname(os.path.abspath(__file__))
FAMILIES = ["linalg", "distributions", "tensorfuncs", "creation", "shape", "index", "elementwise", "reduce", "product", "layers", "loss",
            "autograd", "module",
            "recurrent", "attention", "training", "optim",
            "losses", "conv", "pool", "normalization", "image", "embedding", "activation", "container",
            "networks"]
# Operations whose cases go into the family "more", which is written when it is asked for by name.
MORE = {"threshold", "prelu", "selu", "celu", "hardshrink", "nan_to_num", "addcmul", "addcdiv", "lerp", "nansum", "var_mean",
        "std_mean", "aminmax", "linalg.norm", "linalg.vector_norm", "cumprod", "addmv", "tensordot"}
MIN_CASES = 10
MAX_BYTES = 4 << 20


def write(family, operations, records):
    path = os.path.join(HERE, "fixtures", family + ".bin.gz")
    size = codec.write(path, {"family": family, "torch": torch.__version__.split("+")[0], "cases": records})
    print("%-12s %4d operations %5d cases %8d bytes" % (family, operations, len(records), size))
    return size


def main(wanted):
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    failures, total = [], 0
    modules = {family: importlib.import_module("cases_" + family) for family in FAMILIES}
    for module in modules.values():
        if hasattr(module, "declare"):
            module.declare()
    for family in wanted or FAMILIES:
        if hasattr(modules.get(family), "records"):
            records = modules[family].records()
            total += write(family, len({r["op"] for r in records}), records)
            continue
        ops = [op for op in Op.registry.values() if family == ("more" if op.name in MORE else op.family)]
        records = []
        for op in ops:
            try:
                draw_cases(op)
            except RuntimeError as e:
                failures.append(str(e))
            if len(op.cases) < MIN_CASES:
                failures.append("%s has only %d cases" % (op.name, len(op.cases)))
            for case in op.cases:
                try:
                    records.append(case.record())
                except Exception as e:
                    failures.append("%s: %s" % (case.id, e))
        total += write(family, len(ops), records)
    for f in failures:
        print("FAILED", f)
    if total > MAX_BYTES:
        failures.append("too large")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
