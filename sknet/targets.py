"""Targets: labels and numbers on one side, the matrices that losses compare with on the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from .core.batches import Codes, Targets, Values
from .core.losses import LOSSES, Loss


@dataclass(frozen=True)
class LabelEncoding:
    """What kind of classification it is, and its classes.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        ``"binary"`` is two classes, or the one that y had.
    classes : ndarray of shape (n_classes,)
        Sorted labels; the numbers of the columns for multilabel targets.
    sparse : bool, default=False
        Whether multilabel targets came sparse; predictions are then sparse too.
    """

    kind: str
    classes: np.ndarray
    sparse: bool = False

    @classmethod
    def of(cls, y: Any, classes: Any = None) -> LabelEncoding:
        """Return the encoding that ``y``, and the list of all ``classes`` if one is given, ask for."""
        check_classification_targets(y)
        target = type_of_target(y)
        if target == "multilabel-indicator":
            return cls("multilabel", np.arange(y.shape[1]), sp.issparse(y))
        if target == "multiclass-multioutput":
            raise ValueError(
                "y has several columns with several classes each (multiclass-multioutput), which is not supported. "
                "Wrap the classifier in sklearn.multioutput.MultiOutputClassifier."
            )
        labels = np.unique(y if classes is None else classes)
        return cls("multiclass" if len(labels) > 2 else "binary", labels)

    @property
    def n_outputs(self) -> int:
        """Number of units of the output layer."""
        return 1 if self.kind == "binary" else len(self.classes)

    @property
    def loss(self) -> Loss:
        """The log-loss of this kind of classification."""
        return LOSSES["log_loss" if self.kind == "multiclass" else "binary_log_loss"]

    def check(self, y: Any) -> None:
        """Raise ValueError if ``y`` is of another kind or has labels outside of ``classes``."""
        check_classification_targets(y)
        multilabel = type_of_target(y) == "multilabel-indicator"
        if multilabel != (self.kind == "multilabel") or (multilabel and y.shape[1] != len(self.classes)):
            raise ValueError(
                f"y must have the form that it had before ({self.kind}, {len(self.classes)} classes), "
                f"got {type_of_target(y)} targets of shape {y.shape}."
            )
        unseen = [] if multilabel else np.setdiff1d(y, self.classes)
        if len(unseen):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes}, `y` has also {unseen}. "
                "Name every class in the first call: partial_fit(..., classes=...)."
            )

    def encode(self, y: Any) -> Targets:
        """Return the targets of ``y``, as small as they can be kept."""
        if self.kind == "multilabel":
            y = y.toarray() if sp.issparse(y) else y
            return Values(np.ascontiguousarray(y.T, dtype=np.uint8))
        codes = np.searchsorted(self.classes, y)
        if self.kind == "multiclass":
            return Codes(codes.astype(np.min_scalar_type(len(self.classes))), len(self.classes))
        # One class alone is the positive one: its probability is what there is to learn.
        return Values((codes + (len(self.classes) == 1)).astype(np.uint8)[None, :])

    def decode(self, z: np.ndarray) -> Any:
        """Return the labels with the largest raw output ``z``, shape (n, n_outputs)."""
        if self.kind == "multilabel":
            y = (z > 0.0).astype(np.int64)
            return sp.csr_matrix(y) if self.sparse else y
        if self.kind == "multiclass":
            return self.classes[z.argmax(axis=1)]
        return self.classes[((z[:, 0] > 0.0) & (len(self.classes) > 1)).astype(np.intp)]


def as_column(y: Any) -> Any:
    """Return y of shape (n, 1) as shape (n,), with scikit-learn's warning; any other y as it is."""
    if getattr(y, "ndim", 1) == 2 and y.shape[1] == 1 and not sp.issparse(y):
        return column_or_1d(y, warn=True)
    return y


def check_domain(columns: np.ndarray, loss: str) -> None:
    """Raise ValueError if targets, shape (n_outputs, n), are out of the domain of the regression loss."""
    if loss == "poisson" and columns.min() < 0.0:
        raise ValueError(
            f"loss='poisson' needs targets y >= 0, got a smallest value of {columns.min()}. Try another loss."
        )
