"""Preprocessing: from what the user has to the matrices that a network computes with, and back.

Labels that came as objects (`labels`), labels and numbers of y (`targets`), units of inputs and outputs (`scaling`),
row weights (`weights`), rows set aside for validation (`splitting`), rows to predict from (`checking`).
"""

from __future__ import annotations

from .checking import valid_inputs
from .data import Data
from .fingerprint import fingerprint
from .labels import plain_classes, plain_labels
from .scaling import (
    Moments,
    Quartiles,
    Units,
    columns_to_embed,
    rescale_inputs,
    rescale_outputs,
    rescale_scaling,
    units_of,
)
from .splitting import validation_split
from .targets import LabelEncoding, accuracy, as_column, as_numbers, check_domain
from .weights import balanced, check_weights, counted_in_rows

__all__ = [
    "Data",
    "LabelEncoding",
    "Moments",
    "Quartiles",
    "Units",
    "accuracy",
    "as_column",
    "as_numbers",
    "balanced",
    "check_domain",
    "check_weights",
    "columns_to_embed",
    "counted_in_rows",
    "fingerprint",
    "plain_classes",
    "plain_labels",
    "rescale_inputs",
    "rescale_outputs",
    "rescale_scaling",
    "units_of",
    "valid_inputs",
    "validation_split",
]
