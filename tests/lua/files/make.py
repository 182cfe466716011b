# Writes the files of this folder with NumPy and Python's wave module; test_data_files.lua reads them.
import os
import wave
import numpy as np

here = os.path.dirname(os.path.abspath(__file__)) + "/"
base = np.arange(12).reshape(3, 4) * 7 - 20
arrays = {t: base.astype(t) for t in ("i1", "i2", "i4", "i8", "f2", "f4", "f8", ">i4", ">f8")}
arrays |= {t: (base + 20).astype(t) for t in ("u1", "u2", "u4", "u8", ">u2")}
arrays["bool"] = base > 0
arrays["fortran"] = np.asfortranarray((base / 3).astype("f4").reshape(3, 2, 2))
arrays["scalar"] = np.float64(2.5)
arrays["empty"] = np.zeros((0, 3), "f4")
arrays["halves"] = np.array([0, -0.0, 1e-7, 6e-5, 65504, np.inf, -np.inf, np.nan], "f2")
np.savez_compressed(here + "packed.npz", **arrays)
np.savez(here + "plain.npz", a=base, b=base.astype("f4"))
np.save(here + "one.npy", base.astype("<f4"))
np.save(here + "objects.npy", np.array([{}, 1], dtype=object), allow_pickle=True)
np.save(here + "records.npy", np.zeros(2, dtype=[("a", "i4"), ("b", "f4")]))
np.save(here + "complex.npy", np.zeros(2, dtype="c8"))
x = np.array([[0, 16384, -32768, 32767, 1], [5, -5, 100, -100, 0]], "<i2")
for width, name in ((1, "wav8"), (2, "wav16"), (3, "wav24"), (4, "wav32")):
    with wave.open(here + name + ".wav", "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(width)
        f.setframerate(11025)
        wide = x.T.astype("<i4") << 16
        raw = wide.copy().view("u1").reshape(5, 2, 4)
        if width == 1: data = ((wide >> 24) + 128).astype("u1").tobytes()
        else: data = raw[:, :, 4 - width:].tobytes()
        f.writeframes(data)
