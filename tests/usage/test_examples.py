"""Every script in examples/ runs without warnings and prints something."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
PICTURES = {
    "calibration": {"calibration.png"},
    "explaining_a_model": {"explanations.png"},
    "course_05_activations": {"activations.png"},
    "grid_search_heatmap": {"grid_search_heatmap.png"},
    "plot_loss_curves": {"loss_curves.png"},
    "plot_network": {"network.png", "network_unfitted.png"},
    "quickstart": {"quickstart.png"},
}
SLOW = {
    "calibration", "grid_search_heatmap", "imbalanced_classes", "larger_than_memory", "missing_values", "quickstart",
    "scale_out_dask", "scale_out_ray",
}  # fmt: skip
NEEDS = {
    "explaining_a_model": ["pandas"],
    "mixed_columns": ["pandas"],
    "own_callback": ["sklearn.callback"],
    "plot_loss_curves": ["matplotlib"],
    "plot_network": ["matplotlib"],
    "search_progress": ["sklearn.callback", "rich"],
}


def run(script, folder):
    """Run a script in its own process and folder, with warnings as errors."""
    path = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH")) if p)
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "agg"}
    # With "-W error", pyparsing enables warnings that the mathtext of older releases of matplotlib causes.
    command = [sys.executable, "-W", "error", "-W", "ignore:::pyparsing", str(script)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=400, cwd=folder)


def test_examples_are_found():
    assert len(SCRIPTS) >= 26


@pytest.mark.parametrize(
    "script",
    [pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else []) for path in SCRIPTS],
)
def test_example(script, tmp_path):
    for module in NEEDS.get(script.stem, []):
        pytest.importorskip(module)
    result = run(script, tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.strip()
    pictures = PICTURES.get(script.stem, set()) if find_spec("matplotlib") else set()
    assert {path.name for path in tmp_path.iterdir()} == pictures


@pytest.mark.parametrize("name", ["loss_curves.png", "network.png"])
def test_pictures_of_the_pages_are_those_of_the_examples_and_small(name):
    assert name in set.union(*PICTURES.values())
    content = (ROOT / "examples" / "images" / name).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < 60_000
