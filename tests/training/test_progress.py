"""The lines of progress that training prints are scikit-learn's, as programs that read them expect."""

import re

import pytest
from oracles import PlainClassifier, PlainRegressor
from plain_fits import CLASSES, X, Y
from sklearn.neural_network import MLPClassifier, MLPRegressor

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
