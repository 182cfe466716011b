"""How PyTorch's side of the benchmarks is timed, as timing.lua times ours. Knows no work."""
import os
import sys
import time


def keep_pages():
    """Starts the program anew with malloc told to keep its pages: fresh ones would cost PyTorch a third. Call it before
    torch is imported."""
    names = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
    if any(name not in os.environ for name in names):
        os.environ.update({name: "4294967296" for name in names})
        os.execv(sys.executable, [sys.executable] + sys.argv)


def timed(run, seconds, block, least):
    """Best and median microseconds of a run: two runs to warm up, then blocks of about `block` seconds until `seconds`
    and `least` blocks have passed."""
    clock = time.perf_counter
    run(), run()
    t = clock()
    run()
    inner = max(1, int(block / max(clock() - t, 1e-7)))
    blocks, stop = [], clock() + seconds
    while clock() < stop or len(blocks) < least:
        t = clock()
        for _ in range(inner):
            run()
        blocks.append((clock() - t) / inner * 1e6)
    blocks.sort()
    return blocks[0], blocks[len(blocks) // 2]
