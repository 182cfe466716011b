"""PyTorch's side of the speed table: the work of workloads.lua, timed the same way.

    python3 peer_torch.py [--threads 2] [--seconds 0.5] [--batch N] [--only NAME]...    one JSON object a line
    python3 peer_torch.py --check DIR [--only NAME]...     writes weights and inputs there, prints the losses of 5 steps

Networks, which users tune by hand, run in every form: plain, with a fused optimiser, with channels_last tensors where
they convolve. "tuned_us" is the best median among the tuned forms, "tuned" its name.
"""
import argparse
import itertools
import json
import resource

import timing
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim import SGD, Adam

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=0.5)
parser.add_argument("--batch", type=int)
parser.add_argument("--only", action="append")
parser.add_argument("--check")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)

shown = {}      # under --check: what the workload's file will hold
work = {}       # name -> (maker, names of its tunings)


def workload(*tunings):
    def add(make):
        work[make.__name__] = make, tunings
        return make
    return add


def show(name, t):
    if isinstance(t, nn.Module):
        shown.update({f"{name}.{key}": v.clone() for key, v in t.state_dict().items()})
    else:
        shown[name] = t.clone()
    return t


def noise(name, *size):
    """Random numbers within a step: the same ones in each under --check."""
    if not options.check:
        return torch.randn(*size)
    if name not in shown:
        shown[name] = torch.randn(*size)
    return shown[name]


def batch(usual):
    return options.batch or usual


def laid_out(t, channels_last):
    return t.to(memory_format=torch.channels_last) if channels_last else t


def step(loss_of, opt):
    def run():
        loss = loss_of()
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        return loss
    return run


@workload()
def op_add():
    a, b = torch.randn(10), torch.randn(10)
    return lambda: a + b


@workload()
def op_backward():
    a, b = torch.randn(10, requires_grad=True), torch.randn(10)
    def run():
        a.grad = None
        (a * b).sum().backward()
    return run


@workload()
def exp_1m():
    x = torch.randn(1_000_000)
    return lambda: x.exp()


@workload()
def softmax_1024x1024():
    x = torch.randn(1024, 1024)
    return lambda: x.softmax(-1)


@workload()
def sum0_2048x2048():
    x = torch.randn(2048, 2048)
    return lambda: x.sum(0)


def product(n):
    def make():
        a, b = torch.randn(n, n), torch.randn(n, n)
        return lambda: a @ b
    work[f"gemm_{n}"] = make, ()


for n in 64, 256, 1024:
    product(n)


@workload("fused")
def xor_step(fused=False):
    net = show("net", nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid()))
    x, y = torch.tensor([[0., 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([[0.], [1], [1], [0]])
    return step(lambda: F.binary_cross_entropy(net(x), y), SGD(net.parameters(), 0.1, fused=fused))


@workload("fused")
def mlp_step(fused=False):
    net = show("net", nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)))
    x, y = show("x", torch.randn(batch(64), 784)), show("y", torch.randint(0, 10, (batch(64),)))
    return step(lambda: F.cross_entropy(net(x), y), Adam(net.parameters(), 1e-3, fused=fused))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(64 * 49, 128), nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


@workload("fused", "channels_last")
def cnn_step(fused=False, channels_last=False):
    net = laid_out(show("net", Cnn()), channels_last)
    x = laid_out(show("x", torch.randn(batch(64), 1, 28, 28)), channels_last)
    y = show("y", torch.randint(0, 10, (batch(64),)))
    return step(lambda: F.cross_entropy(net(x), y), Adam(net.parameters(), 1e-3, fused=fused))


@workload("channels_last")
def cnn_infer_b1(channels_last=False):
    net, x = (laid_out(t, channels_last) for t in (Cnn().eval(), torch.randn(1, 1, 28, 28)))
    @torch.no_grad()
    def run():
        return net(x)
    return run


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(c, c, 3, padding=1, bias=False) for _ in range(2))
        self.norm1, self.norm2 = nn.BatchNorm2d(c), nn.BatchNorm2d(c)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + x)


@workload("fused", "channels_last")
def resnet_step(fused=False, channels_last=False):
    net = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
                        Residual(32), Residual(32), Residual(32),
                        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
    net = laid_out(show("net", net), channels_last)
    x = laid_out(show("x", torch.randn(batch(32), 3, 32, 32)), channels_last)
    y = show("y", torch.randint(0, 10, (batch(32),)))
    return step(lambda: F.cross_entropy(net(x), y), SGD(net.parameters(), 0.1, momentum=0.9, fused=fused))


