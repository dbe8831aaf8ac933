"""Architecture: modules import from lower levels and only listed names; the core needs only NumPy and SciPy."""

import ast
import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE, TESTS = ROOT / "sknet", ROOT / "tests"

# From low to high. A file imports from lower levels, and from its own level if that makes no cycle.
LEVELS = [
    {"core"},
    {"_compat", "_parameters", "_settings", "automatic", "preprocessing", "presets", "schedules"},
    {"training"},
    {"_summary", "persistence"},
    {"base"},
    {"classifier", "regressor"},
    {"transformer"},
    {"displays", "export", "files"},
    {"__init__"},
]
LEVEL_OF = {name: i for i, level in enumerate(LEVELS) for name in level}
FOLDERS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))

CORE_NEEDS = {"numpy", "scipy", *sys.stdlib_module_names}
PRIVATE_API = re.compile(
    r"sklearn(\.\w+)*\._(?!_)\w+|sklearn\.utils\.fixes|sklearn\.__version__|\bsp_version\b|\bparse_version\b"
    r"|\b_skl_\w+|\b_fit_context\b|\b_check_sample_weight\b|\b_param_validation\b|\b_parameter_constraints\b"
)
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:work|tmp|root|home|Users)/\w")

MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_TEST_LINES = 300, 50, 400
# The docstrings of these modules are not counted, because they are public.
WITHOUT_DOCSTRINGS = {"base", "classifier", "regressor", "export.onnx", "export.sklearn", "core.activations"}


def name_of(path):
    """Return the name of a module in the package, such as ``core.layers``; ``core`` and ``__init__`` are packages."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def place_of(module):
    """Return the folder of a module, or its own name if it is at the top level."""
    return module.split(".")[0]


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
every_module = pytest.mark.parametrize("module", MODULES)


def imported_names(module, source):
    """Return the absolute dotted names that a module imports anywhere: ``a.b.c`` for ``from a.b import c``."""
    package = [module] if module in FOLDERS else [] if module == "__init__" else module.split(".")[:-1]
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = ["sknet", *package][: len(package) + 2 - node.level] if node.level else []
            origin = [*above, *([node.module] if node.module else [])]
            names |= {".".join([*origin, alias.name]) for alias in node.names}
    return names


def imported_modules(module, source):
    """Return the modules of the package that ``module`` imports; the package itself is ``__init__``."""
    found = set()
    for name in imported_names(module, source):
        package, *parts = name.split(".")
        while parts and ".".join(parts) not in MODULES:  # remove names of objects inside a module
            parts.pop()
        if package == "sknet":
            found.add(".".join(parts) or "__init__")
    return found


def pointing_up(module, source):
    own = LEVEL_OF[place_of(module)]
    return sorted(name for name in imported_modules(module, source) if LEVEL_OF[place_of(name)] > own)


def not_listed(module, source):
    """Return what a module imports from the modules of another folder."""
    modules = imported_modules(module, source)
    return sorted(name for name in modules if "." in name and place_of(name) != place_of(module))


def more_than_numpy_and_scipy(module, source):
    """Return what a module of the core imports besides the core, NumPy, SciPy and the standard library."""
    return sorted(
        name
        for name in imported_names(module, source)
        if name.split(".")[0] not in CORE_NEEDS and not name.startswith("sknet.core")
    )


def private_api(source):
    """Return the private or version-dependent parts of scikit-learn that a module uses."""
    imports = {name for name in imported_names("module", source) if name.startswith("sklearn.")}
    return sorted({match.group() for text in (source, *imports) for match in PRIVATE_API.finditer(text)})


def docstring_lines(tree):
    """Return the numbers of the lines of docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [n.body[0] for n in ast.walk(tree) if isinstance(n, documented) and ast.get_docstring(n) is not None]
    return {line for node in nodes for line in range(node.lineno, node.end_lineno + 1)}


def only_stores_parameters(function):
    """Whether it is a constructor that only has ``self.name = name`` for each parameter, as scikit-learn requires."""
    names = [argument.arg for argument in (*function.args.args[1:], *function.args.kwonlyargs)]
    return function.name == "__init__" and [ast.unparse(line) for line in function.body] == [
        f"self.{name} = {name}" for name in names
    ]


