"""Measure a grid search over 3 depths x 3 widths x 5 folds on digits, compared with scikit-learn's MLP.

    python examples/benchmarks/search.py [--jobs 2] [--epochs 30] [--rounds 3]

Rows are float64. Both networks have their defaults, and the same largest number of epochs. By default, sknet trains
four members on a table; "one member" is sknet with ``n_members=1``.
"""

import argparse
import functools

import _timing
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

from sknet import MLPClassifierScratch


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    _timing.header()
    X, y = load_digits(return_X_y=True)
    common = {"max_iter": arguments.epochs, "random_state": 0}
    depths, widths = (1, 2, 3), (64, 128, 256)
    ours = {"depth": depths, "width": widths}
    theirs = {"hidden_layer_sizes": [(w,) * d for d in depths for w in widths]}
    searches = {
        "sknet": GridSearchCV(MLPClassifierScratch(**common), ours, cv=5, n_jobs=arguments.jobs),
        "one member": GridSearchCV(MLPClassifierScratch(n_members=1, **common), ours, cv=5, n_jobs=arguments.jobs),
        "scikit-learn": GridSearchCV(MLPClassifier(**common), theirs, cv=5, n_jobs=arguments.jobs),
    }
    contestants = {name: functools.partial(search.fit, X, y) for name, search in searches.items()}
    times = _timing.interleaved(contestants, arguments.rounds)
    for name, search in searches.items():
        speed = _timing.ratio(times, "scikit-learn", name)
        print(
            f"{name:13s}best score {search.best_score_:.4f} with {search.best_params_}, "
            f"scikit-learn takes {speed:.2f} times as long"
        )


if __name__ == "__main__":
    main()
