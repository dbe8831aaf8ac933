"""Callbacks of scikit-learn: a task for each epoch, models as fitted so far, stopping, and failures without a trace."""

import importlib.util
import inspect
import sys
import warnings

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknet._compat
from sknet import HiddenLayerTransformer, MLPClassifierScratch, MLPRegressorScratch

quiet = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
BOTH = pytest.mark.parametrize("Estimator", [PlainClassifier, PlainRegressor])

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3))
Y = X @ [1.0, -2.0, 0.5]
SMALL = {"width": 4, "random_state": 0, "batch_size": 20, "learning_rate_init": 0.02, "max_iter": 6}

try:
    import sklearn.callback
except ImportError:
    callbacks_exist = False
else:
    callbacks_exist = True
needs_callbacks = pytest.mark.skipif(not callbacks_exist, reason="scikit-learn has no callbacks before 1.9")


def target(Estimator):
    return (Y > 0).astype(int) if Estimator is PlainClassifier else Y


def same_weights(one, other):
    for a, b in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        assert_array_equal(a, b)


class Recorder:
    """Notes what it is told. ``stop_after`` epochs it says stop; at the event ``fail`` it raises."""

    def __init__(self, stop_after=None, fail=None):
        self.events, self.models, self.stop_after, self.fail = [], [], stop_after, fail

    def note(self, what, context):
        event = what, context.task_name, context.task_id
        self.events.append(event)
        if self.fail in (event, event[:2]):
            raise RuntimeError("the callback failed")

    def setup(self, estimator, context):
        self.note("setup", context)

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
        self.data = X, y
        self.note("begin", context)
        self.max_subtasks = context.max_subtasks if context.task_name == "fit" else self.max_subtasks

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.models.append((context.task_name, fitted_estimator))
        self.note("end", context)
        return context.task_name == "epoch" and context.task_id + 1 == self.stop_after

    def teardown(self, estimator, context):
        self.events.append(("teardown", context.task_name, context.task_id))

    @property
    def epochs(self):
        return [model for name, model in self.models if name == "epoch"]


class Nested(Recorder):
    """One that searches and pipelines hand on to what they fit."""

    max_propagation_depth = None


def one_task_for_each_epoch(n):
    epochs = [(what, "epoch", i) for i in range(n) for what in ("begin", "end")]
    return [("setup", "fit", 0), ("begin", "fit", 0), *epochs, ("end", "fit", 0), ("teardown", "fit", 0)]


@needs_callbacks
@quiet
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@BOTH
def test_one_task_for_each_epoch(Estimator, solver):
    recorder, y = Recorder(), target(Estimator)
    mlp = Estimator(solver=solver, **SMALL).set_callbacks(recorder).fit(X, y)
    assert recorder.events == one_task_for_each_epoch(mlp.n_iter_)
    assert mlp.n_iter_ == recorder.max_subtasks == 6
    assert recorder.data[0] is X
    assert recorder.data[1] is y


@needs_callbacks
@BOTH
def test_training_that_ends_early_has_fewer_tasks(Estimator):
    recorder = Recorder()
    mlp = Estimator(n_iter_no_change=2, tol=1e9, **SMALL).set_callbacks(recorder).fit(X, target(Estimator))
    assert mlp.n_iter_ < 6
    assert recorder.events == one_task_for_each_epoch(mlp.n_iter_)


@needs_callbacks
@quiet
@BOTH
def test_each_call_of_partial_fit_is_one_epoch(Estimator):
    recorder, y = Recorder(), target(Estimator)
    mlp = Estimator(**SMALL).set_callbacks(recorder)
    first = {"classes": [0, 1]} if Estimator is PlainClassifier else {}
    mlp.partial_fit(X, y, **first).partial_fit(X, y)
    assert recorder.events == one_task_for_each_epoch(1) * 2
    assert recorder.max_subtasks == 1


@needs_callbacks
@quiet
@BOTH
def test_callbacks_change_nothing(Estimator):
    y = target(Estimator)
    watched = Estimator(dropout=0.3, **SMALL).set_callbacks(Recorder()).fit(X, y)
    alone = Estimator(dropout=0.3, **SMALL).fit(X, y)
    same_weights(watched, alone)
    assert watched.loss_curve_ == alone.loss_curve_
    left = {name for name in vars(watched) if "callback" in name}
    assert left == {"_skl_callbacks"}


