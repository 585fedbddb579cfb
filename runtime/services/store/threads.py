"""Threads: state that outlasts a run, so that the next run of the same workflow goes on from it.

One run of a thread is `active` at a time; the others are held in the order in which they were started. A row is
changed by conditional updates only, so that two who want to go on at the same moment cannot both do so.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.services.store.collection import Collection, Row, pack, unpack


@dataclass(frozen=True)
class Thread:
    """One thread as it is stored."""

    id: str
    tenant: str
    created: int
    updated: int
    status: str
    """`idle`, `busy`, `interrupted` (its run waits for a person), or `error`."""
    active: str
    """Run that has the thread; empty when none has."""
    dropped: str
    """Run whose state is not to be kept, because it was rolled back."""
    workflow: str
    """Workflow of its newest run."""
    metadata: Mapping[str, Any]
    state: Mapping[str, Any]
    """State fields, as the last run has left them."""
    output: Mapping[str, Any]
    """What the last run that has succeeded answered with."""
    patch: Mapping[str, Any]
    """State fields that were set by hand while a run waited; they are in force when it goes on."""


def _read(row: Row) -> Thread:
    plain = ("tenant", "created", "updated", "status", "active", "dropped", "workflow")
    packed = {name: unpack(row[name]) for name in ("metadata", "state", "output", "patch")}
    return Thread(id=row["_id"], **{name: row[name] for name in plain}, **packed)


class Threads:
    """The threads of the store."""

    def __init__(self, rows: Collection) -> None:
        self._rows = rows

    async def add(
        self, id_: str, metadata: Mapping[str, Any], now: int, state: Mapping[str, Any] | None = None
    ) -> bool:
        """Make a thread; False when there is one with this id."""
        empty = {"status": "idle", "active": "", "dropped": "", "workflow": "", "runs": 0}
        packed = {"metadata": pack(metadata), "state": pack(state or {}), "output": "{}", "patch": "{}"}
        return await self._rows.add({"_id": id_, "created": now, "updated": now, **empty, **packed})

    async def get(self, id_: str) -> Thread | None:
        """Return a thread."""
        row = await self._rows.get(id_)
        return _read(row) if row else None

    async def ordered(self, where: Mapping[str, Any], by: str, order: int, limit: int = 0) -> AsyncIterator[Thread]:
        """Yield threads in the order of a field; `limit` 0 means all of them."""
        async for row in self._rows.stream(where, [(by, order)], limit):
            yield _read(row)

    async def remove(self, id_: str) -> None:
        """Delete a thread."""
        await self._rows.remove({"_id": id_})

    async def describe(self, id_: str, metadata: Mapping[str, Any], now: int) -> None:
        """Replace the metadata of a thread."""
        await self._rows.change({"_id": id_}, {"$set": {"metadata": pack(metadata), "updated": now}})

    # --- runs -------------------------------------------------------------------------------------------------------

    async def next_number(self, id_: str, workflow: str, now: int) -> int | None:
        """Return the number of another run; None without such a thread."""
        update = {"$inc": {"runs": 1}, "$set": {"workflow": workflow, "updated": now}}
        row = await self._rows.take({"_id": id_}, update, [("_id", 1)])
        return int(row["runs"]) if row else None

    async def hand_over(self, id_: str, from_: str, to: str, now: int) -> bool:
        """Give the thread from one run to another; False when somebody else has done so. Empty means none."""
        values: Row = {"active": to, "updated": now} | ({"status": "busy"} if to else {})
        return await self._rows.change({"_id": id_, "active": from_}, {"$set": values})

    async def drop(self, id_: str, run: str) -> None:
        """Do not keep the state of a run, whenever it ends."""
        await self._rows.change({"_id": id_}, {"$set": {"dropped": run}})

    async def keep(
        self, id_: str, run: str, status: str, now: int, state: Mapping[str, Any] | None, output: Any = None
    ) -> None:
        """Keep where the active run stands; the state of one that is rolled back is not kept."""
        thread = await self.get(id_)
        values: Row = {"status": status, "updated": now}
        if state is not None and thread and thread.dropped != run:
            values |= {"state": pack(state)} | ({"output": pack(output)} if isinstance(output, dict) else {})
        await self._rows.change({"_id": id_, "active": run}, {"$set": values})

    async def patched(self, id_: str, patch: Mapping[str, Any], now: int) -> None:
        """Set what is in force when the run that waits goes on."""
        await self._rows.change({"_id": id_}, {"$set": {"patch": pack(patch), "updated": now}})

    async def written(self, id_: str, state: Mapping[str, Any], now: int) -> None:
        """Set the state of a thread whose run does not wait."""
        values = {"state": pack(state), "output": "{}", "updated": now}
        await self._rows.change({"_id": id_}, {"$set": values})
