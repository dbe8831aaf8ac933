"""Targets: converts labels and numbers to the matrices that losses compare with, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from .._compat import warn_caller
from ..core import LOSSES, Codes, GroupedLogLoss, Loss, Stacked, Targets, Values


@dataclass(frozen=True)
class LabelEncoding:
    """The kind of a classification, and its classes.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel", "multioutput"}
        ``"binary"`` has one or two classes; ``"multioutput"`` has several columns with several classes each.
    classes : ndarray of shape (n_classes,), or list of such
        Sorted labels; for multilabel targets the numbers of the columns; for multioutput targets an array per column.
    sparse : bool, default=False
        Whether multilabel targets were sparse; predictions are then sparse too.
    """

    kind: str
    classes: Any
    sparse: bool = False

    @classmethod
    def of(cls, y: Any, classes: Any = None) -> LabelEncoding:
        """Return the encoding of ``y``; ``classes`` are all labels, in case ``y`` lacks some."""
        target = _kind(y)
        if classes is not None and target == "multilabel" and np.ndim(classes[0]) > 0:
            target = "multioutput"  # the first rows of multioutput targets may hold only zeros and ones
        if target == "multilabel":
            _check_indicators(y)
            if classes is not None and not np.array_equal(np.unique(classes), np.arange(y.shape[1])):
                raise ValueError(
                    f"`classes` of multilabel targets must be the numbers of their {y.shape[1]} columns, from 0, got "
                    f"{classes!r}."
                )
            return cls("multilabel", np.arange(y.shape[1]), sp.issparse(y))
        if target == "multioutput":
            return cls("multioutput", [np.unique(column) for column in (y.T if classes is None else classes)])
        labels = np.unique(y if classes is None else classes)
        return cls("multiclass" if len(labels) > 2 else "binary", labels)

    @property
    def n_outputs(self) -> int:
        """Number of units of the output layer."""
        if self.kind == "multioutput":
            return sum(map(len, self.classes))
        return 1 if self.kind == "binary" else len(self.classes)

    @property
    def loss(self) -> Loss:
        """The log-loss of this kind of classification."""
        if self.kind == "multioutput":
            return GroupedLogLoss(tuple(map(len, self.classes)))
        return LOSSES["log_loss" if self.kind == "multiclass" else "binary_log_loss"]

    def same_classes(self, classes: Any) -> bool:
        """Whether ``classes`` are those of this encoding, in any order."""
        if self.kind != "multioutput":
            return np.array_equal(self.classes, np.unique(classes))
        return len(classes) == len(self.classes) and all(map(np.array_equal, self.classes, map(np.unique, classes)))

    def present(self, class_weight: Any, y: Any) -> Any:
        """Return ``class_weight`` for the classes in ``y``; the rows of one call, or validation rows, may lack some."""
        if isinstance(class_weight, str):
            return class_weight
        y = y.toarray() if sp.issparse(y) else y
        columns = [set(np.unique(column).tolist()) for column in np.atleast_2d(y.T)]
        given = class_weight if isinstance(class_weight, list) else [class_weight]
        if len(given) != len(columns):
            return class_weight  # scikit-learn raises the error
        for own, known in zip(given, self._labels_of(len(columns)), strict=True):
            unknown, left_out = sorted(own.keys() - known, key=str), sorted(known - own.keys(), key=str)
            if unknown and left_out:
                raise ValueError(
                    f"`class_weight` must name classes of y, got {unknown}, which are not in y, and no weight for "
                    f"{left_out}. Correct these names, or remove them: a class without a name has the weight 1."
                )
        chosen = [{k: v for k, v in own.items() if k in c} for own, c in zip(given, columns, strict=True)]
        return chosen if isinstance(class_weight, list) else chosen[0]

    def _labels_of(self, n_columns: int) -> list[set[Any]]:
        """Return the labels that each column of y may hold."""
        if self.kind == "multilabel":
            return [{0, 1}] * n_columns
        return [set(known.tolist()) for known in (self.classes if self.kind == "multioutput" else [self.classes])]

    def check(self, y: Any) -> None:
        """Raise ValueError if ``y`` is of another kind or has labels outside of ``classes``."""
        target = _kind(y)
        columns = 1 if y.ndim == 1 else y.shape[1]
        several = self.kind in ("multilabel", "multioutput")
        if self.kind == "multilabel" and target == "multioutput" and columns == len(self.classes):
            return _check_indicators(y)
        if columns != (len(self.classes) if several else 1) or (self.kind == "multilabel" and target != "multilabel"):
            raise ValueError(
                f"y must have the same form as in the first call ({self.kind}, {len(self.classes)} classes), "
                f"got {target} targets of shape {y.shape}."
            )
        if self.kind == "multilabel":
            return _check_indicators(y)
        pairs = zip(y.T, self.classes, strict=True) if several else [(y, self.classes)]
        unseen = np.concatenate([np.setdiff1d(column, known) for column, known in pairs])
        if len(unseen):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes}, `y` has also {unseen}. "
                "Name every class in the first call: partial_fit(..., classes=...)."
            )

    def encode(self, y: Any) -> Targets:
        """Return the targets of ``y`` in the smallest dtype."""
        if self.kind == "multilabel":
            y = y.astype(np.uint8).toarray() if sp.issparse(y) else y
            return Values(np.ascontiguousarray(y.T, dtype=np.uint8))
        codes, _ = self.numbered(y)
        if self.kind == "multioutput":
            return Stacked(tuple(_codes(column, len(own)) for column, own in zip(codes.T, self.classes, strict=True)))
        if self.kind == "multiclass":
            return _codes(codes, len(self.classes))
        # A single class is the positive one, so the network learns its probability.
        return Values((codes + (len(self.classes) == 1)).astype(np.uint8)[None, :])

    def numbered(self, y: Any) -> tuple[Any, LabelEncoding]:
        """Return ``y`` with each label replaced by its number, and the encoding of these numbers."""
        if self.kind == "multilabel":
            return y, self
        if self.kind == "multioutput":
            columns = [np.searchsorted(known, column) for column, known in zip(y.T, self.classes, strict=True)]
            return np.stack(columns, axis=1), replace(self, classes=[np.arange(len(known)) for known in self.classes])
        return np.searchsorted(self.classes, y), replace(self, classes=np.arange(len(self.classes)))

    def decode(self, z: np.ndarray) -> Any:
        """Return the labels with the largest raw output ``z``, shape (n, n_outputs)."""
        if self.kind == "multilabel":
            y = (z > 0.0).astype(np.int64)
            return sp.csr_matrix(y) if self.sparse else y
        if self.kind == "multioutput":
            groups = zip(self.loss.groups, self.classes, strict=True)
            return np.stack([known[z[:, g].argmax(axis=1)] for g, known in groups], axis=1)
        if self.kind == "multiclass":
            return self.classes[z.argmax(axis=1)]
        return self.classes[((z[:, 0] > 0.0) & (len(self.classes) > 1)).astype(np.intp)]

    def joined(self, chunks: list[Any]) -> Any:
        """Join the labels that `decode` returned for each chunk of the rows."""
        if len(chunks) == 1:
            return chunks[0]
        return sp.vstack(chunks, format="csr") if self.sparse else np.concatenate(chunks)


def _check_indicators(y: Any) -> None:
    values = np.unique(y.data if sp.issparse(y) else y)
    if not np.isin(values, (0, 1)).all():
        raise ValueError(f"multilabel targets must be 0 or 1, got {values}.")


def _kind(y: Any) -> str:
    check_classification_targets(y)
    if not sp.issparse(y) and np.ndim(y) == 1:
        return "multiclass" if len(np.unique(y)) > 2 else "binary"  # faster than `type_of_target`
    target = type_of_target(y)
    if sp.issparse(y) and target != "multilabel-indicator":
        raise ValueError("sparse y must hold multilabel targets, 0 or 1, got other labels. Use y.toarray().")
    if target == "multilabel-indicator" and not sp.issparse(y) and not np.isin(y, (0, 1)).all():
        return "multioutput"  # scikit-learn only counts the labels; columns of 1 and 2 are multioutput
    return {"multilabel-indicator": "multilabel", "multiclass-multioutput": "multioutput"}.get(target, target)


def _codes(codes: np.ndarray, n_classes: int) -> Codes:
    return Codes(codes.astype(np.min_scalar_type(n_classes)), n_classes)


def as_column(y: Any) -> Any:
    """Return y of shape (n, 1) as shape (n,), with scikit-learn's warning; any other y as it is."""
    if getattr(y, "ndim", 1) == 2 and y.shape[1] == 1 and not sp.issparse(y):
        warn_caller(
            "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples, ), "
            "for example using ravel().",
            DataConversionWarning,
        )
        return y.ravel()
    return y


