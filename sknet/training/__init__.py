"""Training: one run of a solver, from the plan of a network to the attributes of a fitted estimator.

Layers planned from parameters (`planning`), the state between runs (`state`) and in which one begins (`starting`), the
run (`fitting`), its held-out rows (`validation`) and the scores that judge them where the user names none (`judging`),
its end (`stopping`) and its threads (`threads`), prediction in bounded memory (`chunks`), and fitted attributes
(`publishing`).
"""

from __future__ import annotations

from .chunks import forward_in_chunks
from .fitting import Run
from .judging import D2, Accuracy, Judge
from .planning import plan_network
from .publishing import fitted_attributes
from .starting import advance, new_state, resumed_state
from .state import History, State, rows_for, split_generator, targets_for
from .stopping import Plateau
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
    "split_generator",
    "targets_for",
]
