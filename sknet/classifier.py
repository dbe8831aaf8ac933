"""Classifier: `MLPClassifierScratch`, its parameters, and the conversion of labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._compat import with_callbacks
from .base import BaseMLP, has_epochs
from .core import Loss, Smoothed, Stacked, Targets
from .preprocessing import LabelEncoding, accuracy, balanced, plain_classes, plain_labels
from .training import Accuracy, State, decoded


class MLPClassifierScratch(ClassifierMixin, BaseMLP):
    """Multi-layer perceptron classifier, trained by backpropagation in NumPy.

    It can take the place of `sklearn.neural_network.MLPClassifier`: it has the same parameters, attributes and methods,
    and more. It minimizes the log-loss of binary, multiclass or multilabel targets, or of several multiclass targets.

    A parameter that is ``"auto"`` depends on the data. *Tables*, in `fit`, are more than 200 dense rows, in several
    mini-batches. For these, four networks are trained side by side in float32, with ``standardize="robust"``, a
    piecewise-linear embedding, averaged weights, and early stopping by the loss. For other data, one network is trained
    without these.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=None
        Number of units of each hidden layer, if the layers differ. None means ``(width,) * depth``; any other value
        overrides both.
    activation : str, Activation, or a sequence of them, default="auto"
        Non-linearity of the hidden layers, one for all or one for each: ``"identity"``, ``"logistic"`` (also called
        ``"sigmoid"``), ``"tanh"``, ``"relu"``, ``"softmax"``, ``"leaky_relu"``, ``"elu"``, ``"selu"``, ``"gelu"``,
        ``"silu"``, ``"mish"``, ``"softplus"``. See `sknet.ACTIVATIONS` for formulas, derivatives and ranges.
        ``"auto"``: ``"gelu"`` for tables of at least 1,000 rows, otherwise ``"relu"``. Choose ``"relu"`` to save a
        fifth of the time; try ``"tanh"`` if the targets are smooth functions.
    solver : {"adam", "sgd", "rmsprop", "adagrad", "lbfgs"}, default="adam"
        Optimizer: Adam, gradient descent with momentum, RMSprop or Adagrad, in mini-batches; or L-BFGS, on all rows at
        once. Adam works for most data; try L-BFGS for up to a few hundred rows.
    alpha : float, default=0.0001
        Strength of the L2 penalty ``alpha / 2 * |W|^2``. It is divided by the number of rows of the mini-batch, and
        with sample weights by that number times their mean, and added to the loss. Biases are not penalized. Raise it,
        by factors of ten, if the network overfits.
    batch_size : int or "auto", default="auto"
        Rows in a mini-batch. ``"auto"`` is 128; for more than 200 rows, it is an eighth of them, but at least 32 and at
        most 128. A larger value makes an epoch faster; raise it to save time. A smaller one makes more updates in an
        epoch; lower it if the loss still falls at the last epoch. Not used by L-BFGS.
    learning_rate : str or schedule, default="cosine"
        Schedule of the learning rate, for every stochastic solver. ``"constant"``. ``"invscaling"``:
        ``learning_rate_init / (t + 1) ** power_t`` after t rows. ``"adaptive"``: divided by 5 after `n_iter_no_change`
        epochs without improvement. ``"exponential"``: times 0.95 after each epoch. The next four depend on the
        `max_iter` epochs of a fit: ``"cosine"``, half a cosine to zero; ``"one_cycle"``, up and down;
        ``"multi_cycle"``, four cycles of growing length; ``"warmup_cosine"``, up and then ``"cosine"``. In
        `partial_fit`, the number of epochs is unknown, so these four stay at `learning_rate_init`. Objects of
        `sknet.schedules` have parameters of their own. Choose ``"constant"`` or ``"adaptive"`` if later calls continue
        training, and ``"warmup_cosine"`` if training diverges in its first epochs.
    learning_rate_init : float or "auto", default="auto"
        Initial learning rate, per update. ``"auto"`` is 0.003, and for tables 0.006 for a classifier and 0.01 for a
        regressor. Lower it if the loss jumps or diverges; raise it if the loss still falls at the last epoch. Not used
        by L-BFGS.
    power_t : float, default=0.5
        Exponent of ``"invscaling"``. A larger value makes the learning rate fall faster; raise it if the loss still
        oscillates late in training.
    max_iter : int or "auto", default="auto"
        Largest number of epochs, or iterations of L-BFGS, in one call of `fit`. ``"auto"``: the number of epochs that
        makes about 3,000 updates for tables, otherwise 4,000, within bounds; 200 iterations of L-BFGS. Raise it if the
        loss still falls at the end; lower it to save time.
    shuffle : bool, default=True
        Whether to shuffle the rows before each epoch. Set it to False only if their order matters.
    random_state : int, RandomState instance or None, default=None
        Source of initial weights, validation split and row order. With None, each fit has different results; pass an
        int for reproducible results. `fit` works on a copy of a RandomState, and then advances the RandomState to the
        state of the copy.
    tol : float or "auto", default="auto"
        An epoch is an improvement if the loss falls, or the validation score rises, by at least this much. The loss is
        that of standardized targets if targets are standardized. L-BFGS stops when the largest component of the
        gradient is below it. ``"auto"``: 0 for regressors of tables, because without noise in the targets the loss is
        small and falls by less; otherwise 1e-4. A larger value stops training earlier: raise it to save time, lower it
        if training stops while the loss still falls.
    verbose : bool, int or "progress", default=False
        Whether to print scikit-learn's lines after each epoch: the loss, and the score of the validation rows. 2 also
        prints the loss of the validation rows, the learning rate and the seconds so far. ``"progress"`` shows a bar
        with loss, score and remaining time, in terminals and notebooks; it needs the extra ``progress``. Set it to
        watch long fits.
    warm_start : bool, default=False
        Set it to True to add epochs to a network that is already fitted: `fit` then continues with the weights,
        optimizer, learning rate, random numbers and validation split of the previous call. The architecture must not
        change. On the same data, 10 epochs and 20 more give exactly the result of 30 epochs, if `max_iter` and
        `n_iter_no_change` are numbers, the first call does not stop early, and `learning_rate` is ``"constant"``,
        ``"invscaling"``, ``"adaptive"``, ``"exponential"`` or a schedule object that does not use the progress of the
        call. The other schedules, including the default, begin again in each call, so that the learning rate is high
        again. L-BFGS loses its estimate of the curvature.
    momentum : float, default=0.9
        Momentum of ``"sgd"``, in [0, 1]. A larger value averages over more updates; lower it if the loss oscillates.
    nesterovs_momentum : bool, default=True
        Whether ``"sgd"`` uses Nesterov's momentum, which usually oscillates less. Set it to False for classical
        momentum. Without effect if `momentum` is 0.
    early_stopping : bool or "auto", default="auto"
        Whether to use `validation_fraction` of the rows as validation rows, stop when their score has not improved for
        `n_iter_no_change` epochs, and keep the weights of the best epoch. If a validation set is passed to `fit`, it is
        used instead of such rows. Each of several members has other validation rows, so all rows are used for training.
        Set it to True if the network overfits, and to False if a single network is to be trained on all rows. Without
        effect on L-BFGS. ``"auto"``: True if a validation set is passed to `fit`, or if there are more rows than a
        mini-batch and at least 10 validation rows (for a classifier, also more than 200 rows); False in `partial_fit`.
        Only scores of the same rows are compared. So a call with other rows, such as the next chunk of a stream, first
        computes the score of the best weights so far on its own validation rows.
    validation_fraction : float, default=0.1
        Share of the rows that become validation rows, in (0, 1). Each class has the same share of the training rows and
        of the validation rows. A class of at least two rows is in both, if there are at least as many validation rows
        as classes; otherwise each class is in the training rows. Raise it if the validation score is noisy; lower it to
        train on more rows.
    beta_1 : float, default=0.9
        Decay of Adam's moving mean of the gradient, in [0, 1). A larger value averages over more updates; raise it if
        the loss is noisy, lower it if the loss oscillates.
    beta_2 : float, default=0.97
        Decay of the moving mean of the squared gradient, of Adam and RMSprop, in [0, 1). Raise it, up to 0.999, if
        training is unstable; a smaller value adapts faster in short training.
    epsilon : float, default=1e-8
        Added to the root of the (mean) squared gradient by Adam, RMSprop and Adagrad, so that no division by zero
        occurs. A larger value makes the updates of weights with small gradients smaller; raise it, for example to 1e-4,
        if training is unstable.
    n_iter_no_change : int, inf or "auto", default="auto"
        Training stops after exactly this many epochs in a row without an improvement by `tol`. Raise it if training
        stops while the loss or score still improves; lower it to save time. ``"auto"``: for tables, 300 updates or 0.4
        of the epochs that the best one took, whichever is longer; else 10 epochs, or 30 for at most 200 rows with a
        validation set.
    max_fun : int, default=15000
        Largest number of evaluations of the loss by L-BFGS. Raise it, together with `max_iter`, if L-BFGS stops before
        it converges.
    depth : int, default=2
        Number of hidden layers; 0 gives a linear model. Try 0 or 1 for few rows or simple relations, and 3 for many
        rows.
    width : int, default=64
        Number of units in each hidden layer. More units can help with many thousands of rows; fewer are faster and
        overfit less.
    initializer : str, default="auto"
        Distribution of the initial weights: ``"glorot_uniform"``, ``"glorot_uniform_logistic"``, ``"glorot_normal"``,
        ``"he_uniform"``, ``"he_normal"``, ``"lecun_uniform"``, ``"lecun_normal"``. ``"auto"`` chooses it by the
        activation. It rarely has to be changed, except for an activation of your own.
    standardize : bool, "robust" or "auto", default="auto"
        Whether to standardize inputs inside `fit`. True: by the weighted mean and standard deviation of the training
        rows. A column of two values is divided by their difference, so that indicators of rare events do not become
        large. Sparse X stays sparse: columns are divided by the root mean square of their entries, and only columns far
        from zero are shifted. ``"robust"``: by median and interquartile range, with a smooth clip at three
        interquartile ranges; `fit` then needs a dense X. ``"auto"``: ``"robust"`` for tables, else True. Choose True
        for `coefs_`, and False if all columns have comparable units, such as pixels.
    embedding : {"piecewise_linear", "periodic", "auto"} or None, default="auto"
        Additional inputs that are computed from each column of more than two values. ``"piecewise_linear"``: four
        learned piecewise-linear functions, with edges at the quantiles of the column. ``"periodic"``: three learned
        combinations of 16 cosines. With these, the network can fit jumps and sharp bends, as trees do. X must be dense.
        ``"auto"``: ``"piecewise_linear"`` for tables of up to 100 columns of numbers, otherwise None. Choose None to
        save time, or for `coefs_`.
    dtype : {"float32", "float64", "auto"} or None, default="auto"
        dtype of the computation. ``"auto"``: float32 for more than 200 rows in mini-batches, otherwise the dtype of X.
        None: the dtype of X. Predictions for float64 rows are float64 in any case. ``"float32"`` is faster; choose
        ``"float64"`` if the last digits matter.
    weight_decay : float or "auto", default="auto"
        Decoupled weight decay: each update reduces the weights by the share ``learning rate * weight_decay``, but not
        the biases. ``"auto"`` is 0.02, and 0 with L-BFGS. For a regressor fitted to at most 200 rows by Adam it is 1;
        if `learning_rate_init` is above its default, it is lower in proportion. Raise it if the network overfits; lower
        it if the training loss stays high.
    dropout : float, sequence of float or "auto", default="auto"
        Share of hidden units that training leaves out at random, in [0, 1); one rate, or one for each hidden layer.
        ``"auto"`` is 0.1 for a classifier with more rows than a mini-batch, otherwise 0. Raise it if a wide network
        overfits; lower it if the training loss stays high.
    normalization : {"batch", "layer"} or None, default=None
        Normalization between the linear combination and the non-linearity of each hidden layer; None for no
        normalization. Try ``"batch"`` or ``"layer"`` if a deep network does not train.
    max_grad_norm : float or None, default=None
        Gradients with a larger Euclidean norm are scaled down to this norm; None does not change them. Try 1 if the
        loss suddenly jumps; a smaller value limits updates more.
    scoring : str, callable or None, default="auto"
        What is measured on the validation rows. ``"loss"``: the loss, for which smaller is better. None: the accuracy
        of a classifier; for a regressor the D2 score of its own loss, ``1 - loss / loss of the best constant``, mean
        over outputs. (This is R2 for ``"squared_error"``. `score` is R2 for other losses too, except for quantiles.) Or
        the name of a scorer, or a callable ``(estimator, X, y) -> float``, for which larger is better. ``"auto"``:
        ``"loss"`` for tables, because this gives better probabilities, and for at most 200 rows with a validation set;
        otherwise None. Change it if you need another metric.
    categorical_features : "from_dtype", array-like of bool, int or str, or None, default="from_dtype"
        Which columns of X are categories. ``"from_dtype"``: the columns of a data frame (pandas, polars, pyarrow) that
        contain categories, text, objects or booleans; all columns of an array are numbers. Otherwise a mask, indices,
        or names of columns of a data frame; include columns of numbers whose order has no meaning, such as post codes.
        None: no columns. Text and numbers in one column are read as text. Levels of fewer than five rows are treated as
        one level, and so are levels that did not occur in training. A column of up to 32 levels becomes one-hot inputs;
        in a column of more levels, each level has a learned vector of 8 numbers. A missing value is a level.
    n_members : int or "auto", default="auto"
        Number of members: networks that are trained side by side, each with its own initial weights and validation
        rows, and whose predictions are averaged. More members are usually more accurate, and the time grows in
        proportion. Choose 1 to save time, as in a search, or for `coefs_`. ``"auto"``: 4 for tables with at least 10
        validation rows, otherwise 1.
    averaging : float or "auto", default="auto"
        Decay per update, in [0, 1), of the moving average of the weights. The average is validated and kept; 0 for no
        average. ``"auto"``: 0.99 for tables, otherwise 0. Raise it if the validation loss is noisy; lower it if
        training makes only a few hundred updates.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of the classes, by which the sample weights are multiplied; None for equal weights. With ``"balanced"``,
        the sum of the weights is the same for each class. A list has a dict for each column of y. Raise the weight of a
        rare class to find more of its rows; its probabilities then become too high.
    label_smoothing : float or "auto", default="auto"
        Share of each target, in [0, 1), that is spread over the classes in proportion to their (weighted) shares of the
        training rows of the call. So the mean probability of a class is still its frequency. ``"auto"`` is 0.05, and 0
        for tables and with L-BFGS. Raise it if probabilities are too close to 0 and 1, or labels are noisy.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of such
        Class labels; for multilabel targets the numbers of the columns; for several targets a list of arrays.
    loss_ : float
        The last value of `loss_curve_`.
    best_loss_ : float or None
        The smallest value of `loss_curve_`; None with early stopping.
    loss_curve_ : list of float
        Mean loss over the rows of each epoch, including the penalty; the loss of standardized targets if these are
        standardized. It continues over calls with `warm_start` and `partial_fit`.
    penalty_curve_ : list of float
        The part of `loss_curve_` that is the L2 penalty. The difference of the two is the loss without penalty.
    learning_rate_curve_ : list of float
        Learning rate of each epoch; nan for L-BFGS.
    validation_scores_ : list of float or None
        Score of the validation rows after each epoch, see `scoring`; None without validation. It continues over calls
        with the same validation rows, and over calls of `partial_fit`. A `fit` with other validation rows, or another
        metric, begins a new curve.
    validation_loss_curve_ : list of float or None
        Loss of the validation rows after each epoch, without penalty; None without validation.
    best_validation_score_ : float or None
        The largest score of the last metric on the last validation rows; None without validation.
    t_ : int
        Number of training rows seen so far, over all epochs.
    coefs_ : list of ndarray
        Weights for raw inputs, shape (n_inputs, n_units) for each layer. They include standardization and batch
        normalization, and are computed when they are first read. If you change them, `predict` uses the changed
        weights. They do not exist with several members, layer normalization, `embedding`, ``standardize="robust"``,
        categories or missing values.
    intercepts_ : list of ndarray
        Biases for raw inputs, shape (n_units,) for each layer.
    n_members_ : int
        Number of networks whose predictions are averaged.
    batch_size_, max_iter_, n_iter_no_change_ : int
        Number of rows of a mini-batch (all rows with L-BFGS), largest number of epochs, and patience in the last call:
        the given value, or the value of ``"auto"``.
    learning_rate_init_, weight_decay_, averaging_, tol_ : float
        Values of these parameters in the last call.
    activation_ : str or list of str
        Name of the non-linearity of the hidden layers in the last call, or one name for each.
    dropout_ : float or sequence of float
        Value of `dropout` in the last call.
    label_smoothing_ : float
        Value of `label_smoothing` in the last call.
    early_stopping_ : bool
        Value of `early_stopping` in the last call; ``"auto"`` is True if a validation set was passed.
    scoring_, standardize_, embedding_ : str, bool or None
        Values of these parameters in the last call; for a callable `scoring`, its name.
    dtype_ : str
        ``"float32"`` or ``"float64"``, the dtype of the computation.
    stopping_reason_ : str or None
        Why the last call ended: ``"max_iter"``; ``"n_iter_no_change"``, no improvement during the patience;
        ``"callback"``, a callback asked for it; ``"interrupt"``, Ctrl-C; ``"divergence"``, a loss that was no longer
        finite; ``"partial_fit"``, a single epoch. With L-BFGS also ``"converged"``, ``"max_fun"``, or
        ``"line_search"``, no lower loss along its search direction. None during training.
    depth_, width_ : int
        Number of hidden layers, and number of units of the widest one.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had them.
    n_iter_ : int
        Number of epochs of the last `fit`, and of later calls of `partial_fit`.
    n_layers_, n_outputs_, n_parameters_ : int
        Number of layers (including inputs and outputs), of output units, and of weights and biases.
    out_activation_ : str
        Name of the output activation.

    See Also
    --------
    MLPRegressorScratch : The regressor.
    sklearn.neural_network.MLPClassifier : scikit-learn's own.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors", Nature 323.

    Kingma and Ba (2015), "Adam: a method for stochastic optimization", arXiv 1412.6980.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import train_test_split
    >>> from sknet import MLPClassifierScratch
    >>> X, y = load_iris(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    >>> clf = MLPClassifierScratch(depth=2, width=32, solver="lbfgs", random_state=0).fit(X_train, y_train)
    >>> clf.predict_proba(X_test).shape
    (38, 3)
    >>> clf.score(X_test, y_test) > 0.9
    True
    """

    def __init__(
        self,
        hidden_layer_sizes=None,
        activation="auto",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="cosine",
        learning_rate_init="auto",
        power_t=0.5,
        max_iter="auto",
        shuffle=True,
        random_state=None,
        tol="auto",
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping="auto",
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.97,
        epsilon=1e-8,
        n_iter_no_change="auto",
        max_fun=15000,
        depth=2,
        width=64,
        initializer="auto",
        standardize="auto",
        embedding="auto",
        dtype="auto",
        weight_decay="auto",
        dropout="auto",
        normalization=None,
        max_grad_norm=None,
        scoring="auto",
        categorical_features="from_dtype",
        n_members="auto",
        averaging="auto",
        class_weight=None,
        label_smoothing="auto",
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.depth = depth
        self.width = width
        self.initializer = initializer
        self.standardize = standardize
        self.embedding = embedding
        self.dtype = dtype
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.normalization = normalization
        self.max_grad_norm = max_grad_norm
        self.scoring = scoring
        self.categorical_features = categorical_features
        self.n_members = n_members
        self.averaging = averaging
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing

    @with_callbacks
    def fit(
        self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None, checkpoint=None
    ):  # fmt: skip
        """Fit the network.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs: numbers, or a data frame with columns of numbers and of categories. Values may be missing, except in
            a sparse matrix. Sparse input is read as CSR and stays sparse. Rows of float32 stay float32.
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_targets)
            Class labels; a 0/1 matrix of labels, dense or sparse; or a column of class labels for each target.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights, not negative and not all zero, with a finite sum. A weight of 2 has the effect of two equal
            rows, on average over mini-batches. The penalty `alpha` is divided by the sum of the weights. If this sum is
            at most 1 and their mean is below 0.1, they are multiplied by the number of rows divided by their sum, with
            a warning. The weights of `class_weight` are multiplied by them.
        X_val, y_val : array-like, default=None
            Your own validation rows, in the form of X and y, for example if rows are grouped or ordered in time. Their
            score after each epoch decides when to stop and which weights to keep, unless ``early_stopping=False``.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.
        checkpoint : str, path-like, Checkpoint or None, default=None
            File that contains the state of training. It is written after each epoch, or as often as a
            `sknet.Checkpoint` says. After a crash, call `fit` again in the same way: training continues from the file,
            and its result is equal bit for bit to that without the crash. If training was complete, the finished model
            is returned at once. Not possible with L-BFGS. With `partial_fit`, call `sknet.save` instead.

        Returns
        -------
        self : MLPClassifierScratch
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are not allowed, if the loss is no longer finite, or if `checkpoint` is the file
            of other parameters or data. The estimator is then as it was before the call.
        OSError
            If `checkpoint` cannot be written, for example because the disk is full. An earlier file is not changed.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val), checkpoint=checkpoint)

    @available_if(has_epochs)
    @with_callbacks
    def partial_fit(self, X, y, sample_weight=None, classes=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Train for one more epoch on the given rows.

        The standardization is changed only if it no longer fits all rows so far: if a constant column begins to vary,
        or if a scale is wrong by a factor of two, or a mean by half a scale.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights.
        classes : array-like of shape (n_classes,), default=None
            All labels that any call will contain; required in the first call unless y is multilabel, optional
            afterwards. For several multiclass targets, a list with an array for each.
        X_val, y_val : array-like, default=None
            Your own validation rows, in the form of X and y, for example if rows are grouped or ordered in time. They
            are scored after each epoch; with ``early_stopping=True``, the score decides which weights to keep.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.

        Returns
        -------
        self : MLPClassifierScratch
            The estimator.
        """
        held_out = X_val, y_val, sample_weight_val
        return self._fit(X, y, sample_weight, held_out, incremental=True, classes=plain_classes(classes))

    def predict(self, X):
        """Predict class labels.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable class (of each target); for multilabel targets, the labels with a probability above one
            half, sparse if y was sparse.
        """
        check_is_fitted(self)
        return self._labels.joined(decoded(vars(self), self._valid(X), self._labels.decode))

    def predict_proba(self, X):
        """Predict probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes), or list of such
            One column for each of `classes_`; rows sum to one unless targets are multilabel. A list with an array for
            each of several multiclass targets.
        """
        return self._split_targets(self._to_predictions(self._raw_outputs(X)))

    def predict_log_proba(self, X):
        """Predict the logarithm of probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        log_probability : ndarray of shape (n_samples, n_classes), or list of such
            ``log(predict_proba(X))``; -inf where a probability is zero.
        """
        probability = self._to_predictions(self._raw_outputs(X))
        with np.errstate(divide="ignore"):
            return self._split_targets(np.log(probability, out=probability))

    def decision_function(self, X):
        """Return raw outputs; the larger the output of a class, the more probable is the class.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        score : ndarray of shape (n_samples,) or (n_samples, n_classes), or list of such
            For binary targets, one number for each row, the log-odds of ``classes_[1]``; else one column for each of
            `classes_`.
        """
        z = self._raw_outputs(X)
        return z.ravel() if self._labels.kind == "binary" else self._split_targets(z)

    def score(self, X, y, sample_weight=None):
        """Return the accuracy: the share of rows whose labels are all predicted correctly.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights.

        Returns
        -------
        score : float
            Accuracy, in [0, 1].
        """
        return accuracy(plain_labels(y), self.predict(X), sample_weight)

    def _to_predictions(self, z: np.ndarray) -> np.ndarray:
        """Return probabilities, one column for each class, for raw outputs, which are overwritten."""
        labels = self._labels
        if labels.kind == "binary":
            if len(self.classes_) == 1:
                return np.ones_like(z)
            z = np.hstack([-z, z])
        link = labels.loss.output_activation
        for columns in labels.loss.groups if labels.kind == "multioutput" else [slice(None)]:
            link.forward(z[:, columns], z[:, columns], z[:, columns])
        return z

    def _split_targets(self, matrix: np.ndarray) -> Any:
        if self._labels.kind == "multioutput":
            return [matrix[:, columns] for columns in self._labels.loss.groups]
        return matrix

    def _plain_targets(self, y: Any, name: str) -> Any:
        return plain_labels(y, name)

    def _encode(self, y: Any, *, resume: bool, incremental: bool, classes: Any) -> Targets:
        if not resume:
            labels = LabelEncoding.of(y, classes)
            if incremental and classes is None and labels.kind != "multilabel":
                raise ValueError(
                    "classes must be passed on the first call to partial_fit: all labels of this and later calls, "
                    "for example classes=np.unique(y_all)."
                )
            if classes is not None:
                labels.check(y)
            self._labels, self.classes_ = labels, labels.classes
        else:
            self._check_same_classes(y, incremental, classes)
        return self._labels.encode(y)

    def _check_same_classes(self, y: Any, incremental: bool, classes: Any) -> None:
        labels = self._labels
        if classes is not None and not labels.same_classes(classes):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self.classes_!r}. "
                "Leave it out, or start anew with a clone."
            )
        if not incremental:
            seen = LabelEncoding.of(y).classes
            if not labels.same_classes(seen):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {seen}"
                )
        labels.check(y)

    def _encode_more(self, y: Any) -> Targets:
        self._labels.check(y)
        return self._labels.encode(y)

    def _with_class_weight(self, weights: np.ndarray | None, y: Any, *, incremental: bool = False) -> np.ndarray | None:
        if self.class_weight is None:
            return weights
        if incremental and self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported by partial_fit, which cannot know all frequencies. "
                "Pass the dict that sklearn.utils.class_weight.compute_class_weight gives for all the data."
            )
        if self.class_weight == "balanced" and weights is not None:
            weights = balanced(weights, y)
        else:
            class_weight = self._labels.present(self.class_weight, y)
            weights = compute_sample_weight(class_weight, y) * (1.0 if weights is None else weights)
        if not weights.any():
            raise ValueError(
                "`class_weight` and `sample_weight` must leave at least one positive weight, got only zeros."
            )
        return weights

    def _smoothed(self, targets: Targets, smoothing: float, weights: Any, index: Any) -> Targets:
        """Return the targets, smoothed towards the weighted shares of the classes in the rows ``index``."""
        if isinstance(targets, Stacked):
            return Stacked(tuple(self._smoothed(part, smoothing, weights, index) for part in targets.parts))
        return Smoothed(targets, smoothing, targets.mean(index, weights))

    def _n_outputs(self) -> int:
        return self._labels.n_outputs

    def _network_loss(self) -> Loss:
        return self._labels.loss

    def _numbers(self, y: Any) -> np.ndarray:
        """Return the numbers of the labels, to stratify by; of sparse labels, only those of the first column."""
        numbers = self._labels.numbered(y)[0]
        return numbers[:, [0]].toarray() if sp.issparse(numbers) else numbers

    def _strata(self, y: Any) -> np.ndarray | None:
        return y if self._labels.kind in ("binary", "multiclass") else None

    def _judge(self, state: State, y: Any, targets: Targets, weights: Any, index: Any) -> Accuracy:
        # Of numbers, because NumPy loses a Ctrl-C that comes while it makes strings.
        numbers, numbering = self._labels.numbered(y if index is None else y[index])
        return Accuracy(numbers, numbering.decode)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags
