"""Summary: text that describes the layers of a fitted network, the values of "auto", and the training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from .core import Dense, Dropout, Layer, Nonlinearity, n_learned, width_in

# The parameters that may be "auto" and that L-BFGS uses.
_OF_LBFGS = {"max_iter", "tol", "standardize", "embedding", "dtype"}
_ENDS = {
    None: "not recorded",
    "max_iter": "max_iter was reached",
    "max_fun": "max_fun was reached",
    "converged": "L-BFGS converged",
    "line_search": "L-BFGS found no lower loss along its search direction",
    "callback": "a callback stopped it",
    "interrupt": "interrupted by the user; the weights reached by then are kept",
    "divergence": "the loss was no longer finite; the best earlier weights are kept",
    "partial_fit": "a call of partial_fit trains for one epoch",
}


def summary_of(net: Any) -> str:
    """Return the summary of a fitted estimator."""
    state = net._state
    several = "" if state.n_members == 1 else f"{state.n_members} members, "
    title = f"{type(net).__name__}: {several}{net.n_parameters_:,} parameters in {state.theta.dtype.name}"
    parts = [title, *_table(["Layer", "Shape", "Activation", "Parameters"], _layers(net), right=(3,))]
    if chosen := list(_chosen(net)):
        parts += ["", *_table([f"Chosen for {state.reasons.get('training', 'this fit')}", "", ""], chosen)]
    return "\n".join([*parts, "", *_table(["Training", ""], _training(net))])


def _table(heads: Sequence[str], rows: Any, right: Sequence[int] = ()) -> list[str]:
    """Return the lines of a table. If it has one heading only, this may be longer than its column."""
    rows = list(rows)
    open_end = heads[1] == ""
    cells = rows if open_end else [heads, *rows]
    widths = [max(map(len, column)) for column in zip_longest(*cells, fillvalue="")]
    lines = [
        "  ".join(f"{cell:{'>' if i in right else '<'}{widths[i]}}" for i, cell in enumerate(row)).rstrip()
        for row in cells
    ]
    head = [heads[0]] if open_end else lines[:1]
    return [*head, *(f"  {line}" for line in lines)] if open_end else ["", *head, *lines[1:]]


def _layers(net: Any) -> Iterator[tuple[str, str, str, str]]:
    layers, k = net._state.network.layers, net._state.n_members
    for layer in layers:
        kind, activation = _named(layer)
        if layer is layers[-1]:
            kind, activation = "output", net.out_activation_
        n = n_learned(layer)
        yield kind, f"{width_in(layer)} -> {layer.n_out}", activation, f"{n:,}" if n else ""
    if k > 1:
        yield "each member", "", "", f"{net.n_parameters_ // k:,}"


def _named(layer: Layer) -> tuple[str, str]:
    """Return the kind of a layer, and its activation if it has one."""
    match layer:
        case Dense():
            return "dense", layer.activation.name
        case Nonlinearity():
            return "non-linearity", layer.activation.name
        case Dropout():
            return f"dropout {layer.rate:g}", ""
    return str(layer).partition("(")[0], ""


def _chosen(net: Any) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and reason of each parameter that was "auto"; no reason if it is just the kind of training."""
    reasons, taken = net._state.reasons, net._state.reasons.keys() - {"training"}
    if net._state.optimizer is None:
        taken &= _OF_LBFGS
    if net._state.stopping_reason == "partial_fit":
        taken -= {"max_iter"}
    for name, reason in reasons.items():
        if name not in taken:
            continue
        value = getattr(net, f"{name}_")
        text = f"{value:g}" if isinstance(value, float) else str(value)
        yield name, text, "" if reason == reasons["training"] else reason


def _training(net: Any) -> Iterator[tuple[str, str]]:
    state = net._state
    units = "epochs" if state.optimizer is not None else "iterations"
    most = state.settings.get("max_iter")
    text = f"{net.n_iter_}"
    if most is not None and state.stopping_reason != "partial_fit":
        text += f" of at most {most}"
    if len(net.loss_curve_) > net.n_iter_:
        text += f" in the last call, {len(net.loss_curve_)} in all"
    yield units, text
    yield "loss", f"{net.loss_:.4g} at the end"
    if net.validation_scores_ is not None and (best := _best(net)):
        yield best
    yield "ended", _end(net)


def _best(net: Any) -> tuple[str, str] | None:
    """Return the best validation score, and its position in `validation_scores_`."""
    best = net.best_validation_score_
    if best is None:
        return None
    by_loss = _judged_by(net) == "loss"
    start = net._state.judged_from
    scores = np.asarray(net.validation_scores_[start:])
    where = f"epoch {start + int(np.argmax(scores == best)) + 1}" if best in scores else "an earlier call"
    kept = ", whose weights are kept" if net._state.best is not None else ""
    return f"best {'validation loss' if by_loss else 'score'}", f"{-best if by_loss else best:.4g} in {where}{kept}"


def _judged_by(net: Any) -> Any:
    return None if net._state.judged is None else net._state.judged[0]


def _end(net: Any) -> str:
    state = net._state
    if state.stopping_reason != "n_iter_no_change":
        return _ENDS.get(state.stopping_reason, str(state.stopping_reason))
    what = "validation loss" if _judged_by(net) == "loss" else "validation score"
    if state.stops_by == "training loss":
        what = "training loss"
    return f"the {what} did not improve by tol={net.tol_:g} for {state.plateau.count} epochs"
