"""Row weights: checks of the caller's weights, balanced classes, and weights that are shares of one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils.class_weight import compute_sample_weight

from sknet.preprocessing.weights import balanced, check_weights, counted_in_rows


def test_check_weights():
    assert check_weights(None, 3) is None
    assert_array_equal(check_weights([1, 0, 2], 3), [1.0, 0.0, 2.0])
    assert check_weights([1, 0, 2], 3).dtype == np.float64
    assert check_weights(np.ones(3, np.float32), 3).dtype == np.float64  # so that sums of weights lose no digits
    assert_array_equal(check_weights(2.5, 2), [2.5, 2.5])
    assert_array_equal(check_weights([True, False], 2), [1.0, 0.0])
    with pytest.raises(ValueError, match="shape"):
        check_weights(np.ones(2), 3)


@pytest.mark.parametrize("weight", [1e307, 1.7e308])
def test_weights_must_have_a_finite_sum(weight):
    with pytest.raises(ValueError, match=r"`sample_weight` must have a finite sum, got weights up to .*Divide them by"):
        check_weights(np.full(300, weight), 300)


@pytest.mark.parametrize(
    "weights", [np.full(40, 1 / 40), np.full(40, 1e-6), np.arange(40.0) / 780, np.full(40, 1e-320)]
)
def test_shares_are_scaled_to_the_number_of_rows_with_a_warning(weights):
    with pytest.warns(UserWarning, match=r"sum to .* taken as shares, and multiplied .*Multiply sample_weight by this"):
        found = counted_in_rows(weights)
    assert found.sum() == pytest.approx(np.count_nonzero(weights), rel=1e-2 if weights[1] < 1e-300 else 1e-12)
    assert_allclose(found / found.sum(), weights / weights.sum(), rtol=1e-2 if weights[1] < 1e-300 else 1e-12)


@pytest.mark.parametrize("weights", [None, np.ones(1), np.full(1, 0.5), np.ones(30), np.full(40, 0.03), np.eye(40)[0]])
def test_other_weights_are_not_changed(weights):
    """The weight 0.5 of a single row, which may be one of many in a stream, is not a share of one."""
    assert counted_in_rows(weights) is weights


def test_balanced_is_the_formula_of_sklearn_with_rows_repeated():
    rng = np.random.default_rng(0)
    y, weights = np.array(["a", "b", "c"])[rng.choice(3, 60, p=[0.7, 0.2, 0.1])], rng.integers(0, 4, 60)
    rows = np.repeat(np.arange(60), weights)
    found, expected = balanced(weights.astype(float), y), compute_sample_weight("balanced", y[rows])
    assert_allclose(np.repeat(found / np.maximum(weights, 1), weights), expected, rtol=1e-12)
    sums = [found[y == label].sum() for label in "abc"]
    assert_allclose(sums, weights.sum() / 3, rtol=1e-12)


def test_balanced_columns_multiply_and_classes_without_weight_do_not_count():
    rng = np.random.default_rng(0)
    y, weights = rng.integers(0, 2, (50, 2)), rng.uniform(size=50)
    each = [balanced(weights, column) / weights for column in y.T]
    assert_allclose(balanced(weights, y), weights * each[0] * each[1], rtol=1e-12)
    silent = np.where(y[:, 0] == 1, 0.0, weights)
    assert_allclose(balanced(silent, y[:, 0]), silent, rtol=1e-12)
