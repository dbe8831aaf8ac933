"""Training that was interrupted continues from its checkpoint, and ends with the same bits as without interruption."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from checkpoints import SMALL, Crash, crash_fixture, crashing_fits  # noqa: F401
from model_files import BOTH, CLF, REG, VARIANTS, bytes_of, target
from same_state import assert_same_state
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from small_data import LABELS, RNG, X, Y

import sknet
from sknet import Checkpoint

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("variant", [name for name in VARIANTS if name not in ("lbfgs", "no seed")])
@BOTH
def test_resumed_training_ends_with_the_same_bits(tmp_path, crash, Estimator, variant, every):
    y = target(Estimator)
    mlp = Estimator(**SMALL | {"max_iter": 12} | VARIANTS[variant])
    whole = clone(mlp).fit(X, y)
    checkpoint = Checkpoint(tmp_path / "checkpoint", every=every)
    resumed = crashing_fits(crash, mlp, X, y, checkpoint=checkpoint, at=(3, 9, 17, 21))
    assert_same_state(resumed, whole)
    assert bytes_of(resumed, tmp_path) == bytes_of(whole, tmp_path)


def test_without_a_seed_resuming_continues_the_random_numbers_of_the_first_call(tmp_path, crash):
    mlp = REG(**SMALL | {"random_state": None})
    np.random.seed(0)  # noqa: NPY002
    whole = clone(mlp).fit(X, Y)
    np.random.seed(0)  # noqa: NPY002
    assert_same_state(crashing_fits(crash, mlp, X, Y, checkpoint=tmp_path / "checkpoint", at=(20,)), whole)


@BOTH
def test_a_random_state_of_the_caller_ends_as_without_interruption(tmp_path, crash, Estimator):
    y = target(Estimator)
    shared, parameters = np.random.RandomState(0), SMALL | {"dropout": 0.1, "early_stopping": True}
    whole = Estimator(**parameters | {"random_state": shared}).fit(X, y)
    crash(20)
    with pytest.raises(Crash):
        Estimator(**parameters | {"random_state": np.random.RandomState(0)}).fit(X, y, checkpoint=tmp_path / "c")
    other = np.random.RandomState(0)
    resumed = Estimator(**parameters | {"random_state": other}).fit(X, y, checkpoint=tmp_path / "c")
    assert bytes_of(resumed, tmp_path) == bytes_of(whole, tmp_path)
    assert other.normal() == shared.normal()
    assert resumed._state.rng is not other  # the estimator has its own copy


@pytest.mark.parametrize("kind", ["weights", "validation set", "frame", "float32", "sparse", "columns first", "scorer"])
@BOTH
def test_resuming_with_every_argument_of_fit(tmp_path, crash, Estimator, kind):
    y = target(Estimator)
    mlp = Estimator(**SMALL)
    data, more = X, {}
    if kind == "weights":
        more = {"sample_weight": RNG.uniform(size=80)}
    elif kind == "validation set":
        mlp.set_params(early_stopping=True)
        more = {"X_val": X[::3], "y_val": y[::3], "sample_weight_val": np.arange(27.0)}
    elif kind == "frame":
        data = pd.DataFrame(X, columns=list("abc"))
    elif kind == "float32":
        data = X.astype(np.float32)
    elif kind == "sparse":
        data = sp.csr_matrix(np.where(np.abs(X) > 1.0, X, 0.0))
    elif kind == "columns first":
        data = np.asfortranarray(X)
    else:
        mlp.set_params(early_stopping=True, scoring="accuracy" if Estimator is CLF else "neg_mean_absolute_error")
    whole = clone(mlp).fit(data, y, **more)
    resumed = crashing_fits(crash, mlp, data, y, checkpoint=str(tmp_path / "checkpoint"), **more)
    assert bytes_of(resumed, tmp_path) == bytes_of(whole, tmp_path)


TARGETS = {
    "labels": np.stack([Y > 0, Y > 1], axis=1).astype(int),
    "sparse labels": sp.csr_matrix(np.stack([Y > 0, Y > 1], axis=1).astype(int)),
    "several": np.stack([Y > 0, np.digitize(Y, [0.0, 1.0])], axis=1).astype(int),
    "smoothed": LABELS,
    "objects": LABELS.astype(object),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_resuming_with_every_kind_of_label(tmp_path, crash, kind):
    mlp = CLF(label_smoothing=0.1 if kind == "smoothed" else 0.0, **SMALL)
    whole = clone(mlp).fit(X, TARGETS[kind])
    resumed = crashing_fits(crash, mlp, X, TARGETS[kind], checkpoint=tmp_path / "checkpoint")
    assert bytes_of(resumed, tmp_path) == bytes_of(whole, tmp_path)


@pytest.mark.parametrize("end", ["max_iter", "end of a schedule", "converged", "early stopping"])
@BOTH
def test_a_finished_fit_returns_at_once(tmp_path, monkeypatch, Estimator, end):
    y = target(Estimator)
    stops = {"max_iter": {}, "converged": {"tol": 10.0, "n_iter_no_change": 2}}
    stops["end of a schedule"] = {"learning_rate": "cosine"}  # training ends with the schedule, without a warning
    stops["early stopping"] = stops["converged"] | {"early_stopping": True}
    mlp = Estimator(**SMALL | stops[end])
    first = clone(mlp).fit(X, y, checkpoint=tmp_path / "checkpoint")
    content = (tmp_path / "checkpoint").read_bytes()
    monkeypatch.setattr(sknet.core.network.Network, "loss_and_gradient", None)  # must not be called
    monkeypatch.setattr(sknet.persistence.checkpoint, "write_estimator", None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        second = clone(mlp).fit(X, y, checkpoint=tmp_path / "checkpoint")
        # A fitted estimator starts again, and also finds the finished fit.
        again = second.fit(X, y, checkpoint=tmp_path / "checkpoint")
    assert [w.category for w in caught] == ([ConvergenceWarning] * 2 if end == "max_iter" else [])
    assert again is second
    monkeypatch.undo()
    assert bytes_of(second, tmp_path) == bytes_of(first, tmp_path)
    assert (tmp_path / "checkpoint").read_bytes() == content
    assert first._state.order is None  # a fitted estimator does not grow with the data


def test_a_warm_start_has_a_checkpoint_for_each_call(tmp_path, crash):
    """A script that is run again reads the finished fits from their files, and continues the interrupted one."""

    def script(mlp):
        for call in range(3):
            mlp.fit(X, Y, checkpoint=tmp_path / f"checkpoint {call}")
        return mlp

    mlp = REG(**SMALL | {"warm_start": True, "dropout": 0.1, "max_iter": 3})
    whole = clone(mlp).fit(X, Y).fit(X, Y).fit(X, Y)
    for n in (4, 12, 10, 11):
        crash(n)
        with pytest.raises(Crash):
            script(clone(mlp))
    assert bytes_of(script(clone(mlp)), tmp_path) == bytes_of(whole, tmp_path)
    with pytest.raises(ValueError, match="another fit: it differs in `earlier fit`"):
        whole.fit(X, Y, checkpoint=tmp_path / "checkpoint 0")
