"""Automatic: the value of each parameter that is "auto", for the rows of a call.

There are two cases. Tables are more than 300 dense rows, trained in mini-batches by `fit`. Their defaults were measured
on real tables: four networks side by side, each with a tenth of the rows held out for early stopping by the loss;
averaged weights; ``standardize="robust"``; a piecewise-linear embedding of numbers; float32. All other data, streams,
and fits by L-BFGS have one network without these.
`examples/benchmarks/README.md` shows how much each part improved the results.
"""

from __future__ import annotations

import copy
import math
from typing import Any, NamedTuple

from ._parameters import is_auto, with_plain_numbers

FEW_ROWS = 300
FEWEST_HELD_OUT = 10  # rows, for early stopping
MOST_EMBEDDED = 100  # columns of numbers; images have more
WAIT = 0.4  # epochs to wait for an improvement, as a share of the epochs up to the best one
_BATCH, _LEAST_BATCH, _BATCHES_OF_AN_EPOCH = 128, 32, 8
_DECAY = 0.02
_OF_EPOCHS = ("early_stopping", "averaging")  # L-BFGS that goes on after epochs has neither
# What a network that goes on has already, whether it was given or chosen.
_KEPT = ("dropout", "n_members", "averaging", "embedding", "standardize", "dtype")
_FEW_TO_EMBED, _SLOWLY = 1000, 0.2  # with fewer rows, the lines of an embedding are learned more slowly


class Facts(NamedTuple):
    """What the values depend on.

    Attributes
    ----------
    n_rows, n_held_out : int
        Rows that have weight, and those of them, or of the caller's own set, that there are to validate on.
    n_numbers : int
        Columns of numbers.
    dense, regression, incremental : bool
        Whether rows are dense, targets are numbers, and more rows will come in `partial_fit`.
    """

    n_rows: int
    n_held_out: int
    n_numbers: int
    dense: bool
    regression: bool
    incremental: bool


class Budget(NamedTuple):
    """How long to train: number of updates, bounds of the number of epochs, and updates to wait for an improvement.

    ``patience`` of None stands for a number of epochs.
    """

    updates: int
    epochs: tuple[int, int]
    patience: int | None

    def max_iter(self, updates_of_an_epoch: int) -> int:
        """Return the number of epochs."""
        return min(max(round(self.updates / updates_of_an_epoch), self.epochs[0]), self.epochs[1])

    def n_iter_no_change(self, updates_of_an_epoch: int, *, regression: bool) -> int:
        """Return the number of epochs to wait."""
        if self.patience is None:
            return 100 if regression else 10
        return max(math.ceil(self.patience / updates_of_an_epoch), 4)


PLAIN = Budget(4000, (30, 400), None)
TABLES = Budget(3000, (12, 400), 300)


def batch_rows(parameters: dict[str, Any], n: int) -> int:
    """Return how many of ``n`` rows make a mini-batch: ``"auto"`` is 128, or less for eight batches of all rows."""
    size = parameters["batch_size"]
    if not is_auto(size):
        return min(n, int(size))
    return min(n, _BATCH) if n <= FEW_ROWS else min(_BATCH, max(_LEAST_BATCH, n // _BATCHES_OF_AN_EPOCH))


def resolved(parameters: dict[str, Any], facts: Facts, earlier: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the parameters with values in place of ``"auto"``, and a few facts that follow.

    ``earlier`` are the values that an earlier fit had, for a call that goes on with it. Added are ``"chosen"``, the
    values of this fit for the next, with those given that the network is made of; ``"tables"``, whether training is
    that of tables; ``"budget"``, how long it takes; ``"strength"``, that of a piecewise-linear embedding.
    """
    tables = _trains_as_tables(parameters, facts)
    found = {
        name: value for name, value in _choices(parameters, facts, tables).items() if is_auto(parameters.get(name))
    }
    anew = _OF_EPOCHS if parameters["solver"] == "lbfgs" else ()
    found |= {name: value for name, value in (earlier or {}).items() if name in found and name not in anew}
    kept = {name: copy.deepcopy(parameters[name]) for name in _KEPT if name in parameters and name not in found}
    more = {"chosen": found | kept, "tables": tables, "budget": TABLES if tables else PLAIN}
    more["strength"] = _SLOWLY if facts.n_rows < _FEW_TO_EMBED else 1.0
    return with_plain_numbers(parameters | found) | more


def _in_batches(p: dict[str, Any], facts: Facts) -> bool:
    return p["solver"] != "lbfgs" and facts.n_rows > batch_rows(p, facts.n_rows)


def _trains_as_tables(p: dict[str, Any], facts: Facts) -> bool:
    return _in_batches(p, facts) and facts.n_rows > FEW_ROWS and facts.dense and not facts.incremental


def _choices(p: dict[str, Any], facts: Facts, tables: bool) -> dict[str, Any]:
    """Return what each parameter becomes that may be left open."""
    batches, many = _in_batches(p, facts), facts.n_rows > FEW_ROWS
    holds_out = batches and not facts.incremental and facts.n_held_out >= FEWEST_HELD_OUT
    stops = holds_out and (many or facts.regression)
    embedded = tables and 0 < facts.n_numbers <= MOST_EMBEDDED
    rate = (0.01 if facts.regression else 0.006) if tables else 0.003
    return {
        "learning_rate_init": rate,
        "early_stopping": stops,
        "weight_decay": _weight_decay(p, facts, tables, rate),
        "label_smoothing": 0.0 if tables or p["solver"] == "lbfgs" else 0.05,
        "dropout": 0.1 if batches and not facts.regression else 0.0,
        "n_members": 4 if tables and stops else 1,
        "averaging": 0.99 if tables else 0.0,
        "embedding": "piecewise_linear" if embedded else None,
        "standardize": "robust" if tables else True,
        "dtype": "float32" if batches and many and not facts.incremental else None,
        "scoring": "loss" if tables else None,
        "tol": 0.0 if tables and facts.regression else 1e-4,  # a good fit of noiseless targets improves by less
    }


def _weight_decay(p: dict[str, Any], facts: Facts, tables: bool, rate: float) -> float:
    """Return the decay: more for few rows of a regressor, as a network could pass through these exactly.

    At a larger learning rate it is smaller, so that weights shrink no faster than at the default one.
    """
    if p["solver"] == "lbfgs":
        return 0.0
    few = facts.regression and facts.n_rows <= FEW_ROWS and not facts.incremental and not tables
    given = p.get("learning_rate_init", "auto")
    return min(1.0, 0.003 / (rate if is_auto(given) else given)) if few and p["solver"] == "adam" else _DECAY
