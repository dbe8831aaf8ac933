"""Better than scikit-learn: L-BFGS warns of parameters that it cannot use, and reports its losses."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.neural_network import MLPRegressor
from thirteen_points import BOTH, as_of_1_9, make_data, make_labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# 9. A parameter that would change the model is never ignored without a warning


@BOTH
def test_point_09_lbfgs_with_early_stopping_warns_and_fits_without(Estimator):
    X, y = make_data()
    y = make_labels(Estimator, y)
    mlp = Estimator(solver="lbfgs", random_state=0, max_iter=5)
    other = clone(mlp).set_params(early_stopping=True)
    with pytest.warns(
        UserWarning, match=r"`early_stopping=True` has no effect: .*'lbfgs'.* Use another solver"
    ) as seen:
        other.fit(X, y)
    assert sum("no effect" in str(warning.message) for warning in seen) == 1
    for W, expected in zip(other.coefs_, mlp.fit(X, y).coefs_, strict=True):
        assert_array_equal(W, expected)
    assert other.validation_scores_ is None


@BOTH
def test_point_09_lbfgs_with_batch_normalization_raises(Estimator):
    """It cannot be left out, because it is a part of the network."""
    X, y = make_data()
    with pytest.raises(ValueError, match=r"`normalization='batch'`.*'lbfgs' does not.*solver='adam'"):
        Estimator(solver="lbfgs", normalization="batch").fit(X, make_labels(Estimator, y))


@BOTH
def test_point_09_lbfgs_ignores_step_sizes_without_a_warning(Estimator):
    X, y = make_data()
    y = make_labels(Estimator, y)
    mlp = Estimator(solver="lbfgs", random_state=0, max_iter=5).fit(X, y)
    other = clone(mlp).set_params(
        learning_rate_init=7.0, learning_rate="adaptive", batch_size=3, momentum=0.1, beta_1=0.5, n_iter_no_change=1
    )
    assert_array_equal(other.fit(X, y).coefs_[0], mlp.coefs_[0])


@as_of_1_9
def test_point_09_sklearn_ignores_early_stopping():
    X, y = make_data()
    mlp = MLPRegressor(solver="lbfgs", early_stopping=True, max_iter=5).fit(X, y)
    assert getattr(mlp, "validation_scores_", None) is None


# 11. L-BFGS reports its losses


@pytest.mark.parametrize("verbose", [False, True, 2])
@BOTH
def test_point_11_lbfgs_fills_the_loss_curve_and_prints(capsys, Estimator, verbose):
    X, y = make_data()
    mlp = Estimator(solver="lbfgs", max_iter=15, verbose=verbose, random_state=0).fit(X, make_labels(Estimator, y))
    assert len(mlp.loss_curve_) == len(mlp.penalty_curve_) == len(mlp.learning_rate_curve_) == mlp.n_iter_ > 1
    assert (np.diff(mlp.loss_curve_) < 0).all()
    assert mlp.loss_ == mlp.best_loss_ == mlp.loss_curve_[-1]
    lines = capsys.readouterr().out.splitlines()
    details = lines[1::2] if verbose == 2 else []  # a line with details after each
    iterations = lines[::2] if verbose == 2 else lines
    assert len(iterations) == (mlp.n_iter_ if verbose else 0)
    assert iterations == [f"Iteration {i + 1}, loss = {mlp.loss_curve_[i]:.8f}" for i in range(len(iterations))]
    assert len(details) == (mlp.n_iter_ if verbose == 2 else 0)
    assert all(re.fullmatch(r" +\d+\.\d s", line) for line in details)


@as_of_1_9
def test_point_11_sklearn_has_no_curve():
    X, y = make_data()
    assert not hasattr(MLPRegressor(solver="lbfgs", max_iter=5).fit(X, y), "loss_curve_")
