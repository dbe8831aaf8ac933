"""Loss curve display: draws losses, scores and the learning rate of each epoch of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .canvas import (
    BRIGHT,
    DARK,
    FAINT,
    INK,
    keep_inside,
    legend_above,
    legend_inside,
    panels,
    place_of,
    require_matplotlib,
)
from .subject import loss_name_of, network_estimator, score_name_of


class _Curve(NamedTuple):
    """The panel, the label and the style of a curve."""

    panel: str
    label: str
    style: dict[str, Any]


CURVES = {
    "loss": _Curve("loss", "training loss, with penalty", {"color": DARK, "linestyle": "-"}),
    "data_loss": _Curve("loss", "training loss", {"color": DARK, "linestyle": ":", "zorder": 2.5}),
    "penalty": _Curve("loss", "penalty", {"color": FAINT, "linestyle": "-."}),
    "validation_loss": _Curve("loss", "validation loss", {"color": BRIGHT, "linestyle": "--"}),
    "validation_score": _Curve("score", "validation score", {"color": BRIGHT, "linestyle": "--"}),
    "learning_rate": _Curve("rate", "learning rate", {"color": INK, "linestyle": "-"}),
}
_HEIGHTS = {"loss": 2.9, "score": 1.7, "rate": 1.2}  # inches
_FEW = 30  # up to so many points, each is marked
_BAND = {"linewidth": 6.0, "alpha": 0.35, "marker": "", "solid_capstyle": "butt"}  # visible behind another line


class LossCurveDisplay:
    """Curves of the loss, the penalty, the validation and the learning rate over the epochs.

    Curves in the same unit share a panel: losses and penalty; the validation score; the learning rate. A curve that is
    shorter than the loss curve belongs to the last epochs, because validation began later than training.

    Parameters
    ----------
    loss_curve : array-like of shape (n_epochs,)
        Training loss, penalty included.
    penalty_curve : array-like of shape (n_epochs,), default=None
        The penalty in the training loss.
    validation_loss_curve : array-like of shape (n_validated,), default=None
        Loss of the validation rows, without penalty.
    validation_scores : array-like of shape (n_validated,), default=None
        Score of the validation rows; larger is better. The first epoch with the best score is marked.
    learning_rate_curve : array-like of shape (n_epochs,), default=None
        Learning rate; NaN for L-BFGS, which has no learning rate.
    loss_name, score_name : str, default="loss", "score"
        Names of loss and score, for the axes.
    name : str, default=None
        Name of the network, written before the labels.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The first panel.
    axes_ : list of matplotlib Axes
        All panels.
    figure_ : matplotlib Figure
        The figure.
    lines_ : dict of str to matplotlib Line2D
        The line of each curve that is shown.
    best_epoch_ : int or None
        The first epoch with the best validation score, counted from 1; None without validation. With early stopping,
        the network has the weights of this epoch.
    best_lines_ : list of matplotlib Line2D
        The vertical lines that mark the best epoch.

    See Also
    --------
    NetworkDisplay : The diagram of a network.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet import LossCurveDisplay, MLPClassifierScratch
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifierScratch(width=8, solver="lbfgs", random_state=0).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(net)
    >>> display.ax_.get_ylabel()
    'log-loss'
    """

    def __init__(
        self, loss_curve: Any, *, penalty_curve: Any = None, validation_loss_curve: Any = None,
        validation_scores: Any = None, learning_rate_curve: Any = None, loss_name: str = "loss",
        score_name: str = "score", name: str | None = None,
    ) -> None:  # fmt: skip
        self.loss_curve = loss_curve
        self.penalty_curve = penalty_curve
        self.validation_loss_curve = validation_loss_curve
        self.validation_scores = validation_scores
        self.learning_rate_curve = learning_rate_curve
        self.loss_name = loss_name
        self.score_name = score_name
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator: Any, curves: str | Sequence[str] = "auto", *, name: str | None = None, mark_best: bool = True,
        ax: Any = None, line_kw: dict[str, Any] | None = None,
    ) -> LossCurveDisplay:  # fmt: skip
        """Draw the curves of a fitted network.

        Parameters
        ----------
        estimator : MLPClassifierScratch or MLPRegressorScratch
            A fitted network, a fitted Pipeline that ends in one, or a fitted search over either.
        curves : str or sequence of str, default="auto"
            See `plot`.
        name : str, default=None
            Name of the network, written before the labels.
        mark_best : bool, default=True
            Whether to mark the epoch with the best validation score.
        ax : matplotlib Axes or array-like of Axes, default=None
            See `plot`.
        line_kw : dict, default=None
            See `plot`.

        Returns
        -------
        display : LossCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If ``curves`` names a curve that the network does not have.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        net = network_estimator(estimator, cls.__name__)
        display = cls(
            net.loss_curve_, penalty_curve=net.penalty_curve_, validation_loss_curve=net.validation_loss_curve_,
            validation_scores=net.validation_scores_, learning_rate_curve=net.learning_rate_curve_,
            loss_name=loss_name_of(net), score_name=score_name_of(net), name=name,
        )  # fmt: skip
        return display.plot(curves, mark_best=mark_best, ax=ax, line_kw=line_kw)

    def plot(
        self, curves: str | Sequence[str] = "auto", *, mark_best: bool = True, ax: Any = None,
        line_kw: dict[str, Any] | None = None,
    ) -> LossCurveDisplay:  # fmt: skip
        """Draw the curves.

        Parameters
        ----------
        curves : str or sequence of str, default="auto"
            The curves to draw: ``"loss"`` (training loss with penalty), ``"data_loss"`` (training loss without penalty,
            to compare with the validation loss), ``"penalty"``, ``"validation_loss"``, ``"validation_score"``,
            ``"learning_rate"``. ``"all"`` draws all that exist. ``"auto"`` draws loss and validation loss, the
            validation score unless it is minus the validation loss, and the learning rate if it varies.
        mark_best : bool, default=True
            Whether to mark the epoch with the best validation score.
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: an Axes, which several panels divide, or an Axes for each panel. The legend is then inside of
            the axes. None makes a new figure.
        line_kw : dict, default=None
            Passed to ``Axes.plot`` for each curve.

        Returns
        -------
        display : LossCurveDisplay
            The display itself.

        Raises
        ------
        ValueError
            If ``curves`` names a curve that does not exist.
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        chosen = self._choose(curves)
        kinds = list(dict.fromkeys(CURVES[curve].panel for curve in chosen))
        heights = [_HEIGHTS[kind] for kind in kinds]
        self.axes_, self.figure_ = panels(ax, len(kinds), 1, (6.4, 0.8 + sum(heights)), stacked=heights)
        self.ax_ = self.axes_[0]
        self.lines_ = {}
        for curve, values in chosen.items():
            style = self._style(curve, len(values), beside="data_loss" in chosen)
            panel = self.axes_[kinds.index(CURVES[curve].panel)]
            (self.lines_[curve],) = panel.plot(self._epochs(values), values, **style | (line_kw or {}))
        self._mark_best(mark_best)
        self._name_axes(kinds)
        self._write_legend(ax, kinds)
        return self

    def _write_legend(self, ax: Any, kinds: list[str]) -> None:
        if ax is None:
            legend_above(self.ax_)
            return
        legend_inside(self.ax_, 0.0 if kinds[0] == "rate" else None)
        if len(kinds) > 1 and (place := place_of(ax)) is not None:
            keep_inside(place, self.axes_, heights=[_HEIGHTS[kind] for kind in kinds])
            legend_inside(self.ax_)

    def _style(self, curve: str, n: int, *, beside: bool) -> dict[str, Any]:
        """Return the style of a curve of ``n`` epochs; with ``beside``, the loss without penalty is drawn too."""
        style = {"linewidth": 1.8, "marker": "." if n <= _FEW else "", "label": self._label(curve)}
        return style | CURVES[curve].style | (_BAND if curve == "loss" and beside and n > 1 else {})

    def _available(self) -> dict[str, np.ndarray]:
        """Return the curves that exist, in the order of the panels."""
        found = {
            "loss": self.loss_curve,
            "penalty": self.penalty_curve,
            "validation_loss": self.validation_loss_curve,
            "validation_score": self.validation_scores,
            "learning_rate": self.learning_rate_curve,
        }
        arrays = {name: np.asarray(values, dtype=float) for name, values in found.items() if values is not None}
        if "penalty" in arrays:
            arrays["data_loss"] = arrays["loss"] - arrays["penalty"]
        return {name: arrays[name] for name in CURVES if name in arrays and not np.isnan(arrays[name]).all()}

    def _choose(self, curves: str | Sequence[str]) -> dict[str, np.ndarray]:
        available = self._available()
        if isinstance(curves, str) and curves == "all":
            return available
        if isinstance(curves, str) and curves == "auto":
            wanted = {"loss", "validation_loss", "validation_score", "learning_rate"}
            if np.array_equal(self.validation_scores, np.negative(available.get("validation_loss", np.nan))):
                wanted.discard("validation_score")
            if np.ptp(available.get("learning_rate", 0.0)) == 0.0:
                wanted.discard("learning_rate")
            return {name: values for name, values in available.items() if name in wanted}
        wanted = {curves} if isinstance(curves, str) else set(curves)
        missing = sorted(map(str, wanted - available.keys()))
        if missing or not wanted:
            raise ValueError(
                f"`curves` must be 'auto', 'all', or curves of this network, {', '.join(available)}, got "
                f"{curves!r}. Validation curves need early_stopping=True or X_val and y_val in fit; L-BFGS has no "
                "learning rate."
            )
        return {name: values for name, values in available.items() if name in wanted}

    def _label(self, curve: str) -> str:
        label = CURVES[curve].label
        if curve == "loss" and not np.any(self.penalty_curve):  # no penalty, or only zeros
            label = CURVES["data_loss"].label
        return label if self.name is None else f"{self.name}: {label}"

    def _epochs(self, values: np.ndarray) -> np.ndarray:
        """Return the numbers, from 1, of the epochs of ``values``, which are the last epochs."""
        n = len(self.loss_curve)
        return np.arange(n - len(values) + 1, n + 1)

    def _mark_best(self, mark: bool) -> None:
        scores = self._available().get("validation_score")
        self.best_epoch_ = None if scores is None else int(self._epochs(scores)[np.nanargmax(scores)])
        self.best_lines_ = []
        if not mark or self.best_epoch_ is None:
            return
        label = (
            f"best epoch: {self.best_epoch_}" if self.name is None else f"{self.name}: best epoch {self.best_epoch_}"
        )
        for panel in self.axes_:
            line = panel.axvline(self.best_epoch_, color=INK, linewidth=1.0, linestyle=(0, (1, 1.5)), zorder=1)
            self.best_lines_.append(line)
        self.best_lines_[0].set_label(label)

    def _name_axes(self, kinds: list[str]) -> None:
        from matplotlib.ticker import MaxNLocator

        rates = self.learning_rate_curve
        unit = "iteration" if rates is not None and np.isnan(rates).all() else "epoch"
        names = {"loss": self.loss_name, "score": f"validation\n{self.score_name}", "rate": "learning\nrate"}
        for kind, panel in zip(kinds, self.axes_, strict=True):
            panel.set_ylabel(names[kind])
            if kind == "rate":
                panel.set_ylim(bottom=0.0)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
            panel.spines[["top", "right"]].set_visible(False)
            if panel.xaxis.get_major_ticks()[0].label1.get_visible():
                panel.set_xlabel(unit)
        self.figure_.align_ylabels(self.axes_)
