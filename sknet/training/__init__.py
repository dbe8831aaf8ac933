"""Training: one run of a solver, from the plan of a network to the attributes of a fitted estimator.

Layers planned from parameters (`planning`), the state between runs (`state`) and in which one begins (`starting`), its
units (`units`), the run (`fitting`), its held-out rows (`validation`) and the scores that judge them where the user
names none (`judging`), its end (`stopping`) and its threads (`threads`), prediction in bounded memory (`chunks`), and
fitted attributes (`publishing`).
"""

from __future__ import annotations

from .chunks import forward_in_chunks
from .fitting import Run
from .judging import D2, Accuracy, Judge
from .planning import plan_network
from .publishing import fitted_attributes
from .starting import advance, new_state, resumed_state
from .state import History, State, split_generator
from .stopping import Plateau
from .units import rows_for, set_units, targets_for
from .validation import Judged, Validation

__all__ = [
    "D2",
    "Accuracy",
    "History",
    "Judge",
    "Judged",
    "Plateau",
    "Run",
    "State",
    "Validation",
    "advance",
    "fitted_attributes",
    "forward_in_chunks",
    "new_state",
    "plan_network",
    "resumed_state",
    "rows_for",
    "set_units",
    "split_generator",
    "targets_for",
]
