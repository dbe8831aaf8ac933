"""Callbacks of scikit-learn: a task for each epoch, the model so far, stopping, and errors that change nothing."""

import importlib.util
import inspect
import sys
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from recorders import (
    BOTH,
    SMALL,
    Recorder,
    X,
    Y,
    callbacks_exist,
    needs_callbacks,
    one_task_for_each_epoch,
    quiet,
    same_weights,
    target,
)
from sklearn.base import clone

import sknet._compat
from sknet import HiddenLayerTransformer, MLPClassifierScratch, MLPRegressorScratch


@needs_callbacks
@quiet
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@BOTH
def test_one_task_for_each_epoch(Estimator, solver):
    recorder, y = Recorder(), target(Estimator)
    mlp = Estimator(solver=solver, **SMALL).set_callbacks(recorder).fit(X, y)
    assert recorder.events == one_task_for_each_epoch(mlp.n_iter_)
    assert mlp.n_iter_ == recorder.max_subtasks == 6
    assert recorder.data[0] is X
    assert recorder.data[1] is y


@needs_callbacks
@BOTH
def test_training_that_ends_early_has_fewer_tasks(Estimator):
    recorder = Recorder()
    mlp = Estimator(n_iter_no_change=2, tol=1e9, **SMALL).set_callbacks(recorder).fit(X, target(Estimator))
    assert mlp.n_iter_ < 6
    assert recorder.events == one_task_for_each_epoch(mlp.n_iter_)


@needs_callbacks
@quiet
@BOTH
def test_each_call_of_partial_fit_is_one_epoch(Estimator):
    recorder, y = Recorder(), target(Estimator)
    mlp = Estimator(**SMALL).set_callbacks(recorder)
    first = {"classes": [0, 1]} if Estimator is PlainClassifier else {}
    mlp.partial_fit(X, y, **first).partial_fit(X, y)
    assert recorder.events == one_task_for_each_epoch(1) * 2
    assert recorder.max_subtasks == 1


@needs_callbacks
@quiet
@BOTH
def test_callbacks_do_not_change_training(Estimator):
    y = target(Estimator)
    watched = Estimator(dropout=0.3, **SMALL).set_callbacks(Recorder()).fit(X, y)
    alone = Estimator(dropout=0.3, **SMALL).fit(X, y)
    same_weights(watched, alone)
    assert watched.loss_curve_ == alone.loss_curve_
    left = {name for name in vars(watched) if "callback" in name}
    assert left == {"_skl_callbacks"}


@needs_callbacks
@quiet
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@BOTH
def test_the_model_of_an_epoch_is_that_of_training_that_ends_with_it(Estimator, normalization):
    """Further training does not change the model of an epoch."""
    recorder, y, parameters = Recorder(), target(Estimator), SMALL | {"normalization": normalization, "depth": 2}
    mlp = Estimator(**parameters).set_callbacks(recorder).fit(X, y)
    for i, model in enumerate(recorder.epochs, 1):
        short = Estimator(**parameters | {"max_iter": i}).fit(X, y)
        assert_array_equal(model.predict(X), short.predict(X))
        assert model.loss_curve_ == short.loss_curve_
        assert model.n_iter_ == i
    name, last = recorder.models[-1]
    assert name == "fit"
    assert_array_equal(last.predict(X), mlp.predict(X))


@needs_callbacks
@quiet
def test_the_model_of_an_epoch_has_no_attributes_of_an_earlier_fit():
    """The network of the earlier fit has ``coefs_``, and the new one does not."""
    recorder, parameters = Recorder(), SMALL | {"depth": 2}
    mlp = PlainRegressor(**parameters).fit(X, Y)
    mlp.set_params(normalization="layer").set_callbacks(recorder).fit(X, Y)
    assert all(not hasattr(model, "coefs_") for model in recorder.epochs)
    for i, model in enumerate(recorder.epochs, 1):
        short = PlainRegressor(normalization="layer", **parameters | {"max_iter": i}).fit(X, Y)
        assert_array_equal(model.predict(X), short.predict(X))


@needs_callbacks
@BOTH
def test_the_last_model_is_the_best_one_with_early_stopping(Estimator):
    recorder, y = Recorder(), target(Estimator)
    parameters = SMALL | {"early_stopping": True, "max_iter": 300, "n_iter_no_change": 5, "learning_rate_init": 0.3}
    mlp = Estimator(**parameters).set_callbacks(recorder).fit(X, y)
    best = int(np.argmax(mlp.validation_scores_))
    assert best < mlp.n_iter_ - 1
    assert_array_equal(recorder.models[-1][1].predict(X), recorder.epochs[best].predict(X))
    assert_array_equal(mlp.predict(X), recorder.epochs[best].predict(X))


