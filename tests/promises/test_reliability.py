"""Training that is killed or interrupted, a full disk, errors during training, and files of earlier releases.

``pytest -s tests/promises/test_reliability.py`` prints the figures. SKNET_KILLS, 50 if not set, says how many processes
to kill.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from same_state import assert_same_state

import sknet
from sknet import MLPClassifierScratch, MLPRegressorScratch
from sknet.persistence.container import VERSION

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])
SMALL = {"width": 6, "max_iter": 6, "batch_size": 16, "random_state": 0, "learning_rate_init": 0.01}
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes of POSIX")

TESTS = Path(__file__).parents[1]
DATA = TESTS / "data"
RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 3))
Y = np.sin(X[:, 0]) + X[:, 1]


def target(Estimator):
    return (Y > 0).astype(int) if Estimator is CLF else Y


def run(*arguments, **environment):
    """Run a script and return what it printed."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"} | environment,
    ).stdout  # fmt: skip


@pytest.mark.slow
@posix
def test_kills(tmp_path):
    """After SIGKILL at a random moment, the file is complete, and training from it has the same result."""
    times = int(os.environ.get("SKNET_KILLS", "50"))
    found = json.loads(run(TESTS / "promises" / "dying.py", "kill", times, tmp_path))
    print(
        f"\n{found['kills']} kills ({found['killed_while_writing']} of them while a checkpoint was written), "
        f"{found['corrupt']} corrupt; {found['runs']} runs resumed, {found['different']} different from one that was "
        "not killed"
    )
    assert found["kills"] >= times
    assert found["runs"] > times / 50
    assert found["corrupt"] == found["different"] == found["too_many_epochs_lost"] == 0
    assert not list(tmp_path.glob(".*.checkpoint.*"))  # the next run removes what killed writers have left


@pytest.mark.slow
@posix
def test_interruptions(tmp_path):
    """After Ctrl-C at a random moment, there is a warning, and the model predicts and can be trained further."""
    found = json.loads(run(TESTS / "promises" / "dying.py", "interrupt", 40, tmp_path))
    print(f"\n{found['interruptions']} interruptions, {found['usable']} usable models")
    assert found["usable"] == found["interruptions"] == 40


FULL = """
import os, resource, signal, sys
import numpy as np, sknet

folder = sys.argv[1]
path = os.path.join(folder, "checkpoint")
X = np.random.default_rng(0).standard_normal((100, 5))
y = X[:, 0] * X[:, 1]
mlp = sknet.MLPRegressorScratch(width=200, max_iter=6, batch_size=20, random_state=0, tol=0.0)
whole = mlp.fit(X, y)
sknet.save(whole, os.path.join(folder, "expected"))
before = dict(vars(mlp))

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
observe = sknet.training.fitting.Run._observe
def observe_and_limit(run, epoch):
    stop = observe(run, epoch)
    if run.state.n_epochs == 4:  # from here on no file may be larger than this
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    return stop
sknet.training.fitting.Run._observe = observe_and_limit
try:
    mlp.fit(X, y, checkpoint=path)
except OSError as error:
    print(error)
else:
    raise SystemExit("no error")
assert all(vars(mlp)[name] is value for name, value in before.items())
assert vars(mlp).keys() == before.keys()
assert sorted(os.listdir(folder)) == ["checkpoint", "expected"], os.listdir(folder)
assert sknet.load(path).n_iter_ == 3
try:
    sknet.save(mlp, path)
except OSError as error:
    print(error)
assert sknet.load(path).n_iter_ == 3
assert sorted(os.listdir(folder)) == ["checkpoint", "expected"]

resource.setrlimit(resource.RLIMIT_FSIZE, (resource.getrlimit(resource.RLIMIT_FSIZE)[1],) * 2)
sknet.training.fitting.Run._observe = observe
sknet.save(mlp.fit(X, y, checkpoint=path), os.path.join(folder, "found"))
a, b = (open(os.path.join(folder, name), "rb").read() for name in ("expected", "found"))
assert a == b
"""


@posix
def test_a_full_disk(tmp_path):
    """A limit on the size of files has the same effect: an error, and only the last checkpoint is left."""
    lines = run("-c", FULL, tmp_path).splitlines()
    assert len(lines) == 2
    assert all("File too large" in line and "an earlier file of that name is unchanged" in line for line in lines)


# Errors during training


class Crash(RuntimeError):
    pass


