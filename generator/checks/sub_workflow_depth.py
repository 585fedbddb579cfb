"""Workflows run each other too many levels deep.

A sub-workflow is a level: its run waits below the run that started it, and a person who looks for the cause of a
failure follows the chain down. More than 16 levels are refused.

Fix: put the steps of the lower workflows together, or start one of them by an event (`emit` and a trigger).
"""

from collections.abc import Iterable, Mapping

from generator.model import Catalogue, Check, Loc
from generator.problems import Problem
from generator.workflows.flow import calls

LIMIT = 16
"""Levels of workflows, the top one included; our own choice, far above what the reference system has (3)."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each workflow that makes a chain one level too long."""
    found = calls(catalogue)
    levels = _levels(found)
    for name in sorted(found):
        if levels.get(name) == LIMIT + 1:
            spec = catalogue.find("Workflow", name)
            assert spec is not None
            below = next(other for other in found[name] if levels[other] == LIMIT)
            yield spec.problem(
                found[name][below],
                "sub-workflow-depth",
                f"workflows run each other more than {LIMIT} levels deep from here",
            )


def _levels(found: Mapping[str, Mapping[str, Loc]]) -> dict[str, int]:
    """Return how many levels each workflow has, itself included; those in or above a cycle are left out."""
    levels: dict[str, int] = {}
    above: dict[str, list[str]] = {name: [] for name in found}
    waits_for = {name: len(below) for name, below in found.items()}
    for name, below in found.items():
        for other in below:
            above[other].append(name)
    ready = [name for name, count in waits_for.items() if count == 0]
    for name in ready:
        levels[name] = 1 + max((levels[other] for other in found[name]), default=0)
        for other in above[name]:
            waits_for[other] -= 1
            if waits_for[other] == 0:
                ready.append(other)
    return levels


CHECK = Check("sub-workflow-depth", run, each_environment=True)
