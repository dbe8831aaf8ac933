"""Collapse: merges linear layers, ``(x W1 + b1) W2 + b2 = x (W1 W2) + (b1 W2 + b2)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


def collapse_linear(
    coefs: Sequence[Array], intercepts: Sequence[Array], activations: Sequence[str] | str = "identity"
) -> tuple[list[Array], list[Array], list[str]]:
    """Merge layers that have no non-linearity between them.

    Parameters
    ----------
    coefs : sequence of ndarray of shape (n_inputs, n_units)
        Weights of each layer, as in ``coefs_``.
    intercepts : sequence of ndarray of shape (n_units,)
        Biases of each layer, as in ``intercepts_``.
    activations : str or sequence of str, default="identity"
        Activation of the hidden layers, one for all or one for each.

    Returns
    -------
    coefs, intercepts : list of ndarray
        Weights and biases of the smaller network, which computes the same function. The input arrays are not changed.
    activations : list of str
        Activations of the hidden layers that remain.

    Raises
    ------
    ValueError
        If the lengths do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from sknet import collapse_linear
    >>> W, b, hidden = collapse_linear([np.ones((8, 9)), np.ones((9, 4))], [np.zeros(9), np.zeros(4)])
    >>> len(W), W[0].shape, hidden
    (1, (8, 4), [])
    """
    if isinstance(activations, str):
        activations = [activations] * (len(coefs) - 1)
    if not len(coefs) == len(intercepts) == len(activations) + 1:
        raise ValueError(
            "there must be as many `intercepts` as `coefs`, and one activation fewer, "
            f"got {len(coefs)} coefs, {len(intercepts)} intercepts and {len(activations)} activations."
        )
    W, b, hidden = [coefs[0]], [intercepts[0]], list[str]()
    for next_W, next_b, activation in zip(coefs[1:], intercepts[1:], activations, strict=True):
        if activation == "identity":
            W[-1], b[-1] = W[-1] @ next_W, b[-1] @ next_W + next_b
        else:
            W.append(next_W)
            b.append(next_b)
            hidden.append(activation)
    return W, b, hidden
