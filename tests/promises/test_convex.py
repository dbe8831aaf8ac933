"""Without depth the loss is convex and has one minimum: L-BFGS finds that of scikit-learn's linear models.

Our loss is the mean over rows plus the penalty ``alpha / (2 n) |W|^2``, where n is the number of rows or the sum of
their weights. So ``alpha`` is ``1 / C`` of LogisticRegression, the ``alpha`` of Ridge for one output, and n times the
``alpha`` of a generalized linear model, which does not divide it by n.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, Ridge
from sklearn.preprocessing import StandardScaler

from sknet import MLPClassifierScratch, MLPRegressorScratch

# With such a small tolerance, rounding errors may end the line search early, with a warning. Only the weights matter.
pytestmark = pytest.mark.filterwarnings("ignore:lbfgs failed to converge.*ABNORMAL")

LINEAR = {"depth": 0, "solver": "lbfgs", "standardize": False, "tol": 1e-9, "max_iter": 10_000, "max_fun": 100_000}
GLM = LINEAR | {"tol": 1e-7}  # their deviance has larger rounding errors, from which a line search must see it fall
TIGHT = {"rtol": 1e-4, "atol": 1e-4}
weighted = pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weights"])


def data(load, classes=None):
    X, y = load(return_X_y=True)
    if classes is not None:
        X, y = X[y < classes], y[y < classes]
    return StandardScaler().fit_transform(X), y


def weights_for(y, weighted):
    return np.random.default_rng(0).uniform(0.1, 3.0, len(y)) if weighted else None


def assert_same_model(ours, theirs):
    coef, intercept = np.atleast_2d(theirs.coef_), np.ravel(theirs.intercept_)
    assert_allclose(ours.coefs_[0].T, coef, **TIGHT)
    assert_allclose(ours.intercepts_[0], intercept, **TIGHT)


@weighted
@pytest.mark.parametrize("C", [0.01, 1.0])
@pytest.mark.parametrize(("load", "classes"), [(load_breast_cancer, None), (load_iris, 2), (load_digits, 2)])
def test_two_classes_are_logistic_regression(load, classes, C, weighted):
    X, y = data(load, classes)
    w = weights_for(y, weighted)
    theirs = LogisticRegression(C=C, tol=1e-9, max_iter=20_000).fit(X, y, w)
    ours = MLPClassifierScratch(alpha=1.0 / C, **LINEAR).fit(X, y, w)
    assert_same_model(ours, theirs)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@weighted
@pytest.mark.parametrize("C", [0.01, 1.0])
@pytest.mark.parametrize("load", [load_iris, load_wine, load_digits])
def test_several_classes_are_multinomial_logistic_regression(load, C, weighted):
    """The same number added to all intercepts changes nothing, so only their differences are compared."""
    X, y = data(load)
    w = weights_for(y, weighted)
    theirs = LogisticRegression(C=C, tol=1e-9, max_iter=20_000).fit(X, y, w)
    ours = MLPClassifierScratch(alpha=1.0 / C, **LINEAR).fit(X, y, w)
    assert_allclose(ours.coefs_[0].T, theirs.coef_, **TIGHT)
    ours_b, theirs_b = ours.intercepts_[0], theirs.intercept_
    assert_allclose(ours_b - ours_b.mean(), theirs_b - theirs_b.mean(), **TIGHT)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@weighted
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("alpha", [0.1, 100.0])
def test_squared_error_is_ridge_regression(alpha, kind, weighted):
    X, y = data(load_diabetes)
    y = y / y.std()
    w = weights_for(y, weighted)
    theirs = Ridge(alpha=alpha, solver="cholesky").fit(X, y, w)
    assert_same_model(MLPRegressorScratch(alpha=alpha, **LINEAR).fit(kind(X), y, w), theirs)


@weighted
def test_several_outputs_are_ridge_regression(weighted):
    """The loss is a mean over outputs, so the penalty is larger by a factor of the number of outputs."""
    X, y = data(load_diabetes)
    Y, w = np.column_stack([y / y.std(), X[:, 0] - X[:, 3], -y / y.std()]), weights_for(y, weighted)
    theirs = Ridge(alpha=3 * 5.0, solver="cholesky").fit(X, Y, w)
    assert_same_model(MLPRegressorScratch(alpha=5.0, **LINEAR).fit(X, Y, w), theirs)


@weighted
@pytest.mark.parametrize("alpha", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(("loss", "Theirs"), [("poisson", PoissonRegressor), ("gamma", GammaRegressor)])
def test_log_links_are_generalized_linear_models(loss, Theirs, alpha, weighted):
    X, y = data(load_diabetes)
    y = y / 50.0 if loss == "gamma" else np.floor(y / 25.0)
    w = weights_for(y, weighted)
    theirs = Theirs(alpha=alpha, tol=1e-10, max_iter=20_000).fit(X, y, w)
    total = len(y) if w is None else w.sum()
    assert_same_model(MLPRegressorScratch(loss, alpha=alpha * total, **GLM).fit(X, y, w), theirs)
