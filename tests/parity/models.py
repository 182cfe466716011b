"""Models and a training problem that cases refer to by name; models.lua builds the same.

Knows nothing about fixtures."""

import torch
from torch import nn

import models_layers


def mlp(inputs=8, hidden=16, classes=4):
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.Tanh(),
                         nn.Linear(hidden, classes))


class SmallCNN(nn.Module):
    """Two convolutions with a normalisation between, pooled, one linear layer."""

    def __init__(self, channels=4, classes=5):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, 2 * channels, 3, stride=2, bias=False)
        self.head = nn.Linear(2 * channels, classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(nn.functional.relu(self.norm(self.conv1(x))), 2)
        x = nn.functional.gelu(self.conv2(x))
        return self.head(x.mean((2, 3)))


class WordBag(nn.Module):
    """Embeddings, averaged and normalised, one linear layer."""

    def __init__(self, words=11, width=6, classes=3):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, tokens):
        return self.head(self.norm(self.embedding(tokens).mean(1)))


class PackedNet(nn.Module):
    """A recurrent layer on a padded batch of sequences with these lengths, by way of packing."""

    def __init__(self, kind, lengths, batch_first=False, sorted_=False, total=None, *arguments, **options):
        super().__init__()
        self.rnn = getattr(nn, kind)(*arguments, batch_first=batch_first, **options)
        self.lengths, self.batch_first, self.sorted, self.total = lengths, batch_first, sorted_, total

    def forward(self, x, *state):
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(self.lengths), self.batch_first, self.sorted)
        y, state = self.rnn(packed, *state)
        y, lengths = nn.utils.rnn.pad_packed_sequence(y, self.batch_first, 0.5, self.total)
        return y, lengths, state


class AttentionNet(nn.Module):
    """MultiheadAttention to itself, to one other tensor, or to two; without weights in the result."""

    def __init__(self, *arguments, **options):
        super().__init__()
        self.mha = nn.MultiheadAttention(*arguments, **options)

    def forward(self, x, key, value, *rest):
        key = x if key is None else key
        return self.mha(x, key, key if value is None else value, *rest)[0]


BUILDERS = {"attention_net": AttentionNet, "packed": PackedNet, "mlp": mlp, "small_cnn": SmallCNN, "word_bag": WordBag,
            **models_layers.BUILDERS}


def regression_loss(x, y, w1, b1, w2):
    """The problem that optimisers are compared on."""
    return ((torch.tanh(x.matmul(w1) + b1).matmul(w2) - y) ** 2).mean()
