"""Other packages that take an estimator: explanations, displays, searches, frames, resampling, notebooks."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibrationDisplay, calibration_curve
from sklearn.datasets import load_wine
from sklearn.inspection import PartialDependenceDisplay, permutation_importance
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

from sknet import HiddenLayerTransformer, MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TRAINING = {"width": 8, "learning_rate_init": 0.01, "batch_size": 32, "max_iter": 30, "random_state": 0}


def classifier(**parameters):
    return MLPClassifierScratch(**{**TRAINING, **parameters})


@pytest.fixture(scope="module")
def wine():
    return load_wine(return_X_y=True)


@pytest.fixture(scope="module")
def first_matters():
    """Rows whose label is the sign of the first of three columns."""
    X = np.random.default_rng(0).normal(size=(400, 3))
    return X, (X[:, 0] > 0.0).astype(int)


# Explanations


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore::DeprecationWarning")
def test_shap_values_add_up_to_the_probability(first_matters):
    shap = pytest.importorskip("shap", exc_type=ImportError)
    X, y = first_matters
    net = classifier().fit(X, y)
    explanation = shap.Explainer(net.predict_proba, X[:30])(X[:8], silent=True)
    assert explanation.values.shape == (8, 3, 2)
    assert_allclose(explanation.values.sum(axis=1) + explanation.base_values, net.predict_proba(X[:8]), atol=1e-8)
    assert np.abs(explanation.values).mean(axis=(0, 2)).argmax() == 0
    assert_array_equal(explanation.values[:, 0, 1] > 0.0, X[:8, 0] > 0.0)


def test_permutation_importance_of_probabilities(first_matters):
    X, y = first_matters
    net = classifier().fit(X, y)
    importance = permutation_importance(net, X, y, scoring="neg_log_loss", n_repeats=3, random_state=0).importances_mean
    assert importance[0] > 10.0 * np.abs(importance[1:]).max()


def test_partial_dependence_display(first_matters):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    X, y = first_matters
    display = PartialDependenceDisplay.from_estimator(
        classifier().fit(X, y), X, [0, 1, (0, 1)], grid_resolution=5, kind="average", ax=Figure().subplots()
    )
    of_first, of_second = (line.get_ydata() for line in display.lines_.ravel()[:2])
    assert (np.diff(of_first) > 0.0).all()
    assert np.ptp(of_first) > 0.8
    assert np.ptp(of_second) < 0.1
    assert display.contours_.ravel()[2] is not None


def test_calibration_display(first_matters):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    X, y = first_matters
    net = classifier().fit(X[:200], y[:200])
    display = CalibrationDisplay.from_estimator(net, X[200:], y[200:], n_bins=5, ax=Figure().subplots())
    truth, promise = calibration_curve(y[200:], net.predict_proba(X[200:])[:, 1], n_bins=5)
    assert_allclose(display.line_.get_xdata(), promise)
    assert_allclose(display.line_.get_ydata(), truth)
    assert display.estimator_name == "MLPClassifierScratch"


# Searches


def test_optuna_searches_depth_and_width(wine):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folds = StratifiedKFold(3)

    def accuracy(trial):
        depth, width = trial.suggest_int("depth", 0, 2), trial.suggest_int("width", 1, 16, log=True)
        return cross_val_score(classifier(depth=depth, width=width), *wine, cv=folds, error_score="raise").mean()

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(accuracy, n_trials=6)
    assert len({trial.value for trial in study.trials}) > 2
    assert study.best_value == cross_val_score(classifier(**study.best_params), *wine, cv=folds).mean() > 0.9


def test_optuna_stops_a_network_with_low_scores(wine):
    """After each epoch of `partial_fit`, the score is reported to the trial, and a pruner decides."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    X, X_val, y, y_val = train_test_split(*wine, stratify=wine[1], random_state=0)

    def accuracy(trial):
        net = classifier(learning_rate_init=trial.suggest_categorical("rate", [1e-7, 0.01]))
        for epoch in range(10):
            trial.report(net.partial_fit(X, y, classes=[0, 1, 2]).score(X_val, y_val), epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return net.score(X_val, y_val)

    sampler = optuna.samplers.GridSampler({"rate": [0.01, 1e-7]}, seed=0)
    pruner = optuna.pruners.ThresholdPruner(lower=0.8, n_warmup_steps=8)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    study.optimize(accuracy, n_trials=2)
    states = {trial.params["rate"]: trial.state.name for trial in study.trials}
    assert states == {0.01: "COMPLETE", 1e-7: "PRUNED"}


# Frames


def test_polars_frames_in_and_out(wine):
    pl = pytest.importorskip("polars")
    X, y = wine
    frame = pl.DataFrame({f"x{i}": column for i, column in enumerate(X.T)})
    pipeline = make_pipeline(StandardScaler(), HiddenLayerTransformer(classifier())).set_output(transform="polars")
    hidden = pipeline.fit(frame, pl.Series("y", y)).transform(frame)
    assert isinstance(hidden, pl.DataFrame)
    assert hidden.columns == [f"hiddenlayertransformer{i}" for i in range(8)]
    assert pipeline[-1].feature_names_in_.tolist() == frame.columns
    net = classifier().fit(StandardScaler().fit_transform(X), y)
    assert_allclose(hidden.to_numpy(), net.hidden_activations(StandardScaler().fit_transform(X)), rtol=1e-10)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_skrub_prepares_each_kind_of_column():
    skrub = pytest.importorskip("skrub", exc_type=ImportError)
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    town = rng.choice(["Aachen", "Bonn", "Celle"], 300)
    day = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 365, 300), unit="D")
    frame = pd.DataFrame({"town": town, "age": rng.normal(40.0, 10.0, 300), "day": day})
    frame.loc[rng.random(300) < 0.1, "age"] = np.nan
    y = np.where((frame["town"] == "Bonn") ^ (frame["day"].dt.month > 6), "yes", "no")
    tabular = getattr(skrub, "tabular_pipeline", None) or skrub.tabular_learner
    scores = cross_val_score(tabular(classifier(max_iter=60)), frame, y, cv=3, error_score="raise")
    assert scores.mean() > 0.8


# Resampling


@pytest.mark.slow
def test_resampling_in_a_pipeline_of_imbalanced_learn():
    pytest.importorskip("imblearn")
    from imblearn.over_sampling import RandomOverSampler
    from imblearn.pipeline import make_pipeline

    rng = np.random.default_rng(0)
    y = (rng.random(600) < 0.05).astype(int)
    X = rng.normal(size=(600, 4)) + y[:, None]
    resampled = make_pipeline(RandomOverSampler(random_state=0), classifier())
    plain, balanced = (
        cross_val_score(model, X, y, cv=3, scoring="recall", error_score="raise").mean()
        for model in (classifier(), resampled)
    )
    assert balanced > plain + 0.1
    assert len(resampled.fit(X, y).predict(X)) == 600  # only the training rows are resampled


# Notebooks


@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_html_of_a_notebook(Estimator, wine):
    """It shows the parameters with their values, and no link, because the web has no page for them."""
    net = Estimator(depth=3, max_iter=2)
    bundle = net._repr_mimebundle_()
    page = bundle["text/html"]
    assert bundle["text/plain"] == repr(net)
    assert re.sub(r"\d+", "", page) == re.sub(r"\d+", "", estimator_html_repr(net))  # without the numbers of its parts
    assert "Not fitted" in page
    assert "depth" in page
    assert "Not fitted" not in estimator_html_repr(net.fit(*wine))
    assert re.findall(r'href="[^"#]+"', page) == []
