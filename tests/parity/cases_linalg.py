"""Linear algebra: factorisations, solvers, norms, products of several matrices. Vectors that are free up to their sign are
compared by absolute values."""

from spec import D, Op, T

FAMILY = "linalg"
SHAPES = [(3, 3), (1, 1), (4, 4), (2, 3, 3), (2, 2, 2, 2), (5, 5), (3, 2, 2)]


def la(name, index_out=(), tol="reduce", grad=True):
    return Op(FAMILY, name, forms="fn:la", tol=tol, scale="cond", index_out=index_out, grad=grad)


def squares(name, kind, post="", extra=(), **kwargs):
    """Ten cases of square matrices."""
    op = la(name, **kwargs)
    for shape in SHAPES:
        op(name, kind, post, T(shape, "unit"))
    op(name, kind, post, T((3, 3), "unit", layout="t"))
    op(name, kind, post, T((4, 4), "unit", layout="step"))
    op(name, kind, post, T((2, 3, 3), "unit", layout="rev"))
    for more in extra:
        args = [T((3, 3), "unit")] + list(more[0])
        op(name, kind, post, *args, **more[1])
    return op


def factorisations():
    squares("det", "dom")
    squares("slogdet", "dom")
    squares("logdet", "spd")
    squares("inv", "dom")
    squares("inverse", "dom")
    squares("cholesky", "spd", extra=[((), {"upper": True})])
    squares("cholesky_ex", "spd")
    squares("cholesky_inverse", "low")
    Op.registry[FAMILY, "cholesky_inverse"]("cholesky_inverse", "up", "", T((3, 3), "unit"), True)
    squares("lu_factor", "dom")
    squares("lu_factor_ex", "dom")
    op = squares("lu", "dom")
    op("lu", "dom", "", T((2, 4), "unit"))
    op("lu", "dom", "", T((4, 2), "unit"))
    op("lu", "", "", T((3, 3), "distinct"))
    op = squares("qr", "dom", "abs")
    for shape in ((4, 2), (2, 4), (2, 3, 2)):
        op("qr", "dom", "abs", T(shape, "unit"))
    op("qr", "dom", "abs", T((2, 4), "unit"), "complete")
    op("qr", "dom", "abs", T((4, 2), "unit", grad=False), "complete")
    op = squares("svdvals", "spd")
    for shape in ((4, 2), (2, 4), (2, 3, 2)):
        op("svdvals", "dom", "", T(shape, "unit"))
    op = squares("svd", "spd", "abs")
    for shape in ((4, 2), (2, 4), (2, 3, 2)):
        op("svd", "dom", "abs", T(shape, "unit"), False)
    squares("eigh", "spd", "abs", extra=[(("U",), {})])
    squares("eigvalsh", "spd", extra=[(("U",), {})])
    op = squares("pinv", "dom")
    for shape in ((4, 2), (2, 4), (2, 3, 2)):
        op("pinv", "dom", "", T(shape, "unit"))
    op("pinv", "spd", "", T((3, 3), "unit"), hermitian=True)
    op("pinv", "dom", "", T((3, 3), "unit", grad=False), atol=4.0)
    op("pinv", "dom", "", T((3, 3), "unit", grad=False), rtol=0.9)
    op = squares("matrix_rank", "dom", tol="exact", grad=False)
    op("matrix_rank", "dom", "", T((4, 2), "zero"))
    op("matrix_rank", "", "", T((3, 3), "one"))
    op("matrix_rank", "", "", T((2, 3, 3), "one"), hermitian=True)
    op("matrix_rank", "dom", "", T((3, 3), "unit"), 4.0)
    op("matrix_rank", "dom", "", T((3, 3), "unit"), atol=4.0)
    op("matrix_rank", "dom", "", T((3, 3), "unit"), rtol=0.9)
    op = squares("matrix_exp", "")
    op("matrix_exp", "", "", T((3, 3), "wide"))
    op = la("matrix_power")
    for n in (0, 1, 2, 3, 5, 7, -1, -2, -3):
        op("matrix_power", "dom", "", T((3, 3), "unit"), n)
    op("matrix_power", "dom", "", T((2, 2, 2), "unit"), 4)
    op = la("cond")
    for shape in ((3, 3), (4, 4), (2, 3, 3), (5, 5), (3, 2, 2)):
        op("cond", "spd", "", T(shape, "unit"))
    for p in (1, -1, float("inf"), "fro", "nuc"):  # PyTorch's own gradient of these fails
        op("cond", "spd", "", T((3, 3), "unit", grad=False), p)
    for p in (2, -2):
        op("cond", "spd", "", T((3, 3), "unit"), p)
    op("cond", "dom", "", T((4, 2), "unit"))


