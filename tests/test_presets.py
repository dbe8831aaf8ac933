"""Presets: plain dictionaries of constructor parameters."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_wine, make_friedman1
from sklearn.model_selection import ParameterSampler
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


SIZES = pytest.mark.parametrize("size", ["small", "large"])
EACH = pytest.mark.parametrize("preset", [presets.scikit_learn, presets.tabular, presets.best])


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
def test_an_unknown_kind_is_an_error(preset, kind):
    with pytest.raises(ValueError, match="`kind` must be 'classification' or 'regression', got"):
        preset(kind)


@KINDS
def test_a_preset_has_only_what_differs_and_the_values_of_scikit_learn(kind, Estimator, Theirs):
    ours, theirs = Estimator().get_params(), Theirs().get_params()
    parameters = presets.scikit_learn(kind)
    assert [name for name, value in parameters.items() if ours[name] == value] == []
    theirs["n_iter_no_change"] += 1  # scikit-learn stops one epoch later
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


def test_sixteen_members_of_the_best_preset_are_more_accurate_than_four():
    X, y = make_friedman1(1000, random_state=0)
    scores = [
        MLPRegressorScratch(**presets.best("regression") | more, random_state=0)
        .fit(X[::2], y[::2])
        .score(X[1::2], y[1::2])
        for more in ({"n_members": 4}, {})
    ]
    assert scores[0] < scores[1]


@KINDS
@SIZES
def test_every_draw_of_a_search_space_is_valid_and_reaches_both_ends(kind, Estimator, Theirs, size):
    space = presets.search_space(kind, size)
    draws = list(ParameterSampler(space, 200, random_state=0))
    for draw in draws:
        check_parameters(Estimator(**draw).get_params())
    for name in space:
        values = {draw[name] for draw in draws}
        assert len(values) > 1, name
    rates = [draw["learning_rate_init"] for draw in draws]
    assert max(rates) / min(rates) > 5.0
    assert len(set(space["width"])) == len(space["width"])
    space.clear()
    assert presets.search_space(kind, size)


@KINDS
def test_the_large_space_contains_the_small_one(kind, Estimator, Theirs):
    small, large = (presets.search_space(kind, size) for size in ("small", "large"))
    assert small.keys() < large.keys()
    assert set(small["depth"]) <= set(large["depth"])
    assert min(large["width"]) <= min(small["width"]) <= max(small["width"]) < max(large["width"])
    for name in ("learning_rate_init", "weight_decay"):
        (a, b), (c, d) = small[name].support(), large[name].support()
        assert c <= a < b <= d


@KINDS
@SIZES
def test_trials_of_optuna_have_the_same_ranges(kind, Estimator, Theirs, size):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ours, theirs = (presets.search_space(kind, size, library=library) for library in ("scipy", "optuna"))
    assert ours.keys() == theirs.keys()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(20):
        parameters = study.ask(theirs).params
        check_parameters(Estimator(**parameters).get_params())
        for name, values in ours.items():
            if name == "width":
                assert min(values) <= parameters[name] <= max(values)
            elif isinstance(values, list):
                assert parameters[name] in values
            else:
                assert values.support()[0] <= parameters[name] <= values.support()[1]


def test_without_optuna_an_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna.distributions", None)
    with pytest.raises(ImportError, match=r"needs Optuna, an optional extra: pip install -e \"\.\[ecosystem\]"):
        presets.search_space("regression", library="optuna")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "classifier"}, "`kind` must be 'classification' or 'regression', got 'classifier'"),
        ({"kind": "regression", "size": 3000}, "`size` must be 'small' or 'large', got 3000"),
        ({"kind": "regression", "library": "ray"}, "`library` must be 'scipy' or 'optuna', got 'ray'"),
    ],
)
def test_an_unknown_search_space_is_an_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        presets.search_space(**arguments)
