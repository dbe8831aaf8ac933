"""The house: imports go down, nothing below the wall knows scikit-learn, and files stay small."""

import ast
import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sknet"

# From the ground up. A module imports from lower floors, and from its own as long as no cycle comes of it.
CORE_FLOORS = [
    {"activations", "losses", "initializers", "schedules", "optimizers", "memory", "batches", "blas", "collapse"},
    {"layers", "dropout", "normalization", "inputs"},
    {"network"},
    {"training", "gradcheck", "folding"},
]
FLOORS = [
    {"core"},
    *({f"core.{name}" for name in floor} for floor in CORE_FLOORS),
    {
        "_compat",
        "_parameters",
        "atomic",
        "caller",
        "checking",
        "chunks",
        "container",
        "presets",
        "scaling",
        "schedules",
        "splitting",
        "stopping",
        "targets",
        "threads",
        "weights",
    },
    {"state", "validation", "planning"},
    {"fitting", "publishing", "storable"},
    {"decoder", "encoder", "integrity"},
    {"checkpoint"},
    {"base"},
    {"classifier", "regressor"},
    {"transformer"},
    {"files"},
    {"displays.canvas", "displays.columns", "displays.layout", "displays.subject"},
    {"displays.activation", "displays.diagram", "displays.first_layer", "displays.loss_curve"},
    {"displays"},
    {"export.graph", "export.sklearn", "export.skops"},
    {"export.converters"},
    {"export.onnx"},
    {"export"},
    {"__init__"},
]
FLOOR_OF = {name: i for i, floor in enumerate(FLOORS) for name in floor}

CORE_NEEDS = {"numpy", "scipy", *sys.stdlib_module_names}
PRIVATE_API = re.compile(
    r"sklearn(\.\w+)*\._(?!_)\w+|sklearn\.utils\.fixes|sklearn\.__version__|\bsp_version\b|\bparse_version\b"
    r"|\b_fit_context\b|\b_check_sample_weight\b|\b_param_validation\b|\b_parameter_constraints\b"
)
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:work|tmp|root|home|Users)/\w")

MAX_FILE_LINES, MAX_FUNCTION_LINES = 300, 50
# Public numpydoc is not counted.
WITHOUT_DOCSTRINGS = {"base", "classifier", "regressor", "export.onnx", "export.sklearn", "core.activations"}


def name_of(path):
    """The name of a module within the package, such as ``core.layers``; ``core`` and ``__init__`` are packages."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
every_module = pytest.mark.parametrize("module", MODULES)


def imported_names(module, source):
    """Return the absolute dotted names that a module imports, wherever in it: ``a.b.c`` for ``from a.b import c``."""
    packages = {name: [name] for name in ("core", "displays", "export")} | {"__init__": []}
    package = packages.get(module, module.split(".")[:-1])
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
        while parts and ".".join(parts) not in FLOOR_OF:  # names inside a module
            parts.pop()
        if package == "sknet":
            found.add(".".join(parts) or "__init__")
    return found


def pointing_up(module, source):
    return sorted(name for name in imported_modules(module, source) if FLOOR_OF[name] > FLOOR_OF[module])


def beyond_the_wall(module, source):
    """Return what a module of the core imports besides the core, NumPy, SciPy and the standard library."""
    return sorted(
        name
        for name in imported_names(module, source)
        if name.split(".")[0] not in CORE_NEEDS and not name.startswith("sknet.core")
    )


def private_api(source):
    """Return the private or version-dependent parts of scikit-learn that a module mentions."""
    imports = {name for name in imported_names("module", source) if name.startswith("sklearn.")}
    return sorted({match.group() for text in (source, *imports) for match in PRIVATE_API.finditer(text)})


def docstring_lines(tree):
    """Return the numbers of the lines that docstrings take."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [n.body[0] for n in ast.walk(tree) if isinstance(n, documented) and ast.get_docstring(n) is not None]
    return {line for node in nodes for line in range(node.lineno, node.end_lineno + 1)}


