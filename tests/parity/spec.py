"""Cases as data: descriptors of inputs, one declaration for PyTorch and for nnlua, and the reference run.

A case says which operation is called with which arguments. `record` runs it in PyTorch and returns what
goes into the fixture: the call in nnlua's manner (dimensions and indices from 1, keywords as an options
table), descriptors of the inputs, expected outputs and gradients in float64, dtypes, and the scale of
each value (the sum of the absolute terms) where terms cancel. Which operations there are is said in
cases_*.py."""

import operator

import numpy as np
import torch

import formula
import models
import programs
from codec import Exponents

DTYPES = {
    "float32": torch.float32, "float64": torch.float64, "int64": torch.int64,
    "bool": torch.bool, "uint8": torch.uint8,
}
NAMES = {v: k for k, v in DTYPES.items()}
MODES = ("float64", "float32")  # what the dtype "float" stands for in a run
MAX_JACOBIAN = 700              # elements; beyond that a case must say scale="abs"


class D:
    """A dimension, index or class number: counts from 0 here, from 1 in Lua; negative ones agree."""

    def __init__(self, value):
        self.value = value

    def lua(self):
        return self.value + 1 if self.value >= 0 else self.value


class Dtype:
    """A dtype as an argument. "float" is the dtype of the run."""

    def __init__(self, name):
        self.name = name


class Key:
    """What stands in brackets, x[...]: ints, slices, None (newaxis), Ellipsis, T."""

    def __init__(self, *items, direct=False):
        self.items, self.direct = items, direct


class T:
    """An input tensor: shape, domain of its values, dtype, storage layout.

    layouts: None contiguous, "t" the last two dimensions swapped in storage, "rev" all dimensions
    reversed in storage, "step" every second element of the last dimension, "off" a narrowed first
    dimension (storage offset), ("expand", dims...) these dimensions have one element in storage.
    grad: whether a gradient is asked for (default: for a float tensor). mut: the call changes it, the
    fixture says into what."""

    def __init__(self, shape, dom=None, dtype="float", layout=None, grad=None, n=None, mut=False):
        if isinstance(shape, int):
            shape = (shape,)
        self.shape, self.dtype, self.layout, self.n, self.mut = tuple(shape), dtype, layout, n, mut
        default = {"bool": "bool", "uint8": "byte", "int64": "int"}.get(dtype, "any")
        self.dom = dom or default
        is_float = dtype.startswith("float")
        self.grad = (is_float and not mut) if grad is None else grad
        self.seed, self.param = None, None
        self.base = self._base()

    def _base(self):
        s = list(self.shape)
        layout = self.layout
        if layout == "t":
            s[-1], s[-2] = s[-2], s[-1]
        elif layout == "rev":
            s.reverse()
        elif layout == "step":
            s.append(2)
        elif layout == "off":
            s[0] += 2
        elif isinstance(layout, tuple):
            for d in layout[1:]:
                s[d] = 1
        elif layout is not None:
            raise ValueError(layout)
        return tuple(s)

    def view(self, base):
        layout = self.layout
        if layout == "t":
            return base.transpose(-2, -1)
        if layout == "rev":
            return base.permute(*reversed(range(base.dim())))
        if layout == "step":
            return base.select(-1, 1)
        if layout == "off":
            return base.narrow(0, 1, self.shape[0])
        if isinstance(layout, tuple):
            return base.expand(self.shape)
        return base

    def is_float(self):
        return self.dtype.startswith("float")

    def numel(self):
        return int(np.prod(self.base, dtype=np.int64))

    def make(self, mode):
        """The base tensor in a mode: "ref" (all floats are float64), "float64", "float32"."""
        dtype = self.dtype
        if dtype == "float":
            dtype = "float64" if mode == "ref" else mode
        elif self.is_float() and mode == "ref":
            dtype = "float64"
        vals = formula.values(self.dom, self.seed, self.numel(), self.n)
        return torch.tensor(vals, dtype=torch.float64).to(DTYPES[dtype]).reshape(self.base)

    def lua(self):
        d = {"$": "T", "seed": self.seed, "dom": self.dom, "dtype": self.dtype,
             "base": list(self.base), "shape": list(self.shape), "leaf": self.leaf}
        if self.layout:
            d["layout"] = self.layout if isinstance(self.layout, str) else "expand"
        if self.n is not None:
            d["n"] = self.n
        for flag in ("grad", "mut", "param"):
            if getattr(self, flag):
                d[flag] = getattr(self, flag)
        return d


