# %% [markdown]
# # Data larger than memory
#
# There are two ways. `fit` reads rows of a memory map in the order that training needs and does not copy the map.
# Epochs, schedule and early stopping work as usual, but the file has to be on a disk that this machine reads fast.
# `partial_fit` takes one chunk after the other, from any source, such as a dask array. Only one chunk is in memory.

# %%
import tempfile
import tracemalloc
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.base import clone

from sknet import MLPClassifierScratch

N_ROWS, N_FEATURES, CHUNK = 120_000, 100, 10_000  # 46 MiB; it works in the same way for 460 GiB
rng = np.random.default_rng(0)
weights = rng.normal(size=N_FEATURES)


def rows(n):
    """Return n random rows."""
    X = rng.standard_normal((n, N_FEATURES), dtype=np.float32)
    return X, (np.abs(X @ weights) > 6.0).astype(np.int8)


def write(folder):
    """Write the data in chunks, so that they are never in memory as a whole."""
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (N_ROWS, N_FEATURES))
    y = np.lib.format.open_memmap(folder / "y.npy", "w+", np.int8, (N_ROWS,))
    for start in range(0, N_ROWS, CHUNK):
        part = slice(start, start + CHUNK)
        X[part], y[part] = rows(CHUNK)
    X.flush()
    y.flush()


# %%
def by_memory_map(net, folder):
    return net.fit(np.load(folder / "X.npy", mmap_mode="r"), np.load(folder / "y.npy"))


def read(path, start):
    """Return one chunk of a file."""
    return np.load(path, mmap_mode="r")[start : start + CHUNK]


def by_chunks(net, folder, n_passes=2):
    for _ in range(n_passes):
        for start in range(0, N_ROWS, CHUNK):
            net.partial_fit(read(folder / "X.npy", start), read(folder / "y.npy", start), classes=[0, 1])
    return net


def dask_array(path, dtype, *columns):
    """Return a dask array whose chunks are read when needed; `da.from_array` would copy the whole map."""
    chunks = [dask.delayed(read)(path, start) for start in range(0, N_ROWS, CHUNK)]
    return da.concatenate([da.from_delayed(chunk, (CHUNK, *columns), dtype) for chunk in chunks])


def by_dask(net, folder, n_passes=2):
    """Do the same with a dask array, whose chunks may also be objects in a store or results of computations."""
    X, y = dask_array(folder / "X.npy", np.float32, N_FEATURES), dask_array(folder / "y.npy", np.int8)
    for _ in range(n_passes):
        for X_chunk, y_chunk in zip(X.blocks, y.blocks):
            net.partial_fit(*dask.compute(X_chunk, y_chunk), classes=[0, 1])
    return net


# %%
ways = {"fit on the memory map": by_memory_map, "partial_fit, slices": by_chunks}
if find_spec("dask") is None:
    print('dask is not installed: pip install -e ".[dask]"')
else:
    import dask
    import dask.array as da

    ways["partial_fit, dask"] = by_dask

# One member without embedding, which is what `partial_fit` trains. By default, `fit` would train four members on so
# many rows, and set a tenth of the rows aside for each of them.
net = MLPClassifierScratch(n_members=1, embedding=None, width=64, batch_size=500, max_iter=2, random_state=0)
X_new, y_new = rows(5_000)
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
    write(Path(name))
    size = (Path(name) / "X.npy").stat().st_size
    print(f"the data: {size / 2**20:.0f} MiB, {N_ROWS:,} rows\n\n{'':<24}accuracy   largest allocation [MiB]")
    for way, train in ways.items():
        tracemalloc.start()
        trained = train(clone(net), Path(name))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{way:<24}{trained.score(X_new, y_new):>8.3f}{peak / 2**20:>27.1f}")
        assert peak < size / 2
