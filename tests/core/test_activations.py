"""Compare activations with formulas written in this file, and their derivatives with central differences."""

import dataclasses
import pickle
import tracemalloc

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfc
from scipy.stats import norm

from sknet.core.activations import ACTIVATIONS, EXP

# Klambauer et al. (2017), Self-normalizing neural networks, eq. 14: the fixed point (0, 1).
_ERFC_ROOT_HALF, _ERFC_ROOT_TWO, _ROOT_E = erfc(np.sqrt(0.5)), erfc(np.sqrt(2.0)), np.exp(0.5)
SELU_ALPHA = -np.sqrt(2.0 / np.pi) / (_ERFC_ROOT_HALF * _ROOT_E - 1.0)
SELU_SCALE = (
    (1.0 - _ERFC_ROOT_HALF * _ROOT_E)
    * np.sqrt(2.0 * np.pi)
    / np.sqrt(
        2.0 * _ERFC_ROOT_TWO * np.e**2
        + np.pi * _ERFC_ROOT_HALF**2 * np.e
        - 2.0 * (2.0 + np.pi) * _ERFC_ROOT_HALF * _ROOT_E
        + np.pi
        + 2.0
    )
)

FORMULAS = {
    "identity": lambda z: z,
    "logistic": lambda z: 1.0 / (1.0 + np.exp(-z)),
    "tanh": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    "relu": lambda z: np.where(z > 0.0, z, 0.0),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
    "leaky_relu": lambda z: np.where(z > 0.0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0.0, z, np.exp(z) - 1.0),
    "selu": lambda z: SELU_SCALE * np.where(z > 0.0, z, SELU_ALPHA * (np.exp(z) - 1.0)),
    "gelu": lambda z: z * norm.cdf(z),
    "silu": lambda z: z / (1.0 + np.exp(-z)),
    "mish": lambda z: z * np.tanh(np.log(1.0 + np.exp(z))),
    "softplus": lambda z: np.log(1.0 + np.exp(z)),
    "exp": np.exp,
}
NAMES = sorted(FORMULAS)
TABLE = {**ACTIVATIONS, "exp": EXP}
ELEMENTWISE = [name for name in NAMES if TABLE[name].elementwise]
KINKS = {"relu": 0.0, "leaky_relu": 0.01, "selu": SELU_SCALE * SELU_ALPHA}

# The table of the course, row C5, without spaces.
COURSE = {
    "sigmoid": ("1/(1+e^-a)", "s(1-s)", (0.0, 1.0)),
    "tanh": ("(e^a-e^-a)/(e^a+e^-a)", "4/(e^a+e^-a)^2", (-1.0, 1.0)),
    "relu": ("max(0,a)", "0ifa<=0else1", (0.0, np.inf)),
    "softmax": ("e^ai/sum_je^aj", "s_i(delta_ij-s_j)", (0.0, 1.0)),
}


def some_z(dtype=np.float64, order="C"):
    """Values between -5 and 5 that are not close to 0, where some activations have no derivative."""
    rng = np.random.default_rng(0)
    z = rng.uniform(0.01, 5.0, (30, 6)) * rng.choice([-1.0, 1.0], (30, 6))
    return np.array(z, dtype=dtype, order=order)


def scratch(activation, z):
    """Memory for ``work`` that is full of nan, so that a function which reads it gives wrong results."""
    return np.full_like(z, True, dtype=bool) if activation.boolean_work else np.full_like(z, np.nan)


def run_forward(activation, z):
    """Call ``forward`` as a layer does: in place unless the activation keeps its slope."""
    z, work = z.copy(order="K"), scratch(activation, z)
    out = np.full_like(z, np.nan) if activation.keeps_slope else z
    activation.forward(z, out, work)
    return out, work


def slope(activation, z):
    """Return dsum(a)/dz, computed by both passes as in a layer."""
    a, work = run_forward(activation, z)
    delta = np.ones_like(a)
    activation.backward(a, delta, work)
    return delta


def test_every_activation_has_a_formula_here():
    assert set(FORMULAS) == {*ACTIVATIONS, "exp"} - {"sigmoid"}


def test_names_are_the_keys_and_sigmoid_is_the_logistic_function():
    assert ACTIVATIONS["sigmoid"] is ACTIVATIONS["logistic"]
    assert [name for name, activation in ACTIVATIONS.items() if activation.name != name] == ["sigmoid"]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", NAMES)