def tensors_in(value):
    """All T in nested arguments, in order."""
    if isinstance(value, T):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for item in value for t in tensors_in(item)]
    if isinstance(value, dict):
        return [t for item in value.values() for t in tensors_in(item)]
    if isinstance(value, Key):
        return tensors_in(value.items)
    return []


def to_python(value, views, mode):
    if isinstance(value, T):
        return views[value.leaf]
    if isinstance(value, D):
        return value.value
    if isinstance(value, Dtype):
        name = value.name
        if name.startswith("float"):
            name = "float64" if mode == "ref" else (mode if name == "float" else name)
        return DTYPES[name]
    if isinstance(value, Key):
        items = tuple(to_python(i, views, mode) for i in value.items)
        return items[0] if value.direct else items
    if isinstance(value, list):
        return [to_python(v, views, mode) for v in value]
    if isinstance(value, tuple):
        return tuple(to_python(v, views, mode) for v in value)
    if isinstance(value, dict):
        return {k: to_python(v, views, mode) for k, v in value.items()}
    return value


def _lua_slice(s):
    start = 1 if s.start is None else (s.start + 1 if s.start >= 0 else s.start)
    stop = -1 if s.stop is None else (s.stop if s.stop >= 0 else s.stop - 1)
    if s.start is None and s.stop is None and s.step is None:
        return []
    return [start, stop] if s.step is None else [start, stop, s.step]


def to_lua(value):
    if isinstance(value, (T, D)):
        return value.lua()
    if isinstance(value, Dtype):
        return {"$": "dtype", "name": value.name}
    if isinstance(value, Key):
        items = []
        for i in value.items:
            if isinstance(i, slice):
                items.append(_lua_slice(i))
            elif i is None:
                items.append({"$": "newaxis"})
            elif i is Ellipsis:
                items.append("...")
            elif isinstance(i, (int, D)) and not isinstance(i, bool):
                items.append(D(i).lua() if isinstance(i, int) else i.lua())
            else:
                items.append(to_lua(i))
        return items[0] if value.direct else items
    if isinstance(value, (list, tuple)):
        return [to_lua(v) for v in value]
    if isinstance(value, dict):
        return {"$": "options", "pairs": {("stop" if k == "end" else k): to_lua(v) for k, v in value.items()}}
    return value


def resolve(form):
    """The Python callable of a form: tensor.x, F.x, :x, :x_, op:x, prop:x, fn:x."""
    if form.startswith("tensor."):
        f = torch
        for part in form.split(".")[1:]:
            f = getattr(f, part)
        return f
    if form.startswith("F."):
        return getattr(torch.nn.functional, form[2:])
    if form.startswith("op:"):
        return getattr(operator, form[3:])
    if form.startswith("prop:"):
        return lambda x: getattr(x, form[5:])
    if form.startswith("fn:"):
        return programs.PROGRAMS[form[3:]]
    name = form[1:]
    if name.endswith("_"):
        return lambda x, *a, **k: getattr(x.clone(), name)(*a, **k)
    return lambda x, *a, **k: getattr(x, name)(*a, **k)


def has_form(form):
    if form.startswith(":"):
        return hasattr(torch.Tensor, form[1:])
    try:
        resolve(form)
    except AttributeError:
        return False
    return True


