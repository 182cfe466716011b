"""Well known networks, narrow, each with one training step; networks.lua builds the same from names that are documented.

`NETWORKS[name]` is (builder, inputs, step): the builder makes the module, inputs are descriptors, step(module, inputs,
make) trains it once and returns the losses. Knows nothing about fixtures."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class BasicBlock(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or channels != width:
            self.downsample = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """He et al. 2016."""

    def __init__(self, width=4, classes=5):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = width
        for i in range(4):
            blocks = []
            for k in range(2):
                blocks.append(BasicBlock(channels, width << i, 2 if i > 0 and k == 0 else 1))
                channels = width << i
            self.add_module("layer%d" % (i + 1), nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(channels, bottleneck * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(bottleneck * growth)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(bottleneck * growth, growth, 3, padding=1, bias=False)

    def forward(self, features):
        x = self.conv1(self.relu1(self.norm1(torch.cat(features, 1))))
        return self.conv2(self.relu2(self.norm2(x)))


class DenseBlock(nn.ModuleDict):
    def __init__(self, layers, channels, growth, bottleneck):
        super().__init__()
        for i in range(layers):
            self.add_module("denselayer%d" % (i + 1), DenseLayer(channels + i * growth, growth, bottleneck))

    def forward(self, x):
        features = [x]
        for _, layer in self.items():
            features.append(layer(features))
        return torch.cat(features, 1)


def densenet(growth=3, blocks=(2, 3, 2), bottleneck=2, classes=5):
    """Huang et al. 2017."""
    channels = 2 * growth
    features = [("conv0", nn.Conv2d(3, channels, 3, padding=1, bias=False)), ("norm0", nn.BatchNorm2d(channels)),
                ("relu0", nn.ReLU()), ("pool0", nn.MaxPool2d(2))]
    for i, layers in enumerate(blocks):
        features.append(("denseblock%d" % (i + 1), DenseBlock(layers, channels, growth, bottleneck)))
        channels += layers * growth
        if i < len(blocks) - 1:
            features.append(("transition%d" % (i + 1), nn.Sequential(
                nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2))))
            channels //= 2
    features.append(("norm5", nn.BatchNorm2d(channels)))
    from collections import OrderedDict
    return nn.Sequential(OrderedDict([
        ("features", nn.Sequential(OrderedDict(features))), ("relu", nn.ReLU()), ("pool", nn.AdaptiveAvgPool2d(1)),
        ("flatten", nn.Flatten()), ("classifier", nn.Linear(channels, classes))]))


def double_conv(channels, width):
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
                         nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())


class UNet(nn.Module):
    """Ronneberger et al. 2015; one way up by transposed convolution, the other by resampling."""

    def __init__(self, width=3):
        super().__init__()
        self.down = nn.ModuleList([double_conv(1, width), double_conv(width, 2 * width)])
        self.bottom = double_conv(2 * width, 4 * width)
        self.up = nn.ModuleList([
            nn.ConvTranspose2d(4 * width, 2 * width, 2, stride=2),
            nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), nn.Conv2d(2 * width, width, 1))])
        self.merge = nn.ModuleList([double_conv(4 * width, 2 * width), double_conv(2 * width, width)])
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, x):
        kept = []
        for block in self.down:
            x = block(x)
            kept.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for up, merge in zip(self.up, self.merge):
            x = merge(torch.cat([kept.pop(), up(x)], 1))
        return self.head(x)


class DCGAN(nn.Module):
    """Radford et al. 2016."""

    def __init__(self, noise=4, width=3):
        super().__init__()
        self.generator = nn.Sequential(
            nn.ConvTranspose2d(noise, 2 * width, 4, 1, 0, bias=False), nn.BatchNorm2d(2 * width), nn.ReLU(True),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True),
            nn.ConvTranspose2d(width, 1, 4, 2, 1, bias=False), nn.Tanh())
        self.discriminator = nn.Sequential(
            nn.Conv2d(1, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * width, 1, 4, 1, 0, bias=False), nn.Sigmoid())


class Tagger(nn.Module):
    """A bidirectional LSTM over sentences of different lengths (Huang et al. 2015, without its last layer)."""

    LENGTHS = (7, 3, 5, 6)

    def __init__(self, words=20, width=6, hidden=5, tags=4):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.lstm = nn.LSTM(width, hidden, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden, tags)

    def forward(self, x):
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(x), torch.tensor(self.LENGTHS), True, False)
        return self.head(nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], True)[0])


class Translator(nn.Module):
    """An encoder-decoder Transformer on words (Vaswani et al. 2017)."""

    def __init__(self, words=11, width=8, heads=2):
        super().__init__()
        self.source, self.target = nn.Embedding(words, width), nn.Embedding(words, width)
        self.transformer = nn.Transformer(width, heads, 2, 2, 16, dropout=0.0, batch_first=True)
        self.head = nn.Linear(width, words)

    @staticmethod
    def place(x):
        length, width = x.shape[1:]
        rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(10000.0) / width))
        angle = torch.arange(length, dtype=torch.float64)[:, None] * rate
        return x + torch.stack([angle.sin(), angle.cos()], 2).reshape(length, width).to(x.dtype)

    def forward(self, source, target):
        mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1], dtype=self.head.weight.dtype)
        y = self.transformer(self.place(self.source(source)), self.place(self.target(target)), tgt_mask=mask, tgt_is_causal=True)
        return self.head(y)


def tag(model, x, y):
    opt = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    losses = []
    for _ in range(2):
        losses.append(F.cross_entropy(model(x).flatten(0, 1), y.flatten()))
        if len(losses) == 1:
            opt.zero_grad()
            losses[0].backward()
            opt.step()
    return losses


def translate(model, source, target):
    """Each word of the target from those in front of it."""
    opt = torch.optim.AdamW(model.parameters(), lr=0.01, eps=1e-3)
    losses = []
    for _ in range(2):
        losses.append(F.cross_entropy(model(source, target[:, :-1]).flatten(0, 1), target[:, 1:].flatten()))
        if len(losses) == 1:
            opt.zero_grad()
            losses[0].backward()
            opt.step()
    return losses


def classify(model, x, y):
    opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    return [loss, F.cross_entropy(model(x), y)]


def segment(model, x, y):
    opt = torch.optim.AdamW(model.parameters(), lr=0.01, eps=1e-3)
    loss = F.binary_cross_entropy_with_logits(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    return [loss, F.binary_cross_entropy_with_logits(model(x), y)]


def play(model, real, noise):
    """A step of the discriminator, then one of the generator; its gradients in the discriminator are left as they are."""
    opt_d = torch.optim.SGD(model.discriminator.parameters(), lr=0.1)
    opt_g = torch.optim.SGD(model.generator.parameters(), lr=0.1)
    fake = model.generator(noise)
    on_real, on_fake = model.discriminator(real).flatten(), model.discriminator(fake.detach()).flatten()
    loss_d = F.binary_cross_entropy(on_real, torch.ones_like(on_real)) + F.binary_cross_entropy(on_fake, torch.zeros_like(on_fake))
    opt_d.zero_grad()
    loss_d.backward()
    opt_d.step()
    judged = model.discriminator(fake).flatten()
    loss_g = F.binary_cross_entropy(judged, torch.ones_like(judged))
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    return [loss_d, loss_g, F.binary_cross_entropy(model.discriminator(model.generator(noise)).flatten(), torch.ones_like(judged))]


# name: builder, [(shape, domain, dtype, n)], step
NETWORKS = {
    "resnet18": (ResNet18, [((4, 3, 64, 64), "any", "float", None), ((4,), "index", "int64", 5)], classify),
    "densenet": (densenet, [((4, 3, 16, 16), "any", "float", None), ((4,), "index", "int64", 5)], classify),
    "unet": (UNet, [((3, 1, 16, 16), "any", "float", None), ((3, 1, 16, 16), "prob", "float", None)], segment),
    "dcgan": (DCGAN, [((4, 1, 16, 16), "unit", "float", None), ((4, 4, 1, 1), "any", "float", None)], play),
    "tagger": (Tagger, [((4, 7), "index", "int64", 20), ((4, 7), "index", "int64", 4)], tag),
    "translator": (Translator, [((3, 6), "index", "int64", 11), ((3, 5), "index", "int64", 11)], translate),
}
