#!/usr/bin/env python3
"""Writes weights of many layers as PyTorch's users save them, with inputs and what the layers make of them.

    python make_weights.py              writes fixtures/layers.safetensors, bf16, f16, f8, vae .safetensors
    python make_weights.py check        checks fixtures/saved.safetensors, which nn.save wrote, with Python's safetensors

In layers.safetensors "weights/NAME/..." is the state dict of a layer of weights.lua, "in/NAME/k" its inputs, "out/NAME/k"
its outputs (in evaluation mode). vae.safetensors holds a step of a variational autoencoder: weights before and after,
input, noise, loss and gradients."""

import os
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")


def layers():
    """Name, module, inputs. Whole numbers of inputs are positions from 0; Lua's count from 1."""
    x1, x2, x3 = torch.randn(2, 4, 9), torch.randn(2, 4, 6, 5), torch.randn(1, 4, 4, 3, 4)
    rows, steps, words = torch.randn(3, 4), torch.randn(5, 2, 4), torch.randint(0, 7, (2, 3))
    for n, x in ((1, x1), (2, x2), (3, x3)):
        yield "conv%d" % n, getattr(nn, "Conv%dd" % n)(4, 6, 3, padding=1, groups=2), [x]
        yield "conv_transpose%d" % n, getattr(nn, "ConvTranspose%dd" % n)(4, 6, 3, stride=2, groups=2, output_padding=1), [x]
        yield "batch_norm%d" % n, getattr(nn, "BatchNorm%dd" % n)(4), [x]
        yield "instance_norm%d" % n, getattr(nn, "InstanceNorm%dd" % n)(4, affine=True, track_running_stats=True), [x]
    yield "conv2_reflect", nn.Conv2d(4, 2, 3, padding=2, dilation=2, padding_mode="reflect", bias=False), [x2]
    yield "linear", nn.Linear(4, 3), [rows]
    yield "linear_plain", nn.Linear(4, 3, bias=False), [rows]
    yield "bilinear", nn.Bilinear(4, 4, 3), [rows, torch.randn(3, 4)]
    yield "layer_norm", nn.LayerNorm([6, 5]), [x2]
    yield "layer_norm_plain", nn.LayerNorm(5, bias=False), [x2]
    yield "group_norm", nn.GroupNorm(2, 4), [x2]
    yield "rms_norm", nn.RMSNorm(5), [x2]
    yield "prelu", nn.PReLU(4), [x2]
    yield "embedding", nn.Embedding(7, 3, padding_idx=0), [words]
    yield "embedding_bag", nn.EmbeddingBag(7, 3, mode="sum"), [words]
    yield "rnn", nn.RNN(4, 3, 2, nonlinearity="relu"), [steps]
    yield "lstm", nn.LSTM(4, 5, 2, bidirectional=True), [steps]
    yield "lstm_projected", nn.LSTM(4, 5, proj_size=2, batch_first=True), [steps]
    yield "gru", nn.GRU(4, 3, bias=False), [steps]
    yield "rnn_cell", nn.RNNCell(4, 3), [rows]
    yield "lstm_cell", nn.LSTMCell(4, 3), [rows]
    yield "gru_cell", nn.GRUCell(4, 3), [rows]
    yield "attention", nn.MultiheadAttention(4, 2), [steps, steps, steps]
    yield "attention_wide", nn.MultiheadAttention(4, 2, kdim=3, vdim=5, batch_first=True), [
        torch.randn(2, 3, 4), torch.randn(2, 6, 3), torch.randn(2, 6, 5)]
    yield "encoder", nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, batch_first=True), 2), [torch.randn(2, 3, 4)]
    yield "decoder", nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 6, norm_first=True), 2), [
        torch.randn(3, 2, 4), torch.randn(5, 2, 4)]
    yield "transformer", nn.Transformer(4, 2, 1, 1, 6), [torch.randn(3, 2, 4), torch.randn(4, 2, 4)]
    yield "stack", nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Sequential(nn.Linear(5, 2), nn.LayerNorm(2))), [rows]
    yield "spectral", nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3)), [rows]
    yield "weighted", nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)), [rows]


