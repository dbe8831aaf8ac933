"""Members: the mean of the predictions of several networks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

from .losses import Loss

Array = NDArray[Any]


def combine(z: Array, loss: Loss) -> Array:
    """Return the raw outputs whose prediction is the mean of the predictions of the members.

    The mean is taken after the output activation, and its inverse then gives raw outputs. So classes, probabilities and
    raw outputs agree with each other. For softmax these raw outputs are, up to a constant for each row,
    ``log sum_m softmax(z_m)``; for logistic outputs ``log sum_m s(z_m) - log sum_m s(-z_m)``; for exponential ones
    ``log mean_m exp(z_m)``.
    Lakshminarayanan, Pritzel and Blundell (2017), *Simple and scalable predictive uncertainty estimation using deep
    ensembles*, section 2.4, arXiv 1612.01474.

    Parameters
    ----------
    z : ndarray of shape (n_members, n, k)
        Raw outputs of each member.
    loss : Loss
        Loss that the members were trained with; it contains the output activation.

    Returns
    -------
    z : ndarray of shape (n, k)
        Raw outputs of the mean; those of a single member are not changed.
    """
    if len(z) == 1:
        only: Array = z[0]
        return only
    match loss.output_activation.name:
        case "logistic":
            mean: Array = (_log_sum_exp(log_expit(z), axis=0) - _log_sum_exp(log_expit(-z), axis=0))[0]
        case "softmax":
            log_probabilities = np.empty_like(z)
            for g in getattr(loss, "groups", [slice(None)]):
                np.subtract(z[:, :, g], _log_sum_exp(z[:, :, g], axis=2), out=log_probabilities[:, :, g])
            mean = _log_mean_exp(log_probabilities)
        case "exp":
            mean = _log_mean_exp(z)
        case _:
            mean = np.mean(z, axis=0)
    return mean.astype(z.dtype, copy=False)


def _log_mean_exp(z: Array) -> Array:
    mean: Array = _log_sum_exp(z, axis=0)[0]
    mean -= z.dtype.type(np.log(len(z)))
    return mean


def _log_sum_exp(z: Array, axis: int) -> Array:
    """Return ``log sum exp(z)`` along an axis, which remains with length 1.

    SciPy's function has the same error for raw outputs, but takes ten times as long for few numbers, and three times
    for many.
    """
    largest = np.finfo(z.dtype).max
    peak = np.clip(z.max(axis=axis, keepdims=True), -largest, largest)
    with np.errstate(divide="ignore", under="ignore"):  # where all are -inf, so is the result
        log_sum: Array = peak + np.log(np.exp(z - peak).sum(axis=axis, keepdims=True))
    return log_sum
