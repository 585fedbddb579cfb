"""What happened in runs, in order."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.contract.bodies import TENANT
from runtime.services.store.collection import Collection, Row, pack, unpack
from runtime.services.store.fences import Fences
from runtime.services.store.news import News
from runtime.services.store.runs import Run

EPOCH = 1_000_000
"""Numbers of events per claim of a run: those of a later claim sort after those of an earlier one."""
_SEAL = "sealed"


class RunEvents:
    """What happened in a run, in order: the source of progress, of the API's stream and of the audit.

    A worker that is stopped between its last look at its lease and the system call that sends events sends them late.
    No condition of an insert can refuse them, so the last number of a claim that was lost is a seal: it says which of
    the numbers before it were there when the claim was lost, and readers skip the others.
    """

    def __init__(self, rows: Collection, fences: Fences, news: News) -> None:
        self._rows = rows
        self._fences = fences
        self._news = news

    async def add(self, run: str, events: Sequence[Mapping[str, Any]], tenant: str = TENANT) -> None:
        """Keep events; each has `seq`, `kind`, `at` and `data`."""
        async with self._fences.writing(run):
            await self._write(run, events, tenant)

    async def append(self, run: Run, kind: str, at: int, data: Mapping[str, Any]) -> None:
        """Keep the next event of a run that nobody executes, as it was read: behind those of its last claim."""
        event = {"seq": await self._next(run), "kind": kind, "at": at, "data": data}
        # No fence is asked: this process may still have one, of a claim that it has lost without having noticed.
        await self._write(run.id, [event], run.tenant)

    async def _write(self, run: str, events: Sequence[Mapping[str, Any]], tenant: str) -> None:
        own = {"run": run, "tenant": tenant}
        rows = [{"_id": _id(run, event["seq"]), **own, **event, "data": pack(event["data"])} for event in events]
        await self._rows.add_all(rows)
        self._news.tell(run, events)

    async def seal(self, run: str, lost: int, tenant: str = TENANT) -> None:
        """Let no event of a claim that was lost (0 for none) count that comes from now on; again changes nothing."""
        if not lost:
            return
        seq = _first_after(lost) - 1
        seal = {"seq": seq, "kind": _SEAL, "at": 0, "data": pack(await self._last(run, seq))}
        await self._rows.add({"_id": _id(run, seq), "run": run, "tenant": tenant, **seal})

    async def _next(self, run: Run) -> int:
        first = _first_after(run.lost) if run.lost else 1
        # Who claims the run meanwhile numbers its own events: none of them may have this one's number.
        return max(first, await self._last(run.id, _first_after(run.epoch)) + 1)

    async def _last(self, run: str, before: int) -> int:
        row = await self._rows.first({"run": run, "seq": {"$lt": before}}, [("seq", -1)])
        return row["seq"] if row else 0

    async def after(self, run: str, seq: int = 0) -> list[Row]:
        """Return events after a number, in order."""
        rows = await self._rows.find_all({"run": run, "seq": {"$gt": seq}}, [("seq", 1)])
        return [{**row, "data": unpack(row["data"])} for row in _counting(rows)]


def _first_after(lost: int) -> int:
    """Return the number of the first event after those of a claim."""
    return (lost + 1) * EPOCH


def _id(run: str, seq: int) -> str:
    return f"{run}|{seq:015d}"


def _counting(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that are neither seals nor late."""
    found = list[Row]()
    for row in rows:
        if row["kind"] != _SEAL:
            found.append(row)
            continue
        last = unpack(row["data"])
        while found and found[-1]["seq"] > last:
            found.pop()
    return found
