"""Model files: a loaded estimator equals the saved one bit for bit, for each estimator, target and kind of input."""

import copy
import json
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from forging import unpack
from model_files import BOTH, CLF, REG, VARIANTS, bytes_of, outputs, target, there_and_back
from numpy.testing import assert_array_equal
from same_state import arrays_in, assert_same_state
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small_data import LABELS, RNG, SMALL, X, Y

from sknet import HiddenLayerTransformer, load, save

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(Estimator, variant):
    return Estimator(**SMALL | VARIANTS[variant]).fit(X, target(Estimator))


@pytest.mark.parametrize("variant", VARIANTS)
@BOTH
def test_a_loaded_estimator_predicts_and_continues_to_train_exactly(tmp_path, Estimator, variant):
    y = target(Estimator)
    mlp = fitted(Estimator, variant)
    twin = there_and_back(mlp, tmp_path)
    assert type(twin) is type(mlp)
    assert_same_state(twin, mlp)
    assert_array_equal(outputs(twin, X), outputs(mlp, X), strict=True)
    assert bytes_of(twin, tmp_path) == bytes_of(mlp, tmp_path)
    for name, value in mlp.get_params().items():
        assert type(twin.get_params()[name]) is type(value), name
        assert_array_equal(twin.get_params()[name], value)
    for model in (mlp, twin):
        for _ in range(3 if model.solver != "lbfgs" else 0):
            model.partial_fit(X[20:], y[20:])
        model.set_params(warm_start=True).fit(X, y)
    assert_same_state(twin, mlp)
    assert bytes_of(twin, tmp_path) == bytes_of(mlp, tmp_path)


@BOTH
def test_choices_of_the_first_call_are_saved(tmp_path, Estimator):
    """These are the columns to embed, the quartiles and the dropout rates; later rows would give other choices."""
    y, twice = target(Estimator), np.arange(160) % 80
    tables = SMALL | {"standardize": "robust", "embedding": "periodic", "batch_size": "auto"}
    mlp = Estimator(**tables).fit(np.column_stack([X, X[:, 0] > 0.0])[twice], y[twice])
    twin = there_and_back(mlp, tmp_path)
    assert twin._state.columns == (0, 1, 2)
    assert twin._state.dropout == (0.1 if Estimator is CLF else 0.0)
    few = np.column_stack([X[:5, 0] > 0.0, X[:5, 1:] * 9.0, X[:5, 0]])  # too few rows for dropout
    for model in (mlp, twin):
        model.partial_fit(few, y[:5])
    assert bytes_of(twin, tmp_path) == bytes_of(mlp, tmp_path)


REGRESSIONS = {
    "huber": ({"loss": "huber", "huber_delta": 1.5}, Y),
    "quantiles": ({"loss": "quantile", "quantile": (0.1, 0.5, 0.9)}, Y),
    "median": ({"loss": "absolute_error"}, Y),
    "poisson": ({"loss": "poisson"}, np.abs(Y)),
    "gamma": ({"loss": "gamma"}, np.abs(Y) + 0.1),
    "outputs": ({}, np.stack([Y, -Y, Y**2], axis=1)),
}
CLASSIFICATIONS = {
    "binary": ({}, LABELS == "a"),
    "numbers": ({"class_weight": {0: 1.0, 1: 2, 2: np.float32(3.0)}}, np.digitize(Y, [0.0, 1.0])),
    "numbers of NumPy": ({"class_weight": {np.int64(i): float(i + 1) for i in range(3)}}, np.digitize(Y, [0.0, 1.0])),
    "words": ({"class_weight": {"a": 1.0, "b": 0.5, "ccc": 2.0}}, LABELS),
    "objects": ({"class_weight": "balanced"}, LABELS.astype(object)),
    "one class": ({}, np.full(80, "only")),
    "long words of which only short ones came": ({}, np.array([*LABELS, "x" * 50])[:80]),
    "other alphabets": ({}, np.array(["ü", "日本", "🙂"])[np.digitize(Y, [0.0, 1.0])]),
    "labels": ({}, np.stack([Y > 0, Y > 1], axis=1).astype(int)),
    "sparse labels": ({}, sp.csr_matrix(np.stack([Y > 0, Y > 1], axis=1).astype(int))),
    "targets": ({"class_weight": [{0: 1.0, 1: 2.0}, {0: 1.0, 1: 1.0, 2: 3.0}]},
                np.stack([Y > 0, np.digitize(Y, [0.0, 1.0])], axis=1).astype(int)),
    "targets of words": ({}, np.stack([LABELS, LABELS[::-1]], axis=1)),
    "smoothed": ({"label_smoothing": 0.1}, LABELS),
}  # fmt: skip


