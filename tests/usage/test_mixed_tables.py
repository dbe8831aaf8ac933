"""Tables of text, categories, booleans and missing values, in data frames and arrays."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from frames import N, labels_for, mixed_frame, numbers_for
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sknet
from sknet import HiddenLayerTransformer, MLPClassifierScratch, MLPRegressorScratch

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])
QUICK = {"width": 16, "max_iter": 15, "batch_size": 32, "random_state": 0, "learning_rate_init": 0.01}


def target(Estimator, frame):
    return labels_for(frame) if Estimator is CLF else numbers_for(frame)


def outputs(mlp, X):
    return mlp.predict_proba(X) if isinstance(mlp, CLF) else mlp.predict(X)


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@BOTH
@pytest.mark.parametrize("more", [{}, {"standardize": "robust"}, {"embedding": "periodic"}, {"dtype": "float32"},
                                  {"solver": "lbfgs", "max_iter": 200}, {"depth": 0},
                                  {"standardize": False}])  # fmt: skip
def test_a_frame_is_fitted_as_it_is(Estimator, more):
    frame, new = mixed_frame(), mixed_frame(seed=5)
    mlp = Estimator(**QUICK | {"max_iter": 60} | more).fit(frame, target(Estimator, frame))
    assert mlp.score(new, target(Estimator, new)) > (0.85 if Estimator is CLF else 0.6)
    assert np.isfinite(outputs(mlp, new)).all()
    assert mlp.n_features_in_ == 5
    assert mlp.feature_names_in_.tolist() == list(frame)


@BOTH
def test_every_library_of_frames_gives_the_same_bits(Estimator):
    frame = mixed_frame()
    frame["zone"] = frame["zone"].astype(str)
    y = target(Estimator, frame)
    others = [pl.DataFrame({c: pl.Series(c, frame[c].astype(object).where(frame[c].notna(), None).to_list())
                            for c in frame})]  # fmt: skip
    try:
        import pyarrow

        others.append(pyarrow.Table.from_pandas(frame))
    except ImportError:
        pass
    expected = outputs(Estimator(**QUICK).fit(frame, y), frame)
    for other in others:
        mlp = Estimator(**QUICK).fit(other, y)
        assert_array_equal(outputs(mlp, other), expected)
        assert_array_equal(outputs(mlp, frame), expected)


@BOTH
def test_arrays_with_a_mask_are_frames_without_names(Estimator):
    frame = mixed_frame()
    y, mask = target(Estimator, frame), [False, True, True, True, False]
    expected = outputs(Estimator(**QUICK).fit(frame, y), frame)
    X = frame.to_numpy(dtype=object)
    for chosen in (mask, [1, 2, 3]):
        mlp = Estimator(categorical_features=chosen, **QUICK).fit(X, y)
        assert_array_equal(outputs(mlp, X), expected)
        assert_array_equal(outputs(mlp, X.tolist()), expected)
    named = Estimator(categorical_features=["plan", "zone", "active"], **QUICK).fit(frame, y)
    assert_array_equal(outputs(named, frame), expected)


@BOTH
def test_codes_in_an_array_of_numbers_are_categories_if_requested(Estimator):
    frame = mixed_frame(gaps=False)[["age", "zone"]].astype(float)
    y = target(Estimator, mixed_frame(gaps=False))
    mlp = Estimator(categorical_features=[1], **QUICK).fit(frame.to_numpy(), y)
    assert mlp._state.categories.levels == (tuple(frame["zone"].value_counts().index),)
    shuffled = frame["zone"].map({3.0: 70.0, 11.0: -1.0, 200.0: 0.5})
    other = Estimator(categorical_features=[1], **QUICK).fit(frame.assign(zone=shuffled).to_numpy(), y)
    assert_array_equal(outputs(other, frame.assign(zone=shuffled).to_numpy()), outputs(mlp, frame.to_numpy()))


@BOTH
def test_names_and_order_of_levels_change_no_bit(Estimator):
    frame = mixed_frame()
    y = target(Estimator, frame)
    expected = outputs(Estimator(**QUICK).fit(frame, y), frame)
    new = frame["plan"].map({"free": "z", "basic": "", "für Profis": "a b"}).astype("category")
    zone = frame["zone"].cat.reorder_categories([200, 3, 11]).cat.add_categories([9])
    other = frame.assign(plan=new, zone=zone)
    assert_array_equal(outputs(Estimator(**QUICK).fit(other, y), other), expected)


@BOTH
def test_predictions_for_new_levels_lie_between_those_of_known_levels(Estimator):
    frame = mixed_frame(gaps=False)
    mlp = Estimator(**QUICK | {"max_iter": 60}).fit(frame, target(Estimator, frame))
    known = np.stack([outputs(mlp, frame.assign(plan=plan)) for plan in frame["plan"].unique()])
    low, high = known.min(axis=0), known.max(axis=0)
    room = 0.1 * np.ptp(known)
    new = outputs(mlp, frame.assign(plan="never seen"))
    assert np.all((new >= low - room) & (new <= high + room))
    assert_array_equal(outputs(mlp, frame.assign(plan=None)), new)


def test_levels_with_learned_vectors_are_learned():
    rng = np.random.default_rng(0)
    shop = rng.integers(0, 60, 3000)
    frame = pd.DataFrame({"shop": [f"shop {i}" for i in shop], "x": rng.normal(size=3000)})
    y = rng.normal(size=60)[shop] + frame["x"].to_numpy()
    reg = REG(width=32, max_iter=60, random_state=0, early_stopping=False).fit(frame[:2400], y[:2400])
    assert reg._state.network.layers[0].lengths == (8,)
    assert reg.score(frame[2400:], y[2400:]) > 0.9


def test_a_missing_value_is_distinguished_from_the_mean():
    """The target depends on whether a value is missing. An indicator shows this to the network."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 2))
    gap = rng.random(600) < 0.3
    y = np.where(gap, 2.0, X[:, 0])
    X[gap, 0] = np.nan
    reg = REG(width=16, max_iter=60, random_state=0, learning_rate_init=0.01).fit(X[:500], y[:500])
    assert reg.score(X[500:], y[500:]) > 0.95
    trees = HistGradientBoostingRegressor().fit(X[:500], y[:500])
    assert reg.score(X[500:], y[500:]) > trees.score(X[500:], y[500:]) - 0.02


