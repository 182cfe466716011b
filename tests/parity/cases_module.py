"""Layers as modules: constructor arguments, state dict names and shapes, outputs, gradients of inputs and parameters."""

from spec import D, ModuleOp, T

FAMILY = "module"


def declare():
    op = ModuleOp(FAMILY, "Linear", scale="abs")
    for i, o, s in ((3, 2, (4, 3)), (1, 1, (1, 1)), (5, 7, (2, 3, 5)), (3, 4, (3,)), (2, 3, (0, 2)), (17, 9, (6, 17))):
        op(i, o, inputs=[T(s)])
        op(i, o, False, inputs=[T(s)])
    op(4, 3, bias=False, inputs=[T((5, 4), layout="t")])

    op = ModuleOp(FAMILY, "Conv2d", scale="abs")
    op(1, 2, 3, inputs=[T((1, 1, 5, 5))])
    op(3, 4, 3, inputs=[T((2, 3, 5, 4))])
    op(3, 4, [3, 2], inputs=[T((2, 3, 5, 4))])
    op(3, 4, 3, 2, 1, inputs=[T((2, 3, 5, 6))])
    op(2, 2, 3, padding=1, bias=False, inputs=[T((1, 2, 4, 4))])
    op(2, 2, 3, dilation=2, padding=[2, 1], inputs=[T((1, 2, 6, 7))])
    op(4, 6, 3, groups=2, stride=[1, 2], inputs=[T((2, 4, 5, 6))])
    op(4, 4, 3, groups=4, padding="same", inputs=[T((1, 4, 5, 4))])
    op(2, 3, 2, padding="valid", inputs=[T((1, 2, 4, 4), layout="t")])
    for mode in ("reflect", "replicate", "circular"):
        op(2, 3, 3, padding=[1, 2], padding_mode=mode, inputs=[T((1, 2, 4, 5))])
    op(2, 3, 1, inputs=[T((2, 4, 5))])

    for name in ("MaxPool2d", "AvgPool2d"):
        dom = "distinct" if name[0] == "M" else "any"
        op = ModuleOp(FAMILY, name, scale=None if name[0] == "M" else "abs", tol="exact" if name[0] == "M" else "reduce")
        op(2, inputs=[T((2, 3, 4, 4), dom)])
        op(3, inputs=[T((1, 2, 7, 6), dom)])
        op(2, 1, inputs=[T((1, 2, 4, 5), dom)])
        op([3, 2], inputs=[T((1, 2, 6, 6), dom)])
        op(3, 2, 1, inputs=[T((1, 2, 6, 7), dom)])
        op(3, stride=[2, 1], padding=[1, 0], inputs=[T((1, 2, 6, 6), dom)])
        op(2, ceil_mode=True, inputs=[T((1, 2, 5, 5), dom)])
        op(2, inputs=[T((3, 4, 4), dom)])
        op(2, inputs=[T((0, 3, 4, 4), dom)])
        op(2, inputs=[T((2, 2, 4, 4), dom, layout="rev")])
    op(3, 2, 1, count_include_pad=False, inputs=[T((1, 2, 6, 7))])
    op(2, divisor_override=5, inputs=[T((1, 2, 6, 7))])
    op = ModuleOp(FAMILY, "AdaptiveAvgPool2d", scale="abs")
    for size, s in ((1, (2, 3, 4, 5)), (2, (2, 3, 4, 5)), ([3, 2], (1, 2, 5, 5)), (7, (1, 2, 3, 3)), (1, (3, 4, 5)),
                    ([1, 4], (1, 1, 6, 6)), (5, (2, 2, 5, 5)), (3, (0, 2, 5, 5)), ([2, 3], (1, 1, 7, 8))):
        op(size, inputs=[T(s)])
    op(2, inputs=[T((2, 2, 4, 5), layout="step")])

    for name, shapes in (("BatchNorm1d", ((4, 3), (3, 3, 5), (6, 3))), ("BatchNorm2d", ((2, 3, 2, 3), (3, 3, 4, 1), (2, 3, 3, 3)))):
        op = ModuleOp(FAMILY, name)
        for s in shapes:
            op(3, inputs=[T(s)])
            op(3, inputs=[T(s)], train=False)
            op(3, 1e-3, 0.3, inputs=[T(s)])
        op(3, affine=False, inputs=[T(shapes[0])])
        op(3, track_running_stats=False, inputs=[T(shapes[1])])
        op(3, momentum=0.75, inputs=[T(shapes[1])])
        op(3, inputs=[T(shapes[0], layout="t")])
    op = ModuleOp(FAMILY, "LayerNorm")
    for n, s in ((4, (2, 4)), (3, (2, 2, 3)), ([2, 3], (2, 2, 3)), (5, (5,)), (6, (0, 6)), ([3], (4, 3))):
        op(n, inputs=[T(s)])
        op(n, 0.1, False, inputs=[T(s)])
    op(5, bias=False, inputs=[T((3, 5), layout="t")])
    op = ModuleOp(FAMILY, "Embedding", tol="exact", scale="abs")
    for n, d, s in ((5, 2, (3,)), (5, 4, (2, 3)), (3, 1, ()), (7, 3, (0,)), (4, 2, (20,))):
        op(n, d, inputs=[T(s, "index", "int64", n=n)])
        op(n, d, padding_idx=D(1), inputs=[T(s, "index", "int64", n=n)])
    op(4, 3, D(-1), inputs=[T((3, 4), "index", "int64", n=4, layout="t")])

    shapes = ((), (5,), (2, 3), (0, 3), (2, 3, 4), (35,))
    for name in ("ReLU", "LeakyReLU", "Sigmoid", "Tanh", "GELU", "SiLU", "Softplus", "ELU", "Dropout", "Identity"):
        op = ModuleOp(FAMILY, name, tol="elementwise", scale="cond" if name in ("GELU", "SiLU") else None)
        for s in shapes:
            op(inputs=[T(s)], train=False)
        for layout in ("t", "step", "off", ("expand", 0)):
            op(inputs=[T((3, 4), layout=layout)], train=False)
        extra = {"LeakyReLU": [0.2], "ELU": [0.5], "Softplus": [2.0, 3.0], "GELU": ["tanh"], "Dropout": [0.25]}
        if name in extra:
            op(*extra[name], inputs=[T((5,))], train=False)
    for name in ("Softmax", "LogSoftmax"):
        op = ModuleOp(FAMILY, name)
        for d, s in ((0, (5,)), (1, (3, 4)), (-1, (3, 4)), (0, (3, 4)), (1, (2, 3, 4)), (2, (2, 3, 4)), (-2, (2, 3, 4)), (1, (0, 3))):
            op(D(d), inputs=[T(s)])
        op(dim=D(1), inputs=[T((3, 4), layout="t")])
        op(dim=D(0), inputs=[T((3, 4), layout="step")])
    op = ModuleOp(FAMILY, "Flatten", tol="exact", scale=None)
    for s in ((2, 3), (2, 3, 4), (2, 3, 4, 5), (0, 3, 2), (1, 1, 1), (3, 2, 2, 1)):
        op(inputs=[T(s)])
    op(D(0), inputs=[T((2, 3, 4))])
    op(D(1), D(2), inputs=[T((2, 3, 4, 2))])
    op(start_dim=D(0), end_dim=D(-2), inputs=[T((2, 3, 4))])
    op(inputs=[T((2, 3, 4), layout="rev")])

    op = ModuleOp(FAMILY, "CrossEntropyLoss")
    for r in ("mean", "sum", "none"):
        op(reduction=r, inputs=[T((5, 4)), T((5,), "index", "int64", n=4)])
        op(reduction=r, label_smoothing=0.1, inputs=[T((5, 4)), T((5,), "index", "int64", n=4)])
        op(ignore_index=D(1), reduction=r, inputs=[T((6, 3)), T((6,), "index", "int64", n=3)])
        op(reduction=r, inputs=[T((2, 4, 3)), T((2, 3), "index", "int64", n=4)])
    for name in ("MSELoss", "L1Loss", "BCEWithLogitsLoss", "SmoothL1Loss", "HuberLoss"):
        op = ModuleOp(FAMILY, name)
        for s in ((5,), (3, 4), ()):
            for r in ("mean", "sum", "none"):
                op(reduction=r, inputs=[T(s), T(s, "prob", grad=False)])
        op(inputs=[T((3, 4), layout="t"), T((3, 4), "prob", grad=False)])

    op = ModuleOp(FAMILY, "mlp")
    for n in (1, 2, 3, 4, 5, 6, 7, 9, 12, 16):
        op(inputs=[T((n, 8))], dom="small")
    op = ModuleOp(FAMILY, "small_cnn")
    for n, h, w in ((2, 7, 7), (1, 8, 6), (3, 6, 6), (2, 9, 8), (2, 6, 10)):
        op(inputs=[T((n, 1, h, w))], dom="small")
        op(inputs=[T((n, 1, h, w))], dom="small", train=False)
    op = ModuleOp(FAMILY, "word_bag")
    for n, t in ((1, 3), (2, 4), (3, 5), (4, 2), (5, 1), (6, 6), (2, 9), (3, 3), (1, 1), (8, 2)):
        op(inputs=[T((n, t), "index", "int64", n=11)])