@pytest.mark.parametrize(
    ("Estimator", "case"), [*((REG, case) for case in REGRESSIONS), *((CLF, case) for case in CLASSIFICATIONS)]
)
def test_every_kind_of_target(tmp_path, Estimator, case):
    parameters, y = (REGRESSIONS if Estimator is REG else CLASSIFICATIONS)[case]
    mlp = Estimator(**SMALL | parameters).fit(X, y)
    twin = there_and_back(mlp, tmp_path)
    for a, b in zip(outputs(twin, X), outputs(mlp, X), strict=True):  # arrays, or a matrix for each target
        assert_array_equal(a, b, strict=True)
    prediction, expected = twin.predict(X), mlp.predict(X)
    assert sp.issparse(prediction) == sp.issparse(expected)
    dense = [p.toarray() if sp.issparse(p) else p for p in (prediction, expected)]
    assert_array_equal(*dense, strict=True)
    if Estimator is CLF:
        several = isinstance(mlp.classes_, list)
        for a, b in zip(twin.classes_, mlp.classes_, strict=True) if several else [(twin.classes_, mlp.classes_)]:
            assert_array_equal(a, b, strict=True)
    if parameters.get("class_weight") != "balanced":
        mlp.partial_fit(X, y)
        twin.partial_fit(X, y)
    assert bytes_of(twin, tmp_path) == bytes_of(mlp, tmp_path)


@BOTH
def test_names_of_features_and_random_states(tmp_path, Estimator):
    data = pd.DataFrame(X, columns=["first", "zwei", "第三"])
    shared = np.random.RandomState(5)
    shared.normal()  # the generator keeps the second number of a pair
    mlp = Estimator(**SMALL | {"random_state": shared}).fit(data, target(Estimator))
    twin = there_and_back(mlp, tmp_path)
    assert_array_equal(twin.feature_names_in_, data.columns)
    assert_array_equal(outputs(twin, data), outputs(mlp, data))
    with pytest.raises(ValueError, match="feature names"):
        twin.predict(data.rename(columns={"zwei": "two"}))
    assert twin.random_state.normal() == copy.deepcopy(shared).normal()
    twin = there_and_back(mlp, tmp_path)  # the caller's generator continues, and both get the same numbers
    assert bytes_of(twin.fit(X, target(Estimator)), tmp_path) == bytes_of(mlp.fit(X, target(Estimator)), tmp_path)


@pytest.mark.parametrize("n", [30, 200])
@BOTH
def test_the_validation_split_is_saved(tmp_path, Estimator, n):
    """This includes later splits of other numbers of rows, which are drawn from the generator of the first split."""
    y = target(Estimator)
    rows = np.arange(n) % 80
    mlp = Estimator(early_stopping=True, **SMALL).fit(X, y)
    twin = there_and_back(mlp, tmp_path)
    for model in (mlp, twin):
        model.partial_fit(X[rows], y[rows]).partial_fit(X, y)
    assert bytes_of(twin, tmp_path) == bytes_of(mlp, tmp_path)


@BOTH
def test_sparse_inputs(tmp_path, Estimator):
    data = sp.csr_matrix(np.where(np.abs(X) > 1.0, X, 0.0))
    mlp = Estimator(**SMALL).fit(data, target(Estimator))
    twin = there_and_back(mlp, tmp_path)
    assert_array_equal(outputs(twin, data), outputs(mlp, data))
    assert_same_state(twin.partial_fit(data, target(Estimator)), mlp.partial_fit(data, target(Estimator)))


@BOTH
def test_an_unfitted_estimator(tmp_path, Estimator):
    twin = there_and_back(Estimator(width=7, activation=["tanh"]), tmp_path)
    assert twin.get_params() == Estimator(width=7, activation=["tanh"]).get_params()
    with pytest.raises(NotFittedError):
        twin.predict(X)


@BOTH
def test_changed_coefs_are_saved(tmp_path, Estimator):
    mlp = Estimator(**SMALL).fit(X, target(Estimator))
    mlp.coefs_[0] = np.asfortranarray(mlp.coefs_[0] * 2.0)
    mlp.intercepts_[1][:] = 3.0
    assert_array_equal(outputs(there_and_back(mlp, tmp_path), X), outputs(mlp, X))


def test_a_model_read_through_a_memory_map(tmp_path):
    mlp = REG(**SMALL).fit(X, Y)
    joblib.dump(mlp, tmp_path / "model.joblib")
    twin = there_and_back(joblib.load(tmp_path / "model.joblib", mmap_mode="r"), tmp_path)
    assert_same_state(twin.partial_fit(X, Y), mlp.partial_fit(X, Y))


