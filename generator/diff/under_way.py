"""Runs that a breaking change of a workflow meets: named by a server, shown with the mark."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from generator.diff.model import Change, Diff, Mark
from generator.diff.risks._read import WORKFLOW, document
from generator.diff.risks.state_schema_breaking import RISK

SHOWN = 10
"""Runs of a workflow that are named; of the others their number is told."""
Ask = Callable[[str], Sequence[str]]
"""Return the ids of the runs of a workflow that have not ended, newest first."""


def named(found: Diff, ask: Ask) -> Diff:
    """Return the diff with the runs under way of each workflow whose schemas take less than before."""
    return replace(found, changes=tuple(_named(change, ask) for change in found.changes))


def _named(change: Change, ask: Ask) -> Change:
    workflow = document(change.new, WORKFLOW).get("name")
    if not workflow or not any(mark.risk == RISK.name for mark in change.marks):
        return change
    ids = list(ask(workflow))
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    what = "1 run is under way, and ends with the version that it has"
    if len(ids) != 1:
        what = f"{len(ids)} runs are under way, and end with the version that they have"
    names = f": {', '.join(ids[:SHOWN])}{more}" if ids else ""
    return replace(change, marks=(*change.marks, Mark(RISK.name, f"workflow {workflow}: {what}{names}")))