@BOTH
@pytest.mark.parametrize("more", [{}, {"standardize": "robust"}, {"embedding": "periodic"}, {"standardize": False}])
def test_units_come_from_the_values_that_are_not_missing(Estimator, more):
    """The value that marks a missing value in the array has no influence on the others."""
    rng = np.random.default_rng(0)
    X = rng.normal(5.0, 2.0, size=(300, 3))
    y = rng.permutation(np.arange(300) % 2) if Estimator is CLF else X[:, 1]
    X[::7, 0] = np.nan
    mlp = Estimator(**QUICK | more).fit(X, y)
    inputs = mlp._state.inputs
    if more.get("standardize") != False:  # noqa: E712
        middle = np.nanmedian if more.get("standardize") == "robust" else np.nanmean
        assert_allclose(inputs.shift, middle(X, axis=0), atol=0.1)
    assert mlp._state.gaps == (0,)
    assert np.isfinite(outputs(mlp, X)).all()


@BOTH
def test_new_missing_values_are_replaced_with_a_warning(Estimator):
    frame = mixed_frame(gaps=False)
    mlp = Estimator(**QUICK).fit(frame, target(Estimator, frame))
    with_gap = frame.assign(age=np.where(np.arange(N) == 3, np.nan, frame["age"]))
    with pytest.warns(UserWarning, match=r"X has missing values in age, which had none in training"):
        found = outputs(mlp, with_gap)
    filled = outputs(mlp, frame.assign(age=np.where(np.arange(N) == 3, frame["age"].mean(), frame["age"])))
    # Because of the validation rows of early stopping, the mean is not that of all rows.
    assert_allclose(found[3], filled[3], atol=0.05)
    assert_array_equal(np.delete(found, 3, axis=0), np.delete(filled, 3, axis=0))


@BOTH
def test_infinite_numbers_and_missing_targets_are_errors(Estimator):
    frame = mixed_frame()
    y = target(Estimator, frame)
    with pytest.raises(ValueError, match="infinity"):
        Estimator(**QUICK).fit(frame.assign(age=np.inf), y)
    with pytest.raises(ValueError, match="infinity"):
        Estimator(**QUICK).fit(np.array([[np.inf, 1.0], [0.0, np.nan]]), y[:2])
    missing = np.where(np.arange(N) == 1, np.nan, numbers_for(frame))
    with pytest.raises(ValueError, match="NaN"):
        REG(**QUICK).fit(frame, missing)
    with pytest.raises(ValueError, match="NaN"):
        Estimator(**QUICK).fit(sp.csr_matrix(np.array([[np.nan, 1.0], [0.0, 1.0]])), y[:2])


@BOTH
def test_columns_are_matched_by_name(Estimator):
    frame = mixed_frame()
    mlp = Estimator(**QUICK).fit(frame, target(Estimator, frame))
    with pytest.raises(ValueError, match="same order"):
        outputs(mlp, frame[frame.columns[::-1]])
    with pytest.raises(ValueError, match=r"missing|features"):
        outputs(mlp, frame.drop(columns="zone"))


