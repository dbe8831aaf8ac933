"""Preprocessing: converts the user's X and y to the matrices that a network computes with, and back.

Rows of X, checked (`checking`), their columns of categories (`columns`) and the levels of these (`levels`), labels that
came as objects (`labels`), labels and numbers of y (`targets`), row weights (`weights`), all of it together (`data`),
units of inputs and outputs (`scaling`, from `moments`, `quartiles` and `values` of columns), rows set aside for
validation (`splitting`), and a hash of rows (`fingerprint`).
"""

from __future__ import annotations

from .checking import Inputs, gaps_of, valid_inputs, valid_rows
from .columns import Columns, columns_of
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
from .splitting import validation_folds, validation_split
from .targets import LabelEncoding, accuracy, as_column, as_numbers, check_domain
from .values import columns_to_embed
from .weights import balanced, check_weights, counted_in_rows

__all__ = [
    "Columns",
    "Data",
    "Inputs",
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
    "columns_of",
    "columns_to_embed",
    "counted_in_rows",
    "fingerprint_of",
    "fits",
    "gaps_of",
    "input_units",
    "measure_inputs",
    "measure_outputs",
    "output_units",
    "plain_classes",
    "plain_labels",
    "rescale_inputs",
    "rescale_outputs",
    "same_units",
    "valid_inputs",
    "valid_rows",
    "validation_folds",
    "validation_split",
    "which_is_positive",
]
