"""JAX's side of the speed table: the work of workloads.lua, each step compiled by jit, timed the same way.

    python3 peer_jax.py [--threads 2] [--seconds 0.5] [--batch N] [--only NAME]...    one JSON object a line

A step is one compiled function from the state to the next one, whose buffers it may overwrite. Compiling is not timed.
Results arrive later than a call returns, so that a block ends when its last result is there.
"""
import argparse
import json
import os
import resource
import time

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=0.5)
parser.add_argument("--batch", type=int)
parser.add_argument("--only", action="append")
options = parser.parse_args()
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:options.threads])    # it starts a thread a core

import jax
import jax.numpy as jnp
from jax import lax

_keys = iter(jax.random.split(jax.random.key(0), 500))
work = {}


def workload(make):
    work[make.__name__] = make
    return make


def normal(*shape):
    return jax.random.normal(next(_keys), shape)


def batch(usual):
    return options.batch or usual


def classes(n, *shape):
    return jax.random.randint(next(_keys), shape, 0, n)


def once(f, *inputs):
    f = jax.jit(f)
    return lambda: f(*inputs)


def loop(advance, state, *inputs):
    """Runs state = advance(state, *inputs) again and again."""
    advance = jax.jit(advance, donate_argnums=0)
    def run():
        nonlocal state
        state = advance(state, *inputs)
        return state
    return run


def tree(f, *trees):
    return jax.tree.map(f, *trees)


class Sgd:
    def __init__(self, lr, momentum=0.0):
        self.lr, self.momentum = lr, momentum

    def start(self, w):
        return tree(jnp.zeros_like, w) if self.momentum else None

    def step(self, w, g, v):
        if self.momentum:
            v = g = tree(lambda v, g: self.momentum * v + g, v, g)
        return tree(lambda w, g: w - self.lr * g, w, g), v


class Adam:
    def __init__(self, lr):
        self.lr = lr

    def start(self, w):
        return tree(jnp.zeros_like, w), tree(jnp.zeros_like, w), jnp.zeros(())

    def step(self, w, g, state):
        m, v, t = state
        t = t + 1
        m = tree(lambda m, g: m + 0.1 * (g - m), m, g)
        v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        size, root = self.lr / (1 - 0.9 ** t), lax.rsqrt(1 - 0.999 ** t)
        return tree(lambda w, m, v: w - size * m / (jnp.sqrt(v) * root + 1e-8), w, m, v), (m, v, t)


def training(loss, w, opt, *inputs):
    def advance(state, *inputs):
        w, s = state
        return opt.step(w, jax.grad(loss)(w, *inputs), s)
    return loop(advance, (w, opt.start(w)), *inputs)


def training_with(memory, loss, w, opt, *inputs):
    """For a loss that also carries something on: loss(w, memory, *inputs) -> loss, memory."""
    def advance(state, *inputs):
        w, s, memory = state
        g, memory = jax.grad(loss, has_aux=True)(w, memory, *inputs)
        return *opt.step(w, g, s), memory
    return loop(advance, (w, opt.start(w), memory), *inputs)


def fc(n, m):
    return {"w": normal(n, m) * n ** -0.5, "b": jnp.zeros(m)}


def linear(p, x):
    return x @ p["w"] + p["b"]


def kernel(c, k):
    return normal(3, 3, c, k) * (9 * c) ** -0.5


def conv(w, x):
    return lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def pool(x):        # faster than reduce_window, and its gradient much faster
    x = jnp.maximum(x[:, 0::2], x[:, 1::2])
    return jnp.maximum(x[:, :, 0::2], x[:, :, 1::2])


def nll(logits, y):
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[..., None], axis=-1))


def bce(logits, y):
    return jnp.maximum(logits, 0) - logits * y + jnp.log1p(jnp.exp(-jnp.abs(logits)))


def layer_norm(p, x):
    return jax.nn.standardize(x, epsilon=1e-5) * p["w"] + p["b"]


@workload
def op_add():
    return once(jnp.add, normal(10), normal(10))


@workload
def exp_1m():
    return once(jnp.exp, normal(1_000_000))


@workload
def softmax_1024x1024():
    return once(jax.nn.softmax, normal(1024, 1024))


@workload
def sum0_2048x2048():
    return once(lambda x: jnp.sum(x, 0), normal(2048, 2048))


for n in 64, 256, 1024:
    work[f"gemm_{n}"] = lambda n=n: once(jnp.matmul, normal(n, n), normal(n, n))


@workload
def xor_step():
    x, y = jnp.array([[0., 0], [0, 1], [1, 0], [1, 1]]), jnp.array([[0.], [1], [1], [0]])
    def loss(w, x, y):
        p = jax.nn.sigmoid(linear(w[1], jnp.tanh(linear(w[0], x))))
        return -jnp.mean(y * jnp.log(p) + (1 - y) * jnp.log(1 - p))
    return training(loss, [fc(2, 16), fc(16, 1)], Sgd(0.1), x, y)


@workload
def mlp_step():
    def loss(w, x, y):
        return nll(linear(w[1], jax.nn.relu(linear(w[0], x))), y)
    return training(loss, [fc(784, 128), fc(128, 10)], Adam(1e-3), normal(batch(64), 784), classes(10, batch(64)))


@workload
def cnn_step():
    w = dict(k1=kernel(1, 32), b1=jnp.zeros(32), k2=kernel(32, 64), b2=jnp.zeros(64), f1=fc(3136, 128), f2=fc(128, 10))
    def loss(w, x, y):
        x = pool(jax.nn.relu(conv(w["k1"], x) + w["b1"]))
        x = pool(jax.nn.relu(conv(w["k2"], x) + w["b2"]))
        return nll(linear(w["f2"], jax.nn.relu(linear(w["f1"], x.reshape(len(x), -1)))), y)
    return training(loss, w, Adam(1e-3), normal(batch(64), 28, 28, 1), classes(10, batch(64)))


