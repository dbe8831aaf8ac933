"""A warm start goes on bit for bit, whatever is trained, and refuses another architecture or loss."""

import pickle

import pytest
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from plain_fits import BOTH, SMALL, VAL, WEIGHTS, X_TRAIN, X_VAL, X, Y, fitted, outputs, target

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
    with pytest.raises(ValueError, match=r"the parameters now ask for .*Set warm_start=False"):
        getattr(mlp.set_params(**change), method)(X, Y)
    plain = PlainRegressor(**SMALL)
    mlp.set_params(**{name: getattr(plain, name) for name in change})
    assert_array_equal(mlp.predict(X), before)


@pytest.mark.parametrize(
    ("loss", "change"),
    [("quantile", {"quantile": 0.4}), ("quantile", {"quantile": (0.1, 0.5)}), ("huber", {"huber_delta": 0.5})],
)
def test_another_loss_is_an_error_that_tells_the_two_apart(loss, change):
    mlp = fitted(PlainRegressor, loss=loss, warm_start=True).set_params(**change)
    with pytest.raises(ValueError, match="the parameters now ask for") as caught:
        mlp.fit(X, Y)
    was, now = str(caught.value).split(", but the parameters now ask for ")
    assert was.split("that was fitted, ")[1] != now.split(". Set warm_start")[0]


def test_parameters_of_training_may_change():
    mlp = fitted(PlainRegressor, warm_start=True)
    changes = {"alpha": 0.1, "weight_decay": 0.1, "max_grad_norm": 1.0, "learning_rate": "cosine", "solver": "rmsprop"}
    assert mlp.set_params(**changes).fit(X, Y).n_iter_ == 8
    assert len(mlp.loss_curve_) == 16
