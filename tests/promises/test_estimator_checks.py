"""scikit-learn's own estimator checks, for the defaults and for each variant that could fail another check.

``pytest -v tests/promises/test_estimator_checks.py`` lists each check of each variant. With ``xfail_strict``, an
expected failure that passes is an error, so the tables below cannot be out of date.
"""

import pytest
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from sknet import MLPClassifierScratch, MLPRegressorScratch

# The checks fit some models for a few epochs only, and ignore the warnings that they expect.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Can't check dok sparse matrix for nan or inf:UserWarning"),
]

SPLIT = "a random validation split of repeated rows differs from that of weighted rows"
SATURATED = (
    "after L-BFGS has separated the labels some probabilities are 1.0, as in scikit-learn; the check wants p < 1"
)

MASK = "dropout leaves out other units of repeated rows than of weighted rows, because it draws for more rows"
ALL_CLASSES = "partial_fit cannot know the frequencies of all classes and raises an error, as SGDClassifier does"
ANY_SIGN = "the check draws targets of both signs, although the tags say that they must be positive"


def weights(reason):
    return dict.fromkeys(
        ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"), reason
    )


WEIGHTS = weights(SPLIT)
# name of the variant: parameters, expected failures of the classifier and of the regressor, or None for no test
VARIANTS = {
    "sgd": ({"solver": "sgd"}, {}, {}),
    "lbfgs": (
        {"solver": "lbfgs"},
        {
            "check_classifiers_multilabel_output_format_predict_proba": SATURATED,
            "check_classifier_multioutput": SATURATED.replace("the check wants p < 1", "they have no order"),
        },
        {},
    ),
    # Repeated and weighted rows are summed in another order. After hundreds of iterations, the seventh digit differs.
    "lbfgs, penalized": ({"solver": "lbfgs", "alpha": 1.0, "max_iter": 60}, {}, None),
    "early stopping": (
        {"early_stopping": True},
        WEIGHTS,
        WEIGHTS,
    ),
    "linear": ({"depth": 0}, {}, {}),
    "raw inputs": ({"standardize": False}, {}, {}),
    "dropout": ({"dropout": 0.2}, weights(MASK), None),
    "batch normalization": ({"normalization": "batch"}, {}, {}),
    "layer normalization": ({"normalization": "layer"}, None, {}),
    "balanced classes": (
        {"class_weight": "balanced"},
        dict.fromkeys(
            ("check_fit_score_takes_y", "check_n_features_in_after_fitting", "check_estimators_partial_fit_n_features"),
            ALL_CLASSES,
        ),
        None,
    ),
    "rmsprop": ({"solver": "rmsprop"}, {}, None),
    # AdaGrad divides a gradient by the size of the earlier ones. For weights of a unit that no row activates, these
    # come from the penalty alone and are below 1e-6 here. With a smaller epsilon, this division would magnify the
    # rounding of the first gradient that comes from the rows.
    "adagrad": ({"solver": "adagrad", "epsilon": 1e-5}, None, {}),
    "huber": ({"loss": "huber"}, None, {}),
    "quantile": ({"loss": "quantile", "quantile": 0.4}, None, {}),
    "gamma": ({"loss": "gamma", "learning_rate_init": 0.05}, None, {"check_regressor_multioutput": ANY_SIGN}),
    "deep": ({"depth": 3, "width": 20, "activation": ["tanh", "silu", "softmax"], "learning_rate_init": 0.01}, {}, {}),
}
BOTH = (MLPClassifierScratch, MLPRegressorScratch)
MODELS = [  # estimator, its expected failures
    (Estimator(**parameters), failures)
    for parameters, *both in VARIANTS.values()
    for Estimator, failures in zip(BOTH, both, strict=True)
    if failures is not None
]


def expected_failures(estimator):
    return next(f for model, f in MODELS if repr(model) == repr(estimator))


def each_check(estimators, **kwargs):
    """Parametrize as `parametrize_with_checks` does, but with a list, because pytest 9 warns of a generator."""
    mark = parametrize_with_checks(estimators, **kwargs)
    return pytest.mark.parametrize(mark.args[0], list(mark.args[1]), ids=mark.kwargs["ids"])


@each_check([Estimator() for Estimator in BOTH])
def test_checks_of_the_defaults(estimator, check):
    check(estimator)


@pytest.mark.slow
@each_check([model for model, _ in MODELS], expected_failed_checks=expected_failures)
def test_checks_of_the_variants(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("Estimator", BOTH)
def test_check_estimator_with_defaults(Estimator):
    results = check_estimator(Estimator(), on_fail=None)
    for result in results:
        print(result["status"], result["check_name"])
    assert len(results) > 40
    # Array API checks are for estimators that support it, and need an environment variable.
    assert {r["check_name"] for r in results if r["status"] != "passed"} <= {"check_array_api_input"}
