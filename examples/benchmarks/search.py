"""Grid search over 3 depths x 3 widths x 5 folds on digits, beside scikit-learn's MLP with the same grid.

python examples/benchmarks/search.py [--jobs 2]
"""

import argparse

import _timing
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

from sknet import MLPClassifierScratch


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    _timing.header()
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.float32)
    common = {"max_iter": 30, "tol": 0.0, "n_iter_no_change": 10**6, "early_stopping": False, "random_state": 0}
    depths, widths = (1, 2, 3), (64, 128, 256)
    searches = {
        "sknet": GridSearchCV(
            MLPClassifierScratch(solver="adam", batch_size=200, **common),
            {"depth": depths, "width": widths}, cv=5, n_jobs=arguments.jobs,
        ),
        "sklearn": GridSearchCV(
            MLPClassifier(solver="adam", batch_size=200, **common),
            {"hidden_layer_sizes": [(w,) * d for d in depths for w in widths]}, cv=5, n_jobs=arguments.jobs,
        ),
    }  # fmt: skip
    times = _timing.interleaved({name: lambda s=s: s.fit(X, y) for name, s in searches.items()}, rounds=3)
    for name, search in searches.items():
        print(f"{name:8s} best score {search.best_score_:.4f} with {search.best_params_}")
    print(f"time of scikit-learn in units of sknet's: {_timing.ratio(times, 'sklearn', 'sknet'):.2f}")


if __name__ == "__main__":
    main()
