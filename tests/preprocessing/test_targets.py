"""Labels and numbers become the matrices that losses read, and predictions become labels again."""

import re

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from sklearn.exceptions import DataConversionWarning

from sknet.core.batches import Codes, Values
from sknet.core.losses import LOSSES
from sknet.preprocessing.targets import LabelEncoding, accuracy, as_column, check_domain


def matrix(targets, n):
    """Return encoded targets as the network reads them: one row for each of n."""
    out = np.empty((n, targets.width), order="F")
    targets.take(slice(0, n), out)
    return out


ALL_LABELS = [
    np.array([3, 1, 2, 1]),
    np.array(["b", "a", "c", "a"]),
    np.array(["b", "a", "c", "a"], dtype=object),
    np.array([0.0, -1.0, 2.0, 0.0]),
    np.array([2**40, -5, 0, 0]),
]


@pytest.mark.parametrize("y", ALL_LABELS, ids=lambda y: str(y.dtype))
def test_multiclass(y):
    labels = LabelEncoding.of(y)
    assert labels.kind == "multiclass"
    assert labels.n_outputs == 3
    assert labels.loss is LOSSES["log_loss"]
    assert_array_equal(labels.classes, np.unique(y))
    one_hot = (y[:, None] == labels.classes).astype(float)
    assert isinstance(labels.encode(y), Codes)
    assert_array_equal(matrix(labels.encode(y), 4), one_hot)
    assert_array_equal(labels.decode(one_hot * 7.0 - 3.0), y)


@pytest.mark.parametrize(
    "y", [np.array([1, 0, 1]), np.array([-1, 1, -1]), np.array(["no", "yes", "no"]), np.array([True, False, True])]
)
def test_binary(y):
    labels = LabelEncoding.of(y)
    assert labels.kind == "binary"
    assert labels.n_outputs == 1
    assert labels.loss is LOSSES["binary_log_loss"]
    assert_array_equal(matrix(labels.encode(y), 3)[:, 0], y == labels.classes[1])
    decoded = labels.decode(np.where(y == labels.classes[1], 0.1, -0.1)[:, None])
    assert_array_equal(decoded, y)
    assert decoded.dtype == y.dtype


def test_a_raw_output_of_zero_is_a_tie_that_goes_to_the_first_class():
    """A probability of one half is not above one half, as in scikit-learn."""
    assert_array_equal(LabelEncoding.of(np.array([0, 1])).decode(np.array([[0.0], [1e-300], [-1e-300]])), [0, 1, 0])
    multilabel = LabelEncoding.of(np.array([[0, 1], [1, 0]]))
    assert_array_equal(multilabel.decode(np.array([[0.0, 1e-300], [-1e-300, 5.0]])), [[0, 1], [0, 1]])
    assert LabelEncoding.of(np.arange(3)).decode(np.array([[0.0, 1.0, 1.0]])) == [1]


def test_one_class_is_the_positive_one():
    labels = LabelEncoding.of(np.array(["x", "x"]))
    assert labels.kind == "binary"
    assert_array_equal(matrix(labels.encode(np.array(["x", "x"])), 2), np.ones((2, 1)))
    assert_array_equal(labels.decode(np.array([[-3.0], [3.0]])), ["x", "x"])


@pytest.mark.parametrize("dtype", [np.int64, bool, float, np.uint8])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix, sp.csr_array])
def test_multilabel(container, dtype):
    Y = np.array([[0, 1, 1], [1, 0, 0], [0, 0, 0], [1, 1, 1]], dtype=dtype)
    labels = LabelEncoding.of(container(Y))
    assert labels.kind == "multilabel"
    assert labels.n_outputs == 3
    assert labels.loss is LOSSES["binary_log_loss"]
    assert_array_equal(labels.classes, [0, 1, 2])
    targets = labels.encode(container(Y))
    assert isinstance(targets, Values)
    assert_array_equal(matrix(targets, 4), Y)
    decoded = labels.decode(Y - 0.5)
    assert sp.issparse(decoded) == sp.issparse(container(Y))
    assert_array_equal(decoded.toarray() if sp.issparse(decoded) else decoded, Y)
    assert decoded.dtype.kind == "i"


