"""The estimators in scikit-learn's inspection (importance and dependence), and how they are shown in HTML and text."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from quick_nets import regressor, wine_fixture  # noqa: F401
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

from sknet import MLPClassifierScratch, MLPRegressorScratch

# The networks train for a few epochs, to be fast. They need not converge.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_permutation_importance_finds_the_columns_that_matter():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y = 3.0 * X[:, 0] + np.abs(X[:, 2])
    net = regressor(max_iter=100).fit(X, y)
    importance = permutation_importance(net, X, y, n_repeats=3, random_state=0).importances_mean
    assert importance.argsort()[::-1][:2].tolist() == [0, 2]
    assert abs(importance[[1, 3]]).max() < 0.05


def test_partial_dependence_has_the_slope():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    net = regressor(depth=0, solver="lbfgs", alpha=0.0).fit(X, 3.0 * X[:, 0] - X[:, 1])
    result = partial_dependence(net, X, [0], kind="average", grid_resolution=5)
    grid = result["grid_values"][0]
    assert_allclose(np.diff(result["average"][0]) / np.diff(grid), 3.0, rtol=1e-3)


@pytest.mark.parametrize("kind", [MLPClassifierScratch, MLPRegressorScratch])
def test_html_and_text_representation(kind, wine):
    net = kind(depth=3, max_iter=2)
    assert repr(net) == f"{kind.__name__}(depth=3, max_iter=2)"
    pipeline = make_pipeline(StandardScaler(), net)
    assert "Not fitted" in estimator_html_repr(pipeline)
    page = estimator_html_repr(pipeline.fit(*wine))
    assert kind.__name__ in page
    assert "depth" in page
    assert "Not fitted" not in page
