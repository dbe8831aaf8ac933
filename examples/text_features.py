# %% [markdown]
# # Text
#
# Each word becomes a column. There are thousands of columns, and almost all values of a row are zero. The network takes
# such sparse matrices and never makes them dense.
#
# The texts are paragraphs of scikit-learn's documentation; the task is to predict the module of a paragraph.

# %%
import inspect
import re
import time
from importlib import import_module

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline

from sknet import MLPClassifierScratch

MODULES = ["cluster", "covariance", "datasets", "decomposition", "ensemble", "linear_model", "metrics", "preprocessing"]


def paragraphs(module):
    """Yield the paragraphs in the documentation of a module's public names, each with its name."""
    namespace = import_module(f"sklearn.{module}")
    for name in namespace.__all__:
        thing = getattr(namespace, name)
        methods = [f for key, f in vars(thing).items() if not key.startswith("_")] if inspect.isclass(thing) else []
        for documented in (thing, *methods):
            for text in re.split(r"\n\s*\n", inspect.getdoc(documented) or ""):
                if len(text) > 80 and not text.startswith((">>>", "..")):
                    yield text, name


# Some paragraphs occur several times: each is used once, and only if no other module has it.
found = {}
for module in MODULES:
    for text, name in paragraphs(module):
        found.setdefault(text, []).append((module, name))
texts, labels, names = zip(*((t, *w[0]) for t, w in found.items() if len({module for module, _ in w}) == 1))
texts, labels = np.array(texts, dtype=object), np.array(labels)
# All paragraphs about one class or function are either training rows or test rows.
train, test = next(GroupShuffleSplit(test_size=0.3, random_state=0).split(texts, labels, names))
print(f"{len(train)} paragraphs to train on, {len(test)} to test on, {len(MODULES)} modules")

# %% [markdown]
# `TfidfVectorizer` learns a vocabulary. `HashingVectorizer` learns nothing: it needs no memory for words and no earlier
# pass over the texts, so it suits streams. But different words may share a column.
#
# Both return rows of length one. `standardize=False` keeps them unchanged: if columns were divided by their standard
# deviations, the rarest words would have the largest values. For bags of words, linear models are often the best;
# `depth=0` is one.

# %%
TRAINING = {"standardize": False, "max_iter": 15, "random_state": 0}
vectorizers = {
    "tf-idf": TfidfVectorizer(sublinear_tf=True, min_df=2),
    "hashing": HashingVectorizer(n_features=2**12, alternate_sign=False),
}
classifiers = {
    "LogisticRegression": LogisticRegression(C=10.0, solver="saga", tol=0.01, random_state=0),
    "network, depth 0": MLPClassifierScratch(depth=0, learning_rate_init=0.03, **TRAINING),
    "network, depth 1": MLPClassifierScratch(depth=1, width=64, **TRAINING),
}

print(f"\n{'features':<10}{'shape':>14}{'not zero':>10}  {'classifier':<20}{'accuracy':>9}{'fit [s]':>9}")
for features, vectorizer in vectorizers.items():
    for name, classifier in classifiers.items():
        model = make_pipeline(vectorizer, classifier)
        started = time.perf_counter()
        model.fit(texts[train], labels[train])
        seconds = time.perf_counter() - started
        X = model[0].transform(texts[train])
        shape, filled = f"{X.shape[0]} x {X.shape[1]}", X.nnz / np.prod(X.shape)
        accuracy = model.score(texts[test], labels[test])
        print(f"{features:<10}{shape:>14}{filled:>10.2%}  {name:<20}{accuracy:>9.3f}{seconds:>9.2f}")
        assert accuracy > 0.5
print(f"{'':<36}{'the largest class':<20}{np.unique(labels[test], return_counts=True)[1].max() / len(test):>9.3f}")

# %%
question = ["Number of trees in the forest, and the depth to which each of them is grown."]
p = model.predict_proba(question)[0]
print("\n" + question[0])
for i in p.argsort()[::-1][:3]:
    print(f"  {model.classes_[i]:<15}{p[i]:.2f}")
