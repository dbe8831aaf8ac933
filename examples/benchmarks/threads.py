"""Measure the default number of BLAS threads against one thread, and the effect of another process on one core.

    python examples/benchmarks/threads.py

The first number should not exceed 1.05: the default is never slower. For small cases, the second should not exceed 1.5.
"""

import multiprocessing
import statistics
import time

import _timing
import training
from threadpoolctl import threadpool_limits


def burn(stop):
    while not stop.is_set():
        sum(range(10000))


def main():
    _timing.header()
    print(f"{'case':8s}{'default / one thread':>22s}{'busy / quiet':>14s}")
    for case in training.CASES:
        X, y = training.data(case)

        def fit(X=X, y=y, case=case):
            training.estimator(case, _timing.PlainClassifier, _timing.PlainRegressor).fit(X, y)

        def fit_on_one_thread(fit=fit):
            with threadpool_limits(1):
                fit()

        times = _timing.interleaved({"default": fit, "one": fit_on_one_thread}, rounds=5)
        stop = multiprocessing.Event()
        burner = multiprocessing.Process(target=burn, args=(stop,), daemon=True)
        burner.start()
        time.sleep(0.2)
        busy = _timing.interleaved({"default": fit}, rounds=5)["default"]
        stop.set()
        burner.join()
        more = _timing.ratio(times, "default", "one")
        disturbed = statistics.median(busy) / statistics.median(times["default"])
        print(f"{case:8s}{more:22.2f}{disturbed:14.2f}", flush=True)


if __name__ == "__main__":
    main()
