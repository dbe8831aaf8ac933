"""Initializers: draw the initial weights and biases. All of them are forms of variance scaling.

A weight is drawn with variance ``scale / fan``, where ``fan`` is the number of inputs of the layer or the mean of its
inputs and outputs. Glorot and Bengio (2010), eq. 16; He et al. (2015), eq. 10; LeCun et al. (1998), section 4.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Initializer:
    """Draw the weights and biases of a layer.

    Parameters
    ----------
    name : str
        Name by which the estimators select it.
    scale : float
        Variance of a weight times ``fan``.
    fan : {"in", "average"}
        What ``fan`` is: the number of inputs, or the mean of the numbers of inputs and outputs.
    distribution : {"uniform", "normal"}
        Distribution of the weights.
    random_bias : bool, default=False
        Whether biases are drawn between the bounds of the weights, as in scikit-learn; otherwise they are zero.
    """

    name: str
    scale: float
    fan: Literal["in", "average"]
    distribution: Literal["uniform", "normal"]
    random_bias: bool = False

    def __call__(self, rng: np.random.RandomState, n_in: int, n_out: int) -> tuple[Array, Array]:
        """Return weights of shape (n_in, n_out) and biases of shape (n_out,), float64."""
        fan = n_in if self.fan == "in" else 0.5 * (n_in + n_out)
        deviation = np.sqrt(self.scale / max(fan, 1))
        bound = np.sqrt(3.0) * deviation
        if self.distribution == "uniform":
            W = rng.uniform(-bound, bound, (n_in, n_out))
        else:
            W = rng.normal(0.0, deviation, (n_in, n_out))
        b = rng.uniform(-bound, bound, n_out) if self.random_bias else np.zeros(n_out)
        return W, b


INITIALIZERS: dict[str, Initializer] = {
    initializer.name: initializer
    for initializer in (
        Initializer("glorot_uniform", 1.0, "average", "uniform", random_bias=True),
        Initializer("glorot_uniform_logistic", 1.0 / 3.0, "average", "uniform", random_bias=True),
        Initializer("glorot_normal", 1.0, "average", "normal"),
        Initializer("he_uniform", 2.0, "in", "uniform"),
        Initializer("he_normal", 2.0, "in", "normal"),
        Initializer("lecun_uniform", 1.0, "in", "uniform"),
        Initializer("lecun_normal", 1.0, "in", "normal"),
    )
}

_BY_ACTIVATION = {
    "logistic": "glorot_uniform_logistic",
    "selu": "lecun_normal",
    **dict.fromkeys(("leaky_relu", "elu", "gelu", "silu", "mish", "softplus"), "he_uniform"),
}


def initializer_for(name: str, activation: str) -> Initializer:
    """Return the initializer with this name; ``"auto"`` chooses one for the activation of the layer.

    ``"auto"`` follows scikit-learn for scikit-learn's activations (Glorot, with smaller bounds for logistic), LeCun for
    SELU (Klambauer et al. 2017, section 2) and He for the rectifiers that scikit-learn lacks.
    """
    return INITIALIZERS[_BY_ACTIVATION.get(activation, "glorot_uniform") if name == "auto" else name]
