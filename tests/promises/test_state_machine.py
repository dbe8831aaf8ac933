"""Random sequences of calls: a new estimator on which only the successful fits are repeated has the same bits.

There are 50 sequences, the same in each run. HYPOTHESIS_PROFILE=nightly draws 2,000 others in each run.
"""

import copy
import math
import os
import pickle
from contextlib import contextmanager
from functools import partial
from shutil import rmtree
from tempfile import mkdtemp
from unittest.mock import patch

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from rows_for_machines import FORMS, FRAME, NUMBERS, PROBE, TARGETS, Call
from same_state import assert_same_state
from sklearn.base import clone
from sklearn.metrics import log_loss
from strategies import PROFILE, hypothesis, st

import sknet
from sknet import MLPClassifierScratch, MLPRegressorScratch, presets
from sknet.core.network import Network

stateful = pytest.importorskip("hypothesis.stateful")
rule, precondition = stateful.rule, stateful.precondition

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # including ConvergenceWarning
]

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
FORMS_OF_INF = np.full((20, 4), np.inf), sp.csr_matrix(np.full((20, 4), np.inf))
SMALL = {"width": 5, "depth": 1, "max_iter": 3, "random_state": 0}
BEGINNINGS = {
    "defaults": lambda kind: {},
    "scikit-learn": lambda kind: presets.scikit_learn(kind) | {"hidden_layer_sizes": 5, "batch_size": 16},
    "tabular": lambda kind: presets.tabular(kind) | {"n_members": 2},
    "members": lambda kind: {"n_members": 2, "averaging": 0.9, "early_stopping": True, "dropout": 0.2},
    "normalized": lambda kind: {"normalization": "batch", "dropout": 0.2, "batch_size": 16},
    "embedded": lambda kind: {"embedding": "periodic", "standardize": "robust", "early_stopping": True},
}
CHANGES = {
    "solver": ["adam", "adam", "sgd", "rmsprop", "lbfgs"],
    "alpha": [0.0, 0.1],
    "batch_size": ["auto", 16, 50],
    "learning_rate": ["constant", "cosine", "adaptive", "invscaling", "one_cycle"],
    "learning_rate_init": ["auto", 0.01, 0.03],
    "max_iter": [1, 3, 6],
    "shuffle": [True, False],
    "tol": [0.0, 1e-4, 1.0],
    "n_iter_no_change": [1, 2, "auto", math.inf],
    "early_stopping": [True, False, "auto"],
    "validation_fraction": [0.1, 0.3],
    "scoring": [None, "loss", "auto"],
    "warm_start": [True, True, False],
    "weight_decay": ["auto", 0.0, 0.1],
    "max_grad_norm": [None, 1.0],
    "averaging": ["auto", 0.0, 0.9],
    "standardize": ["auto", True, False, "robust"],
    "random_state": [0, 1],
    "dtype": ["auto", None, "float32", "float64"],
    "width": [5, 6],
    "dropout": ["auto", 0.0, 0.3],
    "n_members": ["auto", 1, 3],
    "embedding": ["auto", None, "piecewise_linear"],
}
changes = st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: st.sampled_from(CHANGES[name]) for name in names})
)
rows = st.tuples(st.sampled_from([0, 20, 60]), st.sampled_from([20, 60, 60, 330])).map(
    lambda r: np.arange(r[0], sum(r))
)
forms = st.sampled_from(sorted(FORMS))
gradients = st.integers(1, 25)


class Killed(BaseException):
    """An exception that no code expects."""


@contextmanager
def stopped(kind, n):
    """Raise an exception when a network computes its n-th gradient."""
    inner, calls = Network.loss_and_gradient, []

    def gradient(network, *args):
        calls.append(0)
        if len(calls) == n:
            raise kind
        return inner(network, *args)

    with patch.object(Network, "loss_and_gradient", gradient):
        yield


def outputs(mlp, X):
    return mlp.predict_proba(X) if isinstance(mlp, CLF) else mlp.predict(X)