def lengths(source, *, docstrings=True):
    """Return the number of lines of the file, and of each function except constructors that only store parameters."""
    tree = ast.parse(source)
    left_out = set() if docstrings else docstring_lines(tree)
    functions = {
        node.name: len(set(range(node.lineno, node.end_lineno + 1)) - left_out)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not only_stores_parameters(node)
    }
    return len(source.splitlines()) - len(left_out), functions


def test_every_module_has_a_level():
    places = set(map(place_of, MODULES))
    assert places - set(LEVEL_OF) == set(), "new modules: add them to LEVELS in this file, at the lowest possible level"
    assert set(LEVEL_OF) - places == set(), "these modules do not exist: remove them from LEVELS in this file"


@every_module
def test_modules_import_from_lower_levels(module):
    assert pointing_up(module, MODULES[module].read_text()) == []


@every_module
def test_modules_import_only_listed_names_of_other_folders(module):
    assert not_listed(module, MODULES[module].read_text()) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_has_a_docstring_and_lists_only_names_that_others_use(folder):
    """Each listed name is used outside of the folder; those of `sknet.export` are public."""
    tree = ast.parse(MODULES[folder].read_text())
    assert len(re.findall(r"\.\s", ast.get_docstring(tree) + "\n")) >= 2  # number of sentences
    (listed,) = (ast.literal_eval(node.value) for node in tree.body if ast.unparse(node).startswith("__all__ ="))
    if folder == "export":
        return
    elsewhere = [path.read_text() for module, path in MODULES.items() if place_of(module) != folder]
    assert [name for name in listed if not any(re.search(rf"\b{name}\b", text) for text in elsewhere)] == []


@every_module
def test_tests_mirror_the_source(module):
    """Each file has a test file, or several whose names begin with its name, in the folder of the same name."""
    body = ast.parse(MODULES[module].read_text()).body
    if module == "__init__" or not any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in body):
        return  # an `__init__` that only imports names
    *folder, name = module.split(".")
    assert list(TESTS.joinpath(*folder).glob(f"test_{name.strip('_')}*.py")) != []


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_test_files_are_short(path):
    assert len(path.read_text().splitlines()) <= MAX_TEST_LINES


