"""Pickles, joblib files and copies of estimators predict and continue training exactly as the original."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from same_state import BOTH, CLF, REG, arrays_in, assert_same_state, target
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from small_data import SMALL, X, Y

import sknet
from sknet.training.prediction import acting

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def through_joblib(estimator, path):
    joblib.dump(estimator, path / "model.joblib", compress=3)
    return joblib.load(path / "model.joblib")


def through_buffers(estimator, path):
    """Use protocol 5 with the arrays outside of the pickle, as processes exchange them: they are read-only again."""
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


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("how", COPIES)
@BOTH
def test_a_copy_predicts_and_continues_exactly(tmp_path, Estimator, how, solver, early_stopping):
    y = target(Estimator)
    mlp = Estimator(solver=solver, early_stopping=early_stopping, **SMALL).fit(X, y)
    twin = COPIES[how](mlp, tmp_path)
    assert_same_state(twin, mlp)
    assert_array_equal(twin.predict(X), mlp.predict(X))
    before = pickle.dumps(mlp)
    for _ in range(3):
        twin.partial_fit(X[20:], y[20:])
    assert pickle.dumps(mlp) == before  # training the copy did not change the original
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
def test_everything_that_has_a_state_continues_exactly(tmp_path, how, part):
    mlp = REG(warm_start=True, depth=1, **SMALL | STATEFUL[part]).fit(X, Y)
    twin = COPIES[how](mlp, tmp_path)
    assert_array_equal(twin.predict(X), mlp.predict(X))
    twin.partial_fit(X[20:], Y[20:]).fit(X, Y)
    mlp.partial_fit(X[20:], Y[20:]).fit(X, Y)
    assert_same_state(twin, mlp)
    assert_array_equal(twin.predict(X), mlp.predict(X))


@pytest.mark.parametrize("normalization", [None, "layer"])
def test_loading_from_a_memory_map_copies_no_weights(tmp_path, normalization):
    """Processes that predict from one file share its memory."""
    mlp = CLF(normalization=normalization, **SMALL).fit(X, target(CLF))
    twin = through_a_memory_map(mlp, tmp_path)
    weights = [array for own in acting(vars(twin))[0] for array in own]
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
def test_training_a_copy_changes_its_predictions(Estimator):
    """Weights are views. In a copy, ``partial_fit`` must not change one array while ``predict`` reads another."""
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
def test_fitted_arrays_are_not_views_of_the_state(Estimator):
    """If the user changes ``coefs_``, predictions change, but the training that may continue does not."""
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
def test_the_size_of_a_fitted_estimator_does_not_grow_with_the_data(Estimator, early_stopping):
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
    assert_same_state(twin.partial_fit(X, Y), mlp.partial_fit(X, Y))  # the network is recognized as the same


def double(z, out, work):
    np.multiply(z, 2.0, out=out)


def double_backward(a, delta, work):
    np.multiply(delta, 2.0, out=delta)


def test_an_activation_of_the_user_pickles():
    own = sknet.Activation("double", "2 a", "2", (-np.inf, np.inf), double, double_backward)
    mlp = REG(activation=own, **SMALL).fit(X, Y)
    twin = pickle.loads(pickle.dumps(mlp))
    assert_same_state(twin.partial_fit(X, Y), mlp.partial_fit(X, Y))
