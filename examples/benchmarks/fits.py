"""Measure the time of a fit that is not spent in epochs, by 50 fits of a small net on iris.

    python examples/benchmarks/fits.py

The time of one epoch is a twentieth of the difference between fits of 21 epochs and of one epoch. The time outside of
epochs is a fit of one epoch minus that. It is processor time on one thread, the minimum of several rounds.
"""

import time

import _timing
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from sknet import MLPClassifierScratch

FITS, MORE = 50, 20
KINDS = {"plain": _timing.PlainClassifier, "defaults": MLPClassifierScratch, "scikit-learn": MLPClassifier}


def fit_all(kind, epochs, X, y):
    for seed in range(FITS):
        kind(hidden_layer_sizes=(10,), max_iter=epochs, tol=0.0, n_iter_no_change=10**6, random_state=seed).fit(X, y)


def main():
    _timing.header()
    X, y = load_iris(return_X_y=True)
    contestants = {
        (name, epochs): lambda kind=kind, epochs=epochs: fit_all(kind, epochs, X, y)
        for name, kind in KINDS.items()
        for epochs in (1, 1 + MORE)
    }
    with threadpool_limits(1):
        times = _timing.interleaved(contestants, rounds=7, clock=time.process_time)
    best = {key: 1e3 * min(seconds) / FITS for key, seconds in times.items()}
    for name in KINDS:
        epoch = (best[name, 1 + MORE] - best[name, 1]) / MORE
        print(f"{name:13s}{best[name, 1] - epoch:6.2f} ms per fit outside of epochs, {epoch:6.3f} ms per epoch")


if __name__ == "__main__":
    main()