def solvers():
    op = la("solve")
    for a, b in (((3, 3), (3, 2)), ((3, 3), (3,)), ((2, 3, 3), (2, 3, 2)), ((2, 3, 3), (3, 2)), ((2, 3, 3), (2, 3)),
                 ((3, 3), (2, 3, 2)), ((1, 1), (1, 1)), ((4, 1, 2, 2), (3, 2, 2))):
        op("solve", "dom", "", T(a, "unit"), T(b))
    op("solve", "dom", "", T((3, 3), "unit"), T((2, 3)), left=False)
    op("solve", "dom", "", T((3, 3), "unit", layout="t"), T((3, 2), layout="t"))
    op = la("solve_triangular")
    for upper in (False, True):
        for a, b in (((3, 3), (3, 2)), ((2, 3, 3), (3, 2)), ((2, 2, 2), (2, 2, 1))):
            op("solve_triangular", "dom", "", T(a, "unit"), T(b), upper=upper)
        op("solve_triangular", "dom", "", T((3, 3), "unit"), T((2, 3)), upper=upper, left=False)
        op("solve_triangular", "", "", T((3, 3), "unit"), T((3, 2)), upper=upper, unitriangular=True)
    op = Op(FAMILY, "cholesky_solve", forms="fn:la2", tol="reduce", scale="cond")
    for b, a in (((3, 2), (3, 3)), ((3, 1), (3, 3)), ((2, 3, 2), (2, 3, 3)), ((2, 3, 2), (3, 3)), ((1, 1), (1, 1))):
        op("cholesky_solve", "low", T(b), T(a, "unit"))
        op("cholesky_solve", "up", T(b), T(a, "unit"), True)
    op = Op(FAMILY, "lu_roundtrip", forms="fn:lu_roundtrip", tol="reduce", scale="cond")
    for a, b in (((3, 3), (3, 2)), ((1, 1), (1, 3)), ((2, 3, 3), (2, 3, 2)), ((4, 4), (4, 1)), ((2, 2), (2, 2))):
        op(T(a, "unit"), T(b))
    op(T((3, 3), "unit"), T((3, 2)), adjoint=True)
    op(T((3, 3), "unit"), T((2, 3)), left=False)
    op(T((3, 3), "unit"), T((2, 3)), left=False, adjoint=True)
    op(T((2, 3, 3), "unit"), T((2, 3, 2)), adjoint=True)
    op(T((3, 3), "unit", layout="t"), T((3, 2), layout="t"))
    op = la("lstsq")
    for a, b in (((4, 2), (4, 3)), ((5, 3), (5, 1)), ((2, 4, 2), (2, 4, 2)), ((3, 3), (3, 2)), ((2, 4), (2, 3)), ((6, 4), (6, 2))):
        op("lstsq", "dom", "", T(a, "unit"), T(b))
    for a, b in (((4, 2), (4, 3)), ((3, 3), (3, 2)), ((2, 4), (2, 3)), ((2, 4, 2), (2, 4, 1))):
        op("lstsq", "dom", "", T(a, "unit", grad=False), T(b, grad=False), driver="gelsd")


def norms():
    inf = float("inf")
    op = la("matrix_norm")
    for p in ("fro", "nuc", 1, -1, inf, -inf, 2, -2):
        op("matrix_norm", "spd" if p in ("nuc", 2, -2) else "", "", T((3, 3), "distinct"), p)
    op("matrix_norm", "", "", T((2, 3, 4), "distinct"), "fro", [D(0), D(2)], True)
    op("matrix_norm", "", "", T((2, 3, 4), "distinct"), 1, [D(2), D(0)])
    op("matrix_norm", "", "", T((2, 3, 4), "distinct"), inf, [D(0), D(1)], True)
    op = la("norm")
    for p in (None, "fro", "nuc", 1, -1, inf, -inf, 2):
        op("norm", "spd" if p in ("nuc", 2, -2) else "", "", T((3, 3), "distinct"), p)
    op("norm", "", "", T((5,), "distinct"), 3)
    op("norm", "", "", T((2, 3, 4), "distinct"), 1, D(1))
    op("norm", "", "", T((2, 3, 4), "distinct"), 2, D(1), True)
    op("norm", "", "", T((2, 3, 4), "distinct"), None, [D(0), D(2)])
    op("norm", "", "", T((2, 3, 4), "distinct"))


def products():
    op = Op(FAMILY, "linalg.multi_dot", tol="reduce", scale="abs")
    for shapes in (((2, 3), (3, 4)), ((2, 3), (3, 4), (4, 2)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (3, 4), (4,)),
                   ((5, 2), (2, 5), (5, 3), (3, 1)), ((1, 4), (4, 1), (1, 4)), ((2, 2), (2, 2), (2, 2), (2, 2)),
                   ((4, 1), (1, 6), (6, 2)), ((3,), (3,))):
        op([T(s) for s in shapes])
    for name, options in (("linalg.cross", {"dim": D(0)}), ("cross", {"dim": D(0)})):
        op = Op(FAMILY, name, tol="reduce", scale="cond")
        for a, b in (((3,), (3,)), ((2, 3), (2, 3)), ((4, 3), (4, 3)), ((2, 1, 3), (2, 4, 3)), ((1, 3), (5, 3))):
            op(T(a), T(b), dim=D(-1))
        for a, b in (((3, 2), (3, 2)), ((3, 4), (3, 4)), ((3, 1), (3, 2)), ((3, 2, 2), (3, 2, 2)), ((3,), (3,))):
            op(T(a), T(b), **options)
    op = Op(FAMILY, "linalg.vecdot", tol="reduce", scale="cond")
    for a, b in (((3,), (3,)), ((2, 3), (3,)), ((2, 3), (2, 3)), ((2, 1, 3), (4, 3)), ((5, 1), (5, 2)), ((4, 1), (4, 1))):
        op(T(a), T(b))
    for a, b in (((3, 2), (3, 2)), ((3, 1), (3, 2)), ((3, 2, 2), (3, 2, 2)), ((2, 2), (2, 2))):
        op(T(a), T(b), dim=D(0))


def declare():
    factorisations()
    solvers()
    norms()
    products()