@BOTH
def test_other_features_work_with_tables(Estimator, tmp_path):
    """Pickles, clones, model files, checkpoints, warm starts, streams, validation sets, row weights, searches."""
    frame, new = mixed_frame(), mixed_frame(seed=3)
    y, y_new = target(Estimator, frame), target(Estimator, new)
    mlp = Estimator(**QUICK, scoring=None).fit(frame, y, np.ones(N), X_val=new, y_val=y_new)
    expected = outputs(mlp, new)
    assert mlp.best_validation_score_ == pytest.approx(mlp.score(new, y_new), rel=1e-6)
    path = tmp_path / "model.safetensors"
    sknet.save(mlp, path)
    for twin in (pickle.loads(pickle.dumps(mlp)), sknet.load(path), clone(mlp).fit(frame, y, X_val=new, y_val=y_new)):
        assert_array_equal(outputs(twin, new), expected)
    file = tmp_path / "checkpoint.safetensors"
    once = clone(mlp).fit(frame, y, checkpoint=file)
    assert_array_equal(outputs(clone(mlp).fit(frame, y, checkpoint=file), new), outputs(once, new))
    with pytest.raises(ValueError, match=r"another fit.*`levels`"):
        clone(mlp).fit(frame.assign(plan=frame["plan"].str.upper()), y, checkpoint=file)
    warm = clone(mlp).set_params(warm_start=True, max_iter=3).fit(frame, y)
    assert warm.fit(frame, y).n_iter_ == 3
    stream = clone(mlp)
    for start in range(0, N, 50):
        rows, labels = frame[start : start + 50], y[start : start + 50]
        stream.partial_fit(rows, labels, **({"classes": ["no", "yes"]} if Estimator is CLF else {}))
    assert np.isfinite(outputs(stream, new)).all()
    search = GridSearchCV(clone(mlp), {"depth": [1, 2]}, cv=2).fit(frame, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(cross_val_score(make_pipeline(FunctionTransformer(), clone(mlp)), frame, y, cv=3)) == 3
    hidden = HiddenLayerTransformer(clone(mlp)).fit(frame, y)
    assert hidden.transform(new).shape == (N, 16)
    assert permutation_importance(mlp, new, y_new, n_repeats=2, random_state=0).importances_mean[1] > 0.05
    with pytest.raises(AttributeError, match="without categories"):
        _ = mlp.coefs_


@BOTH
def test_new_levels_in_a_stream_give_a_warning(Estimator):
    frame = mixed_frame(gaps=False)
    y = target(Estimator, frame)
    classes = {"classes": ["no", "yes"]} if Estimator is CLF else {}
    mlp = Estimator(**QUICK).partial_fit(frame, y, **classes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp.partial_fit(frame, y)
    with pytest.warns(UserWarning, match=r"Columns plan of X have levels that were not there in the first call"):
        mlp.partial_fit(frame.assign(plan="new"), y)


@BOTH
def test_scorers_get_the_frame(Estimator):
    seen = []

    def scorer(estimator, X, y):
        seen.append(X)
        return estimator.score(X, y)

    frame = mixed_frame()
    Estimator(scoring=scorer, early_stopping=True, **QUICK | {"max_iter": 2}).fit(frame, target(Estimator, frame))
    assert all(list(X) == list(frame) and len(X) == N // 10 for X in seen)


def test_weights_are_repetitions_with_categories_and_missing_values():
    """With all rows in one mini-batch, a row of weight 2 equals two rows."""
    frame = mixed_frame(n=60)
    y, w = numbers_for(frame), np.arange(60) % 3
    whole = {"batch_size": 60, "shuffle": False, "early_stopping": False, "dropout": 0.0}
    weighted = REG(**QUICK | whole).fit(frame, y, w)
    index = np.repeat(np.arange(60), w)
    repeated = REG(**QUICK | whole | {"batch_size": len(index)}).fit(frame.iloc[index], y[index])
    if weighted._state.categories.levels == repeated._state.categories.levels:
        assert_allclose(weighted.predict(frame), repeated.predict(frame), rtol=1e-6)
    else:
        pytest.fail("the levels differ")


@pytest.mark.parametrize("standardize", [True, False, "robust"])
def test_a_table_of_categories_only(standardize):
    frame = mixed_frame()[["plan", "zone"]]
    clf = CLF(standardize=standardize, **QUICK).fit(frame, labels_for(mixed_frame()))
    assert clf.predict_proba(frame[:3]).shape == (3, 2)
    assert clf.n_features_in_ == 2
