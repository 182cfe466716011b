"""Input values from a formula: an integer hash of (seed, flat index), mapped to dyadic rationals.

formula.lua computes the same numbers, so that fixtures hold outputs only. Every value is exact in
float32 and float64. Knows nothing about torch, operations or files."""

import math
import zlib

MASK = 0xFFFFFFFF
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.5, math.inf, -math.inf, math.nan, 2.0**100, -2.0**-100, 3.5, 1.5]


def seed_of(name):
    """The seed that belongs to a name: a case's input, a module's parameter."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def mix(seed, i):
    """32 well mixed bits of (seed, i)."""
    x = (seed * 0x9E3779B1 + i * 0x85EBCA6B + 0x12345) & MASK
    x ^= x >> 15
    x = (x * 0x2C1B3C6D) & MASK
    x ^= x >> 12
    x = (x * 0x297A2D39) & MASK
    return x ^ (x >> 15)


def coprime_step(seed, n):
    """A step that visits every residue of n once."""
    step = mix(seed, 0) % n + 1
    while math.gcd(step, n) != 1:
        step += 1
    return step


DOMAINS = {
    "any": lambda s, i, n: (mix(s, i) % 4096 - 2048) / 1024,          # [-2, 2)
    "wide": lambda s, i, n: (mix(s, i) % 4096 - 2048) / 256,          # [-8, 8)
    "small": lambda s, i, n: (mix(s, i) % 4096 - 2048) / 8192,        # [-0.25, 0.25)
    "positive": lambda s, i, n: (mix(s, i) % 4096 + 1) / 1024,        # (0, 4]
    "variance": lambda s, i, n: (mix(s, i) % 1024 + 512) / 1024,      # [0.5, 1.5)
    "above1": lambda s, i, n: (mix(s, i) % 4096 + 1088) / 1024,       # [1.06, 5.06)
    "unit": lambda s, i, n: (mix(s, i) % 1801 - 900) / 1024,          # [-0.88, 0.88]
    "prob": lambda s, i, n: (mix(s, i) % 960 + 32) / 1024,            # (0.03, 0.97)
    "away": lambda s, i, n: (mix(s, i) // 2 % 2048 + 256) / 1024 * (1 - 2 * (mix(s, i) % 2)),  # 0.25 <= |v| < 2.25
    "distinct": lambda s, i, n: ((s % 65536 + 1) * (i + 1) % 65537 - 32768) / 16384,  # [-2, 2), no ties
    "int": lambda s, i, n: mix(s, i) % 19 - 9,
    "nonzero": lambda s, i, n: (mix(s, i) // 2 % 9 + 1) * (1 - 2 * (mix(s, i) % 2)),
    "posint": lambda s, i, n: mix(s, i) % 9 + 1,
    "byte": lambda s, i, n: mix(s, i) % 256,
    "bool": lambda s, i, n: mix(s, i) // 128 % 2,
    "sign": lambda s, i, n: 1 - mix(s, i) // 128 % 2 * 2,
    "seldom": lambda s, i, n: int((s + i) % 5 == 0),                  # a mask that leaves something of each row
    "zero": lambda s, i, n: 0,
    "one": lambda s, i, n: 1,
    "special": lambda s, i, n: SPECIAL[i % len(SPECIAL)],
    "shuffled": lambda s, i, n: (mix(s, 1) + i * coprime_step(s, n)) % n,   # n in a row are all different
    # 0-based here, 1-based in Lua:
    "index": lambda s, i, n: mix(s, i) % n,
    "perm": lambda s, i, n: (mix(s, 1) + i * coprime_step(s, n)) % n,  # n in a row are all different
    # counted from the end in both:
    "negindex": lambda s, i, n: -1 - mix(s, i) % n,
}

INDEX_DOMAINS = ("index", "perm")


def values(dom, seed, count, n=None):
    """`count` values of a domain; `n` bounds the index domains."""
    f = DOMAINS[dom]
    return [f(seed, i, n) for i in range(count)]
