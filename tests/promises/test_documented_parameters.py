"""Docstrings of both estimators describe all parameters, defaults and fitted attributes in the same words."""

import inspect
import re

import pytest
from scaled_data import SMALL, X, target

from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

OURS = MLPClassifierScratch, MLPRegressorScratch
DOCUMENTED = pytest.mark.parametrize("Estimator", OURS)


def sections(text):
    """Return a numpydoc docstring as {section: {names: description}}."""
    found, section, names = {}, None, None
    lines = inspect.cleandoc(text).splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch("-{3,}", following):
            section, names = line, None
            found[section] = {}
        elif section and re.match(r"\w.* : |\w+$", line):
            names = line.split(" : ")[0]
            found[section][names] = [line]
        elif section and names and not re.fullmatch("-{3,}", line):
            found[section][names].append(line)
    return {
        section: {names: "\n".join(text).strip() for names, text in entries.items()}
        for section, entries in found.items()
    }


def test_shared_parameters_are_documented_alike():
    left, right = (sections(Estimator.__doc__)["Parameters"] for Estimator in OURS)
    assert list(left) == [*inspect.signature(MLPClassifierScratch).parameters]
    assert list(right) == [*inspect.signature(MLPRegressorScratch).parameters]
    for name in left.keys() & right.keys():
        expected, found = (" ".join(text.split()) for text in (left[name], right[name]))  # lines may break elsewhere
        if name == "standardize":
            expected += (
                " The regressor standardizes its targets too: by mean and standard deviation for the squared error, "
                'by median and interquartile range for ``"absolute_error"``, ``"huber"`` and ``"quantile"``, and by '
                "the mean alone with a log link."
            )
        elif name == "n_iter_no_change":  # a regressor waits longer
            waits = "10 epochs, or 30 for at most 200 rows with a validation set."
            assert waits in expected
            expected = expected.replace(waits, "100 epochs.")
        assert found == expected, name


@DOCUMENTED
def test_defaults_in_the_docstring_are_right(Estimator):
    for name, text in sections(Estimator.__doc__)["Parameters"].items():
        default = inspect.signature(Estimator).parameters[name].default
        stated = re.search(r"default=(.*)$", text.splitlines()[0])[1]
        assert stated == (f'"{default}"' if isinstance(default, str) else str(default)) or float(stated) == default, (
            name
        )


def test_shared_attributes_are_documented_alike():
    left, right = (sections(Estimator.__doc__)["Attributes"] for Estimator in OURS)
    assert set(left) - set(right) == {"classes_", "label_smoothing_"}
    assert set(right) <= set(left)
    for name, text in right.items():
        assert text.replace("R2 of", "Accuracy of") == left[name], name


@DOCUMENTED
def test_every_fitted_attribute_is_documented_and_every_documented_one_exists(Estimator):
    documented = {n for names in sections(Estimator.__doc__)["Attributes"] for n in names.split(", ")}
    mlp = Estimator(**SMALL).fit(X, target(Estimator))
    there = {name for name in dir(mlp) if name.endswith("_") and not name.startswith("_")}
    assert there == documented - {"feature_names_in_"}
