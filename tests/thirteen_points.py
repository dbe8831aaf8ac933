"""Data, and records of training and validation rows, for the thirteen points that are better than scikit-learn 1.9.

The name of each test contains the number of its point. ``test_point_NN_sklearn_...`` shows what scikit-learn does, so
that the list is up to date.
"""

import numpy as np
import pytest
from oracles import SKLEARN, PlainClassifier, PlainRegressor
from sklearn.neural_network import MLPClassifier

import sknet.base
import sknet.training.fitting

BOTH = pytest.mark.parametrize("Estimator", [PlainClassifier, PlainRegressor])
as_of_1_9 = pytest.mark.skipif(SKLEARN != (1, 9), reason="shows the behaviour of scikit-learn 1.9")


def make_data(n=90, d=4, n_outputs=1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    Y = X @ rng.standard_normal((d, n_outputs)) + 0.3 * rng.standard_normal((n, n_outputs))
    return X, (Y[:, 0] if n_outputs == 1 else Y)


def make_labels(Estimator, y):
    return (y > 0).astype(int) if issubclass(Estimator, PlainClassifier | MLPClassifier) else y


class Witness:
    """Records the training and validation rows of fits; the first column of X contains the numbers of rows."""

    def __init__(self, monkeypatch):
        self.validated, self.orders = [], []
        self._split = sknet.base.validation_split
        witness = self

        class Batches(sknet.training.fitting.Batches):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                witness.orders.append([])

            def epoch(self, rng):
                seen = []
                witness.orders[-1].append(seen)
                for batch in super().epoch(rng):
                    seen.extend(np.rint(batch.x[:, 0]).astype(int))
                    yield batch

        monkeypatch.setattr(sknet.training.fitting, "Batches", Batches)
        monkeypatch.setattr(sknet.base, "validation_split", self._spy)

    def _spy(self, *args, **kwargs):
        train, validation = self._split(*args, **kwargs)
        self.validated.append(set(validation))
        return train, validation

    @property
    def trained(self):
        """The set of training rows of each fit."""
        return [{row for epoch in fit for row in epoch} for fit in self.orders]


@pytest.fixture(name="witness")
def witness_fixture(monkeypatch):
    return Witness(monkeypatch)


def numbered(X):
    """Return X with the numbers of its rows in the first column, for use with ``standardize=False``."""
    return np.column_stack([np.arange(float(len(X))), X])


WITNESSED = {"standardize": False, "learning_rate_init": 1e-6, "random_state": 0, "batch_size": 8, "width": 3}
