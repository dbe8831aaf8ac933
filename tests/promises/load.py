"""Load check: many clients ask the service of `examples/prediction_service.py` at the same time.

``python tests/promises/load.py`` starts 4 processes with 8 threads each over one memory-mapped model, and 4 processes
of clients with 8 threads each. They send 100,000 requests of one row, then 1,000 of 10,000 rows. Each answer must
equal, byte for byte, what the model in memory predicts for these rows alone, and the memory of the service must not
grow in the second half of the requests of a size. Needs Linux's /proc for the memory of other processes.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import joblib
import numpy as np
from sklearn.datasets import make_classification
from threadpoolctl import threadpool_limits

from sknet import MLPClassifierScratch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))
from prediction_service import predictions, service

PROCESSES, THREADS = 4, 8
SHARES = 50, 95, 99  # percent of the requests
MB = 2**20
GROWTH = 10.0  # MB in each process that the allocator may keep; 250 answers to 10,000 rows are 130 MB


class Load(NamedTuple):
    """What clients measured: the seconds of each request, and the number of answers that were not the expected ones."""

    seconds: list
    wrong: int


def fitted(n_rows):
    """Return a network of the default size after three epochs, and at least ``n_rows`` rows to ask about."""
    X, y = make_classification(max(n_rows, 1_000), 20, n_informative=8, n_classes=3, random_state=0)
    return MLPClassifierScratch(max_iter=3, random_state=0).fit(X[:1000], y[:1000]), X.round(3)


def questions(model, X, size, number):
    """Return ``number`` pairs of a request with ``size`` rows and its right answer."""
    draw = np.random.default_rng(size)
    several = (draw.choice(X, size, replace=False).tolist() for _ in range(number))
    return [(json.dumps(rows).encode(), json.dumps(predictions(model, rows)).encode()) for rows in several]


def ask(address, pairs, number, start):
    """Send ``number`` requests over one connection."""
    connection, seconds, wrong = HTTPConnection(*address, timeout=300), [], 0
    for i in range(start, start + number):
        body, right = pairs[i % len(pairs)]
        begun = time.perf_counter()
        connection.request("POST", "/", body)
        answer = connection.getresponse()
        content = answer.read()
        seconds.append(time.perf_counter() - begun)
        wrong += answer.status != 200 or content != right
    connection.close()
    return Load(seconds, wrong)


def ask_in_threads(address, pairs, numbers, start):
    """Send requests over several connections at the same time; ``numbers`` has the number of requests of each."""
    with ThreadPoolExecutor(len(numbers)) as pool:
        loads = list(pool.map(partial(ask, address, pairs), numbers, range(start, start + len(numbers))))
    return Load([s for load in loads for s in load.seconds], sum(load.wrong for load in loads))


def ask_in_processes(pool, address, pairs, number):
    """Send ``number`` requests over all connections of all processes."""
    n = PROCESSES * THREADS
    numbers = [number // n + (i < number % n) for i in range(n)]
    parts = [numbers[i * THREADS : (i + 1) * THREADS] for i in range(PROCESSES)]
    futures = [pool.submit(ask_in_threads, address, pairs, part, i * THREADS) for i, part in enumerate(parts)]
    loads = [future.result() for future in futures]
    return Load([s for load in loads for s in load.seconds], sum(load.wrong for load in loads))


def resident(processes):
    """Return the resident memory of each process, in MB."""
    pages = [int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) for process in processes]
    return np.array(pages) * os.sysconf("SC_PAGE_SIZE") / MB


def maps(process, path):
    """Return whether a process has mapped the file into its memory."""
    return str(path) in Path(f"/proc/{process.pid}/maps").read_text()


def percentiles(load):
    """Return the percentiles of the latency as text."""
    return ", ".join(f"{q}% {1e3 * t:.1f} ms" for q, t in zip(SHARES, np.percentile(load.seconds, SHARES), strict=True))


def passes(pool, address, processes, pairs, number):
    """Send ``number`` requests over all connections, then a few over one; print figures; return whether all passed."""
    begun, quarters, memory = time.perf_counter(), [], []
    for _ in range(4):
        quarters.append(ask_in_processes(pool, address, pairs, number // 4))
        memory.append(resident(processes))
    took, alone = time.perf_counter() - begun, ask(address, pairs, max(number // 100, 1), 0)
    wrong = sum(load.wrong for load in [*quarters, alone])
    together = Load([s for load in quarters for s in load.seconds], wrong)
    print(f"  {len(together.seconds):,} requests in {took:.0f} s: {wrong} wrong answers")
    print(f"  latency with {PROCESSES * THREADS} clients: {percentiles(together)}")
    print(f"  latency with one client: {percentiles(alone)}")
    print(f"  MB of the largest process after each quarter: {np.max(memory, axis=1).round(1).tolist()}", flush=True)
    return wrong == 0 and bool((memory[3] - memory[1] < GROWTH).all())


def main(arguments=None):
    """Run the check; return whether it failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=100_000, help="number of requests of one row")
    parser.add_argument("--large", type=int, default=1_000, help="number of requests of many rows")
    parser.add_argument("--rows", type=int, default=10_000, help="number of rows in each of these")
    given = parser.parse_args(arguments)
    threadpool_limits(1)  # as in the service: another number of threads may round differently
    model, X = fitted(given.rows)
    with TemporaryDirectory() as folder, ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        path, passed = Path(folder).resolve() / "model.joblib", []
        joblib.dump(model, path)
        with service(path, PROCESSES, THREADS) as (address, processes):
            for size, number, different in [(1, given.requests, 1_000), (given.rows, given.large, 10)]:
                print(f"Rows in a request: {size:,}")
                passed.append(passes(pool, address, processes, questions(model, X, size, different), number))
            alive = sum(process.is_alive() for process in processes)
            mapping = sum(maps(process, path) for process in processes)
            print(f"{alive} of {PROCESSES} processes alive, {mapping} with the model mapped into memory")
    return not (all(passed) and alive == mapping == PROCESSES)


if __name__ == "__main__":
    sys.exit(main())
