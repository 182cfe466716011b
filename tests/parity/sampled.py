"""Shapes that operations with few cases of their own are run over, so that each sees at least ten; configurations of
layers by chance."""

import random

SHAPES = [(1,), (2,), (9,), (1, 5), (5, 1), (6, 4), (2, 1, 3), (3, 3, 3), (1, 2, 3, 4), (2, 2, 2, 2, 2)]
MATRICES = [s for s in SHAPES if len(s) >= 2]


def each(op, shapes, call):
    """Declares one case a shape: call(op, shape)."""
    for s in shapes:
        call(op, s)


def draw(op, make, count=10):
    """Asks for `count` random cases: make(r, op) declares one by chance (r is a Chance)."""
    op.draws = getattr(op, "draws", []) + [(make, count)]


def draw_cases(op):
    """Declares the random cases of an operation. A configuration that PyTorch refuses or computes too imprecisely in
    float32 is drawn again."""
    r = Chance("%s/%s" % (op.family, op.name))
    for make, count in getattr(op, "draws", []):
        for _ in range(count):
            draw_one(op, make, r)


def draw_one(op, make, r):
    for _ in range(60):
        before = len(op.cases)
        try:
            make(r, op)
            record = op.cases[-1].record()
            op.cases[-1].record = lambda: record
            return
        except (RuntimeError, ValueError, IndexError, NotImplementedError, AssertionError, TypeError) as e:
            del op.cases[before:]
            trouble = e
    raise RuntimeError("no configuration of %s works: %s" % (op.name, trouble))


class Chance(random.Random):
    """Random numbers with what configurations of layers are made of."""

    def few(self, low, high, n):
        """One number for all n dimensions, or one for each."""
        return self.randint(low, high) if self.random() < 0.5 else [self.randint(low, high) for _ in range(n)]

    def sizes(self, n, low=3, high=6):
        return tuple(self.randint(low, high) for _ in range(n))

    def maybe(self, p=0.5):
        return self.random() < p

    def some(self, options, p=0.5):
        """A part of the options: {"stride": lambda: 2}."""
        return {k: f() for k, f in options.items() if self.random() < p}
