"""The same seed gives the same bits: again, in parallel, after pickling, in a new process.

Fits run on one BLAS thread unless products are large, so the bits do not depend on the number of BLAS threads. For
large products, or with another BLAS, another processor or other releases of NumPy and SciPy, sums have another order.
The numbers then differ by rounding errors, which grow during training.

``pytest -s tests/promises/test_determinism.py`` prints what is the same on this machine.
"""

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets
from sknet.training.threads import is_large

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
SMALL = {"width": 16, "max_iter": 4, "batch_size": 32, "random_state": 0}
WIDE = {"width": 280, "max_iter": 3, "batch_size": 240, "random_state": 0}  # its products are faster with threads
CASES = {
    "defaults": {},
    "sgd": {"solver": "sgd", "learning_rate": "adaptive"},
    "lbfgs": {"solver": "lbfgs", "dropout": "auto"},
    "rmsprop, batch normalization": {"solver": "rmsprop", "normalization": "batch"},
    "adagrad, layer normalization": {"solver": "adagrad", "normalization": "layer"},
    "dropout, early stopping": {"dropout": 0.3, "early_stopping": True},
    "float32": {"dtype": "float32"},
    "tabular": presets.tabular("regression"),
}
every_case = pytest.mark.parametrize("case", CASES)


def make_data():
    """Return rows that are the same on each machine, from a congruential generator of whole numbers."""
    state, numbers = 1, []
    for _ in range(240 * 5):
        state = (1103515245 * state + 12345) % 2**31
        numbers.append(state / 2**30 - 1.0)
    X = np.array(numbers).reshape(240, 5)
    return X, X[:, 0] * X[:, 1] + X[:, 2]


X, Y = make_data()


def models(case):
    """Return both estimators, unfitted, with their targets."""
    sizes = WIDE if case == "wide" else SMALL
    parameters = CASES.get(case, {})
    return [(CLF(**sizes | parameters), np.digitize(Y, [-0.3, 0.3])), (REG(**sizes | parameters), Y)]


def digest(mlp):
    """Return a digest of the bits of parameters, curves and predictions."""
    arrays = [mlp._state.theta, np.array(mlp.loss_curve_), mlp._raw_outputs(X)]
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()


def digests(case):
    return [digest(mlp.fit(X, y)) for mlp, y in models(case)]


@every_case
def test_two_fits_give_the_same_bits(case):
    assert digests(case) == digests(case)
    first, y = models(case)[1]
    assert digest(first.fit(X, y)) == digest(first.fit(X, y)) == digest(clone(first).fit(X, y))


@every_case
def test_another_seed_gives_other_bits(case):
    for mlp, y in models(case):
        assert digest(clone(mlp).fit(X, y)) != digest(mlp.set_params(random_state=1).fit(X, y))


@every_case
def test_pickling_keeps_the_bits(case):
    """This holds before the fit and after it, for predictions and for further training."""
    for mlp, y in models(case):
        expected = digest(clone(mlp).fit(X, y))
        copies = [pickle.loads(pickle.dumps(mlp))]
        file = io.BytesIO()
        joblib.dump(mlp, file)
        file.seek(0)
        copies.append(joblib.load(file))
        for copy in copies:
            assert digest(copy.fit(X, y)) == expected
            again = pickle.loads(pickle.dumps(copy))
            assert digest(again) == expected
            if mlp.solver != "lbfgs":
                assert digest(again.partial_fit(X, y)) == digest(copy.partial_fit(X, y))


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_fits_in_two_jobs_give_the_same_bits(backend):
    for case in ("defaults", "dropout, early stopping"):
        for mlp, y in models(case):
            serial = cross_val_predict(mlp, X, y, cv=4, n_jobs=1)
            with joblib.parallel_config(backend):
                assert cross_val_predict(mlp, X, y, cv=4, n_jobs=2).tobytes() == serial.tobytes()


def in_new_process(n_threads, hash_seed):
    """Return the digests of a new process with this number of BLAS threads; it runs the end of this file."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    path = os.pathsep.join(filter(None, sys.path))  # the path of this process, as pytest has set it
    environment = os.environ | dict.fromkeys(names, str(n_threads))
    environment |= {"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", __file__], check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    return json.loads(done.stdout)


def test_two_fits_of_wide_networks_give_the_same_bits():
    assert is_large(WIDE["batch_size"], [WIDE["width"]] * 2)
    assert digests("wide") == digests("wide")


@pytest.mark.slow
def test_in_new_processes_with_one_and_two_threads():
    """Small networks give the same bits for each number of threads and seed of hashes; wide ones differ by rounding."""
    one, two = in_new_process(1, hash_seed=1), in_new_process(2, hash_seed=2)
    for case in CASES:
        assert one["digests"][case] == two["digests"][case] == digests(case)
    difference = largest_difference(one["wide"], two["wide"])
    same = one["digests"]["wide"] == two["digests"]["wide"]
    print(
        f"\n{2 * len(CASES)} small nets: the same bits in this and two new processes, with {one['threads']} and "
        f"{two['threads']} BLAS threads; wide nets: {'the same bits' if same else f'equal up to {difference:.1e}'}"
    )
    assert difference < 1e-6


def largest_difference(one, other):
    return max(float(np.max(np.abs(np.subtract(a, b)))) for a, b in zip(one, other, strict=True))


if __name__ == "__main__":
    from blas_threads import threads_of_blas

    found = {"digests": {case: digests(case) for case in [*CASES, "wide"]}, "threads": max(threads_of_blas())}
    found["wide"] = [mlp.fit(X, y)._raw_outputs(X).tolist() for mlp, y in models("wide")]
    print(json.dumps(found))
