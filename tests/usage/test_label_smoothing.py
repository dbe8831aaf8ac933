"""Label smoothing follows the formula of its papers, and applies to training only."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import PlainClassifier
from plain_fits import CLASSES, LINEAR, SMALL, TARGETS, VAL, X_TRAIN, X_VAL, X, every_kind, fitted
from sklearn import metrics

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
@every_kind
def test_label_smoothing_is_the_formula(kind, smoothing):
    """At the minimum of the cross-entropy with ``(1 - s) y + s * mean of y``, probabilities have the mean of y."""
    y = TARGETS[kind]
    mlp = PlainClassifier(label_smoothing=smoothing, **LINEAR | {"alpha": 1e-3, "tol": 1e-7}).fit(X, y)
    columns = y.T if y.ndim == 2 else [y]
    if kind == "multilabel":
        pairs = [
            (np.eye(2)[c], np.column_stack([1 - p, p])) for c, p in zip(columns, mlp.predict_proba(X).T, strict=True)
        ]
    else:
        probabilities = mlp.predict_proba(X) if kind == "multioutput" else [mlp.predict_proba(X)]
        pairs = [(np.eye(p.shape[1])[c], p) for c, p in zip(columns, probabilities, strict=True)]
    loss = 0.0
    for one_hot, p in pairs:
        q = (1 - smoothing) * one_hot + smoothing * one_hot.mean(axis=0)
        loss -= (q * np.log(p)).sum(axis=1).mean()
        assert_allclose(p.mean(axis=0), one_hot.mean(axis=0), atol=1e-5)
    assert mlp.loss_ - mlp.penalty_curve_[-1] == pytest.approx(loss, rel=1e-9)


def test_with_smoothing_probabilities_are_not_close_to_0_or_1():
    y = (X[:, 0] > 0).astype(int)
    sharp, smooth = (fitted(PlainClassifier, X, y, label_smoothing=s, max_iter=200) for s in (0.0, 0.2))
    assert sharp.predict_proba(X).max() > 0.99
    assert np.median(smooth.predict_proba(X).max(axis=1)) == pytest.approx(0.9, abs=0.03)
    assert smooth.score(X, y) > 0.97


def test_smoothing_applies_to_training_only():
    """The loss of validation rows is that of their labels."""
    mlp = PlainClassifier(label_smoothing=0.3, **SMALL).fit(X_TRAIN, CLASSES[~VAL], X_val=X_VAL, y_val=CLASSES[VAL])
    expected = metrics.log_loss(CLASSES[VAL], mlp.predict_proba(X_VAL), labels=[0, 1, 2])
    assert mlp.validation_loss_curve_[-1] == pytest.approx(expected, rel=1e-9)
