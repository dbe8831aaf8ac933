"""Checkpoints: training that was cut off goes on, and ends with the same bits as if it had not been."""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from forging import pack, unpack
from numpy.testing import assert_array_equal
from oracles import PLAIN
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from test_encoder import CODE, Mine
from test_files import VARIANTS, bytes_of
from test_persistence import assert_same_state

import sknet
from sknet import Checkpoint, FileFormatError, MLPClassifierScratch, MLPRegressorScratch, load, save

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])
SMALL = PLAIN["regression"] | {
    "width": 6, "max_iter": 8, "batch_size": 16, "random_state": 0, "learning_rate_init": 0.01,
}  # fmt: skip

RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -1.0]
Y = np.sin(X[:, 0]) + X[:, 1] / 10
LABELS = np.array(["a", "b", "ccc"])[np.digitize(Y, [0.0, 1.0])]


def target(Estimator):
    return LABELS if Estimator is CLF else Y


class Crash(Exception):
    pass


@pytest.fixture
def crash(monkeypatch):
    """A function that makes the next fit crash, as the network takes its n-th gradient."""

    def arm(n):
        inner = sknet.core.network.Network.loss_and_gradient
        calls = []

        def gradient(network, *args):
            calls.append(0)
            if len(calls) == n:
                monkeypatch.undo()
                raise Crash
            return inner(network, *args)

        monkeypatch.setattr(sknet.core.network.Network, "loss_and_gradient", gradient)

    return arm


def crashing_fits(crash, mlp, *args, at=(3, 9, 17), **kwargs):
    """Fit clones that crash, each a little further on, then one that does not."""
    for n in at:
        crash(n)
        with pytest.raises(Crash):
            clone(mlp).fit(*args, **kwargs)
    return clone(mlp).fit(*args, **kwargs)


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("variant", [name for name in VARIANTS if name not in ("lbfgs", "no seed")])
@BOTH
def test_what_is_resumed_ends_the_same(tmp_path, crash, Estimator, variant, every):
    y = target(Estimator)
    mlp = Estimator(**SMALL | {"max_iter": 12} | VARIANTS[variant])
    whole = clone(mlp).fit(X, y)
    checkpoint = Checkpoint(tmp_path / "checkpoint", every=every)
    resumed = crashing_fits(crash, mlp, X, y, checkpoint=checkpoint, at=(3, 9, 17, 21))
    assert_same_state(resumed, whole)
    assert bytes_of(resumed, tmp_path) == bytes_of(whole, tmp_path)


def test_without_a_seed_the_stream_of_the_first_call_goes_on(tmp_path, crash):
    mlp = REG(**SMALL | {"random_state": None})
    np.random.seed(0)  # noqa: NPY002
    whole = clone(mlp).fit(X, Y)
    np.random.seed(0)  # noqa: NPY002
    assert_same_state(crashing_fits(crash, mlp, X, Y, checkpoint=tmp_path / "checkpoint", at=(20,)), whole)


@BOTH
def test_a_random_state_of_the_caller_is_left_as_it_would_be(tmp_path, crash, Estimator):
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
    assert resumed._state.rng is other  # as in a fit that starts anew


@pytest.mark.parametrize("kind", ["weights", "validation set", "frame", "float32", "sparse", "columns first", "scorer"])
@BOTH
def test_all_that_fit_may_be_given(tmp_path, crash, Estimator, kind):
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
def test_every_kind_of_label(tmp_path, crash, kind):
    mlp = CLF(label_smoothing=0.1 if kind == "smoothed" else 0.0, **SMALL)
    whole = clone(mlp).fit(X, TARGETS[kind])
    resumed = crashing_fits(crash, mlp, X, TARGETS[kind], checkpoint=tmp_path / "checkpoint")
    assert bytes_of(resumed, tmp_path) == bytes_of(whole, tmp_path)


# What is written when


@pytest.mark.parametrize(("every", "written"), [(1, range(1, 9)), (3, (3, 6, 8)), (8, (8,)), (100, (8,))])
def test_every_so_many_epochs_and_at_the_end(tmp_path, monkeypatch, every, written):
    epochs = []

    def spy(path, estimator, **more):
        epochs.append(estimator.n_iter_)

    monkeypatch.setattr(sknet.persistence.checkpoint, "write_estimator", spy)
    REG(**SMALL).fit(X, Y, checkpoint=Checkpoint(tmp_path / "checkpoint", every=every))
    assert epochs == list(written)


