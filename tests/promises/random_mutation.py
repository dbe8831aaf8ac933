"""Random mutation check: break the package in places that are drawn at random; the tests must fail each time.

``python tests/promises/random_mutation.py 300 --seed 0`` draws 300 mutants of `sknet/core`, `sknet/preprocessing` and
`sknet/training`. It needs ``pip install cosmic-ray``, whose operators make them. Each mutant is run with the test files
that mirror its file. If these pass, the other tests of that folder are run. `survivors.py` lists the known survivors,
and why they change nothing; any other survivor is an error. Each mutant runs in a forked process, so this needs POSIX.
"""

import argparse
import ast
import contextlib
import importlib
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from survivors import SURVIVORS

TESTS = Path(__file__).resolve().parents[1]
PACKAGE = TESTS.parent / "sknet"
FOLDERS = ("core", "preprocessing", "training")
IMPORTED_ONCE = "hypothesis", "pandas", "polars", "scipy.stats", "sklearn.model_selection", "sklearn.neural_network"
MEMORY = 6 * 2**30
SECONDS_AT_WORK, SECONDS = 200, 900  # processor time of an endless loop; time of a mutant that waits


class Mutant(NamedTuple):
    """A file of the package, its changed text, and the changed lines."""

    file: str
    source: str
    change: str


@cache
def operators():
    """Return the operators that change a place in a program, by name."""
    from cosmic_ray.plugins import get_operator, operator_names

    return {name: get_operator(name)() for name in operator_names() if "Variable" not in name and "NoOp" not in name}


def places_in(file):
    """Return {place: [(operator, occurrence), ...]} for all places of a file that the operators can change."""
    from cosmic_ray.ast import ast_nodes, get_ast

    tree, found = get_ast((PACKAGE / file).read_text(encoding="utf-8")), {}
    for name, operator in operators().items():
        positions = (place for node in ast_nodes(tree) for place in operator.mutation_positions(node))
        for occurrence, place in enumerate(positions):
            found.setdefault((file, *place), []).append((name, occurrence))
    return found


class _Unannotated(ast.NodeTransformer):
    """Removes annotations, which have no effect in a run."""

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        node.annotation = ast.Constant("")
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):
        node.returns = None
        return self.generic_visit(node)


def program(source):
    """Return the program of a source text without annotations, or None if it does not compile."""
    try:
        return ast.dump(_Unannotated().visit(ast.parse(source)))
    except SyntaxError:
        return None


def drawn(seed):
    """Yield mutants at random: a place, and one of the operators that change it."""
    from cosmic_ray.mutating import mutate_code

    files = [f"{folder}/{path.name}" for folder in FOLDERS for path in sorted((PACKAGE / folder).glob("[!_]*.py"))]
    places = {place: ways for file in files for place, ways in places_in(file).items()}
    draw = random.Random(seed)
    for place in draw.sample(sorted(places), len(places)):
        file, (name, occurrence) = place[0], draw.choice(places[place])
        before = (PACKAGE / file).read_text(encoding="utf-8")
        after = mutate_code(before, operators()[name], occurrence)
        if program(after) not in (None, program(before)):
            yield Mutant(file, after, _change(before, after))


def _change(before, after):
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    number, old, new = next((i, a, b) for i, (a, b) in enumerate(pairs, 1) if a != b)
    return f"{number}: {old.strip()}  ->  {new.strip()}"


def passes(tests, mutant=None):
    """Run tests in a new process on a copy of the package that contains the mutant; return whether all pass."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "sknet"
        shutil.copytree(PACKAGE, copy)  # with the bytecode of the other files
        if mutant is not None:
            (copy / mutant.file).write_text(mutant.source, encoding="utf-8")
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _test(folder, tests)
        start = time.monotonic()
        while (done := os.waitpid(child, os.WNOHANG)) == (0, 0):
            time.sleep(0.02)
            if time.monotonic() - start > SECONDS:
                os.killpg(child, signal.SIGKILL)  # the process group: the child, and what the tests started
                os.waitpid(child, 0)
                return False
        return done[1] == 0


def _test(folder, tests):
    """Run tests in the child process, and end it."""
    import resource

    code = 1
    with contextlib.suppress(BaseException):
        os.setpgrp()
        os.chdir(folder)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_AT_WORK, SECONDS_AT_WORK))
        sys.path.insert(0, folder)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        options = "-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "--rootdir", str(TESTS.parent)
        code = pytest.main([*options, *map(str, tests)])
    os._exit(int(code))


def stages(file):
    """Return the test files of a file: those whose names begin with its name, and then the others of its folder."""
    path = TESTS / file
    mirrors = sorted(path.parent.glob(f"test_{path.stem}*.py"))
    return {"mirror": mirrors, "folder": sorted(set(path.parent.glob("test_*.py")) - set(mirrors))}


@cache
def check_without_mutant(*tests):
    """Stop if tests fail on the package as it is, because they then say nothing about a mutant."""
    if not passes(tests):
        raise SystemExit(f"{', '.join(path.name for path in tests)} fail without a mutant, so the check has no result")


def outcome_of(mutant):
    """Return which tests caught a mutant, or that it survived."""
    for stage, tests in stages(mutant.file).items():
        if not passes(tests, mutant):
            check_without_mutant(*tests)
            return f"caught by the {stage}"
    return "known" if (mutant.file, mutant.change.split(": ", 1)[1]) in SURVIVORS else "SURVIVED"


def main():
    """Run the check."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--skip", type=int, default=0, help="number of drawn mutants to skip")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no further mutant after this time")
    given = parser.parse_args()
    for name in IMPORTED_ONCE:
        importlib.import_module(name)
    counts, start = Counter(), time.monotonic()
    for mutant in islice(drawn(given.seed), given.skip, given.skip + given.number):
        if time.monotonic() - start > given.seconds:
            break
        begun = time.monotonic()
        outcome = outcome_of(mutant)
        counts[outcome] += 1
        print(f"{outcome}\t{mutant.file}:{mutant.change}\t{time.monotonic() - begun:.1f} s", flush=True)
    print(dict(counts))
    return counts["SURVIVED"] > 0


if __name__ == "__main__":
    sys.exit(main())
