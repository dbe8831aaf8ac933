"""What both estimators share: parameters -> plan -> training run -> fitted attributes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from numbers import Number
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ._parameters import activation_for, check_parameters, hidden_activations, hidden_sizes
from .core.activations import ACTIVATIONS
from .core.batches import Rows, Targets, Values
from .core.initializers import initializer_for
from .core.layers import Dense
from .core.memory import Parameters
from .core.network import Network
from .fitting import Run, forward_in_chunks
from .scaling import Moments, rescale_inputs, rescale_outputs
from .splitting import validation_split
from .state import State, change_units, optimizer_for, resume_optimizer
from .targets import as_column


@contextmanager
def _untouched_on_error(estimator: BaseEstimator) -> Iterator[None]:
    """Give the estimator back all the attributes that it had, if anything goes wrong."""
    attributes = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(attributes)
        raise


def check_weights(sample_weight: Any, n: int) -> np.ndarray | None:
    """Return row weights as a float array of shape (n,), or None."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Number):
        sample_weight = np.full(n, sample_weight)
    weights = check_array(sample_weight, ensure_2d=False, dtype=[np.float64, np.float32], input_name="sample_weight")
    if weights.shape != (n,):
        raise ValueError(f"`sample_weight` must have shape ({n},), one weight for each row, got {weights.shape}.")
    if weights.min() < 0.0:
        raise ValueError(
            f"`sample_weight` must not be negative, got {weights.min()}. Leave such rows out or give them 0."
        )
    if not weights.any():
        raise ValueError("`sample_weight` must have at least one positive weight, got only zeros.")
    return weights


