"""Work in many threads or processes gives the same numbers as in one, and restores the number of BLAS threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from blas_threads import (
    threads_of_blas,
    two_threads_fixture,  # noqa: F401
)
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])
N_THREADS = 8

RNG = np.random.default_rng(0)
X = RNG.standard_normal((90, 4))
Y = np.sin(X[:, 0]) + X[:, 1]
SMALL = {"width": 8, "max_iter": 4, "batch_size": 16, "random_state": 0}


def target(Estimator):
    return np.digitize(Y, [-0.5, 0.5]) if Estimator is CLF else Y


def at_once(work, n=N_THREADS):
    """Return the result of ``work(i)`` for each of ``n`` threads that start together."""
    start = threading.Barrier(n)

    def wait_and_work(i):
        start.wait()
        return work(i)

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(wait_and_work, range(n)))


@pytest.mark.parametrize(
    "parameters", [{}, {"embedding": "periodic", "standardize": "robust", "normalization": "layer"}]
)
@BOTH
def test_predictions_of_one_model_in_8_threads(Estimator, parameters):
    """Each thread predicts 1,000 times for its own rows, so predictions must not share memory."""
    mlp = Estimator(**SMALL, **parameters).fit(X, target(Estimator))
    methods = [mlp.predict, getattr(mlp, "predict_proba", mlp.hidden_activations)]
    rows = [X[i : i + 5 + i] for i in range(N_THREADS)]
    expected = [[method(own).tobytes() for method in methods] for own in rows]

    def different(i):
        return sum(methods[k % 2](rows[i]).tobytes() != expected[i][k % 2] for k in range(1000))

    assert at_once(different) == [0] * N_THREADS


@pytest.mark.parametrize("parameters", [{}, {"dropout": 0.3, "early_stopping": True}, {"solver": "lbfgs"}])
@BOTH
def test_fits_in_8_threads(Estimator, parameters):
    models = [Estimator(**SMALL | {"random_state": i}, **parameters) for i in range(N_THREADS)]
    y = target(Estimator)
    serial = [clone(mlp).fit(X, y) for mlp in models]
    at_once(lambda i: models[i].fit(X, y))
    for one, other in zip(serial, models, strict=True):
        assert one._state.theta.tobytes() == other._state.theta.tobytes()
        assert one.loss_curve_ == other.loss_curve_


@pytest.mark.usefixtures("two_threads")
def test_predictions_while_another_thread_fits():
    """A fit limits the BLAS threads of the whole process; predictions of other threads must not depend on the limit."""
    mlp = REG(**SMALL).fit(X, Y)
    expected = mlp.predict(X).tobytes()
    done = threading.Event()
    other = threading.Thread(target=lambda: (REG(**SMALL | {"max_iter": 100}, tol=0.0).fit(X, Y), done.set()))
    other.start()
    different = 0
    while not done.is_set():
        different += mlp.predict(X).tobytes() != expected
    other.join()
    assert different == 0
    assert set(threads_of_blas()) == {2}


GRID = {"depth": [0, 1, 2], "width": [4, 8]}


@pytest.fixture(scope="module")
def serial_scores():
    with joblib.parallel_config("sequential"):
        return {Estimator: scores(Estimator) for Estimator in (CLF, REG)}


def scores(Estimator):
    search = GridSearchCV(Estimator(**SMALL), GRID, cv=3).fit(X, target(Estimator))
    return {name: column for name, column in search.cv_results_.items() if name.startswith("split")}


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "dask"])
@BOTH
def test_grid_searches_under_each_backend(serial_scores, Estimator, backend, request):
    if backend == "dask":
        distributed = pytest.importorskip("distributed")
        client = distributed.Client(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None)
        request.addfinalizer(client.close)
    with joblib.parallel_config(backend, n_jobs=2):
        found = scores(Estimator)
    expected = serial_scores[Estimator]
    assert found.keys() == expected.keys()
    for name, column in expected.items():
        assert_array_equal(found[name], column)


class Crash(RuntimeError):
    pass


def crash(estimator, X, y):
    raise Crash


@pytest.mark.usefixtures("two_threads")
@BOTH
def test_errors_in_8_threads_restore_the_threads_of_blas(Estimator):
    """Half of the fits fail; they begin and end in any order."""
    y = target(Estimator)

    def work(i):
        mlp = Estimator(**SMALL | {"max_iter": 1 + i}, early_stopping=True, scoring=crash if i % 2 else None)
        try:
            mlp.fit(X, y)
        except Crash:
            assert not hasattr(mlp, "n_iter_")
            return True
        return False

    for _ in range(3):
        assert at_once(work) == [False, True] * (N_THREADS // 2)
        assert set(threads_of_blas()) == {2}


@pytest.mark.usefixtures("two_threads")
def test_an_overflow_restores_the_threads_of_blas():
    with pytest.raises(ValueError, match="non-finite"):
        REG(standardize=False, **SMALL).fit(X * 1e300, Y * 1e300)
    assert set(threads_of_blas()) == {2}
