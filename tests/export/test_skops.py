"""Files of skops hold only the types that this package lists, and loaded models continue training exactly."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import sknet
import sknet.export
from sknet import (
    ACTIVATIONS,
    Activation,
    HiddenLayerTransformer,
    MLPClassifierScratch,
    MLPRegressorScratch,
    save,
    schedules,
)  # fmt: skip
from sknet.export import trusted_types

sio = pytest.importorskip("skops.io")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
SMALL = {"width": 6, "depth": 2, "max_iter": 6, "batch_size": 16, "random_state": 0, "learning_rate_init": 0.01}
TABLES = {"n_members": 3, "embedding": "piecewise_linear", "standardize": "robust", "averaging": 0.9,
          "early_stopping": True}  # fmt: skip

RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -1.0]
Y = np.abs(np.sin(X[:, 0]) + X[:, 1] / 10) + 0.1
CODES = np.digitize(Y, [0.5, 1.0])
STRINGS = np.array(["a", "b", "c"])[CODES]
ESTIMATORS = {
    "adam": (CLF(**SMALL), STRINGS),
    "sgd": (REG(solver="sgd", **SMALL), Y),
    "rmsprop": (CLF(solver="rmsprop", **SMALL), CODES > 0),
    "adagrad": (REG(solver="adagrad", **SMALL), X[:, :2]),
    "lbfgs": (CLF(solver="lbfgs", **SMALL), CODES),
    "early stopping": (CLF(early_stopping=True, **SMALL), STRINGS),
    "dropout": (REG(dropout=0.2, normalization="layer", **SMALL), Y),
    "batch normalization": (CLF(normalization="batch", dropout=[0.1, 0.0], **SMALL), (X > [0, 5, -1]).astype(int)),
    "embedding": (CLF(standardize="robust", embedding="periodic", **SMALL), STRINGS),
    "tables": (CLF(**TABLES, **SMALL), STRINGS),
    "tables of numbers": (REG(dropout=0.2, **TABLES, **SMALL), X[:, :2]),
    "several targets": (CLF(**SMALL), np.column_stack([CODES, CODES > 0])),
    "quantiles": (REG(loss="quantile", quantile=(0.1, 0.5, 0.9), **SMALL), Y),
    "huber": (REG(loss="huber", dtype="float32", **SMALL), Y),
    "poisson": (REG(loss="poisson", standardize=False, **SMALL), Y),
    "gamma": (REG(loss="gamma", learning_rate="adaptive", **SMALL), Y),
    "absolute error": (REG(loss="absolute_error", **SMALL | {"random_state": np.random.RandomState(3)}), Y),
    "schedule": (REG(learning_rate=schedules.Warmup(schedules.OneCycle()), **SMALL), Y),
    "objects": (CLF(activation=[ACTIVATIONS["elu"], "mish"], dtype=np.float32, **SMALL), STRINGS.astype(object)),
}


def through_skops(model):
    return sio.loads(sio.dumps(model), trusted=trusted_types())


def assert_same_state(a, b):
    """Check that all fitted attributes are the same, bit for bit."""
    assert vars(a).keys() == vars(b).keys()
    for name, value in vars(a).items():
        if name in ("coefs_", "intercepts_"):
            for left, right in zip(value, getattr(b, name), strict=True):
                assert_array_equal(left, right, strict=True)
        elif name == "classes_" and isinstance(value, list):
            for left, right in zip(value, b.classes_, strict=True):
                assert_array_equal(left, right, strict=True)
        elif name.endswith("_"):
            assert_array_equal(value, getattr(b, name), err_msg=name)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_loaded_model_is_the_same_and_partial_fit_continues_exactly(name):
    model, y = ESTIMATORS[name]
    model = clone(model).fit(X, y)
    twin = through_skops(model)
    assert type(twin) is type(model)
    assert_same_state(twin, model)
    assert_array_equal(twin.predict(X), model.predict(X))
    if name != "lbfgs":
        for _ in range(2):
            assert_same_state(twin.partial_fit(X[20:], y[20:]), model.partial_fit(X[20:], y[20:]))
    assert_array_equal(twin.predict(X), model.predict(X))


@pytest.mark.parametrize("name", ["adam", "sgd", "lbfgs", "early stopping", "dropout"])
def test_a_warm_start_continues_exactly(name):
    model, y = ESTIMATORS[name]
    model = clone(model).set_params(warm_start=True).fit(X, y)
    twin = through_skops(model)
    assert_same_state(twin.fit(X, y), model.fit(X, y))
    assert len(model.loss_curve_) > 6


@pytest.mark.parametrize("name", ESTIMATORS)
def test_files_hold_only_the_listed_types(name):
    model, y = ESTIMATORS[name]
    untrusted = sio.get_untrusted_types(data=sio.dumps(clone(model).fit(X, y)))
    assert set(untrusted) <= set(trusted_types())
    assert f"sknet.{'classifier' if isinstance(model, CLF) else 'regressor'}.{type(model).__name__}" in untrusted


def test_all_listed_types_exist_and_all_but_two_belong_to_this_package():
    names = trusted_types()
    assert names == sorted(set(names))
    for name in names:
        module, _, own = name.rpartition(".")
        assert hasattr(sys.modules[module], own)
    others = [name for name in names if not name.startswith("sknet.")]
    assert others == ["numpy.dtype", "sklearn.compose._column_transformer.make_column_selector"]


def test_in_a_pipeline_and_with_a_pipeline_inside():
    net = REG(**SMALL)
    model = make_pipeline(StandardScaler(), HiddenLayerTransformer(net), CLF(**SMALL)).fit(X, CODES)
    assert_array_equal(through_skops(model).predict_proba(X), model.predict_proba(X))


def test_an_unfitted_estimator():
    model = CLF(activation=ACTIVATIONS["gelu"], learning_rate=schedules.Cosine(0.1), **SMALL)
    twin = through_skops(model)
    assert twin.get_params() == model.get_params()
    assert vars(twin).keys() == vars(model).keys()


def _double(z, out, work):
    np.multiply(z, 2.0, out=out)


def _double_backward(a, delta, work):
    np.multiply(delta, 2.0, out=delta)


def test_own_functions_are_not_trusted():
    own = Activation("double", "2 a", "2", (-np.inf, np.inf), _double, _double_backward)
    model = REG(activation=own, **SMALL).fit(X, Y)
    data = sio.dumps(model)
    untrusted = set(sio.get_untrusted_types(data=data)) - set(trusted_types())
    assert untrusted == {f"{__name__}._double", f"{__name__}._double_backward"}
    with pytest.raises(sio.exceptions.UntrustedTypesFoundException, match="_double"):
        sio.loads(data, trusted=trusted_types())
    twin = sio.loads(data, trusted=[*trusted_types(), *untrusted])
    assert_array_equal(twin.predict(X), model.predict(X))


def test_a_file_loads_in_another_process(tmp_path):
    model = CLF(**SMALL).fit(X, STRINGS)
    sio.dump(model, tmp_path / "model.skops")
    np.save(tmp_path / "X.npy", X)
    script = (
        "import numpy as np, skops.io\n"
        "from sknet.export import trusted_types\n"
        "model = skops.io.load('model.skops', trusted=trusted_types())\n"
        "np.save('found.npy', model.predict_proba(np.load('X.npy')))\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=120)
    assert_array_equal(np.load(tmp_path / "found.npy"), model.predict_proba(X))


def test_tables_with_levels_and_missing_values():
    table = np.array([*zip(np.where(Y > 1.0, np.nan, Y), STRINGS, X[:, 0] > 0, strict=True)], dtype=object)
    model = CLF(categorical_features=[1, 2], **SMALL).fit(table, CODES)
    assert set(sio.get_untrusted_types(data=sio.dumps(model))) <= set(trusted_types())
    twin = through_skops(model)
    assert_array_equal(twin.predict_proba(table), model.predict_proba(table))
    assert_same_state(twin.partial_fit(table, CODES), model.partial_fit(table, CODES))


def around(net):
    """Return a pipeline for the columns of `TABLE` that ends in a network."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    text = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), (text, make_column_selector(dtype_exclude="number"))
    )
    return make_pipeline(columns, net)


