"""Compatibility: the only file that names scikit-learn versions or uses private or experimental API.

Callbacks are experimental in scikit-learn 1.9. If they cannot be imported, the mixin is empty and the decorator does
nothing, so the estimators have no ``set_callbacks``.
"""

from __future__ import annotations

import html
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sklearn
from sklearn.base import BaseEstimator
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import _safe_indexing

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Takes the place of scikit-learn's mixin before version 1.9."""

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method unchanged."""
        return method


# Attributes that scikit-learn sets on an estimator with callbacks, and on estimators inside such an estimator.
CALLBACK_ATTRIBUTES = "_skl_callbacks", "_skl_callbacks_to_teardown", "_callback_fit_ctx", "_parent_callback_ctx"


def rows_of(X: Any, index: Any) -> Any:
    """Return the rows ``index`` of an array, a sparse matrix or a data frame of any library."""
    return _safe_indexing(X, index)


def callbacks_of(estimator: Any) -> Any:
    """Return the callbacks of an estimator, or None if it has none."""
    return getattr(estimator, "__dict__", {}).get("_skl_callbacks")


def metadata_requests(attributes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Remove the metadata requests, as of ``set_fit_request``, from an estimator's ``attributes``, and return them."""
    methods = vars(attributes.pop("_metadata_request", object)).items()
    return {name: dict(method.requests) for name, method in methods if hasattr(method, "requests")}


def set_metadata_requests(estimator: Any, requests: dict[str, dict[str, Any]]) -> None:
    """Set the metadata ``requests`` of an estimator, which come from another estimator of its class."""
    if requests:
        request = estimator.get_metadata_routing()
        for method, own in requests.items():
            for name, alias in own.items():
                getattr(request, method).add_request(param=name, alias=alias)
        estimator._metadata_request = request


class Tasks:
    """The tasks that scikit-learn's callbacks see: one for the fit, and in it one for each epoch.

    Parameters
    ----------
    estimator : estimator
        The estimator that is fitted; without callbacks nothing happens.
    n_epochs : int or None
        Largest number of epochs; None if it is not known yet.
    X, y, sample_weight : array-like
        The training data, as the caller passed them.
    """

    def __init__(self, estimator: Any, n_epochs: int | None, X: Any, y: Any, sample_weight: Any = None) -> None:
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self.estimator, self.data = estimator, {"X": X, "y": y, "metadata": metadata}
        watched = hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx")
        self.root = estimator._init_callback_context(max_subtasks=n_epochs) if watched else None
        self.epoch: Any = None
        if self.root is not None:
            self.root.call_on_fit_task_begin(estimator=estimator, **self.data)

    def begin_epoch(self) -> None:
        """Announce the next epoch."""
        if self.root is not None:
            self.epoch = self.root.subcontext(task_name="epoch")
            self.epoch.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def end_epoch(self, attributes: Callable[[], dict[str, Any]]) -> bool:
        """Report the end of the epoch, with the fitted attributes so far; return whether a callback asks to stop."""
        if self.epoch is None:
            return False
        stop = self.epoch.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=attributes, **self.data
        )
        return bool(stop)

    def end(self) -> None:
        """Report the end of the fit."""
        if self.root is not None:
            self.root.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=lambda: vars(self.estimator), **self.data
            )


class SummaryInHTML:
    """Adds the ``summary()`` of a fitted estimator to its HTML representation, also inside a pipeline.

    The summary is folded below the table of parameters. Before scikit-learn 1.7, which has no such table, it follows
    the text of the parameters.
    """

    if hasattr(BaseEstimator, "_get_params_html"):

        def _get_params_html(self, *args: Any, **kwargs: Any) -> Any:
            shown = super()._get_params_html(*args, **kwargs)
            if self.__sklearn_is_fitted__():
                own, text = shown._html_repr, html.escape(self.summary())
                folded = f"<details><summary>Summary</summary><pre>{text}</pre></details>"
                shown._html_repr = lambda: f'{own()}<div class="estimator-table">{folded}</div>'
            return shown

    else:

        def _sk_visual_block_(self) -> Any:
            from sklearn.utils._estimator_html_repr import _VisualBlock

            details = f"{self}\n\n{self.summary()}" if self.__sklearn_is_fitted__() else str(self)
            return _VisualBlock("single", self, names=type(self).__name__, name_details=details)


def has_log_link(regressor: Any) -> bool:
    """Whether scikit-learn's `MLPRegressor` has the Poisson loss and its exponential output, as it does from 1.7 on."""
    return "loss" in regressor.get_params()


def complete_mlp(mlp: Any, y: Any = None) -> None:
    """Set the private attributes that a perceptron of scikit-learn needs to predict and to continue in `partial_fit`.

    Parameters
    ----------
    mlp : MLPClassifier or MLPRegressor
        An estimator that has all its public fitted attributes.
    y : array-like of shape (n,) or (n, n_labels), default=None
        Targets with all labels, for a classifier.
    """
    mlp._no_improvement_count = 0
    if y is not None:
        mlp._label_binarizer = LabelBinarizer().fit(y)


_PACKAGE, _THEIRS = __name__.split(".")[0], "sklearn.neural_network._multilayer_perceptron"
_INSIDE = str(Path(__file__).parent), str(Path(sklearn.__file__).parent / "callback")


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of the first frame outside of this package (and of scikit-learn's callback decorator).

    Warning filters compare the name of a module. A filter for scikit-learn's networks contains ``sklearn``, one for
    this package ``sknet``, and one for a program the name of the module that calls ``fit``. The warning gets the name
    that the current filters match.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        frame = frame.f_back
    caller = frame.f_globals
    warnings.warn_explicit(
        message, category, frame.f_code.co_filename, frame.f_lineno,
        module=_name_to_file_under(message, category, caller.get("__name__", "<unknown>")),
        registry=caller.setdefault("__warningregistry__", {}),
    )  # fmt: skip


def _name_to_file_under(message: str, category: type[Warning], caller: str) -> str:
    """Return the name that the first matching filter compares with; filters are ordered by priority."""
    for _, text, kind, module, _ in warnings.filters:
        if module is None or not issubclass(category, kind) or not re.match(text or "", message):
            continue
        for name in (_PACKAGE, _THEIRS, caller):
            if re.match(module, name):
                return name
    return _PACKAGE
