"""Compare losses with formulas written in this file, with scikit-learn and SciPy, and with central differences."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import scipy.special
from loss_problems import ALL, CASES, GROUPS, LEVELS, THRESHOLD, N, evaluate, problem, weighted
from sklearn import metrics

from sknet.core.losses import LOSSES, GroupedLogLoss, Huber, Quantile


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def logistic(z):
    return 1.0 / (1.0 + np.exp(-z))


def y_log_y(y):
    return np.where(y > 0.0, y * np.log(np.where(y > 0.0, y, 1.0)), 0.0)


def by_group(link, z):
    return np.hstack([link(z[:, g]) for g in GROUPS])


def log_loss(y, z):
    return -(y * np.log(softmax(z))).sum(axis=1)


def huber(y, z):
    r = np.abs(z - y)
    return np.where(r <= THRESHOLD, r**2 / 2, THRESHOLD * r - THRESHOLD**2 / 2).mean(axis=1)


def pinball(y, z, q):
    return np.where(y >= z, q * (y - z), (1 - q) * (z - y)).mean(axis=1)


# L(y_i, z_i) of each row in float64, as the docstrings define it, for one and for several outputs.
FORMULAS = {
    "log_loss": log_loss,
    "binary_log_loss": lambda y, z: -(y * np.log(logistic(z)) + (1 - y) * np.log(1 - logistic(z))).sum(axis=1),
    "squared_error": lambda y, z: 0.5 * ((z - y) ** 2).mean(axis=1),
    "absolute_error": lambda y, z: np.sqrt((z - y) ** 2).mean(axis=1),
    "huber": huber,
    "quantile": lambda y, z: pinball(y, z, 0.5),
    "poisson": lambda y, z: (y_log_y(y) - y * z - y + np.exp(z)).sum(axis=1),
    "gamma": lambda y, z: (np.log(np.exp(z) / y) + y / np.exp(z) - 1).mean(axis=1),
    "quantiles": lambda y, z: pinball(y, z, LEVELS),
    "groups": lambda y, z: sum(log_loss(y[:, g], z[:, g]) for g in GROUPS),
}


def by_column(metric, y, p, w):
    """Sum a metric of single outputs over columns; all predictions may have the same column of targets."""
    y = np.broadcast_to(y, p.shape)
    return sum(metric(y[:, j], p[:, j], sample_weight=w) for j in range(y.shape[1]))


def their_log_loss(y, p, w):
    return metrics.log_loss(y.argmax(axis=1), p, sample_weight=w, labels=range(y.shape[1]))


def their_pinballs(y, p, w):
    """Return the mean over quantiles."""
    pairs = zip(LEVELS, p.T, strict=True)
    return np.mean([metrics.mean_pinball_loss(y[:, 0], column, alpha=q, sample_weight=w) for q, column in pairs])


# scikit-learn's metric of targets and predictions (for Huber's loss SciPy's function), scaled to equal the loss.
THEIRS = {
    "log_loss": their_log_loss,
    "binary_log_loss": lambda y, p, w: by_column(metrics.log_loss, y, p, w),
    "squared_error": lambda y, p, w: 0.5 * metrics.mean_squared_error(y, p, sample_weight=w),
    "absolute_error": lambda y, p, w: metrics.mean_absolute_error(y, p, sample_weight=w),
    "huber": lambda y, p, w: np.average(scipy.special.huber(THRESHOLD, p - y).mean(axis=1), weights=w),
    "quantile": lambda y, p, w: metrics.mean_pinball_loss(y, p, alpha=0.5, sample_weight=w),
    "poisson": lambda y, p, w: 0.5 * by_column(metrics.mean_poisson_deviance, y, p, w),
    "gamma": lambda y, p, w: 0.5 * by_column(metrics.mean_gamma_deviance, y, p, w) / p.shape[1],
    "quantiles": their_pinballs,
    "groups": lambda y, p, w: sum(their_log_loss(y[:, g], p[:, g], w) for g in GROUPS),
}
LINKS = {
    **dict.fromkeys(ALL, lambda z: z),
    "log_loss": softmax,
    "binary_log_loss": logistic,
    "poisson": np.exp,
    "gamma": np.exp,
    "groups": lambda z: by_group(softmax, z),
}
# Losses whose dL/dz is prediction minus target; the squared error is a mean over outputs.
CANONICAL = {"log_loss", "binary_log_loss", "squared_error", "poisson", "groups"}


def central_differences(f, z, h=1e-5):
    slopes = np.empty_like(z)
    for index in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[index] = h
        slopes[index] = (f(z + step) - f(z - step)) / (2.0 * h)
    return slopes


def test_every_loss_is_in_the_tables_of_formulas():
    assert set(ALL) == set(FORMULAS) == set(THEIRS) == set(LINKS)
    assert all(loss.name == name for name, loss in LOSSES.items())


def test_the_errors_lie_on_both_sides_of_each_kink_and_not_close_to_it():
    for name, kinks in {"absolute_error": [0.0], "quantile": [0.0], "huber": [-THRESHOLD, THRESHOLD]}.items():
        y, z = problem(name, 3)
        assert all(set(np.sign(z - y - kink).ravel()) == {-1.0, 1.0} for kink in kinks)
        assert all(np.abs(z - y - kink).min() > 1e-3 for kink in kinks)


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
    theirs = THEIRS[name](y, LINKS[name](z), None if w is None else w[:, 0])
    assert evaluate(name, y, z, w)[0] == pytest.approx(theirs, rel=1e-12)


@weighted
@pytest.mark.parametrize(("name", "k"), CASES)
def test_delta_is_the_gradient_of_the_formula(name, k, w):
    y, z = problem(name, k)
    share = np.full(N, 1 / N) if w is None else w[:, 0]
    expected = central_differences(lambda z: share @ FORMULAS[name](y, z), z)
    np.testing.assert_allclose(evaluate(name, y, z, w)[1], expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_output_activations_are_those_of_the_formulas(name, k):
    z = problem(name, k)[1]
    link = ALL[name].output_activation
    ours = by_group(link, z) if name == "groups" else link(z)
    np.testing.assert_allclose(ours, LINKS[name](z), rtol=1e-13)


@pytest.mark.parametrize(("name", "k"), [case for case in CASES if case[0] in CANONICAL])
def test_links_are_canonical(name, k):
    """dL/dz is prediction minus target, divided by k for the squared error, which is a mean over outputs."""
    y, z = problem(name, k)
    scale = k if name == "squared_error" else 1
    np.testing.assert_allclose(scale * N * evaluate(name, y, z)[1], LINKS[name](z) - y, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("k", [1, 3])
def test_the_median_is_the_quantile_one_half(k):
    y, z = problem("quantile", k)
    (half, half_delta), (whole, delta) = evaluate("quantile", y, z), evaluate("absolute_error", y, z)
    assert 2.0 * half == pytest.approx(whole, rel=1e-14)
    np.testing.assert_allclose(2.0 * half_delta, delta, rtol=1e-14)


@pytest.mark.parametrize("level", [0.05, 0.5, 0.9])
def test_the_minimizer_of_the_pinball_loss_is_the_quantile(level):
    """For a constant prediction the derivative is ``share of y below it - q``, which is zero at the quantile."""
    y = np.random.default_rng(0).permutation(np.arange(101.0))[:, None]
    quantile = np.quantile(y, level, method="inverted_cdf")
    slopes = [evaluate(Quantile(levels=(level,)), y, np.full_like(y, quantile + s))[1].sum() for s in (-0.5, 0.5)]
    assert slopes[0] < 0.0 < slopes[1]


@pytest.mark.parametrize("threshold", [0.1, 1.0, 10.0])
def test_huber_has_a_threshold(threshold):
    y, z = problem("huber", 3)
    value, delta = evaluate(Huber(threshold=threshold), y, z)
    assert value == pytest.approx(scipy.special.huber(threshold, z - y).mean(), rel=1e-13)
    np.testing.assert_allclose(delta * N * 3, np.clip(z - y, -threshold, threshold), rtol=1e-13)


def test_slopes_at_the_kinks():
    """It is 0 for the absolute error, as its docstring says, and -q for the pinball loss. Huber's loss has no kink."""
    zero = np.zeros((1, 1))
    assert evaluate("absolute_error", zero, zero) == (0.0, zero)
    assert evaluate("huber", zero, zero) == (0.0, zero)
    value, slope = evaluate(Quantile(levels=(0.3,)), zero, zero)
    assert (value, slope[0, 0]) == (0.0, -0.3)


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