@needs_callbacks
@quiet
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@BOTH
def test_models_are_those_of_training_that_ended_there(Estimator, normalization):
    """Each is a model of its own: training that goes on does not change it."""
    recorder, y, parameters = Recorder(), target(Estimator), SMALL | {"normalization": normalization, "depth": 2}
    mlp = Estimator(**parameters).set_callbacks(recorder).fit(X, y)
    for i, model in enumerate(recorder.epochs, 1):
        short = Estimator(**parameters | {"max_iter": i}).fit(X, y)
        assert_array_equal(model.predict(X), short.predict(X))
        assert model.loss_curve_ == short.loss_curve_
        assert model.n_iter_ == i
    name, last = recorder.models[-1]
    assert name == "fit"
    assert_array_equal(last.predict(X), mlp.predict(X))


@needs_callbacks
@quiet
def test_models_know_nothing_of_an_earlier_fit():
    """Of a net with ``coefs_``, where there now is one without."""
    recorder, parameters = Recorder(), SMALL | {"depth": 2}
    mlp = PlainRegressor(**parameters).fit(X, Y)
    mlp.set_params(normalization="layer").set_callbacks(recorder).fit(X, Y)
    assert all(not hasattr(model, "coefs_") for model in recorder.epochs)
    for i, model in enumerate(recorder.epochs, 1):
        short = PlainRegressor(normalization="layer", **parameters | {"max_iter": i}).fit(X, Y)
        assert_array_equal(model.predict(X), short.predict(X))


@needs_callbacks
@BOTH
def test_the_last_model_is_the_best_one_with_early_stopping(Estimator):
    recorder, y = Recorder(), target(Estimator)
    parameters = SMALL | {"early_stopping": True, "max_iter": 300, "n_iter_no_change": 5, "learning_rate_init": 0.3}
    mlp = Estimator(**parameters).set_callbacks(recorder).fit(X, y)
    best = int(np.argmax(mlp.validation_scores_))
    assert best < mlp.n_iter_ - 1
    assert_array_equal(recorder.models[-1][1].predict(X), recorder.epochs[best].predict(X))
    assert_array_equal(mlp.predict(X), recorder.epochs[best].predict(X))


