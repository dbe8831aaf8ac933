"""The estimators have scikit-learn's parameters, methods, attributes and tags, and with the preset the same network."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import SKLEARN
from scaled_data import RAW, N, target
from sklearn.neural_network import MLPClassifier, MLPRegressor

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

OURS = MLPClassifierScratch, MLPRegressorScratch
PAIRS = pytest.mark.parametrize(("Ours", "Theirs"), [(OURS[0], MLPClassifier), (OURS[1], MLPRegressor)])
NEW = [
    "depth", "width", "initializer", "standardize", "embedding", "dtype", "weight_decay", "dropout", "normalization",
    "max_grad_norm", "scoring", "categorical_features", "n_members", "averaging",
]  # fmt: skip
OWN = {MLPClassifierScratch: ["class_weight", "label_smoothing"], MLPRegressorScratch: ["quantile", "huber_delta"]}


def kind_of(Ours):
    return "classification" if Ours is MLPClassifierScratch else "regression"


def defaults(Estimator):
    return {name: p.default for name, p in inspect.signature(Estimator).parameters.items()}


@PAIRS
def test_every_parameter_of_sklearn_exists_in_the_same_order(Ours, Theirs):
    ours = inspect.signature(Ours).parameters
    theirs = dict(inspect.signature(Theirs).parameters)
    if Ours is MLPRegressorScratch and "loss" not in theirs:  # scikit-learn before 1.7
        theirs = {"loss": ours["loss"], **theirs}
    assert list(ours) == [*theirs, *NEW, *OWN[Ours]]
    if SKLEARN >= (1, 9):
        assert {name: ours[name].kind for name in theirs} == {name: p.kind for name, p in theirs.items()}
    assert all(ours[name].kind is inspect.Parameter.KEYWORD_ONLY for name in NEW)


@PAIRS
def test_the_preset_contains_the_defaults_that_differ_from_sklearn(Ours, Theirs):
    """It contains scikit-learn's value of each default that differs, and switches off new parameters."""
    ours, theirs, preset = defaults(Ours), defaults(Theirs), presets.scikit_learn(kind_of(Ours))
    theirs["n_iter_no_change"] += 1  # scikit-learn stops one epoch later
    differing = {name: value for name, value in theirs.items() if ours[name] != value}
    assert {name: value for name, value in preset.items() if name in theirs} == differing
    off = {name: value for name, value in preset.items() if name not in theirs}
    assert off.keys() <= {*NEW, *OWN[Ours]}
    assert off.pop("n_members") == 1
    assert not any(off.values())  # False or zero
    assert all(ours[name] for name in off)


@PAIRS
def test_with_the_preset_the_network_is_that_of_sklearn(Ours, Theirs):
    parameters = presets.scikit_learn(kind_of(Ours)) | {"max_iter": 1, "random_state": 0, "batch_size": N}
    ours = Ours(**parameters).fit(RAW, target(Ours))
    theirs = Theirs(max_iter=1, random_state=0).fit(RAW, target(Ours))
    for a, b in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-12)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@PAIRS
def test_every_fitted_attribute_of_sklearn_exists(Ours, Theirs, solver, early_stopping):
    if solver == "lbfgs" and early_stopping:
        return
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(RAW, columns=list("abcd"))
    parameters = {"solver": solver, "early_stopping": early_stopping, "max_iter": 2}
    ours = Ours(**parameters).fit(frame, target(Ours))
    theirs = Theirs(**parameters).fit(frame, target(Ours))
    for name, value in vars(theirs).items():
        if name.endswith("_") and not name.startswith("_"):
            assert type(getattr(ours, name)) is type(value) or isinstance(value, np.number), name


@PAIRS
def test_every_method_of_sklearn_exists(Ours, Theirs):
    for name in dir(Theirs):
        if not name.startswith("_"):
            assert hasattr(Ours, name), name
            if inspect.isfunction(getattr(Theirs, name)) and SKLEARN >= (1, 9):
                ours = inspect.signature(getattr(Ours, name))
                assert ours.parameters.keys() >= inspect.signature(getattr(Theirs, name)).parameters.keys()


@PAIRS
def test_tags_are_those_of_sklearn(Ours, Theirs):
    ours, theirs = Ours().__sklearn_tags__(), Theirs().__sklearn_tags__()
    theirs.input_tags.allow_nan = True  # missing values
    theirs.target_tags.multi_output = True  # scikit-learn's regressor has several outputs too, but its tag is False
    assert ours == theirs
