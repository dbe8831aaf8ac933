"""Columns of frames and arrays: which are categories, their levels, and their codes in any container and dtype."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

from sknet.core import OTHER
from sknet.preprocessing.columns import Columns, _has_fewer_categories_than_rows, _values, has_names, is_frame
from sknet.preprocessing.levels import LEAST_ROWS

N = 60


def mixed(seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "number": rng.normal(size=N),
        "text": rng.choice(["free", "für", ""], N).astype(object),
        "category": pd.Categorical(rng.choice([10, 200, 300], N)),
        "truth": rng.random(N) < 0.5,
        "count": rng.integers(0, 9, N),
    })  # fmt: skip


def as_pandas(frame):
    return frame


def as_polars(frame):
    return pl.DataFrame({name: pl.Series(name, frame[name].astype(object).to_list()) for name in frame})


def as_pyarrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


every_library = pytest.mark.parametrize("library", [as_pandas, as_polars, as_pyarrow])


@every_library
def test_categories_are_recognized_by_dtype(library):
    frame = mixed()
    if library is as_polars:  # polars has no categories of numbers
        frame["category"] = frame["category"].astype(str)
    X = library(frame)
    columns = Columns.of(X, "from_dtype")
    assert is_frame(X)
    assert columns.categorical == (1, 2, 3)
    assert columns.numeric == (0, 4)
    assert_array_equal(columns.numbers(X), frame[["number", "count"]].to_numpy())
    for j, name in enumerate(["text", "category", "truth"]):
        levels = np.array([None, *columns.levels[j]], dtype=object)
        decoded = levels[columns.codes(X)[:, j]]
        assert decoded.tolist() == [v if isinstance(v, str) else float(v) for v in frame[name]]


@pytest.mark.parametrize("dtype", ["Int64", "Float32", "int8", "uint16", "float32"])
def test_nullable_and_small_numbers_are_numbers(dtype):
    frame = pd.DataFrame({"x": pd.array(np.arange(N), dtype=dtype), "c": ["a", "b"] * (N // 2)})
    if dtype[0].isupper():
        frame.loc[3, "x"] = pd.NA
    columns = Columns.of(frame, "from_dtype")
    assert columns.categorical == (1,)
    expected = np.arange(N, dtype=float)[:, None]
    expected[3] = np.nan if dtype[0].isupper() else 3.0
    numbers = columns.numbers(frame)
    assert_array_equal(numbers, expected)
    assert numbers.dtype == (np.float32 if dtype.lower() == "float32" else np.float64)


@pytest.mark.parametrize("chosen", [[True, False, True], [0, 2], ["a", "c"], np.array([2, 0])])
def test_columns_are_chosen_by_mask_index_or_name(chosen):
    frame = pd.DataFrame({"a": [1, 2] * 30, "b": np.arange(60.0), "c": ["x", "y"] * 30})
    X = frame if isinstance(chosen[0], str) else frame[["a", "b", "c"]].to_numpy(dtype=object)
    columns = Columns.of(X, chosen)
    assert columns.categorical == (0, 2)
    assert columns.levels == ((1.0, 2.0), ("x", "y"))
    assert_array_equal(columns.codes(X), np.tile([[1, 1], [2, 2]], (30, 1)))
    assert_array_equal(columns.numbers(X), np.arange(60.0)[:, None])


def test_no_column_is_a_category_unless_it_is_chosen():
    assert Columns.of(np.ones((4, 2)), "from_dtype") is None
    assert Columns.of(mixed()[["number", "count"]], "from_dtype") is None
    assert Columns.of(mixed(), None) is None
    assert Columns.of(np.ones((4, 2)), []) is None
    assert Columns.of(sp.eye(3).tocsr(), "from_dtype") is None


BAD_CHOICES = {
    "unknown name": (["number", "no such"], r"columns of X, got \['no such'\], but X has the columns number, text"),
    "mask too short": ([True, False], r"one entry for each of the 5 columns, got shape \(2,\)"),
    "index too large": ([0, 5], r"indices must lie in \[0, 4\], got 0 to 5"),
    "negative index": ([-1], r"indices must lie in \[0, 4\]"),
}


@pytest.mark.parametrize(("chosen", "message"), BAD_CHOICES.values(), ids=list(BAD_CHOICES))
def test_choosing_a_column_that_does_not_exist_is_an_error(chosen, message):
    with pytest.raises(ValueError, match=message):
        Columns.of(mixed(), chosen)


def test_column_names_need_a_frame_and_categories_a_dense_X():
    with pytest.raises(ValueError, match="but X has no column names"):
        Columns.of(np.ones((4, 2)), ["a"])
    with pytest.raises(ValueError, match="got a sparse matrix"):
        Columns.of(sp.eye(3).tocsr(), [0])
    with pytest.raises(ValueError, match="different names, got more than one called a"):
        Columns.of(pd.DataFrame(np.ones((3, 2)), columns=["a", "a"]), "from_dtype")


DATES = {
    "numpy": pd.Series(pd.to_datetime(["2020-01-01"] * N)),
    "with a time zone": pd.Series(pd.to_datetime(["2020-01-01"] * N)).dt.tz_localize("UTC"),
    "durations": pd.Series(pd.to_timedelta(range(N), unit="s")),
    "periods": pd.Series(pd.period_range("2020", periods=N, freq="D")),
    "objects": pd.Series([None, *[datetime.date(2020, 1, 1)] * (N - 1)], dtype=object),
    "objects of durations": pd.Series([datetime.timedelta(1)] * N, dtype=object),
}


@pytest.mark.parametrize("dates", DATES.values(), ids=list(DATES))
def test_the_error_for_dates_names_the_column(dates):
    frame = mixed().assign(when=dates)
    with pytest.raises(ValueError, match=r"dates or durations in when\. Turn them into numbers first, with skrub"):
        Columns.of(frame, "from_dtype")


def test_dates_of_polars_are_an_error():
    frame = pl.DataFrame({"when": [datetime.datetime(2020, 1, 1)] * 3, "day": [datetime.date(2020, 1, 1)] * 3})
    with pytest.raises(ValueError, match="durations in when, day"):
        Columns.of(frame, "from_dtype")


OTHER_FORMS = {
    "numbers as text": ("category", lambda c: c.astype(str)),
    "numbers as objects": ("category", lambda c: c.astype(object)),
    "numbers as floats": ("category", lambda c: c.astype(float)),
    "categories in another order": ("category", lambda c: c.cat.reorder_categories([300, 10, 200])),
    "unused levels": ("category", lambda c: c.cat.add_categories([7])),
    "text as categories": ("text", lambda c: c.astype("category")),
    "truth as numbers": ("truth", lambda c: c.astype(int)),
    "truth as text": ("truth", lambda c: c.astype(str)),
    "truth as objects": ("truth", lambda c: c.astype(object)),
}


@pytest.mark.parametrize(("name", "changed"), OTHER_FORMS.values(), ids=list(OTHER_FORMS))
def test_levels_are_matched_by_value(name, changed):
    frame = mixed()
    columns = Columns.of(frame, "from_dtype")
    assert_array_equal(columns.codes(frame.assign(**{name: changed(frame[name])})), columns.codes(frame))


def test_codes_of_missing_values_and_of_rare_and_new_levels():
    """Missing values have a code if there are enough of them; rare and new levels share one code."""
    values = np.array(["a"] * 41 + ["b"] * 20 + [None] * 30 + ["rare"] * (LEAST_ROWS - 1) + ["just"] * LEAST_ROWS)
    frame = pd.DataFrame({"c": values.astype(object)})
    columns = Columns.of(frame, "from_dtype")
    assert columns.levels == (("a", "b", "just"),)
    assert columns.sizes == (5,)
    assert columns.shares[0] == pytest.approx(np.array([4, 41, 20, 5, 30]) / len(values))
    seen = pd.DataFrame({"c": ["a", "b", "just", None, np.nan, pd.NA, "rare", "new", 3, True]}, dtype=object)
    assert columns.codes(seen)[:, 0].tolist() == [1, 2, 3, 4, 4, 4, OTHER, OTHER, OTHER, OTHER]
    whole = pd.concat([frame[frame["c"].notna()], pd.DataFrame({"c": ["a"] * 40})])
    few = Columns.of(whole, "from_dtype")
    assert few.codes(seen)[:, 0].tolist() == [1, 2, 3, *[OTHER] * 7]
    assert few.codes(pd.DataFrame({"c": [None, None]}))[:, 0].tolist() == [OTHER, OTHER]


def test_in_small_data_each_level_has_a_code():
    frame = pd.DataFrame({"c": list("aaabbc")})
    assert Columns.of(frame, "from_dtype").levels == (("a", "b", "c"),)


def test_names_and_order_of_levels_change_no_code():
    frame = mixed()
    new = frame["text"].map({"free": "zzz", "für": "aaa", "": "日本"})
    other = frame.assign(text=new.astype("category").cat.set_categories(["日本", "zzz", "aaa", "never"]))
    codes = [Columns.of(X, "from_dtype").codes(X) for X in (frame, other)]
    assert_array_equal(*codes)


def test_rows_of_weight_zero_add_no_level():
    frame = pd.DataFrame({"c": ["a"] * 10 + ["b"] * 10})
    assert Columns.of(frame, "from_dtype", np.repeat([1.0, 0.0], 10)).levels == (("a",),)


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([1, "1", "x", 2.0] * 10, ("1", "x", "2")),  # mixed: all is read as text
        ([1, 2, 2.5, None] * 10, (1.0, 2.0, 2.5)),
        ([True, False, None] * 10, (1.0, 0.0)),
        ([None] * 30, ()),
    ],
)
def test_objects_are_numbers_or_text(values, levels):
    frame = pd.DataFrame({"c": pd.Series(values, dtype=object)})
    columns = Columns.of(frame, "from_dtype")
    assert columns.levels == (levels,)
    assert columns.codes(frame).max() <= len(levels) + 1


def test_values_that_are_no_categories_are_an_error():
    for values in ([[1], [2]] * 10, [{}, {1: 2}] * 10):
        frame = pd.DataFrame({"c": pd.Series(values, dtype=object)})
        with pytest.raises(ValueError, match=r"Column c of X must hold categories, got values of type (list|dict)"):
            Columns.of(frame, "from_dtype")


def test_text_in_a_numeric_column_is_an_error():
    columns = Columns.of(mixed(), "from_dtype")
    with pytest.raises(ValueError, match=r"Column number of X must hold numbers, because .* such as 'x'"):
        columns.numbers(mixed().assign(number="x"))


def test_free_text_warns():
    frame = mixed().assign(notes=[f"said {i}" for i in range(N)])
    with pytest.warns(UserWarning, match="Column notes of X is text with 60 different values in 60 rows.*TextEncoder"):
        Columns.of(frame, "from_dtype")


def test_values_that_are_no_categories_are_an_error_in_new_rows():
    columns = Columns.of(mixed(), "from_dtype")
    for values in ([[1]] * N, [{}] * N, [([],)] * N):
        with pytest.raises(ValueError, match=r"Column text of X must hold categories, got values of type"):
            columns.codes(mixed().assign(text=pd.Series(values, dtype=object)))


@pytest.mark.parametrize("n", [N, 3, 1])
@pytest.mark.parametrize(
    "values",
    [
        ["b", "a", None] * 20,
        [3, 1, None] * 20,
        [2.5, 1.0, np.nan] * 20,
        [True, False, None] * 20,
        [pd.Interval(0, 1), pd.Interval(1, 2), pd.Interval(2, 3)] * 20,
    ],
)
def test_a_categorical_has_the_codes_of_its_values(values, n):
    """If there are many rows, each level is looked up only once."""
    frame = pd.DataFrame({"c": pd.Series(values, dtype=object)})
    columns = Columns.of(frame, "from_dtype")
    category = frame.astype("category")["c"].cat.add_categories(["unused"])
    assert_array_equal(columns.codes(frame[:n].assign(c=category)), columns.codes(frame[:n]))
    assert Columns.of(category.to_frame(), "from_dtype") == columns
    new = pd.DataFrame({"c": pd.Categorical(["never"] * n)})
    assert (columns.codes(new) == OTHER).all()


def test_names_in_another_order_are_not_those_of_the_frame():
    names = np.array(list(mixed()), dtype=object)
    assert has_names(mixed(), names)
    assert has_names(as_polars(mixed()), names)
    for other in (mixed()[names[::-1]], mixed().drop(columns="text"), mixed().to_numpy()):
        assert not has_names(other, names)
    assert not has_names(mixed(), None)


@pytest.mark.parametrize("X", [np.zeros((2, 1)), [[0.0], [1.0]], sp.csr_matrix([[1.0]]), pd.Series([1.0]), None])
def test_what_has_no_names_of_columns_is_no_frame(X):
    assert not is_frame(X)
    assert is_frame(pd.DataFrame({"a": [1.0]}))
    assert is_frame(pl.DataFrame({"a": [1.0]}))


@pytest.mark.parametrize(("n_categories", "expected"), [(2, True), (3, False), (5, False)])
def test_categories_are_fewer_than_rows(n_categories, expected):
    column = pd.Series(pd.Categorical([0, 1, 0], categories=range(n_categories)))
    assert _has_fewer_categories_than_rows(column) == expected
    assert not _has_fewer_categories_than_rows(pd.Series([0, 1, 0]))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize(
    ("values", "kind"), [([1, 2], "i"), ([True, False], "b"), ([0.5, 1.5], "f"), (["a", "b"], "O")]
)
def test_columns_of_numbers_are_read_as_numbers_and_text_as_objects(frame, values, kind):
    column = frame({"a": values})["a"]
    assert _values(column, "a").dtype.kind == kind
    assert _values(column, "a").tolist() == values
