"""The network in an estimator, and the names and weights that displays show."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sknet import MLPClassifierScratch, MLPRegressorScratch
from sknet.displays.subject import comparable_weights, input_names, network_estimator, output_names, quantiles

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 3)) * [1.0, 100.0, 0.01] + [0.0, 5.0, 0.0]
Y = X @ [[1.0, 30.0], [0.02, 0.1], [100.0, 9.0]] + rng.standard_normal((60, 2))
label = (Y[:, 0] > 0).astype(int)
LINEAR = {"depth": 0, "solver": "lbfgs", "tol": 1e-6, "max_iter": 500, "random_state": 0}


def test_networks_are_found_in_pipelines_and_searches():
    net = MLPClassifierScratch(**LINEAR)
    pipeline = make_pipeline(StandardScaler(), net).fit(X, label)
    assert network_estimator(pipeline, "D") is net
    search = GridSearchCV(make_pipeline(StandardScaler(), MLPClassifierScratch(**LINEAR)), {}, cv=2).fit(X, label)
    assert network_estimator(search, "D") is search.best_estimator_[-1]
    assert network_estimator(net, "D") is net


@pytest.mark.parametrize("other", [LogisticRegression(), make_pipeline(LogisticRegression()), None, [3, 4, 1]])
def test_other_estimators_are_an_error(other):
    with pytest.raises(TypeError, match=r"D shows an MLPClassifierScratch or MLPRegressorScratch, a Pipeline .* got"):
        network_estimator(other, "D")


def test_names_of_inputs():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    net = MLPClassifierScratch(**LINEAR).fit(frame, label)
    assert list(input_names(net, net)) == ["a", "b", "c"]
    net = MLPClassifierScratch(**LINEAR)
    steps = make_pipeline(StandardScaler(), net).fit(frame, label)
    assert list(input_names(steps, net)) == ["a", "b", "c"]
    search = GridSearchCV(make_pipeline(StandardScaler(), MLPClassifierScratch(**LINEAR)), {}, cv=2).fit(frame, label)
    assert list(input_names(search, search.best_estimator_[-1])) == ["a", "b", "c"]
    steps = make_pipeline(PCA(2), MLPClassifierScratch(**LINEAR)).fit(frame, label)
    assert list(input_names(steps, steps[-1])) == ["pca0", "pca1"]


def test_inputs_without_names():
    net = MLPClassifierScratch(**LINEAR)
    assert input_names(net, net) is None
    assert input_names(make_pipeline(StandardScaler(), net), net) is None  # not fitted
    nameless = make_pipeline(FunctionTransformer(np.abs), net).fit(X, label)
    assert input_names(nameless, net) is None
    assert input_names(make_pipeline(net).fit(X, label), net) is None


def test_names_of_outputs():
    assert output_names(MLPClassifierScratch()) is None
    assert list(output_names(MLPClassifierScratch(**LINEAR).fit(X, np.arange(60) % 3))) == [0, 1, 2]
    assert output_names(MLPClassifierScratch(**LINEAR).fit(X, label)) is None  # one output for two classes
    assert output_names(MLPRegressorScratch(**LINEAR).fit(X, Y)) is None
    levels = MLPRegressorScratch(**LINEAR, loss="quantile", quantile=(0.25, 0.5)).fit(X, Y[:, 0])
    assert output_names(levels) == ["0.25 quantile", "0.5 quantile"]
    assert quantiles(levels) == (0.25, 0.5)


def test_fitted_or_not():
    with pytest.raises(NotFittedError):
        network_estimator(MLPClassifierScratch(), "D")
    net = MLPClassifierScratch()
    assert network_estimator(net, "D", fitted=False) is net


@pytest.mark.parametrize("depth", [0, 1])
def test_comparable_weights_are_in_standard_deviations(depth):
    net = MLPRegressorScratch(**LINEAR | {"depth": depth, "width": 4}).fit(X, Y)
    before = [W.copy() for W in net.coefs_]
    weights = comparable_weights(net)
    expected = [W.copy() for W in net.coefs_]
    expected[0] *= X.std(axis=0)[:, None]
    expected[-1] /= Y.std(axis=0)
    for ours, W, unchanged, first in zip(weights, expected, net.coefs_, before, strict=True):
        assert_allclose(ours, W, rtol=1e-9)
        assert_array_equal(unchanged, first)


def test_comparable_weights_of_a_linear_model_are_those_on_standardized_data():
    net = MLPRegressorScratch(**LINEAR | {"alpha": 0.0, "tol": 1e-10}).fit(X, Y)
    Z, T = StandardScaler().fit_transform(X), StandardScaler().fit_transform(Y)
    assert_allclose(comparable_weights(net)[0], np.linalg.lstsq(Z, T, rcond=None)[0], atol=1e-5)


def test_an_input_that_was_constant_has_weight_0():
    constant = np.column_stack([X, np.full(60, 7.3)])
    net = MLPRegressorScratch(**LINEAR | {"depth": 1, "width": 4}).fit(constant, Y)
    assert np.abs(net.coefs_[0][3]).max() > 1e-3
    assert_allclose(comparable_weights(net)[0][3], 0.0, atol=1e-12)


def test_without_standardization_comparable_weights_are_the_coefficients():
    net = MLPClassifierScratch(**LINEAR | {"standardize": False}).fit(X, label)
    assert_array_equal(comparable_weights(net)[0], net.coefs_[0])


def test_with_layer_normalization_there_are_no_comparable_weights():
    net = MLPClassifierScratch(normalization="layer", depth=1, width=3, max_iter=2).fit(X, label)
    assert comparable_weights(net) is None
