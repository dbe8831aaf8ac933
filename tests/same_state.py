"""Compare the states of two estimators bit for bit, list their arrays, and record the order of their training rows."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from small_data import LABELS, Y

import sknet.training.fitting

CLF, REG = PlainClassifier, PlainRegressor
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])


def target(Estimator):
    return LABELS if Estimator is CLF else Y


def assert_same_state(a, b):
    """Check that all fitted attributes are the same, bit for bit."""
    for name, value in vars(a).items():
        if name in ("coefs_", "intercepts_"):
            for left, right in zip(value, getattr(b, name), strict=True):
                assert_array_equal(left, right, strict=True)
        elif name.endswith("_"):
            assert_array_equal(value, getattr(b, name), err_msg=name)
    assert vars(a).keys() == vars(b).keys()


def arrays_in(value, seen=None):
    """Return all arrays inside ``value``."""
    seen = {} if seen is None else seen
    if id(value) in seen:
        return []
    seen[id(value)] = value
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        children = value.values()
    elif isinstance(value, list | tuple):
        children = value
    else:
        children = vars(value).values() if hasattr(value, "__dict__") and not isinstance(value, type) else ()
    return [array for child in children for array in arrays_in(child, seen)]


@pytest.fixture(name="visited")
def visited_fixture(monkeypatch):
    """Return a list that records the values of the first column of X in the order of each epoch."""
    epochs = []

    class Batches(sknet.training.fitting.Batches):
        def epoch(self, rng):
            seen = []
            for batch in super().epoch(rng):
                seen.extend(batch.x[:, 0])
                yield batch
            epochs.append(tuple(seen))

    monkeypatch.setattr(sknet.training.fitting, "Batches", Batches)
    return epochs
