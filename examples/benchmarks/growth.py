"""Measure how time grows with rows and with weights, and fits to large data, compared with other libraries.

    python examples/benchmarks/growth.py
    python examples/benchmarks/growth.py --parts mapped categories classes hashed

The parts `rows` and `weights` measure the time of an epoch. If growth is linear, their last column is constant.

The other parts fit to large data: a memory map of 1,000,000 x 100 float32, a data frame of 1,000,000 rows with
categories, 50,000 rows of 10,000 classes, and a sparse matrix of 100,000 x 1,000,000 with 20 entries in each row. They
need Linux. Networks train for two epochs, in mini-batches of 200 rows, with two hidden layers of 64 units; batches and
layers of "sknet, defaults" are those of the defaults. Gradient boosting fits 100 trees. Each fit runs in a new process
on one thread. The table shows the processor time of `fit`, the rows per second (rows times epochs, or rows for gradient
boosting, divided by this time), and by how much the memory of the process grows at most during `fit`. The mapped file
does not count, because its pages were read before.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import _timing
import numpy as np
import scipy.sparse as sp
from sklearn.ensemble import HistGradientBoostingClassifier

from sknet import MLPClassifierScratch

EPOCHS, BATCH, HIDDEN = 2, 200, (64, 64)
LEVELS = (5, 30, 1000, 10_000, 50_000)  # of each column of categories


def epoch_seconds(X, y, rounds=3, **parameters):
    """Return the time of one epoch: half the difference between fits of three epochs and of one epoch."""
    fits = {
        epochs: lambda epochs=epochs: _timing.PlainClassifier(
            batch_size=200, max_iter=epochs, tol=0.0, n_iter_no_change=np.inf, random_state=0, **parameters
        ).fit(X, y)
        for epochs in (1, 3)
    }
    times = _timing.interleaved(fits, rounds)
    return statistics.median((b - a) / 2 for a, b in zip(times[1], times[3], strict=True))


def rows():
    rng = np.random.default_rng(0)
    print(f"\n{'rows':>10s}{'seconds per epoch':>20s}{'us per row':>12s}")
    for n in (10**3, 10**4, 10**5, 10**6):
        X, y = rng.standard_normal((n, 20), dtype=np.float32), rng.integers(0, 2, n)
        t = epoch_seconds(X, y, hidden_layer_sizes=(32,))
        print(f"{n:10,d}{t:20.4f}{t / n * 1e6:12.3f}", flush=True)


def weights():
    rng = np.random.default_rng(0)
    print(f"\n{'width':>10s}{'weights':>14s}{'seconds per epoch':>20s}{'ns per weight and row':>22s}")
    n = 2000
    X, y = rng.standard_normal((n, 100), dtype=np.float32), rng.integers(0, 2, n)
    for width in (64, 128, 256, 512, 1024, 2048):
        weights = 100 * width + width * width + width
        t = epoch_seconds(X, y, hidden_layer_sizes=(width, width))
        print(f"{width:10d}{weights:14,d}{t:20.4f}{t / n / weights * 1e9:22.4f}", flush=True)


def mapped(path, n=10**6, d=100, chunk=10_000):
    """Return a read-only memory map, which the first call writes, and labels that are a nonlinear function of it."""
    if not path.exists():
        written, rng = np.lib.format.open_memmap(path, "w+", np.float32, (n, d)), np.random.default_rng(0)
        for start in range(0, n, chunk):
            written[start : start + chunk] = rng.standard_normal((chunk, d), dtype=np.float32)
    X = np.load(path, mmap_mode="r")
    return X, (X[:, 0] * X[:, 1] + X[:, 2] > 0.0).astype(int)


def categories(path, n=10**6):
    """Return as many columns of numbers as of categories. Some levels are frequent, and most are rare."""
    import pandas as pd

    rng = np.random.default_rng(0)
    X, y = {}, np.zeros(n)
    for j, size in enumerate(LEVELS):
        X[f"number {j}"] = rng.standard_normal(n, dtype=np.float32)
        codes = (size * rng.random(n) ** 2).astype(int)
        X[f"category {j}"] = pd.Categorical.from_codes(codes, [f"level {i}" for i in range(size)])
        y += rng.standard_normal(size)[codes] + np.sin(2.0 * X[f"number {j}"])
    return pd.DataFrame(X), (y > 0.0).astype(int)


def classes(path, n=50_000, k=10_000):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(n) % k)
    X = rng.standard_normal((k, 50), dtype=np.float32)[y]
    return X + 0.3 * rng.standard_normal((n, 50), dtype=np.float32), y


def hashed(path, n=100_000, d=10**6, entries=20):
    """Return rows like those of hashed text: some words are frequent, and most are rare."""
    rng = np.random.default_rng(0)
    words = (d * rng.random(n * entries) ** 3).astype(np.int32)
    X = sp.csr_array((np.ones(n * entries, np.float32), words, np.arange(n + 1) * entries), shape=(n, d))
    X.sum_duplicates()
    return X, (X @ rng.standard_normal(d, dtype=np.float32) > 0.0).astype(int)


def fit_plain(X, y):
    return _timing.PlainClassifier(
        hidden_layer_sizes=HIDDEN, batch_size=BATCH, max_iter=EPOCHS, random_state=0
    ).fit(X, y)  # fmt: skip


def fit_defaults(X, y):
    return MLPClassifierScratch(max_iter=EPOCHS, random_state=0).fit(X, y)


def fit_boosting(X, y):
    """Fit 100 trees. They accept at most 255 levels as categories; the codes of larger columns are numbers to them."""
    if hasattr(X, "columns"):
        large = [f"category {j}" for j, size in enumerate(LEVELS) if size > 255]
        X = X.assign(**{name: X[name].cat.codes for name in large})
    return HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=0).fit(X, y)


def fit_torch(X, y):
    """Train the same layers by the same Adam. Sparse rows are summed by ``EmbeddingBag``, whose gradient is dense."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    first = torch.nn.EmbeddingBag if sp.issparse(X) else torch.nn.Linear
    options = {"mode": "sum"} if sp.issparse(X) else {}
    first, hidden = first(X.shape[1], HIDDEN[0], **options), torch.nn.Linear(*HIDDEN)
    last = torch.nn.Linear(HIDDEN[1], y.max() + 1)
    model = torch.nn.Sequential(first, torch.nn.ReLU(), hidden, torch.nn.ReLU(), last)
    Xt = X if sp.issparse(X) else torch.from_numpy(X)

    def outputs_of(rows):
        if not sp.issparse(X):
            return model(Xt[rows])
        batch = X[rows.numpy()]
        indices, offsets, values = map(torch.from_numpy, (batch.indices, batch.indptr[:-1], batch.data))
        return model[1:](first(indices, offsets, per_sample_weights=values))

    _timing.train_torch(model, outputs_of, torch.nn.CrossEntropyLoss(), torch.from_numpy(y), BATCH, EPOCHS)


