"""The list of mutants fits the source, and the check distinguishes mutants that are caught from those that survive."""

import pytest
from mutants import MUTANTS, Mutant
from mutation import PACKAGE, TESTS, is_caught, main, mutated, passes

STOPPING = "training/stopping.py", "training/test_stopping.py"
FEW = {
    "core/layers.py": "np.add(z, b, out=z)",
    "core/optimizers.py": "self.t += 1",
    "training/stopping.py": "is_best = score > self.best",
}


def test_there_are_many_mutants_and_none_is_repeated():
    assert len(MUTANTS) > 150
    assert len({(mutant.file, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS)


def test_every_file_of_the_core_has_a_mutant():
    core = {f"core/{path.name}" for path in (PACKAGE / "core").glob("*.py")} - {"core/__init__.py"}
    assert core - {mutant.file for mutant in MUTANTS} == set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.file}: {mutant.old[:40]}")
def test_a_mutant_is_another_program(mutant):
    """The text to replace occurs once, the changed source compiles, and the test files exist."""
    source = mutated(mutant)
    compile(source, mutant.file, "exec")
    assert source != (PACKAGE / mutant.file).read_text(encoding="utf-8")
    assert all((TESTS / name).exists() for name in mutant.tests)


@pytest.mark.parametrize("old", ["no such text", "np"])
def test_a_text_that_does_not_occur_exactly_once_is_an_error(old):
    with pytest.raises(LookupError, match="must occur once"):
        mutated(Mutant("core/layers.py", old, "", ()))


@pytest.mark.slow
def test_a_mutant_that_changes_nothing_passes():
    """So the mutants below are not caught for another reason."""
    assert passes(
        ("training/test_stopping.py",), Mutant("training/stopping.py", "count: int = 0", "count: int = 0 + 0", ())
    )


@pytest.mark.slow
@pytest.mark.parametrize(("file", "old"), FEW.items())
def test_a_few_are_caught(file, old):
    (mutant,) = (m for m in MUTANTS if (m.file, m.old) == (file, old))
    assert is_caught(mutant)


def test_survivors_are_counted(monkeypatch, capsys):
    harmless, deadly = (
        Mutant("training/stopping.py", "count", new, ("training/test_stopping.py",)) for new in ("harmless", "deadly")
    )
    monkeypatch.setattr("mutation.MUTANTS", [harmless, deadly])
    monkeypatch.setattr("mutation.passes", lambda tests, mutant=None: mutant != deadly)
    assert main([])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["SURVIVED", "caught", "2"]
    assert lines[-1] == "2 mutants, 1 caught"


def test_the_check_has_no_result_if_tests_fail_without_a_mutant(monkeypatch):
    monkeypatch.setattr("mutation.passes", lambda tests, mutant=None: False)
    with pytest.raises(SystemExit, match="fail without a mutant"):
        main([])
