"""Better than scikit-learn: ``partial_fit`` shuffles and counts all epochs; a warm start keeps its architecture."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from sklearn.neural_network import MLPRegressor
from thirteen_points import (
    BOTH,
    WITNESSED,
    as_of_1_9,
    make_data,
    make_labels,
    numbered,
    witness_fixture,  # noqa: F401
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# 7. partial_fit


@BOTH
def test_point_07_partial_fit_draws_a_new_order_and_continues_to_count(witness, Estimator):
    X, y = make_data()
    X, y = numbered(X), make_labels(Estimator, y)
    mlp = Estimator(**WITNESSED)
    classes = {"classes": [0, 1]} if Estimator is PlainClassifier else {}
    for call in range(1, 5):
        mlp.partial_fit(X, y, **classes)
        assert mlp.n_iter_ == call == len(mlp.loss_curve_)
        assert mlp.t_ == call * len(X)
    orders = [fit[0] for fit in witness.orders]
    assert all(sorted(order) == list(range(len(X))) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert list(range(len(X))) not in orders


@BOTH
def test_point_07_lbfgs_has_no_partial_fit(Estimator):
    assert hasattr(Estimator(), "partial_fit")
    mlp = Estimator(solver="lbfgs")
    assert not hasattr(mlp, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        mlp.partial_fit  # noqa: B018


@as_of_1_9
def test_point_07_sklearn_does_not_continue_to_count():
    X, y = make_data()
    mlp = MLPRegressor(random_state=0).partial_fit(X, y).partial_fit(X, y)
    assert mlp.n_iter_ == 1
    assert len(mlp.loss_curve_) == 2


# 10. warm_start with another architecture


@pytest.mark.parametrize(
    "change",
    [
        {"width": 6},
        {"depth": 2},
        {"depth": 0},
        {"hidden_layer_sizes": (4,)},
        {"hidden_layer_sizes": (5, 5)},
        {"activation": "tanh"},
        {"activation": ["logistic"]},
        {"loss": "poisson"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@BOTH
def test_point_10_a_changed_architecture_raises(Estimator, method, change):
    if "loss" in change and Estimator is PlainClassifier:
        return
    X, y = make_data()
    y = np.abs(make_labels(Estimator, y))
    mlp = Estimator(warm_start=True, width=5, max_iter=2).fit(X, y)
    expected = mlp.predict(X)
    value = next(iter(change.values()))
    with pytest.raises(ValueError, match="warm_start") as caught:
        getattr(mlp.set_params(**change), method)(X, y)
    assert_array_equal(mlp.predict(X), expected)
    if isinstance(value, str):
        assert value in str(caught.value)  # the message names the new network


def test_point_10_the_same_architecture_in_other_parameters_is_allowed():
    X, y = make_data()
    mlp = PlainRegressor(warm_start=True, width=5, activation="logistic", max_iter=2).fit(X, y)
    mlp.set_params(hidden_layer_sizes=(5,), width=99, depth=7, activation=["sigmoid"]).fit(X, y)
    assert len(mlp.loss_curve_) == 4


@as_of_1_9
def test_point_10_sklearn_ignores_the_change():
    X, y = make_data()
    mlp = MLPRegressor(hidden_layer_sizes=(5,), warm_start=True, max_iter=2).fit(X, y)
    assert mlp.set_params(hidden_layer_sizes=(9,)).fit(X, y).coefs_[0].shape == (4, 5)
