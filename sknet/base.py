"""What both estimators share: parameters -> plan -> training run -> fitted attributes."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ._compat import CallbackSupportMixin, Tasks
from ._parameters import RULES, batch_rows, resolve_auto, weight_decay_for
from ._settings import as_solver_can, checked, warn_of_what_has_no_effect
from .core import Dense, Dropout, Training
from .persistence import Recorder
from .preprocessing import (
    Data,
    as_column,
    check_weights,
    counted_in_rows,
    fingerprint_of,
    summed,
    valid_inputs,
    validation_split,
    which_is_positive,
)
from .training import (
    Judged,
    Run,
    State,
    Validation,
    advance,
    fitted_attributes,
    new_state,
    raw_outputs,
    resumed_state,
    rows_for,
    set_units,
    split_generator,
    targets_for,
    weights_for_raw_inputs,
)

_FEWEST_HELD_OUT, _FEW_ROWS = 10, 300  # of early_stopping="auto" and weight_decay="auto"


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


class Call(NamedTuple):
    """Whether a call goes on with an earlier fit, whether by one epoch, and the ``classes`` that it was given."""

    resume: bool
    incremental: bool
    classes: Any


class Plan(NamedTuple):
    """Resolved parameters, the state in which training begins, its checkpoint, and what each epoch is judged by."""

    parameters: dict[str, Any]
    state: State
    recorder: Recorder
    validation: Validation | None


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
        given = checked({name: getattr(self, name) for name in RULES if hasattr(self, name)})
        p = as_solver_can(given)
        n_epochs = 1 if incremental else None if p["max_iter"] == "auto" else p["max_iter"]
        tasks = Tasks(self, n_epochs, X, y, sample_weight)
        with _untouched_on_error(self), np.errstate(under="ignore"):  # NumPy's default: 0 is what is meant there
            call = Call(hasattr(self, "_state") and (incremental or p["warm_start"]), incremental, classes)
            data = self._encode_rows(*self._check_rows(X, y, sample_weight, reset=not call.resume), call)
            held_out = self._check_validation_set(*validation_set)
            n_held_out = held_out.n_weighted if held_out else math.ceil(p["validation_fraction"] * data.n_weighted)
            p = resolve_auto(p, *self._automatic(p, data.n_weighted, n_held_out, call))
            validated = p["early_stopping"] or held_out is not None
            warn_of_what_has_no_effect(self, given, validated=validated)
            plan = self._plan(p, data, held_out, call, checkpoint)
            self._train(plan, data, tasks, call)
            self._publish(plan.state, plan.state.published)
            if not call.resume:
                advance(p["random_state"], plan.state.rng)
            tasks.end()
        return self

    def _check_rows(self, X: Any, y: Any, sample_weight: Any, *, reset: bool, suffix: str = "") -> tuple[Any, Any, Any]:
        """Return inputs, targets and row weights, checked; ``suffix`` is that of their names in messages."""
        X, y = validate_data(
            self, X, self._plain_targets(y, f"y{suffix}"), accept_sparse="csr", dtype=[np.float64, np.float32],
            multi_output=True, y_numeric=self._y_numeric, reset=reset,
        )  # fmt: skip
        return summed(X), as_column(y), check_weights(sample_weight, X.shape[0], f"sample_weight{suffix}")

    def _encode_rows(self, X: Any, y: Any, weights: Any, call: Call) -> Data:
        targets = self._encode(y, resume=call.resume, incremental=call.incremental, classes=call.classes)
        weights = self._with_class_weight(weights, y, incremental=call.incremental)
        return Data(X, y, targets, counted_in_rows(weights))

    def _check_validation_set(self, X: Any, y: Any, sample_weight: Any) -> Data | None:
        """Return the rows that the caller validates on, checked and encoded."""
        if X is None and y is None:
            if sample_weight is not None:
                raise ValueError("`sample_weight_val` needs `X_val` and `y_val`, got neither.")
            return None
        if X is None or y is None:
            given, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
            raise ValueError(f"`X_val` and `y_val` belong together, got `{given}` without `{missing}`.")
        X, y, weights = self._check_rows(X, y, sample_weight, reset=False, suffix="_val")
        weights = self._with_class_weight(weights, y)
        return Data(X, y, self._encode_more(y), weights)

    def _automatic(self, p: dict[str, Any], n: int, n_held_out: int, call: Call) -> tuple[Any, bool, float]:
        """Return dropout, early stopping and weight decay where they are left open.

        Neither of the first two for a single batch; fewer than 10 rows held out say little of when to stop.
        """
        batches = n > batch_rows(p, n) and p["solver"] != "lbfgs"
        dropout = self._mini_batch_dropout if batches else 0.0
        stops = self._y_numeric and batches and not call.incremental and n_held_out >= _FEWEST_HELD_OUT
        few = self._y_numeric and n <= _FEW_ROWS and p["solver"] == "adam" and not call.incremental
        return self._state.dropout if call.resume else dropout, stops, weight_decay_for(p, few)

    def _plan(self, p: dict[str, Any], data: Data, held_out: Data | None, call: Call, checkpoint: Any) -> Plan:
        """Return where training begins, and what it is judged by, for the resolved parameters ``p``."""
        earlier = self._state if call.resume else None
        recorder = Recorder(checkpoint, self, p, data, held_out, earlier)
        validated = p["early_stopping"] or held_out is not None
        state = recorder.state
        if state is None:
            network = self._n_outputs(), self._network_loss()
            if earlier is None:
                state = new_state(p, data, *network, stream=call.incremental)
            else:
                state = resumed_state(earlier, p, data, *network)
            state.begin(p, validated=validated, incremental=call.incremental)
        train, index = self._rows_to_train_on(p, state, data, held_out)
        if recorder.state is None:
            set_units(state, p["standardize"], data, index, new=earlier is None, merge=call.incremental)
        if call.incremental or not _is_permutation(state.order, train):
            state.order = train
        validation = None
        if validated:
            validation = self._validation(p, state, data if held_out is None else held_out, index)
        return Plan(p, state, recorder, validation)

    def _rows_to_train_on(
        self, p: dict[str, Any], state: State, data: Data, held_out: Data | None
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return the numbers of the rows to train on, and of those to validate on; None means all."""
        if p["early_stopping"] and held_out is None:
            rng = split_generator(state, data.n_rows)
            return validation_split(data.n_rows, p["validation_fraction"], rng, data.weights, self._strata(data.y))
        return (np.arange(data.n_rows) if p["shuffle"] else None), None

    def _train(self, plan: Plan, data: Data, tasks: Tasks, call: Call) -> None:
        p, state, recorder, validation = plan
        targets = targets_for(state, data.targets)
        if p.get("label_smoothing", 0.0) > 0.0:
            rows = slice(None) if state.order is None else np.sort(state.order)
            targets = self._smoothed(targets, p["label_smoothing"], data.weights, rows)
        run = Run(
            p, state, rows_for(state, data.X), targets, data.weights, validation, tasks,
            partial(self._attributes, state), partial(recorder.after_epoch, partial(self._fitted, state)),
            incremental=call.incremental,
        )  # fmt: skip
        self._forget_weights()
        if not recorder.finished:
            run.run()
        if not p["warm_start"]:
            state.order = None

    def _validation(self, p: dict[str, Any], state: State, data: Data, index: np.ndarray | None) -> Validation:
        rows, targets, scoring = rows_for(state, data.X), targets_for(state, data.targets), p["scoring"]
        judge = None
        if scoring is None:
            judge = self._judge(state, data.y, targets, data.weights, index)
        elif scoring != "loss":
            judge = self._scorer(p, state, *data.chosen(index))
        judged = Judged("loss" if judge is None else scoring or "score", fingerprint_of(data, index))
        return Validation(state.network, rows, targets, data.weights, index, judge, judged)

    def _scorer(self, p: dict[str, Any], state: State, X: Any, y: Any, weights: np.ndarray | None) -> Any:
        """Return the user's scorer as a function of the parameter vector: it is given an estimator."""
        scorer = get_scorer(p["scoring"])
        weighted = {} if weights is None or not isinstance(p["scoring"], str) else {"sample_weight": weights}

        def score(theta: np.ndarray) -> float:
            fitted = self._fitted(state, theta)
            vars(fitted).pop("feature_names_in_", None)  # it is given arrays
            try:
                return float(scorer(fitted, X, y, **weighted))
            except TypeError:
                if not weighted:
                    raise
                return float(scorer(fitted, X, y))  # a metric that knows no weights
            except ValueError as error:
                if "pos_label" not in str(error):
                    raise
                raise ValueError(which_is_positive(p["scoring"], y, error)) from error

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
        return raw_outputs(vars(self), valid_inputs(self, X), n_layers, training)

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
        if name not in ("coefs_", "intercepts_") or "_network" not in vars(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        for weights, arrays in weights_for_raw_inputs(vars(self), name).items():
            vars(self).setdefault(weights, arrays)
        return vars(self)[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in ("coefs_", "intercepts_") if hasattr(self, name))]

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
