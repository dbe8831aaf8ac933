"""Import: what ``import sknet`` costs over the scikit-learn modules it needs, and what it must not load.

python examples/benchmarks/import_time.py
"""

import statistics
import subprocess
import sys

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
    for _ in range(9):
        out = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True).stdout
        seconds, extras = out.split("\n")[:2]
        milliseconds.append(float(seconds) * 1e3)
    print(f"import sknet: {statistics.median(milliseconds):.1f} ms over scikit-learn's modules")
    print(f"loaded besides: {extras or 'none of the extras'}")


if __name__ == "__main__":
    main()
