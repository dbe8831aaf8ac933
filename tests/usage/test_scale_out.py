"""Searches on the workers of dask and ray, and data that come in chunks.

Workers are real processes. The results must not depend on where a fit runs: scores are equal bit for bit.
"""

import os
import signal
import time
import tracemalloc
import warnings
from itertools import chain

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, StratifiedKFold

from sknet import MLPClassifierScratch

# dask and ray open sockets and threads that they close late, and give warnings of their own.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600]
FOLDS = list(StratifiedKFold(2).split(X, y))
GRID = {"depth": [1, 2], "width": [8, 16]}
NET = MLPClassifierScratch(max_iter=5, random_state=0)


def grid_search(scoring="neg_log_loss"):
    return GridSearchCV(NET, GRID, cv=FOLDS, scoring=scoring, error_score="raise")


def assert_same_search(found, expected):
    """Return the scores of every candidate and fold, the choice, and the final network."""
    names = [name for name in expected.cv_results_ if "score" in name and "time" not in name]
    assert len(names) >= 5
    for name in names:
        assert_array_equal(found.cv_results_[name], expected.cv_results_[name], err_msg=name)
    assert found.best_params_ == expected.best_params_
    assert_array_equal(found.best_estimator_._state.theta, expected.best_estimator_._state.theta)  # of all members


def kills_its_process_once(marker, seconds=0.0):
    """Return a scorer whose first call ends the process that makes it, after some seconds."""
    here = os.getpid()

    def score(estimator, X, y):
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return estimator.score(X, y)
        assert os.getpid() != here, "this is no worker"
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    return score


def test_a_search_depends_on_the_seed():
    """The comparisons below need this: with another seed, scores differ."""
    search = grid_search()
    other = GridSearchCV(**{**search.get_params(deep=False), "estimator": MLPClassifierScratch(max_iter=5)})
    with pytest.raises(AssertionError):
        assert_same_search(other.fit(X, y), search.fit(X, y))


