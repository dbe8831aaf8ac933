"""Vector operations that NumPy lacks: adding a multiple in one pass, and a norm that does not overflow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import daxpy, dnrm2, saxpy, snrm2

_AXPY = {np.dtype(np.float32): saxpy, np.dtype(np.float64): daxpy}
_NORM = {np.dtype(np.float32): snrm2, np.dtype(np.float64): dnrm2}


def axpy(a: float, x: NDArray[Any], y: NDArray[Any]) -> None:
    """Add ``a * x`` to ``y`` in place; both are contiguous vectors of one dtype, float32 or float64."""
    _AXPY[x.dtype](x, y, a=a)


def norm(x: NDArray[Any]) -> float:
    """Return the Euclidean norm of a contiguous vector, float32 or float64."""
    return float(_NORM[x.dtype](x))