@pytest.mark.parametrize(
    ("n_classes", "dtype"), [(2, np.uint8), (3, np.uint8), (255, np.uint8), (256, np.uint16), (257, np.uint16)]
)
def test_codes_are_kept_small_and_right(n_classes, dtype):
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(n_classes) * 3 - 7, 2))
    labels = LabelEncoding.of(y)
    targets = labels.encode(y)
    stored = targets.codes if n_classes > 2 else targets.columns
    assert stored.dtype == dtype
    found = matrix(targets, len(y))
    assert_array_equal(found.argmax(axis=1) if n_classes > 2 else found[:, 0], (y + 7) // 3)
    if n_classes > 2:
        assert_array_equal(found.sum(axis=1), 1.0)


def test_all_classes_may_be_named():
    labels = LabelEncoding.of(np.array([1, 1]), classes=[4, 1, 2, 2])
    assert labels.kind == "multiclass"
    assert_array_equal(labels.classes, [1, 2, 4])
    assert LabelEncoding.of(np.array(["b"]), classes=["b", "a"]).kind == "binary"
    assert LabelEncoding.of(np.array(["b"]), classes=["b"]).kind == "binary"


@pytest.mark.parametrize(
    ("fitted", "y", "message"),
    [
        (["a", "b", "c"], ["a", "d"], r"`self\.classes_` has \['a' 'b' 'c'\], `y` has also \['d'\]"),
        (["a", "b"], [0, 1], "has also"),
        ([0, 1], [[0, 1], [1, 0]], r"same form as in the first call \(binary, 2 classes\), got multilabel"),
        ([[0, 1], [1, 0]], [0, 1], r"same form as in the first call \(multilabel, 2 classes\), got binary"),
        ([[0, 1], [1, 0]], [[0, 1, 1], [1, 0, 0]], r"multilabel, 2 classes\), got .* shape \(2, 3\)"),
        ([0, 1, 2], [0.5, 1.2], "Unknown label type: continuous"),
    ],
)
def test_targets_of_another_form_or_with_new_classes_are_an_error(fitted, y, message):
    with pytest.raises(ValueError, match=message):
        LabelEncoding.of(np.array(fitted)).check(np.array(y))


@pytest.mark.parametrize("y", [["a", "b", "c"], ["b"], ["a", "a"]])
def test_targets_of_the_same_form_are_accepted(y):
    LabelEncoding.of(np.array(["a", "b", "c"])).check(np.array(y))


def test_several_columns_of_several_classes():
    y = np.array([["a", "x"], ["b", "y"], ["c", "x"], ["a", "z"]])
    encoding = LabelEncoding.of(y)
    assert encoding.kind == "multioutput"
    assert [list(c) for c in encoding.classes] == [["a", "b", "c"], ["x", "y", "z"]]
    assert encoding.n_outputs == 6
    one_hot = np.empty((4, 6), order="F")
    encoding.encode(y).take(slice(0, 4), one_hot)
    assert_array_equal(one_hot, np.hstack([y[:, [0]] == list("abc"), y[:, [1]] == list("xyz")]))
    assert_array_equal(encoding.decode(one_hot), y)
    with pytest.raises(ValueError, match=r"classes not in .*\['q'\]"):
        encoding.check(np.array([["a", "q"]]))


def test_as_column():
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        assert as_column(np.zeros((3, 1))).shape == (3,)
    for y in (np.zeros(3), np.zeros((3, 2)), sp.csr_matrix(np.ones((3, 1)))):
        assert as_column(y) is y


def test_check_domain():
    check_domain(np.array([[0.0, 3.0]]), "poisson")
    check_domain(np.array([[-1.0, 3.0]]), "squared_error")
    with pytest.raises(ValueError, match=r"loss='poisson' needs targets y >= 0, got a smallest value of -0\.5"):
        check_domain(np.array([[1.0, 3.0], [2.0, -0.5]]), "poisson")


def test_zero_is_a_target_of_poisson_but_not_of_gamma():
    check_domain(np.array([[0.0]]), "poisson")
    check_domain(np.array([[1e-300]]), "gamma")
    with pytest.raises(ValueError, match=r"loss='gamma' needs targets y > 0, got a smallest value of 0\.0"):
        check_domain(np.array([[1.0, 0.0]]), "gamma")


@pytest.mark.parametrize(("weights", "expected"), [(None, 0.25), ([1.0, 5.0, 3.0, 1.0], 0.5)])
def test_a_row_counts_as_correct_if_all_its_targets_are(weights, expected):
    y, found = np.array([[0, 2], [1, 1], [2, 0], [0, 0]]), np.array([[0, 1], [1, 1], [1, 2], [1, 0]])
    assert accuracy(y, found, weights) == expected


@pytest.mark.parametrize("largest", [(1, 2), (2, 1)], ids=["predictions", "targets"])
def test_accuracy_if_only_targets_or_only_predictions_have_three_classes(largest):
    y, found = (np.array([[0, 0], [0, 1], [n, 1]]) for n in largest)
    assert accuracy(y, found) == 2 / 3


def test_accuracy_needs_as_many_targets_as_predictions():
    with pytest.raises(ValueError, match=r"y must have the shape of its predictions, \(2, 2\), got \(2,\)"):
        accuracy([0, 2], np.array([[0, 2], [1, 2]]))


NUMBERED = [
    *ALL_LABELS,
    np.array(["b", "a", "a"]),
    np.array(["a", "a"]),
    np.array([["b", "x"], ["a", "y"], ["c", "y"]]),
    np.array([[0, 1], [1, 1]]),
    sp.csr_matrix([[0, 1], [1, 1]]),
]


@pytest.mark.parametrize("y", NUMBERED, ids=lambda y: f"{y.dtype}, {y.shape}")
def test_numbers_decode_as_labels_do(y):
    labels = LabelEncoding.of(y)
    numbers, numbering = labels.numbered(y)
    assert numbers.dtype.kind in "iu"
    z = np.random.default_rng(0).standard_normal((40, labels.n_outputs))
    # The number of a number is the number itself.
    assert (numbering.decode(z) != numbering.numbered(numbering.decode(z))[0]).sum() == 0
    assert (numbering.decode(z) != labels.numbered(labels.decode(z))[0]).sum() == 0
    assert (labels.encode(y).width, labels.n_outputs) == (numbering.encode(numbers).width, numbering.n_outputs)
    assert_array_equal(matrix(numbering.encode(numbers), y.shape[0]), matrix(labels.encode(y), y.shape[0]))


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 3], [1, 2, 3]])
def test_classes_of_multilabel_targets_are_the_numbers_of_their_columns(classes):
    y = np.array([[0, 1, 1], [1, 0, 0]])
    assert LabelEncoding.of(y, classes=[2, 0, 1]).kind == "multilabel"
    with pytest.raises(ValueError, match=f"numbers of their 3 columns, from 0, got {re.escape(str(classes))}"):
        LabelEncoding.of(y, classes=classes)


