"""Whole numbers as floats, schedule objects, parameters that L-BFGS cannot use, and parameters without effect."""

import re
import warnings
from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets, schedules
from sknet._parameters import RULES, InvalidParameterError
from sknet._settings import _OF_SCHEDULES, as_solver_can, check_schedule, checked

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = np.random.default_rng(0).normal(size=(60, 3))
LABELS, Y = (X[:, 0] > 0).astype(int), X @ [1.0, 2.0, -1.0]
QUICK = {"max_iter": 2, "random_state": 0}
DEFAULTS = MLPRegressorScratch().get_params()
WHOLE = {
    "hidden_layer_sizes": 5, "batch_size": 20, "max_iter": 3, "verbose": 0, "n_iter_no_change": 4, "max_fun": 50,
    "depth": 1, "width": 6, "n_members": 3,
}  # fmt: skip


def test_every_parameter_with_whole_numbers_is_tested():
    assert WHOLE.keys() == {name for name, rule in RULES.items() if rule.whole}


@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.filterwarnings("ignore:.*no effect beside")
def test_whole_floats_are_integers(name, kind):
    n = WHOLE[name]
    found = checked(DEFAULTS | {name: kind(n)})[name]
    assert (found, type(found)) == (n, int)
    nets = [MLPRegressorScratch(**QUICK | {name: value}).fit(X, Y) for value in (n, kind(n))]
    np.testing.assert_array_equal(nets[0].predict(X), nets[1].predict(X))
    with pytest.raises(InvalidParameterError, match=f"`{name}` must be .*integer of at least .*, got "):
        checked(DEFAULTS | {name: kind(n + 0.5)})


@pytest.mark.parametrize("sizes", [(46.0, 3), [4.0], np.array([4.0, 2.0])])
def test_whole_floats_in_sequences(sizes):
    assert checked(DEFAULTS | {"hidden_layer_sizes": sizes})["hidden_layer_sizes"] == tuple(map(int, sizes))
    with pytest.raises(InvalidParameterError, match="`hidden_layer_sizes` must be"):
        checked(DEFAULTS | {"hidden_layer_sizes": (46.5, 3)})


@pytest.mark.parametrize("value", [(), [3, 4], (3, 4), range(2, 4), None])
def test_sequences_of_integers_are_not_changed(value):
    assert checked(DEFAULTS | {"hidden_layer_sizes": value})["hidden_layer_sizes"] is value


@pytest.mark.parametrize("value", [np.inf, np.nan, -np.inf, 1e400, True])
def test_values_that_are_not_whole_numbers(value):
    with pytest.raises(InvalidParameterError, match="`width` must be an integer of at least 1, got"):
        checked(DEFAULTS | {"width": value})
    assert checked(DEFAULTS | {"n_iter_no_change": np.inf})["n_iter_no_change"] == np.inf


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", [-1, 0.5, "many", 2**70, 1e30])
def test_no_message_names_a_limit_of_the_machine(name, value):
    with pytest.raises(InvalidParameterError) as caught:
        checked(DEFAULTS | {name: value})
    assert not re.search(r"9223372036854775807|2147483647", str(caught.value))
    assert ("too large" in str(caught.value)) == (value in (2**70, 1e30))


def test_a_number_as_schedule_is_an_error_that_names_learning_rate_init():
    with pytest.raises(InvalidParameterError, match=r"`learning_rate` must be one of .* learning_rate_init=0.01\."):
        MLPClassifierScratch(learning_rate=0.01).fit(X, LABELS)


# Schedules

