"""What `pyproject.toml` says of the package is what lies in the folder."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sknet"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_folder_of_code_is_a_package_that_is_installed():
    folders = {path.parent.relative_to(ROOT) for path in PACKAGE.rglob("*.py")}
    assert sorted(PROJECT["tool"]["setuptools"]["packages"]) == sorted(".".join(folder.parts) for folder in folders)


def test_every_other_file_of_the_package_is_installed():
    others = {path.name for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}}
    assert set(PROJECT["tool"]["setuptools"]["package-data"]["sknet"]) == others


def test_the_license_is_there():
    assert all((ROOT / name).read_text(encoding="utf-8").strip() for name in PROJECT["project"]["license-files"])
