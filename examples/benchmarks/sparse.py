"""Measure time and memory of an epoch on sparse input (20,000 x 10,000, 0.1% density), compared with scikit-learn.

python examples/benchmarks/sparse.py
"""

import tracemalloc

import _timing
import numpy as np
import scipy.sparse as sp
from sklearn.neural_network import MLPClassifier


def main():
    _timing.header()
    X = sp.random(20000, 10000, density=0.001, format="csr", dtype=np.float32, random_state=0)
    y = (np.asarray(X[:, :5000].sum(axis=1)).ravel() > np.asarray(X[:, 5000:].sum(axis=1)).ravel()).astype(int)
    parameters = {"hidden_layer_sizes": (100,), "max_iter": 1, "random_state": 0}
    classes = {"sknet": _timing.PlainClassifier, "sklearn": MLPClassifier}
    times = _timing.interleaved({n: lambda c=c: c(**parameters).fit(X, y) for n, c in classes.items()}, rounds=5)
    print(f"time of scikit-learn divided by time of sknet: {_timing.ratio(times, 'sklearn', 'sknet'):.2f}")
    dense = X.shape[0] * X.shape[1] * X.dtype.itemsize
    for name, c in classes.items():
        tracemalloc.start()
        c(**parameters).fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{name:8s} allocates at most {peak / 2**20:.0f} MiB; a dense copy would be {dense / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
