# %% [markdown]
# # Saving and serving
#
# A fitted network goes to disk with all that training needs to go on: optimizer, learning rate, random stream. It can
# be served by the same Python, by scikit-learn alone, or by ONNX Runtime without Python at all.

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
# One network without an embedding: weights and biases are all there is to it, as scikit-learn's own estimator needs.
PLAIN = {"activation": "relu", "n_members": 1, "embedding": None, "standardize": True}
net = MLPClassifierScratch(
    **PLAIN, depth=1, width=64, learning_rate_init=0.01, batch_size=200, max_iter=300, tol=1e-3, n_iter_no_change=5,
    random_state=0,
).fit(X_train, y_train)  # fmt: skip
print(f"accuracy {net.score(X_test, y_test):.3f} after {net.n_iter_} epochs, {net.n_parameters_:,} weights and biases")

# %% [markdown]
# ## Files
#
# `pickle` and `joblib` run whatever code a file holds: load only your own. A file of `skops` says what is in it, and
# loads only if all of that is on a list; `trusted_types` is the list of what this package puts there. `mmap_mode="r"`
# reads the weights where they lie, so that processes which serve the same file share its pages.


# %%
def save_and_load(folder):
    """Return the network, read back from each kind of file, with the size of the file."""
    (folder / "net.pkl").write_bytes(pickle.dumps(net))
    joblib.dump(net, folder / "net.joblib")
    joblib.dump(net, folder / "net.joblib.gz", compress=3)
    copies = {
        "net.pkl": pickle.loads((folder / "net.pkl").read_bytes()),
        "net.joblib": joblib.load(folder / "net.joblib", mmap_mode="r"),
        "net.joblib.gz": joblib.load(folder / "net.joblib.gz"),
    }
    if find_spec("skops") is None:
        print('no skops here: pip install -e ".[skops]"')
    else:
        from skops import io

        io.dump(net, folder / "net.skops")
        copies["net.skops"] = io.load(folder / "net.skops", trusted=trusted_types())
    return {name: (copy, (folder / name).stat().st_size) for name, copy in copies.items()}


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
    copies = save_and_load(Path(folder))
    net.partial_fit(X_train, y_train)
    print("\nfile              KiB   one more epoch is the same, bit for bit")
    for name, (copy, size) in copies.items():
        copy.partial_fit(X_train, y_train)
        same = all(map(np.array_equal, copy.coefs_, net.coefs_))
        print(f"{name:15}{size / 1024:6.0f}   {same}")
    del copies, copy

# %% [markdown]
# ## scikit-learn alone
#
# `to_sklearn` gives scikit-learn's own estimator with the same function: who loads it needs no `sknet`.

# %%
twin = to_sklearn(net)
print(f"\n{type(twin).__module__.split('.')[0]}'s {type(twin).__name__}", end=": ")
print(f"largest difference of a probability {np.abs(twin.predict_proba(X_test) - net.predict_proba(X_test)).max():.0e}")

# %% [markdown]
# ## ONNX
#
# `to_onnx` writes the network, or a pipeline with all its preprocessing, as a graph that ONNX Runtime serves in C++,
# C#, Java, JavaScript or on a telephone. It computes in float32 unless told otherwise.


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
    print(f"one row takes the model {ours:.3f} ms, ONNX Runtime {theirs:.3f} ms")


print()
if find_spec("skl2onnx") is None or find_spec("onnxruntime") is None:
    print('no skl2onnx or onnxruntime here: pip install -e ".[onnx]"')
else:
    serve(net, X_test)
    serve(make_pipeline(MinMaxScaler(), clone(net)).fit(X_train, y_train), X_test)
