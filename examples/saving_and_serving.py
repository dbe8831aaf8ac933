# %% [markdown]
# # Saving and serving
#
# A file of a fitted network contains everything that is needed to continue training: optimizer, learning rate, random
# state. The network can be served by this package, by scikit-learn alone, or by ONNX Runtime without Python.

# %%
import pickle
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sknet import MLPClassifierScratch
from sknet.export import to_onnx, to_sklearn, trusted_types

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
# One member with ReLU and without embedding, so that scikit-learn's own estimator can compute the same function.
PLAIN = {"activation": "relu", "n_members": 1, "embedding": None, "standardize": True}
net = MLPClassifierScratch(
    **PLAIN, depth=1, width=64, learning_rate_init=0.01, batch_size=200, max_iter=300, tol=1e-3, n_iter_no_change=5,
    random_state=0,
).fit(X_train, y_train)  # fmt: skip
print(f"accuracy {net.score(X_test, y_test):.3f} after {net.n_iter_} epochs, {net.n_parameters_:,} weights and biases")

# %% [markdown]
# ## Files
#
# `pickle` and `joblib` run any code that a file contains: load only files that you wrote yourself. `skops` loads a file
# only if all its types are on a list; `trusted_types` returns the types of this package. With `mmap_mode="r"`, weights
# are read directly from the file, so processes that serve the same file share its memory.


# %%
def save_and_load(folder):
    """Return the network loaded from each kind of file, and the size of the file."""
    (folder / "net.pkl").write_bytes(pickle.dumps(net))
    joblib.dump(net, folder / "net.joblib")
    joblib.dump(net, folder / "net.joblib.gz", compress=3)
    copies = {
        "net.pkl": pickle.loads((folder / "net.pkl").read_bytes()),
        "net.joblib": joblib.load(folder / "net.joblib", mmap_mode="r"),
        "net.joblib.gz": joblib.load(folder / "net.joblib.gz"),
    }
    if find_spec("skops") is None:
        print('skops is not installed: pip install -e ".[skops]"')
    else:
        from skops import io

        io.dump(net, folder / "net.skops")
        copies["net.skops"] = io.load(folder / "net.skops", trusted=trusted_types())
    return {name: (copy, (folder / name).stat().st_size) for name, copy in copies.items()}


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
    copies = save_and_load(Path(folder))
    net.partial_fit(X_train, y_train)
    print("\nfile              KiB   same bits after one more epoch")
    for name, (copy, size) in copies.items():
        copy.partial_fit(X_train, y_train)
        same = all(map(np.array_equal, copy.coefs_, net.coefs_))
        print(f"{name:15}{size / 1024:6.0f}   {same}")
    del copies, copy

# %% [markdown]
# ## scikit-learn alone
#
# `to_sklearn` returns scikit-learn's own estimator with the same function. It can be loaded without `sknet`.

# %%
twin = to_sklearn(net)
print(f"\n{type(twin).__module__.split('.')[0]}'s {type(twin).__name__}", end=": ")
print(f"largest difference of a probability {np.abs(twin.predict_proba(X_test) - net.predict_proba(X_test)).max():.0e}")

# %% [markdown]
# ## ONNX
#
# `to_onnx` converts the network, or a pipeline with its preprocessing, to a model that ONNX Runtime runs in C++, C#,
# Java, JavaScript or on a telephone. By default, the model computes in float32.


# %%
def milliseconds(predict):
    """Return the median time of a call, in milliseconds."""
    times = []
    for _ in range(200):
        started = time.perf_counter()
        predict()
        times.append(time.perf_counter() - started)
    return 1e3 * np.median(times)


def serve(model, X):
    """Compare a fitted model with its export: size, outputs and the time for one row."""
    import onnxruntime

    data = to_onnx(model).SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    rows = X.astype(np.float32)
    label, probabilities = session.run(None, {"X": rows})
    print(f"{len(data) / 1024:.0f} KiB of ONNX", end=": ")
    print(f"labels {'equal' if np.array_equal(label, model.predict(X)) else 'differ'}", end=", ")
    print(f"largest difference of a probability {np.abs(probabilities - model.predict_proba(X)).max():.0e}")
    ours = milliseconds(lambda: model.predict_proba(X[:1]))
    theirs = milliseconds(lambda: session.run(None, {"X": rows[:1]}))
    print(f"time for one row: sknet {ours:.3f} ms, ONNX Runtime {theirs:.3f} ms")


print()
if find_spec("skl2onnx") is None or find_spec("onnxruntime") is None:
    print('skl2onnx or onnxruntime is not installed: pip install -e ".[onnx]"')
else:
    serve(net, X_test)
    serve(make_pipeline(MinMaxScaler(), clone(net)).fit(X_train, y_train), X_test)
