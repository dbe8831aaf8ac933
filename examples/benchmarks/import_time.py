"""Measure the time of ``import sknet`` after the scikit-learn modules that it needs, and list the extras that it loads.

python examples/benchmarks/import_time.py
"""

import os
import statistics
import subprocess
import sys
import tempfile

import _timing

CHILD = """
import time
import sklearn.base, sklearn.exceptions, sklearn.metrics, sklearn.model_selection, sklearn.utils.multiclass
import sklearn.utils.sparsefuncs, scipy.linalg, scipy.optimize, scipy.special
import sys
before = set(sys.modules)
start = time.perf_counter()
import sknet
print(time.perf_counter() - start)
extras = {"matplotlib", "pandas", "polars", "torch", "onnx", "skops", "dask"}
print(*sorted(extras & (set(sys.modules) - before)))
"""


def main():
    _timing.header()
    milliseconds, extras = [], ""
    with tempfile.TemporaryDirectory() as compiled:  # modules are compiled once, whatever the settings of the user
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        for _ in range(10):
            command = [sys.executable, "-c", CHILD]
            out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
            seconds, extras = out.split("\n")[:2]
            milliseconds.append(float(seconds) * 1e3)
    median = statistics.median(milliseconds[1:])
    print(f"import sknet: {median:.1f} ms in addition to scikit-learn's modules")
    print(f"first import, with compilation: {milliseconds[0]:.1f} ms")
    print(f"extras that were loaded: {extras or 'none'}")


if __name__ == "__main__":
    main()
