"""When a checkpoint is written, which model it holds, and that Ctrl-C and diverging fits do not damage it."""

import os

import numpy as np
import pytest
from checkpoints import SMALL, Crash, crash_fixture  # noqa: F401
from model_files import BOTH, REG, bytes_of, target
from numpy.testing import assert_array_equal
from same_state import assert_same_state
from sklearn.base import clone
from small_data import X, Y

import sknet
from sknet import Checkpoint, load

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(("every", "written"), [(1, range(1, 9)), (3, (3, 6, 8)), (8, (8,)), (100, (8,))])
def test_a_checkpoint_is_written_every_so_many_epochs_and_at_the_end(tmp_path, monkeypatch, every, written):
    epochs = []

    def spy(path, estimator, **more):
        epochs.append(estimator.n_iter_)

    monkeypatch.setattr(sknet.persistence.checkpoint, "write_estimator", spy)
    REG(**SMALL).fit(X, Y, checkpoint=Checkpoint(tmp_path / "checkpoint", every=every))
    assert epochs == list(written)


@BOTH
def test_a_checkpoint_is_the_model_so_far(tmp_path, crash, Estimator):
    y = target(Estimator)
    mlp = Estimator(**SMALL)
    crash(5 * 4 + 2)  # five mini-batches per epoch
    with pytest.raises(Crash):
        mlp.fit(X, y, checkpoint=tmp_path / "checkpoint")
    assert not hasattr(mlp, "coefs_")
    model, short = load(tmp_path / "checkpoint"), clone(mlp).set_params(max_iter=4).fit(X, y)
    assert model.n_iter_ == 4
    assert model.loss_curve_ == short.loss_curve_
    assert_array_equal(model.predict(X), short.predict(X))
    # and it can also be trained further without the checkpoint
    model.set_params(warm_start=True, max_iter=4).fit(X, y)
    assert_array_equal(model.coefs_[0], clone(mlp).fit(X, y).coefs_[0])


def test_with_early_stopping_a_checkpoint_is_the_best_model_so_far(tmp_path, crash):
    mlp = REG(**SMALL | {"early_stopping": True, "learning_rate_init": 0.3, "n_iter_no_change": 100, "max_iter": 20})
    crash(5 * 18)
    with pytest.raises(Crash):
        mlp.fit(X, Y, checkpoint=tmp_path / "checkpoint")
    model = load(tmp_path / "checkpoint")
    assert np.argmax(model.validation_scores_) < len(model.validation_scores_) - 1
    best = 1 + int(np.argmax(model.validation_scores_))
    short = clone(mlp).set_params(max_iter=best).fit(X, Y)
    assert_array_equal(model.predict(X), short.predict(X))


@BOTH
def test_a_checkpoint_does_not_change_training(tmp_path, Estimator):
    y = target(Estimator)
    mlp = Estimator(**SMALL | {"early_stopping": True, "dropout": 0.1})
    assert_same_state(clone(mlp).fit(X, y, checkpoint=tmp_path / "checkpoint"), clone(mlp).fit(X, y))
    assert os.listdir(tmp_path) == ["checkpoint"]


def test_ctrl_c_leaves_the_last_whole_epoch_in_the_file(tmp_path, monkeypatch):
    mlp = REG(**SMALL)
    whole = clone(mlp).fit(X, Y)
    inner, calls = sknet.core.network.Network.loss_and_gradient, []

    def gradient(network, *args):
        calls.append(0)
        if len(calls) == 5 * 2 + 4:
            raise KeyboardInterrupt
        return inner(network, *args)

    monkeypatch.setattr(sknet.core.network.Network, "loss_and_gradient", gradient)
    with pytest.warns(UserWarning, match="interrupted"):
        mlp.fit(X, Y, checkpoint=tmp_path / "checkpoint")
    assert mlp.n_iter_ == load(tmp_path / "checkpoint").n_iter_ == 2
    # The estimator was trained some mini-batches longer.
    assert np.abs(mlp.coefs_[0] - load(tmp_path / "checkpoint").coefs_[0]).max() > 0.0
    assert_same_state(mlp.fit(X, Y, checkpoint=tmp_path / "checkpoint"), whole)


def test_ctrl_c_while_a_checkpoint_is_written(tmp_path, monkeypatch):
    mlp = REG(**SMALL)
    whole = clone(mlp).fit(X, Y)
    replace, calls = os.replace, []

    def interrupted(*args):
        calls.append(0)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return replace(*args)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.warns(UserWarning, match="interrupted"):
        mlp.fit(X, Y, checkpoint=tmp_path / "checkpoint")
    assert os.listdir(tmp_path) == ["checkpoint"]
    assert mlp.n_iter_ == 3
    assert load(tmp_path / "checkpoint").n_iter_ == 2
    assert_same_state(mlp.fit(X, Y, checkpoint=tmp_path / "checkpoint"), whole)


def test_leftovers_of_killed_writers_are_removed(tmp_path):
    (tmp_path / ".checkpoint.01234567.tmp").touch()
    REG(**SMALL).fit(X, Y, checkpoint=tmp_path / "checkpoint")
    assert os.listdir(tmp_path) == ["checkpoint"]


def test_a_fit_that_diverges_leaves_the_last_good_checkpoint(tmp_path):
    diverging = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 30.0, "n_iter_no_change": np.inf}
    mlp = REG(depth=0, random_state=0, max_iter=2000, **diverging)
    with pytest.raises(ValueError, match=r"in epoch \d+"):
        mlp.fit(X, Y, checkpoint=tmp_path / "checkpoint")
    assert np.isfinite(load(tmp_path / "checkpoint").predict(X)).all()
    with pytest.raises(ValueError, match=r"in epoch \d+"):
        mlp.fit(X, Y, checkpoint=tmp_path / "checkpoint")
    whole = clone(mlp).set_params(early_stopping=True).fit(X, Y)
    best = clone(whole).fit(X, Y, checkpoint=tmp_path / "other")
    assert bytes_of(best, tmp_path) == bytes_of(whole, tmp_path)
    assert bytes_of(clone(whole).fit(X, Y, checkpoint=tmp_path / "other"), tmp_path) == bytes_of(whole, tmp_path)


def test_weights_that_are_not_finite_are_not_written(tmp_path):
    """The loss of the last mini-batch is finite: the update that follows makes the weights infinite."""
    diverging = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 1e308, "weight_decay": 10.0, "batch_size": 80}
    with pytest.raises(ValueError, match="parameters that are not finite in epoch 1"):
        REG(depth=0, max_iter=1, random_state=0, **diverging).fit(X, Y, checkpoint=tmp_path / "checkpoint")
    assert os.listdir(tmp_path) == []
