# %% [markdown]
# # Numbers, categories and missing values in one data frame
#
# `fit` takes a data frame with numbers, text, categories, truth values and missing values. A column of few levels is
# one-hot; each level of a column of many levels has a learned vector. Rare and new levels are treated as one level.

# %%
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sknet import MLPClassifierScratch

# 4,000 flats; y is whether a flat is let within a week. The price of a square metre depends on the town, a lift counts
# only above the second floor, and agents have different skill.
rng = np.random.default_rng(0)
n = 4000
flats = pd.DataFrame(
    {
        "area": rng.uniform(20, 120, n),
        "floor": rng.integers(0, 9, n).astype(float),
        "town": rng.choice(["Aachen", "Bonn", "Celle", "Dachau"], n, p=[0.4, 0.3, 0.2, 0.1]),
        "agent": pd.Categorical(rng.integers(1000, 1300, n)),
        "lift": rng.random(n) < 0.5,
        "rent": rng.uniform(300, 1500, n),
    }
)
per_metre = flats["town"].map({"Aachen": 10.0, "Bonn": 13.0, "Celle": 7.0, "Dachau": 16.0})
stairs = 40.0 * np.maximum(flats["floor"] - 2, 0) * ~flats["lift"]
skill = rng.normal(0, 150, 300)[flats["agent"].cat.codes]
let = per_metre * flats["area"] - stairs + skill - flats["rent"] + rng.normal(0, 150, n) > 0
flats.loc[rng.random(n) < 0.1, "floor"] = np.nan
flats.loc[rng.random(n) < 0.05, "town"] = None
train, test, y_train, y_test = train_test_split(flats, let, random_state=0)

# %% [markdown]
# The network alone, compared with a pipeline that prepares each kind of column by hand. Each agent has only about ten
# flats, so a network overfits soon; both use early stopping.

# %%
net = MLPClassifierScratch(early_stopping=True, random_state=0)
net.fit(train, y_train)

columns = make_column_transformer(
    (SimpleImputer(add_indicator=True), make_column_selector(dtype_include="number")),
    (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
)
by_hand = make_pipeline(columns, MLPClassifierScratch(early_stopping=True, random_state=0)).fit(train, y_train)

print("Area under the ROC curve on new flats")
for name, model in (("the network alone", net), ("by hand", by_hand)):
    print(f"{name:<20}{roc_auc_score(y_test, model.predict_proba(test)[:, 1]):.3f}")

# %% [markdown]
# Emden and agent 2000 were not in the training rows; the prediction lies between those for known towns.

# %%
flat = test[:1].assign(area=70.0, floor=1.0, rent=700.0, agent=2000)
print("\nProbability that a flat of 70 square metres for 700, of a new agent, is let within a week")
for town in ("Aachen", "Bonn", "Celle", "Dachau", "Emden"):
    print(f"{town:<20}{net.predict_proba(flat.assign(town=town))[0, 1]:.2f}")
