"""Products: matmul in all shapes, its special cases with a name, einsum, linear."""

from sampled import each
from spec import D, Op, T

FAMILY = "product"


def declare():
    op = Op(FAMILY, "matmul", tol="reduce", scale="abs")
    for a, b in (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)),
                 ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)),
                 ((2, 1, 2, 3), (4, 3, 2)), ((0, 3), (3, 4)), ((2, 0), (0, 4)), ((2, 3), (3, 0)), ((0, 2, 3), (3, 4)),
                 ((1, 1), (1, 1)), ((7, 17), (17, 5)), ((33, 20), (20, 18)), ((2, 3, 1, 2), (1, 2, 2)), ((0,), (0,)),
                 ((3, 2, 0), (0, 4)), ((1, 40), (40, 1)), ((70, 3), (3, 2))):
        op(T(a), T(b))
    op(T((3, 4), layout="t"), T((4, 2)))
    op(T((3, 4)), T((4, 2), layout="t"))
    op(T((3, 4), layout="t"), T((4, 2), layout="t"))
    op(T((3, 4), layout="step"), T((4, 2), layout="step"))
    op(T((3, 4), layout=("expand", 0)), T((4, 2), layout=("expand", 1)))
    op(T((2, 3, 4), layout="rev"), T((2, 4, 3), layout="t"))
    op(T((4,), layout="step"), T((4,), layout="step"))
    op(T((5, 3, 4), layout=("expand", 0)), T((4, 2)))
    op(T((3, 4), layout="off"), T((4,), layout="off"))
    op(T((2, 3), dtype="int64"), T((3, 2), dtype="int64"))

    op = Op(FAMILY, "mm", tol="reduce", scale="abs", forms=["tensor.mm", ":mm"])
    for a, b in (((2, 3), (3, 4)), ((1, 5), (5, 1)), ((5, 1), (1, 5)), ((0, 3), (3, 4)), ((2, 0), (0, 4)), ((9, 8), (8, 7)),
                 ((16, 16), (16, 16))):
        op(T(a), T(b))
    op(T((3, 4), layout="t"), T((4, 2), layout="t"))
    op(T((3, 4), layout="step"), T((4, 2)))
    op(T((3, 4)), T((4, 2), layout="step"))
    op(T((3, 4), layout=("expand", 0)), T((4, 2), layout="off"))
    op = Op(FAMILY, "mv", tol="reduce", scale="abs", forms=["tensor.mv", ":mv"])
    for m, n in ((2, 3), (1, 5), (5, 1), (0, 3), (3, 0), (9, 20)):
        op(T((m, n)), T((n,)))
    op(T((3, 4), layout="t"), T((4,)))
    op(T((3, 4), layout="step"), T((4,), layout="step"))
    op(T((3, 4)), T((4,), layout="step"))
    op(T((3, 4), layout=("expand", 1)), T((4,), layout=("expand", 0)))
    op = Op(FAMILY, "dot", tol="reduce", scale="abs", forms=["tensor.dot", ":dot"])
    for n in (1, 2, 3, 7, 16, 33, 100, 0):
        op(T((n,)), T((n,)))
    op(T((6,), layout="step"), T((6,), layout="step"))
    op(T((6,), layout=("expand", 0)), T((6,), layout="off"))
    op(T((5,), dtype="int64"), T((5,), dtype="int64"))
    op = Op(FAMILY, "outer", tol="elementwise", scale="abs", forms=["tensor.outer", ":outer"])
    for m, n in ((3, 4), (1, 5), (5, 1), (0, 3), (3, 0), (7, 7), (20, 3)):
        op(T((m,)), T((n,)))
    op(T((3,), layout="step"), T((4,), layout="step"))
    op(T((3,), layout=("expand", 0)), T((4,)))
    op(T((3,), dtype="int64"), T((4,), dtype="int64"))
    op = Op(FAMILY, "bmm", tol="reduce", scale="abs", forms=["tensor.bmm", ":bmm"])
    for b, m, k, n in ((1, 2, 3, 4), (3, 2, 2, 2), (2, 1, 5, 1), (0, 2, 3, 4), (2, 0, 3, 4), (2, 3, 0, 4), (4, 6, 5, 7)):
        op(T((b, m, k)), T((b, k, n)))
    op(T((2, 3, 4), layout="t"), T((2, 4, 5)))
    op(T((2, 3, 4), layout="rev"), T((2, 4, 5), layout="t"))
    op(T((2, 3, 4), layout="step"), T((2, 4, 5), layout=("expand", 0)))
    for name, x, a, b in (("addmm", (2, 4), (2, 3), (3, 4)), ("baddbmm", (3, 2, 4), (3, 2, 3), (3, 3, 4))):
        op = Op(FAMILY, name, tol="reduce", scale="abs")
        op(T(x), T(a), T(b))
        op(T((4,)), T(a), T(b))
        op(T((2, 1)), T(a), T(b))
        op(T(x), T(a), T(b), beta=0.5, alpha=2)
        op(T(x), T(a), T(b), beta=0)
        op(T(x), T(a), T(b), alpha=0.25)
        op(T(x, layout="t"), T(a, layout="t"), T(b, layout="t"))
        op(T(x, layout="step"), T(a), T(b, layout="step"))
        op(T(x), T(a, layout=("expand", 0)), T(b))
        op(T(x), T(a[:-1] + (0,)), T(b[:-2] + (0, 4)))
        op(T(x, dtype="int64"), T(a, dtype="int64"), T(b, dtype="int64"))
    op = Op(FAMILY, "addmv", tol="reduce", scale="abs")
    for m, n in ((2, 3), (1, 5), (5, 1), (4, 4), (3, 0), (6, 2)):
        op(T((m,)), T((m, n)), T((n,)))
    op(T(()), T((2, 3)), T((3,)))
    op(T((2,)), T((2, 3)), T((3,)), beta=0.5, alpha=2)
    op(T((2,)), T((2, 3), layout="t"), T((3,), layout="step"))
    op(T((1,)), T((2, 3)), T((3,)))

    op = Op(FAMILY, "einsum", tol="reduce", scale="abs", forms="tensor.einsum")
    for eq, *shapes in (("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("i,i->", (5,), (5,)), ("i,j->ij", (3,), (4,)),
                        ("ij->ji", (2, 3)), ("ij->", (2, 3)), ("ij->j", (2, 3)), ("ii->i", (4, 4)), ("ii", (4, 4)),
                        ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("bij,kj->bik", (2, 3, 4), (5, 4)),
                        ("...ij,...jk->...ik", (2, 3, 4), (2, 4, 5)), ("...i->...", (2, 3, 4)), ("i...->...", (3, 2)),
                        ("ijk,il,kl->jl", (2, 3, 4), (2, 5), (4, 5)), ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
                        ("ij,ij->ij", (2, 3), (2, 3)), ("ij,ij->i", (2, 3), (2, 3)), ("ba", (2, 3)), ("a,b,c->cab", (2,), (3,), (4,)),
                        ("bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5)), ("ij,jk->ik", (0, 3), (3, 4)), ("i,->i", (3,), ()),
                        ("...,...->...", (3, 1), (1, 4)), ("iij->j", (3, 3, 2)), ("ij, jk -> ik", (2, 3), (3, 4)),
                        ("aab,b->a", (3, 3, 2), (2,)), ("bij,bij->", (2, 3, 4), (2, 3, 4))):
        op(eq, *[T(s) for s in shapes])
    op("ij,jk->ik", T((2, 3), layout="t"), T((3, 4), layout="step"))
    op("bij,bjk->bki", T((2, 3, 4), layout="rev"), T((2, 4, 5), layout=("expand", 0)))
    op("ij,kj->ki", [T((2, 3)), T((4, 3))])
    op = Op(FAMILY, "tensordot", tol="reduce", scale="abs", forms="tensor.tensordot")
    op(T((2, 3)), T((3, 4)), 1)
    op(T((2, 3, 4)), T((3, 4, 5)))
    op(T((2, 3, 4)), T((3, 4, 5)), 2)
    op(T((2, 3)), T((4,)), 0)
    op(T((2, 3, 4)), T((4, 3, 5)), [[D(1), D(2)], [D(1), D(0)]])
    op(T((2, 3, 4)), T((5, 2)), dims=[[D(0)], [D(-1)]])
    op(T((2, 3), layout="t"), T((3, 4), layout="t"), 1)
    op(T((0, 3)), T((3, 4)), 1)
    op(T((5,)), T((5,)), 1)
    op(T((2, 3, 2, 2)), T((2, 2, 3)), 2)

    op = Op(FAMILY, "linear", tol="reduce", scale="abs", forms="F.linear")
    for x, w in (((3,), (4, 3)), ((2, 3), (4, 3)), ((2, 5, 3), (4, 3)), ((0, 3), (4, 3)), ((2, 3), (1, 3)), ((6, 17), (9, 17)),
                 ((2, 2, 2, 3), (2, 3)), ((1, 1), (1, 1)), ((2, 0), (3, 0))):
        op(T(x), T(w))
        op(T(x), T(w), T((w[0],)))
    op(T((3,)), T((3,)))
    op(T((4, 3), layout="t"), T((5, 3), layout="t"), T((5,), layout="step"))
    op(T((2, 4, 3), layout="step"), T((5, 3), layout="step"), bias=T((5,)))

    op = Op(FAMILY, "matmul_sizes", tol="reduce", scale="abs", forms=":matmul")
    for n in (4, 15, 16, 17, 31, 32, 33, 47, 48, 49):                # around the tile sizes of kernels
        op(T((2, n), "small"), T((n, n), "small"), _tol="reduce")

    sizes = ((1, 1, 1), (1, 5, 2), (5, 1, 3), (4, 4, 4), (7, 3, 9), (3, 16, 5), (16, 2, 17), (0, 3, 2), (2, 3, 0), (8, 8, 1))
    each(Op.registry[(FAMILY, "addmm")], sizes, lambda o, s: o(T((s[0], s[2])), T(s[:2]), T(s[1:])))
    each(Op.registry[(FAMILY, "baddbmm")], sizes, lambda o, s: o(T((s[2],)), T((2,) + s[:2]), T((2,) + s[1:])))
    each(Op.registry[(FAMILY, "outer")], sizes, lambda o, s: o(T(s[0] + 1), T(s[2] + 2)))
