"""Random data frames give a useful fit or an error that says what to do, and the names of levels do not matter."""

import warnings
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from strategies import hypothesis, st

import sknet
from sknet import MLPClassifierScratch, MLPRegressorScratch

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])
QUICK = {"width": 4, "depth": 1, "max_iter": 2, "random_state": 0, "batch_size": 64}
FEW = partial(hypothesis.settings, max_examples=40)

# pandas 2 reads a NUL as the end of a text, so it treats "" and "\0" as equal.
NUL = ["\0"] if pd.Series(["", "\0"]).nunique() == 2 else []
TEXTS = ["", " ", "a", "A", "ä", "日本", "nan", "None", "True", "0", "1.0", "a\nb", *NUL, "💡", "x" * 300]


def texts(rng, n, k):
    known = TEXTS[:k] + [f"level {i}" for i in range(k - len(TEXTS))]
    return np.array(known, dtype=object)[rng.integers(0, k, n)]


def with_gaps(values, rng, gap, share=0.2):
    values = np.array(values, dtype=object)
    values[rng.random(len(values)) < share] = gap
    return values


# kind of a column: function that makes it, for n rows and k levels
NUMBERS = {
    "float64": lambda rng, n, k: rng.normal(size=n) * 10.0 ** rng.integers(-9, 9),
    "float32": lambda rng, n, k: rng.normal(size=n).astype(np.float32),
    "gaps": lambda rng, n, k: np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
    "nothing but gaps": lambda rng, n, k: np.full(n, np.nan),
    "int64": lambda rng, n, k: rng.integers(-k, k, n),
    "uint8": lambda rng, n, k: rng.integers(0, 255, n).astype(np.uint8),
    "Int64 with gaps": lambda rng, n, k: pd.array(with_gaps(rng.integers(0, k, n), rng, None), dtype="Int64"),
    "Float32 with gaps": lambda rng, n, k: pd.array(with_gaps(rng.normal(size=n), rng, None), dtype="Float32"),
}
CATEGORIES = {
    "text": texts,
    "text with None": lambda rng, n, k: with_gaps(texts(rng, n, k), rng, None),
    "text with NaN": lambda rng, n, k: with_gaps(texts(rng, n, k), rng, np.nan),
    "text with NA": lambda rng, n, k: with_gaps(texts(rng, n, k), rng, pd.NA),
    "string": lambda rng, n, k: pd.array(with_gaps(texts(rng, n, k), rng, None), dtype="string"),
    "category": lambda rng, n, k: pd.Categorical(texts(rng, n, k), categories=[*dict.fromkeys(TEXTS), "unused"]
                                                 + [f"level {i}" for i in range(k)]),
    "category of numbers": lambda rng, n, k: pd.Categorical(with_gaps(rng.integers(-k, k, n), rng, None)),
    "category of floats": lambda rng, n, k: pd.Categorical(rng.integers(0, k, n) / 7),
    "ordered category": lambda rng, n, k: pd.Categorical(rng.integers(0, k, n), ordered=True),
    "intervals": lambda rng, n, k: pd.cut(rng.normal(size=n), 5),
    "bool": lambda rng, n, k: rng.random(n) < 0.5,
    "boolean with gaps": lambda rng, n, k: pd.array(with_gaps(rng.random(n) < 0.5, rng, None), dtype="boolean"),
    "object of bool with gaps": lambda rng, n, k: with_gaps(rng.random(n) < 0.5, rng, None),
    "object of numbers": lambda rng, n, k: with_gaps(rng.integers(0, k, n), rng, None),
    "numbers and text": lambda rng, n, k: np.where(rng.random(n) < 0.5, texts(rng, n, k), rng.integers(0, k, n)),
    "nothing": lambda rng, n, k: np.full(n, None, dtype=object),
}  # fmt: skip
KINDS = NUMBERS | CATEGORIES