def flatten(result):
    """Results in order, out of nested tuples."""
    if isinstance(result, (tuple, list)):
        return [x for r in result for x in flatten(r)]
    return [result]


class Op:
    """An operation and its cases.

    forms: "auto" tries tensor.NAME, :NAME, F.NAME and the in-place :NAME_ and keeps for each case those
    that PyTorch has and that give the same result there; or a list.
    tol: "exact", "elementwise" or "reduce". scale: None, "abs" (the sum of the absolute terms is the same
    operation on absolute values: sums, products, convolutions) or "cond" (first order: the sum of
    |derivative| |input|, for all others in which terms cancel), "norm" (the largest magnitude of the tensor: of
    attention, where some gradients, as that of the keys' bias, are zero but for rounding).
    index_out: positions of outputs that count from 0 here and from 1 in Lua. reference: the precision of
    PyTorch's float64 result, where it is less than float64's (a constant kept in float32)."""

    registry = {}

    def __init__(self, family, name, forms="auto", tol="elementwise", scale=None, index_out=(), plain=False,
                 grad=True, reference=None):
        if forms == "auto":
            forms = ["tensor." + name, ":" + name, "F." + name, ":" + name + "_"]
        elif isinstance(forms, str):
            forms = [forms]
        self.family, self.name, self.tol, self.scale, self.index_out = family, name, tol, scale, index_out
        self.forms = [f for f in forms if has_form(f)]
        if not self.forms:
            raise ValueError("PyTorch has no " + name)
        self.plain, self.grad, self.reference, self.cases = plain, grad, reference, []
        key = (family, name)
        if key in Op.registry:
            raise ValueError("declared twice: %s" % (key,))
        Op.registry[key] = self

    def __call__(self, *args, **kwargs):
        self.cases.append(Case(self, args, kwargs))
        return self


