"""Estimators of each kind, and functions that save and load them, for tests of model files."""

import numpy as np
import pytest
from oracles import PLAIN
from small_data import LABELS, SMALL, Y

import sknet
from sknet import MLPClassifierScratch, MLPRegressorScratch, load, presets, save

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])


def target(Estimator):
    return LABELS if Estimator is CLF else Y


def outputs(mlp, X):
    return mlp.predict(X) if isinstance(mlp, REG) else mlp.predict_proba(X)


def there_and_back(mlp, folder):
    save(mlp, folder / "model.safetensors")
    return load(folder / "model.safetensors")


def bytes_of(mlp, folder):
    """Return the whole estimator as one string of bytes."""
    save(mlp, folder / "bytes")
    return (folder / "bytes").read_bytes()


# Each kind of estimator

VARIANTS = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.02, "n_iter_no_change": 2},
    "plain sgd": {"solver": "sgd", "momentum": 0.0, "learning_rate": "invscaling"},
    "rmsprop": {"solver": "rmsprop", "learning_rate": "exponential"},
    "adagrad": {"solver": "adagrad", "max_grad_norm": 1.0},
    "lbfgs": {"solver": "lbfgs"},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.2},
    "own scorer, by name": {"early_stopping": True, "scoring": "loss"},
    "dropout": {"dropout": 0.3, "depth": 2},
    "dropouts": {"dropout": [0.3, 0.1], "depth": 2, "weight_decay": 0.1},
    "batch normalization": {"normalization": "batch", "depth": 2},
    "layer normalization": {"normalization": "layer", "depth": 2},
    "linear": {"depth": 0},
    "activations": {"activation": ["tanh", "gelu", "softmax"], "depth": 3},
    "activation objects": {"activation": (sknet.ACTIVATIONS["elu"], "sigmoid"), "depth": 2},
    "schedule": {"learning_rate": "one_cycle"},
    "schedule objects": {"learning_rate": sknet.schedules.Warmup(sknet.schedules.LogCosine(2), share=0.1)},
    "float32": {"dtype": "float32"},
    "a type": {"dtype": np.float32},
    "a dtype": {"dtype": np.dtype("float64")},
    "raw": {"standardize": False},
    "endless": {"n_iter_no_change": np.inf},
    "numbers of NumPy": {"alpha": np.float64(0.1), "width": np.int64(5), "warm_start": np.bool_(True)},
    "number of float32": {"tol": np.float32(0.001), "beta_1": np.float32(0.8), "solver": "adam"},
    "arrays of NumPy": {"hidden_layer_sizes": np.array([5, 4]), "dropout": np.array([0.1, 0.2])},
    "no seed": {"random_state": None},
    "in order": {"shuffle": False},
    "cosine to the end": {"learning_rate": "cosine", "max_iter": "auto", "batch_size": 20, "beta_2": 0.95, "tol": 0.0},
    "plain": {name: value for name, value in PLAIN["regression"].items() if name not in SMALL},
    "defaults": {
        "depth": 2, "learning_rate": "cosine", "beta_2": 0.95, "n_iter_no_change": 50,
        **dict.fromkeys(("early_stopping", "dropout", "weight_decay"), "auto"),
    },
    "robust": {"standardize": "robust"},
    "periodic": {"embedding": "periodic"},
    "periodic, raw": {"embedding": "periodic", "standardize": False},
    "for tables": presets.tabular("regression") | {"early_stopping": True, "dropout": 0.1},
    "for tables, normalized": presets.tabular("regression") | {"normalization": "batch", "dtype": None},
}  # fmt: skip
