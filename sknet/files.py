"""Files: save and load estimators. The files contain no code, so loading one runs no code from it."""

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

    The file contains the whole estimator, with the state of training. A loaded estimator makes the same predictions bit
    for bit, and continues to train in the same way. The format is that of safetensors. The file is written under a
    temporary name and then renamed, so an error does not damage an earlier file.

    `fit` accepts data frames with categories, text and missing values, so most networks need no pipeline. To save a
    pipeline that contains a network, use the library skops: ``skops.io.dump(pipeline, path)``, and
    ``skops.io.load(path, trusted=sknet.export.trusted_types())``.

    Parameters
    ----------
    estimator : MLPClassifierScratch, MLPRegressorScratch or HiddenLayerTransformer
        The estimator to save, fitted or not.
    path : str or path-like
        Path of the file.

    Raises
    ------
    TypeError
        If ``estimator`` is a pipeline or a search, or if it contains code: functions, such as a callable `scoring`; an
        `Activation` or schedule of your own; callbacks. The message names the parameter, or says what to call instead.
        No file is changed.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Load an estimator.
    Checkpoint : Save during ``fit``.

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
            f"the callbacks {callbacks} are code, which a model file cannot contain. Remove them with "
            "set_callbacks(), and set them again after loading."
        )
    write_estimator(os.fspath(path), estimator)


def load(path: Any) -> Any:
    """Load an estimator from a file that `save`, or ``fit`` with a checkpoint, has written.

    No code from the file is run, whoever made it. The memory is at most a few times the size of the file. A checksum
    covers each bit. Whether the weights are good cannot be checked: that depends on who trained them.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    estimator : MLPClassifierScratch, MLPRegressorScratch or HiddenLayerTransformer
        It equals the saved estimator in all respects. From a checkpoint, it is fitted up to that point of the training.

    Raises
    ------
    FileFormatError
        If the file has another format, is damaged, contradicts itself, or was written by a newer release.
    OSError
        If the file cannot be read.

    See Also
    --------
    save : Save an estimator; with an example.
    """
    content, arrays = read_model(os.fspath(path))
    with consistent(path):
        estimator = Decoder(arrays, _ESTIMATORS).estimator(content["estimator"])
        network = estimator.estimator_ if hasattr(estimator, "estimator_") else estimator
        check_fitted(vars(network))
    return estimator
