"""Presets: plain dictionaries of constructor parameters."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets

KINDS = pytest.mark.parametrize(
    ("kind", "Estimator"), [("classification", MLPClassifierScratch), ("regression", MLPRegressorScratch)]
)


@KINDS
def test_a_preset_is_a_new_dictionary_of_constructor_parameters(kind, Estimator):
    parameters = presets.tabular(kind)
    assert parameters.keys() <= Estimator().get_params().keys()
    parameters["width"] = -1
    assert presets.tabular(kind)["width"] > 0


@pytest.mark.parametrize("kind", ["classifier", "", None, 1])
def test_an_unknown_kind(kind):
    with pytest.raises(ValueError, match="`kind` must be 'classification' or 'regression', got"):
        presets.tabular(kind)


@KINDS
@pytest.mark.parametrize(("n", "epochs"), [(130, 400), (1280, 400), (3200, 160), (12800, 40), (64000, 30)])
def test_epochs_make_about_four_thousand_updates(monkeypatch, kind, Estimator, n, epochs):
    monkeypatch.setattr("sknet.fitting.Run._run_stochastic", lambda self, incremental: planned.append(self.max_iter))
    planned = []
    y = np.arange(n) % 2
    Estimator(**presets.tabular(kind) | {"width": 2}).fit(np.zeros((n, 1)), y)
    assert planned == [epochs]


@KINDS
def test_training_is_reproducible_and_warns_of_nothing(kind, Estimator):
    X, y = load_wine(return_X_y=True)
    net = Estimator(**presets.tabular(kind), random_state=0)
    np.testing.assert_array_equal(net.fit(X, y).predict(X), net.fit(X, y).predict(X))
    epochs = np.arange(1, net.n_iter_ + 1)
    # The curve has the rate of the last of two updates an epoch, on half a cosine of 400 epochs.
    expected = net.learning_rate_init * 0.5 * (1 + np.cos(np.pi * (epochs - 0.5) / 400))
    np.testing.assert_allclose(net.learning_rate_curve_, expected, rtol=1e-12)


@KINDS
def test_a_stream_keeps_the_initial_rate(kind, Estimator):
    X, y = load_wine(return_X_y=True)
    net = Estimator(**presets.tabular(kind) | {"max_iter": "auto"}, random_state=0)
    for _ in range(3):
        net.partial_fit(X, y, **({"classes": [0, 1, 2]} if kind == "classification" else {}))
    assert net.learning_rate_curve_ == [net.learning_rate_init] * 3


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_preset_beats_scikit_learns_network_on_digits():
    X, y = load_digits(return_X_y=True)
    X, y = X[:900], y[:900]
    ours = MLPClassifierScratch(**presets.tabular("classification") | {"max_iter": 60, "width": 64}, random_state=0)
    theirs = make_pipeline(StandardScaler(), MLPClassifier(max_iter=60, random_state=0))
    assert cross_val_score(ours, X, y, cv=3).mean() > cross_val_score(theirs, X, y, cv=3).mean()