def as_numbers(y: Any) -> np.ndarray:
    """Return regression targets in float32 or float64; sparse targets and dates raise an error."""
    if sp.issparse(y):
        raise ValueError("y must be dense for regression, got a sparse matrix. Use y.toarray().")
    if y.dtype.kind in "mMc":
        raise ValueError(f"y must hold real numbers for regression, got dtype {y.dtype}.")
    y = y if y.dtype in (np.float32, np.float64) else y.astype(np.float64)
    if not np.isfinite(y).all():  # None in an object array has become NaN
        raise ValueError("Input y contains NaN or infinity.")
    return y


def check_domain(columns: np.ndarray, loss: str) -> None:
    """Raise ValueError if targets, shape (n_outputs, n), are out of the domain of the regression loss."""
    smallest = columns.min()
    if (loss == "poisson" and smallest < 0.0) or (loss == "gamma" and smallest <= 0.0):
        domain = "y >= 0" if loss == "poisson" else "y > 0"
        raise ValueError(f"loss={loss!r} needs targets {domain}, got a smallest value of {smallest}. Try another loss.")


def accuracy(y: Any, prediction: Any, weights: Any = None) -> float:
    """Return the weighted share of the rows in which all labels are predicted correctly."""
    if "multiclass-multioutput" in (type_of_target(y), type_of_target(prediction)):  # not supported by accuracy_score
        y = np.asarray(y)
        if y.shape != prediction.shape:
            raise ValueError(f"y must have the shape of its predictions, {prediction.shape}, got {y.shape}.")
        return float(np.average(np.all(y == prediction, axis=1), weights=weights))
    return float(accuracy_score(y, prediction, sample_weight=weights))
