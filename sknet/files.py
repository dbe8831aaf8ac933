"""Files: saves and loads estimators as files that contain no code, so reading one runs nothing."""

from __future__ import annotations

import os
from typing import Any

from ._compat import callbacks_of
from .classifier import MLPClassifierScratch
from .persistence import Decoder, FileFormatError, check_fitted, consistent, read_model, write_estimator
from .regressor import MLPRegressorScratch
from .transformer import HiddenLayerTransformer

__all__ = ["FileFormatError", "load", "save"]

_ESTIMATORS = {kind.__name__: kind for kind in (MLPClassifierScratch, MLPRegressorScratch, HiddenLayerTransformer)}


def save(estimator: Any, path: Any) -> None:
    """Save an estimator as a file of numbers and text, which contains no code.

    The file contains the whole estimator, with the state of training: a loaded one predicts the same bits, and
    ``warm_start`` and ``partial_fit`` continue with the same bits. Its layout is that of safetensors. It is written
    under a temporary name and renamed once it is on the disk, so an error leaves an earlier file intact.

    Frames with categories, text and missing values go into `fit` as they are, so most networks need no pipeline around
    them. A pipeline with a network in it goes into a file of skops, another library, as a whole:
    ``skops.io.dump(pipeline, path)``, and ``skops.io.load(path, trusted=sknet.export.trusted_types())``.

    Parameters
    ----------
    estimator : MLPClassifierScratch, MLPRegressorScratch or HiddenLayerTransformer
        What to save, fitted or not.
    path : str or path-like
        Where to.

    Raises
    ------
    TypeError
        If it is a pipeline or a search, or contains code: functions, such as a callable `scoring`; an `Activation` or
        schedule of your own; callbacks. The message says what to call instead, or names the parameter; no file is
        changed.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Read it.
    Checkpoint : Save in the course of ``fit``.

    Examples
    --------
    >>> import os, tempfile, sknet
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = sknet.MLPClassifierScratch(width=8, solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sknet.save(clf, os.path.join(folder, "iris.safetensors"))
    ...     twin = sknet.load(os.path.join(folder, "iris.safetensors"))
    >>> bool((twin.predict_proba(X) == clf.predict_proba(X)).all())
    True
    """
    if (callbacks := callbacks_of(estimator)) is not None:
        raise TypeError(
            f"the callbacks {callbacks} are code, which a model file cannot hold. Take them off with "
            "set_callbacks(), and set them again after loading."
        )
    write_estimator(os.fspath(path), estimator)


def load(path: Any) -> Any:
    """Load an estimator from a file that `save`, or ``fit`` with a checkpoint, has written.

    Nothing in the file is executed, whoever made it; memory stays within a few times the size of the file; and each bit
    of it is checked. What nobody can check is whether the weights are good ones: that depends on who trained them.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    estimator : MLPClassifierScratch, MLPRegressorScratch or HiddenLayerTransformer
        The same in all respects as the one that was saved. That of a checkpoint is fitted as far as training had come.

    Raises
    ------
    FileFormatError
        If it is no such file, is damaged, contradicts itself, or was written by a newer release.
    OSError
        If it cannot be read.

    See Also
    --------
    save : Write it, with an example.
    """
    content, arrays = read_model(os.fspath(path))
    with consistent(path):
        estimator = Decoder(arrays, _ESTIMATORS).estimator(content["estimator"])
        network = estimator.estimator_ if hasattr(estimator, "estimator_") else estimator
        check_fitted(vars(network))
    return estimator
