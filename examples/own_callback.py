# %% [markdown]
# # A callback of your own that stops training
#
# From scikit-learn 1.9 on, callbacks are called for each epoch. A callback is any object with the four methods below.
# When `on_fit_task_end` returns True, training ends. If that method has the argument `fitted_estimator`, it gets the
# network so far. `stopping_reason_` and `summary()` tell afterwards why training ended.

# %%
import time

from sklearn.datasets import load_breast_cancer
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split

from sknet import MLPClassifierScratch


class TimeLimit:
    """Stop training after a number of seconds."""

    def __init__(self, seconds):
        self.seconds = seconds

    def setup(self, estimator, context):
        self.started = time.monotonic()

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        return time.monotonic() - self.started > self.seconds

    def teardown(self, estimator, context):
        pass


class FindsMalignant(TimeLimit):
    """Stop when the recall of malignant tumours on validation rows is high enough, or after a number of seconds."""

    def __init__(self, X, y, recall, seconds):
        super().__init__(seconds)
        self.X, self.y, self.recall = X, y, recall

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.task_name != "epoch":  # at the end of the whole fit
            return False
        found = recall_score(self.y, fitted_estimator.predict(self.X), pos_label=0)
        return found >= self.recall or super().on_fit_task_end(estimator, context)


# %%
X, y = load_breast_cancer(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X, y, stratify=y, random_state=0)
for name, callback in (
    ("half a second at most", TimeLimit(0.5)),
    ("95% of the malignant", FindsMalignant(X_val, y_val, recall=0.95, seconds=5)),
):
    # Without early stopping, the network keeps the weights for which the callback stopped training.
    net = MLPClassifierScratch(early_stopping=False, random_state=0).set_callbacks(callback).fit(X_train, y_train)
    recall = recall_score(y_val, net.predict(X_val), pos_label=0)
    print(f"{name}: ended by {net.stopping_reason_!r} after {net.n_iter_} epochs, recall {recall:.2f}")

# %%
print(f"\n{net.summary()}")