FITS = {"sknet, plain": fit_plain, "sknet, defaults": fit_defaults, "PyTorch": fit_torch, "boosting": fit_boosting}
PARTS = {  # the data, and the fits that can use it
    "mapped": (mapped, list(FITS)),
    "categories": (categories, ["sknet, plain", "sknet, defaults", "boosting"]),
    "classes": (classes, ["sknet, plain", "PyTorch"]),
    "hashed": (hashed, ["sknet, plain", "PyTorch"]),
}


def memory(name):
    """Return a figure of the memory of this process in MiB: VmRSS is that of now, and VmHWM is the largest so far."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def measured(part, name, path):
    """Return the number of rows, the processor time of a fit in seconds, and the memory it needed in MiB."""
    X, y = PARTS[part][0](path)
    few = slice(0, 400)
    FITS[name](X[few, :100] if sp.issparse(X) else X[few], y[few] % 2)  # so that imports are not counted
    Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM to VmRSS
    before, start = memory("VmRSS"), time.process_time()
    FITS[name](X, y)
    return len(y), time.process_time() - start, memory("VmHWM") - before


def compare(part):
    print(f"\n{part:16s}{'rows':>12s}{'seconds':>12s}{'rows per second':>18s}{'memory in MiB':>16s}")
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for name in PARTS[part][1]:
            if name == "PyTorch" and find_spec("torch") is None:
                continue
            with ProcessPoolExecutor(1, spawn) as process:
                n, seconds, needed = process.submit(measured, part, name, Path(folder) / "X.npy").result()
            passes = 1 if name == "boosting" else EPOCHS
            print(f"{name:16s}{n:12,d}{seconds:12.1f}{n * passes / seconds:18,.0f}{needed:16,.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ["rows", "weights", *PARTS]
    parser.add_argument(
        "--parts", nargs="+", choices=names, default=names, help="What to measure (default: all parts)."
    )
    arguments = parser.parse_args()
    _timing.header(*(name for name in ("pandas", "torch") if find_spec(name)))
    for part in arguments.parts:
        if part in PARTS:
            os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
            compare(part)
        else:
            {"rows": rows, "weights": weights}[part]()


if __name__ == "__main__":
    main()
