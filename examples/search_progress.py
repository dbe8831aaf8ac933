# %% [markdown]
# # One progress bar for a search
#
# `verbose="progress"` gives each fit a bar of its own. A search has many fits, often in several processes: from
# scikit-learn 1.9 on, its own callback shows one bar for all of them. It needs rich, the extra `progress`.

# %%
from sklearn.callback import ProgressBar
from sklearn.datasets import load_wine
from sklearn.model_selection import GridSearchCV

from sknet import MLPClassifierScratch

X, y = load_wine(return_X_y=True)
search = GridSearchCV(MLPClassifierScratch(max_iter=30, random_state=0), {"depth": [0, 1, 2], "width": [16, 64]}, cv=3)
search.set_callbacks(ProgressBar(max_propagation_depth=0)).fit(X, y)
print(f"best: {search.best_params_}, accuracy {search.best_score_:.3f}")

# %% [markdown]
# A larger `max_propagation_depth` adds a bar below it for each fit. A single fit, with loss, score and time left:

# %%
MLPClassifierScratch(verbose="progress", random_state=0).fit(X, y)
