"""BLAS has one thread for small products, and the user's number of threads otherwise and afterwards."""

import contextlib
import threading

import numpy as np
import pytest
from blas_threads import (
    threads_of_blas,
    two_threads_fixture,  # noqa: F401
)
from threadpoolctl import threadpool_limits

from sknet import MLPRegressorScratch
from sknet.training import threads
from sknet.training.threads import is_large, limit_threads

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Library:
    """A BLAS that only stores its number of threads."""

    filepath = "/somewhere/libblas.so"

    def __init__(self, n):
        self.n = n

    def get_num_threads(self):
        return self.n

    def set_num_threads(self, n):
        self.n = n


@pytest.fixture
def libraries(monkeypatch):
    numpys, scipys = Library(8), Library(6)
    monkeypatch.setattr(threads, "_libraries", lambda: [(numpys, False), (scipys, True)])
    return numpys, scipys


def counts(libraries):
    return tuple(lib.n for lib in libraries)


@pytest.mark.parametrize(("large", "inside"), [(False, (1, 1)), (True, (8, 1))])
def test_limits_apply_inside_and_are_removed_after(libraries, large, inside):
    with limit_threads(large=large):
        assert counts(libraries) == inside
    assert counts(libraries) == (8, 6)


def test_nested_limits_are_removed_by_the_outer_one(libraries):
    with limit_threads(large=True):
        with limit_threads(large=False):
            with limit_threads(large=False):
                pass
            assert counts(libraries) == (1, 1)
        assert counts(libraries) == (8, 1)
    assert counts(libraries) == (8, 6)


def test_overlapping_limits_may_end_in_any_order(libraries):
    first, second = limit_threads(large=False), limit_threads(large=False)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert counts(libraries) == (1, 1)
    second.__exit__(None, None, None)
    assert counts(libraries) == (8, 6)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_errors_remove_the_limit(libraries, error):
    with contextlib.suppress(error), limit_threads(large=False):
        raise error
    assert counts(libraries) == (8, 6)


def test_a_change_by_the_user_between_fits_is_kept(libraries):
    with limit_threads(large=False):
        pass
    libraries[0].n = 3
    with limit_threads(large=False):
        assert counts(libraries) == (1, 1)
    assert counts(libraries) == (3, 6)


def test_many_threads_at_once(libraries):
    wrong = []

    def work():
        for i in range(200):
            with limit_threads(large=i % 3 == 0):
                if libraries[1].n != 1:
                    wrong.append(i)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong
    assert counts(libraries) == (8, 6)


def test_products_above_a_size_are_large():
    assert not is_large(200, [10, 100, 3])
    assert not is_large(200, [784, 100, 10])
    assert is_large(200, [784, 512, 10])
    assert not is_large(1, [1000, 1000])
    assert is_large(10**7, [2, 1])


@pytest.mark.parametrize("interrupted", [False, True])
def test_fit_restores_the_threads(monkeypatch, libraries, interrupted):
    seen = []
    inner = threads.is_large

    class Batches(__import__("sknet.training.fitting").training.fitting.Batches):
        def epoch(self, rng):
            seen.append(counts(libraries))
            if interrupted:
                raise KeyboardInterrupt
            yield from super().epoch(rng)

    monkeypatch.setattr("sknet.training.fitting.Batches", Batches)
    X = np.random.default_rng(0).standard_normal((30, 3))
    assert not inner(30, [3, 5, 1])
    mlp = MLPRegressorScratch(width=5, max_iter=2)
    with pytest.warns(UserWarning, match="interrupted") if interrupted else contextlib.nullcontext():
        mlp.fit(X, X[:, 0])
    assert set(seen) == {(1, 1)}
    assert counts(libraries) == (8, 6)


def test_real_libraries_are_found_and_restored():
    before = [lib.get_num_threads() for lib, _ in threads._libraries()]
    with limit_threads(large=False):
        assert all(lib.get_num_threads() == 1 for lib, _ in threads._libraries())
    assert [lib.get_num_threads() for lib, _ in threads._libraries()] == before


# Compare with threadpoolctl and the libraries that are loaded.


def test_threadpoolctl_sees_one_thread_within(two_threads):
    with limit_threads(large=False):
        assert set(threads_of_blas()) == {1}
    assert set(threads_of_blas()) == {2}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_threadpoolctl_sees_them_restored_after_an_error(two_threads, error):
    with contextlib.suppress(error), limit_threads(large=False):
        raise error
    assert set(threads_of_blas()) == {2}


def test_threadpoolctl_sees_them_restored_when_the_last_of_several_threads_ends(two_threads):
    """The thread that begins first ends its limit first, and all threads live until all limits have ended."""
    n, seen = 4, []
    entered, left = ([threading.Event() for _ in range(n)] for _ in range(2))

    def hold(i):
        with limit_threads(large=False):
            entered[i].set()
            assert entered[n - 1].wait(10)
            if i > 0:
                assert left[i - 1].wait(10)
            seen.append(set(threads_of_blas()))
        left[i].set()
        assert left[n - 1].wait(10)

    workers = []
    for i in range(n):
        workers.append(threading.Thread(target=hold, args=(i,)))
        workers[-1].start()
        assert entered[i].wait(10)
    for worker in workers:
        worker.join()
    assert seen == [{1}] * n
    assert set(threads_of_blas()) == {2}


def test_other_threads_can_set_a_limit_after_a_fit(two_threads):
    """After a fit, the main thread does not control the number of threads."""
    seen = []
    with limit_threads(large=False):
        pass

    def work():
        with threadpool_limits(1, user_api="blas"):
            seen.append(set(threads_of_blas()))

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert seen == [{1}]


@pytest.mark.parametrize("fails", [False, True])
def test_threadpoolctl_sees_one_thread_in_small_fits(two_threads, fails):
    seen = []

    def score(estimator, X, y):
        seen.append(set(threads_of_blas()))
        if fails:
            raise ZeroDivisionError
        return 0.0

    X = np.random.default_rng(0).standard_normal((30, 3))
    mlp = MLPRegressorScratch(width=5, max_iter=3, early_stopping=True, scoring=score)
    with pytest.raises(ZeroDivisionError) if fails else contextlib.nullcontext():
        mlp.fit(X, X[:, 0])
    assert seen == [{1}] * (1 if fails else 3)
    assert set(threads_of_blas()) == {2}


def test_threadpoolctl_sees_all_threads_of_numpys_library_in_large_fits(two_threads):
    def score(estimator, X, y):
        seen.append(max(threads_of_blas()))
        return 0.0

    seen, X = [], np.random.default_rng(0).standard_normal((40, 300)).astype(np.float32)
    assert is_large(36, [300, 1600, 1])
    MLPRegressorScratch(width=1600, max_iter=1, early_stopping=True, scoring=score).fit(X, X[:, 0])
    assert seen == [2]
    assert set(threads_of_blas()) == {2}


def test_fits_in_several_threads_restore_them(two_threads):
    X = np.random.default_rng(0).standard_normal((60, 3))
    models = [MLPRegressorScratch(width=5, max_iter=5 * (i + 1), random_state=0) for i in range(4)]
    workers = [threading.Thread(target=model.fit, args=(X, X[:, 0])) for model in models]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(hasattr(model, "coefs_") for model in models)
    assert set(threads_of_blas()) == {2}
