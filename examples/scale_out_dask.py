# %% [markdown]
# # A search on many machines: dask
#
# A search consists of many independent fits. scikit-learn passes them to joblib, and joblib passes them to an engine,
# here dask: `pip install -e ".[dask]"`. The cluster of this script is two processes on this machine. On many machines,
# run `dask scheduler` on one and `dask worker tcp://scheduler:8786` on each, and pass that address to `Client`. The
# other lines are the same.

# %%
import time
from importlib.util import find_spec
from itertools import chain

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from sknet import MLPClassifierScratch

X, y = load_digits(return_X_y=True)
# With an int for `random_state`, the result does not depend on where a fit runs.
net = MLPClassifierScratch(n_members=1, embedding=None, max_iter=15, random_state=0)
folds = list(StratifiedKFold(3).split(X, y))
search = GridSearchCV(net, {"depth": [1, 2], "width": [16, 32, 64]}, cv=folds, error_score="raise")

# %% [markdown]
# If a worker is lost, its fits are repeated with the same result, provided that other workers have the same data. So
# `scatter` sends the data to every worker before the search, and `amm.stop` stops dask's memory manager, which would
# delete all copies except one. The row numbers of each fold are data too, so the folds are made before the search.


# %%
def run_on(cluster):
    """Return the search, run by the workers of a cluster, and the seconds that it took."""
    from dask.distributed import Client

    with Client(cluster) as client:
        client.amm.stop()
        started = time.perf_counter()
        with joblib.parallel_config("dask", client=client, scatter=[X, y, *chain(*folds)]):
            far = GridSearchCV(**search.get_params(deep=False)).fit(X, y)
        return far, time.perf_counter() - started


def main():
    from dask.distributed import LocalCluster

    search.fit(X, y)
    # The cluster stops at the end of the block.
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        print(f"{len(cluster.workers)} workers", end=", ")
        far, seconds = run_on(cluster)
    print(f"{len(search.cv_results_['params']) * len(folds)} fits in {seconds:.1f} seconds")
    here, there = (s.cv_results_["mean_test_score"] for s in (search, far))
    print("\nAccuracy by cross-validation\ndepth width     one process     dask cluster")
    for parameters, a, b in zip(far.cv_results_["params"], here, there):
        print(f"{parameters['depth']:>5} {parameters['width']:>5}{a:>16.4f}{b:>17.4f}")
    print(f"\nequal to the last bit: {np.array_equal(here, there)}; best: {far.best_params_}")


# %% [markdown]
# Worker processes import this file, so the code that starts them must not run on import.

# %%
if __name__ == "__main__":
    if find_spec("distributed") is None:
        print('dask is not installed: pip install -e ".[dask]"')
    else:
        main()