@BOTH
def test_a_checkpoint_is_a_model_as_far_as_training_had_come(tmp_path, crash, Estimator):
    y = target(Estimator)
    mlp = Estimator(**SMALL)
    crash(5 * 4 + 2)  # five batches an epoch
    with pytest.raises(Crash):
        mlp.fit(X, y, checkpoint=tmp_path / "checkpoint")
    assert not hasattr(mlp, "coefs_")
    model, short = load(tmp_path / "checkpoint"), clone(mlp).set_params(max_iter=4).fit(X, y)
    assert model.n_iter_ == 4
    assert model.loss_curve_ == short.loss_curve_
    assert_array_equal(model.predict(X), short.predict(X))
    # and it can be trained on by other means
    model.set_params(warm_start=True, max_iter=4).fit(X, y)
    assert_array_equal(model.coefs_[0], clone(mlp).fit(X, y).coefs_[0])


def test_with_early_stopping_it_is_the_best_model_so_far(tmp_path, crash):
    mlp = REG(**SMALL | {"early_stopping": True, "learning_rate_init": 0.3, "n_iter_no_change": 100, "max_iter": 20})
    crash(5 * 18)
    with pytest.raises(Crash):
        mlp.fit(X, Y, checkpoint=tmp_path / "checkpoint")
    model = load(tmp_path / "checkpoint")
    assert np.argmax(model.validation_scores_) < len(model.validation_scores_) - 1
    best = 1 + int(np.argmax(model.validation_scores_))
    short = clone(mlp).set_params(max_iter=best).fit(X, Y)
    assert_array_equal(model.predict(X), short.predict(X))


@pytest.mark.parametrize("end", ["max_iter", "end of a schedule", "converged", "early stopping"])
@BOTH
def test_a_finished_fit_returns_at_once(tmp_path, monkeypatch, Estimator, end):
    y = target(Estimator)
    stops = {"max_iter": {}, "converged": {"tol": 10.0, "n_iter_no_change": 2}}
    stops["end of a schedule"] = {"learning_rate": "cosine"}  # which is where it was to end: no warning
    stops["early stopping"] = stops["converged"] | {"early_stopping": True}
    mlp = Estimator(**SMALL | stops[end])
    first = clone(mlp).fit(X, y, checkpoint=tmp_path / "checkpoint")
    content = (tmp_path / "checkpoint").read_bytes()
    monkeypatch.setattr(sknet.core.network.Network, "loss_and_gradient", None)  # not to be called
    monkeypatch.setattr(sknet.persistence.checkpoint, "write_estimator", None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        second = clone(mlp).fit(X, y, checkpoint=tmp_path / "checkpoint")
        again = second.fit(X, y, checkpoint=tmp_path / "checkpoint")  # a fitted one begins anew, and is there too
    assert [w.category for w in caught] == ([ConvergenceWarning] * 2 if end == "max_iter" else [])
    assert again is second
    monkeypatch.undo()
    assert bytes_of(second, tmp_path) == bytes_of(first, tmp_path)
    assert (tmp_path / "checkpoint").read_bytes() == content
    assert first._state.order is None  # a fitted estimator does not grow with the data


@BOTH
def test_a_checkpoint_changes_nothing(tmp_path, Estimator):
    y = target(Estimator)
    mlp = Estimator(**SMALL | {"early_stopping": True, "dropout": 0.1})
    assert_same_state(clone(mlp).fit(X, y, checkpoint=tmp_path / "checkpoint"), clone(mlp).fit(X, y))
    assert os.listdir(tmp_path) == ["checkpoint"]


def test_a_warm_start_has_a_checkpoint_for_each_call(tmp_path, crash):
    """A script that is run again takes the fits that had ended from their files, and goes on in the one cut off."""

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
    assert np.abs(mlp.coefs_[0] - load(tmp_path / "checkpoint").coefs_[0]).max() > 0.0  # it is some batches further on
    assert_same_state(mlp.fit(X, Y, checkpoint=tmp_path / "checkpoint"), whole)


def test_ctrl_c_while_it_is_written(tmp_path, monkeypatch):
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
    """The loss of the last batch is taken before the step that breaks the weights; training says so in its words."""
    diverging = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 1e308, "weight_decay": 10.0, "batch_size": 80}
    with pytest.raises(ValueError, match="parameters that are not finite in epoch 1"):
        REG(depth=0, max_iter=1, random_state=0, **diverging).fit(X, Y, checkpoint=tmp_path / "checkpoint")
    assert os.listdir(tmp_path) == []


