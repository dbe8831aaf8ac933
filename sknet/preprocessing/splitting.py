"""Splitting: chooses the validation rows of early stopping, by row numbers and without copying rows."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import train_test_split

_FEW_CLASSES = 10


def validation_split(
    n: int,
    fraction: float,
    rng: np.random.RandomState,
    weights: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the training rows and of the validation rows.

    Rows of weight zero are not drawn and stay in training, where they have no effect. With ``labels``, shape (n,), the
    split is stratified: a class with one row stays in training, and a larger class has rows on both sides. If there are
    more than 10 classes and more classes than validation rows, one row of each class is kept for training, and the
    validation rows are drawn from the other rows.
    """
    rows = np.arange(n) if weights is None else np.flatnonzero(weights > 0.0)
    alone = np.zeros(0, dtype=np.intp)
    if labels is not None:
        _, code, count = np.unique(labels[rows], return_inverse=True, return_counts=True)
        alone, rows, labels = rows[count[code] == 1], rows[count[code] > 1], labels[rows[count[code] > 1]]
    n_classes = 1 if labels is None else len(np.unique(labels))
    asked = max(int(np.ceil(fraction * (len(rows) + len(alone)))), 2)
    stratified = n_classes <= max(asked, _FEW_CLASSES)
    size = max(asked, n_classes) if stratified else asked
    if len(rows) - size < n_classes:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset: "
            f"of n_samples = {n}, {size} are needed to validate on and {n_classes} to train on."
        )
    if not stratified:
        train, validation = _all_classes_in_training(rows, size, rng, labels)
    else:
        train, validation = train_test_split(rows, test_size=size, random_state=rng, stratify=labels)
    if labels is not None and stratified:
        code_of = np.full(n, -1)
        code_of[rows] = np.unique(labels, return_inverse=True)[1]
        train, validation = _fill(train, validation, code_of, n_classes)
        validation, train = _fill(validation, train, code_of, n_classes)
    if weights is not None:
        alone = np.concatenate([alone, np.flatnonzero(weights == 0.0)])
    return np.concatenate([train, alone]), validation


def validation_folds(
    y: np.ndarray, fraction: float, n_folds: int, rng: np.random.RandomState, weights: np.ndarray | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the numbers of the training rows and of the validation rows of each fold.

    No row is in two sets of validation rows, so these are smaller than ``fraction`` if there are many folds. All folds
    have equally many validation rows. The folds are stratified: rows are sorted by target, and neighbours are dealt to
    different folds. ``y`` has shape (n,) or (n, k); of several columns, only the first is used. Rows of weight zero
    stay in training.
    """
    rows = np.arange(len(y)) if weights is None else np.flatnonzero(weights > 0.0)
    n_hands = max(n_folds, round(1.0 / fraction))
    if len(rows) < n_hands:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset: "
            f"of n_samples = {len(y)}, each of n_members={n_folds} needs at least one validation row of its own."
        )
    key = y[rows] if y.ndim == 1 else y[rows, 0]
    by_target = np.lexsort((rng.random_sample(len(rows)), key))
    round_of = np.arange(len(rows)) // n_hands
    dealt = by_target[np.lexsort((rng.random_sample(len(rows)), round_of))]
    hands = [np.sort(rows[dealt[hand::n_hands]])[: len(rows) // n_hands] for hand in range(n_folds)]
    every = np.arange(len(y))
    return [(np.setdiff1d(every, hand, assume_unique=True), hand) for hand in hands]


def _all_classes_in_training(
    rows: np.ndarray, size: int, rng: np.random.RandomState, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return training and validation rows, drawn so that at least one row of each class is a training row."""
    drawn = rng.permutation(len(rows))
    _, first = np.unique(labels[drawn], return_index=True)
    free = np.delete(drawn, first)
    return rows[np.concatenate([drawn[first], free[size:]])], rows[free[:size]]


def _fill(here: np.ndarray, there: np.ndarray, code_of: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Move one row of each class that ``here`` lacks from ``there`` to ``here``; every class has at least two rows."""
    missing = np.flatnonzero(np.bincount(code_of[here], minlength=n_classes) == 0)
    if len(missing) == 0:
        return here, there
    codes, first = np.unique(code_of[there], return_index=True)
    moved = first[np.isin(codes, missing)]
    return np.concatenate([here, there[moved]]), np.delete(there, moved)
