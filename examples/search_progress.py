# %% [markdown]
# # One progress bar for a search
#
# `verbose="progress"` shows a bar for each fit. A search has many fits, often in several processes. From scikit-learn
# 1.9 on, the callback `ProgressBar` shows one bar for all of them. It needs rich, the extra `progress`.

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
# A larger `max_propagation_depth` adds a bar for each fit. The bar of a single fit shows loss, score and time left:

# %%
MLPClassifierScratch(verbose="progress", random_state=0).fit(X, y)
