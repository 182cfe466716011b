"""Attention in random configurations: the function, MultiheadAttention, Transformer layers and stacks."""

import random

import torch

from spec import ModuleOp, Op, T

FAMILY = "attention"
CASES = 14


def declare():
    torch.backends.cuda.enable_flash_sdp(False)  # the plain way has second derivatives, which the scales need
    rng = random.Random(5)
    functions(rng)
    op = ModuleOp(FAMILY, "MultiheadAttention", scale="norm")
    for _ in range(CASES):
        multihead(op, rng, weights=True)
    op = ModuleOp(FAMILY, "attention_net", scale="norm")
    for k in range(2 * CASES):
        multihead(op, rng, weights=k % 7 == 0)
    for name in ("TransformerEncoderLayer", "TransformerDecoderLayer"):
        op = ModuleOp(FAMILY, name, scale="norm")
        fill(op, CASES, lambda: layer(op, name, rng))
    op = ModuleOp(FAMILY, "Transformer", scale="norm")
    fill(op, 10, lambda: transformer(op, rng))


def fill(op, count, add):
    """So many random cases in which PyTorch's float32 is precise enough (some stacks leave next to nothing of a gradient)."""
    while len(op.cases) < count:
        add()
        try:
            op.cases[-1].record()
        except RuntimeError as e:
            if "float32 in PyTorch is off" not in str(e):
                raise
            op.cases.pop()


def functions(rng):
    op = Op(FAMILY, "scaled_dot_product_attention", tol="reduce", scale="norm", forms="F.scaled_dot_product_attention")
    for k in range(24):
        lead = rng.choice(((), (2,), (2, 3), (1, 2), (2, 1, 2)))
        l, s, e, v = (rng.randint(1, 4) for _ in range(4))
        if k == 0:
            lead, l, s, e, v = (1,), 5, 9, 3, 2
        o = {"scale": rng.choice((0.3, 1.7))} if rng.random() < 0.3 else {}
        mask = None
        kind = rng.choice(("none", "causal", "bool", "float", "learned"))
        if kind == "causal":
            o["is_causal"] = True
        elif kind != "none":
            shape = rng.choice(((l, s), lead + (l, s), (1, s)))
            mask = T(shape, "any" if kind != "bool" else "bool", "bool" if kind == "bool" else "float", grad=kind == "learned")
        args = [T(lead + (l, e)), T(lead + (s, e)), T(lead + (s, v), layout=rng.choice((None, "t")))]
        op(*args, *([mask] if mask else []), **o)
    for h, g in ((4, 2), (2, 1), (6, 3)):
        op(T((2, h, 3, 2)), T((2, g, 4, 2)), T((2, g, 4, 3)), enable_gqa=True)
    op(T((2, 4, 3, 2)), T((2, 2, 3, 2)), T((2, 2, 3, 3)), None, 0.0, True, enable_gqa=True)
    op(T((2, 0, 2)), T((2, 3, 2)), T((2, 3, 2)))
    op(T((1, 70, 3), "small"), T((1, 9, 3), "small"), T((1, 9, 2), "small"))
    op(T((1, 2, 3), "small"), T((1, 140, 3), "small"), T((1, 140, 2), "small"))


def masks(rng, n, heads, l, s):
    """key_padding_mask and attn_mask, of one dtype."""
    dtype = rng.choice(("bool", "float"))
    attn = padding = None
    if rng.random() < 0.5:
        shape = rng.choice(((l, s), ((n or 1) * heads, l, s)))
        attn = T(shape, "seldom" if dtype == "bool" else "any", dtype, grad=False)
    if rng.random() < 0.5:
        padding = T((s,) if n is None else (n, s), "seldom" if dtype == "bool" else "any", dtype, grad=False)
    return padding, attn


def multihead(op, rng, weights):
    heads = rng.choice((1, 2))
    width, n, l = heads * rng.randint(1, 3), rng.choice((1, 2, 3, None)), rng.randint(3, 4)
    kind = rng.choice(("self", "cross", "three")) if op.name == "attention_net" else "three"
    s = l if kind == "self" else rng.randint(3, 5)
    o = {"batch_first": rng.random() < 0.5}
    for name, chance in (("add_bias_kv", 0.25), ("add_zero_attn", 0.25)):
        if rng.random() < chance:
            o[name] = True
    if rng.random() < 0.3:
        o["bias"] = False
    if kind == "three" and rng.random() < 0.4:
        o["kdim"], o["vdim"] = rng.randint(1, 4), rng.randint(1, 4)

    def shape(length, features):
        return (length, features) if n is None else (n, length, features) if o["batch_first"] else (length, n, features)

    x = [T(shape(l, width)), None, None]
    if kind != "self":
        x[1] = T(shape(s, o.get("kdim", width)))
    if kind == "three":
        x[2] = T(shape(s, o.get("vdim", width)))
    padding, attn = masks(rng, n, heads, l, s)
    op(width, heads, inputs=x + [padding, weights, attn, rng.random() < 0.5], **o)


def layer_options(rng):
    # one hidden unit between layer norms leaves of its gradients little but rounding
    o = {"dim_feedforward": max(2, rng.randint(1, 5)), "dropout": 0.0, "batch_first": rng.random() < 0.5,
         "norm_first": rng.random() < 0.5, "activation": rng.choice(("relu", "gelu"))}
    if rng.random() < 0.3:
        o["bias"] = False
    if rng.random() < 0.3:
        o["layer_norm_eps"] = 0.01
    return o


def sequence(o, n, length, width):
    return T((length, width) if n is None else (n, length, width) if o["batch_first"] else (length, n, width))


def layer(op, name, rng):
    heads = rng.choice((1, 2))
    width, n, l, s = heads * rng.randint(2, 3), rng.choice((1, 2, None)), rng.randint(3, 4), rng.randint(3, 4)
    o = layer_options(rng)
    padding, attn = masks(rng, n, heads, l, l)
    if name == "TransformerEncoderLayer":
        op(width, heads, inputs=[sequence(o, n, l, width), attn, padding], train=rng.random() < 0.7, dom="unit", **o)
        return
    memory_padding, memory_attn = masks(rng, n, heads, l, s)
    op(width, heads, inputs=[sequence(o, n, l, width), sequence(o, n, s, width), attn, memory_attn, padding, memory_padding],
       dom="unit", **o)


def transformer(op, rng):
    heads, n, l, s = rng.choice((1, 2)), rng.choice((1, 2, None)), rng.randint(3, 4), rng.randint(3, 4)
    width = 2 * heads
    o = layer_options(rng)
    o.update(d_model=width, nhead=heads, num_encoder_layers=rng.randint(1, 2), num_decoder_layers=rng.randint(1, 2))
    x = [sequence(o, n, s, width), sequence(o, n, l, width)]
    if rng.random() < 0.5:
        x += [None, T((l, l), "seldom", "bool")]
    op(inputs=x, dom="unit", **o)
