"""Training: one run of a solver, from the plan of a network to the attributes of a fitted estimator.

Layers planned from parameters (`planning`), what lives between runs (`state`), the run (`fitting`) with its loss and
score of held-out rows (`validation`), its end (`stopping`) and its threads (`threads`), prediction in bounded memory
(`chunks`), and fitted attributes (`publishing`).
"""

from __future__ import annotations

from .chunks import forward_in_chunks
from .fitting import Run
from .planning import plan_network
from .publishing import fitted_attributes
from .state import History, State, change_units, optimizer_for, resume_optimizer, rows_for, targets_for
from .stopping import Plateau
from .validation import Validation

__all__ = [
    "History",
    "Plateau",
    "Run",
    "State",
    "Validation",
    "change_units",
    "fitted_attributes",
    "forward_in_chunks",
    "optimizer_for",
    "plan_network",
    "resume_optimizer",
    "rows_for",
    "targets_for",
]
