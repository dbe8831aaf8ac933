"""skops: what a file of skops may contain if it holds an estimator of this package."""

from __future__ import annotations

from ..classifier import MLPClassifierScratch
from ..core import ACTIVATIONS, EXP, LOSSES, SCHEDULES, Activation, Initializer
from ..persistence import RECORDS
from ..regressor import MLPRegressorScratch
from ..transformer import HiddenLayerTransformer

_CLASSES = (
    MLPClassifierScratch, MLPRegressorScratch, HiddenLayerTransformer, Activation, Initializer, *RECORDS.values()
)  # fmt: skip


def trusted_types() -> list[str]:
    """Return the names of all that this package puts into a file of skops: what to trust in order to load it.

    None of them runs code of the file's choosing: they are classes that hold numbers, and the functions of
    `sknet.ACTIVATIONS`. Estimators with functions or classes of your own (an activation, a schedule, a scorer) need
    those trusted as well.

    Returns
    -------
    names : list of str
        Sorted, for the parameter ``trusted`` of `skops.io.load`.

    Examples
    --------
    >>> from sknet.export import trusted_types
    >>> "sknet.classifier.MLPClassifierScratch" in trusted_types()
    True
    >>> skops.io.load("model.skops", trusted=trusted_types())  # doctest: +SKIP
    """
    activations = (*ACTIVATIONS.values(), EXP)
    functions = {function for activation in activations for function in (activation.forward, activation.backward)}
    tables = {type(row) for table in (LOSSES, SCHEDULES) for row in table.values()}
    return sorted(f"{own.__module__}.{own.__qualname__}" for own in {*_CLASSES, *functions, *tables})
