"""Several threads may predict with one estimator, and each thread may fit an estimator of its own."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from same_state import BOTH, REG, assert_same_state, target
from small_data import SMALL, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@BOTH
def test_threads_predict_with_one_estimator(Estimator, container):
    mlp = Estimator(width=64, depth=2, max_iter=3, random_state=0).fit(X, target(Estimator))
    rng = np.random.default_rng(1)
    inputs = [container(rng.standard_normal((n, 3))) for n in rng.integers(1, 4000, 40)]
    method = mlp.predict if Estimator is REG else mlp.predict_proba
    expected = [method(rows) for rows in inputs]
    with ThreadPoolExecutor(8) as pool:
        for found, right in zip(pool.map(method, inputs), expected, strict=True):
            assert_array_equal(found, right)


def test_threads_fit_their_own_estimators():
    seeds = range(8)
    expected = [REG(**SMALL | {"random_state": seed}).fit(X, Y) for seed in seeds]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda seed: REG(**SMALL | {"random_state": seed}).fit(X, Y), seeds)
        for a, b in zip(found, expected, strict=True):
            assert_same_state(a, b)
