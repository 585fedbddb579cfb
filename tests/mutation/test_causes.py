"""Each cause is told once: what follows from it is not."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from generator import pipeline
from generator.model import beside
from generator.pipeline import KINDS
from generator.problems import Problem, Rejected
from generator.references import marked
from runtime.contract import FileRef
from tests.mutation.operators import Mutant, mutants, sample
from tests.mutation.repository import Repository
from tests.mutation.test_mutants import ROOT, example

EACH = 4
"""How many references of one sort are broken in the reference specs: what follows depends on who else names it."""


def _broken(repository: Repository, each: int) -> list[Mutant]:
    return sample((mutant for mutant in mutants(repository) if mutant.operator == "reference"), each)


def _not_one(repository: Repository, chosen: Iterable[Mutant]) -> list[str]:
    """Return the mutants that are not told by exactly one finding that underlines the broken name."""
    clean = set(repository.problems())
    missed: list[str] = []
    for mutant in chosen:
        found = [p for p in repository.problems(mutant.spec.document.file, mutant.text) if p not in clean]
        if len(found) != 1 or _underlined(found[0], mutant) not in mutant.names:
            missed.append(f"{mutant.shape}: {mutant.change}: {[(str(p.place), p.message) for p in found]}")
    return missed


def _underlined(problem: Problem, mutant: Mutant) -> str:
    start = problem.place.column - 1
    row = mutant.text.splitlines()[problem.place.line - 1]
    return row[start : start + problem.place.length].strip("'\"")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_name_that_is_not_there_is_one_finding_in_an_example(kind: str, tmp_path: Path) -> None:
    found = example(kind, tmp_path)
    assert _not_one(found, _broken(found, 1)) == []


@pytest.mark.parametrize("folder", [".", "examples/patterns"])
def test_a_name_that_is_not_there_is_one_finding(folder: str) -> None:
    repository = Repository.read(ROOT / folder)
    chosen = _broken(repository, EACH)
    assert len(chosen) > 30
    assert _not_one(repository, chosen) == []


def test_a_file_that_is_gone_is_one_finding_and_is_not_taken_for_that_of_another_spec() -> None:
    reference = Repository.read(ROOT)
    clean, named = set(reference.problems()), _named(reference)
    for path, users in named.items():
        files = {name: text for name, text in reference.loaded.files.items() if name != path}
        try:
            problems = pipeline.checked(replace(reference.loaded, files=files)).problems
        except Rejected as rejected:
            problems = rejected.problems
        found = [problem for problem in problems if problem not in clean]
        assert [problem.code for problem in found] == ["missing-file"] * users, path
        assert {problem.hint for problem in found} == {"a path is relative to the folder of the spec"}, path


def _named(repository: Repository) -> dict[str, int]:
    """Return how many fields name each file beside a spec."""
    found: dict[str, int] = {}
    for spec in repository.specs:
        for _, _, name in marked(spec, FileRef):
            if isinstance(name, str):
                path = beside(spec.document.file, name)
                found[path] = found.get(path, 0) + 1
    return found