@pytest.mark.parametrize(
    ("y", "same", "others"),
    [
        (["b", "a"], [["b", "a", "a"]], [["a"], ["a", "b", "c"], ["a", "c"]]),
        ([["b", "y"], ["a", "x"]], [[["b", "a"], ["y", "x"]]], [
            [["a", "b"]], [["a", "b"], ["x", "z"]], [["a", "c"], ["x", "y"]], [["a", "b"], ["x", "y"], ["x", "y"]]
        ]),
    ],
)  # fmt: skip
def test_classes_are_the_same_in_any_order(y, same, others):
    encoding = LabelEncoding.of(np.array(y))
    assert all(encoding.same_classes(classes) for classes in same)
    assert not any(encoding.same_classes(classes) for classes in others)


SEVERAL = np.array([["a", "x"], ["b", "y"], ["c", "x"]])


@pytest.mark.parametrize(
    ("y", "rows", "given", "expected"),
    [
        (np.array(["a", "b", "c"]), [0, 2], {"a": 2.0, "b": 3.0}, {"a": 2.0}),
        (np.array([[0, 1], [1, 0], [1, 1]]), [1, 2], [{0: 2.0, 1: 3.0}, {0: 4.0}], [{1: 3.0}, {0: 4.0}]),
        (SEVERAL, [0, 2], [{"a": 2.0, "b": 3.0}, {"x": 4.0, "y": 5.0}], [{"a": 2.0}, {"x": 4.0}]),
        (SEVERAL, [0], "balanced", "balanced"),
    ],
)
def test_class_weights_are_those_of_the_classes_that_are_present(y, rows, given, expected):
    assert LabelEncoding.of(y).present(given, y[rows]) == expected


def test_unknown_names_in_class_weights_are_told_with_the_classes_that_got_no_weight():
    encoding = LabelEncoding.of(SEVERAL)
    message = r"got \['q'\], which are not in y, and no weight for \['b', 'c'\]\. Correct"
    with pytest.raises(ValueError, match=message):
        encoding.present([{"a": 2.0, "q": 3.0}, {"x": 4.0}], SEVERAL)