def test_log_loss_accepts_any_distribution_as_target():
    """Label smoothing gives such targets."""
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
        ("absolute_error", [[-1e4]], [[1e4]], 2e4, [[1.0]]),
        ("huber", [[1e4]], [[-1e4]], THRESHOLD * (2e4 - THRESHOLD / 2), [[-THRESHOLD]]),
        ("quantile", [[-1e4]], [[1e4]], 1e4, [[0.5]]),
        ("quantiles", [[1e4]], [[-1e4] * 3], 2e4 * LEVELS.mean(), [-LEVELS / 3]),
        ("gamma", [[1.0]], [[1e4]], 1e4 - 1.0, [[1.0]]),
        ("groups", [[0.0, 1.0, 0.0, 1.0, 0.0]], [[-1e4, 1e4, 0.0, 0.0, -1e4]], np.log(2.0), [[0, 0, 0.5, -0.5, 0]]),
        ("poisson", [[0.0]], [[-1e4]], 0.0, [[0.0]]),
        ("poisson", [[1.0]], [[-1e4]], 1e4 - 1.0, [[-1.0]]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_value_and_gradient_of_huge_outputs_are_finite(name, y, z, value, delta, dtype):
    ours = evaluate(name, np.array(y, dtype=dtype), np.array(z, dtype=dtype))
    np.testing.assert_allclose(ours[0], value, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_allclose(ours[1], delta, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize(("name", "z", "slope"), [("poisson", 1e4, np.inf), ("gamma", -1e4, -np.inf)])
def test_log_links_overflow_to_infinity_not_to_nan(name, z, slope):
    """e^1e4 overflows. The loss must then be infinite, so that the training loop notices it."""
    with np.errstate(over="ignore"):
        value, delta = evaluate(name, np.array([[2.0]]), np.array([[z]]))
    assert value == np.inf
    assert delta[0, 0] == slope


def test_small_log_losses_are_precise():
    """log(1 + e^-40) is e^-40, but 1 - p is 0 in float64."""
    assert evaluate("binary_log_loss", np.zeros((1, 1)), np.array([[-40.0]]))[0] == pytest.approx(
        np.exp(-40), rel=1e-12
    )


@pytest.mark.parametrize(("name", "k"), CASES)
def test_location_scale_says_whether_the_best_predictions_move_with_the_targets(name, k):
    """Only then may targets be standardized: the loss of (5 y + 3, 5 z + 3) has the same minimizers.

    Its gradient is then a multiple of that of (y, z). Huber's threshold is in units of y, so it is scaled as well.
    """
    y, z = problem(name, k)
    scaled = Huber(threshold=5.0 * THRESHOLD) if name == "huber" else name
    delta, moved = evaluate(name, y, z)[1], evaluate(scaled, 5.0 * y + 3.0, 5.0 * z + 3.0)[1]
    factor = (moved * delta).sum() / (delta**2).sum()
    assert np.allclose(moved, factor * delta) == ALL[name].location_scale


@pytest.mark.parametrize("name", sorted(ALL))
def test_pickle_round_trip_is_equal(name):
    assert pickle.loads(pickle.dumps(ALL[name])) == ALL[name]


def test_losses_are_equal_if_they_compute_the_same():
    """A warm start compares losses."""
    assert Huber(threshold=1.0) != Huber(threshold=2.0)
    assert Quantile(levels=(0.5,)) != Quantile(levels=(0.4,))
    assert GroupedLogLoss((2, 3)) != GroupedLogLoss((3, 2))
    assert replace(Huber(), threshold=1.0) == Huber(threshold=1.0)


def test_groups_are_consecutive_columns():
    assert GroupedLogLoss((2, 3)).groups == GROUPS
