"""Base: the common part of both estimators, from parameters to a plan, a run of training, and fitted attributes."""

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
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._compat import CallbackSupportMixin, SummaryInHTML, Tasks
from ._parameters import RULES
from ._settings import as_solver_can, checked, warn_of_what_has_no_effect
from ._summary import summary_of
from .automatic import Facts, resolved
from .core import Dense, Dropout, Training
from .persistence import Recorder
from .preprocessing import (
    Columns,
    Data,
    Inputs,
    as_column,
    check_weights,
    columns_of,
    counted_in_rows,
    fingerprint_of,
    gaps_of,
    valid_inputs,
    valid_rows,
    validation_folds,
    validation_split,
)
from .training import (
    Judged,
    Run,
    State,
    Validation,
    advance,
    fitted_attributes,
    is_permutation,
    joined,
    new_state,
    raw_outputs,
    resumed_state,
    rows_for,
    scorer_of_weights,
    set_units,
    split_generator,
    start_at_the_data,
    targets_for,
    weights_for_raw_inputs,
)


@contextmanager
def _untouched_on_error(estimator: BaseEstimator) -> Iterator[None]:
    """Restore all attributes of the estimator if an error occurs."""
    attributes = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(attributes)
        raise


class Call(NamedTuple):
    """Whether a call continues an earlier fit, whether it is `partial_fit`, and its argument ``classes``."""

    resume: bool
    incremental: bool
    classes: Any


class Plan(NamedTuple):
    """Resolved parameters, the state in which training begins, its checkpoint, and its validation."""

    parameters: dict[str, Any]
    state: State
    recorder: Recorder
    validation: Validation | None


