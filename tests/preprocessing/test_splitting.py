"""Validation rows: stratified, reproducible, different for each member, and without rows of weight 0."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import train_test_split

from sknet.preprocessing.splitting import validation_folds, validation_split


def rng(seed=0):
    return np.random.RandomState(seed)


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("n", [10, 33, 200])
def test_plain_split_is_that_of_sklearn(n, fraction):
    train, validation = validation_split(n, fraction, rng())
    size = max(2, int(np.ceil(fraction * n)))
    expected = train_test_split(np.arange(n), test_size=size, random_state=0)
    assert_array_equal(train, expected[0])
    assert_array_equal(validation, expected[1])


def test_stratified_split_is_that_of_sklearn():
    y = rng(1).choice(["a", "b", "c"], 150, p=[0.5, 0.3, 0.2])
    train, validation = validation_split(150, 0.2, rng(), None, y)
    expected = train_test_split(np.arange(150), test_size=0.2, random_state=0, stratify=y)
    assert_array_equal(train, expected[0])
    assert_array_equal(validation, expected[1])


def test_promises_hold_for_any_labels_and_weights():
    for seed in range(300):
        random = rng(seed)
        n = random.randint(30, 300)
        n_classes = random.randint(1, 7)
        y = random.choice(n_classes, n, p=random.dirichlet(np.full(n_classes, 0.5)))
        weights = random.choice([0.0, 1.0, 2.5], n) if seed % 2 else None
        fraction = random.uniform(0.02, 0.95)
        live = np.arange(n) if weights is None else np.flatnonzero(weights)
        count = np.bincount(y[live], minlength=n_classes)
        n_large = np.count_nonzero(count > 1)
        wanted = max(int(np.ceil(fraction * len(live))), n_large, 2)  # stratified: at most 6 classes
        if wanted > len(live) - np.count_nonzero(count == 1) - n_large:
            with pytest.raises(ValueError, match="The validation set is too small"):
                validation_split(n, fraction, rng(seed), weights, y)
            continue
        train, validation = validation_split(n, fraction, rng(seed), weights, y)
        assert_array_equal(np.sort(np.concatenate([train, validation])), np.arange(n))  # each row once
        assert set(validation) <= set(live)
        alone = [row for row in live if count[y[row]] == 1]
        assert set(alone) <= set(train)
        for side in (validation, np.intersect1d(train, live)):
            assert len(np.setdiff1d(np.unique(y[side]), np.flatnonzero(count == 1))) == n_large
        share = wanted / (len(live) - len(alone))
        rare = np.count_nonzero((count > 1) & (count * min(share, 1 - share) < 1))
        assert abs(len(validation) - wanted) <= rare  # one row more or less for each class that would be missing
        # Stratified: a class differs from its share by at most the row that is moved if it would be missing.
        for k in np.flatnonzero(count > 1):
            assert abs(np.count_nonzero(y[validation] == k) - share * count[k]) < 2.0


def test_without_labels_rows_of_weight_zero_stay_in_training():
    weights = np.array([0.0, 1.0] * 50)
    train, validation = validation_split(100, 0.3, rng(), weights)
    assert np.all(validation % 2 == 1)
    assert len(validation) == 15
    assert set(train) == set(range(100)) - set(validation)


@pytest.mark.parametrize("labels", [None, np.repeat([0, 1], 50)])
def test_the_split_is_drawn_from_the_generator(labels):
    random = rng(3)
    first, second = (validation_split(100, 0.2, random, None, labels)[1] for _ in range(2))
    assert set(first) != set(second)
    assert_array_equal(first, validation_split(100, 0.2, rng(3), None, labels)[1])


@pytest.mark.parametrize("kind", [object, str, bool, np.float64, np.int8])
def test_labels_of_any_kind(kind):
    y = np.repeat([0, 1], [70, 30]).astype(kind)
    _, validation = validation_split(100, 0.2, rng(), None, y)
    assert_array_equal(np.unique(y[validation], return_counts=True)[1], [14, 6])


@pytest.mark.parametrize(
    ("n", "fraction", "weights", "labels"),
    [
        (1, 0.1, None, None),
        (2, 0.5, None, None),
        (100, 0.1, np.r_[1.0, 1.0, np.zeros(98)], None),
        (5, 0.1, None, np.arange(5)),
        (6, 0.9, None, np.array([0, 0, 0, 1, 1, 1])),
    ],
    ids=["one row", "two rows", "two rows with weight", "all alone", "nothing to train on"],
)
def test_too_few_rows(n, fraction, weights, labels):
    with pytest.raises(ValueError, match=rf"The validation set is too small.*'validation_fraction'.*n_samples = {n}"):
        validation_split(n, fraction, rng(), weights, labels)


def test_the_smallest_number_of_rows_that_can_be_split():
    train, validation = validation_split(3, 0.1, rng())
    assert (len(train), len(validation)) == (1, 2)
    train, validation = validation_split(6, 0.1, rng(), None, np.array([0, 0, 1, 1, 2, 2]))
    assert_array_equal(np.sort(train // 2), [0, 1, 2])
    assert_array_equal(np.sort(validation // 2), [0, 1, 2])


@pytest.mark.parametrize(("n_classes", "rows_each", "fraction"), [(1000, 3, 0.1), (1000, 2, 0.05), (40, 20, 0.04)])
def test_more_classes_than_validation_rows_get_no_more_than_the_share_asked_for(n_classes, rows_each, fraction):
    labels = np.repeat(np.arange(n_classes), rows_each)
    n = len(labels)
    train, validation = validation_split(n, fraction, rng(), None, labels)
    assert len(validation) == np.ceil(fraction * n)
    assert_array_equal(np.sort(np.concatenate([train, validation])), np.arange(n))
    assert set(labels[train]) == set(range(n_classes))  # every class can be learned
    other = validation_split(n, fraction, rng(1), None, labels)[1]
    assert set(other) != set(validation)


def test_as_many_classes_as_validation_rows_are_on_both_sides():
    labels = np.repeat(np.arange(100), 10)
    train, validation = validation_split(1000, 0.1, rng(), None, labels)
    assert_array_equal(np.sort(labels[validation]), np.arange(100))
    assert set(labels[train]) == set(range(100))


@pytest.mark.parametrize("n_weighted", [3, 9])
def test_too_few_rows_for_the_folds_are_an_error(n_weighted):
    weights = np.zeros(20)
    weights[:n_weighted] = 1.0
    with pytest.raises(ValueError, match=r"validation set is too small.*n_samples = 20, each of n_members=3 needs"):
        validation_folds(np.arange(20.0), 0.1, 3, np.random.RandomState(0), weights)
    folds = validation_folds(np.arange(20.0), 0.1, 3, np.random.RandomState(0), np.r_[np.ones(10), np.zeros(10)])
    assert [len(held_out) for _, held_out in folds] == [1, 1, 1]


@pytest.mark.parametrize("n_folds", [2, 3, 10])
def test_each_fold_has_one_row_of_every_ten_that_are_neighbours_in_y(n_folds):
    y = np.random.default_rng(0).permutation(200).astype(float)
    folds = validation_folds(y, 0.1, n_folds, np.random.RandomState(0))
    for _, held_out in folds:
        assert sorted(y[held_out] // 10) == list(range(20))
    assert len(np.unique(np.concatenate([held_out for _, held_out in folds]))) == 20 * n_folds
