"""The estimators inside the rest of scikit-learn: searches, pipelines, ensembles, routing, inspection."""

import warnings

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose
from scipy.stats import loguniform, randint
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_wine,
    make_classification,
    make_multilabel_classification,
)
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, make_scorer, mean_absolute_error
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    train_test_split,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, RegressorChain
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler
from sklearn.utils import estimator_html_repr

from sknet import MLPClassifierScratch, MLPRegressorScratch

# The nets train for a fixed number of epochs, to be fast; that they could go on is known.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TRAINING = {"width": 8, "learning_rate_init": 0.01, "batch_size": 32, "max_iter": 30, "random_state": 0}


def classifier(**parameters):
    return MLPClassifierScratch(**{**TRAINING, **parameters})


def regressor(**parameters):
    return MLPRegressorScratch(**{**TRAINING, **parameters})


@pytest.fixture(scope="module")
def cancer():
    return load_breast_cancer(return_X_y=True)


@pytest.fixture(scope="module")
def wine():
    return load_wine(return_X_y=True)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


# Searches


GRID = {"depth": [0, 1, 2], "width": [2, 8], "alpha": [1e-4, 1.0]}


def test_grid_search_of_classifier(cancer):
    search = GridSearchCV(classifier(), GRID, cv=3, error_score="raise").fit(*cancer)
    assert len(search.cv_results_["params"]) == 12
    assert search.best_score_ > 0.95
    assert search.best_estimator_.depth_ == search.best_params_["depth"]
    assert search.best_estimator_.alpha == search.best_params_["alpha"]
    assert len(np.unique(search.cv_results_["mean_test_score"])) > 4  # the parameters do something


def test_grid_search_of_regressor_in_pipeline(diabetes):
    grid = {f"net__{name}": values for name, values in GRID.items()}
    pipeline = Pipeline([("scale", StandardScaler()), ("net", regressor())])
    search = GridSearchCV(pipeline, grid, cv=3, scoring="neg_mean_absolute_error", error_score="raise").fit(*diabetes)
    baseline = cross_val_score(DummyRegressor(), *diabetes, cv=3, scoring="neg_mean_absolute_error").mean()
    assert search.best_score_ > 0.8 * baseline
    assert search.best_estimator_["net"].depth_ == search.best_params_["net__depth"]


def test_grid_search_over_what_has_no_order(wine):
    grid = {"activation": ["tanh", ("relu", "identity")], "hidden_layer_sizes": [(8, 4)], "solver": ["adam", "lbfgs"]}
    search = GridSearchCV(classifier(), grid, cv=3, error_score="raise").fit(*wine)
    assert (search.cv_results_["mean_test_score"] > 0.9).all()
    assert search.best_estimator_.width_ == 8


def test_randomized_search(wine):
    distributions = {"depth": randint(0, 3), "width": randint(2, 12), "alpha": loguniform(1e-5, 10.0)}
    search = RandomizedSearchCV(classifier(), distributions, n_iter=6, cv=3, random_state=0, error_score="raise")
    search.fit(*wine)
    assert search.best_score_ > 0.9
    assert len({p["alpha"] for p in search.cv_results_["params"]}) == 6


def test_halving_search_with_epochs_as_resource(cancer):
    search = HalvingGridSearchCV(
        classifier(), GRID, resource="max_iter", min_resources=2, max_resources=18, factor=3, cv=3, random_state=0,
        error_score="raise",
    ).fit(*cancer)  # fmt: skip
    assert search.n_resources_ == [2, 6, 18]
    assert search.n_candidates_ == [12, 4, 2]
    assert search.best_estimator_.n_iter_ == 18
    scores, rounds = search.cv_results_["mean_test_score"], search.cv_results_["iter"]
    assert scores[rounds == 2].max() > scores[rounds == 0].mean()


def test_two_jobs_give_the_result_of_one(cancer):
    one, two = (
        GridSearchCV(classifier(), {"depth": [1, 2]}, cv=2, scoring="neg_log_loss", n_jobs=n, error_score="raise").fit(
            *cancer
        )
        for n in (1, 2)
    )
    assert one.best_params_ == two.best_params_
    assert_allclose(two.cv_results_["mean_test_score"], one.cv_results_["mean_test_score"], rtol=1e-6)
    assert_allclose(two.predict_proba(cancer[0]), one.predict_proba(cancer[0]), atol=1e-6)


# Validation