def has_epochs(estimator: BaseMLP) -> bool:
    """Whether ``partial_fit`` exists: L-BFGS has no epochs."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for stochastic solvers; 'lbfgs' is not one. Use solver='adam' or 'sgd'."
        )
    return True


class BaseMLP(SummaryInHTML, CallbackSupportMixin, BaseEstimator):
    """The common part of `MLPClassifierScratch` and `MLPRegressorScratch`; do not use it directly."""

    _y_numeric = False

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, validation_set: tuple[Any, Any, Any], *,
        incremental: bool = False, classes: Any = None, checkpoint: Any = None,
    ) -> BaseMLP:  # fmt: skip
        given = checked({name: getattr(self, name) for name in RULES if hasattr(self, name)})
        p = as_solver_can(given)
        n_epochs = 1 if incremental else None if p["max_iter"] == "auto" else p["max_iter"]
        tasks = Tasks(self, n_epochs, X, y, sample_weight)
        with _untouched_on_error(self), np.errstate(under="ignore"):  # NumPy's default: the result is 0
            call = Call(hasattr(self, "_state") and (incremental or p["warm_start"]), incremental, classes)
            columns = self._state.categories if call.resume else columns_of(X, self.categorical_features, sample_weight)
            rows = self._check_rows(X, y, sample_weight, columns, reset=not call.resume)
            data = self._encode_rows(rows, call)
            held_out = self._check_validation_set(*validation_set, columns)
            p = self._resolved(p, data, held_out, call)
            warn_of_what_has_no_effect(self, given, validated=p["early_stopping"] or held_out is not None)
            plan = self._plan(p, data, held_out, call, checkpoint)
            self._train(plan, data, tasks, call)
            self._publish(plan.state, plan.state.published)
            if not call.resume:
                advance(p["random_state"], plan.state.rng)
            tasks.end()
        return self

    def _check_rows(
        self, X: Any, y: Any, sample_weight: Any, columns: Columns | None, *, reset: bool, suffix: str = ""
    ) -> Data:
        """Return rows, checked but not encoded; messages add ``suffix`` to the names of the arguments."""
        y = self._plain_targets(y, f"y{suffix}")
        inputs, y = valid_rows(self, X, y, columns, y_numeric=self._y_numeric, reset=reset)
        weights = check_weights(sample_weight, inputs.numbers.shape[0], f"sample_weight{suffix}")
        given = None if columns is None else X
        if columns is not None and not reset:
            columns.warn_of_new_levels(inputs.codes)
        gaps = gaps_of(inputs.numbers, weights) if inputs.gaps and weights is not None else inputs.gaps
        return Data(inputs.numbers, as_column(y), None, weights, inputs.codes, columns, gaps, given)

    def _encode_rows(self, data: Data, call: Call) -> Data:
        targets = self._encode(data.y, resume=call.resume, incremental=call.incremental, classes=call.classes)
        weights = self._with_class_weight(data.weights, data.y, incremental=call.incremental)
        return data._replace(targets=targets, weights=counted_in_rows(weights))

    def _check_validation_set(self, X: Any, y: Any, sample_weight: Any, columns: Columns | None) -> Data | None:
        """Return the caller's validation rows, checked and encoded."""
        if X is None and y is None:
            if sample_weight is not None:
                raise ValueError("`sample_weight_val` needs `X_val` and `y_val`, got neither.")
            return None
        if X is None or y is None:
            given, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
            raise ValueError(f"`X_val` and `y_val` must be passed together, got `{given}` without `{missing}`.")
        data = self._check_rows(X, y, sample_weight, columns, reset=False, suffix="_val")
        weights = self._with_class_weight(data.weights, data.y)
        return data._replace(targets=self._encode_more(data.y), weights=weights)

    def _resolved(self, p: dict[str, Any], data: Data, held_out: Data | None, call: Call) -> dict[str, Any]:
        """Return the parameters with values in place of ``"auto"``; a call that continues a fit keeps its values."""
        n = data.n_weighted
        n_held_out = held_out.n_weighted if held_out else math.ceil(p["validation_fraction"] * n)
        dense = isinstance(data.X, np.ndarray)
        facts = Facts(n, n_held_out, data.X.shape[1], dense, self._y_numeric, call.incremental, held_out is not None)
        return resolved(p, facts, self._state.chosen if call.resume else None)

    def _plan(self, p: dict[str, Any], data: Data, held_out: Data | None, call: Call, checkpoint: Any) -> Plan:
        """Return the plan of the training for the resolved parameters ``p``."""
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
            kept_out = None if isinstance(index, list) else index
            set_units(state, p["standardize"], data, kept_out, new=earlier is None, merge=call.incremental)
            if earlier is None and p["tables"]:
                start_at_the_data(state, data, kept_out)
        if call.incremental or not is_permutation(state.order, train):
            state.order = train
        validation = self._validation(p, state, held_out or data, index) if validated else None
        return Plan(p, state, recorder, validation)

    def _rows_to_train_on(
        self, p: dict[str, Any], state: State, data: Data, held_out: Data | None
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return the numbers of the training rows, and of the validation rows; None means all."""
        k = state.n_members
        if not p["early_stopping"] or held_out is not None:
            rows = np.arange(data.n_rows) if p["shuffle"] else None
            return (rows if rows is None or k == 1 else np.tile(rows, (k, 1))), None
        rng, fraction = split_generator(state, data.n_rows), p["validation_fraction"]
        if k == 1 or p["scoring"] not in (None, "loss"):  # a scorer gets the estimator with all members
            train, index = validation_split(data.n_rows, fraction, rng, data.weights, self._strata(data.y))
            return (train if k == 1 else np.tile(train, (k, 1))), index
        folds = validation_folds(self._numbers(data.y), fraction, k, rng, data.weights)
        return np.stack([train for train, _ in folds]), [index for _, index in folds]

    def _train(self, plan: Plan, data: Data, tasks: Tasks, call: Call) -> None:
        p, state, recorder, validation = plan
        targets = targets_for(state, data.targets)
        if p.get("label_smoothing", 0.0) > 0.0:
            rows = slice(None) if state.order is None else np.unique(state.order)
            targets = self._smoothed(targets, p["label_smoothing"], data.weights, rows)
        run = Run(
            p, state, rows_for(state, data), targets, data.weights, validation, tasks,
            partial(self._attributes, state), partial(recorder.after_epoch, partial(self._fitted, state)),
            incremental=call.incremental,
        )  # fmt: skip
        self._forget_weights()
        if not recorder.finished:
            run.run()
        if not p["warm_start"]:
            state.order = None

    def _validation(self, p: dict[str, Any], state: State, data: Data, index: np.ndarray | None) -> Validation:
        rows, targets, scoring = rows_for(state, data), targets_for(state, data.targets), p["scoring"]
        judge = None
        if scoring is None:
            judge = self._judge(state, data.y, targets, data.weights, joined(index))
        elif scoring != "loss":
            judge = scorer_of_weights(scoring, partial(self._fitted, state), *data.chosen(joined(index)))
        judged = Judged("loss" if judge is None else scoring or "score", fingerprint_of(data, joined(index)))
        return Validation(state.network, rows, targets, data.weights, index, judge, judged)

    def _fitted(self, state: State, theta: np.ndarray | None = None) -> BaseMLP:
        """Return an estimator with the fitted attributes so far; ``theta`` as in `_publish`."""
        fitted = copy.copy(self)
        fitted._publish(state, state.published if theta is None else theta)
        return fitted

    def _attributes(self, state: State) -> dict[str, Any]:
        """Return the attributes of an estimator with the fitted attributes so far."""
        return vars(self._fitted(state, state.current))

    def _publish(self, state: State, theta: np.ndarray) -> None:
        """Replace the fitted attributes by those of ``theta``."""
        self._forget_weights()
        vars(self).update(fitted_attributes(state, theta, stopped_by_score=state.stops_by != "training loss"))

    def _forget_weights(self) -> None:
        """Delete ``coefs_`` and ``intercepts_`` of an earlier fit, because they may not exist for the next network."""
        for name in ("coefs_", "intercepts_"):
            vars(self).pop(name, None)

    def _raw_outputs(self, X: Any, n_layers: int | None = None, training: Training | None = None) -> np.ndarray:
        """Return raw outputs of shape (n, n_outputs), computed in chunks of rows."""
        check_is_fitted(self)
        return raw_outputs(vars(self), self._valid(X), n_layers, training)

    def _valid(self, X: Any) -> Inputs:
        """Return the rows to predict for, checked, as numbers and codes."""
        return valid_inputs(self, X, self._state.categories, self._state.gaps, self._state.inputs)

    def hidden_activations(self, X: Any, layer: int = -1) -> np.ndarray:
        """Return the outputs of a hidden layer: the representation that the network has learned.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.
        layer : int, default=-1
            Which hidden layer, from 0; negative numbers count from the last one.

        Returns
        -------
        activations : ndarray of shape (n_samples, n_units)
            Outputs of its units, after the non-linearity. Those of several members lie side by side.

        Raises
        ------
        ValueError
            If there is no such hidden layer.
        """
        check_is_fitted(self)
        return np.ascontiguousarray(self._raw_outputs(X, n_layers=self._hidden_end(layer)[0]))

    def _hidden_end(self, layer: int) -> tuple[int, int]:
        """Return the number of layers up to the end of a hidden layer, and its number of units."""
        if not isinstance(layer, Integral) or not -self.depth_ <= layer < self.depth_:
            raise ValueError(
                f"`layer` must be an integer from {-self.depth_} to {self.depth_ - 1}: the network has {self.depth_} "
                f"hidden layers, got {layer!r}."
            )
        # A hidden layer ends where the next dense layer begins; dropout between them does nothing here.
        starts = [i for i, part in enumerate(self._network.layers) if isinstance(part, Dense)]
        end = starts[1:][layer]
        return end, self._network.layers[end].n_in * self._state.n_members

    def sample_predictions(self, X: Any, n_samples: int | None = None, random_state: Any = None) -> np.ndarray:
        """Draw predictions of single members, with dropout if there is any; their spread shows the uncertainty.

        Each draw is the prediction of one member; the members take turns. With dropout, each draw also leaves out other
        units (Monte-Carlo dropout). The spread shows how uncertain the mean is. It does not contain the noise of y: for
        an interval that contains the next y, use ``loss="quantile"`` of the regressor.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_rows, n_features)
            Inputs.
        n_samples : int or None, default=None
            Number of draws. None: 100 with dropout, else the number of members, which is then also the largest number.
        random_state : int, RandomState instance or None, default=None
            Source of the random numbers of dropout.

        Returns
        -------
        predictions : ndarray of shape (n_samples, n_rows, n_outputs)
            Probabilities of a classifier, or predictions of a regressor. It has three axes for a single output, too.

        Raises
        ------
        ValueError
            If the network has no dropout and only one member.

        References
        ----------
        Gal and Ghahramani (2016), "Dropout as a Bayesian approximation", ICML, arXiv 1506.02142.
        """
        check_is_fitted(self)
        k, dropped = self._state.n_members, any(isinstance(layer, Dropout) for layer in self._network.layers)
        if k == 1 and not dropped:
            raise ValueError(
                "sample_predictions needs dropout in a hidden layer, or several members: fit with dropout > 0 and "
                "depth > 0, or with n_members > 1."
            )
        if n_samples is None:
            n_samples = 100 if dropped else k
        if not isinstance(n_samples, Integral) or n_samples < 1 or (n_samples > k and not dropped):
            most = "" if dropped else f" and at most {k}, the number of members of a network without dropout"
            raise ValueError(f"`n_samples` must be an integer of at least 1{most}, got {n_samples!r}.")
        noise = np.random.default_rng(check_random_state(random_state).randint(2**31))
        training, inputs = Training(noise, None) if dropped else None, self._valid(X)
        draws = (raw_outputs(vars(self), inputs, training=training, member=i % k) for i in range(n_samples))
        return np.stack([self._to_predictions(z) for z in draws])

    def summary(self) -> str:
        """Describe the fitted network: its layers, the values of ``"auto"``, and the training.

        Returns
        -------
        text : str
            Lines to print: layers with shapes, activations and numbers of parameters; the value of each parameter that
            was ``"auto"``, and the reason; the number of epochs, the best epoch, and why training ended.

        Raises
        ------
        NotFittedError
            Before the first fit.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sknet import MLPClassifierScratch
        >>> X, y = load_iris(return_X_y=True)
        >>> text = MLPClassifierScratch(depth=1, width=8, solver="lbfgs", random_state=0).fit(X, y).summary()
        >>> print(text[: text.index("Training")])
        MLPClassifierScratch: 67 parameters in float64
        <BLANKLINE>
        Layer   Shape   Activation  Parameters
        dense   4 -> 8  relu                40
        output  8 -> 3  softmax             27
        <BLANKLINE>
        Chosen for L-BFGS
          embedding    None
          standardize  True
          dtype        float64
          tol          0.0001
          max_iter     200
        <BLANKLINE>
        <BLANKLINE>
        """
        check_is_fitted(self)
        return summary_of(self)

    def __getattr__(self, name: str) -> Any:
        if name not in ("coefs_", "intercepts_") or "_network" not in vars(self):
            return super().__getattribute__(name)  # raises the same error again
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
        tags.input_tags.allow_nan = True
        return tags
