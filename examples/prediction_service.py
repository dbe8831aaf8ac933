# %% [markdown]
# # A prediction service
#
# This script serves a model over HTTP with the standard library. Clients send rows as JSON and get predictions as
# JSON: `curl -d '[[5.1, 3.5, 1.4, 0.2]]' http://127.0.0.1:8000`. Several processes answer, each with several threads.
# They map one file into memory, so the weights are in memory once. `joblib.load` runs whatever code a file contains:
# serve only files that you wrote. `sknet.load` runs nothing in a file, but reads it whole, so each process has a copy.
#
# The service listens on this machine only. Put a web server in front of it that limits the size of requests before
# you open it to others.

# %%
import json
import multiprocessing
import socket
import tempfile
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import joblib
import numpy as np
from sklearn.datasets import load_iris
from threadpoolctl import threadpool_limits

from sknet import MLPClassifierScratch


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection after the other."""

    protocol_version = "HTTP/1.1"  # a client may keep its connection
    timeout = 60  # seconds of silence after which the connection ends and its thread is free
    wbufsize = -1  # send header and body together
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status, answer = 200, predictions(self.server.model, json.loads(body))
        except (TypeError, ValueError) as error:
            status, answer = 400, {"error": str(error)}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Write no line for each request."""


def predictions(model, rows):
    """Return probabilities, or numbers of a regressor; null in a row is a missing value."""
    predict = getattr(model, "predict_proba", model.predict)
    return predict(np.array(rows, dtype=np.float64)).tolist()


def serve(listener, path, n_threads):
    """Answer requests in this process, until it is terminated."""
    threadpool_limits(1)  # the threads of the service keep the cores busy, so BLAS needs none of its own
    server = HTTPServer(listener.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket, server.model = listener, joblib.load(path, mmap_mode="r")
    for _ in range(n_threads):
        Thread(target=server.serve_forever).start()


@contextmanager
def service(path, n_processes, n_threads=8, port=0):
    """Serve a model file while the block runs, which gets the address and the processes; port 0 is a free one."""
    context = multiprocessing.get_context("spawn")
    with socket.create_server(("127.0.0.1", port), backlog=n_processes * n_threads) as listener:
        processes = [context.Process(target=serve, args=(listener, path, n_threads)) for _ in range(n_processes)]
        for process in processes:
            process.start()
        try:
            yield listener.getsockname(), processes
        finally:
            for process in processes:
                process.terminate()
                process.join()


def ask(address, rows):
    """Return what the service answers."""
    host, port = address
    with urllib.request.urlopen(f"http://{host}:{port}", json.dumps(rows).encode()) as answer:
        return json.load(answer)


# %%
if __name__ == "__main__":
    X, y = load_iris(return_X_y=True)
    net = MLPClassifierScratch(random_state=0).fit(X, y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "iris.joblib"
        joblib.dump(net, path)
        with service(path, n_processes=2) as (address, _):
            for rows in [X[:1], X[50:52], X]:
                same = ask(address, rows.tolist()) == net.predict_proba(rows).tolist()
                print(f"{len(rows):3} rows: the answer equals predict_proba: {same}")
