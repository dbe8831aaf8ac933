"""Dropout as a parameter of the estimators: reproducible, off at prediction, with one rate or one for each layer."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainClassifier, PlainRegressor, forward
from plain_fits import BOTH, X, assert_same_weights, differs, fitted, outputs, target
from scipy.special import softmax
from sklearn import metrics

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@BOTH
def test_dropout_is_reproducible_from_the_random_state(Estimator):
    first, again = (fitted(Estimator, dropout=0.4) for _ in range(2))
    assert_same_weights(first, again)
    assert first.loss_curve_ == again.loss_curve_
    assert differs(first, fitted(Estimator, dropout=0.4, random_state=1))
    assert differs(first, fitted(Estimator))


@pytest.mark.parametrize("data", [X, sp.csr_array(X)], ids=["dense", "sparse"])
@BOTH
def test_dropout_is_off_at_prediction(Estimator, data):
    mlp = fitted(Estimator, data, target(Estimator), dropout=0.5, depth=2)
    assert_array_equal(outputs(mlp, data), outputs(mlp, data))
    z = forward(mlp.coefs_, mlp.intercepts_, "relu", X)
    expected = softmax(z, axis=1) if Estimator is PlainClassifier else z[:, 0]
    assert_allclose(outputs(mlp, data), expected, rtol=1e-9, atol=1e-12)


def test_one_rate_for_each_layer():
    parameters = {"hidden_layer_sizes": (6, 5), "activation": "identity"}
    each = [fitted(PlainRegressor, dropout=rates, **parameters) for rates in ([0.3, 0.3], (0.3, 0.0), (0.0, 0.3))]
    assert_same_weights(each[0], fitted(PlainRegressor, dropout=0.3, **parameters))
    assert differs(each[0], each[1])
    assert differs(each[1], each[2])
    zero = fitted(PlainRegressor, dropout=np.array([0.0, 0.0]), **parameters)
    assert_same_weights(zero, fitted(PlainRegressor, **parameters))


def test_dropout_of_none_is_no_dropout():
    assert_same_weights(*(fitted(PlainRegressor, dropout=rate) for rate in (0.0, 0)))


def test_training_with_dropout_minimizes_the_expected_loss():
    """In a linear network on orthogonal inputs, dropout is ridge regression in expectation (Srivastava, section 9.1).

    Nothing transforms the inputs before dropout. Their weights become smaller by the factor ``1 - rate``.
    """
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(400, 3)) - 0.0)[0] * 20.0
    Q -= Q.mean(axis=0)
    y = Q @ [1.0, -2.0, 0.5]
    mlp = PlainRegressor(
        hidden_layer_sizes=300, activation="identity", dropout=0.5, alpha=0.0, max_iter=150, learning_rate="cosine",
        learning_rate_init=0.01, random_state=0,
    ).fit(Q, y)  # fmt: skip
    assert metrics.r2_score(y, mlp.predict(Q)) > 0.97
