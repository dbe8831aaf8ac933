"""Checkpoints: writes the state of training to a file during `fit`, and continues from it after a crash."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from ..core import Codes, Stacked, Values, in_chunks
from ..preprocessing import Data
from ..training import State
from .atomic import remove_leftovers
from .decoder import Decoder, consistent, read_model
from .encoder import Encoder, checked_name, write_estimator
from .integrity import check_state, check_state_fits

_CHUNK_ELEMENTS = 2**20
# These have no effect on the model, or are computed from the other parameters.
_NO_MATTER = {"verbose", "budget", "chosen", "reasons", "strength", "tables"}


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often ``fit`` writes a checkpoint: a value of its argument ``checkpoint``.

    Parameters
    ----------
    path : str or path-like
        The file. It belongs to one call of ``fit``: the next call, or another estimator, needs another file.
    every : int, default=1
        Number of epochs from one checkpoint to the next. If the process dies, at most so many epochs are lost,
        including the unfinished one. The end of training is always written.

    See Also
    --------
    load : Read the model so far from a checkpoint.
    save : Save an estimator once, after ``fit`` or ``partial_fit``.

    Examples
    --------
    >>> import os, tempfile
    >>> import sknet
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = sknet.MLPClassifierScratch(width=8, max_iter=300, tol=0.01, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = sknet.Checkpoint(os.path.join(folder, "iris.safetensors"), every=10)
    ...     clf = clf.fit(X, y, checkpoint=checkpoint)  # after a crash, the same call continues
    ...     twin = sknet.load(checkpoint.path)
    >>> bool((twin.predict_proba(X) == clf.predict_proba(X)).all())
    True
    """

    path: Any
    every: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.path, (str, os.PathLike)):
            raise TypeError(f"`path` must be a string or path-like, got {self.path!r}.")
        if not isinstance(self.every, Integral) or isinstance(self.every, bool) or self.every < 1:
            raise ValueError(f"`every` must be an integer of at least 1, got {self.every!r}.")


