"""Storable: the list of what a model file may contain besides numbers, strings and arrays.

A reader looks names up in these tables. It never imports or calls anything that a file names.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from ..core import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    SCHEDULES,
    SGD,
    Activation,
    Adagrad,
    Adam,
    BatchNormalization,
    Categories,
    Clock,
    Dense,
    Dropout,
    GroupedLogLoss,
    Initializer,
    Layer,
    LayerNormalization,
    Loss,
    Network,
    Nonlinearity,
    Optimizer,
    PeriodicEmbedding,
    PiecewiseLinear,
    RMSprop,
    Scaling,
    Schedule,
    Units,
)
from ..preprocessing import Columns, LabelEncoding, LogMean, Moments, Quartiles
from ..training import History, Plateau, State

ESTIMATORS = ("MLPClassifierScratch", "MLPRegressorScratch", "HiddenLayerTransformer")

# The classes that implement each protocol, and the types that are allowed for each kind of number.
KINDS: dict[Any, tuple[type, ...]] = {
    Layer: (
        Scaling,
        Categories,
        PeriodicEmbedding,
        PiecewiseLinear,
        Dense,
        Dropout,
        BatchNormalization,
        LayerNormalization,
        Nonlinearity,
    ),
    Loss: (GroupedLogLoss, *map(type, LOSSES.values())),
    Optimizer: (Adam, SGD, RMSprop, Adagrad),
    Schedule: tuple(dict.fromkeys(map(type, SCHEDULES.values()))),
    float: (Real,),
    int: (Integral,),
    bool: (bool, np.bool_),
}

# Dataclasses, stored field by field.
RECORDS: dict[str, type] = {
    kind.__name__: kind
    for group in (
        *KINDS.values(),
        (State, Network, Units, Moments, Quartiles, LogMean),
        (Clock, Plateau, History),
        (LabelEncoding, Columns),
    )
    for kind in group
    if is_dataclass(kind)
}

# Objects that hold code, stored by their names.
NAMED: dict[type, dict[str, Any]] = {
    Activation: ACTIVATIONS | {loss.output_activation.name: loss.output_activation for loss in LOSSES.values()},
    Initializer: INITIALIZERS,
    type: {"float": float, "float32": np.float32, "float64": np.float64},
}