class Case:
    def __init__(self, op, args, kwargs):
        self.op = op
        self.tol = kwargs.pop("_tol", op.tol)
        self.scale = kwargs.pop("_scale", op.scale)
        self.forms = kwargs.pop("_forms", op.forms)
        self.id = "%s#%d" % (op.name, len(op.cases) + 1)
        self.args, self.kwargs = list(args), kwargs
        self.leaves = tensors_in([self.args, self.kwargs])
        for k, t in enumerate(self.leaves):
            if getattr(t, "owner", self) is not self:
                raise ValueError("a tensor descriptor belongs to one case")
            t.owner, t.leaf = self, k
            t.seed = formula.seed_of("%s/%s/%d" % (op.family, self.id, k))

    # -- running ------------------------------------------------------------------------------------
    def bases(self, mode, absolute=False):
        out = []
        for t in self.leaves:
            b = t.make(mode)
            if absolute and t.is_float():
                b = b.abs()
            if t.grad:
                b.requires_grad_(True)
            out.append(b)
        return out

    def call(self, form, bases, mode):
        """Runs a form; returns the list of results and the views that were passed."""
        default = torch.float64 if mode == "ref" else torch.float32
        torch.set_default_dtype(default)
        try:
            views = [t.view(b.clone() if t.mut else b) for t, b in zip(self.leaves, bases)]
            args = [to_python(a, views, mode) for a in self.args]
            kwargs = {k: to_python(a, views, mode) for k, a in self.kwargs.items()}
            result = resolve(form)(*args, **kwargs)
        finally:
            torch.set_default_dtype(torch.float32)
        return flatten(result), [v for t, v in zip(self.leaves, views) if t.mut]

    def usable_forms(self):
        """The forms that work in PyTorch and agree; the first one is the reference."""
        good, reference, trouble = [], None, []
        for form in self.forms:
            if form.startswith(":") and not (self.args and isinstance(self.args[0], T)):
                continue
            try:
                seen = []
                for mode in MODES:
                    bases = self.bases(mode)
                    outs, _ = self.call(form, bases, mode)
                    seen.append([(o.dtype, tuple(o.shape), o.detach().clone()) if torch.is_tensor(o) else o for o in outs])
                    if self.op.grad:
                        floats = self._float_outs(outs)
                        cots = [c.to(o.dtype) for c, o in zip(self.cotangents(floats), floats)]
                        grads = self.gradients(floats, bases, cots) or ()
                        seen[-1] += [None if g is None else (g.dtype, tuple(g.shape), g) for g in grads]
            except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError) as e:
                trouble.append("%s: %s" % (form, e))
                continue
            if reference is None:
                reference = seen
            if _same(reference, seen):
                good.append(form)
        if not good:
            raise RuntimeError("%s works in no form: %s" % (self.id, "; ".join(trouble)))
        return good

    # -- scales -------------------------------------------------------------------------------------
    def _float_outs(self, outs):
        return [o for o in outs if torch.is_tensor(o) and o.dtype.is_floating_point]

    def cotangents(self, outs, absolute=False):
        cots = []
        for k, o in enumerate(outs):
            seed = formula.seed_of("%s/%s/cot%d" % (self.op.family, self.id, k))
            c = torch.tensor(formula.values("any", seed, o.numel()), dtype=torch.float64).reshape(o.shape)
            cots.append(c.abs() if absolute else c)
        return cots

    def gradients(self, outs, bases, cots, create_graph=False):
        wrt = [b for t, b in zip(self.leaves, bases) if t.grad]
        pairs = [(o, c) for o, c in zip(outs, cots) if o.requires_grad]
        if not wrt or not pairs:
            return None
        torch.set_default_dtype(pairs[0][0].dtype)  # also what plain numbers in a rule are taken for
        try:
            return torch.autograd.grad([p[0] for p in pairs], wrt, [p[1] for p in pairs], allow_unused=True,
                                       create_graph=create_graph)
        finally:
            torch.set_default_dtype(torch.float32)

    def scales(self, form):
        """Scales of the float outputs and of the gradients; None where |expected| itself is the scale."""
        if self.scale == "abs":
            bases = self.bases("ref", absolute=True)
            outs = self._float_outs(self.call(form, bases, "ref")[0])
            grads = self.gradients(outs, bases, self.cotangents(outs, absolute=True))
            return [o.detach() for o in outs], grads
        if self.scale == "norm":
            bases = self.bases("ref")
            outs = self._float_outs(self.call(form, bases, "ref")[0])
            grads = self.gradients(outs, bases, self.cotangents(outs))
            return [largest(o.detach()) for o in outs], grads and [None if g is None else largest(g) for g in grads]
        bases = self.bases("ref")
        outs = self._float_outs(self.call(form, bases, "ref")[0])
        wrt = [b for t, b in zip(self.leaves, bases) if t.grad]
        size = max([o.numel() for o in outs] + [b.numel() for b in wrt] + [0])
        same_size = all(b.numel() == o.numel() for b in wrt for o in outs)
        if self.scale is None and same_size:
            return None, None
        if not wrt or not any(o.requires_grad for o in outs):
            return None, None
        if size > MAX_JACOBIAN:
            raise RuntimeError("%s is too large for a Jacobian" % self.id)
        cots = self.cotangents(outs)
        out_scales = [torch.zeros(o.shape, dtype=torch.float64) for o in outs]
        grad_scales = [torch.zeros(b.shape, dtype=torch.float64) for b in wrt]
        for o, c, s in zip(outs, cots, out_scales):
            if not o.requires_grad:
                s.copy_(o.abs())
                continue
            for e in range(o.numel()):
                row = torch.autograd.grad(o.reshape(-1)[e], wrt, retain_graph=True, allow_unused=True)
                for r, b, g in zip(row, wrt, grad_scales):
                    if r is not None:
                        s.view(-1)[e] += (r.abs() * b.detach().abs()).sum()
                        g += r.abs() * c.reshape(-1)[e].abs()
        if self.scale is None:
            return None, grad_scales
        grads = self.gradients(outs, bases, cots, create_graph=True)
        for g, s in zip(grads, grad_scales):
            if g is None or not g.requires_grad:
                continue
            for e in range(g.numel()):
                row = torch.autograd.grad(g.reshape(-1)[e], wrt, retain_graph=True, allow_unused=True)
                for r, b in zip(row, wrt):
                    if r is not None:
                        s.view(-1)[e] += (r.abs() * b.detach().abs()).sum()
        return out_scales, grad_scales

    # -- the record ---------------------------------------------------------------------------------
    def record(self):
        forms = self.usable_forms()
        form = forms[0]
        bases = self.bases("ref")
        outs, changed = self.call(form, bases, "ref")
        typed = {m: self.call(form, self.bases(m), m) for m in MODES}
        floats = self._float_outs(outs)
        grads = self.gradients(floats, bases, self.cotangents(floats)) if self.op.grad else None
        out_scales, grad_scales = (None, None)
        if grads is not None or self.scale == "abs":
            out_scales, grad_scales = self.scales(form)

        rec = {"op": self.op.name, "id": self.id, "family": self.op.family, "forms": forms, "tol": self.tol,
               "args": [to_lua(a) for a in self.args]}
        if self.op.reference:
            rec["reference"] = self.op.reference
        if self.kwargs:
            rec["options"] = to_lua(self.kwargs)["pairs"]
        rec["out"], floats_seen = [], 0
        for k, o in enumerate(outs):
            if not torch.is_tensor(o):
                rec["out"].append({"plain": o})
                continue
            entry = {m: NAMES[typed[m][0][k].dtype] for m in MODES}
            value = o.detach()
            if o.dtype.is_floating_point:
                if out_scales is not None and self.tol != "exact":
                    entry["scale"] = Exponents(out_scales[floats_seen].numpy())
                floats_seen += 1
            else:
                for m in MODES:
                    if not torch.equal(typed[m][0][k], value):
                        raise RuntimeError("%s: an integer output differs between dtypes" % self.id)
                if k in self.op.index_out:
                    value = value + 1
            if self.op.plain:
                entry = {"plain": value.item()}
            else:
                entry["value"] = value.contiguous().numpy()
            rec["out"].append(entry)
        if grads is not None:
            rec["grads"] = []
            for k, g in enumerate(grads):
                entry = {}
                if g is not None:
                    entry["value"] = g.detach().contiguous().numpy()
                    if grad_scales is not None and grad_scales[k] is not None:
                        entry["scale"] = Exponents(grad_scales[k].detach().numpy())
                rec["grads"].append(entry)
        self.check_conditioning(form, rec, outs, grads)
        if changed:
            rec["changed"] = [c.detach().contiguous().numpy() for c in changed]
        return rec


    def check_conditioning(self, form, rec, outs, grads):
        """PyTorch's own float32 must stay within the tolerance, or the case is badly chosen."""
        bases = self.bases("float32")
        singles = self.call(form, bases, "float32")[0]
        tol = 1e-4 if self.tol == "reduce" else 1e-5
        pairs = [(s, o, e.get("scale")) for s, o, e in zip(singles, outs, rec["out"])
                 if torch.is_tensor(o) and o.dtype.is_floating_point]
        if grads is not None:
            floats = self._float_outs(singles)
            cots = [c.to(o.dtype) for c, o in zip(self.cotangents(floats), floats)]
            single_grads = self.gradients(floats, bases, cots)
            pairs += [(s, g, e.get("scale")) for s, g, e in zip(single_grads, grads, rec["grads"]) if g is not None]
        for s, o, scale in pairs:
            bound = o.detach().abs()
            if scale is not None:
                bound = torch.maximum(bound, torch.from_numpy(scale.rounded()))
            bad = (s.detach().double() - o.detach()).abs() > tol * bound
            if bool(bad.any()):
                raise RuntimeError("%s: float32 in PyTorch is off by %g of the bound %g" % (
                    self.id, (s.detach().double() - o.detach()).abs()[bad].max(), (tol * bound)[bad].min()))


