"""Progress: shows the progress of training, as lines of text or as a bar."""

from __future__ import annotations

import math
import time
from typing import Any

from ..core import Epoch


class Lines:
    """Lines of text; the first two of each epoch are exactly those of scikit-learn, for programs that read them.

    Parameters
    ----------
    level : int
        0 for no lines, 1 for scikit-learn's lines, 2 for more.
    """

    def __init__(self, level: int) -> None:
        self.level, self.started = level, time.perf_counter()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def epoch(self, number: int, epoch: Epoch, score: float | None, validation_loss: float | None) -> None:
        """Show one epoch; ``score`` and ``validation_loss`` are None without validation rows."""
        if not self.level:
            return
        print(f"Iteration {number}, loss = {epoch.loss:.8f}")
        if score is not None:
            print(f"Validation score: {score:f}")
        if self.level > 1:
            details = [] if validation_loss is None else [f"validation loss {validation_loss:.8f}"]
            details += [] if math.isnan(epoch.rate) else [f"rate {epoch.rate:.3g}"]
            print("  ".join(["   ", *details, f"{time.perf_counter() - self.started:.1f} s"]))

    def say(self, message: str) -> None:
        """Show a sentence."""
        if self.level:
            print(message)


class Bar:
    """A bar with loss, score and time left, in terminals and notebooks, by rich.

    Parameters
    ----------
    n_epochs : int
        Largest number of epochs. The bar is full when training ends, also if it ends early.

    Raises
    ------
    ImportError
        If rich is not installed.
    """

    def __init__(self, n_epochs: int) -> None:
        try:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        except ImportError as error:
            raise ImportError(
                "verbose='progress' needs rich, an optional extra: pip install -e \".[progress]\"."
            ) from error
        # Each bar has its own console, so that several fits in threads can show a bar each.
        self.progress = Progress(
            TextColumn("epoch"), MofNCompleteColumn(), BarColumn(), TextColumn("{task.description}"),
            TimeRemainingColumn(elapsed_when_finished=True), console=Console(),
        )  # fmt: skip
        self.task = self.progress.add_task("", total=n_epochs)

    def __enter__(self) -> Bar:
        self.progress.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.progress.update(self.task, total=self.progress.tasks[0].completed, refresh=True)  # for notebooks
        self.progress.stop()

    def epoch(self, number: int, epoch: Epoch, score: float | None, validation_loss: float | None) -> None:
        """Show one epoch; ``score`` and ``validation_loss`` are None without validation rows."""
        text = f"loss {epoch.loss:.4f}"
        if score is not None:
            by_loss = score == -validation_loss
            text += f"  validation loss {validation_loss:.4f}" if by_loss else f"  validation score {score:.4f}"
        self.progress.update(self.task, completed=number, description=text)

    def say(self, message: str) -> None:
        """Show a sentence above the bar."""
        self.progress.console.print(message, markup=False, highlight=False, soft_wrap=True)


def progress_for(verbose: bool | int | str, n_epochs: int) -> Lines | Bar:
    """Return the bar or the lines for the parameter ``verbose`` and a run of at most ``n_epochs`` epochs."""
    return Bar(n_epochs) if verbose == "progress" else Lines(int(verbose))