@st.composite
def frames(draw, kinds=tuple(KINDS), most_levels=5000):
    """Draw a data frame of pandas, its seed, and the kinds of its columns."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.sampled_from([1, 2, 7, 40, 150, 600]))
    names = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=5))
    levels = [1, 2, 3, 16, 31, 33, 200, 5000]
    k = draw(st.sampled_from([k for k in levels if k <= most_levels]))
    frame = pd.DataFrame({f"{kind} {j}": KINDS[kind](rng, n, k) for j, kind in enumerate(names)})
    return frame.set_axis(rng.permutation(n) * 3, axis=0) if draw(st.booleans()) else frame


def target(Estimator, n):
    y = np.random.default_rng(n).normal(size=n)
    return np.where(np.arange(n) % 3 > 0, "yes", "no") if Estimator is CLF else y


def outputs(mlp, X):
    return mlp.predict_proba(X) if isinstance(mlp, CLF) else mlp.predict(X)


def fit(Estimator, frame, **parameters):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for words in ("Column .* of X is text with", "X has missing values in", "Got `batch_size`"):
            warnings.filterwarnings("ignore", words)
        return Estimator(**QUICK | parameters).fit(frame, target(Estimator, len(frame)))


@pytest.mark.filterwarnings("ignore:X has missing values in")
@BOTH
@FEW()
@hypothesis.given(data=st.data())
def test_every_frame_gives_a_useful_fit(Estimator, data):
    frame = data.draw(frames())
    more = data.draw(st.sampled_from([{}, {"standardize": False}, {"embedding": "periodic"}, {"standardize": "robust"},
                                      {"depth": 0}, {"solver": "lbfgs"}, {"dtype": "float32"}]))  # fmt: skip
    mlp = fit(Estimator, frame, **more)
    found = outputs(mlp, frame)
    assert np.isfinite(found).all()
    assert len(found) == len(frame)
    assert mlp.feature_names_in_.tolist() == list(frame)
    # Any other row, with known or unknown values, has a prediction too.
    rng = np.random.default_rng(0)
    other = frame.sample(n=20, replace=True, random_state=1)
    of_categories = [name for name in frame if name.rsplit(" ", 1)[0] in CATEGORIES]
    other = other.astype(dict.fromkeys(of_categories, object))
    for name in of_categories:
        other[name] = np.array(["never seen", None, "", 5.5, True, *frame[name][:3]], dtype=object)[
            rng.integers(0, min(8, 5 + len(frame)), 20)
        ]
    assert np.isfinite(outputs(mlp, other)).all()


def renamed(values, rng):
    """Return a column whose levels have other names of the same kind, and whose categories have another order."""
    values = pd.Series(values)
    levels = [level for level in values.astype(object).unique() if not pd.isna(level)]
    if all(isinstance(level, str) for level in levels):
        names = [f"{i} né {i % 7}" for i in rng.permutation(len(levels))]
    else:
        names = (rng.permutation(len(levels)) - 3.0).tolist()
    other = values.astype(object).map(dict(zip(levels, names, strict=True)))
    if isinstance(values.dtype, pd.CategoricalDtype):
        return pd.Categorical(other, categories=rng.permutation([*names, *names[:0]]))
    return other.astype(object)


RENAMED = ("text", "text with None", "category", "category of numbers", "bool", "boolean with gaps")


@BOTH
@FEW()
@hypothesis.given(data=st.data())
def test_names_and_order_of_levels_change_no_bit(Estimator, data):
    frame = data.draw(frames((*RENAMED, "gaps", "int64")))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    other = frame.copy()
    for name in frame:
        if name.rsplit(" ", 1)[0] in RENAMED:
            other[name] = renamed(frame[name].reset_index(drop=True), rng).__array__()
            if isinstance(frame[name].dtype, pd.CategoricalDtype):
                other[name] = other[name].astype("category")
            else:
                other[name] = other[name].astype(object)
    expected = outputs(fit(Estimator, frame), frame)
    assert_array_equal(outputs(fit(Estimator, other), other), expected)


@FEW(max_examples=25)
@hypothesis.given(data=st.data())
def test_a_column_may_have_another_dtype_or_come_from_another_library(data):
    """Columns are matched by the values of their levels."""
    frame = data.draw(frames(("text", "text with None", "category", "category of numbers", "gaps", "int64", "bool")))
    reg = fit(REG, frame)
    expected = reg.predict(frame)
    as_objects = frame.astype({n: object for n in frame if frame[n].dtype.kind not in "fi"})
    assert_array_equal(reg.predict(as_objects), expected)
    as_categories = as_objects.astype({n: "category" for n in frame if frame[n].dtype.kind not in "fi"})
    assert_array_equal(reg.predict(as_categories), expected)
    columns = {n: as_objects[n].where(as_objects[n].notna(), None).tolist() for n in frame}
    assert_array_equal(reg.predict(pl.DataFrame(columns, strict=False)), expected)


@FEW(max_examples=25)
@hypothesis.given(data=st.data())
def test_files_contain_every_level(tmp_path_factory, data):
    frame = data.draw(frames())
    clf = fit(CLF, frame)
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    sknet.save(clf, path)
    assert_array_equal(sknet.load(path).predict_proba(frame), clf.predict_proba(frame))


def bad_frames():
    dates = pd.to_datetime(["2026-01-01"] * 20)
    yield {"d": dates, "x": 1.0}, "dates or durations in d.*DatetimeEncoder"
    yield {"d": dates - dates[0], "x": 1.0}, "dates or durations in d"
    yield {"d": pd.Series(dates.to_pydatetime(), dtype=object), "x": 1.0}, "dates or durations in d"
    yield {"d": pd.PeriodIndex(["2026-01"] * 20, freq="M"), "x": 1.0}, "dates or durations in d"
    yield {"d": pd.Series([[1]] * 20), "x": 1.0}, "Column d of X must hold categories, got values of type list"
    yield {"d": np.full(20, 1j), "x": 1.0}, "[Cc]omplex"
    yield {"d": np.full(20, np.inf), "x": 1.0}, "infinity"
    yield {"d": ["a", "b"] * 10, "x": np.inf}, "infinity"
    yield {"d": pd.Categorical(dates), "x": 1.0}, "Column d of X must hold categories, got values of dtype datetime"


@pytest.mark.parametrize(("columns", "message"), [*bad_frames()], ids=str)
@BOTH
def test_errors_of_bad_frames_name_the_column(Estimator, columns, message):
    mlp = Estimator(**QUICK)
    with pytest.raises(ValueError, match=message):
        mlp.fit(pd.DataFrame(columns, index=range(20)), target(Estimator, 20))
    assert not mlp.__sklearn_is_fitted__()


@BOTH
def test_columns_with_the_same_name_are_an_error(Estimator):
    frame = pd.DataFrame(np.zeros((20, 3)), columns=["a", "b", "a"])
    for X in (frame, frame.assign(b="text")):
        with pytest.raises(ValueError, match="columns of different names, got more than one called a"):
            Estimator(**QUICK).fit(X, target(Estimator, 20))


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ([True, False], "must have one entry for each of the 3 columns, got shape"),
        ([0, 3], r"as indices must lie in \[0, 2\], got 0 to 3"),
        ([-1], r"as indices must lie in \[0, 2\], got -1 to -1"),
        (["a"], r"must name columns of X, got \['a'\], but X has no column names"),
    ],
)
@BOTH
def test_wrong_categorical_features_do_not_change_an_earlier_fit(Estimator, chosen, message):
    X = np.random.default_rng(0).normal(size=(20, 3))
    mlp = Estimator(**QUICK | {"batch_size": 10}).fit(X, target(Estimator, 20))
    before = outputs(mlp, X)
    with pytest.raises(ValueError, match=f"`categorical_features` .*{message}"):
        mlp.set_params(categorical_features=chosen).fit(X, target(Estimator, 20))
    assert_array_equal(outputs(mlp, X), before)
