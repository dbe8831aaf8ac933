"""Losses against formulas written out here, scikit-learn's metrics and central differences."""

import pickle
import tracemalloc

import numpy as np
import pytest
from sklearn import metrics

from sknet.core.losses import LOSSES
from sknet.core.memory import Workspace

N = 12


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def logistic(z):
    return 1.0 / (1.0 + np.exp(-z))


def y_log_y(y):
    return np.where(y > 0.0, y * np.log(np.where(y > 0.0, y, 1.0)), 0.0)


# L(y_i, z_i) for each row, float64: what the docstrings promise, with their conventions for several outputs.
FORMULAS = {
    "log_loss": lambda y, z: -(y * np.log(softmax(z))).sum(axis=1),
    "binary_log_loss": lambda y, z: -(y * np.log(logistic(z)) + (1 - y) * np.log(1 - logistic(z))).sum(axis=1),
    "squared_error": lambda y, z: 0.5 * ((z - y) ** 2).mean(axis=1),
    "poisson": lambda y, z: (y_log_y(y) - y * z - y + np.exp(z)).sum(axis=1),
}


def by_column(metric, y, p, w):
    """Sum a single-output metric over columns."""
    return sum(metric(y[:, j], p[:, j], sample_weight=w) for j in range(y.shape[1]))


# scikit-learn's metric of targets and predictions, scaled to be the same quantity.
THEIRS = {
    "log_loss": lambda y, p, w: metrics.log_loss(y.argmax(axis=1), p, sample_weight=w, labels=range(y.shape[1])),
    "binary_log_loss": lambda y, p, w: by_column(metrics.log_loss, y, p, w),
    "squared_error": lambda y, p, w: 0.5 * metrics.mean_squared_error(y, p, sample_weight=w),
    "poisson": lambda y, p, w: 0.5 * by_column(metrics.mean_poisson_deviance, y, p, w),
}
LINKS = {"log_loss": softmax, "binary_log_loss": logistic, "squared_error": lambda z: z, "poisson": np.exp}
CASES = [(name, k) for name in sorted(LOSSES) for k in ((2, 3) if name == "log_loss" else (1, 3))]


def targets(name, k, rng):
    return {
        "log_loss": lambda: np.eye(k)[rng.permutation(np.arange(N) % k)],
        "binary_log_loss": lambda: rng.permuted(np.tile(np.arange(N) % 2, (k, 1)), axis=1).T.astype(float),
        "squared_error": lambda: rng.normal(size=(N, k)),
        "poisson": lambda: rng.poisson(1.5, (N, k)).astype(float),
    }[name]()


def problem(name, k, seed=0):
    rng = np.random.default_rng(seed)
    return targets(name, k, rng), rng.normal(size=(N, k))


def some_weights():
    """Row weights with one zero, shape (N, 1), that sum to one."""
    w = np.random.default_rng(7).uniform(0.1, 3.0, (N, 1))
    w[2] = 0.0
    return w / w.sum()


def evaluate(name, y, z, w=None):
    """Value and delta, in memory whose old contents must not matter."""
    loss = LOSSES[name]
    memory = Workspace([loss.buffers(z.shape[1])], len(z), z.dtype).rows(len(z))[0]
    for scratch in vars(memory).values():
        scratch[...] = np.nan
    delta = np.full_like(z, np.nan)
    return loss.value_and_delta(z, y, w, delta, memory), delta


def central_differences(f, z, h=1e-5):
    slopes = np.empty_like(z)
    for index in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[index] = h
        slopes[index] = (f(z + step) - f(z - step)) / (2.0 * h)
    return slopes


weighted = pytest.mark.parametrize("w", [None, some_weights()], ids=["unweighted", "weighted"])


def test_every_loss_has_its_oracles_here():
    assert set(LOSSES) == set(FORMULAS) == set(THEIRS) == set(LINKS)
    assert all(loss.name == name for name, loss in LOSSES.items())


