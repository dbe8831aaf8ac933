"""The scripts that compare sknet with its alternatives: the picture has all of them, and checks distinguish them."""

import csv
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))

    def find(name):
        return pytest.importorskip(name, exc_type=ImportError)

    return find


def test_the_picture_of_accuracy_has_every_learner_of_the_file_without_overlap(script):
    pytest.importorskip("matplotlib").use("agg")
    with (FOLDER / "accuracy.csv").open(encoding="utf-8") as file:
        names = {(row["suite"], row["contestant"]) for row in csv.DictReader(file) if row["seeds"] == "0"}
    figure = script("plot_accuracy").draw()
    figure.canvas.draw()
    for column, suite in enumerate(("business", "core")):
        for ax in figure.axes[column::2]:
            assert {text.get_text() for text in ax.texts} == {n for s, n in names if s == suite} | {
                "scikit-learn's MLP"
            }
            boxes = [text.get_window_extent() for text in ax.texts]
            assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
            assert ax.get_ylim()[0] > ax.get_ylim()[1], "the smaller error must be higher"


def test_the_script_writes_the_picture(tmp_path):
    pytest.importorskip("matplotlib")
    command = [sys.executable, str(FOLDER / "plot_accuracy.py"), "--output", "accuracy.png"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    content = (tmp_path / "accuracy.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < 100_000


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # an error would count as a "no"
@pytest.mark.parametrize(
    ("title", "sknet", "scikit_learn"),
    [
        ("frame with a text column", True, False),
        ("NaN among numbers", True, False),
        ("new levels in predict", True, False),
        ("validation rows passed to fit", True, False),
        ("sparse X", True, True),
        ("`partial_fit`", True, True),
    ],
)
def test_checks_show_what_each_library_accepts(script, title, sknet, scikit_learn):
    pytest.importorskip("pandas")
    alternatives = script("alternatives")
    for name, expected in (("sknet", sknet), ("scikit-learn's MLP", scikit_learn)):
        library = alternatives.LIBRARIES[name]
        answer = alternatives.works(partial(alternatives.CHECKS[title], library, library.make))
        assert bool(answer) is expected, name


def test_cells_of_checks_that_were_not_run_are_empty(script):
    printed = script("alternatives").table({"one": {"a": "yes", "b": "no"}, "other": {"b": "yes"}})
    assert printed.splitlines() == ["| | one | other |", "| --- | --- | --- |", "| a | yes | |", "| b | no | yes |"]
