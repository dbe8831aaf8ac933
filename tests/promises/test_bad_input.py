"""Bad input raises an error that says what must hold and what came, and does not change an earlier fit."""

import pickle
import re

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sknet import MLPClassifierScratch, MLPRegressorScratch
from sknet._parameters import RULES

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])
SMALL = {"width": 4, "max_iter": 2, "random_state": 0}

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 3))
Y = np.abs(X @ [1.0, -2.0, 0.5])
LABELS = np.array(["a", "b", "c"])[(np.argsort(np.argsort(Y)) * 3) // 40]


def target(Estimator):
    return LABELS if Estimator is CLF else Y


class Untouched:
    """A fitted estimator, and a copy of its whole state for comparison."""

    def __init__(self, estimator, **fit):
        self.estimator = estimator.fit(X, fit.get("y", target(type(estimator))))
        self.predicted = estimator.predict(X)
        self.attributes = dict(vars(estimator))
        self.bytes = pickle.dumps(self.fitted())

    def fitted(self):
        return {name: value for name, value in vars(self.estimator).items() if name not in RULES}

    def check(self):
        assert vars(self.estimator).keys() == self.attributes.keys()
        assert pickle.dumps(self.fitted()) == self.bytes
        assert_array_equal(self.estimator.predict(X), self.predicted)


NUMBERS = ["1", None, [1], 1j, np.nan]
BAD = {
    "loss": ["log_loss", "", None, 1, ["poisson"]],
    "hidden_layer_sizes": [0, -1, (3, 0), [2.5], 2.5, "12", True, [[3, 4]], np.array([[3]]), np.array(3.0), (None,)],
    "activation": ["ReLU", "", None, 1, ["relu", "nothing"], [["relu"]], ("relu", 1)],
    "solver": ["SGD", "newton", None, 0],
    "alpha": [-1e-9, np.inf, True, *NUMBERS],
    "batch_size": [0, -5, 2.5, "all", True, None],
    "learning_rate": ["Constant", None, 0.1],
    "learning_rate_init": [0, 0.0, -0.1, np.inf, True, *NUMBERS],
    "power_t": [-0.5, np.inf, *NUMBERS],
    "max_iter": [0, -1, 1.5, 10.5, np.inf, True, None, "1"],
    "shuffle": [1, 0, None, "yes"],
    "random_state": [-1, 2**32, 1.5, "0", True, np.random.default_rng(0)],
    "tol": [-1e-9, *NUMBERS],
    "verbose": [-1, 0.5, None, "yes"],
    "warm_start": [1, None, "no"],
    "momentum": [-0.1, 1.1, True, *NUMBERS],
    "nesterovs_momentum": [1, None],
    "early_stopping": [1, None, "no"],
    "validation_fraction": [0, 1, 0.0, 1.0, -0.1, 1.5, *NUMBERS],
    "beta_1": [-0.1, 1.0, *NUMBERS],
    "beta_2": [-0.1, 1.0, *NUMBERS],
    "epsilon": [0, -1e-8, np.inf, *NUMBERS],
    "n_iter_no_change": [0, -1, 1.5, -np.inf, None, np.nan, "inf", True],
    "max_fun": [0, -1, 1.5, None],
    "depth": [-1, 1.5, None, "1", True],
    "width": [0, -1, 1.5, None, True],
    "initializer": ["glorot", None, 1],
    "standardize": [1, None, "yes"],
    "embedding": [True, "Periodic", 1],
    "dtype": ["float16", "int64", int, 32, "nothing", {}, np.complex128],
    "weight_decay": [-0.1, np.inf, *NUMBERS],
    "dropout": [-0.1, 1.0, [1.0], ["0.1"], {0.1}, *NUMBERS],
    "normalization": ["Batch", True, 1],
    "n_members": [0, -1, 1.5, 1001, True, None],
    "averaging": [-0.1, 1.0, *NUMBERS],
    "max_grad_norm": [0, -1.0, np.inf, np.nan, "1", True],
    "scoring": ["precise", 1, True, []],
    "class_weight": ["equal", {0: -1.0}, {0: np.nan}, {0: "1"}, 1.0, [1, 2]],
    "label_smoothing": [-0.1, 1.0, *NUMBERS],
    "categorical_features": ["plan", 0, True, 1.5, [0.5], [None], [0, "a"], [[True, False]], {0}, {0: 1}],
    "quantile": [0, 1, 0.0, 1.0, [], [0.5, 0.5], [0.9, 0.1], [0.1, 1.0], *NUMBERS],
    "huber_delta": [0, -1.0, np.inf, *NUMBERS],
}


def test_every_parameter_has_a_rule_and_bad_examples():
    for Estimator in (CLF, REG):
        assert Estimator().get_params().keys() <= RULES.keys()
    assert BAD.keys() == RULES.keys() == REG().get_params().keys() | CLF().get_params().keys()
    assert all(len(values) >= 2 for values in BAD.values())


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@BOTH
def test_parameters_with_values_that_are_not_allowed(Estimator, method):
    before = Untouched(Estimator(**SMALL, warm_start=True))
    good = before.estimator.get_params()
    for name in good:
        for value in BAD[name]:
            before.estimator.set_params(**{name: value})
            with pytest.raises((ValueError, TypeError)) as caught:
                getattr(before.estimator, method)(X, target(Estimator))
            message = str(caught.value)
            assert message.startswith(f"`{name}` must be {RULES[name].description}, got {value!r}.")
            before.estimator.set_params(**{name: good[name]})
            before.check()


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_new_estimator_stays_unfitted(name):
    Estimator = REG if name in REG().get_params() else CLF
    mlp = Estimator(**{**SMALL, name: BAD[name][0]})
    with pytest.raises((ValueError, TypeError), match=f"`{name}`"):
        mlp.fit(X, target(Estimator))
    with pytest.raises(NotFittedError):
        mlp.predict(X)
    assert not hasattr(mlp, "n_features_in_")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"activation": ["relu", "tanh"]}, "one for each of the 1 hidden layers, got 2"),
        ({"activation": []}, "one for each of the 1 hidden layers, got 0"),
        ({"activation": ["relu"], "depth": 0}, "one for each of the 0 hidden layers, got 1"),
        ({"activation": ["relu"], "hidden_layer_sizes": (3, 4)}, "one for each of the 2 hidden layers, got 1"),
        ({"solver": "lbfgs", "normalization": "batch"}, "`normalization='batch'` needs a solver that works in epochs"),
    ],
    ids=str,
)
@BOTH
def test_parameters_that_do_not_fit_together(Estimator, parameters, message):
    before = Untouched(Estimator(depth=1, **SMALL))
    valid = before.estimator.get_params()
    before.estimator.set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        before.estimator.fit(X, target(Estimator))
    before.estimator.set_params(**{name: valid[name] for name in parameters})
    before.check()


