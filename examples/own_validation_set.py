# %% [markdown]
# # A validation set of your own
#
# Early stopping sets random rows aside. If rows belong to groups (patients, shops, users), other rows of the same group
# are among the training rows, so the validation score is too good. Pass validation rows of your own to `fit` instead.

# %%
import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from sknet import MLPClassifierScratch

# 60 patients with 20 visits each. All visits of a patient are near a random point and have the same label. Only the
# first column of X depends on the label.
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

print("validation rows   epochs            validation loss   accuracy on new patients")
for name, net in (("random rows", random_rows), ("whole patients", whole_patients)):
    print(f"{name:16s}{net.n_iter_:8d}{-net.best_validation_score_:27.3f}{net.score(X[test], y[test]):27.3f}")
