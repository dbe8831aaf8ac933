"""Every script in examples/ runs, warns of nothing and prints something."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


def run(script):
    """Run a script in a process of its own, with warnings as errors."""
    path = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH")) if p)
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "agg"}
    command = [sys.executable, "-W", "error", str(script)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=180)


def test_examples_are_found():
    assert len(SCRIPTS) >= 11


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_example(script):
    result = run(script)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.strip()
