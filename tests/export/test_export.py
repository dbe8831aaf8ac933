"""The package has its exports without importing the optional packages that they need."""

import subprocess
import sys

import sknet.export


def test_public_names():
    assert sknet.export.__all__ == ["register_onnx_converters", "to_onnx", "to_sklearn", "trusted_types"]
    assert all(callable(getattr(sknet.export, name)) for name in sknet.export.__all__)


def test_optional_packages_are_imported_where_they_are_used():
    script = "import sys, sknet; print(sorted({'onnx', 'skl2onnx', 'onnxruntime', 'skops'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert result.stdout.strip() == "[]"
