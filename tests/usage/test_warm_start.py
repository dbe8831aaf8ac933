"""A warm start continues bit for bit, for all kinds of training; another architecture or loss is an error."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from plain_fits import BOTH, SMALL, VAL, WEIGHTS, X_TRAIN, X_VAL, X, Y, differs, fitted, outputs, target

from sknet import MLPClassifierScratch, MLPRegressorScratch
from sknet.schedules import Adaptive, Constant, Cosine, Exponential, InverseScaling, LogCosine, OneCycle, Warmup

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

WARM = {
    "dropout": {"dropout": 0.3},
    "batch normalization": {"normalization": "batch"},
    "layer normalization": {"normalization": "layer"},
    "weight decay": {"weight_decay": 0.1, "max_grad_norm": 0.5},
    "rmsprop": {"solver": "rmsprop"},
    "adagrad": {"solver": "adagrad"},
    "exponential": {"learning_rate": "exponential", "solver": "sgd"},
    "adaptive": {"learning_rate": "adaptive", "n_iter_no_change": 4, "tol": 0.02},
    "early stopping": {"early_stopping": True, "scoring": "loss"},
    "loss": {"loss": "quantile", "quantile": (0.1, 0.9)},
    "all": {"dropout": (0.3, 0.1), "normalization": "batch", "weight_decay": 0.1, "max_grad_norm": 0.5, "depth": 2,
            "solver": "rmsprop", "early_stopping": True, "learning_rate": "invscaling"},
}  # fmt: skip


@pytest.mark.parametrize("own", [False, True], ids=["", "validation set"])
@pytest.mark.parametrize("pickled", [False, True], ids=["", "pickled"])
@pytest.mark.parametrize("name", WARM)
@BOTH
def test_ten_and_twenty_epochs_are_thirty_bit_for_bit(Estimator, name, pickled, own):
    changes = {"n_iter_no_change": 100} | WARM[name]
    if Estimator is PlainClassifier and "loss" in changes:
        changes = {"n_iter_no_change": 100, "label_smoothing": 0.1, "class_weight": "balanced"}
    y = target(Estimator)
    more = {"X_val": X_VAL, "y_val": y[VAL]} if own else {}
    data = X_TRAIN, y[~VAL], WEIGHTS[~VAL]
    thirty = Estimator(**SMALL | changes | {"max_iter": 30}).fit(*data, **more)
    parts = Estimator(warm_start=True, **SMALL | changes | {"max_iter": 10}).fit(*data, **more)
    if pickled:
        parts = pickle.loads(pickle.dumps(parts))
    parts.set_params(max_iter=20).fit(*data, **more)
    assert parts.n_iter_ == 20
    for curve in (
        "loss_curve_",
        "penalty_curve_",
        "learning_rate_curve_",
        "validation_scores_",
        "validation_loss_curve_",
    ):
        assert getattr(parts, curve) == getattr(thirty, curve)
    assert_array_equal(outputs(parts), outputs(thirty))
    assert parts.t_ == thirty.t_


@pytest.mark.parametrize(
    "change",
    [
        {"dropout": 0.1}, {"normalization": "batch"}, {"normalization": "layer"}, {"loss": "huber"}, {"width": 7},
        {"depth": 2},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_another_architecture_is_an_error(method, change):
    mlp = fitted(PlainRegressor, warm_start=True)
    before = mlp.predict(X)
    with pytest.raises(ValueError, match=r"the parameters now describe .*Set warm_start=False"):
        getattr(mlp.set_params(**change), method)(X, Y)
    plain = PlainRegressor(**SMALL)
    mlp.set_params(**{name: getattr(plain, name) for name in change})
    assert_array_equal(mlp.predict(X), before)


@pytest.mark.parametrize(
    ("loss", "change"),
    [("quantile", {"quantile": 0.4}), ("quantile", {"quantile": (0.1, 0.5)}), ("huber", {"huber_delta": 0.5})],
)
def test_the_error_of_another_loss_names_both_losses(loss, change):
    mlp = fitted(PlainRegressor, loss=loss, warm_start=True).set_params(**change)
    with pytest.raises(ValueError, match="the parameters now describe") as caught:
        mlp.fit(X, Y)
    was, now = str(caught.value).split(", but the parameters now describe ")
    assert was.split("that was fitted, ")[1] != now.split(". Set warm_start")[0]


def test_parameters_of_training_may_change():
    mlp = fitted(PlainRegressor, warm_start=True)
    changes = {"alpha": 0.1, "weight_decay": 0.1, "max_grad_norm": 1.0, "learning_rate": "cosine", "solver": "rmsprop"}
    assert mlp.set_params(**changes).fit(X, Y).n_iter_ == 8
    assert len(mlp.loss_curve_) == 16


WITHOUT_HORIZON = ["constant", "invscaling", "adaptive", "exponential", Constant(), InverseScaling(0.1), Adaptive(2.0),
                   Exponential(0.8)]  # fmt: skip
WITH_HORIZON = ["cosine", "one_cycle", "multi_cycle", "warmup_cosine", Cosine(0.1), OneCycle(rise=0.5), LogCosine(2),
                Warmup(Constant(), 0.5)]  # fmt: skip
TABLE = np.random.default_rng(0).standard_normal((400, 4))


def in_one_and_in_two(Estimator, rows, y, first, then, **changes):
    """Return a fit of ``first + then`` epochs, and one of ``first`` epochs that continues with ``then``."""
    parameters = {"width": 6, "random_state": 0, "n_iter_no_change": 100} | changes
    one = Estimator(**parameters, max_iter=first + then).fit(rows, y)
    two = Estimator(**parameters, max_iter=first, warm_start=True).fit(rows, y)
    return one, two.set_params(max_iter=then).fit(rows, y)


@pytest.mark.parametrize("learning_rate", WITHOUT_HORIZON, ids=str)
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_two_fits_equal_one_with_a_schedule_that_has_no_horizon(Estimator, learning_rate):
    """This also holds with members, averages and float32, as for tables."""
    y = (TABLE[:, 0] > 0).astype(int)
    one, two = in_one_and_in_two(Estimator, TABLE, y, 2, 3, learning_rate=learning_rate)
    assert one.n_members_ > 1
    assert two.learning_rate_curve_ == one.learning_rate_curve_
    assert_array_equal(outputs(two, TABLE), outputs(one, TABLE))


@pytest.mark.parametrize("learning_rate", WITH_HORIZON, ids=str)
def test_schedules_with_a_horizon_run_from_beginning_to_end_in_each_call(learning_rate):
    one, two = in_one_and_in_two(PlainRegressor, X, Y, 4, 6, learning_rate=learning_rate, batch_size=25)
    alone = PlainRegressor(width=6, max_iter=6, learning_rate=learning_rate, batch_size=25).fit(X, Y)
    assert two.learning_rate_curve_[4:] == alone.learning_rate_curve_
    assert two.learning_rate_curve_ != one.learning_rate_curve_
    assert differs(one, two)


def test_the_default_schedule_has_a_horizon():
    one, two = in_one_and_in_two(MLPRegressorScratch, TABLE, TABLE[:, 0], 3, 3)
    assert two.learning_rate_curve_[3] == two.learning_rate_curve_[0] > one.learning_rate_curve_[3]


def test_lbfgs_estimates_the_curvature_again():
    one, two = in_one_and_in_two(PlainRegressor, X, Y, 10, 20, solver="lbfgs", tol=1e-10)
    assert len(one.loss_curve_) == len(two.loss_curve_) == 30
    assert two.loss_curve_[:10] == one.loss_curve_[:10]
    assert two.loss_curve_[11] != one.loss_curve_[11]


def test_after_a_call_that_stopped_early_more_epochs_follow():
    one, two = in_one_and_in_two(PlainRegressor, X, Y, 10, 20, n_iter_no_change=2, tol=1e9, learning_rate="constant")
    assert (len(one.loss_curve_), len(two.loss_curve_)) == (3, 5)


def test_the_patience_begins_again_in_each_call():
    """So an adaptive learning rate falls later: after ten epochs without improvement within one call."""
    one, two = in_one_and_in_two(
        PlainClassifier, X, target(PlainClassifier), 8, 8, n_iter_no_change="auto", tol=1e9, learning_rate="adaptive"
    )
    assert one.learning_rate_curve_[:11] == two.learning_rate_curve_[:11]
    assert two.learning_rate_curve_[15] == two.learning_rate_curve_[0] > one.learning_rate_curve_[15]
