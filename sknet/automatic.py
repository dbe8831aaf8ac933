"""Automatic: the value of each parameter that is "auto", for the rows of a call.

There are two cases. Tables are more than 200 dense rows, trained in mini-batches by `fit`. Their defaults were measured
on real tables: four members, each with another tenth of the rows as validation rows for early stopping by the loss;
averaged weights; ``standardize="robust"``; a piecewise-linear embedding of numbers; GELU from 1,000 rows on; float32.
All other data, `partial_fit`, and L-BFGS have one ReLU network without these.
`examples/benchmarks/README.md` shows how much each part improved the results.
"""

from __future__ import annotations

import copy
import math
from typing import Any, NamedTuple

import numpy as np

from ._parameters import activation_for, is_auto, shown, with_plain_numbers
from .core import Activation

FEW_ROWS = 200
FEWEST_HELD_OUT = 10  # validation rows, for early stopping
MOST_EMBEDDED = 100  # columns of numbers; images have more
WAIT = 0.4  # patience of tables, as a share of the epochs up to the best one
_BATCH, _LEAST_BATCH, _BATCHES_OF_AN_EPOCH = 128, 32, 8
_DECAY = 0.02
_OF_EPOCHS = ("early_stopping", "averaging")  # an earlier fit's values of these do not apply to L-BFGS
# Parameters that an earlier fit has fixed for later calls, whether given or chosen.
_KEPT = ("activation", "dropout", "n_members", "averaging", "embedding", "standardize", "dtype")
_SETTINGS = (
    "activation", "learning_rate_init", "early_stopping", "scoring", "standardize", "embedding", "dropout",
    "weight_decay", "label_smoothing", "averaging", "tol",
)  # fmt: skip
_SMALL_TABLE, _SLOWLY = 1000, 0.2  # with fewer rows, the functions of an embedding have this strength


class Facts(NamedTuple):
    """The facts that the values depend on.

    Attributes
    ----------
    n_rows, n_held_out : int
        Number of rows that have weight, and number of validation rows that have weight, from the same rows or passed by
        the caller.
    n_numbers : int
        Number of columns of numbers.
    dense, regression, incremental, own_set : bool
        Whether rows are dense, whether targets are numbers, whether the call is `partial_fit`, and whether the caller
        has passed a validation set.
    """

    n_rows: int
    n_held_out: int
    n_numbers: int
    dense: bool
    regression: bool
    incremental: bool
    own_set: bool = False


class Budget(NamedTuple):
    """How long to train: the number of updates, the smallest and the largest number of epochs, and the patience.

    The patience is ``patience`` updates, and at least ``least`` epochs.
    """

    updates: int
    epochs: tuple[int, int]
    patience: int
    least: int

    def max_iter(self, updates_of_an_epoch: int) -> int:
        """Return the number of epochs."""
        return min(max(round(self.updates / updates_of_an_epoch), self.epochs[0]), self.epochs[1])

    def n_iter_no_change(self, updates_of_an_epoch: int) -> int:
        """Return the patience in epochs."""
        return max(math.ceil(self.patience / updates_of_an_epoch), self.least)


PLAIN = Budget(4000, (30, 400), 0, 10)
TABLES = Budget(3000, (12, 400), 300, 4)
_PATIENT, _PATIENT_ON_OWN_SET = 100, 30  # epochs: of plain regressors; of few rows with the caller's validation set


