"""Warnings that point at the line that called the package, however deep in it they arise."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import sklearn

_INSIDE = str(Path(__file__).parent), str(Path(sklearn.__file__).parent / "callback")


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn in the name of the first frame outside of this package (and of scikit-learn's callback decorator)."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
