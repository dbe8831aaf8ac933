"""The memory does not grow over many fits, or over many rows in ``partial_fit``.

``pytest -s tests/promises/test_soak.py`` prints the figures. SKNET_SOAK is the number of fits, 300 if not set;
SKNET_SOAK_ROWS is the number of rows, 200,000 if not set.
"""

import gc
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from sknet import MLPClassifierScratch, MLPRegressorScratch

STATM = Path("/proc/self/statm")
FITS = int(os.environ.get("SKNET_SOAK", "300"))
ROWS = int(os.environ.get("SKNET_SOAK_ROWS", "200000"))
WARM_UP = 100  # fits, or chunks of rows, until caches and imports are complete
CHUNK = 500
MB = 2**20
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not STATM.exists(), reason="needs Linux's /proc"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]
COMMON = {"width": 24, "max_iter": 3, "batch_size": 50, "n_members": 1, "random_state": 0}
VARIANTS = [
    (MLPClassifierScratch, {}),
    (MLPRegressorScratch, {"early_stopping": True, "n_members": 4}),
    (MLPClassifierScratch, {"normalization": "batch", "dropout": 0.2, "dtype": "float32"}),
    (MLPRegressorScratch, {"solver": "lbfgs", "early_stopping": False}),
    (MLPRegressorScratch, {"standardize": "robust", "embedding": "periodic"}),
    (MLPClassifierScratch, {"activation": "gelu", "normalization": "layer", "warm_start": True}),
]


def resident():
    """Return the memory of the process in MB, as the operating system counts it."""
    gc.collect()
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MB


def traced():
    """Return the memory that Python and NumPy use, in MB."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / MB


@pytest.fixture
def memory():
    """Return a function that measures both; tracing ends with the test."""
    tracemalloc.start()
    yield lambda: (resident(), traced())
    tracemalloc.stop()


def test_memory_does_not_grow_over_fits_and_predictions(memory):
    """Each variant is fitted repeatedly; the variant with a warm start uses one estimator."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 10))
    Y = {MLPClassifierScratch: rng.integers(0, 3, 400), MLPRegressorScratch: X[:, 0] * X[:, 1]}
    models = [Estimator(**COMMON | parameters) for Estimator, parameters in VARIANTS]
    for i in range(FITS):
        if i == WARM_UP:
            before = memory()
        model = models[i % len(models)]
        model.fit(X, Y[type(model)]).predict(X)
    after = memory()
    grown = after[0] - before[0], after[1] - before[1]
    print(
        f"\n{FITS} fits and predictions: {before[0]:.1f} MB after the first {WARM_UP}, {after[0]:.1f} MB at the end "
        f"({grown[0]:+.1f}); Python's own memory {before[1]:.2f} MB and {after[1]:.2f} MB ({grown[1]:+.3f})"
    )
    assert grown[0] < 15.0  # pages that the allocator keeps; a fit that kept its data would add 30 kB each
    assert grown[1] < 0.002 * (FITS - WARM_UP)  # each fit with a warm start adds 3 numbers to a curve


def test_memory_does_not_grow_over_calls_of_partial_fit(memory):
    """Each chunk is made, used and deleted, so only the curves grow."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=20)
    model = MLPRegressorScratch(width=32, random_state=0)
    for start in range(0, ROWS, CHUNK):
        if start == WARM_UP * CHUNK:
            before = memory()
        X = rng.normal(size=(CHUNK, 20))
        model.partial_fit(X, X @ w)
    after = memory()
    X = rng.normal(size=(2000, 20))
    score = model.score(X, X @ w)
    grown = after[0] - before[0], after[1] - before[1]
    print(
        f"\n{ROWS:,} rows in chunks of {CHUNK} through partial_fit: {before[0]:.1f} MB after the first "
        f"{WARM_UP * CHUNK:,}, {after[0]:.1f} MB at the end ({grown[0]:+.1f}); Python's own memory "
        f"{before[1]:.2f} MB and {after[1]:.2f} MB ({grown[1]:+.3f}); R2 of new rows {score:.4f}"
    )
    assert model.t_ == ROWS
    assert score > 0.99
    assert grown[0] < 15.0  # if rows were kept, each 50,000 would add 8 MB
    assert grown[1] < 0.001 * (ROWS // CHUNK - WARM_UP)