class Recorder:
    """Reads and writes the checkpoint of one call of ``fit``.

    Parameters
    ----------
    checkpoint : str, path-like, Checkpoint or None
        If None, nothing is read or written.
    estimator : estimator
        The estimator that is fitted.
    parameters : dict
        Its constructor parameters, checked.
    data : Data
        Rows to train on.
    held_out : Data or None
        The validation rows that the caller passed.
    start : State or None
        The state of an earlier fit, which this fit continues.

    Attributes
    ----------
    state : State or None
        The state to continue from; None if there is no earlier file.
    finished : bool
        Whether training had stopped in that state, before its last epoch.
    """

    def __init__(
        self,
        checkpoint: Any,
        estimator: Any,
        parameters: dict[str, Any],
        data: Data,
        held_out: Data | None,
        start: State | None,
    ) -> None:
        self.state: State | None = None
        self.finished = False
        self.checkpoint = _as_checkpoint(checkpoint)
        if self.checkpoint is None:
            return
        self.path = os.path.abspath(self.checkpoint.path)
        if parameters["solver"] == "lbfgs":
            raise ValueError(
                "`checkpoint` needs a solver that works in epochs; 'lbfgs' cannot continue exactly from a file. Use "
                "solver='adam', or call fit several times with warm_start=True, and sknet.save after each call."
            )
        if not os.path.isdir(os.path.dirname(self.path)):
            raise FileNotFoundError(f"`checkpoint` {self.path!r} lies in a directory that does not exist. Create it.")
        remove_leftovers(self.path)
        training = {"X": data.X, "y": data.targets, "sample_weight": data.weights}
        training |= {"classes": vars(estimator).get("_labels"), "categories": data.codes, "levels": data.columns}
        validation = dict.fromkeys(("X_val", "y_val", "sample_weight_val", "categories of X_val"))
        if held_out is not None:
            rows = held_out.X, held_out.targets, held_out.weights, held_out.codes
            validation = dict(zip(validation, rows, strict=True))
        matters = {name: value for name, value in parameters.items() if name not in _NO_MATTER}
        everything = matters | training | validation | {"earlier fit": start}
        self.fingerprint = {name: _text(value, name) for name, value in everything.items()}
        self.fingerprint["estimator"] = checked_name(estimator)
        if os.path.exists(self.path):
            self._go_on(estimator, data, data.gaps if start is None else start.gaps)

    def _go_on(self, estimator: Any, data: Data, gaps: tuple[int, ...]) -> None:
        content, arrays = read_model(self.path)
        if "checkpoint" not in content:
            raise ValueError(
                f"`checkpoint` {self.path!r} is a model written by sknet.save, not a checkpoint. Pass another path."
            )
        with consistent(self.path):
            earlier, self.finished = content["checkpoint"]["fingerprint"], bool(content["checkpoint"]["finished"])
            names = dict.fromkeys((*earlier, *self.fingerprint))
            changed = [name for name in names if earlier.get(name) != self.fingerprint.get(name)]
            was_and_is = [f"`{n}` ({earlier.get(n)} in the file, {self.fingerprint.get(n)} now)" for n in changed]
        if changed:
            raise ValueError(
                f"`checkpoint` {self.path!r} belongs to another fit: it differs in {', '.join(was_and_is)}. To "
                "continue that fit, repeat its call. To start again, delete the file or pass another path. To train "
                "the network in the file differently, load it with sknet.load and fit it with warm_start=True."
            )
        with consistent(self.path):
            (attributes,) = (model["attributes"] for model in content["estimator"].values())
            self.state = Decoder(arrays, {}).decode(attributes["_state"])
            check_state(self.state)
            check_state_fits(self.state, data, gaps, estimator._n_outputs(), estimator._network_loss())

    def after_epoch(self, fitted: Callable[[], Any], epoch: int, *, stopped: bool, last: bool) -> None:
        """Write the estimator that ``fitted()`` returns, if a checkpoint is due after this epoch."""
        if self.checkpoint is None or not (last or epoch % self.checkpoint.every == 0):
            return
        try:
            estimator = fitted()
        except ValueError:  # the weights are out of range: the next epoch, or the end of training, raises it
            return
        record = {"fingerprint": self.fingerprint, "finished": stopped}
        write_estimator(self.path, estimator, checkpoint=record)


def _as_checkpoint(checkpoint: Any) -> Checkpoint | None:
    if checkpoint is None or isinstance(checkpoint, Checkpoint):
        return checkpoint
    if not isinstance(checkpoint, (str, os.PathLike)):
        raise TypeError(f"`checkpoint` must be None, a path or a sknet.Checkpoint, got {checkpoint!r}.")
    return Checkpoint(checkpoint)


def _text(value: Any, name: str) -> str:
    """Return a short text that is different for different values."""
    if isinstance(value, (Values, Codes, Stacked)):
        parts = {Values: "columns", Codes: "codes", Stacked: "parts"}
        return _text(getattr(value, parts[type(value)]), name)
    if isinstance(value, tuple) and any(isinstance(part, (np.ndarray, Values, Codes)) for part in value):
        return ", ".join(_text(part, name) for part in value)
    if hasattr(value, "indptr"):
        return f"sparse {value.shape} " + ", ".join(_text(a, name) for a in (value.data, value.indices, value.indptr))
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return f"{value.dtype} {value.shape} {_digest(value)[:16]}"
    encoder = Encoder()
    text = json.dumps(encoder.encode(value, name))
    digests = "".join(map(_digest, encoder.arrays.values()))
    return text if not digests and len(text) < 100 else hashlib.sha256((text + digests).encode()).hexdigest()[:16]


def _digest(array: np.ndarray) -> str:
    """Return a hash of an array, read in chunks so that the whole array is never copied."""
    digest = hashlib.sha256(f"{array.dtype} {array.shape}".encode())
    rows = np.atleast_1d(array)
    for chunk in in_chunks(len(rows), max(1, _CHUNK_ELEMENTS * len(rows) // max(rows.size, 1))) if rows.size else ():
        digest.update(np.ascontiguousarray(rows[chunk]))
    return digest.hexdigest()
