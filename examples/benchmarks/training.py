"""Measure training time against scikit-learn, plain PyTorch (if installed), and the matrix products alone.

    python examples/benchmarks/training.py                   # all cases, with the default number of threads
    python examples/benchmarks/training.py --threads 1 --cases digits tab --defaults
    python examples/benchmarks/training.py --threads 1 --picture examples/images/training_time.png

All do the same work in float32: same arrays, layers, mini-batches, epochs, Adam, shuffling, and no early stopping. The
matrix products alone are those that backpropagation needs: for the forward pass, the gradients of the weights, and the
gradients of the inputs of all layers except the first. The table, in Markdown, shows the time of an update relative to
the matrix products, and the times of the other libraries divided by sknet's: above 1, sknet is faster. ``--defaults``
adds two columns. "defaults" is sknet with its defaults: on tables, it trains four members, with an embedding, averaged
weights, dropout and weight decay, which the other libraries do not have. The last column compares the defaults of
scikit-learn and sknet on float64 rows, as in code where only the name of the class was changed.
Ratios are medians of interleaved rounds. Times are wall time, or with one thread processor time, on which other
processes have less influence.
"""

import argparse
import functools
import statistics
import time
from importlib.util import find_spec
from itertools import pairwise

import _timing
import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from sknet import MLPClassifierScratch, MLPRegressorScratch

#        rows, features, hidden units, outputs, batch, epochs
CASES = {
    "iris": (150, 4, (100,), 3, 150, 200),
    "digits": (1797, 64, (100,), 10, 200, 20),
    "deep": (5000, 64, (64,) * 8, 10, 200, 4),
    "tab": (20000, 50, (256, 256, 256), 2, 256, 2),
    "reg": (20000, 20, (128, 128), 1, 256, 2),
    "mnist": (20000, 784, (100,), 10, 200, 2),
    "mnist2": (10000, 784, (512, 512), 10, 200, 1),
    "wide": (4000, 784, (2048, 2048), 10, 200, 1),
}
ESTIMATORS = {  # classifier, regressor, and the dtype of the rows
    "sknet": (_timing.PlainClassifier, _timing.PlainRegressor, np.float32),
    "sklearn": (MLPClassifier, MLPRegressor, np.float32),
    "defaults": (MLPClassifierScratch, MLPRegressorScratch, np.float32),
    "sklearn64": (MLPClassifier, MLPRegressor, np.float64),
    "defaults64": (MLPClassifierScratch, MLPRegressorScratch, np.float64),
}
COLUMNS = {  # whose time is divided by whose
    "scikit-learn / sknet": ("sklearn", "sknet"),
    "PyTorch / sknet": ("torch", "sknet"),
    "defaults / sknet": ("defaults", "sknet"),
    "scikit-learn / defaults, float64": ("sklearn64", "defaults64"),
}


def data(case):
    n, d, _, k, _, _ = CASES[case]
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d), dtype=np.float32)
    if k == 1:
        return X, X[:, 0] * X[:, 1] + rng.standard_normal(n, dtype=np.float32)
    return X, np.argmax(X @ rng.standard_normal((d, k)) + rng.standard_normal((n, k)), axis=1)


def estimator(case, classifier, regressor):
    _, _, hidden, k, batch, epochs = CASES[case]
    return (regressor if k == 1 else classifier)(
        hidden_layer_sizes=hidden, batch_size=batch, max_iter=epochs, tol=0.0, n_iter_no_change=10**6,
        early_stopping=False, solver="adam", random_state=0,
    )  # fmt: skip


def fit(case, kinds, X, y):
    estimator(case, *kinds).fit(X, y)


def torch_fit(case, X, y):
    import torch

    _, d, hidden, k, batch, epochs = CASES[case]
    torch.manual_seed(0)
    sizes = [d, *hidden]
    layers = [m for i, o in zip(sizes, hidden, strict=False) for m in (torch.nn.Linear(i, o), torch.nn.ReLU())]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], k))
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y.reshape(-1, 1) if k == 1 else y)
    loss = torch.nn.MSELoss() if k == 1 else torch.nn.CrossEntropyLoss()
    _timing.train_torch(model, lambda rows: model(Xt[rows]), loss, yt, batch, epochs)


