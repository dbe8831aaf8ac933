"""Batch and layer normalization as a parameter: mini-batches of any size, weights, ``coefs_``, and the formulas."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from oracles import PlainClassifier, PlainRegressor, forward
from plain_fits import BOTH, D, N, X, Y, differs, fitted, outputs, starting_point, target, weights_of
from scipy.special import softmax
from sklearn.preprocessing import StandardScaler

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("batch_size", [1, 7, 17, 119, 120])
@pytest.mark.parametrize("normalization", ["batch", "layer"])
@BOTH
def test_any_batch_size(Estimator, normalization, batch_size):
    """One row has no variance. Of 120 rows in mini-batches of 7, 17 or 119, the last one has 1 or 15."""
    y = target(Estimator)
    mlp = fitted(
        Estimator, X, y, normalization=normalization, batch_size=batch_size, max_iter=20, learning_rate_init=0.01
    )
    assert np.isfinite(mlp.loss_curve_).all()
    assert mlp.loss_ < mlp.loss_curve_[0]
    alone = np.concatenate([mlp.predict(row[None]) for row in X])
    assert_allclose(alone, mlp.predict(X), rtol=1e-9)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("normalization", ["batch", "layer"])
@BOTH
def test_integer_weights_are_repeated_rows_of_one_mini_batch(Estimator, normalization, container):
    y, repeats = target(Estimator), np.arange(N) % 3
    parameters = {"normalization": normalization, "batch_size": "auto", "max_iter": 5, "alpha": 0.0}
    few = np.flatnonzero(repeats)[:80]  # once or twice each, at most 120 rows: one mini-batch
    weighted = fitted(Estimator, container(X[few]), y[few], repeats[few], **parameters)
    rows = few.repeat(repeats[few])
    repeated = fitted(Estimator, container(X[rows]), y[rows], **parameters)
    assert_allclose(outputs(weighted), outputs(repeated), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@BOTH
def test_batch_normalization_folds_into_coefs(Estimator, dropout, early_stopping):
    parameters = {"activation": ["tanh", "silu"], "depth": 2, "dropout": dropout, "early_stopping": early_stopping}
    mlp = fitted(Estimator, normalization="batch", **parameters)
    z = forward(mlp.coefs_, mlp.intercepts_, ["tanh", "silu"], X)
    expected = softmax(z, axis=1) if Estimator is PlainClassifier else z[:, 0]
    assert_allclose(outputs(mlp), expected, rtol=1e-9, atol=1e-12)
    assert [W.shape for W in mlp.coefs_] == [(4, 6), (6, 6), (6, z.shape[1])]
    assert mlp.n_parameters_ == sum(a.size for a in weights_of(mlp)) + 2 * 12  # gain and shift of each unit
    assert differs(mlp, fitted(Estimator, **parameters))


@pytest.mark.parametrize("name", ["coefs_", "intercepts_"])
@BOTH
def test_layer_normalization_has_no_coefs(Estimator, name):
    mlp = fitted(Estimator, normalization="layer")
    assert not hasattr(mlp, name)
    with pytest.raises(AttributeError, match=rf"`{name}` does not exist for this network.*layer normalization"):
        getattr(mlp, name)
    with pytest.raises(AttributeError, match="has no attribute 'no_such_thing'"):
        _ = mlp.no_such_thing
    mlp.set_params(normalization=None).fit(X, target(Estimator))
    assert len(getattr(mlp, name)) == 2
    mlp.set_params(normalization="layer").fit(X, target(Estimator))
    assert not hasattr(mlp, name)


def layer_normalized(z):
    return (z - z.mean(axis=1, keepdims=True)) / np.sqrt(z.var(axis=1, keepdims=True) + 1e-5)


def test_layer_normalization_by_hand():
    mlp = fitted(PlainRegressor, normalization="layer", activation="tanh")
    (W, b), (gain, shift), _, (V, c) = mlp._arrays
    h = np.tanh(layer_normalized(StandardScaler().fit_transform(X) @ W + b) * gain + shift)
    assert_allclose(mlp.predict(X), Y.mean() + Y.std() * (h @ V + c)[:, 0], rtol=1e-10)


def test_with_batch_normalization_a_deep_network_learns_from_large_inputs():
    """Without it, twenty tanh layers learn little from inputs that are 50 times too large."""
    parameters = {"depth": 20, "activation": "tanh", "max_iter": 30, "standardize": False, "learning_rate_init": 0.01}
    plain, batch = (fitted(PlainRegressor, 50.0 * X, Y, normalization=n, **parameters) for n in (None, "batch"))
    assert batch.loss_ < 0.7 * plain.loss_


def test_running_averages_converge():
    """After many epochs with a tiny learning rate, they are the moments of the data, as in a mini-batch of all rows."""
    mlp = fitted(
        PlainRegressor, normalization="batch", activation="tanh", batch_size=N, max_iter=200,
        learning_rate_init=1e-12, n_iter_no_change=np.inf,
    )  # fmt: skip
    (W, b), (V, c) = starting_point(0, D, 6, 1)
    z = StandardScaler().fit_transform(X) @ W + b
    z = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5)
    assert_allclose(mlp.predict(X), Y.mean() + Y.std() * (np.tanh(z) @ V + c)[:, 0], rtol=1e-6)