@workload
def resnet_step():
    def norm():
        return {"w": jnp.ones(32), "b": jnp.zeros(32)}
    w = dict(k=[kernel(3, 32)] + [kernel(32, 32) for _ in range(6)], n=[norm() for _ in range(7)], head=fc(32, 10))
    def loss(w, running, x, y):
        running = list(running)
        def layer(i, x):
            x = conv(w["k"][i], x)
            mean, var = jnp.mean(x, (0, 1, 2)), jnp.var(x, (0, 1, 2))
            running[i] = tree(lambda old, new: 0.9 * old + 0.1 * new, running[i], (mean, var))
            return (x - mean) * (lax.rsqrt(var + 1e-5) * w["n"][i]["w"]) + w["n"][i]["b"]
        x = jax.nn.relu(layer(0, x))
        for i in 1, 3, 5:
            x = jax.nn.relu(layer(i + 1, jax.nn.relu(layer(i, x))) + x)
        return nll(linear(w["head"], jnp.mean(x, (1, 2))), y), running
    running = [(jnp.zeros(32), jnp.ones(32)) for _ in range(7)]
    return training_with(running, loss, w, Sgd(0.1, 0.9), normal(batch(32), 32, 32, 3), classes(10, batch(32)))


@workload
def lstm_step():
    w = dict(embed=normal(65, 128), x=fc(128, 512), h=fc(128, 512), out=fc(128, 65))
    def loss(w, ids, y):
        def cell(state, gates):
            h, c = state
            i, f, g, o = jnp.split(gates + linear(w["h"], h), 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h
        zero = jnp.zeros((len(ids), 128))
        _, h = lax.scan(cell, (zero, zero), linear(w["x"], w["embed"][ids.T]))     # the inputs' product in one
        return nll(linear(w["out"], h), y.T)
    return training(loss, w, Adam(1e-3), classes(65, batch(32), 64), classes(65, batch(32), 64))


@workload
def transformer_step():
    def norm():
        return {"w": jnp.ones(128), "b": jnp.zeros(128)}
    w = dict(qkv=fc(128, 384), out=fc(128, 128), up=fc(128, 512), down=fc(512, 128), n1=norm(), n2=norm())
    def loss(w, x):
        q, k, v = jnp.split(linear(w["qkv"], x).reshape(len(x), 64, 12, 32), 3, axis=2)
        y = jax.nn.dot_product_attention(q, k, v).reshape(len(x), 64, 128)
        x = layer_norm(w["n1"], x + linear(w["out"], y))
        x = layer_norm(w["n2"], x + linear(w["down"], jax.nn.relu(linear(w["up"], x))))
        return jnp.mean(x * x)
    return training(loss, w, Adam(1e-3), normal(batch(16), 64, 128))


@workload
def gan_step():
    opt, g, d = Adam(2e-4), [fc(100, 256), fc(256, 784)], [fc(784, 256), fc(256, 1)]
    def make(g, z):
        return jnp.tanh(linear(g[1], jax.nn.leaky_relu(linear(g[0], z), 0.2)))
    def judge(d, x, y):
        return jnp.mean(bce(linear(d[1], jax.nn.leaky_relu(linear(d[0], x), 0.2)), y))
    def advance(state, real):
        g, sg, d, sd, key = state
        key, own = jax.random.split(key)
        fake, back = jax.vjp(lambda g: make(g, jax.random.normal(own, (batch(64), 100))), g)
        d, sd = opt.step(d, jax.grad(lambda d: judge(d, real, 1.0) + judge(d, fake, 0.0))(d), sd)
        g, sg = opt.step(g, *back(jax.grad(lambda x: judge(d, x, 1.0))(fake)), sg)
        return g, sg, d, sd, key
    return loop(advance, (g, opt.start(g), d, opt.start(d), next(_keys)), normal(batch(64), 784))


@workload
def vae_step():
    w = dict(enc=fc(784, 256), mu=fc(256, 20), lv=fc(256, 20), dec=fc(20, 256), out=fc(256, 784))
    def loss(w, key, x):
        key, own = jax.random.split(key)
        h = jax.nn.relu(linear(w["enc"], x))
        a, b = linear(w["mu"], h), linear(w["lv"], h)
        z = a + jnp.exp(0.5 * b) * jax.random.normal(own, a.shape)
        rebuilt = jnp.sum(bce(linear(w["out"], jax.nn.relu(linear(w["dec"], z))), x))
        return (rebuilt - 0.5 * jnp.sum(1 + b - a * a - jnp.exp(b))) / len(x), key
    return training_with(next(_keys), loss, w, Adam(1e-3), jax.random.uniform(next(_keys), (batch(64), 784)))


def timed(run):
    """Best and median microseconds: see workloads.lua."""
    clock, wait = time.perf_counter, jax.block_until_ready
    wait(run()), wait(run())
    t = clock()
    wait(run())
    inner = max(1, int(0.01 / max(clock() - t, 1e-7)))
    blocks, stop = [], clock() + options.seconds
    while clock() < stop or len(blocks) < 5:
        t = clock()
        for _ in range(inner):
            result = run()
        wait(result)
        blocks.append((clock() - t) / inner * 1e6)
    blocks.sort()
    return blocks[0], blocks[len(blocks) // 2]


for name in options.only or work:
    best, median = timed(work[name]())
    print(json.dumps({"name": name, "best_us": round(best, 3), "median_us": round(median, 3), "jax": jax.__version__,
                      "threads": options.threads,
                      "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)}), flush=True)
