"""Persistence: writes models and checkpoints to files without code, which are safe to load even from a stranger.

`container` stores JSON and arrays in one file with a checksum, and `atomic` replaces a file at once. `encoder` and
`decoder` convert estimators to JSON and back. `storable` lists what may be stored. `integrity` checks whether the parts
of a file agree. `checkpoint` continues training after a crash.
"""

from __future__ import annotations

from .checkpoint import Checkpoint, Recorder
from .container import FileFormatError
from .decoder import Decoder, consistent, read_model
from .encoder import write_estimator
from .integrity import check_fitted
from .storable import RECORDS

__all__ = [
    "RECORDS",
    "Checkpoint",
    "Decoder",
    "FileFormatError",
    "Recorder",
    "check_fitted",
    "consistent",
    "read_model",
    "write_estimator",
]
