"""Preprocessing: from what the user has to the matrices that a network computes with, and back.

Labels that came as objects (`labels`), labels and numbers of y (`targets`), units of inputs and outputs (`scaling`,
from `moments`, `quartiles` and `values` of columns), row weights (`weights`), rows set aside for validation
(`splitting`) and what tells them from others (`fingerprint`), rows to predict from (`checking`).
"""

from __future__ import annotations

from .checking import summed, valid_inputs
from .data import Data
from .fingerprint import fingerprint_of
from .labels import plain_classes, plain_labels, which_is_positive
from .moments import LogMean, Moments
from .quartiles import Quartiles
from .scaling import (
    Measured,
    fits,
    input_units,
    measure_inputs,
    measure_outputs,
    output_units,
    rescale_inputs,
    rescale_outputs,
    same_units,
)
from .splitting import validation_split
from .targets import LabelEncoding, accuracy, as_column, as_numbers, check_domain
from .values import columns_to_embed
from .weights import balanced, check_weights, counted_in_rows

__all__ = [
    "Data",
    "LabelEncoding",
    "LogMean",
    "Measured",
    "Moments",
    "Quartiles",
    "accuracy",
    "as_column",
    "as_numbers",
    "balanced",
    "check_domain",
    "check_weights",
    "columns_to_embed",
    "counted_in_rows",
    "fingerprint_of",
    "fits",
    "input_units",
    "measure_inputs",
    "measure_outputs",
    "output_units",
    "plain_classes",
    "plain_labels",
    "rescale_inputs",
    "rescale_outputs",
    "same_units",
    "summed",
    "valid_inputs",
    "validation_split",
    "which_is_positive",
]
