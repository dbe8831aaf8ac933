"""The one vector operation that NumPy lacks: add a multiple in a single pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import daxpy, saxpy

_AXPY = {np.dtype(np.float32): saxpy, np.dtype(np.float64): daxpy}


def axpy(a: float, x: NDArray[Any], y: NDArray[Any]) -> None:
    """Add ``a * x`` to ``y`` in place; both are contiguous vectors of one dtype, float32 or float64."""
    _AXPY[x.dtype](x, y, a=a)
