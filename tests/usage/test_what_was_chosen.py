"""Attributes contain the value of each parameter in the last call, and why training ended."""

import pickle

import numpy as np
import pytest
from oracles import PlainClassifier, PlainRegressor
from plain_fits import BOTH, CLASSES, SMALL, WEIGHTS, X, Y, target
from recorders import Recorder, needs_callbacks

import sknet
from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TABLE = np.random.default_rng(0).standard_normal((400, 3))
GIVEN = {
    "batch_size": 32, "max_iter": 3, "n_iter_no_change": 7, "learning_rate_init": 0.02, "early_stopping": True,
    "scoring": "loss", "standardize": False, "embedding": "periodic", "dtype": "float64", "weight_decay": 0.3,
    "dropout": (0.1, 0.2), "averaging": 0.5, "n_members": 2,
}  # fmt: skip


@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_given_values_are_the_values_used(Estimator):
    net = Estimator(width=4, random_state=0, **GIVEN).fit(TABLE, TABLE[:, 0] > 0)
    assert {name: getattr(net, f"{name}_") for name in GIVEN} == GIVEN


@pytest.mark.parametrize("n", [60, 200, 400])
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_passing_the_chosen_values_changes_nothing(Estimator, n):
    y = (TABLE[:n, 0] > 0).astype(int)
    net = Estimator(width=4, random_state=0).fit(TABLE[:n], y)
    names = [*GIVEN, *(["label_smoothing"] if Estimator is MLPClassifierScratch else [])]
    again = Estimator(width=4, random_state=0, **{name: getattr(net, f"{name}_") for name in names})
    np.testing.assert_array_equal(again.fit(TABLE[:n], y).predict(TABLE), net.predict(TABLE))


def test_with_lbfgs_the_mini_batch_has_all_rows():
    net = PlainRegressor(solver="lbfgs", early_stopping="auto").fit(X, Y)
    assert (net.batch_size_, net.early_stopping_, net.dropout_) == (len(X), False, 0.0)


def test_changing_an_attribute_does_not_change_the_estimator():
    net = MLPRegressorScratch(width=4, depth=1, dropout=[0.5], max_iter=2).fit(X, Y)
    net.dropout_[0] = 0.9
    assert net.summary() == net.summary()
    assert net.partial_fit(X, Y).dropout_ == [0.5]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"max_iter": 3}, "max_iter"),
        ({"tol": 1e9, "n_iter_no_change": 2}, "n_iter_no_change"),
        ({"solver": "lbfgs", "max_iter": 2}, "max_iter"),
        ({"solver": "lbfgs", "max_fun": 3}, "max_fun"),
        ({"solver": "lbfgs", "tol": 1e9}, "converged"),
    ],
    ids=str,
)
@BOTH
def test_why_training_ended(Estimator, parameters, reason):
    small = {name: value for name, value in SMALL.items() if name != "batch_size"}
    net = Estimator(**small | {"max_iter": 8} | parameters).fit(X, target(Estimator))
    assert net.stopping_reason_ == reason
    assert pickle.loads(pickle.dumps(net)).stopping_reason_ == reason


def test_a_diverging_fit_whose_best_weights_are_kept():
    net = PlainRegressor(
        depth=0, early_stopping=True, solver="sgd", momentum=0.0, learning_rate_init=30.0, n_iter_no_change=np.inf,
        max_iter=2000, random_state=0,
    )  # fmt: skip
    assert net.fit(X, Y).stopping_reason_ == "divergence"
    assert "no longer finite" in net.summary()


@pytest.mark.filterwarnings("ignore:Training interrupted")
def test_interrupted():
    def interrupt(estimator, X, y):
        raise KeyboardInterrupt

    net = PlainRegressor(early_stopping=True, scoring=interrupt, **SMALL).fit(X, Y)
    assert net.stopping_reason_ == "interrupt"


def test_partial_fit_and_later_calls():
    net = PlainClassifier(**SMALL).partial_fit(X, CLASSES, classes=[0, 1, 2])
    assert net.stopping_reason_ == "partial_fit"
    net.set_params(warm_start=True).fit(X, CLASSES)
    assert net.stopping_reason_ == "max_iter"
    assert net.partial_fit(X, CLASSES, WEIGHTS).stopping_reason_ == "partial_fit"


@needs_callbacks
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback(solver):
    recorder = Recorder(stop_after=2)
    small = {name: value for name, value in SMALL.items() if name != "batch_size"}
    net = PlainRegressor(solver=solver, **small).set_callbacks(recorder).fit(X, Y)
    assert net.stopping_reason_ == "callback"
    assert net.n_iter_ == 2
    assert [model.stopping_reason_ for model in recorder.epochs] == [None, None]


@pytest.mark.parametrize("changes", [{"max_iter": 3}, {"tol": 1e9, "n_iter_no_change": 2}], ids=str)
def test_a_checkpoint_of_a_complete_fit_contains_the_reason(tmp_path, changes):
    net, path = MLPRegressorScratch(**SMALL | changes), tmp_path / "checkpoint"
    net.fit(X, Y, checkpoint=path)
    assert sknet.load(path).stopping_reason_ == net.stopping_reason_ == [*changes][-1]
    again = MLPRegressorScratch(**SMALL | changes).fit(X, Y, checkpoint=path)
    assert again.summary() == net.summary()
