"""`pyproject.toml` describes the files of the package."""

import tomllib
from pathlib import Path

import sknet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_wheel_contains_the_package():
    targets = PROJECT["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"]["packages"] == [Path(sknet.__file__).parent.name]
    assert f'__version__ = "{sknet.__version__}"' in (ROOT / PROJECT["tool"]["hatch"]["version"]["path"]).read_text()


def test_the_license_file_exists():
    assert all((ROOT / name).read_text(encoding="utf-8").strip() for name in PROJECT["project"]["license-files"])
