"""The thirteen points in which behaviour must be better than scikit-learn 1.9's.

Each test names its point. ``test_point_NN_sklearn_...`` shows what scikit-learn does, so that the list cannot go stale.
"""

import re
import warnings

import numpy as np
import pytest
import sklearn.neural_network._multilayer_perceptron as their_module
from numpy.testing import assert_allclose, assert_array_equal
from oracles import (
    SKLEARN,
    PlainClassifier,
    PlainRegressor,
    binary_log_loss,
    forward,
    log_loss,
    penalty,
    poisson,
    squared_error,
    traced_peak,
)
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor

import sknet.base
import sknet.core.network
import sknet.training.fitting
from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BOTH = pytest.mark.parametrize("Estimator", [PlainClassifier, PlainRegressor])
as_of_1_9 = pytest.mark.skipif(SKLEARN != (1, 9), reason="shows the behaviour of scikit-learn 1.9")


def make_data(n=90, d=4, n_outputs=1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    Y = X @ rng.standard_normal((d, n_outputs)) + 0.3 * rng.standard_normal((n, n_outputs))
    return X, (Y[:, 0] if n_outputs == 1 else Y)


def make_labels(Estimator, y):
    return (y > 0).astype(int) if issubclass(Estimator, PlainClassifier | MLPClassifier) else y


class Witness:
    """What the fits of ``sknet`` trained on and validated on, as row numbers read off the first column of X."""

    def __init__(self, monkeypatch):
        self.validated, self.orders = [], []
        self._split = sknet.base.validation_split
        witness = self

        class Batches(sknet.training.fitting.Batches):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                witness.orders.append([])

            def epoch(self, rng):
                seen = []
                witness.orders[-1].append(seen)
                for batch in super().epoch(rng):
                    seen.extend(np.rint(batch.x[:, 0]).astype(int))
                    yield batch

        monkeypatch.setattr(sknet.training.fitting, "Batches", Batches)
        monkeypatch.setattr(sknet.base, "validation_split", self._spy)

    def _spy(self, *args, **kwargs):
        train, validation = self._split(*args, **kwargs)
        self.validated.append(set(validation))
        return train, validation

    @property
    def trained(self):
        """For each fit, the set of rows that it trained on."""
        return [{row for epoch in fit for row in epoch} for fit in self.orders]


@pytest.fixture
def witness(monkeypatch):
    return Witness(monkeypatch)


def numbered(X):
    """X with its row numbers in the first column; to be used with ``standardize=False``."""
    return np.column_stack([np.arange(float(len(X))), X])


WITNESSED = {"standardize": False, "learning_rate_init": 1e-6, "random_state": 0, "batch_size": 8, "width": 3}

# 1. Multi-output squared error


def test_point_01_multi_output_step_is_the_gradient_of_the_reported_loss():
    X, Y = make_data(n_outputs=5)
    parameters = {"width": 6, "activation": "tanh", "alpha": 0.7, "random_state": 0, "standardize": False}
    parameters |= {"solver": "sgd", "momentum": 0.0, "max_iter": 1}
    start = PlainRegressor(learning_rate_init=1e-300, **parameters).fit(X, Y)
    moved = PlainRegressor(learning_rate_init=1.0, **parameters).fit(X, Y)
    theta = [*start.coefs_, *start.intercepts_]
    step = [b - a for a, b in zip(theta, [*moved.coefs_, *moved.intercepts_], strict=True)]

    def loss(t):
        arrays = [a + t * s for a, s in zip(theta, step, strict=True)]
        z = forward(arrays[:2], arrays[2:], "tanh", X)
        return squared_error(Y, z).mean() + penalty(arrays[:2], 0.7, len(X))

    assert moved.loss_ == pytest.approx(loss(0.0), rel=1e-12)
    # Along its own negative gradient g the loss falls at the rate |g|^2.
    slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
    assert slope == pytest.approx(-sum(np.sum(s * s) for s in step), rel=1e-8)


@pytest.mark.parametrize("n_outputs", [1, 2, 5])
def test_point_01_multi_output_lbfgs_finds_the_minimum(n_outputs):
    X, Y = make_data(n_outputs=n_outputs)
    alpha = 20.0
    mlp = PlainRegressor(depth=0, solver="lbfgs", alpha=alpha, tol=1e-10, standardize=False).fit(X, Y)
    # sum (y - z)^2 / (2 n k) + alpha / (2 n) |W|^2 is ridge regression's loss, with k alpha, divided by 2 n k.
    ridge = Ridge(alpha=n_outputs * alpha, tol=1e-12).fit(X, Y)
    lowest = squared_error(Y.reshape(90, -1), ridge.predict(X).reshape(90, -1)).mean()
    lowest += penalty([ridge.coef_], alpha, len(X))
    # SciPy stops when the loss falls by less than 2.2e-9; at a minimum the weights are right to the root of that.
    assert mlp.loss_ == pytest.approx(lowest, rel=1e-8)
    assert_allclose(mlp.coefs_[0].T.squeeze(), ridge.coef_, atol=5e-5)
    assert_allclose(mlp.intercepts_[0].squeeze(), ridge.intercept_, atol=5e-5)


@as_of_1_9
def test_point_01_sklearn_misses_the_minimum():
    X, Y = make_data(n_outputs=5)
    theirs = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=20.0, tol=1e-10, random_state=0).fit(X, Y)
    ours = PlainRegressor(depth=0, solver="lbfgs", alpha=20.0, tol=1e-10, standardize=False).fit(X, Y)
    reported = squared_error(Y, theirs.predict(X)).mean() + penalty(theirs.coefs_, 20.0, len(X))
    assert theirs.loss_ == pytest.approx(reported)
    assert theirs.loss_ > 1.05 * ours.loss_


