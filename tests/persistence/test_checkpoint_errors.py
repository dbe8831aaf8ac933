"""Errors of checkpoints, which change nothing: unsupported fits, and files that are damaged or no checkpoint."""

import os

import numpy as np
import pytest
from checkpoints import SMALL
from forging import pack, unpack
from model_files import BOTH, CLF, REG, target
from sklearn.base import clone
from small_data import LABELS, X, Y
from test_encoder import CODE, Mine

from sknet import Checkpoint, FileFormatError, save

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("case", CODE)
def test_what_cannot_be_stored_is_an_error_at_once(tmp_path, case):
    mlp = CLF(**SMALL | CODE[case])
    name = case if not case.startswith("a ") else "scoring"
    with pytest.raises(TypeError, match=rf"`{name}` is .*, which a model file cannot hold"):
        mlp.fit(X, LABELS, checkpoint=tmp_path / "checkpoint")
    assert os.listdir(tmp_path) == []
    assert not hasattr(mlp, "coefs_")


def test_an_own_subclass_is_an_error(tmp_path):
    with pytest.raises(TypeError, match="a model file holds"):
        Mine().fit(X, Y, checkpoint=tmp_path / "checkpoint")


@BOTH
def test_lbfgs_is_an_error(tmp_path, Estimator):
    with pytest.raises(ValueError, match=r"works in epochs; 'lbfgs' .*solver='adam'"):
        Estimator(solver="lbfgs").fit(X, target(Estimator), checkpoint=tmp_path / "checkpoint")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("checkpoint", [3, True, ["a"], b"a", np.array("a")], ids=repr)
def test_a_checkpoint_of_another_type_is_an_error(checkpoint):
    with pytest.raises(TypeError, match=r"`checkpoint` must be None, a path or a sknet\.Checkpoint, got"):
        REG(**SMALL).fit(X, Y, checkpoint=checkpoint)


def test_invalid_parameters_of_a_checkpoint_are_errors():
    with pytest.raises(TypeError, match="`path` must be a string or path-like, got 3"):
        Checkpoint(3)
    for every in (0, -1, 1.5, "1", None, True):
        with pytest.raises(ValueError, match="`every` must be an integer of at least 1, got"):
            Checkpoint("file", every=every)


def test_a_missing_directory_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="directory that does not exist"):
        REG(**SMALL).fit(X, Y, checkpoint=tmp_path / "nowhere" / "checkpoint")


def test_a_saved_model_is_no_checkpoint(tmp_path):
    save(REG(**SMALL).fit(X, Y), tmp_path / "model")
    with pytest.raises(ValueError, match=r"a model written by sknet\.save, not a checkpoint"):
        REG(**SMALL).fit(X, Y, checkpoint=tmp_path / "model")


@pytest.mark.parametrize("content", [b"", b"something else", None])
def test_a_damaged_checkpoint_is_an_error_and_stays(tmp_path, content):
    path = tmp_path / "checkpoint"
    REG(**SMALL).fit(X, Y, checkpoint=path)
    if content is None:
        content = path.read_bytes()[:-1]
    path.write_bytes(content)
    with pytest.raises(FileFormatError):
        REG(**SMALL).fit(X, Y, checkpoint=path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("place", ["fingerprint", "finished", "state", "layers"])
def test_a_forged_checkpoint_is_an_error(tmp_path, place):
    path = tmp_path / "checkpoint"
    mlp = REG(**SMALL | {"standardize": "robust", "embedding": "periodic"}).fit(X, Y, checkpoint=path)
    header, model, body = unpack(path)
    state = model["estimator"]["MLPRegressorScratch"]["attributes"]["_state"]["State"]
    if place == "state":
        state["n_epochs"] = "three"
    elif place == "layers":
        state["network"]["Network"]["layers"]["tuple"][0]["PeriodicEmbedding"]["columns"]["tuple"] = [0, 1, 3]
    else:
        model["checkpoint"][place] = []
        model["checkpoint"].pop("finished", None)
    pack(path, header, model, body)
    with pytest.raises(FileFormatError, match="not consistent"):
        clone(mlp).fit(X, Y, checkpoint=path)


OTHERS = {  # parameters, X and y of a fit, and those of another
    "columns": (({}, X, Y), ({}, X[:, :2], Y)),
    "targets": (({}, X, Y), ({}, X, X[:, :2])),
    "loss": (({}, X, np.abs(Y)), ({"loss": "poisson"}, X, np.abs(Y))),
    "gaps": (({}, X, Y), ({}, np.where(X > 9.0, np.nan, X), Y)),
    "levels": (({"categorical_features": [0]}, X > 0.0, Y), ({"categorical_features": [0]}, X > 9.0, Y)),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_checkpoint_with_the_fingerprint_of_another_fit_is_an_error(tmp_path, case):
    content = []
    for path, (parameters, rows, y) in zip((tmp_path / "a", tmp_path / "b"), OTHERS[case], strict=True):
        mlp = REG(**SMALL | parameters)
        clone(mlp).fit(rows, y, checkpoint=path)
        content.append(unpack(path))
    header, model, body = content[0]
    model["checkpoint"] = content[1][1]["checkpoint"]
    pack(tmp_path / "a", header, model, body)
    with pytest.raises(FileFormatError, match="not consistent"):
        mlp.fit(rows, y, checkpoint=tmp_path / "a")
