"""scikit-learn's searches and pipelines pass callbacks on; its monitor of scores and its progress bar work."""

import pytest
import sklearn
from joblib import parallel_config
from oracles import PlainClassifier, PlainRegressor
from recorders import BOTH, RNG, SMALL, Nested, Recorder, X, Y, needs_callbacks, quiet, same_weights, target
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import MLPRegressorScratch


@needs_callbacks
@quiet
def test_a_search_passes_callbacks_on():
    """Search -> candidate and fold -> epoch: each fit of the network is a task with one task for each epoch."""
    recorder = Nested()
    grid = GridSearchCV(PlainRegressor(**SMALL), {"width": [2, 3]}, cv=2).set_callbacks(recorder).fit(X, Y)
    epochs = [event for event in recorder.events if event[:2] == ("end", "epoch")]
    assert [event[2] for event in epochs] == list(range(6)) * 5  # two candidates on two folds, and the final fit
    models = recorder.epochs
    assert [model.width for model in models[:24:6]].count(2) == 2
    same_weights(models[-1], grid.best_estimator_)


@needs_callbacks
@quiet
def test_a_pipeline_passes_callbacks_on():
    recorder = Nested()
    make_pipeline(StandardScaler(), PlainRegressor(**SMALL)).set_callbacks(recorder).fit(X, Y)
    assert [event[2] for event in recorder.events if event[:2] == ("end", "epoch")] == list(range(6))


@needs_callbacks
@quiet
@BOTH
def test_scoring_monitor_records_every_epoch(Estimator):
    y = target(Estimator)
    metric, name = (accuracy_score, "accuracy") if Estimator is PlainClassifier else (r2_score, "r2")
    monitor = sklearn.callback.ScoringMonitor(scoring=name)
    Estimator(**SMALL).set_callbacks(monitor).fit(X, y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    expected = [metric(y, Estimator(**SMALL | {"max_iter": i}).fit(X, y).predict(X)) for i in range(1, 7)]
    assert [row[name] for row in rows] == pytest.approx(expected, rel=1e-12)
    assert [row["task_id"] for row in rows] == list(range(6))


@needs_callbacks
@quiet
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_scoring_monitor_within_a_search(n_jobs):
    monitor = sklearn.callback.ScoringMonitor(scoring="r2")
    mlp = PlainRegressor(**SMALL).set_callbacks(monitor)  # searches do not pass on this one
    search = GridSearchCV(mlp, {"width": [2, 3]}, cv=KFold(2), n_jobs=n_jobs)
    with parallel_config("threading"):
        search.fit(X, Y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(rows) == 5 * 6
    found = sorted(row["r2"] for row in rows if row["task_id"] == 5)
    folds = [train for train, _ in KFold(2).split(X)]
    models = [PlainRegressor(**SMALL | {"width": width}) for width in (2, 3)]
    expected = [
        r2_score(Y[rows], clone(model).fit(X[rows], Y[rows]).predict(X[rows])) for model in models for rows in folds
    ]
    expected.append(r2_score(Y, search.best_estimator_.predict(X)))
    assert found == pytest.approx(sorted(expected), rel=1e-12)


@needs_callbacks
@quiet
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_progress_bar_within_a_search(capsys, monkeypatch, n_jobs):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    search = GridSearchCV(PlainRegressor(**SMALL), {"width": [2, 3]}, cv=2, n_jobs=n_jobs)
    with parallel_config("threading"):
        search.set_callbacks(sklearn.callback.ProgressBar(max_propagation_depth=None)).fit(X, Y)
    out = capsys.readouterr().out
    assert "GridSearchCV" in out
    assert out.count("PlainRegressor") >= 5
    assert "100%" in out


@needs_callbacks
def test_progress_bar_of_one_fit(capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    mlp = PlainRegressor(n_iter_no_change=2, tol=1e9, **SMALL)
    mlp.set_callbacks(sklearn.callback.ProgressBar()).fit(X, Y)
    out = capsys.readouterr().out
    assert "PlainRegressor - fit" in out
    assert "100%" in out  # also if training ends early


@needs_callbacks
@quiet
@pytest.mark.parametrize("how", ["clone", "fit"])
def test_callbacks_remain_where_scikit_learn_keeps_them(how):
    recorder = Recorder()
    ours, theirs = PlainClassifier(**SMALL).set_callbacks(recorder), LogisticRegression().set_callbacks(recorder)
    if how == "clone":
        ours, theirs = clone(ours), clone(theirs)
    else:
        ours.fit(X, Y > 0), theirs.fit(X, Y > 0)
    assert hasattr(ours, "_skl_callbacks") == hasattr(theirs, "_skl_callbacks")


@needs_callbacks
@quiet
def test_callbacks_get_the_weights():
    """As metadata, as with scikit-learn's own estimators: the score of a monitor is then weighted."""
    weights = RNG.uniform(0.1, 3.0, 60)
    monitor = sklearn.callback.ScoringMonitor(scoring="r2")
    mlp = PlainRegressor(**SMALL).set_callbacks(monitor).fit(X, Y, sample_weight=weights)
    last = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"][-1]
    assert last["r2"] == pytest.approx(r2_score(Y, mlp.predict(X), sample_weight=weights), rel=1e-12)


@needs_callbacks
@quiet
def test_callbacks_get_the_model_that_is_validated():
    """With members and averages, too. The last model is that of the end of the fit."""
    recorder = Recorder()
    mlp = MLPRegressorScratch(
        width=4, max_iter=3, batch_size=2, n_members=2, averaging=0.9, early_stopping=False, random_state=0
    )
    mlp.set_callbacks(recorder).fit(X, Y)
    assert recorder.epochs[-1].predict(X).tolist() == mlp.predict(X).tolist()
    assert recorder.epochs[0].predict(X).tolist() != mlp.predict(X).tolist()
