"""Integrity: dangerous values and contradictions are found before a model is returned."""

import numpy as np
import pytest
from forging import at, pack, unpack
from numpy.testing import assert_array_equal
from small_data import LABELS, SMALL, X, Y

from sknet import FileFormatError, MLPClassifierScratch, MLPRegressorScratch, load, save

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch, MLPRegressorScratch


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("_state", "State", "rng", "RandomState", "dict", 1, 1, "dict", 1, 1), 10**6),  # an index outside of the array
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
    assert_refused(path, place, value)


EMBEDDING = ("_state", "State", "network", "Network", "layers", "tuple", 0, "PeriodicEmbedding")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("_state", "State", "inputs", "Quartiles", "bound"), 0.0),  # the bound is a divisor
        (("_state", "State", "inputs", "Quartiles", "bound"), -3.0),
        (("_state", "State", "inputs", "Quartiles", "bound"), {"float": "nan"}),
        (("_state", "State", "inputs", "Quartiles", "points", "array"), "_state.theta"),
        (("_state", "State", "inputs", "Quartiles", "ends"), None),
        (("_units", "tuple", 0), None),
        (("_units", "tuple", 0, "Units", "bound"), 4.0),
        (("_units", "tuple", 0, "Units", "scale", "array"), "_state.inputs.shift"),
        (("_units", "tuple"), []),
        (("_units",), None),
        ((*EMBEDDING, "n_in"), 4),
        ((*EMBEDDING, "n_in"), 2**40),
        ((*EMBEDDING, "columns", "tuple"), [0, 1, 3]),  # there are only three columns
        ((*EMBEDDING, "columns", "tuple"), [0, 1, -1]),
        ((*EMBEDDING, "columns", "tuple"), [0, 1, 1]),
        ((*EMBEDDING, "columns", "tuple"), [0, 1]),
        ((*EMBEDDING, "columns", "tuple"), [0, 1, 2**70]),
        ((*EMBEDDING, "columns", "tuple"), [0, 1, 2.0]),
        ((*EMBEDDING, "n_frequencies"), 2**40),
        ((*EMBEDDING, "n_frequencies"), -1),
        ((*EMBEDDING, "n_values"), 0),
        ((*EMBEDDING, "n_values"), 4),
        (EMBEDDING[:-1], {"Scaling": {"n_out": 3, "bound": 3.0}}),
        (EMBEDDING[:-2], []),
        (("_state", "State", "inputs", "Quartiles", "shift", "array"), "_state.theta"),
        (("_state", "State", "inputs", "Quartiles", "scale", "array"), "_state.theta"),
        (("_state", "State", "inputs", "Quartiles", "scale"), [1.0, 1.0, 1.0]),
        (("_state", "State", "columns"), {"tuple": [0, 1]}),
        (("_state", "State", "columns"), None),
        (("_state", "State", "columns"), 3),
        (("_arrays", 0, "tuple", 0, "array"), "_state.theta"),
        (("_arrays", 0, "tuple", 2, "array"), "_state.inputs.shift"),
        (("n_features_in_",), 4),
    ],
    ids=lambda value: "-".join(map(str, value[6:] or value)) if isinstance(value, tuple) else str(value)[:20],
)
@pytest.mark.parametrize("Estimator", [CLF, REG])
def test_contradictions_in_the_layers_of_the_inputs(tmp_path, Estimator, place, value):
    path = tmp_path / "model"
    tables = {"standardize": "robust", "embedding": "periodic"}
    save(Estimator(**SMALL, **tables).fit(X, LABELS if Estimator is CLF else Y), path)
    load(path)
    assert_refused(path, place, value)


@pytest.mark.parametrize("names", [["a", "b", "c"] * 2, ["a", "b"]])
def test_names_of_columns_must_be_as_many_as_columns(tmp_path, names):
    path = tmp_path / "model"
    save(REG(categorical_features=[0], **SMALL).fit(X > 0.0, Y), path)
    assert_refused(path, ("_state", "State", "categories", "Columns", "names", "tuple"), names)


def test_quartiles_of_inputs_are_an_error_as_units_of_outputs(tmp_path):
    path = tmp_path / "model"
    save(REG(standardize="robust", **SMALL).fit(X, np.stack([Y] * 3, axis=1)), path)
    _, model, _ = unpack(path)
    quartiles = model["estimator"]["MLPRegressorScratch"]["attributes"]["_state"]["State"]["inputs"]
    assert_refused(path, ("_state", "State", "outputs"), quartiles)


def test_the_state_of_earlier_releases_has_no_columns_and_no_rates(tmp_path):
    path = tmp_path / "model"
    mlp = REG(**SMALL | {"early_stopping": False}).fit(X, Y)
    save(mlp, path)
    header, model, body = unpack(path)
    attributes = model["estimator"]["MLPRegressorScratch"]["attributes"]
    state = attributes["_state"]["State"]
    assert (state.pop("dropout"), state.pop("columns")) == (0.0, None)
    pack(path, header, model, body)
    twin = load(path)
    for model in (mlp, twin):
        model.partial_fit(X, Y).set_params(warm_start=True).fit(X, Y)
    assert_array_equal(twin.predict(X), mlp.predict(X))


def assert_refused(path, place, value):
    """Change the file, with a correct checksum, and check that it is not loaded."""
    header, model, body = unpack(path)
    (content,) = model["estimator"].values()
    attributes = content["attributes"]
    at(attributes, place[:-1])[place[-1]] = value
    if "network" in place:  # in both places of the file, so that these agree
        at(attributes, ("_network", *place[3 : len(place) - 1]))[place[-1]] = value
    pack(path, header, model, body)
    with pytest.raises(FileFormatError, match="not consistent"):
        load(path)
