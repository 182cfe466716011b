"""fashion.lua in PyTorch as a seasoned user writes it: batches by index, a fused optimiser, channels_last.

    python3 fashion_torch.py [--threads 2] [--epochs 3]      one JSON object a line
"""
import time
begin = time.perf_counter()
import argparse
import gzip
import json
import resource

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--epochs", type=int, default=3)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)


def say(line, **values):
    print(json.dumps({"line": line, **values}), flush=True)


def idx(name, skip):
    with gzip.open(f"/usr/share/datasets/fashion-mnist/{name}-ubyte.gz") as f:
        return torch.from_numpy(np.frombuffer(f.read(), np.uint8, offset=skip).copy())


def half(part):
    return idx(part + "-images-idx3", 16).view(-1, 1, 28, 28).float() / 255, idx(part + "-labels-idx1", 8).long()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(64 * 49, 128), nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


t = time.perf_counter()
(images, labels), (test_images, test_labels) = half("train"), half("t10k")
say("load", seconds=round(time.perf_counter() - t, 2))

net = Net().to(memory_format=torch.channels_last)
opt = torch.optim.Adam(net.parameters(), 1e-3, fused=True)
for epoch in range(1, options.epochs + 1):
    t = time.perf_counter()
    for rows in torch.randperm(len(labels)).split(64):
        loss = F.cross_entropy(net(images[rows]), labels[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    trained, t = time.perf_counter() - t, time.perf_counter()
    with torch.no_grad():
        right = sum((net(x).argmax(1) == y).sum().item() for x, y in zip(test_images.split(100), test_labels.split(100)))
    say("epoch", epoch=epoch, train_seconds=round(trained, 2), test_seconds=round(time.perf_counter() - t, 2),
        accuracy=right / len(test_labels))
say("total", seconds=round(time.perf_counter() - begin, 2), threads=options.threads,
    peak_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
