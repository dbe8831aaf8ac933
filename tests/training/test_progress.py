"""The lines of progress that training prints are aligned."""

import pytest
from oracles import PlainRegressor
from plain_fits import X, Y, fitted

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("early_stopping", [False, True])
def test_lines_of_progress_are_aligned(capsys, early_stopping):
    """Also where the loss falls by orders of magnitude."""
    fitted(
        PlainRegressor, X, 1000.0 * Y, verbose=True, standardize=False, early_stopping=early_stopping, max_iter=12,
        learning_rate_init=0.5, depth=0, n_iter_no_change=100,
    )  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12
    words = ["loss", "rate", *(["validation", "score"] if early_stopping else [])]
    for word in words:
        assert len({line.index(f" {word} ") for line in lines}) == 1, word
