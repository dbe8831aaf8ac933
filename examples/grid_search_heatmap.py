# %% [markdown]
# # A grid over depth and width, as a heat map
#
# `depth` and `width` are numbers, so a grid over both can be drawn as a heat map. Often many networks are equally good
# within the noise of cross-validation. `refit` may be a function that chooses one of them: here, the smallest network
# within one standard error of the best.

# %%
from importlib.util import find_spec

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

from sknet import MLPClassifierScratch

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=900, stratify=y, random_state=0)

DEPTHS, WIDTHS = [1, 2, 3, 4], [4, 8, 16, 32, 64]
FOLDS = 4


def smallest_good_one(results):
    """Return the index of the smallest network within one standard error of the best score."""
    mean = results["mean_test_score"]
    best = mean.argmax()
    good = np.flatnonzero(mean >= mean[best] - results["std_test_score"][best] / np.sqrt(FOLDS))
    weights = results["param_depth"].astype(int) * results["param_width"].astype(int) ** 2
    return good[weights[good].argmin()]


net = MLPClassifierScratch(max_iter=30, random_state=0)
search = GridSearchCV(net, {"depth": DEPTHS, "width": WIDTHS}, cv=FOLDS, refit=smallest_good_one, n_jobs=2)
search.fit(X_train, y_train)

# %% [markdown]
# `cv_results_` sorts parameters by name and varies the last one fastest, so the scores form an array with a row for
# each depth and a column for each width.

# %%
scores = search.cv_results_["mean_test_score"].reshape(len(DEPTHS), len(WIDTHS))
print("Accuracy by cross-validation\ndepth" + "".join(f"{f'width {width}':>10}" for width in WIDTHS))
for depth, row in zip(DEPTHS, scores):
    print(f"{depth:>5}" + "".join(f"{score:>10.3f}" for score in row))

best = search.cv_results_["params"][scores.argmax()]
chosen = search.best_params_
print(f"\nbest score: depth {best['depth']}, width {best['width']}")
print(f"smallest good network: depth {chosen['depth']}, width {chosen['width']}", end=", ")
print(f"{search.best_estimator_.n_parameters_:,} parameters, accuracy {search.score(X_test, y_test):.3f} on new rows")

# %% [markdown]
# The picture needs matplotlib: `pip install -e ".[plot]"`.


# %%
def heat_map(path):
    """Draw the scores, with a frame around the chosen network."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(6, 4), layout="constrained")
    ax = figure.subplots()
    image = ax.imshow(scores, cmap="viridis", aspect="auto", origin="lower")
    for (i, j), score in np.ndenumerate(scores):
        dark = image.norm(score) < 0.6
        ax.text(j, i, f"{score:.3f}", ha="center", va="center", color="white" if dark else "black")
    corner = WIDTHS.index(chosen["width"]) - 0.5, DEPTHS.index(chosen["depth"]) - 0.5
    ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="tab:red", linewidth=3, clip_on=False))
    ax.set(xlabel="width", ylabel="depth", title="Accuracy by cross-validation; frame: the choice")
    ax.set_xticks(range(len(WIDTHS)), WIDTHS)
    ax.set_yticks(range(len(DEPTHS)), DEPTHS)
    figure.colorbar(image)
    figure.savefig(path, dpi=100)


if find_spec("matplotlib") is None:
    print('matplotlib is not installed: pip install -e ".[plot]"')
else:
    heat_map("grid_search_heatmap.png")
    print("Picture: grid_search_heatmap.png")
