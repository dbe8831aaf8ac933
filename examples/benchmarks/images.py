"""Measure test error, epochs and time on the official splits of MNIST and Fashion-MNIST.

    python examples/benchmarks/images.py [--data mnist fashion] [--folder DIR]

Images come from OpenML (scikit-learn's `fetch_openml`), or from DIR/mnist.npz and DIR/fashion_mnist.npz with arrays X
of shape (70000, 784) and y, the 60,000 training rows first. Pixels are divided by 255. There is no augmentation and no
convolution.
"""

import argparse
import time
from pathlib import Path

import _timing
import numpy as np
from sklearn.datasets import fetch_openml

from sknet import MLPClassifierScratch

OPENML = {"mnist": "mnist_784", "fashion": "Fashion-MNIST"}
FILES = {"mnist": "mnist.npz", "fashion": "fashion_mnist.npz"}
REGULARIZED = {
    "dropout": 0.4, "weight_decay": 0.3, "learning_rate_init": 0.001, "max_iter": 60, "n_iter_no_change": 60,
    "standardize": False,
}  # fmt: skip
NETS = {
    "2 x 100, defaults": {"hidden_layer_sizes": (100, 100)},
    "2 x 100, as pixels": {"hidden_layer_sizes": (100, 100), "standardize": False},
    "2 x 512, dropout": REGULARIZED | {"depth": 2, "width": 512},
    "3 x 1024, dropout": REGULARIZED | {"depth": 3, "width": 1024},
}


def load(name, folder):
    """Return the images, float32 in [0, 1], and their classes."""
    if folder is None:
        X, y = fetch_openml(OPENML[name], version=1, as_frame=False, return_X_y=True)
    else:
        with np.load(Path(folder) / FILES[name]) as arrays:
            X, y = arrays["X"], arrays["y"]
    return X.astype(np.float32) / 255.0, y.astype(int)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=["mnist", "fashion"], choices=OPENML)
    parser.add_argument("--nets", nargs="+", type=int, default=list(range(len(NETS))), help="numbers, from 0")
    parser.add_argument("--folder")
    arguments = parser.parse_args()
    _timing.header()
    for name in arguments.data:
        X, y = load(name, arguments.folder)
        for number in arguments.nets:
            title = list(NETS)[number]
            net = MLPClassifierScratch(**NETS[title], random_state=0)
            start = time.perf_counter()
            net.fit(X[:60000], y[:60000])
            seconds = time.perf_counter() - start
            error = np.mean(net.predict(X[60000:]) != y[60000:])
            print(f"{name:8s} {title:20s} error {error:.2%}, {net.n_iter_} epochs, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
