"""The mean of the predictions of several members, taken after the output activation and returned as raw outputs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, log_expit, log_softmax, logsumexp, softmax

from sknet.core import LOSSES, GroupedLogLoss
from sknet.core.members import combine

N, K = 6, 4
CASES = {
    name: (LOSSES[name], 3) for name in ("squared_error", "log_loss", "binary_log_loss", "poisson", "gamma", "huber")
}
CASES["grouped"] = GroupedLogLoss((2, 3)), 5


def predictions(z, loss):
    """Return the predictions for raw outputs by a formula."""
    if loss.output_activation.name == "softmax":
        groups = getattr(loss, "groups", [slice(None)])
        return np.concatenate([softmax(z[..., g], axis=-1) for g in groups], axis=-1)
    return {"identity": lambda z: z, "logistic": expit, "exp": np.exp}[loss.output_activation.name](z)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "n_outputs"), CASES.values(), ids=list(CASES))
def test_the_prediction_is_the_mean_of_those_of_the_members(loss, n_outputs, dtype):
    each = np.random.default_rng(0).normal(scale=3.0, size=(K, N, n_outputs)).astype(dtype)
    z = combine(each, loss)
    assert (z.dtype, z.shape) == (dtype, (N, n_outputs))
    rtol = 1e-12 if dtype == np.float64 else 2e-5
    assert_allclose(predictions(z, loss), predictions(each, loss).mean(axis=0), rtol=rtol)


@pytest.mark.parametrize(("loss", "n_outputs"), CASES.values(), ids=list(CASES))
def test_the_outputs_of_a_single_member_are_not_changed(loss, n_outputs):
    z = np.random.default_rng(0).normal(size=(1, N, n_outputs))
    assert_array_equal(combine(z, loss), z[0])


@pytest.mark.parametrize("name", ["log_loss", "binary_log_loss", "poisson"])
def test_means_of_huge_outputs_are_finite(name):
    z = np.array([[[800.0, -800.0, 0.0]], [[-900.0, 700.0, 1.0]]])
    with np.errstate(over="raise", invalid="raise"):
        assert np.isfinite(combine(z, LOSSES[name])).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_infinite_outputs_lead_to_the_limit(dtype):
    """Extreme inputs can give infinite raw outputs in float32; a class then has probability 0 or 1."""
    z = np.array([[[-np.inf, 0.0]], [[-np.inf, 1.0]]], dtype=dtype)
    assert_array_equal(predictions(combine(z, LOSSES["log_loss"]), LOSSES["log_loss"]), [[0.0, 1.0]])
    for name in ("binary_log_loss", "poisson"):
        far = combine(np.array([[[np.inf, -np.inf]], [[np.inf, -np.inf]]], dtype=dtype), LOSSES[name])
        assert_array_equal(far, [[np.inf, -np.inf]])


@pytest.mark.parametrize("name", ["log_loss", "binary_log_loss", "poisson"])
def test_the_mean_is_as_exact_as_that_of_scipy(name):
    """Compare float32 with SciPy in float64. The last digit of a float32 near 64 is 4e-6."""
    z = np.random.default_rng(0).normal(scale=20.0, size=(K, 50, 30)).astype(np.float32)
    wide = z.astype(np.float64)
    expected = {
        "log_loss": lambda: logsumexp(log_softmax(wide, axis=2), axis=0) - np.log(K),
        "binary_log_loss": lambda: logsumexp(log_expit(wide), axis=0) - logsumexp(log_expit(-wide), axis=0),
        "poisson": lambda: logsumexp(wide, axis=0) - np.log(K),
    }[name]()
    assert_allclose(combine(z, LOSSES[name]), expected, rtol=2e-6, atol=2e-6)


def test_order_of_members_does_not_matter():
    z = np.random.default_rng(0).normal(size=(K, N, 3))
    assert_allclose(combine(z[::-1], LOSSES["log_loss"]), combine(z, LOSSES["log_loss"]), rtol=1e-13)
