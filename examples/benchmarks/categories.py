"""Measure time and memory of categories: vectors looked up by level, and the same columns one-hot in a sparse matrix.

    python examples/benchmarks/categories.py [--rows 50000] [--levels 10000] [--large]

Both are trained for one epoch. ``--large`` trains on 1,000,000 rows, and prints how much memory fit allocates.
"""

import argparse
import tracemalloc

import _timing
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

COLUMNS = 5


def table(n, n_levels, seed=0):
    """Return a frame of categorical columns, and a target that is a sum of effects of their levels."""
    rng = np.random.default_rng(seed)
    names = np.array([f"level {i}" for i in range(n_levels)])
    codes = rng.integers(0, n_levels, (n, COLUMNS))
    frame = pd.DataFrame({f"c{j}": pd.Categorical.from_codes(codes[:, j], names) for j in range(COLUMNS)})
    return frame, rng.normal(size=n_levels)[codes].sum(axis=1)


def allocated(function):
    """Return the largest number of bytes that NumPy and Python have allocated during a call."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def compare(n, n_levels):
    frame, y = table(n, n_levels)
    new = frame[:10000]
    parameters = {"width": 64, "depth": 2, "batch_size": 256, "max_iter": 1, "random_state": 0}
    looked_up = _timing.PlainRegressor(**parameters)
    encoder = OneHotEncoder(handle_unknown="ignore", dtype=np.float32)
    one_hot = make_pipeline(encoder, _timing.PlainRegressor(**parameters))
    models = {"looked up": looked_up, "one-hot": one_hot}
    if n_levels <= 255:
        models["gradient boosting"] = HistGradientBoostingRegressor(categorical_features="from_dtype")
    print(f"\n{n:,d} rows, {COLUMNS} columns of {n_levels:,d} levels")
    fit = _timing.interleaved({name: lambda m=m: m.fit(frame, y) for name, m in models.items()}, rounds=3)
    predict = _timing.interleaved({name: lambda m=m: m.predict(new) for name, m in models.items()}, rounds=5)
    print(f"{'':20}{'fit':>12}{'10,000 rows':>16}{'allocated by fit':>20}")
    for name, model in models.items():
        peak = allocated(lambda m=model: m.fit(frame, y)) / 2**20
        print(f"{name:20}{min(fit[name]):>10.2f} s{1e3 * min(predict[name]):>13.1f} ms{peak:>16.0f} MiB")
    for name in list(models)[1:]:
        print(
            f"{name} takes {_timing.ratio(fit, name, 'looked up'):.1f} times as long to fit, "
            f"{_timing.ratio(predict, name, 'looked up'):.1f} times to predict"
        )


def large(n_levels):
    frame, y = table(1_000_000, n_levels)
    reg = _timing.PlainRegressor(max_iter=1, random_state=0)
    peak = allocated(lambda: reg.fit(frame, y)) / 2**20
    data = (frame.memory_usage(deep=True).sum() + y.nbytes) / 2**20
    print(f"\n1,000,000 rows: fit allocates {peak:.0f} MiB for {data:.0f} MiB of data; R2 {reg.score(frame, y):.2f}")
    print(f"The rows one-hot in a float32 CSR matrix would take {1e6 * COLUMNS * 8 / 2**20:.0f} MiB.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--levels", type=int, default=10_000)
    parser.add_argument("--large", action="store_true")
    arguments = parser.parse_args()
    _timing.header("pandas")
    compare(arguments.rows, 200)
    compare(arguments.rows, arguments.levels)
    if arguments.large:
        large(arguments.levels)


if __name__ == "__main__":
    main()
