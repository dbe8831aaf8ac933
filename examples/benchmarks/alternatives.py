"""Compare sknet with its alternatives by calls, and print a Markdown table of what each can do.

    python examples/benchmarks/alternatives.py [--libraries NAME ...]

The alternatives are scikit-learn's MLP and HistGradientBoosting, skorch, pytabkit's RealMLP, LightGBM and CatBoost, as
far as they are installed. Each library runs in its own processes, on one thread; the time of fits is processor time. A
check is "yes" if the call succeeds and its predictions show that the input was used, and "no" if it fails. With skorch,
the user writes the network: here, it has two hidden layers of 64 units.
"""

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, make_friedman1
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

QUANTILES = [0.1, 0.5, 0.9]


def positional(X, y):
    """Return the arguments for a ``fit`` that takes validation rows as ``X_val`` and ``y_val``."""
    return {"fit": {"X_val": X, "y_val": y}}


@dataclass
class Library:
    """A library: its module and packages, a function that makes its estimators, and its names for common options."""

    module: str
    packages: list
    make: callable  # make(classify, n_outputs, **parameters) returns an estimator with the library's defaults
    scaled: bool = True  # False: it needs a StandardScaler
    quick: dict = field(default_factory=dict)  # parameters for the checks if the defaults take long
    named_category: dict = field(default_factory=dict)  # parameter that names the categorical column
    class_weight: dict = field(default_factory=lambda: {"class_weight": {0: 1.0, 1: 20.0}})
    quantiles: dict = None
    several_targets: dict = field(default_factory=dict)
    validation: callable = positional


def make_sknet(classify, n_outputs=1, **parameters):
    from sknet import MLPClassifierScratch, MLPRegressorScratch

    return (MLPClassifierScratch if classify else MLPRegressorScratch)(**{"random_state": 0} | parameters)


def make_mlp(classify, n_outputs=1, **parameters):
    return (MLPClassifier if classify else MLPRegressor)(**{"random_state": 0} | parameters)


def make_trees(classify, n_outputs=1, **parameters):
    Trees = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
    return Trees(**{"random_state": 0} | parameters)


