"""``coefs_`` and ``intercepts_`` alone give the predictions for raw inputs, also in scikit-learn."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import SKLEARN, forward
from scaled_data import BOTH, CLF, RAW, REG, SIGNAL, SMALL, X, outputs, target
from scipy.sparse import csr_matrix
from scipy.special import expit, softmax
from sklearn.neural_network import MLPClassifier, MLPRegressor

from sknet import ACTIVATIONS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@BOTH
def test_coefs_and_intercepts_alone_reproduce_predictions(Estimator, activation, standardize, dtype):
    data = (X if standardize else RAW).astype(dtype)
    y = target(Estimator)
    mlp = Estimator(activation=activation, standardize=standardize, **SMALL | {"hidden_layer_sizes": (6, 5)})
    mlp.fit(data, y)
    z = forward(mlp.coefs_, mlp.intercepts_, activation, data)
    expected = softmax(z, axis=1) if Estimator is CLF else z[:, 0]
    # In float32 with inputs of 1000 +- 100, four digits are correct.
    rtol = 1e-10 if dtype == np.float64 else 1e-3
    assert_allclose(outputs(mlp, data), expected, rtol=rtol, atol=rtol)
    assert [W.dtype for W in mlp.coefs_ + mlp.intercepts_] == [np.dtype(dtype)] * 6
    assert [W.shape for W in mlp.coefs_] == [(4, 6), (6, 5), (5, 3 if Estimator is CLF else 1)]
    assert [b.shape for b in mlp.intercepts_] == [(6,), (5,), (3 if Estimator is CLF else 1,)]


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_reproduced_for_every_depth_and_output(depth, early_stopping):
    Y = np.column_stack([SIGNAL, 10 * RAW[:, 3] + 5])
    common = SMALL | {"depth": depth, "early_stopping": early_stopping}
    mlp = REG(**common).fit(X, Y)
    assert_allclose(mlp.predict(X), forward(mlp.coefs_, mlp.intercepts_, "relu", X), rtol=1e-10, atol=1e-10)
    mlp = CLF(**common).fit(X, SIGNAL > 0)
    proba = expit(forward(mlp.coefs_, mlp.intercepts_, "relu", X))
    assert_allclose(mlp.predict_proba(X), np.hstack([1 - proba, proba]), rtol=1e-9)
    mlp = CLF(**common).fit(X, Y - Y.mean(axis=0) > 0)
    assert_allclose(mlp.predict_proba(X), expit(forward(mlp.coefs_, mlp.intercepts_, "relu", X)), rtol=1e-10)
    if depth == 0:  # the log link needs positive predictions
        return
    mlp = REG(loss="poisson", **common).fit(X, np.abs(SIGNAL))
    assert_allclose(mlp.predict(X), np.exp(forward(mlp.coefs_, mlp.intercepts_, "relu", X))[:, 0], rtol=1e-10)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel", "regression", "multi-output", "poisson"])
def test_the_weights_fit_into_sklearn(kind, activation):
    if kind == "poisson" and SKLEARN < (1, 7):
        pytest.skip("scikit-learn's MLPRegressor has loss='poisson' since 1.7")
    y = {
        "binary": np.where(SIGNAL > 0, "up", "down"),
        "multiclass": target(CLF),
        "multilabel": (RAW[:, :3] > 0).astype(int),
        "regression": target(REG),
        "multi-output": np.column_stack([SIGNAL, RAW[:, 3]]),
        "poisson": np.abs(SIGNAL),
    }[kind]
    Ours, Theirs = (CLF, MLPClassifier) if kind in ("binary", "multiclass", "multilabel") else (REG, MLPRegressor)
    loss = {"loss": "poisson"} if kind == "poisson" else {}
    ours = Ours(activation=activation, hidden_layer_sizes=(6, 5), **SMALL, **loss).fit(X, y)
    theirs = Theirs(activation=activation, hidden_layer_sizes=(6, 5), max_iter=1, **loss).fit(RAW, y)
    theirs.coefs_, theirs.intercepts_ = ours.coefs_, ours.intercepts_
    assert_array_equal(theirs.predict(X), ours.predict(X)) if Ours is CLF else None
    their_outputs = theirs.predict_proba(X) if Ours is CLF else theirs.predict(X)
    assert_allclose(their_outputs, outputs(ours, X), rtol=1e-9)
    assert theirs.score(X, y) == pytest.approx(ours.score(X, y), rel=1e-9)


@BOTH
def test_predictions_come_from_coefs_and_intercepts(Estimator):
    mlp = Estimator(**SMALL).fit(X, target(Estimator))
    other = Estimator(**SMALL | {"random_state": 1}).fit(X, target(Estimator))
    expected = outputs(other, X)
    other.coefs_, other.intercepts_ = [W.copy() for W in mlp.coefs_], [b.copy() for b in mlp.intercepts_]
    assert_allclose(outputs(other, X), outputs(mlp, X), rtol=1e-10)
    assert np.abs(outputs(other, X) - expected).max() > 1e-3


WAYS = {
    "default": {}, "raw": {"standardize": False}, "float32": {"dtype": "float32"}, "batch": {"normalization": "batch"},
    "linear": {"depth": 0, "hidden_layer_sizes": None}, "stopped": {"early_stopping": True},
}  # fmt: skip
EVERY_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))


@EVERY_WAY
@pytest.mark.parametrize("form", [np.asarray, csr_matrix, lambda X: X.astype(np.float32)], ids=["C", "csr", "float32"])
@BOTH
def test_reading_them_changes_no_bit_of_a_prediction(Estimator, form, way):
    mlp = Estimator(**SMALL | way).fit(X, target(Estimator))
    before = outputs(mlp, form(X))
    assert not {"coefs_", "intercepts_"} & vars(mlp).keys()
    assert {"coefs_", "intercepts_"} < {*dir(mlp)}
    _ = mlp.intercepts_, mlp.coefs_
    assert_array_equal(outputs(mlp, form(X)), before)
    for twin in (copy.deepcopy(mlp), pickle.loads(pickle.dumps(mlp))):
        assert_array_equal(outputs(twin, form(X)), before)


def edit_in_place(mlp, layer):
    mlp.coefs_[layer][::2] = 0.0


def edit_bias(mlp, layer):
    mlp.intercepts_[layer][:1] += 1.0


def assign(mlp, layer):
    mlp.coefs_ = [0.5 * W if W is mlp.coefs_[layer] else W for W in mlp.coefs_]


def replace_one(mlp, layer):
    mlp.coefs_[layer] = mlp.coefs_[layer] * 0.5


@EVERY_WAY
@pytest.mark.parametrize("layer", [0, -1])
@pytest.mark.parametrize("edit", [edit_in_place, edit_bias, assign, replace_one])
@pytest.mark.parametrize("when", ["at once", "looked at before", "unpickled"])
@BOTH
def test_predictions_use_changed_weights(Estimator, when, edit, layer, way):
    mlp = Estimator(**SMALL | way).fit(X, target(Estimator))
    before = outputs(mlp, X)
    if when != "at once":
        _ = mlp.coefs_
    if when == "unpickled":
        mlp = pickle.loads(pickle.dumps(mlp))
    edit(mlp, layer)
    z = forward(mlp.coefs_, mlp.intercepts_, "relu", X.astype(mlp.coefs_[0].dtype))
    found = outputs(mlp, X)
    assert_allclose(found, softmax(z, axis=1) if Estimator is CLF else z[:, 0], rtol=1e-3, atol=1e-5)
    assert np.abs(found - before).max() > 1e-7
    assert_array_equal(outputs(pickle.loads(pickle.dumps(mlp)), X), found)


def test_predictions_use_changed_weights_in_the_middle_of_a_deep_network():
    mlp = CLF(**SMALL | {"hidden_layer_sizes": (7, 6, 5)}).fit(X, target(CLF))
    before = outputs(mlp, X)
    mlp.coefs_[1][...] = 0.0
    assert_allclose(outputs(mlp, X), softmax(forward(mlp.coefs_, mlp.intercepts_, "relu", X), axis=1), rtol=1e-9)
    assert np.abs(outputs(mlp, X) - before).max() > 1e-4


def test_weights_that_overflow_are_an_error_when_they_are_read():
    """With scales of 1e-44, weights for raw inputs overflow float32. Predictions do not need them."""
    tiny = RAW * 1e-44
    mlp = REG(dtype="float32", **SMALL).fit(tiny, SIGNAL)
    with pytest.raises(AttributeError, match=r"`coefs_` must be finite, but overflows float32 .*Use predict"):
        _ = mlp.coefs_
    assert_allclose(
        mlp.predict(tiny), REG(dtype="float32", **SMALL).fit(RAW, SIGNAL).predict(RAW), rtol=1e-2, atol=1e-2
    )


def test_a_new_fit_discards_changed_weights():
    mlp = REG(**SMALL).fit(X, target(REG))
    expected = outputs(mlp, X)
    mlp.coefs_ = [W * 0.0 for W in mlp.coefs_]
    mlp.fit(X, target(REG))
    assert_array_equal(outputs(mlp, X), expected)
