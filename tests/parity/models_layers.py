"""Modules around layers that one call of a constructor cannot show; models_layers.lua builds the same.

Knows nothing about fixtures."""

import torch
from torch import nn
from torch.nn import functional as F


class Unpooled(nn.Module):
    """A max pool with its places, and the way back."""

    def __init__(self, n, kernel, stride=None, padding=0, sized=False):
        super().__init__()
        self.pool = getattr(nn, "MaxPool%dd" % n)(kernel, stride, padding, return_indices=True)
        self.unpool = getattr(nn, "MaxUnpool%dd" % n)(kernel, stride, padding)
        self.sized = sized

    def forward(self, x):
        y, places = self.pool(x)
        return self.unpool(y * 2, places, x.shape if self.sized else None)


class Fractional(nn.Module):
    """A fractional pool whose random numbers come from outside."""

    def __init__(self, n, kernel, **options):
        super().__init__()
        self.pool = getattr(nn, "FractionalMaxPool%dd" % n)(kernel, return_indices=True, **options)

    def forward(self, x, samples):
        self.pool._random_samples = samples
        return self.pool(x)


class Cumulative(nn.Module):
    """Batch normalisation that averages over two batches, then evaluates."""

    def __init__(self, features):
        super().__init__()
        self.norm = nn.BatchNorm1d(features, momentum=None)

    def forward(self, x):
        first = self.norm(x)
        second = self.norm(x * 2 + 1)
        self.norm.eval()
        return first + second * 2 + self.norm(x)


class Bag(nn.Module):
    """Bags of embeddings that begin at given places."""

    def __init__(self, rows, width, offsets, **options):
        super().__init__()
        self.bag = nn.EmbeddingBag(rows, width, **options)
        self.offsets = offsets

    def forward(self, x, weights=None):
        offsets = None if self.offsets is None else torch.tensor(self.offsets)
        return self.bag(x, offsets, weights)


class Containers(nn.Module):
    """Every container once."""

    def __init__(self, width, depth, activation):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.choices = nn.ModuleDict([["relu", nn.ReLU()], ["tanh", nn.Tanh()]])
        self.scales = nn.ParameterList([nn.Parameter(torch.ones(width)) for _ in range(depth)])
        self.shifts = nn.ParameterDict([("left", nn.Parameter(torch.zeros(width))), ("right", nn.Parameter(torch.zeros(1)))])
        self.head = nn.Sequential(nn.Identity(), nn.Sequential(nn.Unflatten(1, (width, 1)), nn.Flatten()), nn.Linear(width, 2))
        self.activation = activation

    def forward(self, x):
        for layer, scale in zip(self.layers, self.scales):
            x = self.choices[self.activation](layer(x)) * scale
        return self.head(x + self.shifts["left"] * self.shifts["right"])


def named_sequential(width, bias):
    from collections import OrderedDict
    return nn.Sequential(OrderedDict([("first", nn.Linear(width, 3, bias=bias)), ("act", nn.Sigmoid()),
                                      ("last", nn.Linear(3, 2))]))


class Lazy(nn.Module):
    """A lazy layer after its first call, which says nothing but sizes."""

    def __init__(self, name, shape, *args, **options):
        super().__init__()
        self.layer = getattr(nn, name)(*args, **options)
        self.layer(torch.zeros(shape))

    def forward(self, x):
        return self.layer(x)


class Adaptive(nn.Module):
    """All that the adaptive softmax computes."""

    def __init__(self, *args, **options):
        super().__init__()
        self.softmax = nn.AdaptiveLogSoftmaxWithLoss(*args, **options)

    def forward(self, x, target):
        output, loss = self.softmax(x, target)
        if x.dim() == 1:
            return output, loss
        return output, loss, self.softmax.log_prob(x)


class Interpolated(nn.Module):
    """F.interpolate as a module, so that options can be nothing."""

    def __init__(self, **options):
        super().__init__()
        self.options = options

    def forward(self, x):
        return F.interpolate(x, **self.options)


class Reparametrized(nn.Module):
    """A layer whose weight is computed from others, in one of several ways."""

    def __init__(self, kind, layer, sizes, **options):
        super().__init__()
        make = {"weight_norm": nn.utils.parametrizations.weight_norm, "spectral_norm": nn.utils.parametrizations.spectral_norm,
                "orthogonal": nn.utils.parametrizations.orthogonal, "old_weight_norm": nn.utils.weight_norm,
                "old_spectral_norm": nn.utils.spectral_norm}[kind]
        self.layer = make(getattr(nn, layer)(*sizes), **options)

    def forward(self, x):
        return self.layer(x)


BUILDERS = {"reparametrized": Reparametrized, "unpooled": Unpooled, "fractional": Fractional, "cumulative": Cumulative, "bag": Bag, "containers": Containers,
            "named_sequential": named_sequential, "lazy": Lazy, "adaptive": Adaptive,
            "interpolated": Interpolated}