def largest(t):
    """The largest magnitude of a tensor, for all of its elements."""
    return torch.full(t.shape, float(t.abs().max()) if t.numel() else 0.0, dtype=torch.float64)


def parameter(name, value, dom=None):
    """The descriptor of a module's parameter or buffer, by its name in the state dict."""
    if dom is None:
        dom = "zero" if name.endswith("num_batches_tracked") else "variance" if name.endswith("running_var") else "any"
    dtype = "float" if value.dtype.is_floating_point else NAMES[value.dtype]
    is_parameter = isinstance(value, torch.nn.Parameter)
    t = T(tuple(value.shape), dom, dtype, grad=is_parameter and value.requires_grad, mut=not is_parameter)
    t.param = name
    return t


class ModuleOp(Op):
    """A class of torch.nn (or a builder of models.py) and its configurations.

    Called with constructor arguments, `inputs` and `train`; parameters and buffers come from the formula, by
    name, and are part of what gradients are asked for."""

    def __init__(self, family, name, tol="reduce", scale="cond", index_out=()):
        super().__init__(family, name, forms="fn:reuse", tol=tol, scale=scale, index_out=index_out)
        self.forms = ["module"]

    def __call__(self, *args, inputs, train=True, dom=None, **kwargs):
        self.cases.append(ModuleCase(self, args, kwargs, inputs, train, dom))
        return self


