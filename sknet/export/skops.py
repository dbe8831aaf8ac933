"""skops: lists the types that a file of skops contains if it holds an estimator of this package."""

from __future__ import annotations

import numpy as np
from sklearn.compose import make_column_selector

from ..classifier import MLPClassifierScratch
from ..core import ACTIVATIONS, EXP, LOSSES, SCHEDULES, Activation, Initializer
from ..persistence import RECORDS
from ..regressor import MLPRegressorScratch
from ..transformer import HiddenLayerTransformer

_CLASSES = (
    MLPClassifierScratch, MLPRegressorScratch, HiddenLayerTransformer, Activation, Initializer, *RECORDS.values()
)  # fmt: skip
_OF_COLUMNS = (np.dtype, make_column_selector)  # in pipelines with a SimpleImputer or ColumnTransformer


def trusted_types() -> list[str]:
    """Return the names of the types to trust when loading a file of skops with a network or a pipeline around one.

    These are all types that this package puts into such a file, and two types that scikit-learn adds for the columns of
    a frame: the dtype that a ``SimpleImputer`` stores, and ``make_column_selector``. None of them can run code from the
    file: they are classes that hold numbers and names, and the functions of `sknet.ACTIVATIONS`. Functions and classes
    of your own (an activation, a schedule, a scorer, a step of a pipeline) have to be trusted as well; the error of
    `skops.io.load` lists them.

    Returns
    -------
    names : list of str
        Sorted names, for the parameter ``trusted`` of `skops.io.load`.

    Examples
    --------
    >>> from sknet.export import trusted_types
    >>> "sknet.classifier.MLPClassifierScratch" in trusted_types()
    True
    >>> skops.io.dump(pipeline, "model.skops")  # doctest: +SKIP
    >>> pipeline = skops.io.load("model.skops", trusted=trusted_types())  # doctest: +SKIP
    """
    activations = (*ACTIVATIONS.values(), EXP)
    functions = {function for activation in activations for function in (activation.forward, activation.backward)}
    tables = {type(row) for table in (LOSSES, SCHEDULES) for row in table.values()}
    return sorted(f"{own.__module__}.{own.__qualname__}" for own in {*_CLASSES, *_OF_COLUMNS, *functions, *tables})
