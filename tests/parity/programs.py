"""Small programs that stand for an operation in a case ("fn:NAME"): indexing and writes through views.

Each has its twin of the same name in programs.lua. Knows nothing about fixtures."""

import torch

import programs_tensor


def index(x, key):
    return x[key]


def set_index(x, key, value):
    y = x.clone()
    y[key] = value
    return y


def set_through_view(x, key, value):
    """Writes into a view of a view; the whole changes."""
    y = x.clone()
    y.transpose(0, 1)[key] = value
    return y


def add_to_row(x, k, value):
    y = x.clone()
    y[k].add_(value)
    return y


def scale_narrow(x, dim, start, length, factor):
    y = x.clone()
    y.narrow(dim, start, length).mul_(factor)
    return y


def shift_overlapping(x, by):
    """y[by..] = y[..-by] reads and writes the same storage; the operand counts as copied first."""
    y = x.clone()
    n = y.shape[0]
    y[by:n] = y[0:n - by].clone()
    return y


def add_reversed_overlap(x):
    """y += y transposed, through the same storage."""
    y = x.clone()
    y.add_(y.t().clone())
    return y


def fill_diagonal_block(x, value):
    y = x.clone()
    y[0:2, 0:2].fill_(value)
    return y


def copy_into(x, y):
    z = x.clone()
    z.copy_(y)
    return z


def reuse(x):
    """One tensor along several paths."""
    y = x * x
    return y * x + y


def square_then_sum_twice(x):
    return (x ** 3).sum() + (x.sum() ** 2)


def grad_penalty(x, w):
    """A gradient inside the loss."""
    y = torch.tanh(x.matmul(w)).sum()
    g, = torch.autograd.grad(y, x, create_graph=True)
    return (g.pow(2).sum(-1).sqrt() - 1).pow(2).mean()


def third_derivative(x):
    y = (x.pow(4) + x.sin()).sum()
    g, = torch.autograd.grad(y, x, create_graph=True)
    h, = torch.autograd.grad(g.sum(), x, create_graph=True)
    return h * x


def multilabel_margin(x, target, k, reduction):
    """The first k classes of each row of target count."""
    t = target.clone()
    if k < t.shape[-1]:
        t[..., k:] = -1
    return torch.nn.functional.multilabel_margin_loss(x, t, reduction=reduction)


def ctc_of_logits(x, target, input_lengths, target_lengths):
    """The first class is the blank."""
    return torch.nn.functional.ctc_loss(x.log_softmax(2), target + 1, input_lengths, target_lengths)


PROGRAMS = {**programs_tensor.PROGRAMS, **{f.__name__: f for f in (
    index, set_index, set_through_view, add_to_row, scale_narrow, shift_overlapping, add_reversed_overlap,
    fill_diagonal_block, copy_into, reuse, square_then_sum_twice, grad_penalty,
    third_derivative, multilabel_margin, ctc_of_logits)}}