def test_cross_validate_with_several_scorers(wine):
    scoring = {"accuracy": "accuracy", "log_loss": "neg_log_loss", "auc": "roc_auc_ovr", "f1": "f1_macro"}
    ours = cross_validate(classifier(), *wine, scoring=scoring, cv=3, return_estimator=True, error_score="raise")
    baseline = cross_validate(DummyClassifier(), *wine, scoring=scoring, cv=3)
    for name in scoring:
        assert (ours[f"test_{name}"] > baseline[f"test_{name}"] + 0.3).all()
    assert all(net.classes_.tolist() == [0, 1, 2] for net in ours["estimator"])


def test_cross_validate_of_regressor_with_own_scorer(diabetes):
    scoring = {"r2": "r2", "mae": make_scorer(mean_absolute_error, greater_is_better=False)}
    ours = cross_validate(regressor(), *diabetes, scoring=scoring, cv=3, error_score="raise")
    assert (ours["test_r2"] > 0.3).all()
    assert (ours["test_mae"] > -55.0).all()


def test_cross_val_predict_of_probabilities(wine):
    X, y = wine
    names = np.array(["barbera", "grignolino", "barolo"])[y]
    p = cross_val_predict(classifier(), X, names, cv=3, method="predict_proba")
    assert p.shape == (len(X), 3)
    assert_allclose(p.sum(axis=1), 1.0)
    assert log_loss(names, p, labels=np.unique(names)) < 0.3  # the prior has 1.1; columns in the order of the labels


@pytest.mark.parametrize("method", ["predict_log_proba", "decision_function"])
def test_cross_val_predict_of_other_scores(wine, method):
    X, y = wine
    scores = cross_val_predict(classifier(), X, y, cv=3, method=method)
    assert (scores.argmax(axis=1) == y).mean() > 0.9


def test_learning_curve_rises(wine):
    X, y = wine
    sizes, _, scores = learning_curve(
        classifier(batch_size=5), X, y, train_sizes=[0.05, 1.0], cv=3, shuffle=True, random_state=0, error_score="raise"
    )
    assert sizes.tolist() == [5, 118]
    few, all_rows = scores.mean(axis=1)
    assert all_rows > few + 0.05


def test_learning_curve_by_partial_fit(wine):
    X, y = wine
    net = classifier(batch_size=10)
    _, _, scores = learning_curve(
        net, X, y, train_sizes=[0.2, 1.0], cv=3, exploit_incremental_learning=True, shuffle=True, random_state=0,
        error_score="raise",
    )  # fmt: skip
    few, all_rows = scores.mean(axis=1)
    assert all_rows > few


def test_validation_curve_over_depth_zero_to_two(wine):
    train, test = validation_curve(classifier(), *wine, param_name="depth", param_range=[0, 1, 2], cv=3)
    assert train.shape == test.shape == (3, 3)
    assert (test.mean(axis=1) > 0.85).all()


# Data


