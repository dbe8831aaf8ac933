"""Training time beside scikit-learn, plain PyTorch (where installed) and the matrix products alone.

    python examples/benchmarks/training.py                   # all cases, as many threads as the libraries like
    python examples/benchmarks/training.py --threads 1 --cases digits tab

All do the same work in float32: same arrays, layers, batch size, epochs, Adam, shuffling, no early stop. "floor" is the
products that a step of backpropagation cannot avoid: forward, weight gradient, and input gradient of all layers but the
first. Numbers are times in units of sknet's, medians of interleaved rounds: above 1, sknet is faster. "defaults" is
sknet with the regularization that it has by default, dropout, label smoothing and decay, which the others do not have.
"""

import argparse
import statistics
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
ESTIMATORS = {
    "sknet": (_timing.PlainClassifier, _timing.PlainRegressor),
    "sklearn": (MLPClassifier, MLPRegressor),
    "defaults": (MLPClassifierScratch, MLPRegressorScratch),
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


def torch_fit(case, X, y):
    import torch

    n, d, hidden, k, batch, epochs = CASES[case]
    torch.manual_seed(0)
    sizes = [d, *hidden]
    layers = [m for i, o in zip(sizes, hidden, strict=False) for m in (torch.nn.Linear(i, o), torch.nn.ReLU())]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], k))
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y.reshape(-1, 1) if k == 1 else y)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    loss = torch.nn.MSELoss() if k == 1 else torch.nn.CrossEntropyLoss()
    for _ in range(epochs):
        order = torch.randperm(n)
        for start in range(0, n, batch):
            rows = order[start : start + batch]
            optimizer.zero_grad(set_to_none=True)
            loss(model(Xt[rows]), yt[rows]).backward()
            optimizer.step()


def floor(case):
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, help="limit every library to this many threads")
    arguments = parser.parse_args()
    has_torch = find_spec("torch") is not None
    _timing.header(*(["torch"] if has_torch else []))
    if has_torch and arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
    columns = "sklearn", "torch", "floor", "defaults"
    print(f"{'case':8s}{'us/step':>10s}" + "".join(f"{name:>10s}" for name in columns) + "  sknet in floors")
    with threadpool_limits(arguments.threads):
        for case in arguments.cases:
            X, y = data(case)
            contestants = {
                name: lambda X=X, y=y, c=case, kinds=kinds: estimator(c, *kinds).fit(X, y)
                for name, kinds in ESTIMATORS.items()
            } | {"floor": floor(case)}
            if has_torch:
                contestants["torch"] = lambda X=X, y=y, c=case: torch_fit(c, X, y)
            times = _timing.interleaved(contestants, arguments.rounds)
            n, _, _, _, batch, epochs = CASES[case]
            step = statistics.median(times["sknet"]) / (epochs * -(-n // batch)) * 1e6
            ratios = [_timing.ratio(times, name, "sknet") if name in times else np.nan for name in columns]
            in_floors = _timing.ratio(times, "sknet", "floor")
            print(f"{case:8s}{step:10.0f}" + "".join(f"{r:10.2f}" for r in ratios) + f"{in_floors:17.2f}", flush=True)


if __name__ == "__main__":
    main()
