"""The decoder: a file with a correct checksum is read as a model, or raises a FileFormatError."""

import copy
import random
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from forging import at, pack, places, unpack
from small_data import LABELS, SMALL, X, Y

import sknet
from sknet import FileFormatError, MLPClassifierScratch, MLPRegressorScratch, load, save

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch, MLPRegressorScratch


JUNK = [
    None, True, -1, 0, 1, 1.5, 1e308, 10**9, 10**30, "", "x", "lbfgs", [], {}, [[]], {"x": 1}, {"array": "nothing"},
    {"array": "_state.theta"}, {"array": "coefs_.0"}, {"strings": "coefs_.0"}, {"floats": "_state.theta"},
    {"scalar": {"array": "_state.theta"}}, {"tuple": []}, {"tuple": [1]}, {"dict": []}, {"dict": [[[], 1]]},
    {"float": "nan"}, {"float": "-inf"}, {"float": "x"}, {"type": "float"}, {"type": "os.system"}, {"estimator": {}},
    {"RandomState": {}}, {"Generator": 1}, {"Activation": "relu"}, {"Activation": "exec"}, {"Adam": {}}, {"State": {}},
    {"objects": {"shape": [10**12], "items": []}}, {"objects": {"shape": [1], "items": [{"tuple": [1, 2]}]}},
]  # fmt: skip


HOSTILE = {
    "classifier": lambda: CLF(
        early_stopping=True, dropout=0.2, normalization="batch", class_weight={"a": 1.0, "b": 2, "ccc": np.float32(3)},
        **SMALL | {"random_state": np.random.RandomState(0)},
    ).fit(pd.DataFrame(X, columns=list("abc")), LABELS),
    "regressor": lambda: REG(
        loss="quantile", quantile=[0.2, 0.5], depth=2, solver="sgd", learning_rate=sknet.schedules.Warmup(),
        warm_start=True, normalization="layer", **SMALL,
    ).fit(X, Y),
    "for tables": lambda: CLF(standardize="robust", embedding="periodic", dtype="float32", **SMALL).fit(X, LABELS),
}  # fmt: skip


@pytest.mark.parametrize("which", HOSTILE)
def test_contradictions_with_a_correct_checksum(tmp_path, which):
    """1,000 files of each kind; ``pytest -s -k contradictions`` prints the results."""
    path = tmp_path / "model"
    save(HOSTILE[which](), path)
    header, model, body = unpack(path)
    everywhere = [place for place in places(model) if place]
    draw = random.Random(0)
    found = Counter()
    for _ in range(1000):
        forged = copy.deepcopy(model)
        place = draw.choice(everywhere)
        where, key = at(forged, place[:-1]), place[-1]
        if draw.random() < 0.2:
            del where[key]
        else:
            where[key] = copy.deepcopy(draw.choice([at(forged, draw.choice(everywhere)), draw.choice(JUNK)]))
        pack(path, header, forged, body)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                mlp = load(path)
        except FileFormatError:
            found["caught"] += 1
            continue
        found["a model"] += 1
        try:
            mlp.predict(pd.DataFrame(X, columns=list("abc")) if hasattr(mlp, "feature_names_in_") else X)
        except ValueError:
            found["a model whose predict raises an error"] += 1
    print(f"\n{which}: {dict(found)}")
    assert found["caught"] > 600
    assert found["a model whose predict raises an error"] < 10  # NotFittedError, if all fitted attributes were removed


@pytest.mark.parametrize("text", ["", "x", "[]", "null", "{}", "1e999", '{"estimator":{}}', "[" * 10**5, "9" * 10**4])
def test_texts_that_are_no_model_are_an_error(tmp_path, text):
    path = tmp_path / "model"
    save(REG(), path)
    header, _, body = unpack(path)
    pack(path, header, text, body)
    with pytest.raises(FileFormatError, match="not consistent"):
        load(path)


@pytest.mark.parametrize("name", ["Pipeline", "sklearn.svm.SVC", "os.system", "MLPRegressor", "Checkpoint"])
def test_other_classes_are_not_created(tmp_path, name):
    path = tmp_path / "model"
    save(REG(), path)
    header, model, body = unpack(path)
    pack(path, header, {"estimator": {name: model["estimator"]["MLPRegressorScratch"]}}, body)
    with pytest.raises(FileFormatError):
        load(path)
