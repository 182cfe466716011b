"""Containers: names in state dicts, shared modules, shapes. Configurations by chance."""

from sampled import draw
from spec import D, ModuleOp, T

FAMILY = "container"


def unflatten(r, op):
    lead, sizes = r.sizes(r.randint(0, 2), 1, 3), r.sizes(r.randint(1, 3), 1, 3)
    total = 1
    for s in sizes:
        total *= s
    op(D(len(lead)), list(sizes), inputs=[T((*lead, total, *r.sizes(r.randint(0, 1), 1, 3)))])


def flatten(r, op):
    shape = r.sizes(r.randint(2, 4), 1, 3)
    first = r.randrange(len(shape))
    op(D(first), D(r.randrange(first, len(shape))), inputs=[T(shape)])


def net(r, op):
    width = r.randint(1, 3)
    op(width, r.randint(1, 3), r.choice(["relu", "tanh"]), inputs=[T((r.randint(1, 3), width))])


def sequential(r, op):
    width = r.randint(1, 4)
    op(width, r.maybe(), inputs=[T((r.randint(1, 3), width))])


def declare():
    draw(ModuleOp(FAMILY, "containers"), net)
    draw(ModuleOp(FAMILY, "named_sequential"), sequential)
    draw(ModuleOp(FAMILY, "Unflatten", tol="exact", scale=None), unflatten)
    draw(ModuleOp(FAMILY, "Flatten", tol="exact", scale=None), flatten)
    draw(ModuleOp(FAMILY, "Identity", tol="exact", scale=None), lambda r, op: op(inputs=[T(r.sizes(r.randint(0, 3), 1, 3))]))
