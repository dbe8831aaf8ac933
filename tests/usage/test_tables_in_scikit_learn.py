"""Tables with categories and missing values in scikit-learn's meta-estimators and in other packages."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from frames import labels_for, mixed_frame, numbers_for
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingRegressor, StackingClassifier, VotingClassifier
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_validate
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from sknet import HiddenLayerTransformer, MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore:X has missing values in")

QUICK = {"width": 8, "max_iter": 20, "batch_size": 32, "random_state": 0, "learning_rate_init": 0.01}
FRAME, NEW = mixed_frame(), mixed_frame(seed=3)
LABELS, Y = labels_for(FRAME), numbers_for(FRAME)
CLF, REG = MLPClassifierScratch(**QUICK), MLPRegressorScratch(**QUICK)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


# Explanations


def test_permutation_importance_names_the_columns_that_matter():
    net = clone(CLF).fit(FRAME, LABELS)
    found = permutation_importance(net, NEW, labels_for(NEW), n_repeats=3, random_state=0).importances_mean
    assert FRAME.columns[found.argmax()] == "plan"
    assert abs(found[list(FRAME).index("visits")]) < 0.1


def test_partial_dependence_of_each_kind_of_column():
    frame = mixed_frame(gaps=False)
    net = clone(REG).fit(frame, numbers_for(frame))
    of_plan = partial_dependence(net, frame, ["plan"], categorical_features=["plan", "zone", "active"])
    effect = dict(zip(of_plan["grid_values"][0], of_plan["average"][0], strict=True))
    assert effect["free"] < effect["basic"] < effect["für Profis"]
    of_age = partial_dependence(net, frame, ["age"], categorical_features=["plan"], grid_resolution=5)
    assert (np.diff(of_age["average"][0]) > 0.0).all()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
def test_shap_values_of_a_frame_add_up():
    """Columns of shap are numbers: levels become codes, and the explained function turns codes back to levels."""
    shap = pytest.importorskip("shap", exc_type=ImportError)
    frame = mixed_frame(gaps=False)
    net, levels = clone(CLF).fit(frame, labels_for(frame)), ["plan", "zone", "active"]
    encoder = OrdinalEncoder().fit(frame[levels])
    coded = frame.astype(dict.fromkeys(levels, object))
    coded[levels] = encoder.transform(frame[levels])

    def predict_proba(rows):
        table = pd.DataFrame(np.asarray(rows), columns=frame.columns)
        return net.predict_proba(table.assign(**pd.DataFrame(encoder.inverse_transform(table[levels]), columns=levels)))

    coded = coded.astype(float)
    explanation = shap.Explainer(predict_proba, coded[:30])(coded[:8], silent=True)
    total = explanation.values.sum(axis=1) + explanation.base_values
    assert_allclose(total, net.predict_proba(frame[:8]), atol=1e-6)
    assert frame.columns[np.abs(explanation.values).mean(axis=(0, 2)).argmax()] == "plan"


# Names


@pytest.mark.parametrize("container", ["default", "pandas", "polars"])
def test_hidden_layers_have_names(container):
    hidden = HiddenLayerTransformer(CLF).set_output(transform=container).fit(FRAME, LABELS)
    assert hidden.feature_names_in_.tolist() == list(FRAME)
    assert hidden.n_features_in_ == 5
    names = [f"hiddenlayertransformer{i}" for i in range(8)]
    assert hidden.get_feature_names_out().tolist() == names
    found = hidden.transform(NEW)
    assert_array_equal(np.asarray(found), hidden.estimator_.hidden_activations(NEW))
    if container != "default":
        assert list(found.columns) == names
        assert isinstance(found, {"pandas": pd, "polars": pl}[container].DataFrame)


def test_names_are_those_of_the_last_fit():
    net = clone(CLF).fit(FRAME, LABELS)
    assert net.feature_names_in_.tolist() == list(FRAME)
    net.fit(FRAME[["age", "visits"]].to_numpy(), LABELS)
    assert not hasattr(net, "feature_names_in_")
    assert net.n_features_in_ == 2


def test_an_array_after_a_fit_on_a_frame_gives_a_warning():
    net = clone(CLF).fit(FRAME, LABELS)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        nameless = net.predict_proba(NEW.to_numpy(dtype=object))
    assert_array_equal(nameless, net.predict_proba(NEW))


# Meta-estimators


def test_calibration_passes_frames_on():
    calibrated = CalibratedClassifierCV(CLF, cv=3).fit(FRAME, LABELS)
    assert calibrated.score(NEW, labels_for(NEW)) > 0.75
    assert_allclose(calibrated.predict_proba(NEW).sum(axis=1), 1.0)


@pytest.mark.parametrize(
    "model",
    [
        VotingClassifier([("a", CLF), ("b", clone(CLF).set_params(depth=2))], voting="soft"),
        StackingClassifier([("a", CLF)], LogisticRegression(), cv=2),
        make_pipeline(HiddenLayerTransformer(CLF), LogisticRegression()),
        make_pipeline(FunctionTransformer(), CLF),
    ],
    ids=["voting", "stacking", "representation", "pipeline"],
)
def test_compositions_of_classifiers(model):
    assert clone(model).fit(FRAME, LABELS).score(NEW, labels_for(NEW)) > 0.75


def test_compositions_of_regressors():
    both = np.column_stack([Y, -Y])
    several = MultiOutputRegressor(REG).fit(FRAME, both)
    assert_allclose(several.predict(NEW)[:, 0], clone(REG).fit(FRAME, Y).predict(NEW))
    codes = FRAME[["age", "zone", "visits"]].astype(float).to_numpy()  # bagging accepts only arrays of numbers
    net = clone(REG).set_params(categorical_features=[1])
    bagging = BaggingRegressor(net, n_estimators=2, random_state=0).fit(codes, Y)
    assert np.isfinite(bagging.predict(codes)).all()
    assert bagging.estimators_[0]._state.categories.categorical == (1,)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_searches(n_jobs):
    grid = {"depth": [1, 2], "categorical_features": ["from_dtype", ["plan", "zone", "active"]]}
    search = GridSearchCV(CLF, grid, cv=2, n_jobs=n_jobs, error_score="raise").fit(FRAME, LABELS)
    by_features = search.cv_results_["mean_test_score"].reshape(2, 2)
    assert_array_equal(by_features[0], by_features[1])  # the same columns, given in two ways
    assert search.best_score_ > 0.75
    assert search.feature_names_in_.tolist() == list(FRAME)


def test_random_searches_with_other_scores():
    search = RandomizedSearchCV(CLF, {"width": [4, 8, 16]}, n_iter=2, scoring="roc_auc", cv=2, random_state=0)
    assert search.fit(FRAME, LABELS).best_score_ > 0.8


@pytest.mark.usefixtures("routing")
def test_metadata_are_routed_with_frames():
    w = np.where(FRAME["active"], 0.0, 1.0 + np.arange(len(FRAME)) % 2)
    net = clone(REG).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    routed = make_pipeline(FunctionTransformer(), net).fit(FRAME, Y, sample_weight=w)
    direct = clone(REG).fit(FRAME, Y, sample_weight=w)
    assert_array_equal(routed.predict(NEW), direct.predict(NEW))
    assert np.abs(direct.predict(NEW) - clone(REG).fit(FRAME, Y).predict(NEW)).max() > 0.01
    scores = cross_validate(net, FRAME, Y, params={"sample_weight": w}, cv=3, error_score="raise")["test_score"]
    assert np.isfinite(scores).all()


def test_a_validation_set_is_prepared_by_the_pipeline():
    X_val, y_val = NEW, numbers_for(NEW)
    with sklearn.config_context(enable_metadata_routing=True):
        net = clone(REG).set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(FunctionTransformer(), net, transform_input=["X_val"])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            routed = pipeline.fit(FRAME, Y, X_val=X_val, y_val=y_val)
    direct = clone(REG).fit(FRAME, Y, X_val=X_val, y_val=y_val)
    assert routed[-1].validation_scores_ == direct.validation_scores_
