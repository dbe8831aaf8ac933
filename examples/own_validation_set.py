# %% [markdown]
# # A validation set of your own
#
# Early stopping sets random rows aside. Where rows come in groups (patients, shops, users), a random row has siblings
# in the training part, and the score flatters. `fit` takes rows of your own instead, and the metric of your choice.

# %%
import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from sknet import MLPClassifierScratch

# 60 patients with 20 visits each. Where a patient lies in the space of features says nothing about the label, which
# is the patient's own; a small part of each visit does.
rng = np.random.default_rng(0)
patient = np.repeat(np.arange(60), 20)
label = rng.permutation(np.repeat([0, 1], 30))
X = 2.0 * rng.standard_normal((60, 10))[patient] + rng.standard_normal((1200, 10))
y = label[patient]
X[:, 0] += 1.5 * y

rest, test = next(GroupShuffleSplit(test_size=0.25, random_state=0).split(X, y, patient))
train, validation = next(GroupShuffleSplit(test_size=0.25, random_state=0).split(X[rest], y[rest], patient[rest]))
train, validation = rest[train], rest[validation]

parameters = {"width": 50, "learning_rate_init": 0.01, "early_stopping": True, "scoring": "loss", "random_state": 0}
random_rows = MLPClassifierScratch(**parameters).fit(X[rest], y[rest])
whole_patients = MLPClassifierScratch(**parameters).fit(X[train], y[train], X_val=X[validation], y_val=y[validation])

print("validated on      epochs   validation loss promises   accuracy on new patients")
for name, net in (("random rows", random_rows), ("whole patients", whole_patients)):
    print(f"{name:16s}{net.n_iter_:8d}{-net.best_validation_score_:27.3f}{net.score(X[test], y[test]):27.3f}")
