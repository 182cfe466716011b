"""Shapes that operations with few cases of their own are run over, so that each sees at least ten."""

SHAPES = [(1,), (2,), (9,), (1, 5), (5, 1), (6, 4), (2, 1, 3), (3, 3, 3), (1, 2, 3, 4), (2, 2, 2, 2, 2)]
MATRICES = [s for s in SHAPES if len(s) >= 2]


def each(op, shapes, call):
    """Declares one case a shape: call(op, shape)."""
    for s in shapes:
        call(op, s)
