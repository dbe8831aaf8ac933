"""Kill or interrupt training in forked processes at random moments, and check what is left.

``python tests/promises/dying.py kill 50 FOLDER`` and ``python tests/promises/dying.py interrupt 30 FOLDER`` print the
results as JSON.
"""

import itertools
import json
import os
import signal
import sys
import time
import traceback
import warnings
from functools import partial
from pathlib import Path

import numpy as np

import sknet

RNG = np.random.default_rng(0)
X = RNG.standard_normal((1500, 20))
Y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * RNG.standard_normal(len(X))
LABELS = np.array(["low", "middle", "high"])[np.digitize(Y, [-0.5, 0.5])]

COMMON = {
    "width": 48, "batch_size": 50, "max_iter": 25, "n_iter_no_change": 40, "random_state": 3, "verbose": True,
    "early_stopping": False,
}  # fmt: skip
CLF, REG = sknet.MLPClassifierScratch, sknet.MLPRegressorScratch
CASES = {  # estimator, parameters, number of epochs between checkpoints
    "adam, dropout, early stopping of four members": (
        CLF,
        {"dropout": 0.2, "early_stopping": True, "learning_rate": "cosine"},
        1,
    ),
    "sgd, adaptive": (REG, {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 3, "tol": 0.01}, 2),
    "rmsprop, one cycle, batch": (
        REG,
        {"solver": "rmsprop", "learning_rate": "one_cycle", "normalization": "batch"},
        1,
    ),
    "adagrad, warm-up, float32, robust, periodic": (
        CLF,
        {
            "solver": "adagrad",
            "learning_rate": "warmup_cosine",
            "dtype": "float32",
            "standardize": "robust",
            "embedding": "periodic",
            "dropout": 0.2,
            "weight_decay": 0.1,
        },
        3,
    ),
}


def estimator(case):
    kind, parameters, every = CASES[case]
    return kind(**COMMON | parameters), (LABELS if kind is CLF else Y), every


def forked(work, progress):
    """Run ``work()`` in a child process that prints to the file ``progress``; return its process number."""
    progress.write_text("")  # here, because the child may be killed before it could do this
    pid = os.fork()
    if pid:
        return pid
    try:
        os.dup2(os.open(progress, os.O_WRONLY), 1)
        sys.stdout.reconfigure(line_buffering=True)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def epochs_in(progress):
    """Return the number of the last epoch that the child has finished."""
    lines = progress.read_text().splitlines()
    return max((int(line.split()[1].rstrip(",")) for line in lines if line.startswith("Iteration")), default=0)


def fit_and_save(case, result, checkpoint=None):
    mlp, y, _ = estimator(case)
    sknet.save(mlp.fit(X, y, checkpoint=checkpoint), result)


def fit_interrupted(case, result):
    """Train until interrupted, and check the model."""
    mlp, y, _ = estimator(case)
    mlp.set_params(max_iter=2000, n_iter_no_change=np.inf)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mlp.fit(X, y)
    messages = [str(w.message) for w in caught]
    assert messages == ["Training interrupted by user."], messages
    curves = [mlp.loss_curve_, mlp.penalty_curve_, mlp.learning_rate_curve_]
    curves += [mlp.validation_scores_, mlp.validation_loss_curve_] if mlp.early_stopping else []
    assert {len(curve) for curve in curves} == {mlp.n_iter_}
    assert all(np.isfinite(array).all() for own in mlp._arrays for array in own)
    assert mlp.score(X, y) > -1.0
    if mlp.early_stopping:
        assert max(mlp.validation_scores_) == mlp.best_validation_score_
    mlp.partial_fit(X, y)
    result.touch()


def kill(times, folder):
    """Kill children during ``fit(..., checkpoint=...)`` and resume them; the result must equal that without a kill."""
    report = dict.fromkeys(("kills", "corrupt", "too_many_epochs_lost", "killed_while_writing", "runs", "different"), 0)
    rng = np.random.default_rng()
    expected, duration = {}, {}
    for case in CASES:
        start = time.perf_counter()
        os.waitpid(forked(partial(fit_and_save, case, folder / "expected"), folder / "progress"), 0)
        expected[case], duration[case] = (folder / "expected").read_bytes(), time.perf_counter() - start
    for run, case in enumerate(itertools.cycle(CASES)):
        path, result = folder / f"{run}.checkpoint", folder / f"{run}.result"
        work = partial(fit_and_save, case, result, sknet.Checkpoint(path, every=CASES[case][-1]))
        while not result.exists():
            pid = forked(work, folder / "progress")
            if report["kills"] < times:
                time.sleep(rng.uniform(0.0, 1.5 * duration[case]))
                os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            if os.WIFSIGNALED(status):
                look_at(path, case, epochs_in(folder / "progress"), report)
            elif status:
                raise SystemExit(f"{case}: fit failed")
        report["runs"] += 1
        report["different"] += result.read_bytes() != expected[case]
        if report["kills"] >= times:
            return report


def look_at(path, case, finished, report):
    """Count what a kill has left, after training had ``finished`` so many epochs."""
    report["kills"] += 1
    report["killed_while_writing"] += any(path.parent.glob(f".{path.name}.*.tmp"))
    written = 0
    if path.exists():
        try:
            written = sknet.load(path).n_iter_
        except sknet.FileFormatError:
            report["corrupt"] += 1
    report["too_many_epochs_lost"] += finished - written > CASES[case][-1]


def interrupt(times, folder):
    """Send SIGINT to children during ``fit``: each must end with a warning and a model that works."""
    report = {"interruptions": 0, "usable": 0}
    rng = np.random.default_rng()
    for run, case in zip(range(times), itertools.cycle(CASES), strict=False):
        result, progress = folder / f"{run}.result", folder / f"{run}.progress"
        pid = forked(partial(fit_interrupted, case, result), progress)
        ended = 0
        while not ended and epochs_in(progress) < 3:
            ended, _ = os.waitpid(pid, os.WNOHANG)
            time.sleep(0.002)
        if not ended:
            time.sleep(rng.uniform(0.0, 0.03))
            os.kill(pid, signal.SIGINT)
            os.waitpid(pid, 0)
        report["interruptions"] += 1
        report["usable"] += result.exists()
    return report


if __name__ == "__main__":
    print(json.dumps({"kill": kill, "interrupt": interrupt}[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))))
