"""Steps that can be undone: written when one has succeeded, read when a run, or a part of it, has failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.services.store.collection import Collection, Row, pack, unpack
from runtime.services.store.fences import Fences


@dataclass(frozen=True)
class Completed:
    """One step that has succeeded."""

    key: str
    """Run, path of the step, number of the visit."""
    digest: str
    """Workflow document that the step stands in."""
    step: str
    path: tuple[str, ...]
    """Workflows and steps that lead to it, as its frame has them."""
    scope: Mapping[str, Any]
    """What the step saw, and its output."""


class Compensations:
    """What can be undone. Who has lost the run writes nothing here and gets `LeaseLost`."""

    def __init__(self, rows: Collection, fences: Fences) -> None:
        self._rows = rows
        self._fences = fences

    async def add(self, run: str, order: int, done: Completed) -> None:
        """Remember a step; one that is remembered already stays as it is."""
        row = {"run": run, "order": order, "digest": done.digest, "step": done.step, "path": pack(done.path)}
        async with self._fences.writing(run):
            await self._rows.add({"_id": done.key, **row, "scope": pack(done.scope), "state": "open", "problem": None})

    async def open(self, run: str) -> list[Completed]:
        """Return what is not undone yet, last one first."""
        return [_read(row) for row in await self._rows.find_all({"run": run, "state": "open"}, [("order", -1)])]

    async def finish(self, run: str, key: str, problem: Mapping[str, Any] | None) -> None:
        """Record that a step was undone, or why not."""
        values = {"state": "failed" if problem else "done", "problem": pack(problem) if problem else None}
        async with self._fences.writing(run):
            await self._rows.change({"_id": key}, {"$set": values})


def _read(row: Row) -> Completed:
    scope, path = unpack(row["scope"]), tuple(unpack(row["path"]))
    return Completed(row["_id"], row["digest"], row["step"], path, scope)