@pytest.mark.parametrize(
    "sizes", [iter([3, 4]), (n for n in [3]), {3, 4}, {3: 4}], ids=["iterator", "generator", "set", "dict"]
)
def test_sizes_must_be_a_sequence(sizes):
    with pytest.raises((ValueError, TypeError), match="`hidden_layer_sizes`"):
        REG(hidden_layer_sizes=sizes, max_iter=1).fit(X, Y)


@pytest.mark.parametrize("activations", [iter(["relu", "tanh"]), {"relu", "tanh"}], ids=["iterator", "set"])
def test_activations_must_be_a_sequence(activations):
    with pytest.raises((ValueError, TypeError), match="`activation`"):
        REG(depth=2, activation=activations, max_iter=1).fit(X, Y)


# X, y, sample_weight


def with_value(array, value):
    array = np.array(array)
    array[5] = value
    return array


def sparse_with_value(value):
    return sp.csr_matrix(with_value(X, [0.0, value, 1.0]))


DATA = {  # name: X, y of the classifier, y of the regressor (... if there is no such case), message
    "inf in X": (with_value(X, np.inf), LABELS, Y, "Input X contains infinity"),
    "NaN in sparse X": (sparse_with_value(np.nan), LABELS, Y, "Input X contains NaN"),
    "inf in sparse X": (sparse_with_value(-np.inf), LABELS, Y, "Input X contains infinity"),
    "inf in float32 X": (with_value(X.astype("f4"), np.inf), LABELS, Y, "Input X contains infinity"),
    "NaN in y": (X, with_value(np.arange(40.0) // 20, np.nan), with_value(Y, np.nan), "Input y contains NaN"),
    "inf in y": (X, with_value(np.arange(40.0) // 20, np.inf), with_value(Y, np.inf), "Input y contains infinity"),
    "None in y": (X, with_value(LABELS.astype(object), None), with_value(Y.astype(object), None), "NaN|None"),
    "text in X": (X.astype(str).astype(object) + "x", LABELS, Y, "could not convert string to float: '.*x'"),
    "empty X": (X[:0], LABELS[:0], Y[:0], r"0 sample\(s\).*a minimum of 1 is required"),
    "no columns": (X[:, :0], LABELS, Y, r"0 feature\(s\).*a minimum of 1 is required"),
    "1-D X": (X[:, 0], LABELS, Y, "Expected 2D array, got 1D array"),
    "3-D X": (X[:, :, None], LABELS, Y, "Found array with dim 3"),
    "complex X": (X + 1j, LABELS, Y, "Complex data not supported"),
    "fewer y": (X, LABELS[:-1], Y[:-1], "inconsistent numbers of samples"),
    "no y": (X, None, None, "requires y to be passed, but the target y is None"),
    "3-D y": (X, np.zeros((40, 2, 2), int), np.zeros((40, 2, 2)), "dim 3|3D|Unknown label type"),
    "numbers for labels": (X, Y, ..., "Unknown label type: continuous"),
    "text for numbers": (X, ..., LABELS, "could not convert string to float: .*'[abc]'"),
    "sparse numbers": (X, ..., sp.csr_matrix(X[:, :2]), "[Ss]parse"),
    "dates for numbers": (X, ..., np.full(40, "2024-01-31", "M8[D]"), "date|number"),
    "sparse labels other than 0 and 1": (X, sp.csr_matrix(np.where(X > 0, 1, -1)), ..., "0 or 1"),
    "sparse labels up to 2": (X, sp.csr_matrix(np.where(X > 0, 2, 0)), ..., "0 or 1|same form as in the first call"),
}


CASES = [  # Estimator, name
    (Estimator, name)
    for name, (_, *ys, _) in DATA.items()
    for Estimator, y in zip((CLF, REG), ys, strict=True)
    if y is not ...
]


@pytest.mark.parametrize("method", ["fit", "warm start", "partial_fit"])
@pytest.mark.parametrize(("Estimator", "case"), CASES)
def test_bad_data_raise_an_error_and_change_nothing(Estimator, case, method):
    bad_X, *ys, message = DATA[case]
    y = ys[Estimator is REG]
    earlier = {}
    if case.startswith("labels"):
        earlier = {"y": (X > 0).astype(int)}
    elif case == "sparse numbers":
        earlier = {"y": X[:, :2]}
    before = Untouched(Estimator(**SMALL, warm_start=method == "warm start"), **earlier)
    fit = before.estimator.partial_fit if method == "partial_fit" else before.estimator.fit
    with pytest.raises((ValueError, TypeError), match=message):
        fit(bad_X, y)
    before.check()
    fresh = clone(before.estimator)
    with pytest.raises((ValueError, TypeError), match=message):
        fresh.fit(bad_X, y)
    assert not hasattr(fresh, "coefs_")


WEIGHTS = {
    "negative": (with_value(np.ones(40), -0.5), r"`sample_weight` must not be negative, got -0\.5"),
    "all zero": (np.zeros(40), "`sample_weight` must have at least one positive weight, got only zeros"),
    "the number zero": (0, "`sample_weight` must have at least one positive weight, got only zeros"),
    "too few": (np.ones(39), r"`sample_weight` must have shape \(40,\), one weight for each row, got \(39,\)"),
    "a column": (np.ones((40, 1)), r"`sample_weight` must have shape \(40,\), one weight for each row, got \(40, 1\)"),
    "NaN": (with_value(np.ones(40), np.nan), "Input sample_weight contains NaN"),
    "inf": (with_value(np.ones(40), np.inf), "Input sample_weight contains infinity"),
    "text": (["heavy"] * 40, "could not convert string to float: 'heavy'"),
    "sparse": (sp.csr_matrix(np.ones((1, 40))), "[Ss]parse"),
}


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("case", WEIGHTS)
@BOTH
def test_bad_weights_raise_an_error_and_change_nothing(Estimator, case, method):
    weights, message = WEIGHTS[case]
    before = Untouched(Estimator(**SMALL))
    with pytest.raises((ValueError, TypeError), match=message):
        getattr(before.estimator, method)(X, target(Estimator), weights)
    before.check()


# Data that do not fit an earlier call


@pytest.mark.parametrize("method", ["predict", "score", "partial_fit", "warm start"])
@BOTH
def test_another_number_of_features_is_an_error(Estimator, method):
    before = Untouched(Estimator(**SMALL, warm_start=True))
    message = f"X has 2 features, but {Estimator.__name__} is expecting 3 features as input"
    for columns in (X[:, :2], sp.csr_matrix(X[:, :2])):
        arguments = (columns,) if method == "predict" else (columns, target(Estimator))
        with pytest.raises(ValueError, match=message):
            getattr(before.estimator, "fit" if method == "warm start" else method)(*arguments)
        before.check()


@pytest.mark.parametrize("y", [Y, np.tile(Y[:, None], 3)], ids=["one", "three"])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_another_number_of_outputs_is_an_error(method, y):
    before = Untouched(REG(**SMALL, warm_start=True), y=X[:, :2])
    with pytest.raises(
        ValueError, match=f"y must have 2 outputs, as in the previous call, got {np.ndim(y[0]) * 2 + 1}"
    ):
        getattr(before.estimator, method)(X, y)
    before.check()


@pytest.mark.parametrize("labels", [["a", "b", "d"], ["d"], [1, 2]], ids=str)
def test_an_unknown_class_in_partial_fit_is_an_error(labels):
    before = Untouched(CLF(**SMALL))
    y = np.resize(labels, 40)
    with pytest.raises(ValueError, match=r"`y` has classes not in `self\.classes_`") as caught:
        before.estimator.partial_fit(X, y)
    assert "['a' 'b' 'c']" in str(caught.value)
    assert str(np.setdiff1d(labels, list("abc"))) in str(caught.value)
    before.check()


def test_the_first_partial_fit_needs_classes():
    mlp = CLF(**SMALL)
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        mlp.partial_fit(X, LABELS)
    assert not hasattr(mlp, "classes_")
    assert not hasattr(mlp, "n_features_in_")


def test_classes_without_a_label_of_y_are_an_error():
    mlp = CLF(**SMALL)
    with pytest.raises(ValueError, match=r"`y` has classes not in .*\['b'\]"):
        mlp.partial_fit(X, LABELS, classes=["a", "c"])
    assert not hasattr(mlp, "classes_")


@pytest.mark.parametrize("classes", [["a", "b"], ["a", "b", "c", "d"], ["x", "y", "z"], [0, 1, 2]], ids=str)
def test_other_classes_than_in_the_first_call_are_an_error(classes):
    mlp = CLF(**SMALL).partial_fit(X, LABELS, classes=["c", "b", "a"])
    expected = mlp.predict_proba(X)
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit") as caught:
        mlp.partial_fit(X, LABELS, classes=classes)
    assert repr(classes) in str(caught.value)
    assert_array_equal(mlp.predict_proba(X), expected)


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2, 3]], ids=str)
def test_other_classes_than_the_labels_of_multilabel_targets_are_an_error(classes):
    with pytest.raises(ValueError, match="classes"):
        CLF(**SMALL).partial_fit(X, (X > 0).astype(int), classes=classes)


@pytest.mark.parametrize("y", [np.resize(["a", "b"], 40), np.resize(list("abcd"), 40), np.resize(list("abd"), 40)])
def test_other_classes_in_a_warm_start_are_an_error(y):
    before = Untouched(CLF(**SMALL, warm_start=True))
    message = f"same classes as in the previous call to fit. Previously got ['a' 'b' 'c'], `y` has {np.unique(y)}"
    with pytest.raises(ValueError, match=re.escape(message)):
        before.estimator.fit(X, y)
    before.check()


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("wider", [False, True])
def test_labels_of_another_kind_are_an_error(method, wider):
    matrix = (X > 0).astype(int)
    before = Untouched(CLF(**SMALL, warm_start=True), y=matrix if wider else LABELS)
    with pytest.raises(ValueError, match=r"y must have the same form as in the first call|same classes|classes not in"):
        getattr(before.estimator, method)(X, np.column_stack([matrix, matrix[:, 0]]) if wider else matrix)
    before.check()


# Early stopping


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_validation_rows_are_an_error(n):
    with pytest.raises(ValueError, match=f"The validation set is too small.*'validation_fraction'.*n_samples = {n}"):
        REG(early_stopping=True, **SMALL).fit(X[:n], Y[:n])
    assert REG(early_stopping=True, **SMALL).fit(X[:3], Y[:3]).n_iter_ == 2


@pytest.mark.parametrize(("fraction", "labels"), [(0.9, [0, 0, 1, 1, 2]), (0.1, [0, 0, 1, 2, 3])])
def test_too_few_validation_rows_for_each_class(fraction, labels):
    mlp = CLF(early_stopping=True, validation_fraction=fraction, **SMALL)
    with pytest.raises(ValueError, match=r"The validation set is too small.*n_samples = 5"):
        mlp.fit(X[:5], labels)
    mlp.set_params(validation_fraction=0.1).fit(X[:6], [0, 0, 1, 1, 2, 2])
    assert len(mlp.validation_scores_) == 2


def test_a_class_with_one_row_works():
    y = np.array([0] * 39 + [1])
    mlp = CLF(early_stopping=True, **SMALL).fit(X, y)
    assert_array_equal(mlp.classes_, [0, 1])
    assert mlp.predict_proba(X).shape == (40, 2)


# Numbers that are too large


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_column_that_cannot_be_standardized_is_an_error(container, dtype):
    huge = X.astype(dtype)
    huge[:, 1] *= np.finfo(dtype).max / 10
    before = Untouched(REG(**SMALL))
    if dtype == np.float32:  # float64 can represent its squares, but the weights cannot include its scale
        before.estimator.fit(container(huge), Y)
        assert np.isfinite(before.estimator.predict(container(huge))).all()
        return
    with pytest.raises(ValueError, match="column 1 of X is too large for float64"):
        before.estimator.fit(container(huge), Y)
    before.check()


def test_the_error_of_a_target_that_cannot_be_standardized_names_y():
    with pytest.raises(ValueError, match=r"(variance|mean) of .*`?y`?"):
        REG(**SMALL).fit(X, Y * 1e200)


@BOTH
def test_before_fit_methods_raise_an_error(Estimator):
    for method in ("predict", "score", "predict_proba", "decision_function"):
        if hasattr(Estimator, method):
            with pytest.raises(NotFittedError, match="not fitted yet"):
                getattr(Estimator(), method)(*(X, Y)[: 1 + (method == "score")])
