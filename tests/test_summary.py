"""The summary shows layers, the values of "auto" and the training, for each kind of network and in notebooks."""

import html
import re

import numpy as np
import pytest
import sklearn
from oracles import SKLEARN, PlainClassifier, PlainRegressor
from plain_fits import CLASSES, SMALL, X, Y
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknet
from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TABLE = np.random.default_rng(0).standard_normal((400, 3))
QUICK = {"width": 5, "random_state": 0, "max_iter": 3}


def layers_of(net):
    """Return the rows of the first table: kind, shape, activation and parameters."""
    block = net.summary().split("\n\n")[1].splitlines()
    return [re.split(r"\s{2,}", line) for line in block[1:]]


def value_of(net, name, section):
    part = next(part for part in net.summary().split("\n\n") if part.startswith(section))
    return re.search(rf"^  {re.escape(name)} +(.*)$", part, re.MULTILINE)[1]


def test_layers_of_a_plain_network():
    net = PlainClassifier(hidden_layer_sizes=(6, 5), activation=["tanh", "relu"], dropout=[0.0, 0.2], **QUICK)
    assert layers_of(net.fit(X, CLASSES)) == [
        ["dense", "4 -> 6", "tanh", "30"],
        ["dense", "6 -> 5", "relu", "35"],
        ["dropout 0.2", "5 -> 5"],
        ["output", "5 -> 3", "softmax", "18"],
    ]
    assert net.summary().startswith("PlainClassifier: 83 parameters in float64\n")


def test_layers_of_a_normalized_network():
    net = PlainRegressor(depth=1, normalization="layer", **QUICK).fit(X, Y)
    assert layers_of(net) == [
        ["dense", "4 -> 5", "identity", "25"],
        ["layer normalization", "5 -> 5", "10"],
        ["non-linearity", "5 -> 5", "relu"],
        ["output", "5 -> 1", "identity", "6"],
    ]


def test_the_linear_model():
    net = PlainRegressor(depth=0, solver="lbfgs", loss="poisson").fit(X, np.exp(Y / 10))
    assert layers_of(net) == [["output", "4 -> 1", "exp", "5"]]
    assert value_of(net, "ended", "Training") == "L-BFGS converged"
    assert value_of(net, "iterations", "Training") == f"{net.n_iter_} of at most {net.max_iter_}"


def test_members_and_an_embedding():
    net = MLPRegressorScratch(depth=1, **QUICK).fit(TABLE, TABLE[:, 0])
    rows = layers_of(net)
    assert [row[0] for row in rows] == ["piecewise-linear embedding", "dense", "output", "each member"]
    of_each = sum(int(row[-1].replace(",", "")) for row in rows[:-1])
    assert int(rows[-1][1]) == of_each == net.n_parameters_ / 4
    title = f"MLPRegressorScratch: 4 members, {net.n_parameters_:,} parameters in float32"
    assert net.summary().splitlines()[0] == title


def test_categories():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": TABLE[:, 0], "b": pd.Categorical(np.where(TABLE[:, 1] > 0, "x", "y"))})
    net = MLPClassifierScratch(depth=1, **QUICK).fit(frame, TABLE[:, 2] > 0)
    assert layers_of(net)[0][0] == "categories"
    assert layers_of(net)[-2][:3] == ["output", "5 -> 1", "logistic"]


def test_values_of_auto_and_their_reasons():
    net = MLPClassifierScratch(**QUICK | {"max_iter": "auto"}, dropout=0.2).fit(TABLE, TABLE[:, 0] > 0)
    chosen = "Chosen for a table: 400 dense rows in mini-batches"
    assert re.split(" {2,}", value_of(net, "early_stopping", chosen)) == ["True", "40 validation rows"]
    assert value_of(net, "standardize", chosen) == net.standardize_ == "robust"
    assert value_of(net, "batch_size", chosen).startswith(f"{net.batch_size_} ")
    updates = -(-360 // net.batch_size_)  # each member is trained on nine tenths of the rows
    most = re.split(" {2,}", value_of(net, "max_iter", chosen))
    assert most == [str(net.max_iter_), f"about 3,000 updates, {updates} an epoch"]
    assert "dropout " not in net.summary().split("\n\n")[2]  # it was given
    assert net.set_params(warm_start=True).fit(TABLE[:350], TABLE[:350, 0] > 0).summary().count("earlier fit") == 0


def test_a_choice_of_an_earlier_fit_is_shown_as_such():
    net = MLPRegressorScratch(warm_start=True, **QUICK).fit(TABLE, TABLE[:, 0]).fit(TABLE[:100], TABLE[:100, 0])
    chosen = "Chosen for plain training: 100 rows"
    assert re.split(" {2,}", value_of(net, "n_members", chosen)) == ["4", "as in the earlier fit"]


def test_epochs_best_and_end():
    net = MLPRegressorScratch(width=5, random_state=0, warm_start=True, n_members=1)
    net.fit(TABLE, TABLE[:, 0] ** 2).fit(TABLE, TABLE[:, 0] ** 2)
    total = len(net.loss_curve_)
    epochs = f"{net.n_iter_} of at most {net.max_iter_} in the last call, {total} in all"
    assert value_of(net, "epochs", "Training") == epochs
    best = int(np.argmin(net.validation_loss_curve_))
    text = f"{net.validation_loss_curve_[best]:.4g} in epoch {best + 1}, whose weights are kept"
    assert value_of(net, "best validation loss", "Training") == text
    assert value_of(net, "loss", "Training") == f"{net.loss_:.4g} at the end"


def test_partial_fit_counts_epochs_and_keeps_no_best_weights():
    net = MLPRegressorScratch(width=5, random_state=0)
    for _ in range(3):
        net.partial_fit(X, Y, X_val=X, y_val=Y)
    assert value_of(net, "epochs", "Training") == "3"
    assert value_of(net, "best score", "Training").startswith(f"{net.best_validation_score_:.4g} in epoch ")
    assert "kept" not in value_of(net, "best score", "Training")
    assert "Chosen for plain training: rows come in partial_fit\n" in net.summary()


def test_a_loaded_model_has_the_same_summary(tmp_path):
    net = MLPClassifierScratch(**QUICK).fit(TABLE, TABLE[:, 0] > 0)
    sknet.save(net, tmp_path / "net")
    assert sknet.load(tmp_path / "net").summary() == net.summary()


def test_before_fit_it_is_an_error():
    with pytest.raises(NotFittedError):
        MLPRegressorScratch().summary()


@pytest.mark.parametrize("outer", [False, True], ids=["by itself", "in a pipeline"])
def test_notebooks_show_the_summary(outer):
    net = PlainRegressor(**SMALL)
    model = make_pipeline(StandardScaler(), net) if outer else net
    with sklearn.config_context(display="diagram"):
        before = model._repr_html_()
        model.fit(X, Y)
        shown, bundle = model._repr_html_(), model._repr_mimebundle_()["text/html"]
    text = html.escape(net.summary())
    assert before.count("4 -&gt; 6") == 0
    for page in (shown, bundle):
        assert page.count(text) == 1
        if SKLEARN >= (1, 7):
            assert f"<details><summary>Summary</summary><pre>{text}</pre></details>" in page


def test_html_characters_in_the_summary_are_escaped():
    """The name of a scorer may contain any characters."""

    def score(estimator, X, y):
        return 1.0

    score.__name__ = "<script>"
    net = PlainRegressor(early_stopping=True, scoring=score, **SMALL).fit(X, Y)
    assert net.scoring_ == "<script>"
    assert net.summary() != html.escape(net.summary())
    assert html.escape(net.summary()) in net._repr_html_()
