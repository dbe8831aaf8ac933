"""Training: one run of a solver, from the plan of a network to the attributes of a fitted estimator.

`planning` turns parameters into layers. `state` contains what is kept between runs, `starting` and `initial` create it,
and `units` standardizes inputs and targets. `fitting` makes one run, `members` trains several networks side by side,
and `threads` limits the threads of BLAS. `validation` and `judging` score the validation rows, `stopping` decides when
to stop, and `progress` prints. `publishing` makes the fitted attributes, from which `prediction` predicts, in `chunks`
of rows.
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
