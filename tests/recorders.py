"""Callbacks that record their events, and small data for fits."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor

quiet = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
BOTH = pytest.mark.parametrize("Estimator", [PlainClassifier, PlainRegressor])

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3))
Y = X @ [1.0, -2.0, 0.5]
SMALL = {"width": 4, "random_state": 0, "batch_size": 20, "learning_rate_init": 0.02, "max_iter": 6}

try:
    import sklearn.callback  # noqa: F401
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
    """Records its events. It asks to stop after ``stop_after`` epochs, and raises an error at the event ``fail``."""

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
    """A recorder that searches and pipelines pass on to the estimators that they fit."""

    max_propagation_depth = None


def one_task_for_each_epoch(n):
    epochs = [(what, "epoch", i) for i in range(n) for what in ("begin", "end")]
    return [("setup", "fit", 0), ("begin", "fit", 0), *epochs, ("end", "fit", 0), ("teardown", "fit", 0)]
