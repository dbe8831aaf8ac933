# %% [markdown]
# # Data larger than memory
#
# Two ways. `fit` reads a memory map row by row, in the order that training wants, and copies none of it: all epochs,
# the schedule, early stopping, as ever; the file has to lie on a disk that this machine reads fast. `partial_fit` takes
# chunk by chunk from wherever they come, here a dask array, and holds one at a time.

# %%
import tempfile
import tracemalloc
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.base import clone

from sknet import MLPClassifierScratch

N_ROWS, N_FEATURES, CHUNK = 120_000, 100, 10_000  # 46 MiB; the principle is that of 460 GiB
rng = np.random.default_rng(0)
weights = rng.normal(size=N_FEATURES)


def rows(n):
    """Return n rows of the same kind."""
    X = rng.standard_normal((n, N_FEATURES), dtype=np.float32)
    return X, (np.abs(X @ weights) > 6.0).astype(np.int8)


def write(folder):
    """Write the data chunk by chunk: they are never in memory as a whole."""
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
    """Return a dask array of chunks that are read when they are asked for: `da.from_array` would copy the whole map."""
    chunks = [dask.delayed(read)(path, start) for start in range(0, N_ROWS, CHUNK)]
    return da.concatenate([da.from_delayed(chunk, (CHUNK, *columns), dtype) for chunk in chunks])


def by_dask(net, folder, n_passes=2):
    """Do the same with a dask array: its chunks may as well be objects in a store, or results of computations."""
    X, y = dask_array(folder / "X.npy", np.float32, N_FEATURES), dask_array(folder / "y.npy", np.int8)
    for _ in range(n_passes):
        for X_chunk, y_chunk in zip(X.blocks, y.blocks):
            net.partial_fit(*dask.compute(X_chunk, y_chunk), classes=[0, 1])
    return net


# %%
ways = {"fit on the memory map": by_memory_map, "partial_fit, slices": by_chunks}
if find_spec("dask") is None:
    print('no dask here: pip install -e ".[dask]"')
else:
    import dask
    import dask.array as da

    ways["partial_fit, dask"] = by_dask

# One plain network, which is what `partial_fit` trains: by default `fit` would train four of them on so many rows, and
# hold a tenth of the rows for each, to validate on.
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