BAD = {
    "Cosine(final=-3)": schedules.Cosine(final=-3.0),
    "Cosine(final=2)": schedules.Cosine(final=2.0),
    "Cosine(final=text)": schedules.Cosine(final="a"),
    "OneCycle(start)": schedules.OneCycle(start=-0.1),
    "OneCycle(rise)": schedules.OneCycle(rise=1.5),
    "OneCycle(final)": schedules.OneCycle(final=np.nan),
    "LogCosine(cycles=0)": schedules.LogCosine(cycles=0),
    "LogCosine(cycles=2.5)": schedules.LogCosine(cycles=2.5),
    "LogCosine(cycles=10**6)": schedules.LogCosine(cycles=10**6),
    "Exponential": schedules.Exponential(decay=0.0),
    "Adaptive": schedules.Adaptive(divisor=1.0),
    "InverseScaling": schedules.InverseScaling(power=-1.0),
    "Warmup(share)": schedules.Warmup(share=2.0),
    "Warmup(Cosine)": schedules.Warmup(schedules.Cosine(final=-1.0)),
    "Warmup(name)": schedules.Warmup("cosine"),
    "Warmup(class)": schedules.Warmup(schedules.Cosine),
}


def test_every_parameter_of_every_schedule_has_a_rule():
    kinds = {kind for kind in vars(schedules).values() if isinstance(kind, type) and is_dataclass(kind)}
    assert _OF_SCHEDULES.keys() == kinds - {schedules.Clock}
    for kind, rules in _OF_SCHEDULES.items():
        assert rules.keys() == {field.name for field in fields(kind)} - {"schedule"}
        check_schedule(kind())


@pytest.mark.parametrize("name", BAD)
def test_parameters_of_schedules_are_checked_before_the_data(name):
    schedule = BAD[name]
    words = rf"`\w+` of `learning_rate(.schedule)?={type(schedule).__name__ if 'Warmup(C' not in name else 'Cosine'}\("
    with pytest.raises(InvalidParameterError, match=rf"{words}.*` must be .*, got"):
        MLPClassifierScratch(learning_rate=schedule).fit("no data", None)


@pytest.mark.parametrize(
    "schedule",
    [schedules.Cosine(1), schedules.OneCycle(0, 1, 1), schedules.LogCosine(4.0), schedules.Exponential(1.02),
     schedules.Warmup(schedules.Warmup(schedules.Constant(), share=0.5), share=1)],
    ids=str,
)  # fmt: skip
def test_parameters_at_their_limits_pass(schedule):
    assert np.isfinite(MLPClassifierScratch(learning_rate=schedule, **QUICK).fit(X, LABELS).loss_)


class OfOnesOwn:
    adaptive, per_update = False, True

    def __init__(self, rate):
        self.rate = rate

    def __repr__(self):
        return f"OfOnesOwn({self.rate})"

    def __call__(self, clock):
        return self.rate


@pytest.mark.parametrize("rate", [-1.0, np.nan, np.inf, "fast", None])
def test_a_schedule_of_the_user_must_return_a_nonnegative_number(rate):
    with pytest.raises(InvalidParameterError, match=r"`learning_rate=OfOnesOwn.*` must return a number in \[0, inf\)"):
        MLPClassifierScratch(learning_rate=OfOnesOwn(rate)).fit(X, LABELS)
    MLPClassifierScratch(learning_rate=OfOnesOwn(0.5), **QUICK).fit(X, LABELS)


# L-BFGS


def test_parameters_that_lbfgs_cannot_use_are_switched_off():
    given = DEFAULTS | {"solver": "lbfgs", "early_stopping": True, "dropout": (0.1, 0.2), "alpha": 0.5}
    found = as_solver_can(given)
    assert found == given | {"early_stopping": False, "dropout": 0.0}
    assert as_solver_can(given | {"solver": "adam"})["early_stopping"] is True
    auto = DEFAULTS | {"solver": "lbfgs"}
    assert as_solver_can(auto) == auto


def test_lbfgs_scores_the_validation_set_of_the_user():
    with pytest.warns(UserWarning, match="`early_stopping=True` has no effect: solver='lbfgs'"):
        net = MLPRegressorScratch(solver="lbfgs", early_stopping=True, **QUICK).fit(X, Y, X_val=X, y_val=Y)
    assert len(net.validation_scores_) == net.n_iter_
    assert net.score(X, Y) == pytest.approx(net.validation_scores_[-1])