class Sequence(stateful.RuleBasedStateMachine):
    """An estimator, the calls from which it results, and its predictions."""

    @stateful.initialize(
        kind_of_y=st.sampled_from(sorted(TARGETS)), beginning=st.sampled_from(sorted(BEGINNINGS)), form=forms
    )
    def begin(self, kind_of_y, beginning, form):
        self.kind_of_y, self.next_form = kind_of_y, form
        Estimator, _, more = TARGETS[kind_of_y]
        kind = "classification" if Estimator is CLF else "regression"
        self.mlp = Estimator(**BEGINNINGS[beginning](kind) | SMALL | more)
        self.calls, self.predicted = [], None
        self.folder = mkdtemp()

    @property
    def fitted(self):
        return bool(self.calls)

    def call(self, method, **more):
        return Call(method, self.mlp.get_params(), self.kind_of_y, self.next_form, **more)

    def made(self, call):
        """Record a successful call."""
        goes_on = call.method == "partial_fit" or call.parameters["warm_start"]
        self.calls = [*(self.calls if goes_on else []), call]
        self.form = call.form
        self.predicted = outputs(self.mlp, FORMS[self.form](PROBE))

    def make(self, call, make):
        """Make a call; if it raises an error, this must be allowed, and the estimator must not change."""
        before = dict(vars(self.mlp))
        try:
            make(self.mlp)
        except (ValueError, AttributeError) as error:
            self.may_refuse(call, str(error))
            assert vars(self.mlp).keys() == before.keys()
            assert all(vars(self.mlp)[name] is value for name, value in before.items())
        else:
            self.made(call)

    def may_refuse(self, call, words):
        p = call.parameters
        sparse, lbfgs = call.form == "sparse", p["solver"] == "lbfgs"
        goes_on = self.fitted and (call.method == "partial_fit" or p["warm_start"])
        may = {
            "needs a dense X, got a sparse one": sparse,
            "needs a solver that works in epochs": lbfgs,
            "Training gave": p["standardize"] is False,
            "no attribute 'partial_fit'": lbfgs,
            "warm_start and partial_fit continue with": goes_on,
            "warm_start continues with the": goes_on,
            "The feature names should match": goes_on,
            "features, but MLP": goes_on,
            "could not convert string to float": goes_on and call.form == "frame" != self.form,
        }
        assert any(reason in words and allowed for reason, allowed in may.items()), words

    calls_of = {"rows": rows, "weighted": st.booleans(), "own_validation": st.sampled_from([0, 0, 25, 50])}  # noqa: RUF012

    @rule(**calls_of)
    def fit(self, **more):
        call = self.call("fit", **more)
        self.make(call, call)

    @rule(**calls_of)
    def partial_fit(self, **more):
        call = self.call("partial_fit", **more)
        self.make(call, call)

    @rule(n=gradients, method=st.sampled_from(["fit", "partial_fit"]), **calls_of)
    def interrupted(self, n, method, **more):
        call = self.call(method, interrupted_at=n, **more)
        with stopped(KeyboardInterrupt, n):
            self.make(call, call)

    @rule(n=gradients, kind=st.sampled_from([Killed, KeyboardInterrupt]), every=st.integers(1, 3), **calls_of)
    @precondition(lambda self: self.mlp.solver != "lbfgs")
    def killed_and_resumed(self, n, kind, every, **more):
        call = self.call("fit", **more)
        checkpoint = sknet.Checkpoint(os.path.join(self.folder, f"{len(os.listdir(self.folder))}"), every)
        before = copy.deepcopy(self.mlp), self.calls
        try:
            with stopped(kind, n):
                self.make(call, partial(call, checkpoint=checkpoint))
        except Killed:
            assert vars(self.mlp).keys() == vars(before[0]).keys()
        else:
            if kind is Killed:
                return  # training ended before the exception
        if kind is KeyboardInterrupt:  # the model of the interrupted call is not tested here
            self.mlp, self.calls = before
        self.make(call, partial(call, checkpoint=checkpoint))

    @rule(form=forms)
    def another_form(self, form):
        self.next_form = form

    @rule(changes=changes)
    def set_params(self, changes):
        self.mlp.set_params(**changes)

    @rule(how=st.sampled_from(["pickle", "copy", "file"]))
    def another_process(self, how):
        """Replace the estimator by a copy."""
        match how:
            case "pickle":
                self.mlp = pickle.loads(pickle.dumps(self.mlp))
            case "copy":
                self.mlp = copy.deepcopy(self.mlp)
            case "file":
                path = os.path.join(self.folder, "model")
                sknet.save(self.mlp, path)
                self.mlp = sknet.load(path)
                os.remove(path)

    @rule(replace=st.booleans())
    def clone(self, replace):
        twin = clone(self.mlp)
        assert vars(twin).keys() == twin.get_params().keys()
        assert twin.get_params() == self.mlp.get_params()
        if replace:
            self.mlp, self.calls = twin, []

    @rule()
    @precondition(lambda self: self.fitted)
    def predict_in_other_forms(self):
        X = FORMS[self.form](PROBE)
        alike = {"rtol": 1e-4, "atol": 1e-5}  # of float32, with sums in another order
        in_parts = [outputs(self.mlp, X[i : i + 7]) for i in range(0, len(PROBE), 7)]
        assert_allclose(np.concatenate(in_parts), self.predicted, **alike)
        if "frame" in self.form and hasattr(self.mlp, "feature_names_in_"):
            for wrong in (X[X.columns[::-1]], X[X.columns[1:]], X.rename(columns={"a": "A"})):
                with pytest.raises(ValueError, match="feature names should match"):
                    self.mlp.predict(wrong)
        if self.form != "frame":
            for form in ("array", "float32", "sparse"):
                assert_allclose(outputs(self.mlp, FORMS[form](PROBE)), self.predicted, **alike)
            with pytest.raises(ValueError, match="3 features"):
                self.mlp.predict(NUMBERS[:, :3])
            with pytest.raises(ValueError, match="infinity"):
                self.mlp.predict(np.full((2, 4), np.inf))
        else:
            assert_array_equal(
                outputs(self.mlp, FRAME.iloc[PROBE].astype({"zone": object, "plan": "category"})), self.predicted
            )
            assert_array_equal(outputs(self.mlp, FRAME.iloc[PROBE].to_numpy()), self.predicted)

    @rule(
        method=st.sampled_from(["fit", "partial_fit"]),
        wrong=st.sampled_from(["y", "X", "weights", "rows", "parameter"]),
    )
    def bad_input(self, method, wrong):
        if method == "partial_fit" and self.mlp.solver == "lbfgs":
            return
        call = self.call(method, rows=np.arange(20), weighted=True, own_validation=0)
        X, y, weights = FORMS[call.form](call.rows), TARGETS[self.kind_of_y][1][:20], np.ones(20)
        match wrong:
            case "y":
                y = np.full(y.shape, np.nan)
            case "X":
                X = X.assign(a=np.inf) if "frame" in call.form else FORMS_OF_INF[sp.issparse(X)]
            case "weights":
                weights = -weights
            case "rows":
                y = y[1:]
        alpha = self.mlp.alpha
        if wrong == "parameter":
            self.mlp.set_params(alpha=-1.0)
        before = dict(vars(self.mlp))
        with pytest.raises(ValueError):  # noqa: PT011 - other tests check the messages
            getattr(self.mlp, method)(X, y, weights)
        assert vars(self.mlp).keys() == before.keys()
        assert all(vars(self.mlp)[name] is value for name, value in before.items())
        self.mlp.set_params(alpha=alpha)

    @stateful.invariant()
    @precondition(lambda self: self.fitted)
    def nothing_has_changed(self):
        """Predictions are those after the last recorded call."""
        assert_array_equal(outputs(self.mlp, FORMS[self.form](PROBE)), self.predicted)

    @stateful.invariant()
    @precondition(lambda self: self.fitted)
    def reports_hold(self):
        mlp, call = self.mlp, self.calls[-1]
        assert np.isfinite(self.predicted).all()
        losses, scores = mlp.loss_curve_, mlp.validation_scores_
        assert len(losses) == len(mlp.penalty_curve_) == len(mlp.learning_rate_curve_)
        assert 0 <= mlp.n_iter_ <= len(losses)
        assert np.isfinite(losses).all()
        assert mlp.loss_ == (losses[-1] if losses else np.inf)
        assert (mlp.validation_loss_curve_ is None) == (scores is None)
        if call.own_validation:
            assert scores is not None
        if not scores:
            assert scores is None or mlp.best_validation_score_ is None
            return
        assert len(scores) == len(mlp.validation_loss_curve_) <= len(losses)
        if call.interrupted_at is None:
            assert mlp.best_validation_score_ >= max(scores[-mlp.n_iter_ :] if call.method == "fit" else scores[-1:])
        self.predictions_are_those_of_the_best()

    def predictions_are_those_of_the_best(self):
        """Check the score of the weights on the caller's validation set: the best ones if training has early
        stopping."""
        mlp, call = self.mlp, self.calls[-1]
        stops = call.parameters["early_stopping"]
        if not call.own_validation or stops == "auto" or (call.interrupted_at and not stops):
            return
        own = PROBE[: call.own_validation]
        X, y = FORMS[call.form](own), TARGETS[call.kind_of_y][1][own]
        match call.parameters["scoring"], call.kind_of_y:
            case None, "three classes" | "two classes" | "labels" | "numbers" | "two columns":
                found = mlp.score(X, y)
            case "loss", "three classes" | "two classes":
                found = -log_loss(y, mlp.predict_proba(X))
            case _:
                return
        expected = mlp.best_validation_score_ if stops else mlp.validation_scores_[-1]
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)

    def teardown(self):
        rmtree(self.folder)
        if self.fitted:
            fresh = clone(self.mlp)
            for call in self.calls:
                fresh.set_params(**call.parameters)
                with stopped(KeyboardInterrupt, call.interrupted_at):
                    call(fresh)
            fresh.set_params(**self.mlp.get_params())
            assert hasattr(fresh, "coefs_") == hasattr(self.mlp, "coefs_")  # they are computed when they are read
            assert_same_state(fresh, self.mlp)
            assert_array_equal(outputs(fresh, FORMS[self.form](PROBE)), self.predicted)


TestSequences = Sequence.TestCase
TestSequences.settings = hypothesis.settings(max_examples={"ci": 50, "nightly": 2000}[PROFILE], stateful_step_count=15)
