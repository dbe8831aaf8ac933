"""Fingerprint: computes a hash of rows, reading them in chunks."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import scipy.sparse as sp

from ..core import Codes, Stacked, in_chunks
from .data import Data

_CHUNK_ELEMENTS = 2**18


def fingerprint_of(data: Data, index: np.ndarray | None = None) -> str:
    """Return a hash of the inputs, encoded targets and weights of the rows ``index``, None for all rows."""
    n = data.n_rows if index is None else len(index)
    width = data.X.shape[1] + sum(map(len, _encoded(data.targets, slice(0))))
    size = min(n, max(1, _CHUNK_ELEMENTS // width))
    digest = hashlib.sha256(f"{n} {data.X.dtype} {data.weights is None}".encode())
    for chunk in in_chunks(n, size):
        rows = chunk if index is None else index[chunk]
        codes = () if data.codes is None else (data.codes[rows],)
        for array in (*_arrays(data.X[rows]), *codes, *_encoded(data.targets, rows)):
            digest.update(np.ascontiguousarray(array))
        if data.weights is not None:
            digest.update(np.ascontiguousarray(data.weights[rows]))
    return digest.hexdigest()[:32]


def _encoded(targets: Any, rows: Any) -> list[np.ndarray]:
    """Return the targets of ``rows``, one row for each target; a class is its number, not a one-hot row."""
    if isinstance(targets, Stacked):
        return [array for part in targets.parts for array in _encoded(part, rows)]
    return [targets.codes[None, rows] if isinstance(targets, Codes) else targets.columns[:, rows].astype(np.float64)]


def _arrays(X: Any) -> tuple[np.ndarray, ...]:
    return (X.data, X.indices, X.indptr) if sp.issparse(X) else (X,)
