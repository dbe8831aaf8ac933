"""Activations: each is a pair of functions that compute a non-linearity and multiply by its derivative.

``forward(z, out, work)`` writes ``out[:] = f(z)``. ``backward(a, delta, work)``, with ``a = f(z)``, writes
``delta *= f'(z)``.

Most derivatives are computed from the value ``a``. Then ``z`` is not kept: ``out`` may be ``z``, and ``work`` is
scratch memory for both functions. If ``keeps_slope`` is True, ``forward`` writes ``f'(z)`` to ``work``, because it is
cheap to compute together with the value. The caller must then keep ``work`` until ``backward``, which does not change
it. Such a ``forward`` overwrites ``z``, so ``out`` must be another array.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

Array = NDArray[Any]
_Forward = Callable[[Array, Array, Array], None]

LEAK, SELU_SCALE, SELU_ALPHA = 0.01, 1.0507009873554805, 1.6732632423543772

# Coefficients of p, highest power first: artanh(2 Phi(z) - 1) = z p(z^2). The fit minimizes the largest error of Phi.
_NORMAL = (1.7562759e-09, -1.3226623e-07, 3.9647726e-06, -5.5306314e-05, -3.2594750e-05, 0.036333084, 0.79788494)


@dataclass(frozen=True, repr=False)
class Activation:
    """A non-linearity with its derivative, formula and range.

    Parameters
    ----------
    name : str
        Name by which the estimators select it.
    formula, derivative_formula : str
        ``f(a)`` and ``f'(a)`` in plain text.
    range : tuple of (float, float)
        The bounds of the values of ``f``.
    forward : callable(z, out, work)
        Writes ``f(z)`` to ``out``; the docstring of the module explains ``work``. It must be a module-level function,
        so that it can be pickled.
    backward : callable(a, delta, work)
        Multiplies ``delta`` by the derivative, in place.
    keeps_slope : bool, default=False
        Whether ``forward`` writes the derivative to ``work`` and overwrites ``z``.
    boolean_work : bool, default=False
        Whether ``work`` holds booleans instead of numbers.
    elementwise : bool, default=True
        False if a value depends on the whole row (softmax); the derivative is then a Jacobian.
    note : str, default=""
        Remarks, such as the points at which there is no derivative.

    Examples
    --------
    >>> import numpy as np
    >>> from sknet import ACTIVATIONS
    >>> ACTIVATIONS["relu"](np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    >>> ACTIVATIONS["logistic"].derivative(np.array([[0.0]]))
    array([[0.25]])
    """

    name: str
    formula: str
    derivative_formula: str
    range: tuple[float, float]
    forward: _Forward
    backward: Callable[[Array, Array, Array], None]
    keeps_slope: bool = False
    boolean_work: bool = False
    elementwise: bool = True
    note: str = ""

    def __repr__(self) -> str:
        return f"Activation({self.name!r})"

    def __call__(self, z: Array) -> Array:
        """Return ``f(z)`` as a new array of shape (n, k)."""
        return self._evaluate(z)[0]

    def derivative(self, z: Array) -> Array:
        """Return the derivative at ``z``.

        Parameters
        ----------
        z : ndarray of shape (n, k)
            Pre-activations.

        Returns
        -------
        ndarray of shape (n, k) or (n, k, k)
            ``f'(z)``, or the Jacobian of each row where ``f`` is not elementwise.
        """
        a, work = self._evaluate(z)
        if self.elementwise:
            delta = np.ones_like(a)
            self.backward(a, delta, work)
            return delta
        columns = []
        for column in np.eye(a.shape[1], dtype=a.dtype):
            delta = np.tile(column, (len(a), 1))
            self.backward(a, delta, work)
            columns.append(delta)
        return np.stack(columns, axis=1)

    def _evaluate(self, z: Array) -> tuple[Array, Array]:
        z = np.asarray(z)
        z = np.array(z, dtype=np.result_type(z, np.float32), ndmin=2)
        a, work = np.empty_like(z), np.empty_like(z, dtype=bool if self.boolean_work else None)
        self.forward(z, a, work)
        return a, work


@lru_cache(maxsize=64)
def _constants(value: float, width: int, dtype: np.dtype[Any]) -> Array:
    """Return a shared row of a value: NumPy vectorizes ``maximum`` of two arrays, but not of an array and a scalar."""
    row = np.full(width, value, dtype=dtype)
    row.flags.writeable = False
    return row


def _times_slope(a: Array, delta: Array, work: Array) -> None:
    np.multiply(delta, work, out=delta)


def _identity(z: Array, out: Array, work: Array) -> None:
    if out is not z:
        np.copyto(out, z)


def _identity_backward(a: Array, delta: Array, work: Array) -> None:
    pass


def _exp(z: Array, out: Array, work: Array) -> None:
    np.exp(z, out=out)


def _exp_backward(a: Array, delta: Array, work: Array) -> None:
    np.multiply(delta, a, out=delta)


def _logistic(z: Array, out: Array, work: Array) -> None:
    expit(z, out=out)


def _logistic_backward(a: Array, delta: Array, work: Array) -> None:
    np.multiply(delta, a, out=delta)
    np.subtract(1.0, a, out=work)
    np.multiply(delta, work, out=delta)


def _tanh(z: Array, out: Array, work: Array) -> None:
    np.tanh(z, out=out)


def _tanh_backward(a: Array, delta: Array, work: Array) -> None:
    np.multiply(a, a, out=work)
    np.subtract(1.0, work, out=work)
    np.multiply(delta, work, out=delta)


def _relu(z: Array, out: Array, work: Array) -> None:
    np.maximum(z, _constants(0.0, z.shape[1], z.dtype), out=out)


def _relu_backward(a: Array, delta: Array, work: Array) -> None:
    np.greater(a, 0.0, out=work)
    np.multiply(delta, work, out=delta)


def _softmax(z: Array, out: Array, work: Array) -> None:
    np.subtract(z, np.maximum.reduce(z, axis=1, keepdims=True), out=out)
    np.exp(out, out=out)
    np.divide(out, np.add.reduce(out, axis=1, keepdims=True), out=out)


def _softmax_backward(a: Array, delta: Array, work: Array) -> None:
    # The Jacobian s_i (delta_ij - s_j) applied to delta, without forming it: s * (delta - sum_j delta_j s_j).
    np.multiply(delta, a, out=work)
    np.subtract(delta, np.add.reduce(work, axis=1, keepdims=True), out=delta)
    np.multiply(delta, a, out=delta)


def _leaky_relu(z: Array, out: Array, work: Array) -> None:
    np.multiply(z, LEAK, out=work)
    np.maximum(z, work, out=out)


def _leaky_relu_backward(a: Array, delta: Array, work: Array) -> None:
    np.greater(a, 0.0, out=work)
    np.multiply(work, 1.0 - LEAK, out=work)
    np.add(work, LEAK, out=work)
    np.multiply(delta, work, out=delta)


def _elu(z: Array, out: Array, work: Array, scale: float = 1.0, alpha: float = 1.0) -> None:
    zeros = _constants(0.0, z.shape[1], z.dtype)
    np.minimum(z, zeros, out=work)
    np.expm1(work, out=work)
    np.multiply(work, scale * alpha, out=work)
    np.maximum(z, zeros, out=out)
    np.multiply(out, scale, out=out)
    np.greater(out, 0.0, out=z)
    np.add(out, work, out=out)
    # The slope: below 0 it is the value + scale * alpha, above 0 it is scale.
    np.add(work, scale * alpha, out=work)
    np.multiply(z, scale * alpha - scale, out=z)
    np.subtract(work, z, out=work)


def _selu(z: Array, out: Array, work: Array) -> None:
    _elu(z, out, work, SELU_SCALE, SELU_ALPHA)


def _gelu(z: Array, out: Array, work: Array) -> None:
    with np.errstate(over="ignore"):  # far from 0, the limits are right
        np.multiply(z, z, out=work)
        _normal_distribution(z, work, out)  # Phi(z)
    np.multiply(work, -0.5, out=work)
    np.exp(work, out=work)
    np.multiply(work, 1.0 / math.sqrt(2.0 * math.pi), out=work)  # phi(z)
    np.multiply(work, z, out=work)
    np.add(work, out, out=work)
    np.multiply(z, out, out=out)


def _normal_distribution(z: Array, square: Array, out: Array) -> None:
    """Write the normal distribution function of ``z`` to ``out``; ``square`` is ``z^2``.

    In float32, it is ``(1 + tanh(z p(z^2))) / 2`` with a polynomial p, whose error is 3e-8. That takes half the time of
    SciPy's function, which computes in float64.
    """
    if z.dtype != np.float32:
        ndtr(z, out=out)
        return
    np.multiply(square, _NORMAL[0], out=out)
    for coefficient in _NORMAL[1:-1]:
        np.add(out, coefficient, out=out)
        np.multiply(out, square, out=out)
    np.add(out, _NORMAL[-1], out=out)
    np.multiply(out, z, out=out)
    np.tanh(out, out=out)
    np.multiply(out, 0.5, out=out)
    np.add(out, 0.5, out=out)


def _silu(z: Array, out: Array, work: Array) -> None:
    expit(z, out=work)
    np.multiply(z, work, out=out)
    np.subtract(1.0, out, out=z)
    np.multiply(work, z, out=work)
    np.add(work, out, out=work)


def _mish(z: Array, out: Array, work: Array) -> None:
    expit(z, out=work)
    np.multiply(work, z, out=work)
    np.logaddexp(z, 0.0, out=out)
    np.tanh(out, out=out)  # t = tanh(softplus(z)); the slope is t + z s(z) (1 - t)(1 + t)
    np.multiply(z, out, out=z)
    np.subtract(1.0, out, out=out)
    np.multiply(work, out, out=work)
    np.subtract(2.0, out, out=out)
    np.multiply(work, out, out=work)
    np.add(work, out, out=work)
    np.subtract(work, 1.0, out=work)
    np.copyto(out, z)


def _softplus(z: Array, out: Array, work: Array) -> None:
    np.logaddexp(z, 0.0, out=out)


def _softplus_backward(a: Array, delta: Array, work: Array) -> None:
    # s(z) = 1 - e^-a
    np.negative(a, out=work)
    np.expm1(work, out=work)
    np.negative(work, out=work)
    np.multiply(delta, work, out=delta)


_INF = math.inf


def _smooth(name: str, formula: str, slope: str, lowest: float, forward: _Forward) -> Activation:
    """Return a smooth rectifier, which is not monotonic; the forward pass computes its derivative too."""
    note = "Not monotonic."
    return Activation(name, formula, slope, (lowest, _INF), forward, _times_slope, keeps_slope=True, note=note)


EXP = Activation("exp", "e^a", "e^a", (0.0, _INF), _exp, _exp_backward, note="Output of log-link losses.")

ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", "a", "1", (-_INF, _INF), _identity, _identity_backward, note="No non-linearity."),
        Activation("logistic", "1 / (1 + e^-a)", "s (1 - s)", (0.0, 1.0), _logistic, _logistic_backward),
        Activation("tanh", "(e^a - e^-a) / (e^a + e^-a)", "4 / (e^a + e^-a)^2", (-1.0, 1.0), _tanh, _tanh_backward),
        Activation(
            "relu", "max(0, a)", "0 if a <= 0 else 1", (0.0, _INF), _relu, _relu_backward, boolean_work=True,
            note="No derivative at 0; 0 is used.",
        ),
        Activation(
            "softmax", "e^ai / sum_j e^aj", "s_i (delta_ij - s_j)", (0.0, 1.0), _softmax, _softmax_backward,
            elementwise=False, note="Acts on a whole row: not elementwise, its derivative is a Jacobian.",
        ),
        Activation(
            "leaky_relu", "max(0.01 a, a)", "0.01 if a <= 0 else 1", (-_INF, _INF), _leaky_relu, _leaky_relu_backward,
            note="No derivative at 0; 0.01 is used.",
        ),
        Activation(
            "elu", "a if a > 0 else e^a - 1", "1 if a > 0 else e^a", (-1.0, _INF), _elu, _times_slope, keeps_slope=True,
        ),
        Activation(
            "selu", "1.0507 (a if a > 0 else 1.6733 (e^a - 1))", "1.0507 if a > 0 else 1.7581 e^a",
            (-SELU_SCALE * SELU_ALPHA, _INF), _selu, _times_slope, keeps_slope=True,
            note="No derivative at 0; 1.7581 is used.",
        ),
        _smooth("gelu", "a Phi(a)", "Phi(a) + a phi(a)", -0.16997120747990369, _gelu),
        _smooth("silu", "a s(a)", "s(a) (1 + a (1 - s(a)))", -0.27846454276107374, _silu),
        _smooth("mish", "a t, t = tanh(ln(1 + e^a))", "t + a s(a) (1 - t^2)", -0.30884341301725043, _mish),
        Activation("softplus", "ln(1 + e^a)", "s(a)", (0.0, _INF), _softplus, _softplus_backward),
    )
}  # fmt: skip
ACTIVATIONS["sigmoid"] = ACTIVATIONS["logistic"]
