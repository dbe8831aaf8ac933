"""Better than scikit-learn: training whose loss is not finite stops at once and keeps an earlier model."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainRegressor
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.neural_network import MLPRegressor
from thirteen_points import as_of_1_9, make_data

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DIVERGES = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 30.0, "n_iter_no_change": np.inf, "max_iter": 2000}


def test_point_03_a_diverging_fit_stops_at_once_and_says_what_to_try(capsys):
    X, y = make_data()
    mlp = PlainRegressor(depth=0, verbose=True, random_state=0, **DIVERGES)
    with pytest.raises(ValueError, match=r"in epoch \d+\..*smaller `learning_rate_init`") as caught:
        mlp.fit(X, y)
    epoch = int(re.search(r"epoch (\d+)", str(caught.value))[1])
    assert capsys.readouterr().out.count("Iteration") == epoch < 1000
    with pytest.raises(NotFittedError):
        mlp.predict(X)


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_point_03_a_failed_fit_changes_nothing(solver):
    X, y = make_data()
    parameters = {"standardize": False, "random_state": 0, "max_iter": 5}
    mlp = PlainRegressor(solver=solver, **parameters).fit(X, y)
    before, expected = dict(vars(mlp)), mlp.predict(X)
    with pytest.raises(ValueError, match=r"loss of (nan|inf)"):
        mlp.fit(X * 1e200, y * 1e200)
    assert all(vars(mlp)[name] is value for name, value in before.items())
    assert vars(mlp).keys() == before.keys()
    assert_array_equal(mlp.predict(X), expected)
    with pytest.raises(ValueError, match=r"loss of (nan|inf)"):
        clone(mlp).fit(X * 1e200, y * 1e200).predict(X)


def test_point_03_with_validation_the_best_weights_are_kept():
    X, y = make_data()
    mlp = PlainRegressor(depth=0, early_stopping=True, random_state=0, **DIVERGES)
    with pytest.warns(
        ConvergenceWarning, match="best validation score are kept.*smaller `learning_rate_init`"
    ) as caught:
        mlp.fit(X, y)
    assert len(caught) == 1
    epoch = int(re.search(r"epoch (\d+)", str(caught[0].message))[1])
    assert mlp.n_iter_ == len(mlp.validation_scores_) == epoch < 1000
    assert np.isfinite(mlp.predict(X)).all()
    finite = [score for score in mlp.validation_scores_ if np.isfinite(score)]
    assert mlp.best_validation_score_ == max(finite) > finite[-1]
    short = PlainRegressor(depth=0, early_stopping=True, random_state=0, **DIVERGES | {"max_iter": 1}).fit(X, y)
    assert_allclose(mlp.predict(X), short.predict(X), rtol=1e-12)  # the first epoch was the best


def test_point_03_scores_may_overflow_before_the_loss_does():
    """The loss of an epoch is computed before its last step, and the score after it."""
    X, y = make_data()
    parameters = DIVERGES | {"activation": "identity", "learning_rate_init": 0.5, "batch_size": 80, "width": 20}
    overflowed_first = []
    for seed in range(5):
        mlp = PlainRegressor(depth=2, early_stopping=True, random_state=seed, **parameters)
        with pytest.warns(ConvergenceWarning, match="best validation score are kept"):
            mlp.fit(X, y)
        assert np.isfinite(mlp.predict(X)).all()
        assert not np.isfinite(mlp.validation_scores_[-1])
        assert np.isfinite(mlp.best_validation_score_)
        overflowed_first.append(not np.isfinite(mlp.validation_scores_[-2]))
    assert any(overflowed_first)


@pytest.mark.parametrize(
    "parameters", [{"solver": "sgd", "momentum": 0.0}, {"solver": "sgd", "momentum": 0.9}, {"solver": "adam"}], ids=str
)
@pytest.mark.parametrize("how", ["warm start", "partial_fit"])
def test_point_03_training_can_continue_from_the_best_weights(how, parameters):
    """The learning rate is smaller, as the warning says. The moments before the error must not be used again."""
    X, y = make_data()
    mlp = PlainRegressor(early_stopping=True, warm_start=True, max_iter=5, width=5, random_state=0, **parameters)
    mlp.fit(X, y).set_params(learning_rate_init=1e200)
    with pytest.warns(ConvergenceWarning, match="best validation score are kept"):
        mlp.fit(X, y)
    best = mlp.best_validation_score_
    mlp.set_params(learning_rate_init=1e-12, max_iter=1)
    (mlp.fit if how == "warm start" else mlp.partial_fit)(X, y)
    assert mlp.validation_scores_[-1] == pytest.approx(best, abs=1e-6)


@as_of_1_9
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_point_03_sklearn_continues_and_keeps_weights_that_are_not_finite():
    X, y = make_data()
    mlp = MLPRegressor(hidden_layer_sizes=(), random_state=0, **DIVERGES | {"max_iter": 1000})
    with pytest.raises(ValueError, match="non-finite"):
        mlp.fit(X, y)
    assert len(mlp.loss_curve_) == 1000
    assert np.isnan(mlp.loss_curve_[-1])
    assert np.isnan(mlp.predict(X)).all()
