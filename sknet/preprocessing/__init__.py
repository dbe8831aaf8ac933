"""Preprocessing: converts the user's X and y to the matrices that a network computes with, and back.

`checking` checks rows of X. `columns` finds the columns that are categories, and `levels` finds their levels. `labels`
converts labels that are Python objects, `targets` converts the labels and numbers of y, and `weights` checks row
weights. `data` holds the result of all these. `scaling` standardizes inputs and outputs by the `moments`, `quartiles`
or `values` of columns. `splitting` chooses the validation rows. `fingerprint` computes a hash of rows.
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