@weighted
@pytest.mark.parametrize(("name", "k"), CASES)
def test_value_is_the_weighted_mean_of_the_formula(name, k, w):
    y, z = problem(name, k)
    share = np.full(N, 1 / N) if w is None else w[:, 0]
    assert evaluate(name, y, z, w)[0] == pytest.approx(share @ FORMULAS[name](y, z), rel=1e-12)


@weighted
@pytest.mark.parametrize(("name", "k"), CASES)
def test_value_is_the_metric_of_scikit_learn(name, k, w):
    y, z = problem(name, k)
    theirs = THEIRS[name](y, LOSSES[name].output_activation(z), None if w is None else w[:, 0])
    assert evaluate(name, y, z, w)[0] == pytest.approx(theirs, rel=1e-12)


@weighted
@pytest.mark.parametrize(("name", "k"), CASES)
def test_delta_is_the_gradient_of_the_formula(name, k, w):
    y, z = problem(name, k)
    share = np.full(N, 1 / N) if w is None else w[:, 0]
    expected = central_differences(lambda z: share @ FORMULAS[name](y, z), z)
    np.testing.assert_allclose(evaluate(name, y, z, w)[1], expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_links_are_canonical(name, k):
    """dL/dz is prediction minus target, over k for the squared error, which is a mean over outputs."""
    y, z = problem(name, k)
    np.testing.assert_allclose(LOSSES[name].output_activation(z), LINKS[name](z), rtol=1e-13)
    scale = k if name == "squared_error" else 1
    np.testing.assert_allclose(scale * N * evaluate(name, y, z)[1], LINKS[name](z) - y, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_equal_weights_are_no_weights(name, k):
    y, z = problem(name, k)
    value, delta = evaluate(name, y, z)
    weighted_value, weighted_delta = evaluate(name, y, z, np.full((N, 1), 1 / N))
    assert weighted_value == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(weighted_delta, delta, rtol=1e-13)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_integer_weights_are_repeated_rows(name, k):
    y, z = problem(name, k)
    repeats = np.arange(N) % 3
    w = (repeats / repeats.sum())[:, None]
    value, delta = evaluate(name, y, z, w)
    repeated_value, repeated_delta = evaluate(name, y.repeat(repeats, axis=0), z.repeat(repeats, axis=0))
    assert value == pytest.approx(repeated_value, rel=1e-13)
    rows = np.arange(N).repeat(repeats)
    summed = np.zeros_like(delta)
    np.add.at(summed, rows, repeated_delta)
    np.testing.assert_allclose(delta, summed, rtol=1e-12, atol=1e-16)


def test_log_loss_takes_any_distribution_as_target():
    """Label smoothing, for one."""
    _, z = problem("log_loss", 3)
    y = np.random.default_rng(1).dirichlet(np.ones(3), N)
    value, delta = evaluate("log_loss", y, z)
    assert value == pytest.approx(FORMULAS["log_loss"](y, z).mean(), rel=1e-12)
    expected = central_differences(lambda z: FORMULAS["log_loss"](y, z).mean(), z)
    np.testing.assert_allclose(delta, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "y", "z", "value", "delta"),
    [
        ("log_loss", [[1.0, 0.0]], [[-1e4, 1e4]], 2e4, [[-1.0, 1.0]]),
        ("log_loss", [[0.0, 1.0]], [[-1e4, 1e4]], 0.0, [[0.0, 0.0]]),
        ("log_loss", [[0.0, 1.0]], [[1e4, 1e4]], np.log(2.0), [[0.5, -0.5]]),
        ("binary_log_loss", [[0.0]], [[1e4]], 1e4, [[1.0]]),
        ("binary_log_loss", [[1.0]], [[1e4]], 0.0, [[0.0]]),
        ("binary_log_loss", [[1.0]], [[-1e4]], 1e4, [[-1.0]]),
        ("binary_log_loss", [[0.0]], [[-1e4]], 0.0, [[0.0]]),
        ("squared_error", [[-1e4]], [[1e4]], 2e8, [[2e4]]),
        ("poisson", [[0.0]], [[-1e4]], 0.0, [[0.0]]),
        ("poisson", [[1.0]], [[-1e4]], 1e4 - 1.0, [[-1.0]]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stable_far_out(name, y, z, value, delta, dtype):
    ours = evaluate(name, np.array(y, dtype=dtype), np.array(z, dtype=dtype))
    np.testing.assert_allclose(ours[0], value, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_allclose(ours[1], delta, rtol=4 * np.finfo(dtype).eps)


def test_poisson_overflows_to_infinity_not_to_nan():
    """e^1e4 is no number; the loop that watches the loss must find it infinite."""
    with np.errstate(over="ignore"):
        value, delta = evaluate("poisson", np.array([[2.0]]), np.array([[1e4]]))
    assert value == np.inf
    assert delta[0, 0] == np.inf


def test_small_log_losses_keep_their_digits():
    """log(1 + e^-40) is e^-40, where 1 - p would be 0."""
    assert evaluate("binary_log_loss", np.zeros((1, 1)), np.array([[-40.0]]))[0] == pytest.approx(
        np.exp(-40), rel=1e-12
    )


@weighted
@pytest.mark.parametrize(("name", "k"), CASES)
def test_inputs_are_not_changed(name, k, w):
    y, z = problem(name, k)
    for array in (y, z) if w is None else (y, z, w):
        array.flags.writeable = False
    before = y.copy(), z.copy()
    evaluate(name, y, z, w)
    np.testing.assert_array_equal((y, z), before)


@weighted
@pytest.mark.parametrize(("name", "k"), CASES)
def test_float32_stays_float32(name, k, w):
    y, z = problem(name, k)
    w32 = None if w is None else w.astype(np.float32)
    value, delta = evaluate(name, y.astype(np.float32), z.astype(np.float32), w32)
    exact_value, exact_delta = evaluate(name, y, z, w)
    assert delta.dtype == np.float32
    assert type(value) is float
    assert value == pytest.approx(exact_value, rel=1e-5)
    np.testing.assert_allclose(delta, exact_delta, rtol=1e-4, atol=1e-6)


@weighted
@pytest.mark.parametrize(("name", "k"), CASES)
def test_memory_order_does_not_matter(name, k, w):
    y, z = problem(name, k)
    value, delta = evaluate(name, y, z, w)
    value_f, delta_f = evaluate(name, np.asfortranarray(y), np.asfortranarray(z), w)
    assert value_f == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(delta_f, delta, rtol=1e-14)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_location_scale_says_whether_gradients_scale_with_the_targets(name, k):
    """Only then may targets be standardized: the loss of (5 y + 3, 5 z + 3) has the same minimizers."""
    y, z = problem(name, k)
    delta, moved = evaluate(name, y, z)[1], evaluate(name, 5.0 * y + 3.0, 5.0 * z + 3.0)[1]
    assert np.allclose(moved, 5.0 * delta) == LOSSES[name].location_scale


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_pickle_round_trip_is_equal(name):
    assert pickle.loads(pickle.dumps(LOSSES[name])) == LOSSES[name]


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("name", sorted(LOSSES))
def test_allocates_nothing_of_the_size_of_a_column(name, weights):
    n, k = 200_000, 4  # one byte for each row would be more than what NumPy buffers within a ufunc
    y, z, delta = (np.full((n, k), value, order="F") for value in (0.25, 0.5, 0.0))
    w = np.full((n, 1), 1 / n) if weights else None
    loss = LOSSES[name]
    memory = Workspace([loss.buffers(k)], n, z.dtype).rows(n)[0]
    loss.value_and_delta(z, y, w, delta, memory)
    tracemalloc.start()
    try:
        loss.value_and_delta(z, y, w, delta, memory)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < n
