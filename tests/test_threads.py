import contextlib
import threading

import numpy as np
import pytest

from sknet import MLPRegressorScratch, threads
from sknet.threads import is_large, limit_threads

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Library:
    """A BLAS that only remembers its number of threads."""

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
def test_limits_hold_inside_and_are_lifted_after(libraries, large, inside):
    with limit_threads(large=large):
        assert counts(libraries) == inside
    assert counts(libraries) == (8, 6)


def test_nested_limits_are_lifted_by_the_last_one_out(libraries):
    with limit_threads(large=True):
        with limit_threads(large=False):
            with limit_threads(large=False):
                pass
            assert counts(libraries) == (1, 1)
        assert counts(libraries) == (8, 1)
    assert counts(libraries) == (8, 6)


def test_limits_that_overlap_in_any_order(libraries):
    first, second = limit_threads(large=False), limit_threads(large=False)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert counts(libraries) == (1, 1)
    second.__exit__(None, None, None)
    assert counts(libraries) == (8, 6)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_errors_lift_the_limit(libraries, error):
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


def test_is_large():
    assert not is_large(200, [10, 100, 3])
    assert is_large(200, [784, 512, 10])
    assert not is_large(1, [1000, 1000])
    assert is_large(10**7, [2, 1])


@pytest.mark.parametrize("interrupted", [False, True])
def test_fit_restores_the_threads(monkeypatch, libraries, interrupted):
    seen = []
    inner = threads.is_large

    class Batches(__import__("sknet.fitting").fitting.Batches):
        def epoch(self, rng):
            seen.append(counts(libraries))
            if interrupted:
                raise KeyboardInterrupt
            yield from super().epoch(rng)

    monkeypatch.setattr("sknet.fitting.Batches", Batches)
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