class ModuleCase(Case):
    def __init__(self, op, args, kwargs, inputs, train, dom):
        options = {k: kwargs.pop(k) for k in list(kwargs) if k.startswith("_")}
        super().__init__(op, inputs, options)
        self.ctor, self.ctor_options, self.train = list(args), kwargs, train
        made = self.build("float32")
        stored = made.state_dict()
        for name, value in list(made.named_parameters()) + list(made.named_buffers()):
            if name in stored:
                t = parameter(name, value, dom if isinstance(value, torch.nn.Parameter) else None)
                t.owner, t.leaf = self, len(self.leaves)
                t.seed = formula.seed_of("%s/%s/%s" % (op.family, self.id, name))
                self.leaves.append(t)

    def build(self, mode):
        make = models.BUILDERS.get(self.op.name) or getattr(torch.nn, self.op.name)
        module = make(*to_python(self.ctor, [], mode), **to_python(self.ctor_options, [], mode))
        return module.to(torch.float64 if mode != "float32" else torch.float32).train(self.train)

    def usable_forms(self):
        return ["module"]

    def call(self, form, bases, mode):
        module = self.build(mode)
        views = [t.view(b.clone() if t.mut else b) for t, b in zip(self.leaves, bases)]
        state = {t.param: v for t, v in zip(self.leaves, views) if t.param}
        result = torch.func.functional_call(module, state, tuple(to_python(self.args, views, mode)))
        return flatten(result), [v for t, v in zip(self.leaves, views) if t.mut]

    def record(self):
        rec = super().record()
        rec["module"] = {"class": self.op.name, "args": [to_lua(a) for a in self.ctor], "train": self.train,
                         "state": [t.lua() for t in self.leaves if t.param]}
        if self.ctor_options:
            rec["module"]["options"] = to_lua(self.ctor_options)["pairs"]
        return rec


def _same(a, b):
    for x, y in zip(a, b):
        if len(x) != len(y):
            return False
        for p, q in zip(x, y):
            if isinstance(p, tuple) != isinstance(q, tuple):
                return False
            if isinstance(p, tuple):
                if p[:2] != q[:2] or not torch.allclose(p[2].double(), q[2].double(), 1e-6, 1e-7, equal_nan=True):
                    return False
            elif p != q:
                return False
    return True
