"""The values of "auto" for dropout, weight decay and label smoothing, and the effect of values that are given."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scaled_data import outputs
from sklearn.base import clone

from sknet import MLPClassifierScratch, MLPRegressorScratch
from sknet.core.dropout import Dropout

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

AUTO_X = np.random.default_rng(0).standard_normal((200, 4))
AUTO_Y = np.digitize(AUTO_X[:, 0], [-0.5, 0.5])
QUICK = {"width": 6, "max_iter": 2, "random_state": 0}
RATE = 0.1  # the value in the docstring, as is 128 for the rows of a mini-batch


def rates_of(mlp):
    """The dropout rates of the trained network."""
    return [layer.rate for layer in mlp._network.layers if isinstance(layer, Dropout)]


@pytest.mark.parametrize(
    ("n", "batch_size", "batches"), [(128, "auto", 1), (129, "auto", 2), (200, 200, 1), (200, 199, 2), (40, 20, 2)]
)
@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop", "adagrad"])
def test_a_classifier_with_mini_batches_has_dropout(solver, n, batch_size, batches):
    mlp = MLPClassifierScratch(solver=solver, batch_size=batch_size, depth=2, **QUICK).fit(AUTO_X[:n], AUTO_Y[:n])
    rate = RATE if batches > 1 else 0.0
    assert rates_of(mlp) == [RATE] * 2 * (batches > 1)
    same = clone(mlp).set_params(dropout=rate).fit(AUTO_X[:n], AUTO_Y[:n])
    assert_array_equal(mlp.coefs_[0], same.coefs_[0])
    other = clone(mlp).set_params(dropout=RATE - rate).fit(AUTO_X[:n], AUTO_Y[:n])
    assert np.abs(other.coefs_[0] - mlp.coefs_[0]).max() > 1e-6


@pytest.mark.parametrize("n", [100, 200])
def test_a_regressor_has_no_dropout_by_default(n):
    mlp = MLPRegressorScratch(**QUICK).fit(AUTO_X[:n], AUTO_X[:n, 0])
    assert rates_of(mlp) == []
    same = clone(mlp).set_params(dropout=0.0).fit(AUTO_X[:n], AUTO_X[:n, 0])
    assert_array_equal(mlp.coefs_[0], same.coefs_[0])


@pytest.mark.parametrize("rates", [0.0, 0.3, [0.2, 0.4]])
@pytest.mark.parametrize("n", [100, 200])
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_given_rates_are_used(Estimator, n, rates):
    mlp = Estimator(dropout=rates, depth=2, **QUICK).fit(AUTO_X[:n], AUTO_Y[:n])
    assert rates_of(mlp) == [rate for rate in np.broadcast_to(rates, 2) if rate > 0.0]


@pytest.mark.parametrize(("name", "off"), [("weight_decay", 0.0), ("label_smoothing", 0.0)])
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_auto_weight_decay_and_label_smoothing_have_an_effect_except_with_lbfgs(Estimator, name, off):
    if name not in Estimator().get_params():
        return
    mlp = Estimator(**QUICK).fit(AUTO_X, AUTO_Y)
    without = clone(mlp).set_params(**{name: off}).fit(AUTO_X, AUTO_Y)
    assert np.abs(without.coefs_[0] - mlp.coefs_[0]).max() > 1e-8
    lbfgs = clone(mlp).set_params(solver="lbfgs").fit(AUTO_X, AUTO_Y)
    assert_array_equal(clone(lbfgs).set_params(**{name: off}).fit(AUTO_X, AUTO_Y).coefs_[0], lbfgs.coefs_[0])


@pytest.mark.parametrize("n", [100, 200])
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_lbfgs_with_defaults_gives_no_warning(Estimator, n):
    """A number that has no effect with L-BFGS gives a warning."""
    mlp = Estimator(solver="lbfgs", **QUICK).fit(AUTO_X[:n], AUTO_Y[:n])
    assert rates_of(mlp) == []
    before = outputs(mlp, AUTO_X)
    for name in ("weight_decay", "dropout"):
        with pytest.warns(UserWarning, match=rf"`{name}=0.05` has no effect: solver='lbfgs' has neither epochs nor"):
            mlp.set_params(**{name: 0.05}).fit(AUTO_X[:n], AUTO_Y[:n])
        mlp.set_params(**{name: "auto"})
    assert_array_equal(outputs(mlp, AUTO_X), before)


@pytest.mark.parametrize(("first", "then"), [(200, 20), (20, 200)])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_continued_training_keeps_dropout_for_any_number_of_rows(method, first, then):
    classes = {"classes": [0, 1, 2]} if method == "partial_fit" else {}
    mlp = MLPClassifierScratch(warm_start=True, depth=2, **QUICK)
    getattr(mlp, method)(AUTO_X[:first], AUTO_Y[:first], **classes)
    network = mlp._network
    assert rates_of(mlp) == [RATE, RATE] * (first > 128)
    mlp = pickle.loads(pickle.dumps(mlp))
    for n in (then, first, then):
        getattr(mlp, method)(AUTO_X[:n], AUTO_Y[:n])
        assert mlp._network == network
    assert len(mlp.loss_curve_) == (4 if method == "partial_fit" else 8)
    with pytest.raises(ValueError, match="the parameters now describe"):
        getattr(mlp.set_params(dropout=0.2), method)(AUTO_X, AUTO_Y)


@pytest.mark.parametrize("kind", [list, np.array])
def test_auto_keeps_rates_that_were_given_before(kind):
    given = kind([0.2, 0.4])
    mlp = MLPClassifierScratch(warm_start=True, dropout=given, depth=2, **QUICK).fit(AUTO_X, AUTO_Y)
    given[0] = 0.9  # the list of the caller; the network has its own copy
    mlp.set_params(dropout="auto").fit(AUTO_X[:50], AUTO_Y[:50])
    assert rates_of(mlp) == [0.2, 0.4]
    mlp.set_params(warm_start=False).fit(AUTO_X[:50], AUTO_Y[:50])
    assert rates_of(mlp) == []


TABLE_X = np.random.default_rng(1).standard_normal((400, 4))
PARTS = {
    "activation": "tanh",
    "n_members": 1,
    "averaging": 0.0,
    "embedding": None,
    "standardize": True,
    "dtype": "float64",
}


@pytest.mark.parametrize("name", PARTS)
def test_auto_keeps_the_architecture(name):
    mlp = MLPRegressorScratch(warm_start=True, **{name: PARTS[name]}, **QUICK).fit(TABLE_X, TABLE_X[:, 0])
    goes_on = pickle.loads(pickle.dumps(mlp)).set_params(**{name: "auto"}).fit(TABLE_X, TABLE_X[:, 0])
    mlp.fit(TABLE_X, TABLE_X[:, 0])
    assert_array_equal(goes_on.predict(TABLE_X), mlp.predict(TABLE_X))


@pytest.mark.parametrize(("first", "then"), [(0.0, 0.9), (0.9, 0.0)])
def test_averaging_can_begin_and_end_between_fits(first, then):
    mlp = MLPRegressorScratch(warm_start=True, averaging=first, early_stopping=False, **QUICK)
    before = mlp.fit(TABLE_X, TABLE_X[:, 0]).score(TABLE_X, TABLE_X[:, 0])
    assert mlp.set_params(averaging=then).fit(TABLE_X, TABLE_X[:, 0]).score(TABLE_X, TABLE_X[:, 0]) > before


def test_lbfgs_can_continue_with_one_member_but_not_with_several():
    mlp = MLPRegressorScratch(warm_start=True, n_members=1, **QUICK).fit(TABLE_X, TABLE_X[:, 0])
    before = mlp.score(TABLE_X, TABLE_X[:, 0])
    mlp.set_params(solver="lbfgs", max_iter=20).fit(TABLE_X, TABLE_X[:, 0])
    assert mlp.score(TABLE_X, TABLE_X[:, 0]) > before
    several = MLPRegressorScratch(warm_start=True, **QUICK).fit(TABLE_X, TABLE_X[:, 0])
    with pytest.raises(ValueError, match="continues with the 4 members that were fitted"):
        several.set_params(solver="lbfgs").fit(TABLE_X, TABLE_X[:, 0])


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_fit_of_a_table_can_continue_with_many_more_rows(method):
    """The functions of its embedding keep the strength that was chosen for the first rows."""
    rows = np.random.default_rng(2).standard_normal((1200, 4))
    mlp = MLPRegressorScratch(warm_start=True, **QUICK).fit(rows[:400], rows[:400, 0])
    strength = mlp._network.layers[0].strength
    assert getattr(mlp, method)(rows, rows[:, 0])._network.layers[0].strength == strength < 1.0