def batch_rows(parameters: dict[str, Any], n: int) -> int:
    """Return the number of rows of a mini-batch, out of ``n``: ``"auto"`` is 128, or an eighth of many rows."""
    size = parameters["batch_size"]
    if not is_auto(size):
        return min(n, int(size))
    few = n <= FEW_ROWS and not parameters.get("tables")  # `n` may be without the validation rows
    return min(n, _BATCH) if few else min(_BATCH, max(_LEAST_BATCH, n // _BATCHES_OF_AN_EPOCH))


def resolved(parameters: dict[str, Any], facts: Facts, earlier: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the parameters with values in place of ``"auto"``, and some facts that follow from them.

    ``earlier`` contains the values of an earlier fit, if the call continues it. The added facts are ``"chosen"``, the
    values that later calls keep, including given ones that the network depends on; ``"reasons"``, the kind of
    ``"training"`` and the reason for each value; ``"tables"``, whether the training is that of tables; ``"budget"``,
    how long to train; ``"strength"``, that of a piecewise-linear embedding.
    """
    tables = _trains_as_tables(parameters, facts)
    choices = {name: why for name, why in _choices(parameters, facts, tables).items() if is_auto(parameters.get(name))}
    anew = _OF_EPOCHS if parameters["solver"] == "lbfgs" else ()
    choices |= {
        name: (value, "as in the earlier fit")
        for name, value in (earlier or {}).items()
        if name in choices and name not in anew and not np.array_equal(value, choices[name][0])
    }
    found = {name: value for name, (value, _) in choices.items()}
    kept = {name: copy.deepcopy(parameters[name]) for name in _KEPT if name in parameters and name not in found}
    more: dict[str, Any] = {"chosen": found | kept}
    choices |= _judged_by_own_set(parameters, facts, choices, tables)
    result = with_plain_numbers(parameters | {name: value for name, (value, _) in choices.items()})
    reasons = {name: reason for name, (_, reason) in choices.items()}
    more |= {"reasons": {"training": _kind_of_training(parameters, facts, tables)} | reasons, "tables": tables}
    more["budget"] = TABLES if tables else PLAIN._replace(least=_least_epochs(result, facts))
    more["strength"] = _SLOWLY if facts.n_rows < _SMALL_TABLE else 1.0
    return result | more


def lengths(p: dict[str, Any], batch_size: int, updates_of_an_epoch: int) -> dict[str, tuple[Any, str]]:
    """Return how long ``"auto"`` trains, for the resolved parameters ``p``, and the reasons.

    These are values for ``batch_size``, ``max_iter`` and ``n_iter_no_change``.
    """
    budget: Budget = p["budget"]
    most = budget.max_iter(updates_of_an_epoch), f"about {budget.updates:,} updates, {updates_of_an_epoch} an epoch"
    waits = f"{budget.patience} updates, or {WAIT} of the epochs up to the best" if budget.patience else ""
    found = {
        "batch_size": (batch_size, f"an eighth of the rows, from {_LEAST_BATCH} to {_BATCH}" if p["tables"] else ""),
        "max_iter": (200, "") if p["solver"] == "lbfgs" else most,
        "n_iter_no_change": (budget.n_iter_no_change(updates_of_an_epoch), waits),
    }
    return {name: (value, why or p["reasons"]["training"]) for name, (value, why) in found.items() if is_auto(p[name])}


def settings(p: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the values in this fit of the parameters that may be ``"auto"``: those in ``p``, and ``more``."""
    found = {name: copy.deepcopy(p[name]) for name in _SETTINGS if name in p} | more
    if callable(found["scoring"]):
        found["scoring"] = getattr(found["scoring"], "__name__", None) or shown(found["scoring"])
    given = found["activation"]
    single = isinstance(given, (str, Activation))
    found["activation"] = activation_for(given).name if single else [activation_for(each).name for each in given]
    return found


def _judged_by_own_set(p: dict[str, Any], facts: Facts, choices: dict[str, Any], tables: bool) -> dict[str, Any]:
    """Return the choices that follow from a validation set of the caller. They apply to this call only.

    Training then has early stopping. For few rows, the loss decides, because accuracy has few different values.
    """
    if not facts.own_set or facts.incremental or p["solver"] == "lbfgs":
        return {}
    reason = "a validation set was given"
    found = {"early_stopping": (True, reason)} if "early_stopping" in choices else {}
    if "scoring" in choices and not tables and facts.n_rows <= FEW_ROWS and (found or p["early_stopping"]):
        found["scoring"] = "loss", reason
    return found


def _least_epochs(p: dict[str, Any], facts: Facts) -> int:
    """Return the patience of plain training, in epochs."""
    if facts.regression:
        return _PATIENT
    few_of_own = facts.own_set and facts.n_rows <= FEW_ROWS and p.get("early_stopping")
    return _PATIENT_ON_OWN_SET if few_of_own else PLAIN.least


def _in_batches(p: dict[str, Any], facts: Facts) -> bool:
    return p["solver"] != "lbfgs" and facts.n_rows > batch_rows(p, facts.n_rows)


def _trains_as_tables(p: dict[str, Any], facts: Facts) -> bool:
    return _in_batches(p, facts) and facts.n_rows > FEW_ROWS and facts.dense and not facts.incremental


def _choices(p: dict[str, Any], facts: Facts, tables: bool) -> dict[str, tuple[Any, str]]:
    """Return the value of each parameter that may be ``"auto"``, and the reason."""
    batches, many = _in_batches(p, facts), facts.n_rows > FEW_ROWS
    stops, why_stops = _early_stopping(p, facts)
    embedded = tables and 0 < facts.n_numbers <= MOST_EMBEDDED
    rate = (0.01 if facts.regression else 0.006) if tables else 0.003
    decay = _weight_decay(p, facts, tables, rate)
    kind = _kind_of_training(p, facts, tables)
    return {
        "activation": _activation(facts, tables, kind),
        "learning_rate_init": (rate, kind),
        "early_stopping": (stops, why_stops),
        "weight_decay": (decay, "few rows of a regressor" if decay > _DECAY else kind),
        "label_smoothing": (0.0 if tables or p["solver"] == "lbfgs" else 0.05, kind),
        "dropout": _dropout(facts, batches, kind),
        "n_members": (4, "enough rows for validation") if tables and stops else (1, why_stops if tables else kind),
        "averaging": (0.99 if tables else 0.0, kind),
        "embedding": ("piecewise_linear" if embedded else None, _why_embedded(facts) if tables else kind),
        "standardize": ("robust" if tables else True, kind),
        "dtype": ("float32" if batches and many and not facts.incremental else None, kind),
        "scoring": ("loss" if tables else None, kind),
        # If targets have no noise, the loss is small, and each epoch reduces it by less than 1e-4.
        "tol": (0.0, "a regressor of a table") if tables and facts.regression else (1e-4, kind),
    }


def _kind_of_training(p: dict[str, Any], facts: Facts, tables: bool) -> str:
    """Return the kind of training in words."""
    if tables:
        return f"a table: {facts.n_rows:,} dense rows in mini-batches"
    if p["solver"] == "lbfgs":
        return "L-BFGS"
    if facts.incremental:
        return "plain training: rows come in partial_fit"
    if not facts.dense:
        return "plain training: sparse rows"
    return f"plain training: {'a single mini-batch' if facts.n_rows > FEW_ROWS else f'{facts.n_rows} rows'}"


def _early_stopping(p: dict[str, Any], facts: Facts) -> tuple[bool, str]:
    if p["solver"] == "lbfgs":
        return False, "L-BFGS"
    if facts.incremental:
        return False, "rows come in partial_fit"
    if not _in_batches(p, facts):
        return False, "all rows are in one mini-batch"
    if facts.n_held_out < FEWEST_HELD_OUT:
        return False, f"fewer than {FEWEST_HELD_OUT} validation rows"
    if facts.n_rows <= FEW_ROWS and not facts.regression:
        return False, f"a classifier of at most {FEW_ROWS} rows"
    return True, f"{facts.n_held_out} validation rows"


def _activation(facts: Facts, tables: bool, kind: str) -> tuple[str, str]:
    if not tables:
        return "relu", kind
    small = facts.n_rows < _SMALL_TABLE
    return "relu" if small else "gelu", f"a table of {'fewer than' if small else 'at least'} {_SMALL_TABLE:,} rows"


def _dropout(facts: Facts, batches: bool, kind: str) -> tuple[float, str]:
    if facts.regression:
        return 0.0, "a regressor"
    return (0.1, "a classifier in mini-batches") if batches else (0.0, kind)


def _why_embedded(facts: Facts) -> str:
    return f"a table; columns of numbers: {facts.n_numbers}"


def _weight_decay(p: dict[str, Any], facts: Facts, tables: bool, rate: float) -> float:
    """Return the weight decay. It is larger for a regressor of few rows, because a network could fit these exactly.

    At a larger learning rate it is smaller, so that weights shrink as fast as at the default learning rate.
    """
    if p["solver"] == "lbfgs":
        return 0.0
    few = facts.regression and facts.n_rows <= FEW_ROWS and not facts.incremental and not tables
    given = p.get("learning_rate_init", "auto")
    return min(1.0, 0.003 / (rate if is_auto(given) else given)) if few and p["solver"] == "adam" else _DECAY