class CharLSTM(nn.Module):
    def __init__(self, vocab, hidden):
        super().__init__()
        self.embed = nn.Embedding(vocab, hidden)
        self.rnn = nn.LSTM(hidden, hidden, batch_first=True)
        self.out = nn.Linear(hidden, vocab)

    def forward(self, ids):
        return self.out(self.rnn(self.embed(ids))[0])


@workload("fused")
def lstm_step(fused=False):
    net = show("net", CharLSTM(65, 128))
    x, y = [show(name, torch.randint(0, 65, (batch(32), 64))) for name in "xy"]
    return step(lambda: F.cross_entropy(net(x).reshape(-1, 65), y.reshape(-1)),
                Adam(net.parameters(), 1e-3, fused=fused))


@workload("fused")
def transformer_step(fused=False):
    net = show("net", nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True))
    x = show("x", torch.randn(batch(16), 64, 128))
    return step(lambda: net(x).pow(2).mean(), Adam(net.parameters(), 1e-3, fused=fused))


@workload("fused")
def gan_step(fused=False):
    g = show("g", nn.Sequential(nn.Linear(100, 256), nn.LeakyReLU(0.2), nn.Linear(256, 784), nn.Tanh()))
    d = show("d", nn.Sequential(nn.Linear(784, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1)))
    opt_g, opt_d = Adam(g.parameters(), 2e-4, fused=fused), Adam(d.parameters(), 2e-4, fused=fused)
    n = batch(64)
    real, one, zero = show("x", torch.randn(n, 784)), torch.ones(n, 1), torch.zeros(n, 1)
    bce = F.binary_cross_entropy_with_logits
    def run():
        fake = g(noise("z", n, 100))
        loss_d = bce(d(real), one) + bce(d(fake.detach()), zero)
        opt_d.zero_grad(set_to_none=True)
        loss_d.backward()
        opt_d.step()
        loss_g = bce(d(fake), one)
        opt_g.zero_grad(set_to_none=True)
        loss_g.backward()
        opt_g.step()
        return loss_d + loss_g
    return run


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.mu, self.lv = nn.Linear(784, 256), nn.Linear(256, 20), nn.Linear(256, 20)
        self.dec, self.out = nn.Linear(20, 256), nn.Linear(256, 784)

    def forward(self, x):
        h = F.relu(self.enc(x))
        a, b = self.mu(h), self.lv(h)
        z = a + torch.exp(0.5 * b) * noise("z", len(x), 20)
        return self.out(F.relu(self.dec(z))), a, b


@workload("fused")
def vae_step(fused=False):
    net, x = show("net", Vae()), show("x", torch.rand(batch(64), 784))
    def loss():
        logits, a, b = net(x)
        rebuilt = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return (rebuilt - 0.5 * (1 + b - a * a - b.exp()).sum()) / len(x)
    return step(loss, Adam(net.parameters(), 1e-3, fused=fused))


def measure(make, tunings):
    line = {}
    for mix in itertools.product((False, True), repeat=len(tunings)):
        chosen = {name: True for name, on in zip(tunings, mix) if on}
        best, median = timing.timed(make(**chosen), options.seconds, 0.01, 5)
        if not chosen:
            line.update(best_us=round(best, 3), median_us=round(median, 3))
            continue
        if median < line.get("tuned_us", float("inf")):
            line.update(tuned_us=round(median, 3), tuned="+".join(chosen))
        line["tuned_best_us"] = round(min(best, line.get("tuned_best_us", best)), 3)
    return line


def check(name, make):
    from safetensors.torch import save_file
    torch.manual_seed(1)
    shown.clear()
    run = make()
    losses = [run() for _ in range(5)]
    if losses[0] is None or losses[0].numel() != 1:
        return
    save_file({key: t.contiguous() for key, t in shown.items()}, f"{options.check}/{name}.safetensors")
    print(json.dumps({"name": name, "losses": [loss.item() for loss in losses]}), flush=True)


for name in options.only or work:
    make, tunings = work[name]
    if options.check:
        check(name, make)
    else:
        line = {"name": name, **measure(make, tunings), "torch": torch.__version__, "threads": options.threads,
                "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)}
        print(json.dumps(line), flush=True)