def make_skorch(classify, n_outputs=1, **parameters):
    import torch
    from skorch import NeuralNetClassifier, NeuralNetRegressor

    torch.manual_seed(0)
    layers = [torch.nn.LazyLinear(64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU()]
    module = torch.nn.Sequential(*layers, torch.nn.Linear(64, n_outputs + (n_outputs == 1 and classify)))
    Net, loss = (NeuralNetClassifier, torch.nn.CrossEntropyLoss) if classify else (NeuralNetRegressor, torch.nn.MSELoss)
    settings = {"optimizer": torch.optim.Adam, "criterion": loss, "lr": 1e-3, "max_epochs": 200, "verbose": 0}
    if "weight" in parameters:
        parameters = {"criterion__weight": torch.tensor(parameters["weight"])}
    return Net(module, **settings | parameters)


def skorch_validation(X, y):
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    return {"make": {"train_split": predefined_split(Dataset(X, y))}}


def make_realmlp(classify, n_outputs=1, **parameters):
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    settings = {"random_state": 0, "device": "cpu", "n_threads": 1}
    return (RealMLP_TD_Classifier if classify else RealMLP_TD_Regressor)(**settings | parameters)


def make_lightgbm(classify, n_outputs=1, **parameters):
    from lightgbm import LGBMClassifier, LGBMRegressor

    settings = {"random_state": 0, "verbose": -1, "n_jobs": 1}
    return (LGBMClassifier if classify else LGBMRegressor)(**settings | parameters)


def make_catboost(classify, n_outputs=1, **parameters):
    from catboost import CatBoostClassifier, CatBoostRegressor

    settings = {"random_seed": 0, "verbose": False, "thread_count": 1, "allow_writing_files": False}
    return (CatBoostClassifier if classify else CatBoostRegressor)(**settings | parameters)


LIBRARIES = {
    "sknet": Library("sknet", ["sknet"], make_sknet, quantiles={"loss": "quantile", "quantile": QUANTILES}),
    "scikit-learn's MLP": Library("sklearn.neural_network", ["scikit-learn"], make_mlp, scaled=False),
    "HistGradientBoosting": Library(
        "sklearn.ensemble", ["scikit-learn"], make_trees, named_category={"categorical_features": ["level"]}
    ),
    "skorch": Library(
        "skorch",
        ["skorch", "torch"],
        make_skorch,
        scaled=False,
        quick={"max_epochs": 30, "lr": 0.01},
        class_weight={"weight": [1.0, 20.0]},
        validation=skorch_validation,
    ),
    "RealMLP": Library(
        "pytabkit",
        ["pytabkit"],
        make_realmlp,
        quick={"n_epochs": 32},
        quantiles={
            "train_metric_name": f"multi_pinball({','.join(map(str, QUANTILES))})",
            "val_metric_name": f"multi_pinball({','.join(map(str, QUANTILES))})",
        },
    ),
    "LightGBM": Library(
        "lightgbm", ["lightgbm"], make_lightgbm, validation=lambda X, y: {"fit": {"eval_set": [(X, y)]}}
    ),
    "CatBoost": Library(
        "catboost",
        ["catboost"],
        make_catboost,
        quick={"iterations": 100},
        named_category={"cat_features": ["level"]},
        class_weight={"class_weights": {0: 1.0, 1: 20.0}},
        quantiles={"loss_function": f"MultiQuantile:alpha={','.join(map(str, QUANTILES))}"},
        several_targets={"loss_function": "MultiRMSE"},
        validation=lambda X, y: {"fit": {"eval_set": (X, y)}},
    ),
}


def numbers(n=400):
    """Return rows of numbers, and classes that depend on two of the columns."""
    X = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    return X, (X[:, 0] + X[:, 1] > 0).astype(np.int64)


def levels(dtype, n=400):
    """Return a frame with a column of numbers and one of text, as ``dtype``, and classes that depend on the text."""
    import pandas as pd

    rng = np.random.default_rng(0)
    level = rng.choice(["red", "green", "blue"], n)
    frame = pd.DataFrame({"number": rng.normal(size=n), "level": pd.Series(level).astype(dtype)})
    return frame, (level == "red").astype(np.int64)


def learns(model, X, y, least=0.85, **fit):
    """Whether the fitted model predicts the class of most rows correctly."""
    return np.mean(np.ravel(model.fit(X, y, **fit).predict(X)) == y) > least


def takes_levels(library, make, dtype):
    X, y = levels(dtype)
    if works(lambda: learns(make(True), X, y)):
        return True
    named = library.named_category
    return "if the column is named" if named and works(lambda: learns(make(True, **named), X, y)) else False


def takes_unseen_levels(library, make):
    import pandas as pd

    X, y = levels("category")
    named = {} if works(lambda: learns(make(True), X, y)) else library.named_category
    model = make(True, **named).fit(X, y)
    unseen = X.assign(level=pd.Categorical(["violet"] * len(X)))
    return np.isfinite(model.predict_proba(unseen)).all()


def takes_nan(library, make):
    X, y = numbers()
    X[np.random.default_rng(1).random(X.shape) < 0.05] = np.nan
    return learns(make(True), X, y, least=0.8)


def takes_sparse(library, make):
    X, y = numbers()
    return learns(make(True), scipy.sparse.csr_matrix(X), y)


def takes_sample_weight(library, make):
    """Rows of weight zero have the wrong class: a model that uses the weights does not learn from them."""
    X, y = numbers()
    wrong = np.arange(len(y)) % 4 != 0
    weights = np.where(wrong, 0.0, 1.0)
    model = make(True).fit(X, np.where(wrong, 1 - y, y), sample_weight=weights)
    return np.mean(np.ravel(model.predict(X)) == y) > 0.8


def takes_class_weight(library, make):
    """Classes that depend on no column: with 20 times the weight, the rarer class is predicted for most rows."""
    X = np.sign(numbers()[0])  # only 16 different rows, so that no model can overfit single rows
    y = (np.arange(len(X)) % 4 == 0).astype(np.int64)
    plain, weighted = (make(True, **given).fit(X, y).predict(X) for given in ({}, library.class_weight))
    return np.mean(plain) < 0.5 < np.mean(weighted)


def takes_partial_fit(library, make):
    X, y = numbers()
    model = make(True)
    return any(np.mean(model.partial_fit(X, y, classes=[0, 1]).predict(X) == y) > 0.85 for _ in range(100))


def takes_validation_rows(library, make):
    X, y = numbers()
    given = library.validation(X[300:], y[300:])
    return learns(make(True, **given.get("make", {})), X[:300], y[:300], **given.get("fit", {}))


def takes_several_targets(library, make):
    X, _ = numbers()
    Y = X[:, :2] + X[:, 2:]
    prediction = make(False, 2, **library.several_targets).fit(X, Y).predict(X)
    return prediction.shape == Y.shape and np.mean((prediction - Y) ** 2) < 0.5 * np.var(Y)


def gives_several_quantiles(library, make):
    X, _ = numbers()
    if library.quantiles is None:
        return False
    prediction = make(False, **library.quantiles).fit(X, X[:, 0]).predict(X)
    return prediction.shape == (len(X), 3) and bool(np.all(np.diff(prediction.mean(axis=0)) > 0))


def can_be_cloned(library, make):
    X, y = numbers()
    return learns(clone(make(True).fit(X, y)), X, y)


def refits_bit_identically(library, make):
    X, y = numbers()
    first, second = (make(True).fit(X, y).predict_proba(X) for _ in range(2))
    return np.array_equal(first, second)


CHECKS = {
    "frame with a text column": partial(takes_levels, dtype=object),
    "frame with a category column": partial(takes_levels, dtype="category"),
    "new levels in predict": takes_unseen_levels,
    "NaN among numbers": takes_nan,
    "sparse X": takes_sparse,
    "`sample_weight` in fit": takes_sample_weight,
    "class weights": takes_class_weight,
    "`partial_fit`": takes_partial_fit,
    "validation rows passed to fit": takes_validation_rows,
    "several targets in one model": takes_several_targets,
    "several quantiles in one model": gives_several_quantiles,
    "`clone` of a fitted model, fitted again": can_be_cloned,
    "same seed, bit-identical probabilities": refits_bit_identically,
}


def works(check):
    """Return the result of the check, or False if the library raises an exception."""
    try:
        return check()
    except Exception:
        return False


def answers(library):
    """Return for each check "yes", "no", or the condition under which the check succeeds."""

    def make(classify, n_outputs=1, **parameters):
        return library.make(classify, n_outputs, **library.quick | parameters)

    results = {title: works(partial(check, library, make)) for title, check in CHECKS.items()}
    return {title: value if isinstance(value, str) else "yes" if value else "no" for title, value in results.items()}


SETS = {
    "breast cancer, 398 rows to fit": (load_breast_cancer, True),
    "digits, 1,257 rows": (load_digits, True),
    "Friedman 1, 1,400 rows": (lambda return_X_y: make_friedman1(2000, noise=1.0, random_state=0), False),
}


def figures(library):
    """Return the seconds of fits, the errors on the three sets, and the size of a pickle."""
    cells = {}
    for title, (load, classify) in SETS.items():
        X, y = load(return_X_y=True)
        X, y = X.astype(np.float32), y.astype(np.int64 if classify else np.float32)
        X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y if classify else None)
        model = library.make(classify, len(set(y)) if classify else 1)
        model = model if library.scaled else make_pipeline(StandardScaler(), model)
        target = y if classify or library.module != "skorch" else y[:, None]
        start = time.process_time()
        model.fit(X, target)
        seconds = time.process_time() - start
        prediction = np.ravel(model.predict(X_test))
        error = np.mean(prediction != y_test) if classify else np.std(prediction - y_test) / np.std(y_test)
        cells[f"{title}: {'error' if classify else 'RMSE / standard deviation of y'}"] = f"{error:.3f}"
        cells[f"{title}: CPU seconds of fit"] = f"{seconds:.2f}"
        if load is load_breast_cancer:
            cells["pickle, fitted to breast cancer"] = f"{len(pickle.dumps(model)) / 1e3:,.0f} kB"
    return cells