# Without effect


def messages(Estimator, *, partial=False, validation=False, **parameters):
    y = LABELS if Estimator is MLPClassifierScratch else Y
    more = {"X_val": X, "y_val": y} if validation else {}
    net = Estimator(**QUICK | parameters)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        if partial:
            net.partial_fit(X, y, **more, **({"classes": [0, 1]} if Estimator is MLPClassifierScratch else {}))
        else:
            net.fit(X, y, **more)
    return [str(warning.message) for warning in seen if "no effect" in str(warning.message)]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"depth": 3, "hidden_layer_sizes": 5}, "`depth=3` has no effect beside `hidden_layer_sizes=5`"),
        ({"width": 9, "hidden_layer_sizes": ()}, "`width=9` has no effect beside"),
        ({"width": 9, "depth": 1, "hidden_layer_sizes": (4,)}, "`depth=1` and `width=9` have no effect beside"),
        ({"scoring": "loss"}, "`scoring='loss'` has no effect, because this fit has no validation rows"),
        ({"scoring": max, "early_stopping": False}, "`scoring=.*max.*` has no effect"),
        ({"scoring": "loss", "partial": True}, "`scoring='loss'` has no effect"),
    ],
)
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_parameters_without_effect_give_a_warning(Estimator, parameters, words):
    (message,) = messages(Estimator, **parameters)
    assert re.match(words, message)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"quantile": 0.9}, "`quantile=0.9` has no effect with loss='squared_error'. Use loss='quantile'"),
        ({"quantile": (0.1, 0.9), "loss": "huber"}, r"`quantile=\(0.1, 0.9\)` has no effect with loss='huber'"),
        ({"huber_delta": 2.0, "loss": "quantile"}, "`huber_delta=2.0` has no effect .*Use loss='huber'"),
    ],
)
def test_parameters_of_another_loss(parameters, words):
    (message,) = messages(MLPRegressorScratch, **parameters)
    assert re.match(words, message)


@pytest.mark.parametrize(
    "parameters",
    [
        {}, {"hidden_layer_sizes": 5}, {"depth": 2, "width": 64, "hidden_layer_sizes": 5}, {"depth": 1, "width": 4},
        {"scoring": "loss", "early_stopping": True}, {"scoring": "loss", "validation": True}, {"momentum": 0.5},
        {"solver": "lbfgs"}, {"solver": "lbfgs", "early_stopping": False, "dropout": [0.0, 0.0], "weight_decay": 0},
        {"solver": "lbfgs", "scoring": "loss", "validation": True}, {"partial": True, "early_stopping": True},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_parameters_with_an_effect_give_no_warning(Estimator, parameters):
    assert messages(Estimator, **parameters) == []


def test_parameters_of_the_loss_in_use_give_no_warning():
    assert messages(MLPRegressorScratch, loss="quantile", quantile=0.9) == []
    assert messages(MLPRegressorScratch, loss="huber", huber_delta=0.9) == []


@pytest.mark.parametrize("preset", [presets.tabular, presets.best, presets.scikit_learn])
@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_presets_give_no_warning(preset, kind):
    Estimator = MLPClassifierScratch if kind == "classification" else MLPRegressorScratch
    assert messages(Estimator, **preset(kind)) == []


def test_a_subclass_may_have_other_defaults():
    class Narrow(MLPRegressorScratch):
        def __init__(self, width=4, hidden_layer_sizes=(3,), random_state=None, max_iter=2):
            super().__init__(
                width=width, hidden_layer_sizes=hidden_layer_sizes, random_state=random_state, max_iter=max_iter
            )

    assert messages(Narrow) == []
    assert len(messages(Narrow, width=5)) == 1