def flat(result):
    if isinstance(result, (tuple, list)):
        return [x for r in result for x in flat(r)]
    return [] if result is None else [result]


def write():
    torch.manual_seed(11)
    tensors = {}
    for name, module, inputs in layers():
        with torch.no_grad():
            for key, value in module.state_dict().items():
                if key.endswith("running_var"):
                    value.uniform_(0.5, 2)
                elif key.endswith("running_mean"):
                    value.normal_()
        module.eval()
        for key, value in module.state_dict().items():
            tensors["weights/%s/%s" % (name, key)] = value.clone().contiguous()
        for k, x in enumerate(inputs):
            tensors["in/%s/%d" % (name, k)] = x.clone()
        for k, y in enumerate(flat(module(*inputs))):
            tensors["out/%s/%d" % (name, k)] = y.detach().clone().contiguous()
    save_file(tensors, os.path.join(HERE, "layers.safetensors"))
    values = torch.tensor([[0.0, -1.0, 0.5], [1.0009765625, 65504.0, 3.0]])
    for name, dtype in (("bf16", torch.bfloat16), ("f16", torch.float16), ("f8", torch.float8_e4m3fn)):
        save_file({"w": values.to(dtype), "b": torch.tensor([1.5, -2.25]).to(dtype)}, os.path.join(HERE, name + ".safetensors"))
    for name in os.listdir(HERE):
        os.chmod(os.path.join(HERE, name), 0o644)


class VAE(nn.Module):
    """A convolutional variational autoencoder of pictures [N, 1, 8, 8]."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=2, padding=1)
        self.mean, self.log_var = nn.Linear(64, 3), nn.Linear(64, 3)
        self.expand = nn.Linear(3, 64)
        self.paint = nn.ConvTranspose2d(4, 1, 4, stride=2, padding=1)

    def forward(self, x, noise):
        h = torch.relu(self.conv(x)).flatten(1)
        mean, log_var = self.mean(h), self.log_var(h)
        z = mean + noise * (0.5 * log_var).exp()
        return self.paint(torch.relu(self.expand(z)).view(-1, 4, 4, 4)), mean, log_var


def write_vae():
    torch.manual_seed(5)
    net, x, noise = VAE().double(), torch.rand(4, 1, 8, 8).double(), torch.randn(4, 3).double()
    tensors = {"before/" + k: v.clone() for k, v in net.state_dict().items()}
    opt = torch.optim.Adam(net.parameters(), lr=1e-2)
    picture, mean, log_var = net(x, noise)
    bce = nn.functional.binary_cross_entropy_with_logits(picture, x, reduction="sum")
    kl = -0.5 * (1 + log_var - mean.pow(2) - log_var.exp()).sum()
    (bce + kl).backward()
    tensors.update({"grad/" + k: p.grad.clone() for k, p in net.named_parameters()})
    opt.step()
    tensors.update({"after/" + k: v.clone() for k, v in net.state_dict().items()})
    tensors.update({"x": x, "noise": noise, "loss": (bce + kl).detach()})
    save_file(tensors, os.path.join(HERE, "vae.safetensors"))


def check():
    """What test_parity_weights.lua says was saved."""
    saved = load_file(os.path.join(HERE, "saved.safetensors"))
    want = {"0.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4 - 0.5, "0.bias": torch.tensor([0.125, -3.0]),
            "1.weight": torch.tensor([1.0, 2.0]), "1.bias": torch.tensor([-1.0, 0.5]), "1.running_mean": torch.tensor([0.0, 0.0]),
            "1.running_var": torch.tensor([1.0, 1.0]), "1.num_batches_tracked": torch.tensor(0)}
    assert list(saved) and set(saved) == set(want), (set(saved), set(want))
    for key, value in want.items():
        assert saved[key].dtype == value.dtype and torch.equal(saved[key], value), key
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    net.load_state_dict(saved)
    print("%d tensors as expected, and PyTorch's module takes them" % len(saved))


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        check()
    else:
        write()
        write_vae()
