"""Integrity: what could do harm, or make no sense, is found before a model is returned."""

import numpy as np
import pytest
from forging import at, pack, unpack

from sknet import FileFormatError, MLPClassifierScratch, MLPRegressorScratch, load, save

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
SMALL = {"width": 6, "max_iter": 6, "batch_size": 16, "random_state": 0, "learning_rate_init": 0.01}

RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -1.0]
Y = np.sin(X[:, 0]) + X[:, 1] / 10
LABELS = np.array(["a", "b", "ccc"])[np.digitize(Y, [0.0, 1.0])]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("_state", "State", "rng", "RandomState", "dict", 1, 1, "dict", 1, 1), 10**6),  # NumPy would read far outside
        (("_state", "State", "rng", "RandomState", "dict", 1, 1, "dict", 1, 1), -1),
        (("_state", "State", "network", "Network", "layers", "tuple", 0, "Dense", "n_out"), 2**40),
        (("_state", "State", "network", "Network", "layers", "tuple", 1, "Dropout", "rate"), 1.0),
        (("_state", "State", "network", "Network", "layers", "tuple", 1, "Dropout", "n_out"), 2**50),
        (("_state", "State", "network", "Network", "layers", "tuple", 1, "Dropout", "rate"), float("nan")),
        (("_state", "State", "network", "Network", "layers", "tuple", 0, "Dense", "n_in"), 0),
        (("_state", "State", "network", "Network", "layers", "tuple"), []),
        (("_state", "State", "network", "Network", "loss"), {"GroupedLogLoss": {"sizes": {"tuple": [2, 2]}}}),
        (("_state", "State", "theta", "array"), "_state.inputs.mean"),
        (("_state", "State", "optimizer", "Adam", "m", "array"), "_state.inputs.mean"),
        (("_state", "State", "inputs", "Moments", "mean", "array"), "_state.theta"),
        (("_state", "State", "order"), {"array": "_state.theta"}),
        (("coefs_", 0, "array"), "coefs_.1"),
        (("n_features_in_",), 4),
        (("depth_",), 10**9),
        (("classes_",), {"array": "coefs_.0"}),
        (("predict",), 3),
        (("__class__",), 3),
        (("width",), 3),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else str(value)[:20],
)
def test_dangerous_contradictions(tmp_path, place, value):
    path = tmp_path / "model"
    save(CLF(dropout=0.2, **SMALL).fit(X, LABELS), path)
    header, model, body = unpack(path)
    attributes = model["estimator"]["MLPClassifierScratch"]["attributes"]
    at(attributes, place[:-1])[place[-1]] = value
    if "network" in place:  # in both places where it stands, so that they agree
        at(attributes, ("_network", *place[3 : len(place) - 1]))[place[-1]] = value
    pack(path, header, model, body)
    with pytest.raises(FileFormatError, match="not consistent"):
        load(path)
