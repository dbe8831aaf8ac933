"""scikit-learn's own tests of its MLP, run against our classes.

``sklearn.neural_network.tests.test_mlp`` is executed again as a separate module, in which our classes, with
scikit-learn's defaults except ``standardize``, take the place of scikit-learn's. No code is copied, and scikit-learn
itself is not changed.
"""

import importlib.util
from unittest import mock

import pytest
import sklearn.neural_network
from oracles import SKLEARN, PlainClassifier, PlainRegressor

from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("default")  # scikit-learn's tests expect some warnings and ignore others

PRIVATE = {  # these tests use private attributes
    "test_fit",
    "test_gradient",
    "test_learning_rate_warmstart",
    "test_adaptive_learning_rate",
    "test_n_iter_no_change",
    "test_n_iter_no_change_inf",
}
# One prediction of 60 is close to 0, where this test allows less than a rounding error of float32.
ROUNDING = {"test_mlp_regressor_dtypes_casting"}  # tested below, in units of the targets
# Tests in which our classes differ on purpose: name, or name and numbers of cases from 0. Each of them must fail.
DIFFERENT = {
    "test_nonfinite_params": "the error comes before training and names the column whose mean or variance overflows",
    "test_early_stopping_stratified": "a class with one row is no error: the row stays in training",
    "test_mlp_partial_fit_after_fit": "partial_fit supports early stopping",
    "test_lbfgs_classification_maxfun[1]": "standardized inputs converge within 10 evaluations, so there is no warning",
}


DIFFERS = (AssertionError, pytest.fail.Exception)  # and not with another error


def load_suite():
    try:
        spec = importlib.util.find_spec("sklearn.neural_network.tests.test_mlp")
    except ModuleNotFoundError:
        spec = None
    if spec is None:
        pytest.skip("this scikit-learn was installed without its tests", allow_module_level=True)
    suite = importlib.util.module_from_spec(spec)
    ours = {"MLPClassifier": PlainClassifier, "MLPRegressor": PlainRegressor}
    with mock.patch.multiple(sklearn.neural_network, **ours):
        spec.loader.exec_module(suite)
    return suite


def expect_failure(name, function):
    """Mark the test, or some cases of its only ``parametrize``, as failing."""

    def expect(i, case):
        if (reason := DIFFERENT.get(f"{name}[{i}]")) is None:
            return case
        return pytest.param(*case, marks=pytest.mark.xfail(reason=reason, raises=DIFFERS, strict=True))

    if name in DIFFERENT:
        return pytest.mark.xfail(reason=DIFFERENT[name], raises=DIFFERS, strict=True)(function)
    for n, mark in enumerate(getattr(function, "pytestmark", [])):
        if mark.name == "parametrize":
            cases = [expect(i, case) for i, case in enumerate(mark.args[1])]
            function.pytestmark[n] = pytest.mark.parametrize(mark.args[0], cases).mark
    return function


SUITE = load_suite()
TESTS = {name: value for name, value in vars(SUITE).items() if name.startswith("test_")}
globals().update({name: expect_failure(name, test) for name, test in TESTS.items() if name not in PRIVATE | ROUNDING})


@pytest.fixture
def global_random_seed():
    return 42


def test_a_regressor_in_float32_predicts_like_one_in_float64():
    X, y = SUITE.X_digits, SUITE.y_digits
    parameters = {"alpha": 1e-5, "hidden_layer_sizes": (5, 3), "random_state": 1, "max_iter": 150, "tol": 1e-3}
    expected, found = (
        PlainRegressor(**parameters).fit(rows[:300], y[:300]).predict(rows[300:]) for rows in (X, X.astype("float32"))
    )
    assert found.dtype == "float32"
    assert abs(found - expected).max() < 2e-6 * y.std()


def test_the_classes_are_ours():
    assert issubclass(SUITE.MLPClassifier, MLPClassifierScratch)
    assert issubclass(SUITE.MLPRegressor, MLPRegressorScratch)
    assert sklearn.neural_network.MLPClassifier.__module__.startswith("sklearn.")
    assert sklearn.neural_network.MLPRegressor.__module__.startswith("sklearn.")


@pytest.mark.skipif(SKLEARN < (1, 9), reason="the tables name the tests of scikit-learn 1.9")
def test_the_tables_name_tests_that_exist():
    assert TESTS.keys() >= PRIVATE | ROUNDING
    assert TESTS.keys() >= {name.split("[")[0] for name in DIFFERENT}
    assert len(TESTS) - len(PRIVATE) >= 37
