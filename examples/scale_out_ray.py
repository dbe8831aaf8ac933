# %% [markdown]
# # A search on many machines: ray
#
# The same search as with dask, on a cluster of ray: `pip install -e ".[ray]"`. Here `ray.init` starts two processes on
# this machine. On many machines, run `ray start --head` on one and `ray start --address=HEAD:6379` on the others, and
# join them by `ray.init(address="auto")`.

# %%
import time
from importlib.util import find_spec

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from sknet import MLPClassifierScratch

X, y = load_digits(return_X_y=True)
net = MLPClassifierScratch(max_iter=15, random_state=0)
search = GridSearchCV(net, {"depth": [1, 2], "width": [16, 32]}, cv=3, error_score="raise")

# %% [markdown]
# If a worker is lost, this search ends with `ActorDiedError`. If you pass
# `ray_remote_args={"max_restarts": 2, "max_task_retries": 2}` to `parallel_config`, the worker is restarted and its
# fits are repeated, with the same result.


# %%
def main():
    import ray
    from ray.util.joblib import register_ray

    search.fit(X, y)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    register_ray()
    started = time.perf_counter()
    with joblib.parallel_config("ray", n_jobs=2):
        far = GridSearchCV(**search.get_params(deep=False)).fit(X, y)
    print(f"{3 * len(far.cv_results_['params'])} fits in {time.perf_counter() - started:.1f} seconds")
    ray.shutdown()
    here, there = (s.cv_results_["mean_test_score"] for s in (search, far))
    print("\nAccuracy by cross-validation\ndepth width     one process      ray cluster")
    for parameters, a, b in zip(far.cv_results_["params"], here, there):
        print(f"{parameters['depth']:>5} {parameters['width']:>5}{a:>16.4f}{b:>17.4f}")
    print(f"\nequal to the last bit: {np.array_equal(here, there)}; best: {far.best_params_}")


# %%
if __name__ == "__main__":
    if find_spec("ray") is None:
        print('ray is not installed: pip install -e ".[ray]"')
    else:
        main()
