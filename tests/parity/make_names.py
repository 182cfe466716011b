#!/usr/bin/env python3
"""Writes docs/pytorch-names.txt: PyTorch's public names, one a line, for docs/names.lua to hold against ours.

    python make_names.py

Left out are what a module merely imports (types, other modules, helpers of PyTorch's own), classes of torch itself, names
with a leading underscore, dtypes, devices and layouts."""

import inspect
import os

import torch
import torch.distributions
import torch.nn.utils.parametrizations
import torch.nn.utils.parametrize
import torch.nn.utils.rnn
import torch.optim.swa_utils

HERE = os.path.dirname(os.path.abspath(__file__))


def own(module, prefix):
    """Public functions and classes that were made in torch (not in typing, collections, ...)."""
    names = []
    for name in sorted(set(dir(module))):
        value = getattr(module, name)
        home = getattr(value, "__module__", None) or ""
        if name.startswith("_") or inspect.ismodule(value) or not callable(value):
            continue
        if home.startswith(("typing", "collections", "functools", "types", "math", "builtins", "enum")) and inspect.isclass(value):
            continue
        names.append(prefix + name)
    return names


def listed(module, prefix):
    return [prefix + name for name in sorted(module.__all__) if not name.startswith("_")]


def modules():
    return ["torch.nn." + name for name in sorted(dir(torch.nn)) if inspect.isclass(getattr(torch.nn, name)) and not name.startswith("_")]


def functions_of_torch():
    out = []
    for name in sorted(set(torch.__all__) | set(torch._C._VariableFunctionsClass.__dict__)):
        value = getattr(torch, name, None)
        if name.startswith("_") or value is None or inspect.ismodule(value) or isinstance(value, (torch.dtype, torch.layout)):
            continue
        if inspect.isclass(value) and name != "Generator" or not callable(value):
            continue
        out.append("torch." + name)
    return out


def main():
    F, nn, optim = torch.nn.functional, torch.nn, torch.optim
    skip = {"torch.nn.functional." + n for n in ("boolean_dispatch", "assert_int_or_pair", "handle_torch_function", "Optional",
            "has_torch_function", "has_torch_function_unary", "has_torch_function_variadic", "Callable", "Tensor", "DType",
            "BroadcastingList1", "BroadcastingList2", "BroadcastingList3", "ScalingType", "SwizzleType")}
    names = functions_of_torch()
    names += ["torch.Tensor." + n for n in sorted(dir(torch.Tensor)) if not n.startswith("_")]
    names += modules() + [n for n in own(F, "torch.nn.functional.") if n not in skip]
    names += [n for n in own(nn.init, "torch.nn.init.") if n[14:] not in ("Callable", "Literal", "ParamSpec", "Tensor", "TypeVar")]
    names += own(nn.utils, "torch.nn.utils.")
    names += ["torch.nn.utils.rnn." + n for n in sorted(torch.nn.utils.rnn.__all__)]
    names += ["torch.nn.utils.parametrizations." + n for n in sorted(torch.nn.utils.parametrizations.__all__)]
    names += ["torch.nn.utils.parametrize." + n for n in sorted(torch.nn.utils.parametrize.__all__)]
    names += ["torch.optim." + n for n in sorted(dir(optim)) if inspect.isclass(getattr(optim, n))]
    names += listed(optim.lr_scheduler, "torch.optim.lr_scheduler.") + listed(optim.swa_utils, "torch.optim.swa_utils.")
    names += [n for n in own(torch.linalg, "torch.linalg.")] + listed(torch.distributions, "torch.distributions.")
    path = os.path.join(HERE, "..", "..", "docs", "pytorch-names.txt")
    with open(path, "w") as f:
        f.write("# PyTorch %s, written by tests/parity/make_names.py\n" % torch.__version__.split("+")[0])
        f.write("".join(n + "\n" for n in names))
    print(len(names), "names")


if __name__ == "__main__":
    main()