# 2. The split of early stopping


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
def test_point_02_rare_classes_are_on_both_sides(monkeypatch, rare):
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


def test_point_02_a_class_with_one_member_stays_in_training(witness):
    y = np.repeat([0, 1, 2], [50, 30, 1])
    X = numbered(np.zeros((81, 1)))
    mlp = PlainClassifier(early_stopping=True, max_iter=1, **WITNESSED).fit(X, y)
    assert 80 in witness.trained[0]
    assert 80 not in witness.validated[0]
    assert_array_equal(mlp.classes_, [0, 1, 2])
    assert mlp.predict_proba(X).shape == (81, 3)


@BOTH
def test_point_02_split_survives_warm_start(witness, Estimator):
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
    """A warm start on other data needs another split; the rows of the old one must not linger."""
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
    """Data that come in pieces, the last one shorter, pass after pass: what is validated on is never trained on."""
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
def test_point_02_sklearn_leaks_in_warm_start(monkeypatch):
    splits = []
    split = their_module.train_test_split

    def spy(*args, **kwargs):
        splits.append(split(*args, **kwargs))
        return splits[-1]

    monkeypatch.setattr(their_module, "train_test_split", spy)
    X, y = make_data()
    mlp = MLPRegressor(early_stopping=True, warm_start=True, max_iter=1, random_state=0)
    mlp.fit(numbered(X), y).fit(numbered(X), y)
    (first_train, *_), (_, second_validation, *_) = splits
    assert set(first_train[:, 0]) & set(second_validation[:, 0])


@BOTH
def test_point_02_split_honours_weights(witness, Estimator):
    X, y = make_data()
    X, y = numbered(X), make_labels(Estimator, y)
    weights = np.random.default_rng(0).choice([0.0, 0.5, 2.0], len(X), p=[0.7, 0.15, 0.15])
    mlp = Estimator(early_stopping=True, validation_fraction=0.4, max_iter=3, **WITNESSED).fit(X, y, weights)
    rows = np.array(sorted(witness.validated[0]))
    assert weights[rows].min() > 0.0
    assert len(rows) == np.ceil(0.4 * np.count_nonzero(weights))
    # the score is weighted too
    assert mlp.best_validation_score_ == pytest.approx(mlp.score(X[rows], y[rows], weights[rows]), rel=1e-9)