# Other data, other parameters


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
    with pytest.raises(ValueError, match=rf"another fit: it differs in `{name}` \(.* there, .* here\)\. .*delete the"):
        mlp.set_params(**CHANGES[name]).fit(X, y, checkpoint=tmp_path / "checkpoint")
    assert_array_equal(mlp.predict(X), expected)
    assert (tmp_path / "checkpoint").read_bytes() == content


def test_both_values_are_told(tmp_path):
    REG(**SMALL).fit(X, Y, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(ValueError, match=r"`width` \(6 there, 9 here\), `depth` \(1 there, 2 here\)|`depth`.*`width`"):
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


def test_other_names_of_the_same_classes_are_other_data(tmp_path):
    CLF(**SMALL).fit(X, LABELS, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(ValueError, match="differs in `classes`"):
        CLF(**SMALL).fit(X, np.char.add(LABELS, "!"), checkpoint=tmp_path / "checkpoint")


def test_texts_tell_values_apart():
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


def test_weights_that_differ_in_one_number(tmp_path):
    weights = RNG.uniform(size=80)
    REG(**SMALL).fit(X, Y, weights, checkpoint=tmp_path / "checkpoint")
    weights[40] += 1e-15
    with pytest.raises(ValueError, match="differs in `sample_weight`"):
        REG(**SMALL).fit(X, Y, weights, checkpoint=tmp_path / "checkpoint")


def test_another_estimator(tmp_path):
    CLF(**SMALL).fit(X, LABELS, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(ValueError, match=r"`estimator` \(MLPClassifierScratch there, MLPRegressorScratch here\)"):
        REG(**SMALL).fit(X, Y, checkpoint=tmp_path / "checkpoint")


def test_what_does_not_change_the_model_may_change(tmp_path, crash, capsys):
    crash(20)
    with pytest.raises(Crash):
        REG(**SMALL).fit(X, Y, checkpoint=tmp_path / "checkpoint")
    mlp = REG(verbose=True, **SMALL).fit(pd.DataFrame(X), Y.tolist(), checkpoint=Checkpoint(tmp_path / "checkpoint", 2))
    assert [int(line.split()[1]) for line in capsys.readouterr().out.splitlines()] == [4, 5, 6, 7, 8]
    assert_array_equal(mlp.coefs_[0], REG(**SMALL).fit(X, Y).coefs_[0])


# Errors before anything happens


@pytest.mark.parametrize("case", CODE)
def test_what_cannot_be_stored_is_an_error_at_once(tmp_path, case):
    mlp = CLF(**SMALL | CODE[case])
    name = case if not case.startswith("a ") else "scoring"
    with pytest.raises(TypeError, match=rf"`{name}` is .*, which a model file cannot hold"):
        mlp.fit(X, LABELS, checkpoint=tmp_path / "checkpoint")
    assert os.listdir(tmp_path) == []
    assert not hasattr(mlp, "coefs_")


def test_a_class_of_ones_own(tmp_path):
    with pytest.raises(TypeError, match="a model file holds"):
        Mine().fit(X, Y, checkpoint=tmp_path / "checkpoint")


@BOTH
def test_lbfgs(tmp_path, Estimator):
    with pytest.raises(ValueError, match=r"works in epochs; 'lbfgs' .*solver='adam'"):
        Estimator(solver="lbfgs").fit(X, target(Estimator), checkpoint=tmp_path / "checkpoint")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("checkpoint", [3, True, ["a"], b"a", np.array("a")], ids=repr)
def test_what_is_no_checkpoint(checkpoint):
    with pytest.raises(TypeError, match=r"`checkpoint` must be None, a path or a sknet\.Checkpoint, got"):
        REG(**SMALL).fit(X, Y, checkpoint=checkpoint)


def test_the_parameters_of_a_checkpoint():
    with pytest.raises(TypeError, match="`path` must be a string or path-like, got 3"):
        Checkpoint(3)
    for every in (0, -1, 1.5, "1", None, True):
        with pytest.raises(ValueError, match="`every` must be an integer of at least 1, got"):
            Checkpoint("file", every=every)


def test_a_directory_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="directory that does not exist"):
        REG(**SMALL).fit(X, Y, checkpoint=tmp_path / "nowhere" / "checkpoint")


def test_a_saved_model_is_no_checkpoint(tmp_path):
    save(REG(**SMALL).fit(X, Y), tmp_path / "model")
    with pytest.raises(ValueError, match=r"a model that sknet\.save has written, no checkpoint"):
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
def test_a_forged_checkpoint(tmp_path, place):
    path = tmp_path / "checkpoint"
    mlp = REG(**SMALL | {"standardize": "robust", "embedding": "periodic"}).fit(X, Y, checkpoint=path)
    header, model, body = unpack(path)
    state = model["estimator"]["MLPRegressorScratch"]["attributes"]["_state"]["State"]
    if place == "state":
        state["n_epochs"] = "three"
    elif place == "layers":
        state["network"]["Network"]["layers"]["tuple"][1]["PeriodicEmbedding"]["columns"]["tuple"] = [0, 1, 3]
    else:
        model["checkpoint"][place] = []
        model["checkpoint"].pop("finished", None)
    pack(path, header, model, body)
    with pytest.raises(FileFormatError, match="not consistent"):
        clone(mlp).fit(X, Y, checkpoint=path)


# Through scikit-learn


def test_through_a_pipeline(tmp_path, crash):
    model = make_pipeline(StandardScaler(), REG(**SMALL))
    whole = clone(model).fit(X, Y)
    path = {"mlpregressorscratch__checkpoint": tmp_path / "checkpoint"}
    assert_same_state(crashing_fits(crash, model, X, Y, **path)[-1], whole[-1])


def test_through_metadata_routing(tmp_path, crash):
    with sklearn.config_context(enable_metadata_routing=True):
        model = make_pipeline(StandardScaler(), REG(**SMALL).set_fit_request(checkpoint=True))
        whole = clone(model).fit(X, Y)
        resumed = crashing_fits(crash, model, X, Y, checkpoint=tmp_path / "checkpoint")
        assert_array_equal(resumed.predict(X), whole.predict(X))
        assert len(cross_val_score(REG(**SMALL), X, Y, cv=2)) == 2  # nobody has to ask for it


def test_a_search_that_hands_one_file_to_all_is_told_so(tmp_path):
    search = GridSearchCV(REG(**SMALL), {"width": [3, 4]}, cv=2, error_score="raise")
    with pytest.raises(ValueError, match="another fit"):
        search.fit(X, Y, checkpoint=tmp_path / "checkpoint")


def test_with_callbacks(tmp_path, crash):
    pytest.importorskip("sklearn.callback")
    from sklearn.callback import ScoringMonitor

    whole = REG(**SMALL).fit(X, Y)
    mlp = REG(**SMALL).set_callbacks(ScoringMonitor(scoring="r2"))
    resumed = crashing_fits(crash, mlp, X, Y, checkpoint=tmp_path / "checkpoint")
    assert_array_equal(resumed.coefs_[0], whole.coefs_[0])
    assert_array_equal(load(tmp_path / "checkpoint").predict(X), whole.predict(X))


@pytest.mark.parametrize("order", ["C", "F"])
def test_hashing_the_data_copies_no_more_than_a_piece(order):
    import tracemalloc

    data = np.asarray(RNG.standard_normal((200_000, 40)), order=order)
    tracemalloc.start()
    first = sknet.persistence.checkpoint._digest(data)
    assert tracemalloc.get_traced_memory()[1] < 0.2 * data.nbytes
    tracemalloc.stop()
    assert first == sknet.persistence.checkpoint._digest(np.array(data, order="C"))
    data[123_456, 7] = np.nextafter(data[123_456, 7], 9.0)
    assert first != sknet.persistence.checkpoint._digest(data)