# dask


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with (
        warnings.catch_warnings(),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        warnings.simplefilter("ignore", ResourceWarning)
        client.amm.stop()  # it deletes copies: if a worker ended, the only remaining copy could be lost
        yield client


def pids(client):
    return set(client.run(os.getpid).values())


def on(client):
    return joblib.parallel_config("dask", client=client, scatter=[X, y, *chain.from_iterable(FOLDS)])


def test_grid_search_on_dask_equals_that_of_one_process(client):
    workers = pids(client)
    assert len(workers) == 2
    assert os.getpid() not in workers
    with on(client):
        far = grid_search().fit(X, y)
    assert_same_search(far, grid_search().fit(X, y))


def test_data_that_are_not_scattered_give_the_same_result(client):
    with joblib.parallel_config("dask", client=client):
        far = grid_search().fit(X, y)
    assert_same_search(far, grid_search().fit(X, y))


@pytest.mark.parametrize(
    "resource",
    [
        {"resource": "max_iter", "min_resources": 2, "max_resources": 6},
        {"resource": "n_samples", "min_resources": 200, "max_resources": 600},
    ],
    ids=["max_iter", "n_samples"],
)
def test_successive_halving_on_dask_equals_that_of_one_process(client, resource):
    search = HalvingGridSearchCV(NET, GRID, factor=3, cv=2, random_state=0, error_score="raise", **resource)
    here = HalvingGridSearchCV(**search.get_params(deep=False)).fit(X, y)
    with joblib.parallel_config("dask", client=client):
        search.fit(X, y)
    assert here.n_candidates_ == [4, 2]
    assert search.n_resources_ == [resource["min_resources"], resource["max_resources"]]
    assert_same_search(search, here)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that nobody can catch")
def test_a_dask_worker_that_is_killed_changes_nothing(client, tmp_path):
    before = pids(client)
    marker = str(tmp_path / "killed")
    with on(client):
        # At least two seconds: within that time, an active memory manager would have deleted the copies.
        far = grid_search(kills_its_process_once(marker, seconds=5.0)).fit(X, y)
    assert os.path.exists(marker)  # one worker was killed,
    client.wait_for_workers(2, timeout=60)
    assert len(pids(client) - before) == 1  # and a new one has started
    assert_same_search(far, grid_search(None).fit(X, y))


def dask_arrays():
    """Return the data as dask arrays, in blocks of 150 rows."""
    da = pytest.importorskip("dask.array")
    return da.from_array(X, chunks=(150, -1)), da.from_array(y, chunks=150)


def trained_on_slices(n_rows, n_passes=1):
    net = MLPClassifierScratch(width=16, learning_rate_init=0.02, random_state=0)
    for _ in range(n_passes):
        for start in range(0, len(X), n_rows):
            net.partial_fit(X[start : start + n_rows], y[start : start + n_rows], classes=range(10))
    return net


def test_partial_fit_over_the_blocks_of_a_dask_array():
    dask = pytest.importorskip("dask")
    A, b = dask_arrays()
    net = MLPClassifierScratch(width=16, learning_rate_init=0.02, random_state=0)
    for _ in range(3):
        for rows, labels in zip(A.blocks, b.blocks):
            net.partial_fit(*dask.compute(rows, labels), classes=range(10))
    expected = trained_on_slices(150, n_passes=3)
    assert net.n_iter_ == 12
    assert_array_equal(net.predict_proba(X), expected.predict_proba(X))
    assert net.score(X, y) > 0.6
    assert not np.array_equal(net.coefs_[0], trained_on_slices(200, n_passes=3).coefs_[0])  # chunks affect the result


def test_predictions_in_blocks_equal_those_at_once():
    A, _ = dask_arrays()
    net = trained_on_slices(150)
    p = A.map_blocks(net.predict_proba, chunks=(A.chunks[0], (10,)), dtype=float, meta=np.empty((0, 10)))
    np.testing.assert_allclose(p.compute(), net.predict_proba(X), rtol=1e-12)


def test_incremental_of_dask_ml_calls_partial_fit_for_each_block():
    wrappers = pytest.importorskip("dask_ml.wrappers", exc_type=ImportError)
    A, b = dask_arrays()
    net = MLPClassifierScratch(width=16, learning_rate_init=0.02, random_state=0)
    incremental = wrappers.Incremental(net, shuffle_blocks=False, assume_equal_chunks=True)
    incremental.fit(A, b, classes=range(10))
    assert not hasattr(net, "coefs_")
    assert incremental.estimator_.n_iter_ == 4
    assert_array_equal(incremental.estimator_.coefs_[0], trained_on_slices(150).coefs_[0])
    assert incremental.score(A, b) == trained_on_slices(150).score(X, y)


# Chunks without dask or ray


def test_chunks_of_a_memory_map_need_the_memory_of_one_chunk(tmp_path):
    """The largest allocation is far below the size of the file, and does not depend on it."""
    peaks = []
    for n_rows in (20_000, 40_000):
        data = np.lib.format.open_memmap(tmp_path / f"{n_rows}.npy", "w+", np.float32, (n_rows, 64))
        data[:] = np.resize(X, data.shape)
        data.flush()
        data = np.load(tmp_path / f"{n_rows}.npy", mmap_mode="r")
        labels = np.resize(y, n_rows)
        net = MLPClassifierScratch(width=16, random_state=0).partial_fit(data[:1000], labels[:1000], classes=range(10))
        tracemalloc.start()
        for start in range(0, n_rows, 1000):
            net.partial_fit(data[start : start + 1000], labels[start : start + 1000])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 1000 * 64 * 4 * 8  # a few chunks; the larger file has 10 MB
    assert peaks[1] - peaks[0] < 20_000 * 64 * 4 / 10  # a tenth of the difference between the files


# ray


@pytest.fixture(scope="module")
def ray():
    ray = pytest.importorskip("ray")
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    register_ray()
    yield ray
    ray.shutdown()


def test_grid_search_on_ray_equals_that_of_one_process(ray):
    with joblib.parallel_config("ray", n_jobs=2):
        far = grid_search().fit(X, y)
    assert_same_search(far, grid_search().fit(X, y))


SURVIVE = {"max_restarts": 2, "max_task_retries": 2}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that nobody can catch")
def test_a_killed_ray_worker_changes_nothing_if_it_may_be_restarted(ray, tmp_path):
    marker = str(tmp_path / "killed")
    with joblib.parallel_config("ray", n_jobs=2, ray_remote_args=SURVIVE):
        far = grid_search(kills_its_process_once(marker)).fit(X, y)
    assert os.path.exists(marker)
    assert_same_search(far, grid_search(None).fit(X, y))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that nobody can catch")
def test_a_killed_ray_worker_ends_the_search_otherwise(ray, tmp_path):
    search = grid_search(kills_its_process_once(str(tmp_path / "killed")))
    with joblib.parallel_config("ray", n_jobs=2), pytest.raises(ray.exceptions.RayActorError):
        search.fit(X, y)
