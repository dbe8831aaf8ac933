"""Labels that are Python objects: those of one plain type are converted, all others raise an error."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from sknet import MLPClassifierScratch
from sknet.preprocessing import plain_classes, plain_labels

pd = pytest.importorskip("pandas")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 2))
QUICK = {"max_iter": 2, "width": 4, "random_state": 0}


def objects(*values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (objects(0, 1, 2), "i"),
        (objects(0, np.int8(1), 2), "i"),
        (objects(True, False, np.True_), "b"),
        (objects(0.0, 1, 2.0), "f"),
        (objects("a", "b", np.str_("c")), "O"),
        (pd.Series([1, 2, 3], dtype="Int64").astype(object), "i"),
        (objects(2**40, 1, 2), "i"),
    ],
)
def test_plain_objects_become_arrays_of_their_type(given, kind):
    found = plain_labels(given)
    assert np.asarray(found).dtype.kind == kind
    assert_array_equal(np.asarray(found, dtype=object), np.asarray(given))


@pytest.mark.parametrize("y", [np.arange(3), ["a", "b"], [1, 2], np.array(["a"]), [[1], [2, 3]], None, X > 0])
def test_other_labels_are_returned_unchanged(y):
    assert plain_labels(y) is y


@pytest.mark.parametrize(
    "missing", [None, np.nan, pd.NA, pd.NaT, np.float32("nan")], ids=["None", "nan", "NA", "NaT", "float32"]
)
@pytest.mark.parametrize("others", [("a", "b"), (0, 1), (True, False)], ids=str)
def test_missing_labels_are_counted(missing, others):
    with pytest.raises(ValueError, match="`y_val` must have no missing values, got 2 among 4 labels"):
        plain_labels(objects(*others, missing, missing), "y_val")


@pytest.mark.parametrize(
    "y",
    [["a", np.nan, "b"], [1, None, 0], [0.0, np.nan, 1.0], np.array([0.0, np.nan]), pd.Series(["a", None, "b"]),
     pd.Series(["a", None], dtype="category"), pd.Series([1, None], dtype="Int64"), pd.DataFrame({"a": ["x", None]})],
    ids=lambda y: type(y).__name__,
)  # fmt: skip
def test_missing_labels_are_an_error_in_any_container(y):
    with pytest.raises(ValueError, match="must have no missing values, got 1 among"):
        plain_labels(y)


@pytest.mark.parametrize(
    ("y", "types"),
    [
        (objects("a", 1), "text and whole numbers"),
        (objects(True, "a"), "text and truth values"),
        (objects(True, 2), "truth values and whole numbers"),
        (objects(1.5, "a"), "numbers and text"),
        (["a", 1], "text and whole numbers"),
        (objects(Decimal(1), Decimal(2)), "Decimal"),
        (objects(object(), "a"), "object and text"),
        (pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), "text and whole numbers"),
    ],
)
def test_labels_of_several_types_are_named(y, types):
    with pytest.raises(ValueError, match=rf"labels of one type.*object array of {types}.*`y.astype\(str\)`"):
        plain_labels(y)


def test_objects_of_type_fraction_are_numbers():
    assert plain_labels(objects(Fraction(1, 2), 1)).tolist() == [0.5, 1]


def test_classes_of_each_column():
    found = plain_classes([objects(1, 2), objects("a", "b")])
    assert [own.dtype.kind for own in found] == ["i", "O"]
    assert plain_classes(None) is None
    with pytest.raises(ValueError, match=r"`classes\[1\]` must have no missing"):
        plain_classes([[1, 2], objects("a", None)])
    with pytest.raises(ValueError, match="`classes` must have no missing"):
        plain_classes(objects("a", None))


@pytest.mark.parametrize("labels", [(0, 1, 2), (False, True), ("x", "y")], ids=str)
def test_an_estimator_learns_from_objects_what_it_learns_from_arrays(labels):
    codes = np.arange(30) % len(labels)
    y, plain = objects(*(labels[code] for code in codes)), np.array(labels)[codes]
    net = MLPClassifierScratch(scoring=None, **QUICK)
    found, expected = (clone(net).fit(X, own, X_val=X, y_val=own) for own in (y, plain))
    assert_array_equal(found.classes_, expected.classes_)
    assert_array_equal(found.predict_proba(X), expected.predict_proba(X))
    assert found.score(X, y) == expected.score(X, plain) == found.validation_scores_[-1]
    stream = MLPClassifierScratch(**QUICK).partial_fit(X, y, classes=objects(*labels))
    assert_array_equal(
        stream.predict(X), MLPClassifierScratch(**QUICK).partial_fit(X, plain, classes=labels).predict(X)
    )


def test_an_estimator_says_where_labels_are_missing():
    y, gaps = objects(*"ab" * 15), objects(*"ab" * 14, "a", None)
    net = MLPClassifierScratch(**QUICK)
    with pytest.raises(ValueError, match="Input y contains NaN, None or NA: `y` must have no missing values, got 1"):
        net.fit(X, gaps)
    with pytest.raises(ValueError, match="`y_val` must have no missing values"):
        net.fit(X, y, X_val=X, y_val=gaps)
    with pytest.raises(ValueError, match="`y` must have no missing values"):
        net.fit(X, y).score(X, gaps)
