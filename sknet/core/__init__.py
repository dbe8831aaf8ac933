"""Core: the network with its layers, losses and optimizers. It uses NumPy and SciPy only.

Each file is named after what it contains. Layers, activations and losses are pairs of functions, forward and backward.
They write to memory that the caller passes. All parameters lie in one flat vector (`memory`). `inputs` contains layers
that transform the columns before the first `Dense` layer.

Names used everywhere in the core:

======== =====================================================================
theta    all parameters of a network (weights, biases and other arrays) in one
         flat vector, weights first
grad     their gradients, same layout
W, b     views of a layer's weights (d, k) and biases (k,); ``dW, db`` likewise
x        input rows of a layer, shape (n, d)
z        pre-activation ``x @ W + b``, shape (n, k)
a        activation ``f(z)``, shape (n, k)
delta    dL/da, and dL/dz after the backward pass of the activation
n, d, k  number of rows, inputs, outputs
out      array that the function writes to; the caller allocates it
======== =====================================================================
"""

from __future__ import annotations

from .activations import ACTIVATIONS, EXP, LEAK, SELU_ALPHA, SELU_SCALE, Activation
from .averaging import Average
from .batches import Batches, Codes, Smoothed, Stacked, Targets, Values
from .categories import OTHER, Categories
from .collapse import collapse_linear
from .dropout import Dropout
from .folding import fold_normalization, fold_units, is_plain
from .initializers import INITIALIZERS, Initializer, initializer_for
from .inputs import PeriodicEmbedding, Scaling
from .layers import Dense, Layer, Training, n_learned, width_in
from .losses import LOSSES, ElementwiseLoss, GroupedLogLoss, Huber, Loss, Quantile
from .members import combine
from .memory import Memory, Parameters, Workspace
from .network import Network
from .normalization import BatchNormalization, LayerNormalization, Nonlinearity
from .optimizers import SGD, STOCHASTIC_SOLVERS, Adagrad, Adam, Optimizer, RMSprop
from .piecewise import PiecewiseLinear
from .rows import FAR, Rows, Units, converted_once, in_chunks
from .schedules import (
    SCHEDULES,
    Adaptive,
    Clock,
    Constant,
    Cosine,
    Exponential,
    InverseScaling,
    LogCosine,
    OneCycle,
    Schedule,
    Warmup,
    schedule_for,
)
from .table import TableRows
from .training import Epoch, lbfgs, stochastic

__all__ = [
    "ACTIVATIONS",
    "EXP",
    "FAR",
    "INITIALIZERS",
    "LEAK",
    "LOSSES",
    "OTHER",
    "SCHEDULES",
    "SELU_ALPHA",
    "SELU_SCALE",
    "SGD",
    "STOCHASTIC_SOLVERS",
    "Activation",
    "Adagrad",
    "Adam",
    "Adaptive",
    "Average",
    "BatchNormalization",
    "Batches",
    "Categories",
    "Clock",
    "Codes",
    "Constant",
    "Cosine",
    "Dense",
    "Dropout",
    "ElementwiseLoss",
    "Epoch",
    "Exponential",
    "GroupedLogLoss",
    "Huber",
    "Initializer",
    "InverseScaling",
    "Layer",
    "LayerNormalization",
    "LogCosine",
    "Loss",
    "Memory",
    "Network",
    "Nonlinearity",
    "OneCycle",
    "Optimizer",
    "Parameters",
    "PeriodicEmbedding",
    "PiecewiseLinear",
    "Quantile",
    "RMSprop",
    "Rows",
    "Scaling",
    "Schedule",
    "Smoothed",
    "Stacked",
    "TableRows",
    "Targets",
    "Training",
    "Units",
    "Values",
    "Warmup",
    "Workspace",
    "collapse_linear",
    "combine",
    "converted_once",
    "fold_normalization",
    "fold_units",
    "in_chunks",
    "initializer_for",
    "is_plain",
    "lbfgs",
    "n_learned",
    "schedule_for",
    "stochastic",
    "width_in",
]
