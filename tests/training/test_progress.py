"""The lines of progress that training prints are scikit-learn's, as programs that read them expect."""

import re

import numpy as np
import pytest
from oracles import PlainClassifier, PlainRegressor
from plain_fits import CLASSES, X, Y
from sklearn.neural_network import MLPClassifier, MLPRegressor

from sknet import MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
PAIRS = [(PlainClassifier, MLPClassifier, CLASSES), (PlainRegressor, MLPRegressor, Y)]
NUMBER = re.compile(r"\d+\.\d+|(?<= )-\d+\.\d+|nan")


def forms(text):
    """The lines with each number replaced by its count of decimals."""
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
            own["n_iter_no_change"] += shift  # scikit-learn's counts one less
        Estimator(early_stopping=early_stopping, **own).fit(X, pair[2])
        printed.append(forms(capsys.readouterr().out))
    ours, theirs = ([re.sub(r"for \d+ consecutive", "for N consecutive", line) for line in p] for p in printed)
    assert ours == theirs


def test_the_last_line_names_the_epochs_that_were_waited_for(capsys):
    """The longest row of epochs at the end that did not improve, not the least there may be."""
    X = np.random.default_rng(0).standard_normal((400, 3))
    y = X[:, 0] + 0.5 * X[:, 1] ** 2 + np.random.default_rng(1).standard_normal(400)
    mlp = MLPRegressorScratch(width=8, n_members=1, learning_rate_init=0.0015, max_iter=400, random_state=0)
    mlp.set_params(verbose=True).fit(X, y)
    waited = int(re.search(r"for (\d+) consecutive epochs. Stopping.$", capsys.readouterr().out.strip())[1])
    scores, tol = mlp.validation_scores_, mlp.tol
    best = list(np.maximum.accumulate([-np.inf, *scores[:-1]]))
    improved = [score >= so_far + tol for score, so_far in zip(scores, best, strict=True)]
    assert waited == improved[::-1].index(True)
    assert waited > np.ceil(300 / 8)  # the least wait, 300 updates, is that of 38 epochs of eight mini-batches
