"""Compare initializers with the variances and bounds of the papers."""

import numpy as np
import pytest

from sknet.core.activations import ACTIVATIONS
from sknet.core.initializers import INITIALIZERS, initializer_for

# The variance of a weight. Uniform draws on (-b, b) have variance b^2 / 3.
PAPERS = {
    "glorot_uniform": lambda n_in, n_out: 2.0 / (n_in + n_out),  # Glorot and Bengio (2010), eq. 12 and 16
    "glorot_uniform_logistic": lambda n_in, n_out: 2.0 / (n_in + n_out) / 3.0,  # scikit-learn: b^2 = 2 / (in + out)
    "glorot_normal": lambda n_in, n_out: 2.0 / (n_in + n_out),
    "he_uniform": lambda n_in, n_out: 2.0 / n_in,  # He et al. (2015), eq. 10
    "he_normal": lambda n_in, n_out: 2.0 / n_in,
    "lecun_uniform": lambda n_in, n_out: 1.0 / n_in,  # LeCun et al. (1998), eq. 16
    "lecun_normal": lambda n_in, n_out: 1.0 / n_in,
}
SHAPE = (500, 200)


def draw(name, shape=SHAPE, seed=0):
    return INITIALIZERS[name](np.random.RandomState(seed), *shape)


def test_every_initializer_is_in_the_table_of_variances():
    assert set(PAPERS) == set(INITIALIZERS)
    assert all(initializer.name == name for name, initializer in INITIALIZERS.items())


@pytest.mark.parametrize("name", INITIALIZERS)
def test_shapes_and_dtype(name):
    W, b = draw(name, (3, 5))
    assert (W.shape, b.shape) == ((3, 5), (5,))
    assert W.dtype == b.dtype == np.float64


@pytest.mark.parametrize("shape", [SHAPE, SHAPE[::-1]])
@pytest.mark.parametrize("name", INITIALIZERS)
def test_weights_have_the_mean_and_variance_of_the_paper(name, shape):
    """They agree within five standard errors: sigma / sqrt(N) and sigma^2 sqrt((kurtosis - 1) / N)."""
    W, _ = draw(name, shape)
    variance = PAPERS[name](*shape)
    kurtosis = 1.8 if "uniform" in name else 3.0
    assert abs(W.mean()) < 5.0 * np.sqrt(variance / W.size)
    assert abs(W.var() / variance - 1.0) < 5.0 * np.sqrt((kurtosis - 1.0) / W.size)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_uniform_weights_fill_their_bounds_and_normal_ones_have_tails(name):
    W, _ = draw(name)
    bound = np.sqrt(3.0 * PAPERS[name](*SHAPE))
    if "uniform" in name:
        assert 0.999 * bound < W.max() <= bound
        assert -bound <= W.min() < -0.999 * bound
    else:
        assert (np.abs(W) > bound).mean() == pytest.approx(0.0833, abs=0.005)  # P(|Z| > sqrt 3)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_biases_are_zero_or_within_the_bounds_of_the_weights(name):
    _, b = draw(name, (4, 20_000))
    if not INITIALIZERS[name].random_bias:
        assert not b.any()
        return
    bound = np.sqrt(3.0 * PAPERS[name](4, 20_000))
    assert np.abs(b).max() <= bound
    assert b.var() == pytest.approx(bound**2 / 3.0, rel=0.04)


@pytest.mark.parametrize(("activation", "factor"), [("relu", 6.0), ("tanh", 6.0), ("identity", 6.0), ("logistic", 2.0)])
def test_auto_draws_the_numbers_of_scikit_learn(activation, factor):
    """MLPClassifier._init_coef: uniform within sqrt(factor / (in + out)), weights first."""
    W, b = initializer_for("auto", activation)(np.random.RandomState(3), 7, 4)
    rng, bound = np.random.RandomState(3), np.sqrt(factor / (7 + 4))
    np.testing.assert_allclose(W, rng.uniform(-bound, bound, (7, 4)), rtol=1e-14)
    np.testing.assert_allclose(b, rng.uniform(-bound, bound, 4), rtol=1e-14)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_weights_depend_only_on_the_random_state(name):
    first, again, other = draw(name), draw(name), draw(name, seed=1)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_layer_without_inputs_is_allowed(name):
    W, b = draw(name, (0, 3))
    assert W.shape == (0, 3)
    assert np.isfinite(b).all()


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        *((name, "glorot_uniform") for name in ("identity", "tanh", "relu", "softmax")),
        ("logistic", "glorot_uniform_logistic"),
        ("selu", "lecun_normal"),
        *((name, "he_uniform") for name in ("leaky_relu", "elu", "gelu", "silu", "mish", "softplus")),
    ],
)
def test_auto_chooses_by_activation(activation, expected):
    assert initializer_for("auto", activation) is INITIALIZERS[expected]


@pytest.mark.parametrize("activation", sorted({activation.name for activation in ACTIVATIONS.values()}))
def test_a_name_overrides_the_activation(activation):
    for name in INITIALIZERS:
        assert initializer_for(name, activation) is INITIALIZERS[name]