@as_of_1_9
def test_point_02_sklearn_validates_on_rows_without_weight(monkeypatch):
    splits = []
    split = their_module.train_test_split

    def spy(*args, **kwargs):
        splits.append(split(*args, **kwargs))
        return splits[-1]

    monkeypatch.setattr(their_module, "train_test_split", spy)
    X, y = make_data()
    weights = np.random.default_rng(0).choice([0.0, 1.0], len(X), p=[0.7, 0.3])
    MLPRegressor(early_stopping=True, max_iter=1, random_state=0).fit(X, y, weights)
    assert 0.0 in splits[0][-1]


@pytest.mark.parametrize("standardize", [False, True])
@BOTH
def test_point_02_no_row_is_copied(Estimator, standardize):
    """40 MB of X, half of it to validate on. A batch of 200 rows and the chunks of scoring take 2 MB each."""
    X, y = make_data(5000, 1000)
    y = make_labels(Estimator, y)
    mlp = Estimator(early_stopping=True, validation_fraction=0.5, max_iter=2, width=2, standardize=standardize)
    assert traced_peak(lambda: mlp.fit(X, y)) < 10e6 < X.nbytes / 2


@as_of_1_9
def test_point_02_sklearn_copies_all_rows():
    X, y = make_data(5000, 1000)
    mlp = MLPRegressor(early_stopping=True, validation_fraction=0.5, max_iter=1, hidden_layer_sizes=2)
    assert traced_peak(lambda: mlp.fit(X, y)) > X.nbytes


# 3. A loss that is not finite

DIVERGES = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 30.0, "n_iter_no_change": np.inf, "max_iter": 2000}


def test_point_03_a_diverging_fit_stops_at_once_and_says_what_to_try(capsys):
    X, y = make_data()
    mlp = PlainRegressor(depth=0, verbose=True, random_state=0, **DIVERGES)
    with pytest.raises(ValueError, match=r"in epoch \d+\..*smaller `learning_rate_init`") as caught:
        mlp.fit(X, y)
    epoch = int(re.search(r"epoch (\d+)", str(caught.value))[1])
    assert capsys.readouterr().out.count("Iteration") == epoch < 1000
    with pytest.raises(NotFittedError):
        mlp.predict(X)


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_point_03_nothing_is_left_of_a_failed_fit(solver):
    X, y = make_data()
    parameters = {"standardize": False, "random_state": 0, "max_iter": 5}
    mlp = PlainRegressor(solver=solver, **parameters).fit(X, y)
    before, expected = dict(vars(mlp)), mlp.predict(X)
    with pytest.raises(ValueError, match=r"loss of (nan|inf)"):
        mlp.fit(X * 1e200, y * 1e200)
    assert all(vars(mlp)[name] is value for name, value in before.items())
    assert vars(mlp).keys() == before.keys()
    assert_array_equal(mlp.predict(X), expected)
    with pytest.raises(ValueError, match=r"loss of (nan|inf)"):
        clone(mlp).fit(X * 1e200, y * 1e200).predict(X)


def test_point_03_with_validation_the_best_weights_are_kept():
    X, y = make_data()
    mlp = PlainRegressor(depth=0, early_stopping=True, random_state=0, **DIVERGES)
    with pytest.warns(
        ConvergenceWarning, match="best validation score are kept.*smaller `learning_rate_init`"
    ) as caught:
        mlp.fit(X, y)
    assert len(caught) == 1
    epoch = int(re.search(r"epoch (\d+)", str(caught[0].message))[1])
    assert mlp.n_iter_ == len(mlp.validation_scores_) == epoch < 1000
    assert np.isfinite(mlp.predict(X)).all()
    finite = [score for score in mlp.validation_scores_ if np.isfinite(score)]
    assert mlp.best_validation_score_ == max(finite) > finite[-1]
    short = PlainRegressor(depth=0, early_stopping=True, random_state=0, **DIVERGES | {"max_iter": 1}).fit(X, y)
    assert_allclose(mlp.predict(X), short.predict(X), rtol=1e-12)  # the first epoch was the best


