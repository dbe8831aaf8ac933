"""Training: one run of a solver, from the plan of a network to the attributes of a fitted estimator.

Layers planned from parameters (`planning`), the state between runs (`state`), in which one begins (`starting`) and with
which values (`initial`), its units (`units`), the run (`fitting`), the members that are trained side by side
(`members`), held-out rows (`validation`) and the scores that judge them (`judging`), its end (`stopping`), what it
shows (`progress`) and its threads (`threads`), fitted attributes (`publishing`), and what they predict (`prediction`)
in bounded memory (`chunks`).
"""

from __future__ import annotations

from .fitting import Run
from .initial import start_at_the_data
from .judging import D2, Accuracy, scorer_of_weights
from .members import is_permutation, joined
from .planning import plan_network
from .prediction import acting, decoded, raw_outputs, units_of, weights_for_raw_inputs
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
    "Judged",
    "Plateau",
    "Run",
    "State",
    "Validation",
    "acting",
    "advance",
    "decoded",
    "fitted_attributes",
    "is_permutation",
    "joined",
    "new_state",
    "plan_network",
    "raw_outputs",
    "resumed_state",
    "rows_for",
    "scorer_of_weights",
    "set_units",
    "split_generator",
    "start_at_the_data",
    "targets_for",
    "units_of",
    "weights_for_raw_inputs",
]