TABLE = pd.DataFrame(X, columns=["age", "income", "visits"]).assign(plan=STRINGS)
TABLE.loc[::7, "income"] = np.nan
WIDTHS = {"mlpclassifierscratch__width": [3, 6]}


@pytest.mark.parametrize(
    "model",
    [around(CLF(**SMALL)), around(REG(**SMALL)), GridSearchCV(around(CLF(**SMALL)), WIDTHS, cv=2)],
    ids=["classifier", "regressor", "search"],
)
def test_the_code_in_the_error_of_save_stores_and_loads_a_pipeline(tmp_path, monkeypatch, model):
    monkeypatch.chdir(tmp_path)
    model.fit(TABLE, CODES)
    with pytest.raises(TypeError, match="Save estimators of scikit-learn that contain the network with skops") as error:
        save(model, tmp_path / "model")
    lines = [line.strip() for line in str(error.value).splitlines() if line.startswith("    ")]
    assert len(lines) == 2
    names = {"skops": pytest.importorskip("skops"), "sknet": sknet, "model": model, "search": model}
    exec("\n".join(lines), names)
    twin = names["model"]
    assert type(twin) is Pipeline
    assert_array_equal(twin.predict(TABLE), model.predict(TABLE))
    assert_same_state(twin[-1], getattr(model, "best_estimator_", model)[-1])


def test_steps_with_own_functions_are_named_in_the_error():
    model = make_pipeline(FunctionTransformer(_doubled), CLF(**SMALL)).fit(X, CODES)
    with pytest.raises(sio.exceptions.UntrustedTypesFoundException, match="_doubled"):
        through_skops(model)


def _doubled(X):
    return 2.0 * X
