"""Storable: what a model file may hold besides numbers, strings and arrays. A list, and nothing else.

Reading a file looks names up in these tables. It imports nothing and calls nothing that a file could name.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from .core.activations import ACTIVATIONS, Activation
from .core.dropout import Dropout
from .core.initializers import INITIALIZERS, Initializer
from .core.inputs import PeriodicEmbedding, Scaling
from .core.layers import Dense, Layer
from .core.losses import LOSSES, GroupedLogLoss, Loss
from .core.network import Network
from .core.normalization import BatchNormalization, LayerNormalization, Nonlinearity
from .core.optimizers import SGD, Adagrad, Adam, Optimizer, RMSprop
from .core.schedules import SCHEDULES, Clock, Schedule
from .scaling import Moments, Quartiles
from .state import History, State
from .stopping import Plateau
from .targets import LabelEncoding

ESTIMATORS = ("MLPClassifierScratch", "MLPRegressorScratch", "HiddenLayerTransformer")

# The classes behind a protocol, and those that a number may have.
KINDS: dict[Any, tuple[type, ...]] = {
    Layer: (Scaling, PeriodicEmbedding, Dense, Dropout, BatchNormalization, LayerNormalization, Nonlinearity),
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
    for group in (*KINDS.values(), (State, Network, Moments, Quartiles, Clock, Plateau, History, LabelEncoding))
    for kind in group
    if is_dataclass(kind)
}

# Objects that hold code, stored by their names.
NAMED: dict[type, dict[str, Any]] = {
    Activation: ACTIVATIONS | {loss.output_activation.name: loss.output_activation for loss in LOSSES.values()},
    Initializer: INITIALIZERS,
    type: {"float": float, "float32": np.float32, "float64": np.float64},
}