def test_point_03_scores_may_overflow_before_the_loss_does():
    """The loss of an epoch is that before its last step; scores come after it."""
    X, y = make_data()
    parameters = DIVERGES | {"activation": "identity", "learning_rate_init": 0.5, "batch_size": 80, "width": 20}
    overflowed_first = []
    for seed in range(5):
        mlp = PlainRegressor(depth=2, early_stopping=True, random_state=seed, **parameters)
        with pytest.warns(ConvergenceWarning, match="best validation score are kept"):
            mlp.fit(X, y)
        assert np.isfinite(mlp.predict(X)).all()
        assert not np.isfinite(mlp.validation_scores_[-1])
        assert np.isfinite(mlp.best_validation_score_)
        overflowed_first.append(not np.isfinite(mlp.validation_scores_[-2]))
    assert any(overflowed_first)


@pytest.mark.parametrize(
    "parameters", [{"solver": "sgd", "momentum": 0.0}, {"solver": "sgd", "momentum": 0.9}, {"solver": "adam"}], ids=str
)
@pytest.mark.parametrize("how", ["warm start", "partial_fit"])
def test_point_03_training_can_go_on_from_the_best_weights(how, parameters):
    """With a smaller rate, as the warning says; the momenta of the failure must not spoil it."""
    X, y = make_data()
    mlp = PlainRegressor(early_stopping=True, warm_start=True, max_iter=5, width=5, random_state=0, **parameters)
    mlp.fit(X, y).set_params(learning_rate_init=1e200)
    with pytest.warns(ConvergenceWarning, match="best validation score are kept"):
        mlp.fit(X, y)
    best = mlp.best_validation_score_
    mlp.set_params(learning_rate_init=1e-12, max_iter=1)
    (mlp.fit if how == "warm start" else mlp.partial_fit)(X, y)
    assert mlp.validation_scores_[-1] == pytest.approx(best, abs=1e-6)


@as_of_1_9
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_point_03_sklearn_trains_on_and_keeps_the_wreck():
    X, y = make_data()
    mlp = MLPRegressor(hidden_layer_sizes=(), random_state=0, **DIVERGES | {"max_iter": 1000})
    with pytest.raises(ValueError, match="non-finite"):
        mlp.fit(X, y)
    assert len(mlp.loss_curve_) == 1000
    assert np.isnan(mlp.loss_curve_[-1])
    assert np.isnan(mlp.predict(X)).all()


# 4. Weights of a mini-batch that are all zero


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@BOTH
def test_point_04_a_batch_without_weight_is_as_if_left_out(Estimator, solver):
    X, y = make_data()
    y = make_labels(Estimator, y)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(X))
    weights[20:40] = 0.0
    kept = weights > 0.0
    mlp = Estimator(solver=solver, batch_size=10, shuffle=False, max_iter=3, random_state=0).fit(X, y, weights)
    fewer = clone(mlp).fit(X[kept], y[kept], weights[kept])
    for a, b in zip(mlp.coefs_ + mlp.intercepts_, fewer.coefs_ + fewer.intercepts_, strict=True):
        assert_allclose(a, b, rtol=1e-10, atol=1e-13)
    assert_allclose(mlp.loss_curve_, fewer.loss_curve_, rtol=1e-10)


def test_point_04_rows_without_weight_do_nothing_in_any_batch():
    X, y = make_data()
    weights = np.random.default_rng(0).integers(0, 2, len(X)).astype(float)
    mlp = PlainRegressor(solver="lbfgs", alpha=1.0, random_state=0, max_iter=20).fit(X, y, weights)
    X2, y2 = np.where(weights[:, None] > 0, X, 1e6), np.where(weights > 0, y, -1e6)
    assert_allclose(mlp.predict(X), clone(mlp).fit(X2, y2, weights).predict(X), rtol=1e-6)


@BOTH
def test_point_04_negative_weights_are_an_error(Estimator):
    X, y = make_data()
    weights = np.ones(len(X))
    weights[7] = -0.25
    with pytest.raises(ValueError, match=r"`sample_weight` must not be negative, got -0\.25"):
        Estimator().fit(X, make_labels(Estimator, y), weights)


@as_of_1_9
def test_point_04_sklearn_fails_without_weight_and_takes_negative_ones():
    X, y = make_data()
    weights = np.ones(len(X))
    weights[20:40] = 0.0
    mlp = MLPRegressor(batch_size=10, shuffle=False, max_iter=2, random_state=0)
    with pytest.raises(ZeroDivisionError):
        mlp.fit(X, y, weights)
    weights[20:40] = -0.1
    assert mlp.fit(X, y, weights).n_iter_ == 2