def failed_checks(library):
    """Return how many of scikit-learn's estimator checks the classifier fails."""
    from sklearn.utils.estimator_checks import check_estimator

    results = check_estimator(library.make(True, **library.quick), on_fail=None, on_skip=None)
    failed = sum(result["status"] == "failed" for result in results)
    return {"`check_estimator` of the classifier: failed": f"{failed} of {len(results)}"}


def needed(packages):
    """Return the names of the packages and of all distributions that they need, without extras."""
    from packaging.requirements import Requirement

    found, queue = set(), list(packages)
    while queue:
        name = queue.pop().lower().replace("_", "-")
        if name not in found and is_installed(name):
            found.add(name)
            requirements = map(Requirement, distribution(name).requires or ())
            queue += [r.name for r in requirements if not r.marker or r.marker.evaluate({"extra": ""})]
    return found


def is_installed(name):
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def installed_size(library):
    """Return the megabytes of the packages, scikit-learn, and everything that these need."""
    paths = {
        path.locate() for name in needed([*library.packages, "scikit-learn"]) for path in distribution(name).files or ()
    }
    if library.module == "sknet":  # it may be imported from a clone
        paths |= set(Path(find_spec("sknet").origin).parent.rglob("*.py"))
    return {
        "installed, with dependencies": f"{sum(path.stat().st_size for path in paths if path.is_file()) / 1e6:,.0f} MB"
    }