@needs_callbacks
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@BOTH
def test_a_callback_that_returns_true_stops_training(Estimator, solver):
    """Without a warning: it is what was asked for."""
    recorder, y = Recorder(stop_after=3), target(Estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp = Estimator(solver=solver, **SMALL).set_callbacks(recorder).fit(X, y)
    assert mlp.n_iter_ == 3
    assert recorder.events == one_task_for_each_epoch(3)
    with pytest.warns(UserWarning, match="reached|failed to converge"):
        same_weights(mlp, Estimator(solver=solver, **SMALL | {"max_iter": 3}).fit(X, y))


FAILURES = [
    ("setup", "fit"),
    ("begin", "fit"),
    ("begin", "epoch"),
    ("end", "epoch", 0),
    ("end", "epoch", 4),
    ("end", "fit"),
]


@needs_callbacks
@quiet
@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("fail", FAILURES, ids=str)
@BOTH
def test_a_failing_callback_leaves_the_earlier_fit_untouched(Estimator, fail, warm_start):
    y = target(Estimator)
    mlp = Estimator(early_stopping=True, dropout=0.2, warm_start=warm_start, **SMALL).fit(X, y)
    twin = clone(mlp).fit(X, y)
    before, predictions = dict(vars(mlp)), mlp.predict(X)
    recorder = Recorder(fail=fail)
    with pytest.raises(RuntimeError, match="the callback failed"):
        mlp.set_callbacks(recorder).fit(-X, y)
    assert recorder.events[-1] == ("teardown", "fit", 0)
    mlp.set_callbacks()
    assert vars(mlp).keys() == before.keys()
    assert all(vars(mlp)[name] is value for name, value in before.items())
    assert_array_equal(mlp.predict(X), predictions)
    same_weights(mlp.fit(X, y), twin.fit(X, y))  # training goes on as if nothing had been


@needs_callbacks
@quiet
@BOTH
def test_a_failing_callback_leaves_an_unfitted_model_unfitted(Estimator):
    mlp = Estimator(**SMALL)
    names = set(vars(mlp))
    with pytest.raises(RuntimeError, match="the callback failed"):
        mlp.set_callbacks(Recorder(fail=("end", "epoch", 1))).fit(X, target(Estimator))
    assert vars(mlp).keys() - {"_skl_callbacks"} == names


@needs_callbacks
@BOTH
def test_bad_parameters_tear_down_what_was_set_up(Estimator):
    """Or set nothing up."""
    recorder = Recorder()
    with pytest.raises(ValueError, match="`alpha` must be"):
        Estimator(alpha=-1.0).set_callbacks(recorder).fit(X, target(Estimator))
    setups, teardowns = ([e for e in recorder.events if e[0] == what] for what in ("setup", "teardown"))
    assert len(setups) == len(teardowns)


@needs_callbacks
@pytest.mark.parametrize("bad", [{"X": X[:, :0]}, {"y": np.full(60, np.nan)}, {"sample_weight": -np.ones(60)}])
@BOTH
def test_bad_data_tear_down_what_was_set_up(Estimator, bad):
    recorder = Recorder()
    data = {"X": X, "y": target(Estimator)} | bad
    with pytest.raises(ValueError, match=r"0 feature|NaN|must not be negative"):
        Estimator(**SMALL).set_callbacks(recorder).fit(**data)
    assert [event[0] for event in recorder.events if event[0] in ("setup", "teardown")] == ["setup", "teardown"]


@needs_callbacks
@quiet
def test_set_callbacks_takes_instances_and_forgets_without_arguments():
    mlp = PlainRegressor(**SMALL)
    assert mlp.set_callbacks(Recorder()) is mlp
    with pytest.raises(TypeError, match="FitCallback"):
        mlp.set_callbacks(Recorder)
    recorder = Recorder()
    mlp.set_callbacks(recorder).set_callbacks().fit(X, Y)
    assert recorder.events == []


@needs_callbacks
@quiet
def test_a_search_hands_callbacks_on():
    """Search -> candidate and fold -> epoch: each fit of the net is a task with a task for each epoch."""
    recorder = Nested()
    grid = GridSearchCV(PlainRegressor(**SMALL), {"width": [2, 3]}, cv=2).set_callbacks(recorder).fit(X, Y)
    epochs = [event for event in recorder.events if event[:2] == ("end", "epoch")]
    assert [event[2] for event in epochs] == list(range(6)) * 5  # two candidates on two folds, and the refit
    models = recorder.epochs
    assert [model.width for model in models[:24:6]].count(2) == 2
    same_weights(models[-1], grid.best_estimator_)


@needs_callbacks
@quiet
def test_a_pipeline_hands_callbacks_on():
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
    mlp = PlainRegressor(**SMALL).set_callbacks(monitor)  # searches do not hand on this one
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
def test_callbacks_stay_where_scikit_learn_leaves_them(how):
    recorder = Recorder()
    ours, theirs = PlainClassifier(**SMALL).set_callbacks(recorder), LogisticRegression().set_callbacks(recorder)
    if how == "clone":
        ours, theirs = clone(ours), clone(theirs)
    else:
        ours.fit(X, Y > 0), theirs.fit(X, Y > 0)
    assert hasattr(ours, "_skl_callbacks") == hasattr(theirs, "_skl_callbacks")


@needs_callbacks
@quiet
def test_weights_reach_the_callbacks():
    """As metadata, as scikit-learn's own estimators hand them on: a monitor's score is then weighted."""
    weights = RNG.uniform(0.1, 3.0, 60)
    monitor = sklearn.callback.ScoringMonitor(scoring="r2")
    mlp = PlainRegressor(**SMALL).set_callbacks(monitor).fit(X, Y, sample_weight=weights)
    last = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"][-1]
    assert last["r2"] == pytest.approx(r2_score(Y, mlp.predict(X), sample_weight=weights), rel=1e-12)


@pytest.fixture
def compat_without_callbacks(monkeypatch):
    """The module as it is where scikit-learn has no callbacks."""
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    spec = importlib.util.spec_from_file_location("compat_of_old", sknet._compat.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_callbacks_in_scikit_learn_nothing_is_promised(compat_without_callbacks):
    old = compat_without_callbacks
    assert not hasattr(old.CallbackSupportMixin, "set_callbacks")

    def method():
        pass

    assert old.with_callbacks(method) is method


def test_without_callbacks_tasks_do_nothing(compat_without_callbacks):
    def never():
        raise AssertionError

    tasks = compat_without_callbacks.Tasks(object(), 3, X, Y)
    tasks.begin_epoch()
    assert tasks.end_epoch(never) is False
    tasks.end()


def test_signatures_survive_the_decorator():
    for Estimator in (MLPClassifierScratch, MLPRegressorScratch):
        assert list(inspect.signature(Estimator.fit).parameters) == [
            "self", "X", "y", "sample_weight", "X_val", "y_val", "sample_weight_val", "checkpoint"
        ]  # fmt: skip
        assert "Fit the network" in Estimator.fit.__doc__


@quiet
def test_only_networks_take_callbacks():
    assert hasattr(MLPClassifierScratch(), "set_callbacks") == callbacks_exist
    assert not hasattr(HiddenLayerTransformer(MLPClassifierScratch()), "set_callbacks")
