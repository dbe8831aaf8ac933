"""The common part of both estimators: fitted attributes, curves of training, names of columns, and subclasses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scaled_data import BOTH, CLF, REG, SMALL, N, X, outputs, target
from sklearn.base import clone

from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    ("parameters", "sizes"),
    [
        ({}, [100]),
        ({"depth": 3, "width": 5}, [5, 5, 5]),
        ({"depth": 0}, []),
        ({"hidden_layer_sizes": 7}, [7]),
        ({"hidden_layer_sizes": np.int64(7)}, [7]),
        ({"hidden_layer_sizes": (3, 9, 4), "depth": 1, "width": 2}, [3, 9, 4]),
        ({"hidden_layer_sizes": []}, []),
        ({"hidden_layer_sizes": np.array([2, 3])}, [2, 3]),
        ({"hidden_layer_sizes": range(4, 6)}, [4, 5]),
        ({"depth": 2, "width": np.int32(3)}, [3, 3]),
    ],
    ids=str,
)
@BOTH
def test_attributes_of_sizes(Estimator, parameters, sizes):
    mlp = Estimator(max_iter=1, **parameters).fit(X, target(Estimator))
    k = 3 if Estimator is CLF else 1
    shapes = list(zip([4, *sizes], [*sizes, k], strict=True))
    assert [W.shape for W in mlp.coefs_] == shapes
    assert mlp.depth_ == len(sizes)
    assert mlp.width_ == max(sizes, default=0)
    assert mlp.n_layers_ == len(sizes) + 2
    assert mlp.n_outputs_ == k
    assert mlp.n_parameters_ == sum(a.size for a in mlp.coefs_ + mlp.intercepts_)
    assert mlp.n_features_in_ == 4


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@BOTH
def test_curves(Estimator, solver, early_stopping):
    y = target(Estimator)
    mlp = Estimator(solver=solver, early_stopping=early_stopping, **SMALL).fit(X, y)
    assert mlp.n_iter_ == 8
    rows = N - 12 if early_stopping else N
    assert mlp.t_ == 8 * rows
    for curve in (mlp.loss_curve_, mlp.penalty_curve_, mlp.learning_rate_curve_):
        assert isinstance(curve, list)
        assert len(curve) == 8
        assert all(isinstance(value, float) for value in curve)
    assert mlp.loss_ == mlp.loss_curve_[-1]
    if early_stopping:
        assert mlp.best_loss_ is None
        assert len(mlp.validation_scores_) == 8
        assert mlp.best_validation_score_ == max(mlp.validation_scores_)
    else:
        assert mlp.best_loss_ == min(mlp.loss_curve_)
        assert mlp.validation_scores_ is None
        assert mlp.best_validation_score_ is None
    mlp.partial_fit(X, y)
    assert mlp.n_iter_ == len(mlp.loss_curve_) == 9
    assert mlp.t_ == 9 * rows


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_learning_rate_curve(solver):
    parameters = SMALL | {"solver": solver, "learning_rate_init": 0.02}
    constant = REG(**parameters).fit(X, target(REG))
    assert_array_equal(constant.learning_rate_curve_, [0.02] * 8)
    scaling = REG(learning_rate="invscaling", power_t=0.3, **parameters).fit(X, target(REG))
    t = N * np.arange(8)
    assert_allclose(scaling.learning_rate_curve_, 0.02 / (t + 1) ** 0.3, rtol=1e-14)
    adaptive = REG(learning_rate="adaptive", n_iter_no_change=2, tol=1e9, **parameters).fit(X, target(REG))
    # The first epoch is not compared with another.
    assert_allclose(adaptive.learning_rate_curve_, 0.02 / 5.0 ** np.array([0, 0, 0, 1, 1, 2, 2, 3]), rtol=1e-14)


def test_adaptive_training_ends_when_the_learning_rate_is_tiny():
    mlp = REG(learning_rate="adaptive", n_iter_no_change=1, tol=1e9, width=3).fit(X, target(REG))
    # 0.001 / 5^5 = 3.2e-7 is the first learning rate below 1e-6.
    assert_allclose(mlp.learning_rate_curve_, 0.001 / 5.0 ** np.array([0, 0, 1, 2, 3, 4, 5]), rtol=1e-14)


@BOTH
def test_learning_rates_of_lbfgs_are_nan(Estimator):
    mlp = Estimator(solver="lbfgs", **SMALL).fit(X, target(Estimator))
    assert np.isnan(mlp.learning_rate_curve_).all()
    assert mlp.t_ == 0


@BOTH
def test_feature_names(Estimator):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"))
    mlp = Estimator(early_stopping=True, **SMALL).fit(frame, target(Estimator))  # scoring gives no warning
    assert_array_equal(mlp.feature_names_in_, list("abcd"))
    # The columns of a frame are contiguous, so sums have another order and other rounding errors.
    assert_allclose(outputs(mlp, frame), outputs(mlp.fit(X, target(Estimator)), X), rtol=1e-11)
    assert not hasattr(mlp, "feature_names_in_")
    mlp.fit(frame, target(Estimator))
    with pytest.raises(ValueError, match="feature names"):
        mlp.predict(frame[list("dcba")])


@BOTH
def test_polars_frames(Estimator):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(X, schema=list("abcd"))
    mlp = Estimator(**SMALL).fit(frame, pl.Series(target(Estimator)))
    assert_array_equal(mlp.feature_names_in_, list("abcd"))
    assert_allclose(outputs(mlp, frame), outputs(Estimator(**SMALL).fit(X, target(Estimator)), X), rtol=1e-11)


# Subclasses

OURS = MLPClassifierScratch, MLPRegressorScratch
DOCUMENTED = pytest.mark.parametrize("Estimator", OURS)


@DOCUMENTED
def test_a_subclass_may_add_a_parameter(Estimator):
    """Parameters without a rule are not checked, as in scikit-learn's estimators."""

    class Extended(Estimator):
        def __init__(self, width=5, max_iter=3, extra="anything"):
            super().__init__(width=width, max_iter=max_iter)
            self.extra = extra

    mlp = Extended().fit(X, target(Estimator))
    assert mlp.width_ == 5
    assert clone(mlp).set_params(width=4).fit(X, target(Estimator)).width_ == 4


@DOCUMENTED
def test_a_subclass_may_fix_parameters(Estimator):
    """Other parameters keep the values that the parent's ``__init__`` sets."""

    class Narrow(Estimator):
        def __init__(self, max_iter=3):
            super().__init__(width=5, max_iter=max_iter, random_state=0)

    mlp = Narrow().fit(X, target(Estimator))
    assert mlp.width_ == 5
    assert_array_equal(
        mlp.coefs_[0], Estimator(width=5, max_iter=3, random_state=0).fit(X, target(Estimator)).coefs_[0]
    )


@BOTH
def test_the_error_of_a_missing_attribute_says_why_it_does_not_exist(Estimator):
    mlp = Estimator(solver="lbfgs")
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as caught:
        mlp.partial_fit  # noqa: B018
    assert "Use solver='adam' or 'sgd'" in str(caught.value.__cause__)
    with pytest.raises(AttributeError, match=f"'{Estimator.__name__}' object has no attribute 'nothing'"):
        mlp.nothing  # noqa: B018
