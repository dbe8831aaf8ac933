"""What may be stored: every part of a network. A new part has to be added to the list."""

import dataclasses
import inspect
from typing import get_args, get_type_hints

import pytest

import sknet
from sknet.core import (
    Units,
    activations,
    dropout,
    initializers,
    inputs,
    layers,
    losses,
    normalization,
    optimizers,
    schedules,
)
from sknet.persistence.storable import ESTIMATORS, KINDS, NAMED, RECORDS
from sknet.preprocessing import scaling

PARTS = {  # kinds of parts in the core, and the method that a class of each kind has
    "specs": (layers, inputs, dropout, normalization),
    "value_and_delta": (losses,),
    "step": (optimizers,),
    "__call__": (schedules,),
}
CLASSES = [
    kind
    for method, modules in PARTS.items()
    for module in modules
    for _, kind in inspect.getmembers(module, dataclasses.is_dataclass)
    if kind.__module__ == module.__name__ and any(method in vars(base) for base in kind.__mro__[:-1])
    if kind is not losses.ElementwiseLoss  # the base class of other losses
]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_part_of_the_core_can_be_stored(kind):
    assert RECORDS[kind.__name__] is kind
    assert any(kind in group for group in KINDS.values())


def test_parts_are_found():
    assert len(CLASSES) >= 27
    assert {inputs.Scaling, inputs.PeriodicEmbedding} < {*CLASSES}


def test_all_units_can_be_stored():
    """All classes that `scaling` returns: moments, quartiles, the mean, and classes added later."""
    measured = {kind for _, kind in inspect.getmembers(scaling, inspect.isclass) if dataclasses.is_dataclass(kind)} - {
        Units
    }
    assert {scaling.Moments, scaling.Quartiles, scaling.LogMean} <= measured <= {*RECORDS.values()}
    assert measured == {*get_args(scaling.Measured)} - {type(None)}
    assert RECORDS["Units"] is Units


@pytest.mark.parametrize("kind", RECORDS.values(), ids=lambda kind: kind.__name__)
def test_types_of_fields_are_declared(kind):
    hints = get_type_hints(kind)
    assert {field.name for field in dataclasses.fields(kind)} <= hints.keys()


def test_objects_that_hold_code_are_stored_by_name():
    assert NAMED[activations.Activation].keys() == {*activations.ACTIVATIONS, "exp"}
    assert NAMED[initializers.Initializer] == initializers.INITIALIZERS


def test_estimators_are_public():
    assert all(inspect.isclass(getattr(sknet, name)) for name in ESTIMATORS)
