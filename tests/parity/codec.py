"""Writes fixtures: plain values and numeric arrays as tagged bytes, compressed with gzip.

The reader is codec.lua. Knows nothing about operations or torch.

    n nil   t true   f false   i int64   d float64   s u32 length, bytes
    l u32 count, values         m u32 count, key value pairs
    A kind, u8 ndim, u32 dims, elements: d float64, e float32, q int64, j int32, b uint8,
      x int8 exponents of powers of two (-128 is zero)
"""

import gzip
import math
import struct

import numpy as np


class Exponents:
    """Magnitudes, kept as powers of two rounded down (one byte each)."""

    def __init__(self, array):
        self.array = np.asarray(array, dtype=np.float64)

    def rounded(self):
        """The magnitudes as the reader sees them."""
        codes = np.array([_exponent(float(v)) for v in self.array.reshape(-1)], dtype=np.float64)
        return np.where(codes == -128, 0.0, np.exp2(codes)).reshape(self.array.shape)


def _exponent(v):
    if v == 0 or math.isnan(v):
        return -128
    if math.isinf(v):
        return 127
    return max(-127, min(126, math.frexp(v)[1] - 1))


def _array(out, a):
    if isinstance(a, Exponents):
        kind, shape = "x", a.array.shape
        body = np.array([_exponent(float(v)) for v in a.array.reshape(-1)], dtype="<i1")
    else:
        shape, body = a.shape, np.ascontiguousarray(a)
        if body.dtype == np.bool_ or body.dtype == np.uint8:
            kind, body = "b", body.astype("u1")
        elif body.dtype.kind in "iu":
            fits = body.size == 0 or (body.min() >= -2**31 and body.max() < 2**31)
            kind, body = ("j", body.astype("<i4")) if fits else ("q", body.astype("<i8"))
        else:
            body = body.astype("<f8")
            with np.errstate(over="ignore"):
                single = body.astype("<f4")
            if np.array_equal(single.astype("<f8"), body, equal_nan=True):
                kind, body = "e", single
            else:
                kind = "d"
    out.append(b"A" + kind.encode() + struct.pack("<B", len(shape)))
    out.append(struct.pack("<%dI" % len(shape), *shape))
    out.append(body.tobytes())


def _value(out, v):
    if v is None:
        out.append(b"n")
    elif v is True or v is False:
        out.append(b"t" if v else b"f")
    elif isinstance(v, int):
        out.append(b"i" + struct.pack("<q", v))
    elif isinstance(v, float):
        out.append(b"d" + struct.pack("<d", v))
    elif isinstance(v, str):
        raw = v.encode()
        out.append(b"s" + struct.pack("<I", len(raw)) + raw)
    elif isinstance(v, (list, tuple)):
        out.append(b"l" + struct.pack("<I", len(v)))
        for item in v:
            _value(out, item)
    elif isinstance(v, dict):
        out.append(b"m" + struct.pack("<I", len(v)))
        for key, item in v.items():
            _value(out, key)
            _value(out, item)
    elif isinstance(v, (np.ndarray, Exponents)):
        _array(out, v)
    else:
        raise TypeError("cannot write %r" % (v,))


def write(path, value):
    """Writes one value; the same value gives the same bytes. Returns the compressed size."""
    out = []
    _value(out, value)
    packed = gzip.compress(b"".join(out), compresslevel=9, mtime=0)
    with open(path, "wb") as f:
        f.write(packed)
    return len(packed)
