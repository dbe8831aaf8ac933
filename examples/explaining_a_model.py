# %% [markdown]
# # What a network has learned from a data frame
#
# scikit-learn answers two questions for any model. Permutation importance: how much worse are predictions on new rows
# if the values of one column are shuffled? Partial dependence: how does the mean prediction change with one column, if
# all other columns are unchanged? Both take the frame without conversion, so columns and levels keep their names.

# %%
from importlib.util import find_spec

import numpy as np
import pandas as pd
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import train_test_split

from sknet import MLPRegressorScratch

# Rents of 2,000 flats. They depend on area and town. A balcony raises the rent in quiet streets only, the floor never.
rng = np.random.default_rng(0)
n = 2000
flats = pd.DataFrame(
    {
        "area": rng.uniform(20, 120, n),
        "town": pd.Categorical(rng.choice(["Aachen", "Bonn", "Celle", "Dachau"], n)),
        "street": pd.Categorical(rng.choice(["busy", "quiet"], n)),
        "balcony": pd.Categorical(rng.choice(["no", "yes"], n)),
        "floor": rng.integers(0, 6, n).astype(float),
    }
)
per_metre = flats["town"].map({"Aachen": 10.0, "Bonn": 13.0, "Celle": 7.0, "Dachau": 16.0}).astype(float)
balcony = 150.0 * ((flats["balcony"] == "yes") & (flats["street"] == "quiet"))
rent = 200.0 + per_metre * flats["area"] + balcony + rng.normal(0, 60, n)
train, test, y_train, y_test = train_test_split(flats, rent, random_state=0)

net = MLPRegressorScratch(random_state=0).fit(train, y_train)
print(f"R2 on new flats {net.score(test, y_test):.3f}")

# %% [markdown]
# The decrease of R2 when a column is shuffled, with the standard deviation over five shuffles.

# %%
importance = permutation_importance(net, test, y_test, n_repeats=5, random_state=0)
order = importance.importances_mean.argsort()[::-1]
print("\nPermutation importance")
for i in order:
    print(f"{flats.columns[i]:<10}{importance.importances_mean[i]:8.3f} +- {importance.importances_std[i]:.3f}")

# %% [markdown]
# The mean prediction for each level of a column, or for each pair of levels of two columns.

# %%
CATEGORIES = ["town", "street", "balcony"]


def mean_rents(columns):
    """Return the mean prediction for each level, or pair of levels."""
    found = partial_dependence(net, test, columns, categorical_features=CATEGORIES, kind="average")
    index = pd.MultiIndex.from_product(found["grid_values"], names=columns)
    return pd.Series(found["average"].ravel(), index=index)


print("\nMean rent by town")
for (town,), value in mean_rents(["town"]).items():
    print(f"{town:<10}{value:8.0f}")

by_street = mean_rents(["street", "balcony"]).unstack()
for street, row in by_street.iterrows():
    print(f"A balcony in a {street} street is worth {row['yes'] - row['no']:.0f}")

# %% [markdown]
# The picture needs matplotlib: `pip install -e ".[plot]"`. `PartialDependenceDisplay` draws curves for numbers, bars
# for categories, and a heat map for a pair of categories.


# %%
def draw(path):
    """Draw importances and partial dependences."""
    from matplotlib.figure import Figure
    from sklearn.inspection import PartialDependenceDisplay

    figure = Figure(figsize=(8.5, 6.5), layout="constrained")
    (first, *rest) = figure.subplots(2, 2).ravel()
    rising = order[::-1]
    first.barh(flats.columns[rising], importance.importances_mean[rising], xerr=importance.importances_std[rising])
    first.set(title="permutation importance", xlabel="decrease of R²")
    PartialDependenceDisplay.from_estimator(
        net, test, ["area", "town", ("street", "balcony")], categorical_features=CATEGORIES, grid_resolution=20, ax=rest
    )
    for ax in rest[:2]:
        ax.set(title="partial dependence", ylabel="mean rent", ylim=(0, 1700))
    rest[2].set_title("partial dependence, mean rent")
    for ax in rest[1:]:
        ax.tick_params(axis="x", labelrotation=0)
    figure.savefig(path, dpi=80)


if find_spec("matplotlib"):
    draw("explanations.png")
    print("\nPicture: explanations.png")