@needs_callbacks
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@BOTH
def test_a_callback_that_returns_true_stops_training(Estimator, solver):
    """There is no warning, because the user wants it."""
    recorder, y = Recorder(stop_after=3), target(Estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp = Estimator(solver=solver, **SMALL).set_callbacks(recorder).fit(X, y)
    assert mlp.n_iter_ == 3
    assert recorder.events == one_task_for_each_epoch(3)
    with pytest.warns(UserWarning, match="reached|failed to converge"):
        same_weights(mlp, Estimator(solver=solver, **SMALL | {"max_iter": 3}).fit(X, y))


FAILURES = [
    ("setup", "fit"),
    ("begin", "fit"),
    ("begin", "epoch"),
    ("end", "epoch", 0),
    ("end", "epoch", 4),
    ("end", "fit"),
]


@needs_callbacks
@quiet
@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("fail", FAILURES, ids=str)
@BOTH
def test_a_failing_callback_leaves_the_earlier_fit_untouched(Estimator, fail, warm_start):
    y = target(Estimator)
    mlp = Estimator(early_stopping=True, dropout=0.2, warm_start=warm_start, **SMALL).fit(X, y)
    twin = clone(mlp).fit(X, y)
    before, predictions = dict(vars(mlp)), mlp.predict(X)
    recorder = Recorder(fail=fail)
    with pytest.raises(RuntimeError, match="the callback failed"):
        mlp.set_callbacks(recorder).fit(-X, y)
    assert recorder.events[-1] == ("teardown", "fit", 0)
    mlp.set_callbacks()
    assert vars(mlp).keys() == before.keys()
    assert all(vars(mlp)[name] is value for name, value in before.items())
    assert_array_equal(mlp.predict(X), predictions)
    same_weights(mlp.fit(X, y), twin.fit(X, y))  # training continues as if there had been no error


@needs_callbacks
@quiet
@BOTH
def test_a_failing_callback_leaves_an_unfitted_model_unfitted(Estimator):
    mlp = Estimator(**SMALL)
    names = set(vars(mlp))
    with pytest.raises(RuntimeError, match="the callback failed"):
        mlp.set_callbacks(Recorder(fail=("end", "epoch", 1))).fit(X, target(Estimator))
    assert vars(mlp).keys() - {"_skl_callbacks"} == names


@needs_callbacks
@BOTH
def test_after_bad_parameters_callbacks_are_torn_down(Estimator):
    """It is also correct if they were not set up."""
    recorder = Recorder()
    with pytest.raises(ValueError, match="`alpha` must be"):
        Estimator(alpha=-1.0).set_callbacks(recorder).fit(X, target(Estimator))
    setups, teardowns = ([e for e in recorder.events if e[0] == what] for what in ("setup", "teardown"))
    assert len(setups) == len(teardowns)


@needs_callbacks
@pytest.mark.parametrize("bad", [{"X": X[:, :0]}, {"y": np.full(60, np.nan)}, {"sample_weight": -np.ones(60)}])
@BOTH
def test_after_bad_data_callbacks_are_torn_down(Estimator, bad):
    recorder = Recorder()
    data = {"X": X, "y": target(Estimator)} | bad
    with pytest.raises(ValueError, match=r"0 feature|NaN|must not be negative"):
        Estimator(**SMALL).set_callbacks(recorder).fit(**data)
    assert [event[0] for event in recorder.events if event[0] in ("setup", "teardown")] == ["setup", "teardown"]


@needs_callbacks
@quiet
def test_set_callbacks_accepts_instances_and_removes_all_without_arguments():
    mlp = PlainRegressor(**SMALL)
    assert mlp.set_callbacks(Recorder()) is mlp
    with pytest.raises(TypeError, match="FitCallback"):
        mlp.set_callbacks(Recorder)
    recorder = Recorder()
    mlp.set_callbacks(recorder).set_callbacks().fit(X, Y)
    assert recorder.events == []


@pytest.fixture
def compat_without_callbacks(monkeypatch):
    """Return the module as it is if scikit-learn has no callbacks."""
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    spec = importlib.util.spec_from_file_location("compat_of_old", sknet._compat.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_callbacks_in_scikit_learn_there_is_no_set_callbacks(compat_without_callbacks):
    old = compat_without_callbacks
    assert not hasattr(old.CallbackSupportMixin, "set_callbacks")

    def method():
        pass

    assert old.with_callbacks(method) is method


def test_without_callbacks_tasks_do_nothing(compat_without_callbacks):
    def never():
        raise AssertionError

    tasks = compat_without_callbacks.Tasks(object(), 3, X, Y)
    tasks.begin_epoch()
    assert tasks.end_epoch(never) is False
    tasks.end()


def test_the_decorator_keeps_signatures():
    for Estimator in (MLPClassifierScratch, MLPRegressorScratch):
        assert list(inspect.signature(Estimator.fit).parameters) == [
            "self", "X", "y", "sample_weight", "X_val", "y_val", "sample_weight_val", "checkpoint"
        ]  # fmt: skip
        assert "Fit the network" in Estimator.fit.__doc__


@quiet
def test_only_networks_have_set_callbacks():
    assert hasattr(MLPClassifierScratch(), "set_callbacks") == callbacks_exist
    assert not hasattr(HiddenLayerTransformer(MLPClassifierScratch()), "set_callbacks")
