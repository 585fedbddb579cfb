"""What shows that a mistake does no harm, or who else tells of it: what is rendered, and the tests of the workflows."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from generator.kinds.workflow import Workflow
from generator.kinds.workflow_test import Case, WorkflowTest
from generator.model import Project
from generator.pipeline import KINDS, Built, Specs
from generator.resolve import resolve
from tests.mutation.operators import Mutant
from tests.mutation.repository import Repository

SAME, CARRIED, TOLD, OTHER = "rendered/ stays as it is", "the text is carried along", "`apm test` fails", "none"

_DIGEST = re.compile(r'"?\b[0-9a-f]{8,64}\b"?')  # quoted where it could be read as a number
Lines = Counter[str]
Words = Counter[str]
Files = Mapping[tuple[str, str], bytes]
"""What is rendered: by environment and path."""


def of_rendered(repository: Repository, mutant: Mutant, built: Built) -> str:
    """Return how what is rendered differs from what the specs without the mistake render."""
    before, after = _differing(_unspoilt(repository), _files(built))
    if before == after:
        return SAME
    return CARRIED if mutant.swapped and _is_carried(_words(before), _words(after)) else OTHER


def _differing(before: Files, after: Files) -> tuple[Lines, Lines]:
    """Return the lines of the files that are not the same on both sides."""
    same = {name for name, content in before.items() if after.get(name) == content}
    return _lines(before, same), _lines(after, same)


def _is_carried(before: Words, after: Words) -> bool:
    """Whether words differ by the slip alone: of a misspelt name, one more character."""
    gone, new = sorted((before - after).elements()), sorted((after - before).elements())
    return len(gone) == len(new) and all(map(_is_slip, gone, new))


def _is_slip(old: str, new: str) -> bool:
    return any(new[:at] + new[at + 1 :] == old for at in range(len(new)))


@lru_cache(maxsize=1)
def _unspoilt(repository: Repository) -> Files:
    return _files(repository.built())


def _files(built: Built) -> Files:
    return {(name, path): content for name, files in built.files().items() for path, content in files.items()}


def _lines(files: Files, without: set[tuple[str, str]]) -> Lines:
    """Return the lines of files with their environment, in no order; digests and spaces are left out."""
    return Counter(
        _DIGEST.sub("#", f"{name}: {' '.join(line.split())}")
        for (name, path), content in files.items()
        if (name, path) not in without
        for line in (path, *content.decode().splitlines())
    )


def _words(lines: Lines) -> Words:
    """Return the words of lines without their quotes: with other words, lines are broken and quoted otherwise."""
    words: Words = Counter()
    for line, count in lines.items():
        for word in line.split():
            words[word.strip("'\"")] += count
    return words


# --- workflow tests -------------------------------------------------------------------------------------------------


def is_told(mutant: Mutant, specs: Specs) -> bool:
    """Whether a case of a workflow test fails by the mistake: the one that holds it, or any of the spoilt workflow."""
    return any(failed for failed in _failures(mutant, specs))


def _failures(mutant: Mutant, specs: Specs) -> Iterator[bool]:
    from generator.workflows.cases import run_all
    from runtime import cli

    projects = {str(view.environment): view for view in specs.views}

    @lru_cache(maxsize=4)
    def project(environment: str) -> Project:
        return resolve(projects[environment], KINDS)

    def documents(environment: str) -> Mapping[str, Any]:
        return {one.name: one.document for one in project(environment).all(Workflow)}

    tests = _tests(mutant, project(next(iter(projects))))
    for _, case, result in run_all(tests, documents, cli):
        yield bool(result.differences) and _can_tell(mutant, case, tests)


def _can_tell(mutant: Mutant, case: Case, tests: Sequence[WorkflowTest]) -> bool:
    """Whether a case is asked: all are about a workflow and about what a test says for all of its cases."""
    inside = mutant.spec.kind == "WorkflowTest" and mutant.loc[1] == "cases"
    return not inside or case is tests[0].cases[int(mutant.loc[2])]


def _tests(mutant: Mutant, project: Project) -> tuple[WorkflowTest, ...]:
    """Return the tests that the mistake could fail."""
    found = project.all(WorkflowTest)
    if mutant.spec.kind == "WorkflowTest":
        return tuple(test for test in found if test.name == mutant.spec.name)
    return tuple(test for test in found if mutant.spec.name in (test.workflow.name, *_below(test, project)))


def _below(test: WorkflowTest, project: Project) -> Iterator[str]:
    """Yield the workflows that those of a test run."""
    workflows = {one.name: one.document for one in project.all(Workflow)}
    waiting = [test.workflow.name]
    while waiting:
        document = workflows[waiting.pop()].model_dump_json(by_alias=True)
        named = [name for name in re.findall(r'"workflow":\s*"([-a-z0-9]+)"', document) if name in workflows]
        yield from named
        waiting += named