def test_a_fit_that_diverged_but_kept_its_best_weights(tmp_path):
    mlp = REG(depth=0, early_stopping=True, solver="sgd", learning_rate_init=30.0, max_iter=2000, momentum=0.0,
              n_iter_no_change=np.inf, random_state=0).fit(X, Y)  # fmt: skip
    assert not np.isfinite(mlp.loss_curve_[-1])
    twin = there_and_back(mlp, tmp_path)
    assert_same_state(twin, mlp)
    assert bytes_of(twin, tmp_path) == bytes_of(mlp, tmp_path)


@pytest.mark.parametrize("parameters", [{}, {"standardize": "robust", "embedding": "periodic"}], ids=["", "tables"])
def test_a_transformer(tmp_path, parameters):
    hidden = HiddenLayerTransformer(CLF(depth=2, **SMALL, **parameters), layer=0)
    hidden.fit(pd.DataFrame(X, columns=list("abc")), LABELS)
    hidden.set_output(transform="pandas")
    twin = there_and_back(hidden, tmp_path)
    data = pd.DataFrame(X, columns=list("abc"))
    pd.testing.assert_frame_equal(twin.transform(data), hidden.transform(data))
    assert twin.estimator.get_params() == hidden.estimator.get_params()
    assert_array_equal(twin.get_feature_names_out(), hidden.get_feature_names_out())


def test_metadata_requests(tmp_path):
    with sklearn.config_context(enable_metadata_routing=True):
        mlp = REG(**SMALL).set_fit_request(sample_weight=True, X_val="held_out").set_score_request(sample_weight=False)
        twin = there_and_back(mlp, tmp_path)
        for method in ("fit", "partial_fit", "score"):
            expected = getattr(mlp.get_metadata_routing(), method).requests
            assert getattr(twin.get_metadata_routing(), method).requests == expected
        weights = RNG.uniform(size=80)
        scale = StandardScaler().set_fit_request(sample_weight=False)
        fits = [make_pipeline(scale, model).fit(X, Y, sample_weight=weights)[-1] for model in (mlp, twin)]
        assert_array_equal(fits[0].coefs_[0], fits[1].coefs_[0])
    assert np.abs(fits[1].coefs_[0] - make_pipeline(scale, clone(mlp)).fit(X, Y)[-1].coefs_[0]).max() > 1e-6


def test_loaded_arrays_are_not_shared(tmp_path):
    save(REG(early_stopping=True, **SMALL).fit(X, Y), tmp_path / "model")
    a, b = load(tmp_path / "model"), load(tmp_path / "model")
    arrays = arrays_in(a)
    assert len(arrays) >= 8
    assert all(array.flags.writeable for array in arrays)
    assert not any(np.shares_memory(left, right) for left in arrays for right in arrays_in(b))


@BOTH
def test_the_arrays_in_a_file_are_named_and_not_stored_twice(tmp_path, Estimator):
    mlp = Estimator(early_stopping=True, depth=2, **SMALL).fit(X, target(Estimator))
    save(mlp, tmp_path / "model")
    header, _, _ = unpack(tmp_path / "model")
    assert [header[f"coefs_.{i}"]["shape"] for i in range(3)] == [list(W.shape) for W in mlp.coefs_]
    # In the units of training: the first layer, and the last layer of a regressor.
    own, layers = {name for name in header if name.startswith("_arrays")}, (0,) if Estimator is CLF else (0, 2)
    assert own == {f"_arrays.{i}.{j}" for i in layers for j in (0, 1)}
    numbers = sum(
        np.prod(v["shape"]) for k, v in header.items() if "dtype" in v and "rng" not in k and "split" not in k
    )
    # published weights, weights of training, best weights, two moments of Adam; curves twice; moments of the data
    assert numbers < 5.5 * mlp.n_parameters_ + 10 * mlp.n_iter_ + 60


def test_the_same_model_gives_the_same_file(tmp_path):
    mlp = CLF(**SMALL).fit(X, LABELS)
    assert bytes_of(mlp, tmp_path) == bytes_of(mlp, tmp_path) == bytes_of(pickle.loads(pickle.dumps(mlp)), tmp_path)


def test_another_process_reads_the_file(tmp_path):
    mlp = CLF(depth=2, **SMALL).fit(X, LABELS)
    save(mlp, tmp_path / "model")
    np.save(tmp_path / "X.npy", X)
    code = "import sys, numpy as np, sknet; print(sknet.load(sys.argv[1]).predict_proba(np.load(sys.argv[2])).tolist())"
    arguments = [sys.executable, "-c", code, str(tmp_path / "model"), str(tmp_path / "X.npy")]
    printed = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    assert json.loads(printed) == mlp.predict_proba(X).tolist()


@pytest.mark.parametrize("path", [3, None, 1.5, ["list"]], ids=str)
def test_paths_are_strings_or_path_like(path):
    with pytest.raises(TypeError):
        save(REG(), path)
    with pytest.raises(TypeError):
        load(path)
