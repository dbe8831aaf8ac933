"""Side-by-side timing: contestants take turns, so that a drift of the machine hits all alike."""

import functools
import os
import statistics
import sys
import time
import warnings
from importlib.metadata import version

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets

warnings.filterwarnings("ignore")

# The same work for all: no dropout, label smoothing, decay or early stopping; inputs are standardized all the same.
PlainClassifier, PlainRegressor = (
    functools.partial(Estimator, **presets.scikit_learn(kind) | {"standardize": True})
    for Estimator, kind in ((MLPClassifierScratch, "classification"), (MLPRegressorScratch, "regression"))
)


def seconds(function, clock=time.perf_counter):
    """Return the time of one call."""
    start = clock()
    function()
    return clock() - start


def interleaved(contestants, rounds=5, repeats=1, clock=time.perf_counter):
    """Return a list of seconds for each contestant, a callable; the first call of each is not counted."""
    for function in contestants.values():
        function()
    times = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, function in contestants.items():
            times[name].append(min(seconds(function, clock) for _ in range(repeats)))
    return times


def ratio(times, other, base):
    """Return the median over rounds of the time of ``other`` in units of that of ``base``."""
    return statistics.median(o / b for o, b in zip(times[other], times[base], strict=True))


def header(*packages):
    """Print what is being measured, with versions."""
    names = ("sknet", "numpy", "scipy", "scikit-learn", *packages)
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {versions}")