# 5. Targets out of the domain


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_point_05_poisson_rejects_negative_targets(method, solver):
    if (method, solver) == ("partial_fit", "lbfgs"):
        return
    X, y = make_data()
    y = np.abs(y)
    y[3] = -0.5
    mlp = PlainRegressor(loss="poisson", solver=solver)
    with pytest.raises(ValueError, match=r"loss='poisson' needs targets y >= 0, got a smallest value of -0\.5"):
        getattr(mlp, method)(X, y)
    y[3] = 0.0
    assert np.isfinite(getattr(mlp, method)(X, y).predict(X)).all()


@as_of_1_9
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_point_05_sklearn_takes_negative_counts():
    X, y = make_data()
    assert MLPRegressor(loss="poisson", max_iter=2).fit(X, y).n_iter_ == 2


# 6. float32 stays float32


@pytest.mark.parametrize("weights", [None, np.float64, np.float32, np.int64])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@BOTH
def test_point_06_float32_all_the_way(monkeypatch, Estimator, solver, weights):
    dtypes = set()
    inner = sknet.core.network.Network.loss_and_gradient

    def spy(self, theta, grad, batch, memory, noise=None):
        arrays = [theta.vector, grad.vector, batch.x, batch.y, *([] if batch.w is None else [batch.w])]
        dtypes.update(a.dtype for a in arrays)
        dtypes.update(a.dtype for m in memory for a in vars(m).values() if a.dtype != bool)
        return inner(self, theta, grad, batch, memory, noise)

    monkeypatch.setattr(sknet.core.network.Network, "loss_and_gradient", spy)
    X, y = make_data()
    X, y = X.astype(np.float32), make_labels(Estimator, y)
    mlp = Estimator(solver=solver, max_iter=3).fit(X, y, None if weights is None else np.ones(len(X), dtype=weights))
    assert dtypes == {np.dtype(np.float32)}
    assert {a.dtype for a in mlp.coefs_ + mlp.intercepts_} == {np.dtype(np.float32)}
    outputs = mlp.predict(X) if Estimator is PlainRegressor else mlp.predict_proba(X)
    assert outputs.dtype == np.float32


@as_of_1_9
def test_point_06_sklearn_lbfgs_turns_float64():
    X, y = make_data()
    assert MLPRegressor(solver="lbfgs", max_iter=3).fit(X.astype(np.float32), y).coefs_[0].dtype == np.float64


# 7. partial_fit