def has_epochs(estimator: BaseMLP) -> bool:
    """Whether ``partial_fit`` exists: L-BFGS has no epochs."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for stochastic solvers; 'lbfgs' is not. Use solver='adam' or 'sgd'."
        )
    return True


class BaseMLP(BaseEstimator):
    """The common part of `MLPClassifierScratch` and `MLPRegressorScratch`; not for use on its own."""

    _y_numeric = False

    def _fit(self, X: Any, y: Any, sample_weight: Any, *, incremental: bool = False, classes: Any = None) -> BaseMLP:
        p = self.get_params(deep=False)
        check_parameters(p)
        with _untouched_on_error(self):
            resume = hasattr(self, "_state") and (incremental or p["warm_start"])
            X, y = validate_data(
                self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], multi_output=True,
                y_numeric=self._y_numeric, reset=not resume,
            )  # fmt: skip
            y = as_column(y)
            weights = check_weights(sample_weight, X.shape[0])
            targets = self._encode(y, resume=resume, incremental=incremental, classes=classes)
            if resume:
                state = self._resumed(p, X, targets, weights, incremental=incremental)
            else:
                state = self._started(p, X, targets, weights)
            train, validation = self._split(p, state, y, weights)
            if incremental or state.order is None:
                state.order = train
            moments = state.inputs
            rows = Rows(
                X,
                moments.shift if moments and moments.centred else None,
                moments.scale if moments else None,
                state.theta.dtype,
            )
            run = Run(
                p,
                state,
                rows,
                _in_units(targets, state),
                weights,
                validation,
                partial(self._score_raw, state, y, weights),
            )
            run.run(1 if incremental else p["max_iter"], incremental=incremental)
            self._publish(state)
        return self

    def _plan(self, p: dict[str, Any], n_in: int, n_out: int) -> Network:
        """Return the network that the parameters ask for."""
        sizes = hidden_sizes(p)
        activations = hidden_activations(p, len(sizes))
        layers = []
        for size, activation in zip(sizes, activations, strict=True):
            layers.append(Dense(n_in, size, activation, initializer_for(p["initializer"], activation.name)))
            n_in = size
        last = (activations or [activation_for(p["activation"])])[-1].name
        output = Dense(n_in, n_out, ACTIVATIONS["identity"], initializer_for(p["initializer"], last), order="F")
        return Network((*layers, output), self._network_loss())

    def _moments(
        self, p: dict[str, Any], X: Any, targets: Targets, weights: Any
    ) -> tuple[Moments | None, Moments | None]:
        """Return the moments of inputs and outputs, None for what is not standardized."""
        if not p["standardize"]:
            return None, None
        outputs = None
        if self._network_loss().location_scale:
            outputs = Moments.of(np.ascontiguousarray(targets.columns.T), weights)
        return Moments.of(X, weights), outputs

    def _started(self, p: dict[str, Any], X: Any, targets: Targets, weights: np.ndarray | None) -> State:
        network = self._plan(p, X.shape[1], targets.width)
        inputs, outputs = self._moments(p, X, targets, weights)
        rng = check_random_state(p["random_state"])
        theta = network.initialize(rng, p["dtype"] or X.dtype)
        return State(network, theta, inputs, outputs, optimizer_for(p), rng)

    def _resumed(
        self, p: dict[str, Any], X: Any, targets: Targets, weights: np.ndarray | None, *, incremental: bool
    ) -> State:
        state = self._state.copy()
        network = self._plan(p, X.shape[1], targets.width)
        if network != state.network:
            raise ValueError(
                "warm_start and partial_fit go on with the network that was fitted, "
                f"{state.network}, but the parameters now ask for {network}. "
                "Set warm_start=False and call fit to start anew, or put the parameters back."
            )
        state.optimizer = resume_optimizer(optimizer_for(p), state.optimizer)
        inputs, outputs = self._moments(p, X, targets, weights)
        if incremental:
            inputs = inputs if inputs is None or state.inputs is None else state.inputs.merge(inputs)
            outputs = outputs if outputs is None or state.outputs is None else state.outputs.merge(outputs)
        change_units(state, inputs, outputs)
        state.begin(p, incremental=incremental)
        return state

    def _split(self, p: dict[str, Any], state: State, y: Any, weights: np.ndarray | None) -> tuple[Any, Any]:
        """Return the numbers of training and validation rows, the same ones for every call on as many rows.

        Without validation: the rows to permute, or None if they are visited as they lie; and None.
        """
        if not p["early_stopping"]:
            return (np.arange(y.shape[0]) if p["shuffle"] else None), None
        n = y.shape[0]
        if state.split is None or state.split[0] != n:
            state.split = n, copy.deepcopy(state.rng)
            rng, state.order = state.rng, None
        else:
            rng = copy.deepcopy(state.split[1])
        return validation_split(n, p["validation_fraction"], rng, weights, self._strata(y))

    def _publish(self, state: State) -> None:
        """Set the fitted attributes: the whole function, standardization included, on raw inputs."""
        network, history = state.network, state.history
        folded = Parameters(network.layout, state.published.copy())
        with np.errstate(all="ignore"):
            rescale_inputs(*folded.layers[0], state.inputs, None)
            rescale_outputs(*folded.layers[-1], state.outputs, None)
        if not np.isfinite(folded.vector).all():
            raise ValueError(
                f"The weights leave the range of {folded.vector.dtype} with the scales of the data folded into them. "
                "Rescale the data, or use dtype='float64'."
            )
        if not self.warm_start:
            state.order = None
        self._state = state
        self.coefs_ = [W for W, _ in folded.layers]
        self.intercepts_ = [b for _, b in folded.layers]
        widths = [layer.n_out for layer in network.layers]
        self.depth_ = len(widths) - 1
        self.width_ = max(widths[:-1], default=0)
        self.n_layers_ = len(widths) + 1
        self.n_outputs_ = widths[-1]
        self.n_parameters_ = network.layout.size
        self.out_activation_ = network.loss.output_activation.name
        self.n_iter_ = state.n_epochs
        self.t_ = state.clock.samples
        self.loss_curve_ = list(history.loss)
        self.penalty_curve_ = list(history.penalty)
        self.learning_rate_curve_ = list(history.rate)
        self.loss_ = history.loss[-1] if history.loss else np.inf
        validated = history.scores is not None
        self.best_loss_ = None if validated else min(history.loss, default=np.inf)
        self.validation_scores_ = list(history.scores) if validated else None
        self.best_validation_score_ = state.plateau.best if validated else None

    def _raw_outputs(self, X: Any) -> np.ndarray:
        """Return raw outputs of shape (n, n_outputs), computed in chunks of rows with memory of their own."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        parameters = list(zip(self.coefs_, self.intercepts_, strict=True))
        dtype = parameters[0][0].dtype
        return forward_in_chunks(
            self._state.network, parameters, lambda chunk: X[chunk].astype(dtype, copy=False), X.shape[0]
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coefs_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _in_units(targets: Targets, state: State) -> Targets:
    """Return the targets in training units: standardized where the state says so, in the dtype of the parameters."""
    if not isinstance(targets, Values) or targets.columns.dtype.kind != "f":
        return targets
    columns = targets.columns
    if state.outputs is not None:
        columns = (columns - state.outputs.shift[:, None]) / state.outputs.scale[:, None]
    return Values(np.ascontiguousarray(columns, dtype=state.theta.dtype))
