"""Loading runs no code of hostile files, flipped bits are found, and an error of the disk keeps the earlier model."""

import os
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from forging import flip_bits
from model_files import CLF, REG
from same_state import assert_same_state
from small_data import LABELS, SMALL, X, Y

from sknet import FileFormatError, load, save

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# Hostile files


class Bomb:
    """An object whose pickle runs code."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


@pytest.mark.parametrize(
    "dump", [pickle.dump, joblib.dump, lambda value, file: np.save(file, value, allow_pickle=True)]
)
def test_pickles_are_not_run(tmp_path, monkeypatch, dump):
    monkeypatch.chdir(tmp_path)
    with open("model", "wb") as file:
        dump(np.array([Bomb()], dtype=object), file)
    with pytest.raises(FileFormatError):
        load("model")
    assert os.listdir() == ["model"]
    with open("model", "rb") as file:  # the pickle does run code
        np.load(file, allow_pickle=True) if file.peek(1)[:1] == b"\x93" else joblib.load(file)
    assert sorted(os.listdir()) == ["exploded", "model"]


def test_reading_imports_and_runs_nothing(tmp_path):
    """An audit hook records each import, opened file, process and compilation."""
    save(CLF(early_stopping=True, dropout=0.1, **SMALL).fit(X, LABELS), tmp_path / "model")
    code = """
import sys, sknet
sknet.load(sys.argv[1])  # what is looked up lazily, once
seen = []
sys.addaudithook(lambda event, arguments: seen.append((event, str(arguments)[:80])))
sknet.load(sys.argv[1])
harmless = ("object.__getattr__", "object.__setattr__", "sys._getframe", "builtins.id", "gc.")
print([s for s in seen if not s[0].startswith(harmless)])
"""
    arguments = [sys.executable, "-c", code, str(tmp_path / "model")]
    printed = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    assert [event for event, _ in eval(printed)] == ["open"]


@pytest.mark.parametrize("parameters", [{}, {"standardize": "robust", "embedding": "periodic"}], ids=["", "tables"])
def test_flipped_bits_of_a_model(tmp_path, parameters):
    """1,000 bits are flipped; ``pytest -s -k flipped`` prints how many were found."""
    path = tmp_path / "model"
    save(CLF(early_stopping=True, **SMALL, **parameters).fit(X, LABELS), path)
    size, caught = path.stat().st_size, 0
    for _ in flip_bits(path, seed=1):
        with pytest.raises(FileFormatError):
            load(path)
        caught += 1
    print(f"\n{caught} of 1000 flipped bits caught in a model of {size} bytes")


# Failing disks


def test_a_failed_save_does_not_change_the_earlier_file(tmp_path, monkeypatch):
    first = REG(**SMALL).fit(X, Y)
    path = tmp_path / "model"
    save(first, path)

    def full(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left on device"):
            save(REG(**SMALL | {"width": 9}).fit(X, Y), path)
    assert os.listdir(tmp_path) == ["model"]
    assert_same_state(load(path), first)
