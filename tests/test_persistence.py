"""Copies, pickles, threads and interruptions of training: what goes on must go on exactly."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from small_data import LABELS, SMALL, X, Y

import sknet

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = PlainClassifier, PlainRegressor
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])


def target(Estimator):
    return LABELS if Estimator is CLF else Y


def through_joblib(estimator, path):
    joblib.dump(estimator, path / "model.joblib", compress=3)
    return joblib.load(path / "model.joblib")


def through_buffers(estimator, path):
    """Protocol 5 with the arrays outside of the pickle, as processes pass them on: read-only again."""
    buffers = []
    data = pickle.dumps(estimator, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=[buffer.raw().tobytes() for buffer in buffers])


def through_a_memory_map(estimator, path):
    joblib.dump(estimator, path / "model.joblib")
    return joblib.load(path / "model.joblib", mmap_mode="r")  # every array is read-only


COPIES = {
    "pickle": lambda estimator, path: pickle.loads(pickle.dumps(estimator)),
    "oldest pickle": lambda estimator, path: pickle.loads(pickle.dumps(estimator, protocol=2)),
    "buffers": through_buffers,
    "joblib": through_joblib,
    "memory map": through_a_memory_map,
    "deepcopy": lambda estimator, path: copy.deepcopy(estimator),
    "copy": lambda estimator, path: copy.copy(estimator),
}


def assert_same_state(a, b):
    """Everything fitted is the same, bit for bit."""
    for name, value in vars(a).items():
        if name in ("coefs_", "intercepts_"):
            for left, right in zip(value, getattr(b, name), strict=True):
                assert_array_equal(left, right, strict=True)
        elif name.endswith("_"):
            assert_array_equal(value, getattr(b, name), err_msg=name)
    assert vars(a).keys() == vars(b).keys()


def arrays_in(value, seen=None):
    """All arrays that can be reached from ``value``."""
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


@pytest.fixture
def visited(monkeypatch):
    """The values of the first column of X, in the order in which each epoch visited them."""
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


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("how", COPIES)
@BOTH
def test_a_copy_predicts_and_trains_on_exactly(tmp_path, Estimator, how, solver, early_stopping):
    y = target(Estimator)
    mlp = Estimator(solver=solver, early_stopping=early_stopping, **SMALL).fit(X, y)
    twin = COPIES[how](mlp, tmp_path)
    assert_same_state(twin, mlp)
    assert_array_equal(twin.predict(X), mlp.predict(X))
    before = pickle.dumps(mlp)
    for _ in range(3):
        twin.partial_fit(X[20:], y[20:])
    assert pickle.dumps(mlp) == before  # training the copy left no trace in the original
    for _ in range(3):
        mlp.partial_fit(X[20:], y[20:])
    assert_same_state(twin, mlp)
    assert_array_equal(twin.predict(X), mlp.predict(X))


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("how", ["pickle", "memory map", "deepcopy"])
@BOTH
def test_a_copy_warm_starts_exactly(tmp_path, Estimator, how, solver):
    y = target(Estimator)
    mlp = Estimator(solver=solver, warm_start=True, **SMALL).fit(X, y)
    twin = COPIES[how](mlp, tmp_path).fit(X, y)
    assert_same_state(twin, mlp.fit(X, y))


@pytest.mark.parametrize("compress", [0, 9, "gzip", ("bz2", 3), ("lzma", 1)])
def test_every_compression_of_joblib(tmp_path, compress):
    mlp = REG(**SMALL).fit(X, Y)
    joblib.dump(mlp, tmp_path / "model.joblib", compress=compress)
    twin = joblib.load(tmp_path / "model.joblib")
    assert_same_state(twin.partial_fit(X, Y), mlp.partial_fit(X, Y))


STATEFUL = {
    "rmsprop": {"solver": "rmsprop"},
    "adagrad": {"solver": "adagrad"},
    "dropout": {"dropout": 0.3},
    "batch normalization": {"normalization": "batch"},
    "layer normalization": {"normalization": "layer", "dropout": [0.5]},
    "adaptive rate": {"learning_rate": "adaptive", "tol": 0.1, "n_iter_no_change": 1},
    "schedule": {"learning_rate": sknet.schedules.Exponential(0.8)},
    "float32": {"dtype": "float32"},
}


@pytest.mark.parametrize("part", STATEFUL)
@pytest.mark.parametrize("how", COPIES)
def test_all_that_has_a_state_goes_on_exactly(tmp_path, how, part):
    mlp = REG(warm_start=True, depth=1, **SMALL | STATEFUL[part]).fit(X, Y)
    twin = COPIES[how](mlp, tmp_path)
    assert_array_equal(twin.predict(X), mlp.predict(X))
    twin.partial_fit(X[20:], Y[20:]).fit(X, Y)
    mlp.partial_fit(X[20:], Y[20:]).fit(X, Y)
    assert_same_state(twin, mlp)
    assert_array_equal(twin.predict(X), mlp.predict(X))


@pytest.mark.parametrize("normalization", [None, "layer"])
def test_a_memory_map_is_read_where_it_lies(tmp_path, normalization):
    """Processes that serve one file share its pages: loading copies no weights."""
    mlp = CLF(normalization=normalization, **SMALL).fit(X, target(CLF))
    twin = through_a_memory_map(mlp, tmp_path)
    weights = [array for own in twin._parameters() for array in own]
    assert weights
    assert all(isinstance(array, np.memmap) and not array.flags.writeable for array in weights)
    file = (tmp_path / "model.joblib").read_bytes()
    twin.partial_fit(X, target(CLF))
    assert (tmp_path / "model.joblib").read_bytes() == file
    assert_same_state(twin, mlp.partial_fit(X, target(CLF)))


@BOTH
def test_pipelines_and_searches(tmp_path, Estimator):
    y = target(Estimator)
    model = GridSearchCV(make_pipeline(StandardScaler(), Estimator(**SMALL)), {}, cv=2).fit(X, y)
    for how in COPIES.values():
        twin = how(model, tmp_path)
        assert_array_equal(twin.predict(X), model.predict(X))
        assert_same_state(twin.best_estimator_[-1], model.best_estimator_[-1])


@BOTH
def test_a_copy_that_predicts_is_the_one_that_is_trained(Estimator):
    """The trap of views: after a copy ``partial_fit`` must not train one array and ``predict`` read another."""
    y = target(Estimator)
    mlp = pickle.loads(pickle.dumps(Estimator(**SMALL).fit(X, y)))
    before = [W.copy() for W in mlp.coefs_]
    mlp.partial_fit(X, y)
    assert all(np.abs(W - old).max() > 1e-6 for W, old in zip(mlp.coefs_, before, strict=True))
    assert mlp.loss_curve_[-1] != mlp.loss_curve_[-2]


@BOTH
def test_deep_copies_share_no_array(Estimator):
    mlp = Estimator(early_stopping=True, warm_start=True, **SMALL).fit(X, target(Estimator))
    twin = copy.deepcopy(mlp)
    arrays, others = arrays_in(mlp), arrays_in(twin)
    assert len(arrays) == len(others) >= 8  # weights and biases, the vector, the best one, the optimizer's, moments
    assert not any(np.shares_memory(a, b) for a in arrays for b in others)


@BOTH
def test_fitted_arrays_are_no_window_into_the_state(Estimator):
    """Who changes ``coefs_`` by hand changes predictions, not the training that may go on."""
    y = target(Estimator)
    mlp = Estimator(**SMALL).fit(X, y)
    twin = copy.deepcopy(mlp)
    for array in mlp.coefs_ + mlp.intercepts_:
        array[...] = 0.0
    if Estimator is REG:
        assert_array_equal(mlp.predict(X), np.zeros(len(X)))
    assert_same_state(mlp.partial_fit(X, y), twin.partial_fit(X, y))


@pytest.mark.parametrize("early_stopping", [False, True])
@BOTH
def test_a_fitted_estimator_does_not_grow_with_the_data(Estimator, early_stopping):
    sizes = []
    for n in (1, 200):
        data, y = np.repeat(X, n, axis=0), np.repeat(target(Estimator), n)
        mlp = Estimator(early_stopping=early_stopping, **SMALL | {"max_iter": 2, "batch_size": "auto"}).fit(data, y)
        sizes.append(len(pickle.dumps(mlp)))
    assert sizes[1] < sizes[0] + 100


@BOTH
def test_clone_is_unfitted(Estimator):
    mlp = Estimator(activation=["tanh"], **SMALL).fit(X, target(Estimator))
    twin = clone(mlp)
    assert twin.get_params() == mlp.get_params()
    assert vars(twin).keys() == mlp.get_params().keys()
    with pytest.raises(NotFittedError):
        twin.predict(X)
    with pytest.raises(NotFittedError):
        check_is_fitted(twin)
    check_is_fitted(mlp)
    assert_same_state(twin.fit(X, target(Estimator)), mlp)


@pytest.mark.parametrize("name", [*sknet.ACTIVATIONS])
def test_every_activation_pickles(name):
    mlp = REG(activation=sknet.ACTIVATIONS[name], depth=2, **SMALL).fit(X, Y)
    twin = pickle.loads(pickle.dumps(mlp))
    assert_array_equal(twin.predict(X), mlp.predict(X))
    assert_same_state(twin.partial_fit(X, Y), mlp.partial_fit(X, Y))  # the network is recognised as the same


def double(z, out, work):
    np.multiply(z, 2.0, out=out)


def double_backward(a, delta, work):
    np.multiply(delta, 2.0, out=delta)


def test_an_activation_of_ones_own_pickles():
    own = sknet.Activation("double", "2 a", "2", (-np.inf, np.inf), double, double_backward)
    mlp = REG(activation=own, **SMALL).fit(X, Y)
    twin = pickle.loads(pickle.dumps(mlp))
    assert_same_state(twin.partial_fit(X, Y), mlp.partial_fit(X, Y))


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@BOTH
def test_threads_share_an_estimator(Estimator, container):
    mlp = Estimator(width=64, depth=2, max_iter=3, random_state=0).fit(X, target(Estimator))
    rng = np.random.default_rng(1)
    inputs = [container(rng.standard_normal((n, 3))) for n in rng.integers(1, 4000, 40)]
    method = mlp.predict if Estimator is REG else mlp.predict_proba
    expected = [method(rows) for rows in inputs]
    with ThreadPoolExecutor(8) as pool:
        for found, right in zip(pool.map(method, inputs), expected, strict=True):
            assert_array_equal(found, right)


def test_threads_fit_one_estimator_each():
    seeds = range(8)
    expected = [REG(**SMALL | {"random_state": seed}).fit(X, Y) for seed in seeds]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda seed: REG(**SMALL | {"random_state": seed}).fit(X, Y), seeds)
        for a, b in zip(found, expected, strict=True):
            assert_same_state(a, b)


# Warm start

SOLVERS = {
    "adam": {"solver": "adam"},
    "sgd": {"solver": "sgd"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "plain": {"solver": "sgd", "momentum": 0.0},
}


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("solver", SOLVERS)
@BOTH
def test_ten_and_twenty_epochs_are_thirty(Estimator, solver, schedule, early_stopping, shuffle):
    y = target(Estimator)
    # A tolerance that makes the adaptive rate fall several times on the way, and not at epoch 10.
    patience = 3 if schedule == "adaptive" else np.inf
    parameters = SMALL | SOLVERS[solver] | {"learning_rate": schedule, "tol": 0.02, "n_iter_no_change": patience}
    mlp = Estimator(warm_start=True, shuffle=shuffle, early_stopping=early_stopping, **parameters)
    whole = clone(mlp).set_params(max_iter=30).fit(X, y)
    parts = clone(mlp).set_params(max_iter=10).fit(X, y)
    assert len(parts.loss_curve_) == 10
    parts.set_params(max_iter=20).fit(X, y)
    if whole.n_iter_ == 30:
        assert parts.n_iter_ == 20  # this fit's epochs; the curves hold all of them
        parts.n_iter_ = 30
    else:
        parts.n_iter_ += 10
    assert_same_state(parts, whole)
    assert len(whole.loss_curve_) == len(whole.learning_rate_curve_) == whole.t_ // (72 if early_stopping else 80)
    if schedule != "constant":
        assert len(set(whole.learning_rate_curve_)) > 1


@BOTH
def test_calls_of_partial_fit_are_epochs_of_fit(Estimator):
    """In the order of the rows: each call of ``partial_fit`` starts a permutation of its own."""
    y = target(Estimator)
    mlp = Estimator(shuffle=False, **SMALL | {"max_iter": 4, "standardize": False})
    whole = clone(mlp).fit(X, y)
    first = {"classes": np.unique(y)} if Estimator is CLF else {}
    parts = clone(mlp)
    for _ in range(4):
        parts.partial_fit(X, y, **first)
    assert_same_state(parts, whole)


@pytest.mark.parametrize("n", [30, 79, 81, 200])
@pytest.mark.parametrize("early_stopping", [False, True])
@BOTH
def test_a_warm_start_on_another_number_of_rows_uses_just_those(Estimator, early_stopping, n):
    y = target(Estimator)
    rows = np.arange(n) % 80
    mlp = Estimator(warm_start=True, early_stopping=early_stopping, **SMALL).fit(X, y)
    seen = mlp.t_
    mlp.fit(X[rows], y[rows])
    validated = int(np.ceil(0.1 * n)) if early_stopping else 0
    assert mlp.t_ == seen + 6 * (n - validated)


def test_a_warm_start_without_shuffling_visits_the_rows_as_they_lie(visited):
    rows = np.arange(80.0)[:, None]
    parameters = SMALL | {"learning_rate_init": 1e-9, "n_iter_no_change": np.inf}
    mlp = REG(warm_start=True, standardize=False, **parameters).fit(rows, Y)
    mlp.set_params(shuffle=False).fit(rows, Y)
    mlp.set_params(shuffle=True).fit(rows, Y)
    in_order = tuple(range(80))
    assert in_order not in visited[:6]
    assert visited[6:12] == [in_order] * 6
    assert in_order not in visited[12:]
    assert len(visited) == 18


def test_a_warm_start_after_convergence_trains_again():
    mlp = REG(warm_start=True, **SMALL | {"n_iter_no_change": 2, "tol": 10.0}).fit(X, Y)
    assert mlp.n_iter_ == 3
    mlp.fit(X, Y)
    assert mlp.n_iter_ == 2  # two more epochs without improvement
    assert len(mlp.loss_curve_) == 5


@BOTH
def test_a_fit_without_warm_start_begins_anew(Estimator):
    y = target(Estimator)
    mlp = Estimator(**SMALL)
    once = clone(mlp).fit(X, y)
    twice = clone(mlp).fit(X[:, :2], y).fit(X[::2], y[::2]).partial_fit(X, y).fit(X, y)
    assert_same_state(twice, once)


@pytest.mark.parametrize(("first", "then"), [("adam", "sgd"), ("sgd", "lbfgs"), ("lbfgs", "adam")])
@BOTH
def test_a_warm_start_may_change_the_solver(Estimator, first, then):
    y = target(Estimator)
    mlp = Estimator(solver=first, warm_start=True, **SMALL | {"learning_rate_init": 1e-9}).fit(X, y)
    expected = mlp.loss_curve_[-1]
    mlp.set_params(solver=then, max_iter=1).fit(X, y)
    # Nothing but L-BFGS moves at this rate: training went on from where it was.
    if then == "lbfgs":
        assert mlp.loss_ < expected
    else:
        start = mlp.loss_
        assert start == pytest.approx(expected, rel=1e-6 if first != "lbfgs" else 1e-3)


@BOTH
def test_fit_draws_from_the_random_state_of_the_caller(Estimator):
    y = target(Estimator)
    shared = np.random.RandomState(0)
    first = Estimator(**SMALL | {"random_state": shared}).fit(X, y)
    second = Estimator(**SMALL | {"random_state": shared}).fit(X, y)
    assert np.abs(first.coefs_[0] - second.coefs_[0]).max() > 1e-3
    assert_same_state(first, Estimator(**SMALL).fit(X, y))


@BOTH
def test_unseeded_estimators_differ_and_obey_the_global_seed(Estimator):
    y = target(Estimator)
    parameters = SMALL | {"random_state": None}
    np.random.seed(3)  # noqa: NPY002
    first = Estimator(**parameters).fit(X, y)
    second = Estimator(**parameters).fit(X, y)
    assert np.abs(first.coefs_[0] - second.coefs_[0]).max() > 1e-3
    np.random.seed(3)  # noqa: NPY002
    assert_same_state(first, Estimator(**parameters).fit(X, y))


def test_unseeded_estimators_trained_in_turn_draw_different_permutations(visited):
    rows = np.arange(80.0)[:, None]
    parameters = SMALL | {"random_state": None, "learning_rate_init": 1e-9}
    models = [REG(standardize=False, **parameters) for _ in range(3)]
    for _ in range(3):
        for mlp in models:
            mlp.partial_fit(rows, Y)
    assert len(visited) == len(set(visited)) == 9
