"""Better than scikit-learn: the validation split is stratified and weighted, and its rows are not used for training."""

import numpy as np
import pytest
import sklearn.neural_network._multilayer_perceptron as their_module
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor, traced_peak
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier, MLPRegressor
from thirteen_points import (
    BOTH,
    WITNESSED,
    as_of_1_9,
    make_data,
    make_labels,
    numbered,
    witness_fixture,  # noqa: F401
)

import sknet.base
import sknet.preprocessing.splitting

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def their_splits(monkeypatch):
    """Record the results of scikit-learn's splits."""
    splits = []
    split = their_module.train_test_split

    def spy(*args, **kwargs):
        splits.append(split(*args, **kwargs))
        return splits[-1]

    monkeypatch.setattr(their_module, "train_test_split", spy)
    return splits


def test_point_02_multiclass_split_is_stratified(monkeypatch):
    splits = []

    def spy(*args):
        splits.append(sknet.preprocessing.splitting.validation_split(*args))
        return splits[-1]

    monkeypatch.setattr(sknet.base, "validation_split", spy)
    y = np.repeat(["a", "b", "c", "d"], [100, 60, 30, 10])
    X = np.random.default_rng(0).standard_normal((200, 2))
    for seed in range(10):
        mlp = PlainClassifier(early_stopping=True, validation_fraction=0.2, max_iter=1, random_state=seed, width=2)
        mlp.fit(X, y)
        train, validation = splits[-1]
        assert_array_equal(np.unique(y[validation], return_counts=True)[1], [20, 12, 6, 2])
        assert_array_equal(np.sort(np.concatenate([train, validation])), np.arange(200))


@as_of_1_9
def test_point_02_sklearn_does_not_stratify_more_than_two_classes(monkeypatch):
    stratify = []
    split = their_module.train_test_split
    monkeypatch.setattr(
        their_module, "train_test_split", lambda *a, **k: stratify.append(k["stratify"]) or split(*a, **k)
    )
    X, y = load_iris(return_X_y=True)
    MLPClassifier(early_stopping=True, max_iter=1).fit(X, y)
    assert stratify == [None]


@pytest.mark.parametrize("rare", [2, 3, 5])
def test_point_02_rare_classes_are_in_training_and_validation_rows(monkeypatch, rare):
    splits = []

    def spy(*args):
        splits.append(sknet.preprocessing.splitting.validation_split(*args))
        return splits[-1]

    monkeypatch.setattr(sknet.base, "validation_split", spy)
    y = np.repeat([0, 1, 2, 3], [400, 300, rare, rare])
    X = np.random.default_rng(0).standard_normal((len(y), 2))
    for seed in range(10):
        PlainClassifier(early_stopping=True, max_iter=1, random_state=seed, width=2).fit(X, y)
        for side in splits[-1]:
            assert set(y[side]) == {0, 1, 2, 3}


def test_point_02_a_class_with_one_row_stays_in_training(witness):
    y = np.repeat([0, 1, 2], [50, 30, 1])
    X = numbered(np.zeros((81, 1)))
    mlp = PlainClassifier(early_stopping=True, max_iter=1, **WITNESSED).fit(X, y)
    assert 80 in witness.trained[0]
    assert 80 not in witness.validated[0]
    assert_array_equal(mlp.classes_, [0, 1, 2])
    assert mlp.predict_proba(X).shape == (81, 3)


@BOTH
def test_point_02_a_warm_start_keeps_the_split(witness, Estimator):
    X, y = make_data()
    X, y = numbered(X), make_labels(Estimator, y)
    mlp = Estimator(early_stopping=True, warm_start=True, max_iter=3, **WITNESSED)
    for _ in range(3):
        mlp.fit(X, y)
    assert witness.validated[0] == witness.validated[1] == witness.validated[2]
    assert witness.trained[0] == witness.trained[1] == witness.trained[2]
    assert not witness.trained[0] & witness.validated[0]
    assert len(witness.trained[0] | witness.validated[0]) == len(X)


@pytest.mark.parametrize("change", ["labels", "weights", "fraction", "fewer rows", "more rows"])
def test_point_02_no_validation_row_is_trained_on_when_the_data_change(witness, change):
    """A warm start on other data needs another split, without the rows of the old one."""
    X, y = make_data()
    X, y = numbered(X), (y > 0).astype(int)
    weights = None
    mlp = PlainClassifier(early_stopping=True, warm_start=True, max_iter=2, **WITNESSED).fit(X, y)
    if change == "labels":
        y = np.random.default_rng(1).permutation(y)
    elif change == "weights":
        weights = np.random.default_rng(1).integers(0, 2, len(X))
    elif change == "fraction":
        mlp.set_params(validation_fraction=0.4)
    elif change == "fewer rows":
        X, y = X[:50], y[:50]
    else:
        X, y = numbered(np.vstack([X, X])[:, 1:]), np.concatenate([y, y])
    mlp.fit(X, y, weights)
    assert not witness.trained[1] & witness.validated[1]
    seen = witness.trained[1] | witness.validated[1]
    assert set(np.flatnonzero(np.ones(len(X)) if weights is None else weights)) <= seen <= set(range(len(X)))


