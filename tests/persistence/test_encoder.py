"""The encoder: a value that a model file cannot hold raises an error that names it, before any file is written."""

import os

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from same_state import assert_same_state
from sklearn.metrics import balanced_accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small_data import LABELS, SMALL, X, Y
from test_files import outputs, there_and_back

import sknet
from sknet import MLPClassifierScratch, MLPRegressorScratch, save

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch, MLPRegressorScratch


def own_score(estimator, X, y):
    return 1.0


def double(z, out, work):
    np.multiply(z, 2.0, out=out)


class OwnSchedule(sknet.schedules.Cosine):
    pass


OWN = sknet.Activation("relu", "", "", (-np.inf, np.inf), double, double)
CODE = {
    "scoring": {"scoring": own_score, "early_stopping": True},
    "a lambda": {"scoring": lambda *a: 0.0, "early_stopping": True},
    "a scorer": {"scoring": make_scorer(balanced_accuracy_score), "early_stopping": True},
    "activation": {"activation": OWN},
    "activation.1": {"activation": ["relu", OWN], "depth": 2},
    "learning_rate": {"learning_rate": OwnSchedule()},
    "learning_rate.schedule": {"learning_rate": sknet.schedules.Warmup(OwnSchedule())},
}


@pytest.mark.parametrize("case", CODE)
def test_code_is_an_error_that_names_the_parameter(tmp_path, case):
    mlp = CLF(**SMALL | CODE[case]).fit(X, LABELS)
    path = tmp_path / "model"
    path.write_bytes(b"earlier")
    name = case if not case.startswith("a ") else "scoring"
    with pytest.raises(TypeError, match=rf"`{name}` is .*, which a model file cannot hold.*set_params"):
        save(mlp, path)
    assert path.read_bytes() == b"earlier"
    assert os.listdir(tmp_path) == ["model"]


def test_a_model_validated_by_a_function_can_be_stored_after_scoring_is_set_to_a_name(tmp_path):
    mlp = CLF(scoring=own_score, early_stopping=True, **SMALL).fit(X, LABELS).set_params(scoring="accuracy")
    twin = there_and_back(mlp, tmp_path)
    assert_array_equal(outputs(twin, X), outputs(mlp, X))
    assert_same_state(twin.partial_fit(X, LABELS), mlp.partial_fit(X, LABELS))


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"random_state": np.random.RandomState(np.random.PCG64(0))}, "random_state"),
        ({"hidden_layer_sizes": range(3, 5)}, "hidden_layer_sizes"),
        ({"alpha": np.longdouble(1.0)}, "alpha"),
        ({"width": {3}}, "width"),
        ({"width": 1j}, "width"),
        ({"class_weight": {"a": object()}}, "class_weight.a"),
        ({"activation": np.array([None, print])}, "activation.1"),
        ({"loss": b"bytes"}, "loss"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ",
)
def test_other_values_that_cannot_be_stored_are_errors(tmp_path, parameters, name):
    Estimator = REG if "loss" in parameters else CLF
    with pytest.raises(TypeError, match=f"`{name}` is "):
        save(Estimator(**parameters), tmp_path / "model")
    assert os.listdir(tmp_path) == []


def test_an_own_attribute_is_an_error(tmp_path):
    mlp = REG(**SMALL).fit(X, Y)
    mlp.note_ = {"written": ["by", 1, None], "mean": np.float64(0.5)}
    assert there_and_back(mlp, tmp_path).note_ == mlp.note_
    mlp.note_ = {"written": {"by", "me"}}
    with pytest.raises(TypeError, match=r"`note_\.written` is \{"):
        save(mlp, tmp_path / "model")


class Mine(REG):
    def __init__(self, width=5):
        super().__init__(width=width)


def fitted_search(net):
    return GridSearchCV(net, {}, cv=2).fit(X, Y)


DUMP, OWN = r'skops\.io\.dump\({}, "model\.skops"\)', "A class of your own is code"


@pytest.mark.parametrize(
    ("other", "advice"),
    [
        (make_pipeline(StandardScaler(), REG()), DUMP.format("model")),
        (StandardScaler(), DUMP.format("model")),
        (GridSearchCV(REG(), {}), DUMP.format("model")),
        (fitted_search(make_pipeline(REG(**SMALL))), DUMP.format(r"search\.best_estimator_")),
        (fitted_search(REG(**SMALL)), r"sknet\.save\(search\.best_estimator_, path\)"),
        (Mine(), OWN),
        ({"a": 1}, OWN),
        (None, OWN),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_objects_are_errors_that_say_what_to_do(tmp_path, other, advice):
    with pytest.raises(TypeError, match=f"(?s)a model file holds MLPClassifierScratch.*{advice}"):
        save(other, tmp_path / "model")
    assert os.listdir(tmp_path) == []


def test_callbacks_are_an_error(tmp_path):
    pytest.importorskip("sklearn.callback")
    from sklearn.callback import ScoringMonitor

    mlp = REG(**SMALL).set_callbacks(ScoringMonitor(scoring="r2")).fit(X, Y)
    with pytest.raises(TypeError, match=r"callbacks.*set_callbacks\(\)"):
        save(mlp, tmp_path / "model")
    twin = there_and_back(mlp.set_callbacks(), tmp_path)
    assert_array_equal(twin.predict(X), mlp.predict(X))