def test_forward_is_the_formula(name, order):
    z = some_z(order=order)
    np.testing.assert_allclose(run_forward(TABLE[name], z)[0], FORMULAS[name](z), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_call_is_the_formula_and_does_not_change_z(name):
    z = some_z()
    before = z.copy()
    a = TABLE[name](z)
    np.testing.assert_allclose(a, FORMULAS[name](z), rtol=1e-12, atol=1e-15)
    assert not np.shares_memory(a, z)
    np.testing.assert_array_equal(z, before)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivative_is_the_central_difference(name, order):
    z, h = some_z(order=order), 1e-5
    numerical = (FORMULAS[name](z + h) - FORMULAS[name](z - h)) / (2.0 * h)
    np.testing.assert_allclose(slope(TABLE[name], z), numerical, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(TABLE[name].derivative(z), numerical, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_backward_multiplies_delta_by_the_jacobian(name):
    """The expected value is ``delta`` times the numerical Jacobian of the row, also for elementwise functions."""
    z, h = some_z(), 1e-5
    delta = np.random.default_rng(1).normal(size=z.shape)
    expected = np.empty_like(z)
    for j, shift in enumerate(h * np.eye(z.shape[1])):
        column = (FORMULAS[name](z + shift) - FORMULAS[name](z - shift)) / (2.0 * h)  # da_i/dz_j
        expected[:, j] = np.einsum("ni,ni->n", delta, column)
    a, work = run_forward(TABLE[name], z)
    TABLE[name].backward(a, delta, work)
    np.testing.assert_allclose(delta, expected, rtol=1e-7, atol=1e-9)


def test_softmax_derivative_is_the_jacobian_of_the_course():
    """s_i (delta_ij - s_j)."""
    z = some_z()
    s = FORMULAS["softmax"](z)
    jacobian = np.einsum("ni,nij->nij", s, np.eye(z.shape[1]) - s[:, None, :])
    np.testing.assert_allclose(ACTIVATIONS["softmax"].derivative(z), jacobian, rtol=1e-12, atol=1e-15)
    assert [name for name in ACTIVATIONS if not ACTIVATIONS[name].elementwise] == ["softmax"]


def test_softmax_gives_the_numbers_of_the_course():
    z = np.array([[-0.21, 0.47, 1.72]])
    assert np.exp(z).sum().round(1) == 8.0  # 7.996 is the sum of three rounded exponentials, 0.811 + 1.600 + 5.585
    assert np.exp(z).round(3).sum().round(3) == 7.996
    s = ACTIVATIONS["softmax"](z)
    np.testing.assert_array_equal(s.round(1), [[0.1, 0.2, 0.7]])
    np.testing.assert_allclose(s.sum(), 1.0, rtol=1e-15)


def test_softmax_of_huge_entries_is_finite():
    s = ACTIVATIONS["softmax"](np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, -1e4]]))
    np.testing.assert_allclose(s, [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]], rtol=1e-15)


@pytest.mark.parametrize("name", COURSE)
def test_formulas_of_the_course(name):
    activation = ACTIVATIONS[name]
    texts = (activation.formula.replace(" ", ""), activation.derivative_formula.replace(" ", ""))
    assert (*texts, activation.range) == COURSE[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_activation_is_described(name):
    activation = TABLE[name]
    assert activation.formula
    assert activation.derivative_formula
    assert activation.range[0] < activation.range[1]


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("name", KINKS)
def test_value_used_at_points_without_derivative(name, zero):
    z = np.full((3, 2), zero)
    np.testing.assert_allclose(slope(ACTIVATIONS[name], z), KINKS[name], rtol=1e-14)
    assert f"No derivative at 0; {KINKS[name]:.5g} is used." in ACTIVATIONS[name].note


def test_elu_is_differentiable_at_zero():
    np.testing.assert_array_equal(slope(ACTIVATIONS["elu"], np.array([[0.0, -0.0]])), 1.0)


@pytest.mark.parametrize("moment", [1, 2])
def test_selu_keeps_mean_zero_and_variance_one(moment):
    """If z has a standard normal distribution, selu(z) has mean 0 and variance 1: its two constants are chosen so."""
    selu = ACTIVATIONS["selu"]

    def integrand(z):
        return float(selu(np.array([[z]]))[0, 0]) ** moment * norm.pdf(z)

    value = quad(integrand, -12.0, 0.0)[0] + quad(integrand, 0.0, 12.0)[0]
    assert value == pytest.approx(moment - 1, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_range_holds_and_is_tight(name):
    z = np.zeros((400_001, 2))
    z[:, 0] = np.linspace(-20.0, 20.0, len(z))  # rows of softmax are pairs (z, 0)
    a = TABLE[name](z)
    low, high = TABLE[name].range
    rounding = 4 * np.finfo(float).eps
    assert low - rounding <= a.min()
    assert a.max() <= high + rounding
    # Values come close to a finite bound. If the bound is infinite, they grow in proportion to z (by 0.01 z at least).
    assert a.min() - low < 1e-8 if np.isfinite(low) else a.min() < -0.19
    assert high - a.max() < 1e-8 if np.isfinite(high) else a.max() > 19.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"exp"}))
