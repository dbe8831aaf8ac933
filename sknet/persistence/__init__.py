"""Persistence: models and checkpoints as files that contain no code, so they are safe to load from a stranger.

JSON and arrays in one file with a checksum (`container`), replaced at once (`atomic`); estimators to JSON and back
(`encoder`, `decoder`); the list of what may be stored (`storable`); whether the parts of a file agree (`integrity`);
training that goes on after a crash (`checkpoint`).
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
