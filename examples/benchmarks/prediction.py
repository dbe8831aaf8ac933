"""Measure the time to predict one row and many rows, compared with scikit-learn's MLP with weights of the same shapes.

    python examples/benchmarks/prediction.py [--threads 1] [--dtype float64]

The figures are sknet's time divided by scikit-learn's time: below 1, sknet is faster. They are medians of interleaved
rounds. Times are wall time, or with one thread processor time.
"""

import argparse
import time

import _timing
import training
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

ROWS = 600  # training rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(training.CASES), choices=training.CASES)
    parser.add_argument("--dtype", default="float32", choices=("float32", "float64"))
    parser.add_argument("--threads", type=int, help="limit BLAS to this many threads")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    _timing.header()
    print("\n| case | method | one row | many rows |\n|---|---|---|---|")
    with threadpool_limits(arguments.threads):
        for case in arguments.cases:
            X, y = training.data(case)
            X = X.astype(arguments.dtype)
            nets = {
                "sknet": training.estimator(case, _timing.PlainClassifier, _timing.PlainRegressor),
                "sklearn": training.estimator(case, MLPClassifier, MLPRegressor),
            }
            for net in nets.values():
                net.set_params(max_iter=1).fit(X[:ROWS], y[:ROWS])
            for method in ("predict", "predict_proba") if hasattr(nets["sknet"], "classes_") else ("predict",):
                calls = {name: getattr(net, method) for name, net in nets.items()}
                one = _timing.interleaved({n: lambda f=f, X=X: f(X[:1]) for n, f in calls.items()}, 50, 5, clock)
                many = _timing.interleaved({n: lambda f=f, X=X: f(X) for n, f in calls.items()}, 9, clock=clock)
                columns = (f"{_timing.ratio(times, 'sknet', 'sklearn'):.2f}" for times in (one, many))
                print(f"| {case} | {method} | " + " | ".join(columns) + " |", flush=True)


if __name__ == "__main__":
    main()