def test_huge_inputs_give_finite_values_and_slopes(name, dtype):
    z = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], dtype=dtype)
    assert np.isfinite(run_forward(TABLE[name], z)[0]).all()
    assert np.isfinite(slope(TABLE[name], z)).all()


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_float32(name):
    z = some_z(np.float32)
    assert TABLE[name](z).dtype == np.float32
    assert TABLE[name].derivative(z).dtype == np.float32
    np.testing.assert_allclose(TABLE[name](z), FORMULAS[name](z.astype(np.float64)), rtol=1e-5, atol=1e-6)


def test_float32_gelu_is_within_rounding_errors_of_the_formula():
    """In float32, a polynomial replaces the distribution function."""
    z = np.linspace(-12.0, 12.0, 200_001, dtype=np.float32)[:, None]
    exact, eps = z.astype(np.float64), np.finfo(np.float32).eps
    a, work = run_forward(ACTIVATIONS["gelu"], z)
    np.testing.assert_allclose(a, exact * norm.cdf(exact), rtol=eps, atol=4 * eps)
    np.testing.assert_allclose(work, norm.cdf(exact) + exact * norm.pdf(exact), rtol=eps, atol=4 * eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gelu_at_the_largest_numbers_is_the_identity_or_zero(dtype):
    z = np.array([[1e20, -1e20, np.finfo(dtype).max, np.finfo(dtype).min]], dtype=dtype)
    a, work = run_forward(ACTIVATIONS["gelu"], z)
    np.testing.assert_array_equal(a, np.maximum(z, 0.0))
    np.testing.assert_array_equal(work, z > 0.0)


def test_call_accepts_integers_and_one_row():
    a = ACTIVATIONS["logistic"](np.array([0, 2]))
    np.testing.assert_allclose(a, [[0.5, 1.0 / (1.0 + np.exp(-2.0))]], rtol=1e-15)
    assert a.dtype == np.float64


@pytest.mark.parametrize("name", NAMES)
def test_backward_does_not_change_what_forward_saved(name):
    activation = TABLE[name]
    a, work = run_forward(activation, some_z())
    a_before, work_before = a.tobytes(), work.tobytes()
    activation.backward(a, np.ones_like(a), work)
    assert a.tobytes() == a_before
    if activation.keeps_slope:
        assert work.tobytes() == work_before


@pytest.mark.parametrize("name", [name for name in NAMES if not TABLE[name].keeps_slope])
def test_work_is_scratch_between_the_passes(name):
    activation = TABLE[name]
    a, _ = run_forward(activation, some_z())
    first, second = np.ones_like(a), np.ones_like(a)
    activation.backward(a, first, scratch(activation, a))
    activation.backward(a, second, np.zeros_like(scratch(activation, a)))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", [name for name in NAMES if not TABLE[name].keeps_slope])
def test_in_place_equals_out_of_place(name):
    activation, z = TABLE[name], some_z()
    out, before = np.full_like(z, np.nan), z.copy()
    activation.forward(z, out, scratch(activation, z))
    np.testing.assert_array_equal(z, before)  # only activations that keep the slope may overwrite z
    activation.forward(z, z, scratch(activation, z))
    np.testing.assert_array_equal(out, z)


@pytest.mark.parametrize(("name", "z"), [("softplus", -30.0), ("elu", -1e-12), ("selu", -1e-12), ("logistic", -30.0)])
def test_small_values_are_precise(name, z):
    """Here log(1 + e^-30), e^-1e-12 - 1, and the slope 1 - e^-a of softplus lose most digits."""
    small = {"softplus": np.exp(z), "logistic": np.exp(z), "elu": z, "selu": SELU_SCALE * SELU_ALPHA * z}[name]
    np.testing.assert_allclose(ACTIVATIONS[name](np.array([[z]])), small, rtol=1e-11)
    if name in ("softplus", "logistic"):
        np.testing.assert_allclose(slope(ACTIVATIONS[name], np.array([[z]])), small, rtol=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_pickle_round_trip_is_equal(name):
    copy = pickle.loads(pickle.dumps(TABLE[name]))
    assert copy == TABLE[name]
    assert hash(copy) == hash(TABLE[name])


def test_the_repr_is_the_name():
    """Estimators print their parameters often, so the text of an activation is short."""
    assert repr(ACTIVATIONS["sigmoid"]) == "Activation('logistic')"


def test_activations_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ACTIVATIONS["relu"].name = "other"


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", NAMES)
def test_passes_allocate_nothing_of_the_size_of_the_array(name, order):
    """They allocate no mask either: a sixteenth of the array is less than one byte for each element."""
    activation = TABLE[name]
    z = np.full((1000, 256), -0.5, order=order)
    a = np.empty_like(z) if activation.keeps_slope else z
    work, delta = scratch(activation, z), np.ones_like(z)
    activation.forward(z[:2], a[:2], work[:2])  # fills caches
    tracemalloc.start()
    try:
        activation.forward(z, a, work)
        activation.backward(a, delta, work)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = z.nbytes
    assert peak < size / 16
