"""Starting: returns the state in which a run begins, either a new one or that of an earlier call."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ..core import Loss, Network
from ..preprocessing import Data, columns_to_embed
from .planning import plan_network
from .state import State, optimizer_for, resume_optimizer


def new_state(p: dict[str, Any], data: Data, n_outputs: int, loss: Loss, *, stream: bool = False) -> State:
    """Return the state of a new network for the resolved parameters ``p``; its units are not set yet.

    ``stream`` tells whether `partial_fit` may bring more rows.
    """
    columns = columns_to_embed(p["embedding"], data.X, data.weights, stream=stream)
    network = _network(p, data, n_outputs, loss, columns, data.gaps)
    rng = _own_generator(p["random_state"])
    dtype = p["dtype"] or data.X.dtype
    theta = np.concatenate([network.initialize(rng, dtype) for _ in range(p["n_members"])])
    rate = copy.deepcopy(p["dropout"])  # the caller may change the array later
    noise = np.random.default_rng(rng.randint(2**31)) if np.any(rate) else None
    return State(
        network, theta, None, None, optimizer_for(p), rng, noise=noise, dropout=rate, columns=columns,
        categories=data.columns, gaps=data.gaps, n_members=p["n_members"], chosen=p["chosen"],
        average=theta.copy() if p["averaging"] > 0.0 else None,
    )  # fmt: skip


def _own_generator(random_state: Any) -> np.random.RandomState:
    """Return a generator for the parameter ``random_state`` that no other estimator uses."""
    if random_state is None:
        return np.random.RandomState(check_random_state(None).randint(2**31))
    rng = check_random_state(random_state)
    return copy.deepcopy(rng) if rng is random_state else rng


def advance(random_state: Any, rng: np.random.RandomState) -> None:
    """Advance a generator of the caller to the state of ``rng``, the copy of it that a fit has used.

    So the next fit draws other numbers, and the caller's own draws do not change later calls of this estimator.
    """
    if isinstance(random_state, np.random.RandomState):
        random_state.set_state(rng.get_state())


def resumed_state(earlier: State, p: dict[str, Any], data: Data, n_outputs: int, loss: Loss) -> State:
    """Return a copy of ``earlier`` to continue from, in the same units."""
    state = earlier.copy()
    known = p["embedding"] is not None and state.columns is not None
    columns = state.columns if known else columns_to_embed(p["embedding"], data.X, data.weights)
    _check_same_network(state.network, _network(p, data, n_outputs, loss, columns, state.gaps))
    if p["solver"] == "lbfgs" and state.n_members > 1:
        raise ValueError(
            f"warm_start continues with the {state.n_members} members that were fitted, but solver='lbfgs' trains only "
            "one. Fit with n_members=1 first, or set warm_start=False and call fit to start anew."
        )
    state.optimizer = resume_optimizer(optimizer_for(p), state.optimizer)
    if (p["averaging"] > 0.0) != (state.average is not None):
        state.theta, state.n_averaged = state.current.copy(), 0  # the average, if there was one
        state.average = state.theta.copy() if p["averaging"] > 0.0 else None
    return state


def _network(
    p: dict[str, Any], data: Data, n_outputs: int, loss: Loss, columns: tuple[int, ...] | None, gaps: tuple[int, ...]
) -> Network:
    """Return the network for numbers, indicators of the columns with missing values, and codes."""
    sizes = () if data.columns is None else data.columns.sizes
    return plan_network(p, data.X.shape[1] + len(gaps), n_outputs, loss, columns, sizes)


def _check_same_network(fitted: Network, asked_for: Network) -> None:
    if asked_for != fitted:
        raise ValueError(
            f"warm_start and partial_fit continue with the network that was fitted, {fitted}, but the parameters now "
            f"describe {asked_for}. Set warm_start=False and call fit to start anew, or restore the parameters."
        )
