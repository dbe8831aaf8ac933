"""Presets: plain dictionaries of constructor parameters."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_wine
from sklearn.neural_network import MLPClassifier, MLPRegressor

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets
from sknet._parameters import check_parameters

KINDS = pytest.mark.parametrize(
    ("kind", "Estimator", "Theirs"),
    [
        ("classification", MLPClassifierScratch, MLPClassifier),
        ("regression", MLPRegressorScratch, MLPRegressor),
    ],
)


EACH = pytest.mark.parametrize("preset", [presets.scikit_learn, presets.tabular])


@KINDS
@EACH
def test_a_preset_is_a_new_dictionary_of_constructor_parameters(preset, kind, Estimator, Theirs):
    parameters = preset(kind)
    assert parameters.keys() <= Estimator().get_params().keys()
    check_parameters(Estimator(**parameters).get_params())
    parameters["n_members"] = -1
    assert preset(kind)["n_members"] != -1


@pytest.mark.parametrize("kind", ["classifier", "", None, 1])
@EACH
def test_an_unknown_kind(preset, kind):
    with pytest.raises(ValueError, match="`kind` must be 'classification' or 'regression', got"):
        preset(kind)


@KINDS
def test_a_preset_has_only_what_differs_and_the_values_of_scikit_learn(kind, Estimator, Theirs):
    ours, theirs = Estimator().get_params(), Theirs().get_params()
    parameters = presets.scikit_learn(kind)
    assert [name for name, value in parameters.items() if ours[name] == value] == []
    theirs["n_iter_no_change"] += 1  # it stops after one epoch more than that
    assert {name: theirs[name] for name in parameters if name in theirs} == {
        name: value for name, value in parameters.items() if name in theirs
    }


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@KINDS
def test_the_same_seed_gives_the_weights_of_scikit_learn(kind, Estimator, Theirs, solver):
    X, y = load_wine(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    parameters = {"solver": solver, "random_state": 0} | ({"max_iter": 10} if solver == "lbfgs" else {})
    ours = Estimator(**presets.scikit_learn(kind) | parameters | {"batch_size": len(X)}).fit(X, y)
    theirs = Theirs(**parameters).fit(X, y)
    assert ours.n_iter_ == theirs.n_iter_ > 5
    for a, b in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        assert_allclose(a, b, rtol=1e-6, atol=1e-8)
    other = Estimator(**presets.scikit_learn(kind) | parameters | {"standardize": True}).fit(X * 2.0, y)
    assert np.abs(other.coefs_[0] - theirs.coefs_[0]).max() > 1e-3
