"""Timing: contestants take turns, so that changes in the speed of the machine affect all in the same way."""

import functools
import os
import statistics
import sys
import time
import warnings
from importlib.metadata import version

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets

warnings.filterwarnings("ignore")

# The same work for all: no dropout, label smoothing, weight decay or early stopping. Only inputs are standardized.
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
    """Return the seconds of each round for each contestant, a callable. The first call of each is not counted."""
    for function in contestants.values():
        function()
    times = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, function in contestants.items():
            times[name].append(min(seconds(function, clock) for _ in range(repeats)))
    return times


def ratio(times, other, base):
    """Return the time of ``other`` divided by the time of ``base``, as the median over rounds."""
    return statistics.median(o / b for o, b in zip(times[other], times[base], strict=True))


def train_torch(model, outputs_of, loss, targets, batch, epochs):
    """Train a PyTorch model by Adam in a plain loop; ``outputs_of`` computes the outputs of given rows."""
    import torch

    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    for _ in range(epochs):
        order = torch.randperm(len(targets))
        for start in range(0, len(targets), batch):
            rows = order[start : start + batch]
            optimizer.zero_grad(set_to_none=True)
            loss(outputs_of(rows), targets[rows]).backward()
            optimizer.step()


def header(*packages):
    """Print the number of cores and the versions of Python and packages."""
    names = ("sknet", "numpy", "scipy", "scikit-learn", *packages)
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {versions}")
