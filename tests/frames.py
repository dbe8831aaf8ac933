"""Mixed tables: numbers with missing values, text, categories of numbers, booleans, and targets that depend on them."""

import numpy as np
import pandas as pd

N = 200
EFFECT = {"free": -1.5, "basic": 0.0, "für Profis": 1.5}


def mixed_frame(n=N, seed=0, *, gaps=True):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "age": rng.normal(40.0, 10.0, n),
        "plan": rng.choice(list(EFFECT), n),
        "zone": pd.Categorical(rng.choice([3, 11, 200], n)),
        "active": rng.random(n) < 0.5,
        "visits": rng.integers(0, 9, n),
    })  # fmt: skip
    if gaps:
        frame.loc[rng.random(n) < 0.1, "age"] = np.nan
        frame.loc[rng.random(n) < 0.1, "plan"] = None
    return frame


def numbers_for(frame, seed=1):
    noise = np.random.default_rng(seed).normal(0.0, 0.1, len(frame))
    effect = frame["plan"].map(EFFECT).astype(float).fillna(0.7) + frame["active"] * 0.5
    return (effect + frame["age"].fillna(60.0) / 20.0 - 2.0 + noise).to_numpy()


def labels_for(frame):
    return np.where(numbers_for(frame) > 0.2, "yes", "no")
