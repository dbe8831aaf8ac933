# %% [markdown]
# # Numbers and categories in one table
#
# A network wants numbers. `ColumnTransformer` gives each kind of column its own treatment, and the network comes last
# in the pipeline: one object, which is fitted, searched and saved as a whole. Numbers need no scaler, as the network
# standardizes its inputs itself.

# %%
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from sknet import MLPRegressorScratch

# Rents of 1,500 flats. A square metre costs more in some towns than in others, and a lift is worth something only
# above the second floor: effects of two columns together, which no sum of columns has.
rng = np.random.default_rng(0)
n = 1500
flats = pd.DataFrame(
    {
        "area": rng.uniform(20, 120, n),
        "floor": rng.integers(0, 9, n).astype(float),
        "town": rng.choice(["Aachen", "Bonn", "Celle", "Dachau"], n, p=[0.4, 0.3, 0.2, 0.1]),
        "lift": rng.choice(["yes", "no"], n),
    }
)
per_metre = flats["town"].map({"Aachen": 10.0, "Bonn": 13.0, "Celle": 7.0, "Dachau": 16.0})
stairs = 25.0 * np.maximum(flats["floor"] - 2, 0) * (flats["lift"] == "no")
rent = per_metre * flats["area"] - stairs + rng.normal(0, 40, n)
flats.loc[rng.random(n) < 0.05, "floor"] = np.nan
train, test, y_train, y_test = train_test_split(flats, rent, random_state=0)

# %% [markdown]
# Columns are chosen by type: missing numbers are filled in and marked, categories become a column each. A category
# that comes up only later gets zeros instead of an error.

# %%
columns = make_column_transformer(
    (SimpleImputer(strategy="median", add_indicator=True), make_column_selector(dtype_include="number")),
    (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
)
net = MLPRegressorScratch(max_iter=60, random_state=0)
model = Pipeline([("columns", columns), ("net", net)])
search = GridSearchCV(model, {"net__depth": [0, 1, 2], "net__width": [16, 64]}, cv=3).fit(train, y_train)
linear = Pipeline([("columns", columns), ("ridge", RidgeCV(np.logspace(-3, 3, 7)))]).fit(train, y_train)

print("what the network sees:", *(str(name) for name in search.best_estimator_["columns"].get_feature_names_out()))
print(f"\nbest: depth {search.best_params_['net__depth']}, width {search.best_params_['net__width']}")
print("\nOn new flats        R2    mean absolute error")
for name, fitted in (("ridge", linear), ("network", search)):
    error = np.abs(fitted.predict(test) - y_test).mean()
    print(f"{name:<15}{fitted.score(test, y_test):>7.3f}{error:>23.1f}")
print(f"{'the noise alone':<15}{'':>7}{40 * np.sqrt(2 / np.pi):>23.1f}")
assert search.score(test, y_test) > linear.score(test, y_test)

# %% [markdown]
# What the network has learned of the lift: the rent of one flat in Bonn, floor by floor. From the third floor on, each
# floor without a lift takes off 25. In Emden, which it has never seen, it still answers.

# %%
floors = pd.DataFrame({"area": 70.0, "floor": np.arange(9.0), "town": "Bonn", "lift": "yes"})
without = search.predict(floors) - search.predict(floors.assign(lift="no"))
print("\nfloor               " + "".join(f"{f:>6}" for f in range(9)))
print("a lift is worth     " + "".join(f"{w:>6.0f}" for w in without))
print("in truth            " + "".join(f"{25 * max(f - 2, 0):>6}" for f in range(9)))
print(f"\n70 square metres on the first floor in Emden: {search.predict(floors.assign(town='Emden'))[1]:.0f}")