def matrix_products(case):
    n, d, hidden, k, batch, epochs = CASES[case]
    sizes = [d, *hidden, k]
    rng = np.random.default_rng(0)
    activations = [rng.random((batch, s), dtype=np.float32) for s in sizes]
    weights = [rng.random((i, o), dtype=np.float32) for i, o in pairwise(sizes)]
    outputs, gradients = [np.empty_like(a) for a in activations], [np.empty_like(w) for w in weights]

    def run():
        for _ in range(epochs * -(-n // batch)):
            for i, W in enumerate(weights):
                np.matmul(activations[i], W, out=outputs[i + 1])
            for i in reversed(range(len(weights))):
                np.matmul(activations[i].T, activations[i + 1], out=gradients[i])
                if i:
                    np.matmul(activations[i + 1], weights[i].T, out=outputs[i])

    return run


def timed(case, rounds, clock, names):
    """Return the seconds of each contestant, and the number of updates in a fit."""
    X, y = data(case)
    contestants = {"products": matrix_products(case)}
    for name, (*kinds, dtype) in ESTIMATORS.items():
        if name in names:
            contestants[name] = functools.partial(fit, case, kinds, X.astype(dtype), y)
    if "torch" in names:
        contestants["torch"] = functools.partial(torch_fit, case, X, y)
    n, _, _, _, batch, epochs = CASES[case]
    return _timing.interleaved(contestants, rounds, clock=clock), epochs * -(-n // batch)


def draw(relative, path):
    """Save a picture of the times of an update relative to the matrix products, on white for light and dark pages."""
    import matplotlib.pyplot as plt

    cases, names = list(relative), ("sknet", "sklearn", "torch")
    labels, colors = ("sknet", "scikit-learn", "PyTorch, plain loop"), ("#1b4f8a", "#e08214", "#8c8c8c")
    figure, ax = plt.subplots(figsize=(8.0, 3.6), layout="constrained")
    for i, (name, label, color) in enumerate(zip(names, labels, colors, strict=True)):
        if name in relative[cases[0]]:
            heights = [relative[case][name] for case in cases]
            bars = ax.bar(np.arange(len(cases)) + 0.27 * (i - 1), heights, 0.25, color=color, label=label)
            ax.bar_label(bars, fmt="%.1f", fontsize=7, padding=1)
    ax.axhline(1.0, color="#222222", linewidth=1.0, linestyle="--", label="the matrix products alone")
    ax.set_yscale("log", base=2)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_xticks(np.arange(len(cases)), cases)
    ax.set_ylabel("time of an update,\nrelative to the matrix products")
    ax.legend(frameon=False, ncols=2)
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100, facecolor="white")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, help="limit every library to this many threads")
    parser.add_argument("--defaults", action="store_true", help="also train with the defaults; much slower on tables")
    parser.add_argument("--picture", help="file for the picture of the times; needs matplotlib")
    arguments = parser.parse_args()
    has_torch = find_spec("torch") is not None
    _timing.header(*(["torch"] if has_torch else []))
    if has_torch and arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    names = {"products", "sknet", "sklearn"} | ({"torch"} if has_torch else set())
    names |= set(ESTIMATORS) if arguments.defaults else set()
    columns = {title: pair for title, pair in COLUMNS.items() if names.issuperset(pair)}
    print("\n| " + " | ".join(["case", "us per update", "sknet / matrix products", *columns]) + " |")
    print("|---" * (3 + len(columns)) + "|")
    relative = {}
    with threadpool_limits(arguments.threads):
        for case in arguments.cases:
            times, steps = timed(case, arguments.rounds, clock, names)
            relative[case] = {name: _timing.ratio(times, name, "products") for name in times}
            ratios = [_timing.ratio(times, *pair) for pair in columns.values()]
            step = statistics.median(times["sknet"]) / steps * 1e6
            cells = [case, f"{step:.0f}", f"{relative[case]['sknet']:.2f}", *(f"{ratio:.2f}" for ratio in ratios)]
            print("| " + " | ".join(cells) + " |", flush=True)
    if arguments.picture:
        draw(relative, arguments.picture)


if __name__ == "__main__":
    main()
