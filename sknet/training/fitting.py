"""Fitting: one run of a solver, which changes a state.

A run calls the training loop of the core. After each epoch it records the curves, validates, prints, runs the
callbacks, and decides whether to stop. It works on a copy of the state, so that an error does not change an earlier
fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._compat import Tasks, warn_caller
from ..automatic import WAIT, batch_rows, lengths, settings
from ..core import Batches, Constant, Epoch, Rows, Schedule, Targets, converted_once, lbfgs, schedule_for, stochastic
from .chunks import CHUNK_ELEMENTS
from .members import Member, parameters_of, train_all
from .progress import progress_for
from .state import State, optimizer_for
from .stopping import Plateau
from .threads import is_large, limit_threads
from .validation import Validation

_SMALLEST_ADAPTIVE_RATE = 1e-6


class Run:
    """One call of ``fit`` or ``partial_fit``.

    Parameters
    ----------
    parameters : dict
        Constructor parameters of the estimator, already checked.
    state : State
        State at the start; the run changes it in place.
    rows, targets, weights
        All rows of the call, their targets and their weights.
    validation : Validation or None
        Validates after each epoch. The training rows are those of ``state.order``.
    tasks : Tasks
        Runs scikit-learn's callbacks.
    attributes : callable() -> dict
        Returns the fitted attributes after the last epoch, for the callbacks.
    after_epoch : callable(epoch, stopped, last)
        Writes the checkpoint.
    incremental : bool
        Whether to train for one epoch only, as a call of ``partial_fit`` does.
    """

    def __init__(
        self,
        parameters: dict[str, Any],
        state: State,
        rows: Rows,
        targets: Targets,
        weights: np.ndarray | None,
        validation: Validation | None,
        tasks: Tasks,
        attributes: Callable[[], dict[str, Any]],
        after_epoch: Callable[..., None],
        *,
        incremental: bool,
    ) -> None:
        self.p, self.state, self.validation = parameters, state, validation
        self.rows, self.targets, self.weights = rows, targets, weights
        self.tasks, self.attributes, self.after_epoch = tasks, attributes, after_epoch
        self.keeps_best = validation is not None and parameters["early_stopping"]
        self.incremental = incremental
        self.best_is_unjudged = validation is not None and state.judge_by(validation.judged, incremental=incremental)
        self.theta = parameters_of(state, state.theta)
        self.schedule = schedule_for(parameters["learning_rate"], parameters["power_t"])
        self.n_rows = rows.n_rows if state.order is None else state.order.shape[-1]  # of one member
        self.batch_size = self._batch_size()
        self.updates_of_an_epoch = math.ceil(self.n_rows / self.batch_size)
        self._set_lengths()
        self.stopped = False
        curves = [curve for curve in vars(state.history).values() if curve is not None]
        self.before = state.n_epochs, [(curve, len(curve)) for curve in curves]
        self.recorded = 0
        self.progress = progress_for(parameters["verbose"], self.max_iter)

    def run(self) -> None:
        """Train for at most ``max_iter`` epochs, or for one; after Ctrl-C, warn and keep the weights."""
        widths = [self.rows.width, *(layer.n_out for layer in self.state.network.layers)]
        large = is_large(self.batch_size, widths)
        # The training loop finds and reports a loss that overflows.
        with np.errstate(all="ignore"), limit_threads(large=large), self.progress:
            try:
                if self.best_is_unjudged and self.keeps_best:
                    self._judge_best()
                if self.state.optimizer is None:
                    self._run_lbfgs()
                else:
                    self._run_stochastic()
            except KeyboardInterrupt:
                self._drop_unrecorded()
                self.state.stopping_reason = "interrupt"
                warn_caller("Training interrupted by user.")
        if not np.isfinite(self.state.published).all():
            self._diverged("parameters that are not finite")

    def _judge_best(self) -> None:
        """Score the best weights so far on the validation rows of this call."""
        state = self.state
        state.plateau = Plateau(count=state.plateau.count if self.incremental else 0)
        if state.best is None:
            return
        _, score = self.validation.evaluate(state.best)
        if math.isfinite(score):
            state.plateau.best = score

    def _run_stochastic(self) -> None:
        state, incremental = self.state, self.incremental
        # The number of epochs of a stream is unknown, so a schedule that depends on it is not used.
        schedule = Constant() if incremental and self.schedule.per_update else self.schedule
        if not incremental and self.batch_size < self.n_rows:
            self.rows = converted_once(self.rows)
        members = [self._member(number, schedule) for number in range(state.n_members)]
        end = state.n_epochs + 1 if incremental else self.max_iter
        while state.n_epochs < end:
            self.tasks.begin_epoch()
            stopped = self._observe(train_all(state, members))
            last = stopped or state.n_epochs == end
            if state.stopping_reason is None and last:
                state.stopping_reason = "partial_fit" if incremental else "max_iter"
            self.after_epoch(state.n_epochs, stopped=stopped, last=last)
            if stopped:
                return
        if not incremental and not self.schedule.per_update:  # others are planned for `max_iter` epochs
            warn_caller(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) "
                "reached and the optimization hasn't converged yet.",
                ConvergenceWarning,
            )

    def _member(self, number: int, schedule: Schedule) -> Member:
        p, state = self.p, self.state
        order = state.order if state.order is None or state.order.ndim == 1 else state.order[number]
        if state.n_members > 1 and state.order is not None:
            order = order.copy()
        batches = Batches(self.rows, self.targets, self.weights, self.batch_size, order)
        member = Member(state, number, batches, p["averaging"])
        member.epochs = stochastic(
            state.network, member.theta, batches, member.optimizer, schedule, member.clock,
            rate_init=p["learning_rate_init"], alpha=p["alpha"], rng=member.rng if p["shuffle"] else None,
            weight_decay=p["weight_decay"], max_grad_norm=p["max_grad_norm"], noise=member.noise,
            average=member.average, first_epoch=state.n_epochs, n_epochs=self.max_iter,
        )  # fmt: skip
        return member

    def _batch_size(self) -> int:
        n, size = self.n_rows, self.p["batch_size"]
        if self.p["solver"] == "lbfgs":  # the size changes only the memory
            widest = max(self.rows.width, *(layer.n_out for layer in self.state.network.layers))
            return min(n, max(256, 8 * CHUNK_ELEMENTS // widest))
        if size != "auto" and size > n:
            warn_caller(f"Got `batch_size`={size}, more than the {n} training rows. It is going to be clipped.")
        return batch_rows(self.p, n)

    def _set_lengths(self) -> None:
        """Set how long to train, and record the values of the parameters in this run."""
        p, state = self.p, self.state
        size = self.n_rows if p["solver"] == "lbfgs" else self.batch_size
        found = lengths(p, size, self.updates_of_an_epoch)
        values = {name: p[name] for name in ("max_iter", "n_iter_no_change")} | {"batch_size": size}
        values |= {name: value for name, (value, _) in found.items()}
        self.max_iter, self.patience = values["max_iter"], values["n_iter_no_change"]
        state.settings = settings(p, dtype=state.theta.dtype.name, **values)
        state.reasons = p["reasons"] | {name: reason for name, (_, reason) in found.items()}

    def _run_lbfgs(self) -> None:
        p, network = self.p, self.state.network
        result = lbfgs(
            network, self.theta[0], Batches(self.rows, self.targets, self.weights, self.batch_size),
            alpha=p["alpha"], max_iter=self.max_iter, max_fun=p["max_fun"], tol=p["tol"],
            observe=self._observe_iteration,
        )  # fmt: skip
        if not math.isfinite(result.fun):
            self._diverged(f"a loss of {result.fun}")
        if not self.state.history.loss:  # L-BFGS accepted no iteration
            self._observe_iteration(Epoch(float(result.fun), math.nan, math.nan, 0))
            self.state.n_epochs = 0
        if not self.stopped:
            limit = "max_iter" if result.nit >= self.max_iter else "max_fun"
            self.state.stopping_reason = {0: "converged", 1: limit}.get(result.status, "line_search")
        if not result.success and not self.stopped:
            warn_caller(
                f"lbfgs failed to converge after {result.nit} iteration(s): {result.message} "
                f"Increase max_iter={self.max_iter} or max_fun={p['max_fun']}.",
                ConvergenceWarning,
            )

    def _observe(self, epoch: Epoch) -> bool:
        """Record one epoch; return whether training has ended."""
        state, history = self.state, self.state.history
        state.n_epochs += 1
        history.loss.append(epoch.loss)
        history.penalty.append(epoch.penalty)
        history.rate.append(epoch.rate)
        finite, judgement = math.isfinite(epoch.loss), -epoch.loss
        loss = score = None
        if self.validation is not None:
            loss, score = self.validation.evaluate(state.current) if finite else (math.nan, math.nan)
            history.validation_loss.append(loss)
            history.scores.append(score)
            judgement = score if self.keeps_best else judgement
        self.progress.epoch(state.n_epochs, epoch, score, loss)
        if not finite:
            self._diverged(f"a loss of {epoch.loss}")
            return True
        judged = state.optimizer is not None  # L-BFGS decides itself when to stop
        improved = judged and state.plateau.update(judgement, self.p["tol"])
        # With few validation rows, old and new weights may have equal scores; then those trained on more rows are kept.
        tied = self.incremental and self.best_is_unjudged and judgement == state.plateau.best
        if self.keeps_best and (improved or tied):
            state.best = state.current.copy()
        self.recorded += 1
        if self.tasks.end_epoch(self.attributes):
            state.stopping_reason = "callback"
        elif judged and state.plateau.count >= self._patience_now() and not self._reduce_rate(epoch.rate):
            state.stopping_reason = "n_iter_no_change"
        return state.stopping_reason is not None

    def _patience_now(self) -> float:
        """Return the patience: if it is "auto", at least a share of the number of the best epoch."""
        if self.p["n_iter_no_change"] != "auto" or not self.p["budget"].patience:
            return self.patience
        return max(self.patience, WAIT * (self.state.n_epochs - self.state.plateau.count))

    def _drop_unrecorded(self) -> None:
        """Delete the epoch that was not completely recorded, so that all curves end with the same epoch."""
        epochs, curves = self.before
        for curve, length in curves:
            del curve[length + self.recorded :]
        self.state.n_epochs = epochs + self.recorded

    def _observe_iteration(self, epoch: Epoch) -> bool:
        self.tasks.begin_epoch()
        self.stopped = self._observe(epoch)
        return self.stopped

    def _reduce_rate(self, rate: float) -> bool:
        """Reduce the learning rate if the schedule is adaptive and it is large enough; return whether it was."""
        what = "Validation score" if self.keeps_best else "Training loss"
        tol, waited = self.p["tol"], self.state.plateau.count
        message = f"{what} did not improve more than tol={tol:f} for {waited} consecutive epochs."
        reduced = self.schedule.adaptive and rate > _SMALLEST_ADAPTIVE_RATE
        if reduced:
            self.state.clock.reductions += 1
            self.state.plateau.count = 0
            message += f" Setting learning rate to {self.p['learning_rate_init'] * self.schedule(self.state.clock):f}"
        elif self.state.best is not None:
            self._take_back_best()
        self.progress.say(message if reduced else message + " Stopping.")
        return reduced

    def _take_back_best(self) -> None:
        state = self.state
        np.copyto(state.theta, state.best)
        if state.average is not None:
            np.copyto(state.average, state.best)

    def _diverged(self, what: str) -> None:
        epoch = self.state.n_epochs
        if self.state.best is not None:
            warn_caller(
                f"Training gave {what} in epoch {epoch} and was stopped; the weights of the best validation score are "
                "kept. Try a smaller `learning_rate_init`.",
                ConvergenceWarning,
            )
            self._take_back_best()
            self.state.optimizer = optimizer_for(self.p)  # its moments may not be finite
            self.state.stopping_reason = "divergence"
            return
        raise ValueError(
            f"Training gave {what} in epoch {epoch}. Solver produced non-finite parameter weights. The input data may "
            "contain large values and need to be preprocessed. Try standardize=True, "
            "a smaller `learning_rate_init`, or a larger `alpha`."
        )
