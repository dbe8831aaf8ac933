"""Members: the mean of the predictions of several networks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit, logsumexp

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
    log_k = np.log(len(z))
    match loss.output_activation.name:
        case "logistic":
            mean: Array = logsumexp(log_expit(z), axis=0) - logsumexp(log_expit(-z), axis=0)
        case "softmax":
            parts = [z[:, :, g] for g in getattr(loss, "groups", [slice(None)])]
            logs = [part - logsumexp(part, axis=2, keepdims=True) for part in parts]
            mean = np.concatenate([logsumexp(part, axis=0) - log_k for part in logs], axis=1)
        case "exp":
            mean = logsumexp(z, axis=0) - log_k
        case _:
            mean = np.mean(z, axis=0)
    return mean.astype(z.dtype, copy=False)
