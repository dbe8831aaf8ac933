"""Filters with the name of a module match warnings of fits, and the message shows the line of the caller."""

import inspect
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning

from sknet import MLPClassifierScratch, MLPRegressorScratch

X = np.random.default_rng(0).normal(size=(40, 2))
Y, LABELS = X[:, 0], (X[:, 0] > 0).astype(int)
QUICK = {"width": 3, "max_iter": 2, "random_state": 0}


def unfinished():
    MLPClassifierScratch(learning_rate="constant", **QUICK).fit(X, LABELS)


def of_no_effect():
    MLPRegressorScratch(quantile=0.9, **QUICK).fit(X, Y)


def a_large_batch():
    MLPRegressorScratch(batch_size=1000, **QUICK).fit(X, Y)


def a_column():
    MLPRegressorScratch(**QUICK).fit(X, Y[:, None])


def lbfgs():
    MLPRegressorScratch(solver="lbfgs", **QUICK).fit(X, Y)


WARNINGS = {
    unfinished: ConvergenceWarning, of_no_effect: UserWarning, a_large_batch: UserWarning,
    a_column: DataConversionWarning, lbfgs: ConvergenceWarning,
}  # fmt: skip
every_warning = pytest.mark.parametrize("fit", WARNINGS, ids=lambda fit: fit.__name__)


@every_warning
@pytest.mark.parametrize("module", ["sklearn", r"sklearn\.neural_network", "sknet", "sknet.*", __name__])
def test_a_filter_with_one_of_the_names_ignores_the_warning(fit, module):
    for category in (Warning, WARNINGS[fit]):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            warnings.filterwarnings("ignore", category=category, module=module)
            fit()
        assert seen == []


@every_warning
def test_a_filter_with_another_name_does_not(fit):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", module="pandas")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="sknet")
        warnings.filterwarnings("ignore", message="another text", module="sklearn")
        fit()
    assert [warning.category for warning in seen] == [WARNINGS[fit]]


@every_warning
def test_the_first_matching_filter_decides(fit):
    for first, last, n in (("ignore", "always", 1), ("always", "ignore", 0)):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("error")
            warnings.filterwarnings(first, module="sklearn")
            warnings.filterwarnings(last, module="sknet")
            fit()
        assert len(seen) == n


@every_warning
@pytest.mark.parametrize("module", [None, "sklearn", "sknet"])
def test_the_line_is_that_of_the_caller(fit, module):
    with warnings.catch_warnings(record=True) as seen:
        warnings.filterwarnings("always", module=module or "")
        fit()
    (warning,) = seen
    assert warning.filename == __file__
    assert warning.lineno == inspect.getsourcelines(fit)[1] + 1


@pytest.mark.parametrize(("module", "shown"), [("sknet", False), ("__main__", False), ("other", True)])
def test_a_filter_on_the_command_line(tmp_path, module, shown):
    script = tmp_path / "script.py"
    script.write_text(
        "from sknet import MLPRegressorScratch\n"
        "MLPRegressorScratch(quantile=0.9, max_iter=2, width=3).fit([[1.0], [2.0]], [1.0, 2.0])\n"
    )
    command = [sys.executable, "-W", f"ignore::UserWarning:{module}", str(script)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=None)
    assert ("script.py:2: UserWarning: `quantile=0.9` has no effect" in run.stderr) is shown


@pytest.mark.parametrize("given", [["-c"], ["-i"]])
def test_a_program_without_a_file_gets_the_warning(given):
    """Such a program is given on the command line, or typed into Python."""
    program = (
        "from sknet import MLPRegressorScratch\n"
        "m = MLPRegressorScratch(quantile=0.9, max_iter=2, width=3).fit([[1.0], [2.0]], [1.0, 2.0])\n"
        "print(m.n_iter_)\n"
    )
    arguments = [*given, program] if given == ["-c"] else given
    run = subprocess.run([sys.executable, *arguments], input=program, capture_output=True, text=True, check=True)
    assert "UserWarning: `quantile=0.9` has no effect" in run.stderr
    assert run.stdout.split()[-1] == "2"