@BOTH
def test_point_07_partial_fit_draws_a_new_permutation_and_counts_on(witness, Estimator):
    X, y = make_data()
    X, y = numbered(X), make_labels(Estimator, y)
    mlp = Estimator(**WITNESSED)
    classes = {"classes": [0, 1]} if Estimator is PlainClassifier else {}
    for call in range(1, 5):
        mlp.partial_fit(X, y, **classes)
        assert mlp.n_iter_ == call == len(mlp.loss_curve_)
        assert mlp.t_ == call * len(X)
    orders = [fit[0] for fit in witness.orders]
    assert all(sorted(order) == list(range(len(X))) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert list(range(len(X))) not in orders


@BOTH
def test_point_07_lbfgs_has_no_partial_fit(Estimator):
    assert hasattr(Estimator(), "partial_fit")
    mlp = Estimator(solver="lbfgs")
    assert not hasattr(mlp, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        mlp.partial_fit  # noqa: B018


@as_of_1_9
def test_point_07_sklearn_does_not_count_on():
    X, y = make_data()
    mlp = MLPRegressor(random_state=0).partial_fit(X, y).partial_fit(X, y)
    assert mlp.n_iter_ == 1
    assert len(mlp.loss_curve_) == 2


# 8. n_iter_no_change


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("n", [1, 2, 7])
@BOTH
def test_point_08_stops_after_exactly_n_epochs_without_improvement(Estimator, n, solver, early_stopping):
    X, y = make_data()
    mlp = Estimator(solver=solver, n_iter_no_change=n, tol=1e6, early_stopping=early_stopping)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # this is convergence
        mlp.fit(X, make_labels(Estimator, y))
    assert mlp.n_iter_ == 1 + n  # the first epoch has nothing to be compared with


@as_of_1_9
@pytest.mark.parametrize("n", [1, 7])
def test_point_08_sklearn_trains_one_more(n):
    X, y = make_data()
    assert MLPRegressor(n_iter_no_change=n, tol=1e6).fit(X, y).n_iter_ == 2 + n


# 9. What changes the model is never ignored


@BOTH
def test_point_09_lbfgs_with_early_stopping_raises(Estimator):
    X, y = make_data()
    with pytest.raises(ValueError, match=r"`early_stopping=True`.*'lbfgs'.*solver='adam'"):
        Estimator(solver="lbfgs", early_stopping=True).fit(X, make_labels(Estimator, y))


@BOTH
def test_point_09_step_sizes_that_lbfgs_has_no_use_for_stay_ignored(Estimator):
    X, y = make_data()
    y = make_labels(Estimator, y)
    mlp = Estimator(solver="lbfgs", random_state=0, max_iter=5).fit(X, y)
    other = clone(mlp).set_params(
        learning_rate_init=7.0, learning_rate="adaptive", batch_size=3, momentum=0.1, beta_1=0.5, n_iter_no_change=1
    )
    assert_array_equal(other.fit(X, y).coefs_[0], mlp.coefs_[0])


@as_of_1_9
def test_point_09_sklearn_ignores_early_stopping():
    X, y = make_data()
    mlp = MLPRegressor(solver="lbfgs", early_stopping=True, max_iter=5).fit(X, y)
    assert getattr(mlp, "validation_scores_", None) is None


# 10. warm_start with another architecture


@pytest.mark.parametrize(
    "change",
    [
        {"width": 6},
        {"depth": 2},
        {"depth": 0},
        {"hidden_layer_sizes": (4,)},
        {"hidden_layer_sizes": (5, 5)},
        {"activation": "tanh"},
        {"activation": ["logistic"]},
        {"loss": "poisson"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@BOTH
def test_point_10_a_changed_architecture_raises(Estimator, method, change):
    if "loss" in change and Estimator is PlainClassifier:
        return
    X, y = make_data()
    y = np.abs(make_labels(Estimator, y))
    mlp = Estimator(warm_start=True, width=5, max_iter=2).fit(X, y)
    expected = mlp.predict(X)
    value = next(iter(change.values()))
    with pytest.raises(ValueError, match="warm_start") as caught:
        getattr(mlp.set_params(**change), method)(X, y)
    assert_array_equal(mlp.predict(X), expected)
    if isinstance(value, str):
        assert value in str(caught.value)  # it says what is asked for now


def test_point_10_the_same_architecture_in_other_words_goes_on():
    X, y = make_data()
    mlp = PlainRegressor(warm_start=True, width=5, activation="logistic", max_iter=2).fit(X, y)
    mlp.set_params(hidden_layer_sizes=(5,), width=99, depth=7, activation=["sigmoid"]).fit(X, y)
    assert len(mlp.loss_curve_) == 4


@as_of_1_9
def test_point_10_sklearn_ignores_the_change():
    X, y = make_data()
    mlp = MLPRegressor(hidden_layer_sizes=(5,), warm_start=True, max_iter=2).fit(X, y)
    assert mlp.set_params(hidden_layer_sizes=(9,)).fit(X, y).coefs_[0].shape == (4, 5)


# 11. lbfgs reports


@pytest.mark.parametrize("verbose", [False, True, 2])
@BOTH
def test_point_11_lbfgs_fills_the_loss_curve_and_prints(capsys, Estimator, verbose):
    X, y = make_data()
    mlp = Estimator(solver="lbfgs", max_iter=15, verbose=verbose, random_state=0).fit(X, make_labels(Estimator, y))
    assert len(mlp.loss_curve_) == len(mlp.penalty_curve_) == len(mlp.learning_rate_curve_) == mlp.n_iter_ > 1
    assert (np.diff(mlp.loss_curve_) < 0).all()
    assert mlp.loss_ == mlp.best_loss_ == mlp.loss_curve_[-1]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == (mlp.n_iter_ if verbose else 0)
    for i, line in enumerate(lines):
        assert re.search(rf"Iteration +{i + 1} .*{mlp.loss_curve_[i]:.8f}", line)


@as_of_1_9
def test_point_11_sklearn_has_no_curve():
    X, y = make_data()
    assert not hasattr(MLPRegressor(solver="lbfgs", max_iter=5).fit(X, y), "loss_curve_")


# 12. One class


@pytest.mark.parametrize("label", [0, 1, "only", True])
@pytest.mark.parametrize("parameters", [{}, {"solver": "lbfgs"}, {"depth": 0}, {"early_stopping": True}], ids=str)
def test_point_12_one_class_has_one_column(parameters, label):
    X, _ = make_data()
    y = np.array([label] * len(X))
    mlp = PlainClassifier(random_state=0, max_iter=5, **parameters).fit(X, y)
    assert_array_equal(mlp.classes_, [label])
    assert_array_equal(mlp.predict_proba(X), np.ones((len(X), 1)))
    assert_array_equal(mlp.predict_log_proba(X), np.zeros((len(X), 1)))
    assert_array_equal(mlp.predict(X), y)
    assert mlp.score(X, y) == 1.0


@as_of_1_9
def test_point_12_sklearn_has_two_columns():
    X, y = make_data()
    mlp = MLPClassifier(max_iter=5).fit(X, np.ones(len(y)))
    assert len(mlp.classes_) == 1
    assert mlp.predict_proba(X).shape == (len(X), 2)


# 13. Loss and penalty


def one_hot(y):
    return (y[:, None] == np.unique(y)).astype(float)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("Estimator", "kind", "oracle"),
    [
        (PlainRegressor, "one", squared_error),
        (PlainRegressor, "many", squared_error),
        (PlainRegressor, "poisson", poisson),
        (PlainClassifier, "binary", binary_log_loss),
        (PlainClassifier, "multiclass", log_loss),
        (PlainClassifier, "multilabel", binary_log_loss),
    ],
)
def test_point_13_loss_and_penalty_are_told_apart(Estimator, kind, oracle, weighted):
    X, Y = make_data(n_outputs=3)
    y = {
        "one": Y[:, 0],
        "many": Y,
        "poisson": np.abs(Y[:, 0]),
        "binary": (Y[:, 0] > 0).astype(int),
        "multiclass": Y.argmax(axis=1),
        "multilabel": (Y > 0).astype(int),
    }[kind]
    matrix = one_hot(y) if kind == "multiclass" else y.reshape(len(y), -1)
    w = np.random.default_rng(1).uniform(0.1, 3.0, len(X)) if weighted else None
    total = len(X) if w is None else w.sum()
    loss = {"loss": "poisson"} if kind == "poisson" else {}
    for solver, rate in (("lbfgs", 1.0), ("sgd", 1e-300)):
        # At this rate nothing moves, so that the epoch's mean can be computed afterwards; so does one batch of a third.
        mlp = Estimator(
            solver=solver, alpha=3.0, max_iter=8, learning_rate_init=rate, standardize=False, random_state=0, **loss
        ).fit(X, y, w)
        z = forward(mlp.coefs_, mlp.intercepts_, "relu", X)
        expected = np.average(oracle(matrix, z), weights=w)
        assert mlp.loss_curve_[-1] - mlp.penalty_curve_[-1] == pytest.approx(expected, rel=1e-10)
        assert mlp.penalty_curve_[-1] == pytest.approx(penalty(mlp.coefs_, 3.0, total), rel=1e-10)
        assert mlp.loss_ == mlp.loss_curve_[-1]


@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_point_13_the_docstring_says_so(Estimator):
    text = " ".join(Estimator.__doc__.split())
    assert re.search(r"loss_curve_ : list of float [^:]*penalty included", text)
    assert "penalty_curve_ : list of float The part of `loss_curve_`" in text


@as_of_1_9
def test_point_13_sklearn_keeps_the_penalty_to_itself():
    X, y = make_data()
    mlp = MLPRegressor(max_iter=5, alpha=3.0).fit(X, y)
    assert "penalty" not in " ".join(vars(mlp)) + MLPRegressor.__doc__
