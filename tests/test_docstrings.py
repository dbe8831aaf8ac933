"""All public docstrings are valid numpydoc."""

import inspect
from functools import reduce

import pytest

import sknet
import sknet.export

# Methods need no examples, cross references or extended summaries. A return value may have a name. A first word may be
# in lower case, such as "scikit-learn".
IGNORED = {"EX01", "SA01", "SA03", "ES01", "RT02"}
MODULES = {"": sknet.__all__, "export.": sknet.export.__all__, "schedules.": sknet.schedules.__all__}


def find(name):
    return reduce(getattr, name.split("."), sknet)


def public_names():
    names = [
        "presets.tabular",
        "presets.best",
        "presets.scikit_learn",
        *(m + n for m, names in MODULES.items() for n in names),
    ]
    names = [name for name in names if callable(find(name))]
    for name in list(names):
        own = vars(find(name)) if inspect.isclass(find(name)) else {}
        functions = (inspect.isfunction, lambda member: isinstance(member, classmethod))
        names += [f"{name}.{m}" for m, v in own.items() if m[0] != "_" and any(is_one(v) for is_one in functions)]
    return sorted(set(names))


def test_public_names_are_found():
    assert {"MLPClassifierScratch.fit", "load", "export.to_onnx", "schedules.Cosine"} <= set(public_names())
    assert len(public_names()) > 45


@pytest.mark.parametrize("name", public_names())
def test_docstrings_are_numpydoc(name):
    validate = pytest.importorskip("numpydoc.validate").validate
    assert [error for error in validate(f"sknet.{name}")["errors"] if error[0] not in IGNORED] == []
