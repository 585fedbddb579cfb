"""Runs and threads that a breaking change of a workflow meets: named by a server, shown with the mark."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from generator.diff.model import Change, Diff, Mark
from generator.diff.risks._read import WORKFLOW, document
from generator.diff.risks.state_schema_breaking import RISK

SHOWN = 10
"""Runs and threads of a workflow that are named; of the others their number is told."""


class Asked(Protocol):
    """A runtime that answers; ids come newest first."""

    def under_way(self, workflow: str) -> Sequence[str]:
        """Return the ids of the runs of a workflow that have not ended."""
        ...

    def threads(self, workflow: str) -> Sequence[str]:
        """Return the ids of the threads whose newest run is of a workflow."""
        ...


def named(found: Diff, asked: Asked) -> Diff:
    """Return the diff with what each workflow has under way whose schemas take less than before."""
    return replace(found, changes=tuple(_named(change, asked) for change in found.changes))


def _named(change: Change, asked: Asked) -> Change:
    workflow = document(change.new, WORKFLOW).get("name")
    marks = [mark for mark in change.marks if mark.risk == RISK.name]
    if not workflow or not marks:
        return change
    texts = [_runs(asked.under_way(workflow))]
    if any(".state." in mark.path for mark in marks):
        texts += _threads(asked.threads(workflow))
    return replace(change, marks=(*change.marks, *(Mark(RISK.name, f"workflow {workflow}: {text}") for text in texts)))


def _runs(ids: Sequence[str]) -> str:
    if len(ids) == 1:
        return f"1 run is under way, and ends with the version that it has{_names(ids)}"
    return f"{len(ids)} runs are under way, and end with the version that they have{_names(ids)}"


def _threads(ids: Sequence[str]) -> Iterator[str]:
    """Yield what becomes of threads: no version is pinned for them, their next run is one of the new version."""
    if ids:
        keep = "1 thread keeps" if len(ids) == 1 else f"{len(ids)} threads keep"
        yield f"{keep} state of the old form, from which the next run starts{_names(ids)}"


def _names(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return f": {', '.join(ids[:SHOWN])}{more}" if ids else ""
