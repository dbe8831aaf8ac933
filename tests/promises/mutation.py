"""Mutation check: break the package on purpose in many places, one at a time; the tests must fail each time.

``python tests/promises/mutation.py`` runs all mutants of ``mutants.py``. Words after it select the mutants whose file
or text contains one of them. Each mutant is applied to a copy of the package, and its test files are run on the copy.
If they pass, the tests of the core are run. The last line is the number of mutants that were caught. A mutant that
survives is an error.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mutants import MUTANTS

TESTS = Path(__file__).resolve().parents[1]
PACKAGE = TESTS.parent / "sknet"
FALLBACK = ("core",)
SECONDS = 600  # a mutant that does not end is caught too
PASSED, FAILED, INTERRUPTED = 0, 1, 2  # exit codes of pytest; an error during import counts as an interruption


def mutated(mutant):
    """Return the source that contains the mutant."""
    source = (PACKAGE / mutant.file).read_text(encoding="utf-8")
    if (times := source.count(mutant.old)) != 1:
        raise LookupError(f"the text to replace must occur once in {mutant.file}, got {times} times: {mutant.old!r}")
    return source.replace(mutant.old, mutant.new)


def passes(tests, mutant=None):
    """Run test files on a copy of the package that contains the mutant, until one fails; return whether all pass."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "sknet"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        if mutant is not None:
            (copy / mutant.file).write_text(mutated(mutant), encoding="utf-8")
        # With -m, Python looks for modules in the current folder first.
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *(TESTS / t for t in tests)]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return False
    if done.returncode not in (PASSED, FAILED, INTERRUPTED):
        raise RuntimeError(f"pytest ended with exit code {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.returncode == PASSED


def is_caught(mutant):
    """Return whether the tests of the mutant fail, or else those of the core."""
    return not (passes(mutant.tests, mutant) and passes(FALLBACK, mutant))


def one_line(text):
    return " ".join(text.split())


def main(words):
    chosen = [m for m in MUTANTS if not words or any(word in f"{m.file} {m.old}" for word in words)]
    if not passes(sorted({name for mutant in chosen for name in mutant.tests})):
        raise SystemExit("the tests fail without a mutant, so the check has no result")
    caught = 0
    for mutant in chosen:
        found = is_caught(mutant)
        caught += found
        change = f"{one_line(mutant.old)}  ->  {one_line(mutant.new)}"
        print(f"{'caught  ' if found else 'SURVIVED'} {mutant.file}: {change}", flush=True)
    print(f"{len(chosen)} mutants, {caught} caught")
    return caught < len(chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