def test_imports_have_no_cycle():
    graph = {module: imported_modules(module, path.read_text()) for module, path in MODULES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(MODULES)  # raises CycleError


@pytest.mark.parametrize("module", [module for module in MODULES if module.split(".")[0] == "core"])
def test_the_core_imports_only_numpy_and_scipy(module):
    assert more_than_numpy_and_scipy(module, MODULES[module].read_text()) == []


@pytest.mark.parametrize("module", [module for module in MODULES if module != "_compat"])
def test_only_compat_uses_private_api_and_versions(module):
    assert private_api(MODULES[module].read_text()) == []


@every_module
def test_files_and_functions_are_short(module):
    file_lines, functions = lengths(MODULES[module].read_text(), docstrings=module not in WITHOUT_DOCSTRINGS)
    assert file_lines <= MAX_FILE_LINES
    assert {name: n for name, n in functions.items() if n > MAX_FUNCTION_LINES} == {}


def test_the_repository_contains_no_path_of_a_machine():
    top = [ROOT / name for name in ("pyproject.toml", "README.md", ".gitignore", ".pre-commit-config.yaml")]
    inside = [path for name in ("sknet", "tests", "examples", ".ci", ".github") for path in (ROOT / name).rglob("*")]
    texts = {"", ".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".json", ".cfg", ".sh", ".csv"}
    files = [path for path in (*top, *inside) if path.is_file() and (path in top or path.suffix in texts)]
    assert len(files) > len(MODULES)
    found = {
        str(path.relative_to(ROOT)): matches
        for path in files
        if (matches := ABSOLUTE_PATH.findall(path.read_text(encoding="utf-8")))
    }
    assert found == {}


# The checks above can fail.


@pytest.mark.parametrize(
    ("module", "source", "up"),
    [
        ("core.network", "from ..preprocessing import LabelEncoding", ["preprocessing"]),
        ("core", "import sknet.training.state as n", ["training.state"]),
        ("core.layers", "def f():\n    from sknet.base import BaseMLP", ["base"]),
        ("core.layers", "from .memory import Buffer\nimport numpy as np", []),
        ("preprocessing.targets", "from .. import __version__", ["__init__"]),
        ("preprocessing.targets", "from ..core import LOSSES", []),
        ("preprocessing.targets", "from .scaling import Moments", []),
        ("training.state", "from ..persistence import Recorder", ["persistence"]),
        ("base", "import sknet", ["__init__"]),
        ("__init__", "from .classifier import MLPClassifierScratch", []),
        ("classifier", "from .regressor import MLPRegressorScratch", []),
    ],
)
def test_an_import_from_a_higher_level_is_found(module, source, up):
    assert pointing_up(module, source) == up


@pytest.mark.parametrize(
    ("module", "source", "inside"),
    [
        ("base", "from .training.state import State", ["training.state"]),
        ("training.state", "from ..core.memory import Parameters", ["core.memory"]),
        ("training.state", "def f():\n    from sknet.core import memory", ["core.memory"]),
        ("training.state", "from ..core import Parameters\nfrom .stopping import Plateau", []),
        ("export", "from .onnx import to_onnx", []),
    ],
)
def test_an_import_that_is_not_listed_is_found(module, source, inside):
    assert not_listed(module, source) == inside


def test_a_cycle_is_found():
    graph = {
        "classifier": imported_modules("classifier", "from .regressor import A"),
        "regressor": imported_modules("regressor", "from .classifier import B"),
    }
    with pytest.raises(CycleError):
        list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(
    ("source", "beyond"),
    [
        ("import sklearn", ["sklearn"]),
        ("def f():\n    from sklearn.utils import shuffle", ["sklearn.utils.shuffle"]),
        ("import joblib, matplotlib.pyplot", ["joblib", "matplotlib.pyplot"]),
        ("from ..preprocessing import Moments", ["sknet.preprocessing.Moments"]),
        ("import math, numpy\nfrom scipy.special import expit\nfrom .memory import Buffer", []),
    ],
)
def test_an_import_of_another_package_by_the_core_is_found(source, beyond):
    assert more_than_numpy_and_scipy("core.layers", source) == beyond


@pytest.mark.parametrize(
    "source",
    [
        "from sklearn.utils._param_validation import Interval",
        "from sklearn.base import _fit_context",
        "from sklearn.utils.validation import _check_sample_weight",
        "from sklearn import _loss",
        "import sklearn._loss",
        "from sklearn.utils.fixes import sp_version",
        "from sklearn.utils import fixes",
        "import sklearn\nnew = sklearn.__version__ >= '1.9'",
        "from sklearn import __version__",
        "estimator._skl_callbacks",
    ],
)
def test_private_api_is_found(source):
    assert private_api(source) != []


def test_public_api_is_allowed():
    assert private_api("from sklearn.utils.validation import check_is_fitted\n'__sklearn_tags__'") == []


def test_lines_are_counted():
    source = 'def f():\n    """One.\n\n    Two.\n    """\n    return 1\n'
    assert lengths(source) == (6, {"f": 6})
    assert lengths(source, docstrings=False) == (2, {"f": 2})


def test_a_constructor_that_only_stores_parameters_is_not_counted():
    source = "class A:\n    def __init__(self, a, *, b=1):\n        self.a = a\n        self.b = {}\n"
    assert lengths(source.format("b"))[1] == {}
    assert lengths(source.format("b + 1"))[1] == {"__init__": 3}


@pytest.mark.parametrize(("text", "found"), [("{}work{}main", True), ("'{}tmp{}venv'", True), ("a.b{}work{}x", False)])
def test_a_machine_path_is_found(text, found):
    assert bool(ABSOLUTE_PATH.search(text.format("/", "/"))) is found
