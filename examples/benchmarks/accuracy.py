"""Measure accuracy on the data that scikit-learn contains: sknet, its preset for tables, and scikit-learn's learners.

    python examples/benchmarks/accuracy.py [--seeds 0 1 2]

Five-fold cross-validation, with the same folds for all learners, is repeated for each seed. The figures are the
classification error, and for diabetes RMSE divided by the standard deviation of y: smaller is better. scikit-learn's
learners that need scaled inputs get a StandardScaler; sknet's estimators standardize inputs themselves.
"""

import argparse
import time

import _timing
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets

SETS = {
    "breast cancer": (load_breast_cancer, True),
    "digits": (load_digits, True),
    "wine": (load_wine, True),
    "diabetes": (load_diabetes, False),
}


def contestants(classify, seed):
    if classify:
        return {
            "sknet, preset": MLPClassifierScratch(**presets.tabular("classification"), random_state=seed),
            "sknet": MLPClassifierScratch(random_state=seed),
            "sklearn MLP": make_pipeline(StandardScaler(), MLPClassifier(random_state=seed)),
            "boosted trees": HistGradientBoostingClassifier(random_state=seed),
            "linear": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        }
    return {
        "sknet, preset": MLPRegressorScratch(**presets.tabular("regression"), random_state=seed),
        "sknet": MLPRegressorScratch(random_state=seed),
        "sklearn MLP": make_pipeline(StandardScaler(), MLPRegressor(random_state=seed)),
        "boosted trees": HistGradientBoostingRegressor(random_state=seed),
        "linear": make_pipeline(StandardScaler(), RidgeCV()),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    seeds = parser.parse_args().seeds
    _timing.header()
    names = list(contestants(True, 0))
    print(f"{'data':15s}" + "".join(f"{name:>16s}" for name in names))
    seconds = dict.fromkeys(names, 0.0)
    for title, (load, classify) in SETS.items():
        X, y = load(return_X_y=True)
        losses = {name: [] for name in names}
        for seed in seeds:
            folds = (StratifiedKFold if classify else KFold)(5, shuffle=True, random_state=seed)
            for name, model in contestants(classify, seed).items():
                start = time.perf_counter()
                prediction = cross_val_predict(model, X, y, cv=folds)
                seconds[name] += time.perf_counter() - start
                error = np.mean(prediction != y) if classify else np.sqrt(np.mean((prediction - y) ** 2)) / np.std(y)
                losses[name].append(error)
        print(f"{title:15s}" + "".join(f"{np.mean(losses[name]):16.4f}" for name in names), flush=True)
    print(f"{'seconds':15s}" + "".join(f"{seconds[name]:16.1f}" for name in names))


if __name__ == "__main__":
    main()
