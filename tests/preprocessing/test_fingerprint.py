"""Fingerprints are the same for equal rows, targets and weights, and differ if any of these differ."""

import numpy as np
import pytest
import scipy.sparse as sp

from sknet.core import Codes, Stacked, Values
from sknet.preprocessing import Data, fingerprint_of

RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=(50, 3)), RNG.normal(size=50), RNG.uniform(size=50)


def data_of(X=X, y=Y, weights=W):
    return Data(X, y, Values(y[None, :]), weights)


@pytest.mark.parametrize("kind", [np.asarray, np.asfortranarray, sp.csr_array, sp.csr_matrix])
@pytest.mark.parametrize("index", [None, np.array([3, 1, 40])])
def test_the_same_rows_have_the_same_fingerprint(index, kind):
    one = fingerprint_of(data_of(kind(X)), index)
    assert one == fingerprint_of(data_of(kind(X.copy())), index)
    assert one != fingerprint_of(data_of(kind(X)), np.array([1, 3, 40]))
    assert one != fingerprint_of(data_of(kind(X)), np.arange(49))


@pytest.mark.parametrize("row", [0, 30, 49])
@pytest.mark.parametrize("what", ["X", "y", "weights"])
def test_one_changed_number_changes_the_fingerprint(monkeypatch, what, row):
    monkeypatch.setattr("sknet.preprocessing.fingerprint._CHUNK_ELEMENTS", 40)
    given = {"X": X, "y": Y, "weights": W}
    other = given[what].copy()
    other[row] += 1e-9
    assert fingerprint_of(data_of(**given)) != fingerprint_of(data_of(**given | {what: other}))


def test_weights_of_one_differ_from_no_weights():
    assert fingerprint_of(data_of(weights=None)) != fingerprint_of(data_of(weights=np.ones(50)))


def test_changed_class_numbers_change_the_fingerprint():
    codes = np.arange(50) % 3
    encoded = [Codes(codes, 3), Codes((codes + 1) % 3, 3)]
    encoded += [Stacked((one, other)) for one in encoded[:2] for other in encoded[:2]]
    assert len({fingerprint_of(Data(X, None, targets, None)) for targets in encoded}) == 6


def test_time_does_not_grow_with_the_number_of_classes(monkeypatch):
    """The number of a class is hashed, not a one-hot row."""
    hashed = []

    class Digest:
        def __init__(self, data):
            pass

        def update(self, data):
            hashed.append(memoryview(data).nbytes)

        def hexdigest(self):
            return ""

    monkeypatch.setattr("hashlib.sha256", Digest)
    fingerprint_of(Data(X, None, Codes(np.arange(50, dtype=np.uint16), 10_000), None))
    assert sum(hashed) == X.nbytes + 2 * 50
