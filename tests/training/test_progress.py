"""Training prints scikit-learn's lines of progress, because programs may read them."""

import re
import sys

import numpy as np
import pytest
from joblib import parallel_config
from oracles import PlainClassifier, PlainRegressor
from plain_fits import CLASSES, X, Y
from sklearn.ensemble import BaggingRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

from sknet import MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
PAIRS = [(PlainClassifier, MLPClassifier, CLASSES), (PlainRegressor, MLPRegressor, Y)]
NUMBER = re.compile(r"\d+\.\d+|(?<= )-\d+\.\d+|nan")


def forms(text):
    """Return the lines with each number replaced by the number of its decimals."""
    return [NUMBER.sub(lambda match: f"<{len(match.group().partition('.')[2])}>", line) for line in text.splitlines()]


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "adam"},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 1e3, "n_iter_no_change": 1, "learning_rate_init": 4e-6},
    ],
    ids=["to the end", "until it stops"],
)
@pytest.mark.parametrize("pair", PAIRS, ids=["classifier", "regressor"])
def test_lines_have_the_form_and_order_of_those_of_scikit_learn(capsys, pair, parameters, early_stopping):
    printed = []
    for Estimator, shift in zip(pair[:2], (1, 0), strict=True):
        own = parameters | {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0, "verbose": True}
        if "n_iter_no_change" in own:
            own["n_iter_no_change"] += shift  # scikit-learn waits one epoch more
        Estimator(early_stopping=early_stopping, **own).fit(X, pair[2])
        printed.append(forms(capsys.readouterr().out))
    ours, theirs = ([re.sub(r"for \d+ consecutive", "for N consecutive", line) for line in p] for p in printed)
    assert ours == theirs


def test_the_last_line_has_the_number_of_epochs_without_improvement(capsys):
    """It is the number of epochs at the end without improvement, not the minimum of the patience."""
    X = np.random.default_rng(0).standard_normal((400, 3))
    y = X[:, 0] + 0.5 * X[:, 1] ** 2 + np.random.default_rng(1).standard_normal(400)
    mlp = MLPRegressorScratch(width=8, n_members=1, learning_rate_init=0.0015, max_iter=400, random_state=0)
    mlp.set_params(verbose=True).fit(X, y)
    waited = int(re.search(r"for (\d+) consecutive epochs. Stopping.$", capsys.readouterr().out.strip())[1])
    scores, tol = mlp.validation_scores_, mlp.tol_
    best = list(np.maximum.accumulate([-np.inf, *scores[:-1]]))
    improved = [score >= so_far + tol for score, so_far in zip(scores, best, strict=True)]
    assert waited == improved[::-1].index(True)
    assert waited > np.ceil(300 / 8)  # the minimum, 300 updates, is 38 epochs of eight mini-batches


@pytest.fixture(name="width")
def width_fixture(monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.parametrize("own", [False, True], ids=["", "validation set"])
@pytest.mark.parametrize("pair", PAIRS, ids=["classifier", "regressor"])
@pytest.mark.usefixtures("width")
def test_a_bar_shows_epochs_loss_and_score(capsys, pair, own):
    more = {"X_val": X, "y_val": pair[2]} if own else {}
    mlp = pair[0](width=5, max_iter=4, random_state=0, verbose="progress").fit(X, pair[2], **more)
    score = f"  validation score {mlp.validation_scores_[-1]:.4f}" if own else ""
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("epoch 4/4 ")
    assert f" loss {mlp.loss_:.4f}{score} 0:00:0" in line


@pytest.mark.usefixtures("width")
def test_a_bar_shows_a_validation_loss_if_it_is_the_score(capsys):
    net = PlainRegressor(width=5, max_iter=4, scoring="loss", random_state=0, verbose="progress")
    net.fit(X, Y, X_val=X, y_val=Y)
    assert f" loss {net.loss_:.4f}  validation loss {-net.validation_scores_[-1]:.4f} " in capsys.readouterr().out


@pytest.mark.usefixtures("width")
def test_the_bar_is_full_when_training_stops(capsys):
    mlp = PlainRegressor(width=5, n_iter_no_change=2, tol=1e9, random_state=0, verbose="progress").fit(X, Y)
    said, line = capsys.readouterr().out.splitlines()
    assert said.endswith("for 2 consecutive epochs. Stopping.")
    assert mlp.n_iter_ == 3
    assert line.startswith("epoch 3/3 ")


@pytest.mark.usefixtures("width")
def test_each_of_several_fits_in_threads_has_a_bar(capsys):
    net = PlainRegressor(width=5, max_iter=4, random_state=0, verbose="progress")
    with parallel_config("threading"):
        BaggingRegressor(net, 3, n_jobs=2).fit(X, Y)
    assert capsys.readouterr().out.count("epoch 4/4 ") == 3


@pytest.mark.usefixtures("width")
def test_a_bar_for_lbfgs_and_for_partial_fit(capsys):
    mlp = PlainRegressor(width=5, solver="lbfgs", max_iter=4, random_state=0, verbose="progress").fit(X, Y)
    assert capsys.readouterr().out.startswith("epoch 4/4 ")
    mlp.set_params(solver="adam").partial_fit(X, Y)
    assert capsys.readouterr().out.startswith(f"epoch {mlp.n_iter_}/{mlp.n_iter_} ")


def test_without_rich_an_error_names_the_extra_and_nothing_is_trained(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.console", None)
    mlp = PlainRegressor(width=5, verbose="progress")
    with pytest.raises(ImportError, match=r"verbose='progress' needs rich.*\.\[progress\]"):
        mlp.fit(X, Y)
    assert vars(mlp).keys() == PlainRegressor().get_params().keys()


def test_a_bar_does_not_change_the_weights():
    pytest.importorskip("rich")
    shown, silent = (PlainRegressor(width=5, max_iter=4, random_state=0, verbose=v).fit(X, Y) for v in ("progress", 0))
    np.testing.assert_array_equal(shown.predict(X), silent.predict(X))