def import_time(library):
    """Return the median milliseconds of an import in a new process, after the import of scikit-learn's estimators."""
    child = "import time, sklearn.ensemble, sklearn.neural_network; start = time.perf_counter(); import {}; "
    command = [sys.executable, "-P", "-c", child.format(library.module) + "print(time.perf_counter() - start)"]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(6)]
    milliseconds = statistics.median(float(run.stdout.split()[-1]) for run in runs[1:]) * 1e3
    return {"import, after scikit-learn": f"{milliseconds:,.0f} ms"}


PARTS = {part.__name__: part for part in (answers, failed_checks, figures, installed_size, import_time)}


def in_a_process(name, part, seconds):
    """Run one part of the comparison for one library, and return its cells; none if it fails or takes too long."""
    command = [sys.executable, __file__, "--libraries", name, "--part", part]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    try:
        run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=seconds)
    except subprocess.TimeoutExpired:
        print(f"{name}, {part}: not finished after {seconds} seconds", file=sys.stderr)
        return {}
    if run.returncode:
        print(f"{name}, {part}: {run.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return {}
    return json.loads(run.stdout.splitlines()[-1])


def package_version(name):
    import sknet

    return sknet.__version__ if name == "sknet" else version(name)


def table(columns):
    """Return the Markdown table with a column of cells for each library."""
    rows = dict.fromkeys(title for cells in columns.values() for title in cells)
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [[title, *(cells.get(title, "") for cells in columns.values())] for title in rows]
    return "\n".join("|" + "".join(f" {cell} |" if cell else " |" for cell in line) for line in lines)


def main():
    installed = [name for name, library in LIBRARIES.items() if find_spec(library.module.split(".")[0])]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--libraries", nargs="+", choices=installed, default=installed)
    parser.add_argument("--part", choices=PARTS, help="one part for one library, printed as JSON")
    parser.add_argument("--seconds", type=float, default=300.0, help="time limit of each part for each library")
    arguments = parser.parse_args()
    if arguments.part:
        warnings.simplefilter("ignore")
        print("\n" + json.dumps(PARTS[arguments.part](LIBRARIES[arguments.libraries[0]])))
        return
    columns = {name: {} for name in arguments.libraries}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for part in PARTS:
            cells = pool.map(partial(in_a_process, part=part, seconds=arguments.seconds), columns)
            for name, found in zip(columns, cells):
                columns[name] |= found
    packages = dict.fromkeys(p for name in arguments.libraries for p in (*LIBRARIES[name].packages, "numpy"))
    print(f"Python {sys.version.split()[0]}, " + ", ".join(f"{p} {package_version(p)}" for p in packages), end="; ")
    print(f"{os.cpu_count()} cores, one thread for each library.\n")
    print(table(columns))


if __name__ == "__main__":
    main()