@BOTH
def test_point_02_partial_fit_on_the_same_rows_keeps_the_split(witness, Estimator):
    X, y = make_data()
    X, y = numbered(X), make_labels(Estimator, y)
    mlp = Estimator(early_stopping=True, **WITNESSED).fit(X, y)
    for _ in range(3):
        mlp.partial_fit(X, y)
    assert all(rows == witness.validated[0] for rows in witness.validated)
    assert all(not rows & witness.validated[0] for rows in witness.trained)


@pytest.mark.parametrize("Estimator", [PlainClassifier, PlainRegressor])
def test_point_02_partial_fit_over_chunks_keeps_the_split_of_each(witness, Estimator):
    """Several passes over chunks, of which the last is shorter, never train on a validation row."""
    X, y = make_data()
    X, y = numbered(X), make_labels(Estimator, y)
    mlp = Estimator(early_stopping=True, **WITNESSED)
    classes = {"classes": [0, 1]} if Estimator is PlainClassifier else {}
    for _ in range(3):
        for rows in (slice(0, 35), slice(35, 70), slice(70, 90)):
            mlp.partial_fit(X[rows], y[rows], **classes)
    for chunk in range(3):
        splits, trained = witness.validated[chunk::3], witness.trained[chunk::3]
        assert splits[0] == splits[1] == splits[2]
        offset = 35 * chunk
        assert not any({row - offset for row in rows} & splits[0] for rows in trained)


@as_of_1_9
def test_point_02_sklearn_trains_on_validation_rows_in_a_warm_start(their_splits):
    X, y = make_data()
    mlp = MLPRegressor(early_stopping=True, warm_start=True, max_iter=1, random_state=0)
    mlp.fit(numbered(X), y).fit(numbered(X), y)
    (first_train, *_), (_, second_validation, *_) = their_splits
    assert set(first_train[:, 0]) & set(second_validation[:, 0])


@BOTH
def test_point_02_the_split_uses_only_rows_with_weight(witness, Estimator):
    X, y = make_data()
    X, y = numbered(X), make_labels(Estimator, y)
    weights = np.random.default_rng(0).choice([0.0, 0.5, 2.0], len(X), p=[0.7, 0.15, 0.15])
    mlp = Estimator(early_stopping=True, validation_fraction=0.4, max_iter=3, **WITNESSED).fit(X, y, weights)
    rows = np.array(sorted(witness.validated[0]))
    assert weights[rows].min() > 0.0
    assert len(rows) == np.ceil(0.4 * np.count_nonzero(weights))
    # the score is weighted, too
    assert mlp.best_validation_score_ == pytest.approx(mlp.score(X[rows], y[rows], weights[rows]), rel=1e-9)


@as_of_1_9
def test_point_02_sklearn_validates_on_rows_without_weight(their_splits):
    X, y = make_data()
    weights = np.random.default_rng(0).choice([0.0, 1.0], len(X), p=[0.7, 0.3])
    MLPRegressor(early_stopping=True, max_iter=1, random_state=0).fit(X, y, weights)
    assert 0.0 in their_splits[0][-1]


@pytest.mark.parametrize("standardize", [False, True])
@BOTH
def test_point_02_no_row_is_copied(Estimator, standardize):
    """X has 40 MB, half of it in validation rows. A mini-batch of 200 rows and the chunks of scoring need 2 MB each."""
    X, y = make_data(5000, 1000)
    y = make_labels(Estimator, y)
    mlp = Estimator(early_stopping=True, validation_fraction=0.5, max_iter=2, width=2, standardize=standardize)
    assert traced_peak(lambda: mlp.fit(X, y)) < 10e6 < X.nbytes / 2


@as_of_1_9
def test_point_02_sklearn_copies_all_rows():
    X, y = make_data(5000, 1000)
    mlp = MLPRegressor(early_stopping=True, validation_fraction=0.5, max_iter=1, hidden_layer_sizes=2)
    assert traced_peak(lambda: mlp.fit(X, y)) > X.nbytes
