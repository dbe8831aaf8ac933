"""Measure the memory of a fit on a read-only memory map, larger than what the process may allocate, and on an array.

    python examples/benchmarks/memory.py [--gigabytes 1.0]

Each fit runs in a child process. ``resource.RLIMIT_DATA`` limits what the process may allocate, not counting the mapped
file, to half the size of the file. The second table shows how much a fit on an array in memory allocates, in percent of
the array.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import _timing

CHILD = """
import resource, sys, warnings, tracemalloc
import numpy as np
warnings.filterwarnings("ignore")
from sknet import MLPClassifierScratch
from sklearn.neural_network import MLPClassifier
name, path, n, d, limit, early, mode = sys.argv[1:8]
n, d, limit, early = int(n), int(d), int(limit), bool(int(early))
X = np.memmap(path, dtype=np.float32, mode="r", shape=(n, d))
y = (np.arange(n) % 7 == 0).astype(int)
net = (MLPClassifierScratch if name == "sknet" else MLPClassifier)(
    hidden_layer_sizes=(64,), max_iter=1, batch_size=200, early_stopping=early, shuffle=True, random_state=0)
net.fit(X[:400], y[:400])  # so that imports are not counted
if mode == "map":
    used = int(open("/proc/self/statm").read().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + limit, used + limit))
    try:
        net.fit(X, y)
        print("fits")
    except MemoryError:
        print("MemoryError")
else:
    X = np.array(X)
    tracemalloc.start()
    net.fit(X, y)
    print(f"{100 * tracemalloc.get_traced_memory()[1] / X.nbytes:.1f}%")
"""


def child(name, path, n, d, limit, early, mode):
    arguments = [name, str(path), str(n), str(d), str(limit), str(int(early)), mode]
    result = subprocess.run([sys.executable, "-c", CHILD, *arguments], capture_output=True, text=True, check=False)
    return result.stdout.strip() or "died: " + result.stderr.strip().splitlines()[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    arguments = parser.parse_args()
    import numpy as np

    _timing.header()
    d = 784
    n = int(arguments.gigabytes * 2**30 / (4 * d))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.f32"
        X = np.memmap(path, dtype=np.float32, mode="w+", shape=(n, d))
        rng = np.random.default_rng(0)
        for start in range(0, n, 10000):
            X[start : start + 10000] = rng.standard_normal(X[start : start + 10000].shape, dtype=np.float32)
        X.flush()
        limit = X.nbytes // 2
        print(f"\nread-only map of {n:,d} x {d} float32, {X.nbytes / 2**20:.0f} MiB; limit {limit / 2**20:.0f} MiB")
        for early in (False, True):
            for name in ("sknet", "sklearn"):
                print(
                    f"  {name:8s} early_stopping={early!s:6s} {child(name, path, n, d, limit, early, 'map')}",
                    flush=True,
                )
        n = min(n, 40000)
        print(f"\narray of {n:,d} x {d} float32 in memory: largest allocation of fit, in percent of the array")
        for early in (False, True):
            for name in ("sknet", "sklearn"):
                print(
                    f"  {name:8s} early_stopping={early!s:6s} {child(name, path, n, d, 0, early, 'array')}", flush=True
                )


if __name__ == "__main__":
    main()
