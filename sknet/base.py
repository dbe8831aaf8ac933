"""What both estimators share: parameters -> plan -> training run -> fitted attributes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ._compat import CallbackSupportMixin, Tasks
from ._parameters import RULES, batch_rows, check_parameters, resolve_auto
from .core import Dense, Dropout, Targets, Training
from .persistence import Recorder
from .preprocessing import (
    Moments,
    Quartiles,
    Units,
    as_column,
    check_weights,
    continuous_columns,
    valid_inputs,
    validation_split,
)
from .training import (
    Run,
    State,
    Validation,
    change_units,
    fitted_attributes,
    forward_in_chunks,
    optimizer_for,
    plan_network,
    resume_optimizer,
    rows_for,
    targets_for,
)


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


def has_epochs(estimator: BaseMLP) -> bool:
    """Whether ``partial_fit`` exists: L-BFGS has no epochs."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for stochastic solvers; 'lbfgs' is not. Use solver='adam' or 'sgd'."
        )
    return True


class BaseMLP(CallbackSupportMixin, BaseEstimator):
    """The common part of `MLPClassifierScratch` and `MLPRegressorScratch`; not for use on its own."""

    _y_numeric = False
    _mini_batch_dropout = 0.0

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, validation_set: tuple[Any, Any, Any], *,
        incremental: bool = False, classes: Any = None, checkpoint: Any = None,
    ) -> BaseMLP:  # fmt: skip
        p = {name: getattr(self, name) for name in RULES if hasattr(self, name)}
        check_parameters(p)
        n_epochs = 1 if incremental else None if p["max_iter"] == "auto" else p["max_iter"]
        tasks = Tasks(self, n_epochs, X, y, sample_weight)
        with _untouched_on_error(self), np.errstate(under="ignore"):  # NumPy's default: 0 is what is meant there
            resume = hasattr(self, "_state") and (incremental or p["warm_start"])
            X, y = self._check_data(X, y, reset=not resume)
            weights = check_weights(sample_weight, X.shape[0])
            targets = self._encode(y, resume=resume, incremental=incremental, classes=classes)
            held_out = self._check_validation_set(*validation_set)
            n = X.shape[0] if weights is None else np.count_nonzero(weights)
            p = resolve_auto(p, *self._automatic(p, n, resume=resume, incremental=incremental))
            weights = self._with_class_weight(weights, y, incremental=incremental)
            validated = p["early_stopping"] or held_out is not None
            start = self._state if resume else None
            recorder = Recorder(checkpoint, self, p, (X, targets, weights, held_out), start)
            state = recorder.state
            if state is None:
                go_on = partial(self._resumed, incremental=incremental) if resume else self._started
                state = go_on(p, X, targets, weights)
                state.begin(p, validated=validated, incremental=incremental)
            rows, targets = rows_for(state, X), targets_for(state, targets)
            own = p["early_stopping"] and held_out is None
            every = np.arange(X.shape[0]) if p["shuffle"] else None
            train, index = self._split(p, state, y, weights) if own else (every, None)
            if incremental or not _is_permutation(state.order, train):
                state.order = train
            validation = None
            if validated:
                data = (X, y, weights, rows, targets) if held_out is None else self._in_training_units(held_out, state)
                validation = self._validation(p, state, data, index)
            run = Run(
                p, state, rows, self._smoothed(targets, p.get("label_smoothing", 0.0)), weights, validation, tasks,
                partial(self._attributes, state), partial(recorder.after_epoch, partial(self._fitted, state)),
            )  # fmt: skip
            self._forget_weights()
            if not recorder.finished:
                run.run(incremental=incremental)
            if not p["warm_start"]:
                state.order = None
            self._publish(state, state.published)
            tasks.end()
        return self

    def _automatic(self, p: dict[str, Any], n: int, *, resume: bool, incremental: bool) -> tuple[Any, bool]:
        """Return dropout and early stopping where they are left open: neither for a single batch."""
        batches = n > batch_rows(p, n) and p["solver"] != "lbfgs"
        dropout = self._mini_batch_dropout if batches else 0.0
        return self._state.dropout if resume else dropout, self._y_numeric and batches and not incremental

    def _check_data(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], multi_output=True,
            y_numeric=self._y_numeric, reset=reset,
        )  # fmt: skip
        return X, as_column(y)

    def _moments(self, p: dict[str, Any], X: Any, targets: Targets, weights: Any) -> tuple[Units, Moments | None]:
        """Return the units of inputs and outputs, None for what is not standardized."""
        if not p["standardize"]:
            return None, None
        outputs = None
        if self._network_loss().location_scale:
            outputs = Moments.of(np.ascontiguousarray(targets.columns.T), weights, "y")
        if p["standardize"] == "robust":
            return Quartiles.of(X, weights), outputs
        return Moments.of(X, weights, bound_constants=True), outputs

    def _columns_to_embed(self, p: dict[str, Any], X: Any, weights: Any) -> tuple[int, ...] | None:
        if p["embedding"] is None:
            return None
        if not isinstance(X, np.ndarray):
            raise ValueError("embedding='periodic' needs a dense X, got a sparse one. Use embedding=None.")
        return continuous_columns(X, weights)

    def _started(self, p: dict[str, Any], X: Any, targets: Targets, weights: np.ndarray | None) -> State:
        columns = self._columns_to_embed(p, X, weights)
        network = plan_network(p, X.shape[1], self._n_outputs(), self._network_loss(), columns)
        inputs, outputs = self._moments(p, X, targets, weights)
        rng = check_random_state(p["random_state"])
        if p["random_state"] is None:  # a stream of its own, so that estimators trained in turn do not share one
            rng = np.random.RandomState(rng.randint(2**31))
        theta = network.initialize(rng, p["dtype"] or X.dtype)
        rate = copy.deepcopy(p["dropout"])  # an array of the caller's stays the caller's
        noise = np.random.default_rng(rng.randint(2**31)) if np.any(rate) else None
        return State(network, theta, inputs, outputs, optimizer_for(p), rng, noise=noise, dropout=rate, columns=columns)

    def _resumed(
        self, p: dict[str, Any], X: Any, targets: Targets, weights: np.ndarray | None, *, incremental: bool
    ) -> State:
        state = self._state.copy()
        known = p["embedding"] is not None and state.columns is not None
        columns = state.columns if known else self._columns_to_embed(p, X, weights)
        network = plan_network(p, X.shape[1], self._n_outputs(), self._network_loss(), columns)
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
        return state

    def _split(self, p: dict[str, Any], state: State, y: Any, weights: np.ndarray | None) -> tuple[Any, Any]:
        """Return the numbers of training and validation rows, the same ones for every call on as many rows."""
        n = y.shape[0]
        if state.split is None:
            state.split, rng = (n, copy.deepcopy(state.rng)), state.rng
        else:
            first_n, rng = copy.deepcopy(state.split)
            if n != first_n:
                rng = np.random.RandomState([rng.randint(2**31), n])
        return validation_split(n, p["validation_fraction"], rng, weights, self._strata(y))

    def _check_validation_set(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any, Any] | None:
        """Return inputs, targets, weights and encoded targets of the caller's own validation set, checked."""
        if X is None and y is None:
            if sample_weight is not None:
                raise ValueError("`sample_weight_val` needs `X_val` and `y_val`, got neither.")
            return None
        if X is None or y is None:
            given, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
            raise ValueError(f"`X_val` and `y_val` belong together, got `{given}` without `{missing}`.")
        X, y = self._check_data(X, y, reset=False)
        weights = self._with_class_weight(check_weights(sample_weight, X.shape[0], "sample_weight_val"), y)
        return X, y, weights, self._encode_more(y)

    def _in_training_units(self, held_out: tuple[Any, Any, Any, Any], state: State) -> tuple[Any, ...]:
        X, y, weights, targets = held_out
        return X, y, weights, rows_for(state, X), targets_for(state, targets)

    def _validation(
        self, p: dict[str, Any], state: State, data: tuple[Any, ...], index: np.ndarray | None
    ) -> Validation:
        X, y, weights, rows, targets = data
        score = None
        y = y if index is None else y[index]
        undefined = p["scoring"] is None and self._y_numeric and not (y != y[:1]).any()  # R2 of a constant
        if p["scoring"] != "loss" and not undefined:
            X = X if index is None or p["scoring"] is None else X[index]
            w = weights if index is None or weights is None else weights[index]
            score = self._own_score(state, y, w) if p["scoring"] is None else self._scorer(p, state, X, y, w)
        return Validation(state.network, rows, targets, weights, index, score)

    def _scorer(self, p: dict[str, Any], state: State, X: Any, y: Any, weights: np.ndarray | None) -> Any:
        """Return the user's scorer as a function of raw outputs, which it ignores: it is given an estimator."""
        scorer = get_scorer(p["scoring"])
        weighted = {} if weights is None or not isinstance(p["scoring"], str) else {"sample_weight": weights}

        def score(z: np.ndarray) -> float:
            fitted = self._fitted(state, state.theta)
            vars(fitted).pop("feature_names_in_", None)  # it is given arrays
            try:
                return float(scorer(fitted, X, y, **weighted))
            except TypeError:
                if not weighted:
                    raise
                return float(scorer(fitted, X, y))  # a metric that knows no weights

        return score

    def _fitted(self, state: State, theta: np.ndarray | None = None) -> BaseMLP:
        """Return an estimator that is fitted as far as training has come; ``theta`` as in `_publish`."""
        fitted = copy.copy(self)
        fitted._publish(state, state.published if theta is None else theta)
        return fitted

    def _attributes(self, state: State) -> dict[str, Any]:
        """Return the attributes of an estimator that is fitted as far as training has come."""
        return vars(self._fitted(state, state.theta))

    def _publish(self, state: State, theta: np.ndarray) -> None:
        """Replace the fitted attributes by those of ``theta``."""
        self._forget_weights()
        vars(self).update(fitted_attributes(state, theta, stopped_by_score=state.stops_by != "training loss"))

    def _forget_weights(self) -> None:
        """Drop those of an earlier fit: the next network may have no such form."""
        for name in ("coefs_", "intercepts_"):
            vars(self).pop(name, None)

    def _raw_outputs(self, X: Any, n_layers: int | None = None, training: Training | None = None) -> np.ndarray:
        """Return raw outputs of shape (n, n_outputs), computed in chunks of rows with memory of their own."""
        check_is_fitted(self)
        X = valid_inputs(self, X)
        parameters, dtype = self._parameters(), self._arrays[0][0].dtype
        return forward_in_chunks(
            self._network, parameters, lambda chunk: X[chunk].astype(dtype, copy=False), X.shape[0], n_layers, training
        )

    def _parameters(self) -> list[tuple[np.ndarray, ...]]:
        """Return the arrays to predict with: ``coefs_`` and ``intercepts_``, wherever they tell the whole function."""
        if "coefs_" not in vars(self):
            return self._arrays
        pairs = zip(self.coefs_, self.intercepts_, strict=True)
        return [next(pairs) if arrays else () for arrays in self._arrays]

    def hidden_activations(self, X: Any, layer: int = -1) -> np.ndarray:
        """Return the outputs of a hidden layer: the representation that the network has learned.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs.
        layer : int, default=-1
            Which hidden layer, from 0; negative numbers count from the last one.

        Returns
        -------
        activations : ndarray of shape (n_samples, n_units)
            Outputs of its units, after the non-linearity.

        Raises
        ------
        ValueError
            If there is no such hidden layer.
        """
        check_is_fitted(self)
        return np.ascontiguousarray(self._raw_outputs(X, n_layers=self._hidden_end(layer)[0]))

    def _hidden_end(self, layer: int) -> tuple[int, int]:
        """Return how many layers of the network to run to get at a hidden layer, and its number of units."""
        if not isinstance(layer, Integral) or not -self.depth_ <= layer < self.depth_:
            raise ValueError(
                f"`layer` must be an integer from {-self.depth_} to {self.depth_ - 1}: the network has {self.depth_} "
                f"hidden layers, got {layer!r}."
            )
        # A hidden layer ends where the next combination begins; dropout in between does nothing here.
        starts = [i for i, part in enumerate(self._network.layers) if isinstance(part, Dense)]
        end = starts[1:][layer]
        return end, self._network.layers[end].n_in

    def sample_predictions(self, X: Any, n_samples: int = 100, random_state: Any = None) -> np.ndarray:
        """Draw predictions with dropout left on (Monte-Carlo dropout): their spread tells how sure the network is.

        It is the spread of the network's mean alone, without the noise of y around it: too narrow for an interval
        that is to hold the next y. For such, see ``loss="quantile"`` of the regressor.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
            Inputs.
        n_samples : int, default=100
            Number of draws.
        random_state : int, RandomState instance or None, default=None
            Source of the dropped units.

        Returns
        -------
        predictions : ndarray of shape (n_samples, n_rows, n_outputs)
            Probabilities of a classifier, predictions of a regressor (of one output, too).

        Raises
        ------
        ValueError
            If the network has no dropout.

        References
        ----------
        Gal and Ghahramani (2016), "Dropout as a Bayesian approximation", ICML, arXiv 1506.02142.
        """
        check_is_fitted(self)
        if not any(isinstance(layer, Dropout) for layer in self._network.layers):
            raise ValueError("sample_predictions needs dropout in a hidden layer: fit with dropout > 0 and depth > 0.")
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(f"`n_samples` must be an integer of at least 1, got {n_samples!r}.")
        noise = np.random.default_rng(check_random_state(random_state).randint(2**31))
        training = Training(noise, None)
        return np.stack([self._to_predictions(self._raw_outputs(X, training=training)) for _ in range(n_samples)])

    def __getattr__(self, name: str) -> Any:
        if name in ("coefs_", "intercepts_") and "_network" in vars(self):
            raise AttributeError(
                f"`{name}` does not exist for this network, {self._network}: weights and biases alone do not tell what "
                "it computes. Use predict, or fit without layer normalization, embedding and standardize='robust'."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __sklearn_is_fitted__(self) -> bool:
        return "_network" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _is_permutation(order: np.ndarray | None, rows: np.ndarray | None) -> bool:
    """Whether ``order``, left by an earlier call, visits just these rows."""
    if order is None or rows is None or len(order) != len(rows):
        return False
    return np.array_equal(np.sort(order), np.sort(rows))
