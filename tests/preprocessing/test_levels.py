"""Levels of one column: their form, their order, and how often they occur."""

import numpy as np
import pandas as pd
import pytest

from sknet.preprocessing.levels import as_level, is_missing, levels_of, repeats_of


@pytest.mark.parametrize("value", [None, np.nan, float("nan"), np.float32("nan"), pd.NA, pd.NaT])
def test_missing_values_are_recognized(value):
    assert is_missing(value)
    assert as_level(value, as_number=True) is None
    assert as_level(value, as_number=False) is None


@pytest.mark.parametrize("value", ["", "nan", "None", 0, False, 0.0, np.str_("a")])
def test_other_values_are_not_missing(value):
    assert not is_missing(value)


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [(3, 3.0, "3"), (3.0, 3.0, "3"), ("3", 3.0, "3"), (2.5, 2.5, "2.5"), (True, 1.0, "True"), ("False", 0.0, "False"),
     (np.int64(7), 7.0, "7"), ("a", "a", "a"), (np.bool_(False), 0.0, "False")],
)  # fmt: skip
def test_a_value_as_number_and_as_text(value, number, text):
    assert as_level(value, as_number=True) == number
    assert as_level(value, as_number=False) == text


def test_the_most_frequent_levels_come_first_and_ties_in_order_of_occurrence():
    values = np.array(["b"] * 6 + ["a"] * 6 + ["c"] * 8 + [None] * 5, dtype=object)
    levels, shares = levels_of(values, None, "x")
    assert levels == ("c", "b", "a")
    assert shares == pytest.approx([0.0, 8 / 25, 6 / 25, 6 / 25, 5 / 25])


def test_whole_weights_repeat_rows_and_other_weights_count_once():
    values = np.array([1.0, 2.0, 2.0, 3.0])
    w = np.array([3.0, 1.0, 0.0, 1.0])
    assert levels_of(values, repeats_of(w), "x") == levels_of(np.repeat(values, w.astype(int)), None, "x")
    assert levels_of(values, repeats_of(w / 2), "x") == levels_of(values[w > 0], None, "x")
