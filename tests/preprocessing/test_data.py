"""The record of checked rows: their number, and the number of rows of positive weight."""

import numpy as np
import pytest
import scipy.sparse as sp

from sknet.core import Values
from sknet.preprocessing import Data


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize(("weights", "n_weighted"), [(None, 4), (np.array([1.0, 0.0, 0.5, 0.0]), 2)])
def test_rows_are_counted(container, weights, n_weighted):
    X, y = container(np.eye(4)), np.arange(4.0)
    data = Data(X, y, Values(y[None, :]), weights)
    assert (data.n_rows, data.n_weighted) == (4, n_weighted)


def test_chosen_rows_of_all_parts():
    X, y, w = np.arange(6.0).reshape(3, 2), np.array(["a", "b", "c"]), np.array([1.0, 0.0, 2.0])
    data = Data(X, y, None, w)
    assert data.chosen(None)[0] is X
    x, labels, weights = data.chosen(np.array([2, 0]))
    assert (x.tolist(), labels.tolist(), weights.tolist()) == ([[4.0, 5.0], [0.0, 1.0]], ["c", "a"], [2.0, 1.0])
    assert data._replace(weights=None).chosen(np.array([1]))[2] is None
