"""Prediction: latency of one row and throughput of many, beside scikit-learn's MLP with the same weights' shapes.

    python examples/benchmarks/prediction.py

Latency is sknet's in units of scikit-learn's (smaller is better), throughput likewise (larger is better).
"""

import _timing
import numpy as np
import training
from sklearn.neural_network import MLPClassifier, MLPRegressor


def main():
    _timing.header()
    print(f"{'case':8s}{'method':>20s}{'latency of one row':>20s}{'rows a second':>16s}")
    for case, (_, _, _, k, _, _) in training.CASES.items():
        X, y = training.data(case)
        nets = {
            "sknet": training.estimator(case, _timing.PlainClassifier, _timing.PlainRegressor),
            "sklearn": training.estimator(case, MLPClassifier, MLPRegressor),
        }
        for net in nets.values():
            net.set_params(max_iter=1).fit(X, y)
        for method in ("predict",) if k == 1 else ("predict", "predict_proba"):
            calls = {name: getattr(net, method) for name, net in nets.items()}
            one = _timing.interleaved({n: lambda f=f, X=X: f(X[:1]) for n, f in calls.items()}, rounds=50, repeats=5)
            many = _timing.interleaved({n: lambda f=f, X=X: f(X) for n, f in calls.items()}, rounds=9)
            columns = _timing.ratio(one, "sknet", "sklearn"), _timing.ratio(many, "sklearn", "sknet")
            print(f"{case:8s}{method:>20s}{columns[0]:20.2f}{columns[1]:16.2f}", flush=True)
    assert np.isfinite(columns).all()


if __name__ == "__main__":
    main()
