"""A checkpoint of a fit with other parameters, data or estimator is an error that says what differs."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from checkpoints import SMALL, Crash, crash_fixture  # noqa: F401
from model_files import BOTH, CLF, REG, target
from numpy.testing import assert_array_equal
from small_data import LABELS, RNG, X, Y

import sknet
from sknet import Checkpoint

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


CHANGES = {
    "width": {"width": 7},
    "alpha": {"alpha": 0.1},
    "max_iter": {"max_iter": 9},
    "random_state": {"random_state": 1},
    "activation": {"activation": "tanh"},
    "early_stopping": {"early_stopping": True},
    "learning_rate": {"learning_rate": sknet.schedules.Cosine(0.1)},
    "hidden_layer_sizes": {"hidden_layer_sizes": np.array([6])},
    "standardize": {"standardize": "robust"},
    "embedding": {"embedding": "periodic"},
    "dropout": {"dropout": 0.1},
}


@pytest.mark.parametrize("name", CHANGES)
@BOTH
def test_other_parameters_are_an_error_that_names_them(tmp_path, Estimator, name):
    y = target(Estimator)
    mlp = Estimator(**SMALL).fit(X, y, checkpoint=tmp_path / "checkpoint")
    content, expected = (tmp_path / "checkpoint").read_bytes(), mlp.predict(X)
    with pytest.raises(ValueError, match=rf"it differs in `{name}` \(.* in the file, .* now\)\. .*delete the"):
        mlp.set_params(**CHANGES[name]).fit(X, y, checkpoint=tmp_path / "checkpoint")
    assert_array_equal(mlp.predict(X), expected)
    assert (tmp_path / "checkpoint").read_bytes() == content


def test_the_error_has_both_values(tmp_path):
    REG(**SMALL).fit(X, Y, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(ValueError, match=r"`width` \(6 in the file, 9 now\), `depth` \(1 in |`depth`.*`width`"):
        REG(**SMALL | {"width": 9, "depth": 2}).fit(X, Y, checkpoint=tmp_path / "checkpoint")


def changed(array):
    array = array.copy()
    array[57] = array[58]
    return array


OTHER_DATA = {
    "X": lambda y: ((changed(X), y), {}),
    "X, rows": lambda y: ((X[:79], y[:79]), {}),
    "X, dtype": lambda y: ((X.astype(np.float32), y), {}),
    "X, sparse": lambda y: ((sp.csr_matrix(X), y), {}),
    "y": lambda y: ((X, np.roll(y, 1)), {}),
    "sample_weight": lambda y: ((X, y, np.ones(80)), {}),
    "X_val": lambda y: ((X, y), {"X_val": X[:9], "y_val": y[:9]}),
}


@pytest.mark.parametrize("kind", OTHER_DATA)
@BOTH
def test_other_data_are_an_error_that_says_which(tmp_path, Estimator, kind):
    y = target(Estimator)
    Estimator(**SMALL).fit(X, y, checkpoint=tmp_path / "checkpoint")
    args, more = OTHER_DATA[kind](y)
    with pytest.raises(ValueError, match=f"another fit: it differs in .*`{kind.split(',')[0]}`"):
        Estimator(**SMALL).fit(*args, checkpoint=tmp_path / "checkpoint", **more)


def test_other_class_names_are_an_error(tmp_path):
    CLF(**SMALL).fit(X, LABELS, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(ValueError, match="differs in `classes`"):
        CLF(**SMALL).fit(X, np.char.add(LABELS, "!"), checkpoint=tmp_path / "checkpoint")


def test_different_values_have_different_texts():
    values = [
        1, 1.0, True, "1", None, [1], (1,), np.float64(1), np.float32(1), {"a": 1}, np.array([1]), np.array([[1]]),
        np.array([1.0]), np.array(["ab"]), np.array(["a", "b"]), np.array([["a", "b"]]), np.array(["a", 1], "O"),
        np.random.RandomState(0), np.random.RandomState(1), sknet.schedules.Cosine(), sknet.schedules.Cosine(0.5),
        sp.csr_matrix(np.eye(2)), sp.csr_matrix(np.eye(3)), sp.csr_matrix(2 * np.eye(2)), "x" * 200, "x" * 201,
        sknet.ACTIVATIONS["elu"], np.float32, np.dtype("float32"), np.empty((0, 2)), np.empty((2, 0)),
    ]  # fmt: skip
    texts = [sknet.persistence.checkpoint._text(value, "value") for value in values]
    assert len(set(texts)) == len(values)
    assert texts == [sknet.persistence.checkpoint._text(value, "value") for value in values]
    assert max(map(len, texts)) < 120


def test_weights_that_differ_in_one_number_are_an_error(tmp_path):
    weights = RNG.uniform(size=80)
    REG(**SMALL).fit(X, Y, weights, checkpoint=tmp_path / "checkpoint")
    weights[40] += 1e-15
    with pytest.raises(ValueError, match="differs in `sample_weight`"):
        REG(**SMALL).fit(X, Y, weights, checkpoint=tmp_path / "checkpoint")


def test_another_estimator_is_an_error(tmp_path):
    CLF(**SMALL).fit(X, LABELS, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(ValueError, match=r"`estimator` \(MLPClassifierScratch in the file, MLPRegressorScratch now\)"):
        REG(**SMALL).fit(X, Y, checkpoint=tmp_path / "checkpoint")


def test_parameters_without_effect_on_the_model_may_change(tmp_path, crash, capsys):
    crash(20)
    with pytest.raises(Crash):
        REG(**SMALL).fit(X, Y, checkpoint=tmp_path / "checkpoint")
    mlp = REG(verbose=True, **SMALL).fit(pd.DataFrame(X), Y.tolist(), checkpoint=Checkpoint(tmp_path / "checkpoint", 2))
    assert [int(line.split()[1].rstrip(",")) for line in capsys.readouterr().out.splitlines()] == [4, 5, 6, 7, 8]
    assert_array_equal(mlp.coefs_[0], REG(**SMALL).fit(X, Y).coefs_[0])


@pytest.mark.parametrize("order", ["C", "F"])
def test_hashing_the_data_copies_no_more_than_a_chunk(order):
    import tracemalloc

    data = np.asarray(RNG.standard_normal((200_000, 40)), order=order)
    tracemalloc.start()
    first = sknet.persistence.checkpoint._digest(data)
    assert tracemalloc.get_traced_memory()[1] < 0.2 * data.nbytes
    tracemalloc.stop()
    assert first == sknet.persistence.checkpoint._digest(np.array(data, order="C"))
    data[123_456, 7] = np.nextafter(data[123_456, 7], 9.0)
    assert first != sknet.persistence.checkpoint._digest(data)