def only_stores_parameters(function):
    """Whether it is a constructor as scikit-learn wants it: ``self.name = name`` for each parameter, no more."""
    names = [argument.arg for argument in (*function.args.args[1:], *function.args.kwonlyargs)]
    return function.name == "__init__" and [ast.unparse(line) for line in function.body] == [
        f"self.{name} = {name}" for name in names
    ]


def lengths(source, *, docstrings=True):
    """Return the number of lines of the file, and of each function that does more than store its parameters."""
    tree = ast.parse(source)
    left_out = set() if docstrings else docstring_lines(tree)
    functions = {
        node.name: len(set(range(node.lineno, node.end_lineno + 1)) - left_out)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not only_stores_parameters(node)
    }
    return len(source.splitlines()) - len(left_out), functions


def test_every_module_has_its_floor():
    assert set(MODULES) - set(FLOOR_OF) == set(), "new modules: add them to FLOORS here, on the lowest floor that holds"
    assert set(FLOOR_OF) - set(MODULES) == set(), "these modules are gone: take them out of FLOORS here"


@every_module
def test_imports_go_down(module):
    if module in FLOOR_OF:
        assert pointing_up(module, MODULES[module].read_text()) == []


def test_imports_have_no_cycle():
    graph = {module: imported_modules(module, path.read_text()) for module, path in MODULES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(MODULES)  # raises CycleError


@pytest.mark.parametrize("module", [module for module in MODULES if module.split(".")[0] == "core"])
def test_the_core_is_numpy_and_scipy(module):
    assert beyond_the_wall(module, MODULES[module].read_text()) == []


@pytest.mark.parametrize("module", [module for module in MODULES if module != "_compat"])
def test_only_compat_knows_private_api_and_versions(module):
    assert private_api(MODULES[module].read_text()) == []


@every_module
def test_files_and_functions_are_short(module):
    file_lines, functions = lengths(MODULES[module].read_text(), docstrings=module not in WITHOUT_DOCSTRINGS)
    assert file_lines <= MAX_FILE_LINES
    assert {name: n for name, n in functions.items() if n > MAX_FUNCTION_LINES} == {}


def test_no_path_of_some_machine_is_left_in_the_repository():
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


# That the checks above can fail.


@pytest.mark.parametrize(
    ("module", "source", "up"),
    [
        ("core.activations", "from .network import Network", ["core.network"]),
        ("core.memory", "from . import layers", ["core.layers"]),
        ("core.layers", "def f():\n    from sknet.core.training import Epoch", ["core.training"]),
        ("core.layers", "from .memory import Buffer\nimport numpy as np", []),
        ("core.batches", "import sknet.core.network as n", ["core.network"]),
        ("core.network", "from ..targets import LabelEncoding", ["targets"]),
        ("core", "from .layers import Dense", ["core.layers"]),
        ("targets", "from . import __version__", ["__init__"]),
        ("targets", "from .core.losses import LOSSES", []),
        ("state", "from .fitting import Run", ["fitting"]),
        ("base", "import sknet", ["__init__"]),
        ("__init__", "from .classifier import MLPClassifierScratch", []),
        ("classifier", "from .regressor import MLPRegressorScratch", []),
    ],
)
def test_an_import_that_points_up_is_seen(module, source, up):
    assert pointing_up(module, source) == up


def test_a_cycle_is_seen():
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
        ("from ..scaling import Moments", ["sknet.preprocessing.scaling.Moments"]),
        ("import math, numpy\nfrom scipy.special import expit\nfrom .memory import Buffer", []),
    ],
)
def test_a_breach_of_the_wall_is_seen(source, beyond):
    assert beyond_the_wall("core.layers", source) == beyond


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
    ],
)
def test_private_api_is_seen(source):
    assert private_api(source) != []


def test_public_api_is_not():
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
def test_a_machine_path_is_seen(text, found):
    assert bool(ABSOLUTE_PATH.search(text.format("/", "/"))) is found
