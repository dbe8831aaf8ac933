"""Transformer: returns the outputs of a hidden layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted


class HiddenLayerTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Represent rows by the outputs of a hidden layer of a network that is trained on them.

    Parameters
    ----------
    estimator : MLPClassifierScratch or MLPRegressorScratch
        The network; a clone of it is fitted.
    layer : int, default=-1
        Which hidden layer, from 0; negative numbers count from the last one.

    Attributes
    ----------
    estimator_ : MLPClassifierScratch or MLPRegressorScratch
        The fitted network.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sknet import HiddenLayerTransformer, MLPClassifierScratch
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifierScratch(width=8, solver="lbfgs", random_state=0)
    >>> model = make_pipeline(HiddenLayerTransformer(net), LogisticRegression()).fit(X, y)
    >>> model[0].transform(X).shape
    (150, 8)
    """

    def __init__(self, estimator, *, layer=-1):
        self.estimator = estimator
        self.layer = layer

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> HiddenLayerTransformer:  # fmt: skip
        """Fit the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets of the network.
        sample_weight, X_val, y_val, sample_weight_val : array-like, default=None
            As in ``fit`` of the network.

        Returns
        -------
        self : HiddenLayerTransformer
            The fitted transformer.
        """
        held_out = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        estimator = clone(self.estimator).fit(X, y, sample_weight, **held_out)
        self._n_features_out = estimator._hidden_end(self.layer)[1]
        self.estimator_ = estimator
        self.n_features_in_ = estimator.n_features_in_
        vars(self).pop("feature_names_in_", None)
        if hasattr(estimator, "feature_names_in_"):
            self.feature_names_in_ = estimator.feature_names_in_
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the outputs of the hidden layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        activations : ndarray of shape (n_samples, n_units)
            Outputs of the units of the layer, after the non-linearity.
        """
        check_is_fitted(self)
        return self.estimator_.hidden_activations(X, self.layer)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags
