"""Measure the time per epoch for more rows and for more weights; if growth is linear, the last column is constant.

python examples/benchmarks/growth.py
"""

import statistics

import _timing
import numpy as np


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


def main():
    _timing.header()
    rng = np.random.default_rng(0)
    print(f"\n{'rows':>10s}{'seconds per epoch':>20s}{'us per row':>12s}")
    for n in (10**3, 10**4, 10**5, 10**6):
        X, y = rng.standard_normal((n, 20), dtype=np.float32), rng.integers(0, 2, n)
        t = epoch_seconds(X, y, hidden_layer_sizes=(32,))
        print(f"{n:10,d}{t:20.4f}{t / n * 1e6:12.3f}", flush=True)
    print(f"\n{'width':>10s}{'weights':>14s}{'seconds per epoch':>20s}{'ns per weight and row':>22s}")
    n = 2000
    X, y = rng.standard_normal((n, 100), dtype=np.float32), rng.integers(0, 2, n)
    for width in (64, 128, 256, 512, 1024, 2048):
        weights = 100 * width + width * width + width
        t = epoch_seconds(X, y, hidden_layer_sizes=(width, width))
        print(f"{width:10d}{weights:14,d}{t:20.4f}{t / n / weights * 1e9:22.4f}", flush=True)


if __name__ == "__main__":
    main()