@pytest.fixture(scope="module")
def mixed():
    """A frame with numbers, missing ones among them, and text; and a target that needs both."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    town = rng.choice(["Aachen", "Bonn", "Celle"], 400)
    frame = pd.DataFrame({"age": rng.normal(40.0, 10.0, 400), "town": town, "income": rng.lognormal(10.0, 1.0, 400)})
    y = np.where((frame["town"] == "Bonn") ^ (frame["age"] > 40.0), "yes", "no")
    return frame, y


def preprocessing(**encoder):
    return ColumnTransformer(
        [
            ("number", QuantileTransformer(n_quantiles=20), ["age", "income"]),
            ("text", OneHotEncoder(**encoder), ["town"]),
        ]
    )


@pytest.mark.parametrize("sparse", [False, True])
def test_column_transformer_and_pandas(mixed, sparse):
    X, y = mixed
    columns = preprocessing(sparse_output=sparse).set_params(sparse_threshold=float(sparse))
    pipeline = make_pipeline(columns, classifier(max_iter=60))
    scores = cross_val_score(pipeline, X, y, cv=3, error_score="raise")
    linear = cross_val_score(make_pipeline(columns, classifier(depth=0)), X, y, cv=3)
    assert scores.mean() > 0.85
    assert scores.mean() > linear.mean() + 0.1  # "exclusive or" needs a hidden layer


def test_names_reach_the_net_by_set_output(mixed):
    X, y = mixed
    pipeline = make_pipeline(preprocessing(sparse_output=False), classifier()).set_output(transform="pandas").fit(X, y)
    assert pipeline[-1].feature_names_in_.tolist() == [
        "number__age", "number__income", "text__town_Aachen", "text__town_Bonn", "text__town_Celle"
    ]  # fmt: skip


def test_feature_names_of_pandas(wine):
    pd = pytest.importorskip("pandas")
    X, y = load_wine(return_X_y=True, as_frame=True)
    net = classifier(max_iter=3).fit(X, y)
    assert net.feature_names_in_.tolist() == list(X.columns)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = net.predict_proba(X)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        nameless = net.predict_proba(X.to_numpy())
    assert_allclose(nameless, named)
    with pytest.raises(ValueError, match="feature names should match"):
        net.predict(X[X.columns[::-1]])
    assert isinstance(y, pd.Series)


def test_polars_frame(wine):
    pl = pytest.importorskip("polars")
    X, y = wine
    frame = pl.DataFrame({f"x{i}": column for i, column in enumerate(X.T)})
    net = classifier().fit(frame, pl.Series("y", y))
    assert net.feature_names_in_.tolist() == frame.columns
    assert_allclose(net.predict_proba(frame), classifier().fit(X, y).predict_proba(X))


def test_text_through_a_sparse_pipeline():
    positive, negative = ["good", "great", "fine", "lovely"], ["bad", "awful", "poor", "sad"]
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=200)
    texts = [
        " ".join([*rng.choice(positive if k else negative, 2), *rng.choice(["film", "book", "plot"], 3)]) for k in y
    ]
    model = make_pipeline(TfidfVectorizer(), classifier()).fit(texts[:150], y[:150])
    assert model.score(texts[150:], y[150:]) > 0.95


# Ensembles and wrappers


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibrated_classifier(cancer, method):
    X_train, X_test, y_train, y_test = train_test_split(*cancer, random_state=0)
    # A net much too sure of itself: calibration has something to do.
    net = classifier(width=32, alpha=0.0, max_iter=150)
    sure = clone(net).fit(X_train, y_train)
    calibrated = CalibratedClassifierCV(net, method=method, cv=3).fit(X_train, y_train)
    assert calibrated.score(X_test, y_test) > 0.93
    loss = log_loss(y_test, calibrated.predict_proba(X_test))
    assert loss < 0.25
    assert method == "isotonic" or loss < log_loss(y_test, sure.predict_proba(X_test))


def test_bagging(wine):
    X_train, X_test, y_train, y_test = train_test_split(*wine, stratify=wine[1], random_state=0)
    bag = BaggingClassifier(
        classifier(random_state=None), n_estimators=4, max_features=0.8, oob_score=False, random_state=0
    )
    bag.fit(X_train, y_train)
    assert bag.score(X_test, y_test) > 0.9
    members = [net.predict_proba(X_test[:, columns]) for net, columns in zip(bag.estimators_, bag.estimators_features_)]
    assert_allclose(bag.predict_proba(X_test), np.mean(members, axis=0), rtol=1e-10)
    assert len({net.random_state for net in bag.estimators_}) == 4


def test_boosting_hands_on_sample_weights(wine):
    X, y = wine
    stump = classifier(depth=0, max_iter=3, learning_rate="constant")  # weak, but better than chance
    boosted = AdaBoostClassifier(stump, n_estimators=5, random_state=0).fit(X, y)
    assert boosted.score(X, y) > boosted.estimators_[0].score(X, y)


def test_voting(wine):
    X_train, X_test, y_train, y_test = train_test_split(*wine, stratify=wine[1], random_state=0)
    members = [(f"depth {d}", classifier(depth=d)) for d in (0, 1, 2)]
    vote = VotingClassifier(members, voting="soft").fit(X_train, y_train)
    each = [clone(net).fit(X_train, y_train).predict_proba(X_test) for _, net in members]
    assert_allclose(vote.predict_proba(X_test), np.mean(each, axis=0), rtol=1e-6)
    assert vote.score(X_test, y_test) > 0.9


def test_stacking(wine):
    members = [("net", classifier()), ("linear", classifier(depth=0))]
    stack = StackingClassifier(members, LogisticRegression(), cv=3)
    assert cross_val_score(stack, *wine, cv=3, error_score="raise").mean() > 0.9


def test_multi_output_classifier_fits_one_net_for_each_column(wine):
    X, y = wine
    Y = np.column_stack([y, X[:, 0] > 13.0])
    both = MultiOutputClassifier(classifier()).fit(X, Y)
    for column, net in enumerate(both.estimators_):
        alone = classifier().fit(X, Y[:, column])
        assert_allclose(net.predict_proba(X), alone.predict_proba(X), rtol=1e-6)
    assert both.score(X, Y) > 0.9


def test_one_net_for_many_labels_beats_guessing():
    X, Y = make_multilabel_classification(300, n_classes=4, random_state=0)
    p = cross_val_predict(classifier(max_iter=60), X, Y, cv=3, method="predict_proba")
    assert p.shape == Y.shape
    accuracy = ((p > 0.5) == Y).mean()
    assert accuracy > np.maximum(Y.mean(axis=0), 1.0 - Y.mean(axis=0)).mean() + 0.05


def test_one_versus_rest(wine):
    assert cross_val_score(OneVsRestClassifier(classifier()), *wine, cv=3, error_score="raise").mean() > 0.9


def test_regressor_chain_and_transformed_target(diabetes):
    X, y = diabetes
    Y = np.column_stack([y, X[:, 2] * 100.0])
    chain = RegressorChain(regressor(), order=[1, 0]).fit(X, Y)
    assert chain.score(X, Y) > 0.6
    log_scale = TransformedTargetRegressor(regressor(), func=np.log, inverse_func=np.exp)
    assert cross_val_score(log_scale, X, y, cv=3, error_score="raise").mean() > 0.3


def test_tuned_threshold_finds_more_of_the_rare_class():
    X, y = make_classification(600, weights=[0.9], flip_y=0.1, random_state=0)
    net = classifier(depth=0)
    tuned = TunedThresholdClassifierCV(net, scoring="balanced_accuracy", cv=3).fit(X, y)
    assert tuned.best_threshold_ < 0.5
    assert tuned.predict(X).sum() > net.fit(X, y).predict(X).sum()


# Inspection


def test_permutation_importance_finds_what_matters():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y = 3.0 * X[:, 0] + np.abs(X[:, 2])
    net = regressor(max_iter=100).fit(X, y)
    importance = permutation_importance(net, X, y, n_repeats=3, random_state=0).importances_mean
    assert importance.argsort()[::-1][:2].tolist() == [0, 2]
    assert abs(importance[[1, 3]]).max() < 0.05


def test_partial_dependence_has_the_slope():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    net = regressor(depth=0, solver="lbfgs", alpha=0.0).fit(X, 3.0 * X[:, 0] - X[:, 1])
    result = partial_dependence(net, X, [0], kind="average", grid_resolution=5)
    grid = result["grid_values"][0]
    assert_allclose(np.diff(result["average"][0]) / np.diff(grid), 3.0, rtol=1e-3)


@pytest.mark.parametrize("kind", [MLPClassifierScratch, MLPRegressorScratch])
def test_html_and_text_representation(kind, wine):
    net = kind(depth=3, max_iter=2)
    assert repr(net) == f"{kind.__name__}(depth=3, max_iter=2)"
    pipeline = make_pipeline(StandardScaler(), net)
    assert "Not fitted" in estimator_html_repr(pipeline)
    page = estimator_html_repr(pipeline.fit(*wine))
    assert kind.__name__ in page
    assert "depth" in page
    assert "Not fitted" not in page


# Metadata routing


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.fixture(scope="module")
def weighted(wine):
    """Rows and weights that leave one class out: whoever drops the weights is found out."""
    X, y = wine
    return X, y, np.where(y == 2, 0.0, 1.0 + np.arange(len(y)) % 3)


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_through_a_pipeline(weighted):
    X, y, w = weighted
    net = classifier().set_fit_request(sample_weight=True)
    routed = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net).fit(X, y, sample_weight=w)
    direct = classifier().fit(StandardScaler().fit_transform(X), y, sample_weight=w)
    assert_allclose(routed.predict_proba(X), direct.predict_proba(StandardScaler().fit_transform(X)), rtol=1e-6)
    assert not (routed.predict(X) == 2).any()


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_through_validation(weighted):
    X, y, w = weighted
    # No net learns of class 2. Where the score knows the weights too, its rows do not count; else they are all wrong.
    net = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    scores = cross_validate(net, X, y, params={"sample_weight": w}, cv=3, error_score="raise")["test_score"]
    assert (scores > 0.8).all()
    unweighted = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
    scores = cross_validate(unweighted, X, y, params={"sample_weight": w}, cv=3, error_score="raise")["test_score"]
    assert (scores < 0.8).all()


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_through_a_search(weighted):
    X, y, w = weighted
    net = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    search = GridSearchCV(net, {"depth": [0, 1]}, cv=3, error_score="raise").fit(X, y, sample_weight=w)
    direct = classifier(**search.best_params_).fit(X, y, sample_weight=w)
    assert_allclose(search.predict_proba(X), direct.predict_proba(X), rtol=1e-6)
    assert search.best_score_ > 0.8  # with all rows in the score, class 2 would count as wrong


@pytest.mark.usefixtures("routing")
def test_weights_nobody_asked_for_are_an_error(weighted):
    X, y, w = weighted
    with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError, match="sample_weight"):
        cross_validate(classifier(), X, y, params={"sample_weight": w}, cv=3)


def test_weights_through_a_pipeline_without_routing(weighted):
    X, y, w = weighted
    pipeline = Pipeline([("scale", StandardScaler()), ("net", classifier())]).fit(X, y, net__sample_weight=w)
    assert not (pipeline.predict(X) == 2).any()
