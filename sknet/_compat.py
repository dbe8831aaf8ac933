"""The only file that names scikit-learn versions or touches private or experimental API."""
