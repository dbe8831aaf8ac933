"""Judging: scores of validation rows. Scores other than those of a user's scorer are computed in chunks of rows.

By default, the score of a classifier is its accuracy. That of a regressor is the D2 score of its own loss,
``1 - loss / loss of the best constant``, averaged over outputs. For the squared error this is R2. For a robust loss, a
few outliers have little influence on the score.
Koenker and Machado (1999), *Goodness of fit and related inference processes for quantile regression*, eq. 7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import get_scorer

from ..core import ElementwiseLoss, Huber, Memory, Quantile
from ..preprocessing import which_is_positive


class Judge(Protocol):
    """Computes a score from the raw outputs of chunks of the validation rows."""

    def start(self) -> None:
        """Begin a new score."""

    def add(self, rows: slice, z: np.ndarray, weights: np.ndarray | None, memory: Memory) -> None:
        """Add the raw outputs ``z`` of the validation rows with numbers ``rows``.

        ``weights`` contains the weights of these rows, shape (n,), or is None. ``memory`` contains the buffers of the
        loss, which has just been computed for these rows.
        """

    def score(self) -> float:
        """Return the score of all rows that were added; larger is better."""


class Accuracy:
    """The weighted share of rows whose labels are all predicted correctly.

    Parameters
    ----------
    y : ndarray or CSR of shape (n,) or (n, n_columns)
        Numbers of the true labels.
    decode : callable(z) -> like y
        Returns the labels that raw outputs predict.
    """

    def __init__(self, y: Any, decode: Callable[[np.ndarray], Any]) -> None:
        self.y, self.decode = y, decode
        self.start()

    def start(self) -> None:
        self._hits = self._total = 0.0

    def add(self, rows: slice, z: np.ndarray, weights: np.ndarray | None, memory: Memory) -> None:
        y, prediction = self.y[rows], self.decode(z)
        if isinstance(prediction, np.ndarray):
            hit = y == prediction if y.ndim == 1 else np.all(y == prediction, axis=1)
        else:
            hit = np.asarray(abs(y - prediction).sum(axis=1)).ravel() == 0
        self._hits += float(np.count_nonzero(hit) if weights is None else weights @ hit)
        self._total += float(len(z) if weights is None else weights.sum())

    def score(self) -> float:
        return self._hits / self._total


class D2:
    """``1 - loss / loss of the best constant``, averaged over the outputs whose targets are not constant.

    Parameters
    ----------
    loss : ElementwiseLoss
        The loss that training minimizes.
    columns : ndarray of shape (k, n)
        Targets of the validation rows, in the units of training.
    weights : ndarray of shape (n,) or None
        Weights of the validation rows.
    """

    def __init__(self, loss: ElementwiseLoss, columns: np.ndarray, weights: np.ndarray | None) -> None:
        if weights is not None:
            columns, weights = columns[:, weights > 0.0], weights[weights > 0.0]
        columns = columns.astype(np.float64)
        with np.errstate(all="ignore"):  # outputs that overflow are left out
            self.constant = loss_of_best_constant(loss, columns, weights)
        self.defined = (self.constant > 0.0) & np.isfinite(self.constant)
        self.start()

    def start(self) -> None:
        self._loss, self._total = np.zeros_like(self.constant), 0.0

    def add(self, rows: slice, z: np.ndarray, weights: np.ndarray | None, memory: Memory) -> None:
        terms: np.ndarray = memory.work
        self._loss += np.add.reduce(terms, axis=0, dtype=np.float64) if weights is None else weights @ terms
        self._total += float(len(z) if weights is None else weights.sum())

    def score(self) -> float:
        mean = self._loss / self._total
        return float(np.mean(1.0 - mean[self.defined] / self.constant[self.defined]))


def loss_of_best_constant(loss: ElementwiseLoss, columns: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return, for each output, the loss of the best constant prediction; 0 for constant targets.

    ``columns`` has shape (k, n). Several quantiles have one column of targets, and one output for each quantile.
    """
    if isinstance(loss, Quantile):
        best = np.concatenate([_quantile(columns, level, weights) for level in loss.levels])
    elif isinstance(loss, Huber):
        best = _huber_centre(columns, loss.threshold, weights)
    elif loss.name == "absolute_error":
        best = _quantile(columns, 0.5, weights)
    else:
        best = np.average(columns, axis=1, weights=weights)
        if not loss.location_scale:  # a log link
            best = np.log(np.maximum(best, np.finfo(np.float64).tiny))
    y = columns.T
    z = np.broadcast_to(best, (len(y), len(best)))
    terms, slope = np.empty_like(z), np.empty_like(z)
    loss.terms(z, y, slope, terms)
    found = np.average(terms, axis=0, weights=weights)
    varied = columns.min(axis=1) < columns.max(axis=1)  # the mean of equal numbers may differ from them by rounding
    return np.where(varied, found, 0.0)


def _quantile(columns: np.ndarray, level: float, weights: np.ndarray | None) -> np.ndarray:
    """Return a quantile of each column, as `sklearn.metrics.d2_pinball_score` computes it."""
    if weights is None:
        return np.quantile(columns, level, axis=1)
    order = np.argsort(columns, axis=1, kind="stable")
    found = []
    for column, rows in zip(columns, order, strict=True):
        up_to = np.cumsum(weights[rows])
        found.append(column[rows[np.searchsorted(up_to, level * up_to[-1] * (1.0 - 1e-12))]])
    return np.array(found)


def _huber_centre(columns: np.ndarray, threshold: float, weights: np.ndarray | None) -> np.ndarray:
    """Return the constant with the smallest Huber loss for each column, by bisection on the derivative of the loss."""
    low, high = columns.min(axis=1), columns.max(axis=1)
    for _ in range(100):
        centre = low + (high - low) / 2.0
        slope = np.average(np.clip(centre[:, None] - columns, -threshold, threshold), axis=1, weights=weights)
        low, high = np.where(slope < 0.0, centre, low), np.where(slope < 0.0, high, centre)
        if np.all(high - low <= 1e-12 * threshold):
            break
    return low + (high - low) / 2.0


def scorer_of_weights(
    scoring: Any, fitted: Callable[[np.ndarray], Any], X: Any, y: Any, weights: np.ndarray | None
) -> Callable[[np.ndarray], float]:
    """Return the score of the user's ``scoring`` as a function of the parameter vector.

    ``fitted(theta)`` returns an estimator with these parameters, because a scorer of scikit-learn needs an estimator.
    """
    scorer = get_scorer(scoring)
    weighted = {} if weights is None or not isinstance(scoring, str) else {"sample_weight": weights}

    def score(theta: np.ndarray) -> float:
        estimator = fitted(theta)
        if isinstance(X, np.ndarray) or sp.issparse(X):
            vars(estimator).pop("feature_names_in_", None)  # arrays have no names of columns
        try:
            return float(scorer(estimator, X, y, **weighted))
        except TypeError:
            if not weighted:
                raise
            return float(scorer(estimator, X, y))  # a metric without weights
        except ValueError as error:
            if "pos_label" not in str(error):
                raise
            raise ValueError(which_is_positive(scoring, y, error)) from error

    return score