def crashes_in_call(n):
    calls = []

    def score(estimator, X, y):
        calls.append(0)
        if len(calls) == n:
            raise Crash
        return float(len(calls))

    return score


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@BOTH
def test_a_scorer_that_raises_leaves_the_earlier_fit_untouched(Estimator, method, n):
    y = target(Estimator)
    mlp = Estimator(early_stopping=True, warm_start=True, **SMALL).fit(X, y)
    before, expected = dict(vars(mlp)), mlp.predict(X)
    twin = Estimator(early_stopping=True, warm_start=True, **SMALL).fit(X, y)
    n = 1 if method == "partial_fit" else n
    with pytest.raises(Crash):
        getattr(mlp.set_params(scoring=crashes_in_call(n)), method)(X, y)
    mlp.set_params(scoring=before["scoring"])
    assert vars(mlp).keys() == before.keys()
    assert all(vars(mlp)[name] is value for name, value in before.items())
    assert_array_equal(mlp.predict(X), expected)
    assert_same_state(mlp.fit(X, y), twin.fit(X, y))  # training also continues from the earlier state
    fresh = Estimator(early_stopping=True, scoring=crashes_in_call(1), **SMALL)
    with pytest.raises(Crash):
        fresh.fit(X, y)
    assert vars(fresh).keys() == fresh.get_params().keys()


@pytest.mark.parametrize("epoch", [1, 3])
@BOTH
def test_a_callback_that_raises_leaves_the_earlier_fit_untouched(Estimator, epoch):
    pytest.importorskip("sklearn.callback")

    class Callback:
        def __init__(self):
            self.ended = 0

        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context, **data):
            pass

        def on_fit_task_end(self, estimator, context, **data):
            self.ended += 1
            if self.ended == epoch:
                raise Crash

        def teardown(self, estimator, context):
            pass

    y = target(Estimator)
    mlp = Estimator(**SMALL).fit(X, y)
    before, expected = dict(vars(mlp)), mlp.predict(X)
    with pytest.raises(Crash):
        mlp.set_callbacks(Callback()).fit(X, y)
    mlp.set_callbacks()
    assert vars(mlp).keys() == before.keys()
    assert all(vars(mlp)[name] is value for name, value in before.items())
    assert_array_equal(mlp.predict(X), expected)


@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop", "adagrad", "lbfgs"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_overflow_stops_training_at_once(solver, dtype):
    """Without standardization, data whose squares are too large for the dtype raise an error in the first epoch."""
    largest = 1e30 if dtype == "float32" else 1e300
    mlp = REG(solver=solver, dtype=dtype, standardize=False, verbose=False, **SMALL)
    with pytest.raises(ValueError, match=r"in epoch [01]\. Solver produced non-finite parameter weights"):
        mlp.fit(X * largest, Y * largest)
    assert vars(mlp).keys() == mlp.get_params().keys()


@pytest.mark.parametrize("early_stopping", [False, True])
def test_partial_fit_that_overflows_leaves_the_model_as_it_was(early_stopping):
    mlp = REG(standardize=False, early_stopping=early_stopping, **SMALL).partial_fit(X, Y)
    before, expected = dict(vars(mlp)), mlp.predict(X)
    if early_stopping:  # the best weights are kept, with a warning
        with pytest.warns(UserWarning, match="weights of the best validation score are kept"):
            mlp.partial_fit(X * 1e300, Y * 1e300)
    else:
        with pytest.raises(ValueError, match="smaller `learning_rate_init`"):
            mlp.partial_fit(X * 1e300, Y * 1e300)
        assert all(vars(mlp)[name] is value for name, value in before.items())
    assert_array_equal(mlp.predict(X), expected)


def test_weights_that_overflow_at_a_finite_loss_are_an_error():
    """The loss of the last mini-batch is computed before the step after which the weights are not finite."""
    mlp = REG(solver="sgd", momentum=0.0, alpha=0.0, **SMALL | {"batch_size": 80, "max_iter": 1, "depth": 0})
    with pytest.raises(ValueError, match="parameters that are not finite in epoch 1"):
        mlp.set_params(learning_rate_init=1e308, weight_decay=10.0).fit(X, Y)
    assert vars(mlp).keys() == mlp.get_params().keys()


# Files of earlier releases


@pytest.mark.parametrize("version", range(1, VERSION + 1))
@pytest.mark.parametrize("name", ["classifier", "regressor"])
def test_models_of_earlier_releases_predict_the_same(name, version):
    """The expected predictions were computed by loops when the models were saved: see tests/data/make_models.py."""
    pd = pytest.importorskip("pandas")
    mlp = sknet.load(DATA / f"{name}_{version}.safetensors")
    expected = json.loads((DATA / f"{name}_{version}.json").read_text())
    rows = np.array(expected["X"])
    if name == "classifier":
        rows = pd.DataFrame(rows, columns=mlp.feature_names_in_)
        assert_array_equal(mlp.feature_names_in_, ["length", "Breite", "高さ"])
        assert_array_equal(mlp.classes_, expected["classes"])
        assert_allclose(mlp.predict_proba(rows), expected["predictions"], rtol=1e-10)
        best = np.argmax(expected["predictions"], axis=1)
        assert_array_equal(mlp.predict(rows), np.array(expected["classes"])[best])
        mlp.partial_fit(rows, mlp.predict(rows))
    else:
        assert_allclose(mlp.predict(rows), expected["predictions"], rtol=1e-4, atol=1e-4)
        mlp.partial_fit(rows, mlp.predict(rows))
    assert mlp.n_iter_ == 13
    assert len(mlp.loss_curve_) == 13
