"""Measure how much 20 trials of `presets.search_space` improve on the defaults.

    python examples/benchmarks/search_space.py [--size small] [--trials 20] [--seeds 0 1 2]

The data are the sets of more than 300 rows that scikit-learn contains. `RandomizedSearchCV` with three folds searches
on half of the rows, at most 1,500. The winner and the defaults are then fitted to these rows, once for each seed, and
scored on at most 5,000 other rows. The score is the mean over seeds of the log-loss, or of RMSE divided by the standard
deviation of y. The trials, the folds and the split have the first seed.
"""

import argparse
import time

import _timing
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.model_selection import KFold, RandomizedSearchCV, StratifiedKFold, train_test_split

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets

SETS = {
    "breast cancer": (load_breast_cancer, "classification"),
    "digits": (load_digits, "classification"),
    "diabetes": (load_diabetes, "regression"),
}


def loss(net, X, y, X_test, y_test, seeds):
    """Return the mean loss on the test rows over fits with these seeds."""
    losses = []
    for seed in seeds:
        net.set_params(random_state=seed).fit(X, y)
        if hasattr(net, "predict_proba"):
            losses.append(log_loss(y_test, net.predict_proba(X_test), labels=net.classes_))
        else:
            losses.append(root_mean_squared_error(y_test, net.predict(X_test)) / np.std(y_test))
    return np.mean(losses)


def compare(X, y, kind, size, trials, seeds):
    """Return the losses of the defaults and of the winner, and the winner's parameters."""
    classify = kind == "classification"
    X, X_test, y, y_test = train_test_split(
        X, y, train_size=min(1500, len(y) // 2), test_size=min(5000, len(y) // 2),
        random_state=seeds[0], stratify=y if classify else None,
    )  # fmt: skip
    Net, Folds = (MLPClassifierScratch, StratifiedKFold) if classify else (MLPRegressorScratch, KFold)
    search = RandomizedSearchCV(
        Net(random_state=seeds[0]), presets.search_space(kind, size), n_iter=trials, random_state=seeds[0], refit=False,
        scoring="neg_log_loss" if classify else "neg_root_mean_squared_error",
        cv=Folds(3, shuffle=True, random_state=seeds[0]), error_score="raise",
    ).fit(X, y)  # fmt: skip
    rows = X, y, X_test, y_test, seeds
    return loss(Net(), *rows), loss(Net(**search.best_params_), *rows), search.best_params_


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="small", choices=["small", "large"])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    _timing.header()
    print(f"{'data':18s}{'defaults':>10s}{'winner':>10s}{'change':>9s}{'seconds':>9s}  parameters of the winner")
    for name, (load, kind) in SETS.items():
        start = time.perf_counter()
        before, after, best = compare(*load(return_X_y=True), kind, **vars(arguments))
        best = {name: float(f"{value:.2g}") if isinstance(value, float) else value for name, value in best.items()}
        seconds = time.perf_counter() - start
        print(f"{name:18s}{before:10.4f}{after:10.4f}{after / before - 1:9.1%}{seconds:9.0f}  {best}", flush=True)


if __name__ == "__main__":
    main()
