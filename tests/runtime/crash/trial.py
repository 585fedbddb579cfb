"""One trial: runs under load, workers that are killed and one that is paused, and what is found afterwards."""

import asyncio
import random
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from runtime.contract import WorkflowDocument
from runtime.services.clock import SystemClock
from runtime.services.store import Store
from runtime.services.store.runs import ENDED, Run
from runtime.worker import starting
from runtime.worker.starting import Start
from tests.runtime.crash import judge, workers
from tests.runtime.crash.target import Target
from tests.runtime.crash.workers import Pool

RUNS = 16
KILLS = 3
LOAD_SECONDS = 2.0
"""Kills and the pause come at random moments of that time, which begins when a worker has taken up the first run."""
PATIENCE = 120.0
"""Seconds without anything new about a run after which it counts as lost; one takes about a second without kills."""
LONGEST = 10 * PATIENCE
"""Seconds after which it counts as lost whatever its workers say."""
OWNED = {
    "run_events": "run",
    "effects": "run",
    "checkpoints": "thread",
    "checkpoint_writes": "thread",
    "checkpoint_blobs": "thread",
}
"""Collections with rows that belong to a run, and the field that says to which."""


@dataclass
class Outcome:
    """What one trial has shown."""

    runs: int = 0
    kills: int = 0
    hits: int = 0
    """Kills of a worker with runs in its hands."""
    resumed: int = 0
    repeated: int = 0
    """Requests that came twice at targets that honour the key."""
    unknown: int = 0
    paused: int = 0
    """Runs that a paused worker had in its hands."""
    unread: int = 0
    """Checkpoints and events that a paused worker has written too late, and that no reader takes."""
    starved: int = 0
    """Times that a run was taken from a worker which got no CPU for longer than its lease, and taken up elsewhere."""
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list[str])


@dataclass
class Trial:
    """The parts that one trial uses."""

    store: Store
    pool: Pool
    target: Target
    documents: Mapping[str, WorkflowDocument]
    place: Path
    chance: random.Random
    name: str
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One worker at a time is killed or paused."""

    async def play(self) -> Outcome:
        """Do it and judge it."""
        began, outcome = time.monotonic(), Outcome(RUNS)
        ids = [f"{self.name}-{number}" for number in range(RUNS)]
        paused: list[tuple[ForkServerProcess, list[str]]] = []
        load = asyncio.create_task(self.load(ids))
        await self.begun(ids)
        await asyncio.gather(load, self._kill(outcome), self._pause(paused))
        runs = await self.ended(ids)
        for worker, held in paused:
            outcome.paused += len(held)
            outcome.violations += await self._woken(worker, held, outcome)
        outcome.violations += judge.violations(runs, ids, self.target.applied)
        outcome.violations += self._noted("violations") + self.pool.died()
        outcome.resumed = sum(1 for run in runs if run.attempt > judge.CLAIMS)
        outcome.unknown = sum(1 for run in runs if run.output and run.output["unknown"])
        outcome.repeated = sum(self.target.requests[id_, op] > 1 for id_ in ids for op in judge.KEYED)
        outcome.starved = len(self._noted("starved"))
        outcome.seconds = time.monotonic() - began
        return outcome

    async def load(self, ids: list[str]) -> None:
        """Start runs, one after the other."""
        for id_ in ids:
            await starting.start(self.store, SystemClock(), self.documents, Start("crash", {}, id=id_))
            await asyncio.sleep(self.chance.random() * LOAD_SECONDS / len(ids))

    # --- what happens to workers --------------------------------------------------------------------------------------

    async def begun(self, ids: list[str]) -> None:
        """Wait until a worker has taken up the first run."""
        while not any(run and run.epoch for run in [await self.store.runs.get(id_) for id_ in ids]):  # noqa: ASYNC110  (it is in the store)
            await asyncio.sleep(0.05)

    async def _kill(self, outcome: Outcome) -> None:
        for _ in range(KILLS):
            await asyncio.sleep(self.chance.random() * LOAD_SECONDS / KILLS * 2)
            async with self._one:
                worker = self.chance.choice(self.pool.workers)
                outcome.kills += 1
                outcome.hits += bool(await self._in_hand(worker))
                self.pool.kill(worker)

    async def _pause(self, paused: list[tuple[ForkServerProcess, list[str]]]) -> None:
        """Pause the first worker that has something in its hands at a random moment; another one joins."""
        await asyncio.sleep(self.chance.random() * LOAD_SECONDS)
        until = time.monotonic() + LOAD_SECONDS
        while not paused and time.monotonic() < until:
            async with self._one:
                paused += [one for one in [await self._paused(self.chance.choice(self.pool.workers))] if one]
            await asyncio.sleep(0.02)

    async def _paused(self, worker: ForkServerProcess) -> tuple[ForkServerProcess, list[str]] | None:
        if not await self._in_hand(worker):
            return None
        workers.pause(worker)
        held = await self._in_hand(worker)
        if not held:
            workers.go_on(worker)
            return None
        self.pool.workers.remove(worker)
        self.pool.add()
        return worker, held

    async def _in_hand(self, worker: ForkServerProcess) -> list[str]:
        name = f"{socket.gethostname()}-{worker.pid}"
        return [run.id for run in await self.store.runs.find({"state": "running"}, 0) if run.worker == name]

    # --- what is found afterwards -------------------------------------------------------------------------------------

    async def ended(self, ids: list[str]) -> list[Run]:
        """Return the runs once all of them have ended, or nothing has happened for long."""
        began = news = time.monotonic()
        before: list[Run] = []
        while True:
            runs = [run for run in [await self.store.runs.get(id_) for id_ in ids] if run]
            now = time.monotonic()
            news = now if runs != before else news
            if all(run.state in ENDED for run in runs) or now > min(news + PATIENCE, began + LONGEST):
                return runs
            before = runs
            await asyncio.sleep(0.2)

    async def _woken(self, worker: ForkServerProcess, held: list[str], outcome: Outcome) -> list[str]:
        """Let a paused worker go on, long after its runs have ended elsewhere: it may change nothing."""
        before = [await self._rows(run) for run in held]
        workers.go_on(worker)
        until = time.monotonic() + PATIENCE
        while any(workers.is_held(self.place / "locks", run) for run in held):
            if time.monotonic() > until:
                return [f"{', '.join(held)}: a paused worker still works on what it has lost"]
            await asyncio.sleep(0.05)
        await asyncio.sleep(workers.LEASE / 3)  # time for a heartbeat, and for what it might write behind
        after = [await self._rows(run) for run in held]
        worker.kill()
        worker.join()
        for run, old, new in zip(held, before, after, strict=True):
            outcome.unread += _without_unread(old, new) + await self._unread_events(run, old, new)
        pairs = zip(held, before, after, strict=True)
        return [f"{run}: a paused worker has written {_new(old, new)}" for run, old, new in pairs if old != new]

    async def _rows(self, run: str) -> dict[str, list[Any]]:
        found = {"runs": [await self.store.collections["runs"].get(run)]}
        for name, owner in OWNED.items():
            found[name] = list(await self.store.collections[name].find_all({owner: run}, [("_id", 1)]))
        return found

    async def _unread_events(self, run: str, old: dict[str, list[Any]], new: dict[str, list[Any]]) -> int:
        """Leave of new events those that a reader takes, and return how many of the others there are."""
        known = {row["_id"] for row in old["run_events"]}
        counting = {row["_id"] for row in await self.store.run_events.after(run)}
        read = [row for row in new["run_events"] if row["_id"] in known | counting]
        unread = len(new["run_events"]) - len(read)
        new["run_events"] = read
        return unread

    def _noted(self, kind: str) -> list[str]:
        """Return what workers have noted about runs of this trial when they met others there."""
        log = self.place / "locks" / kind
        met = log.read_text().splitlines() if log.exists() else []
        return [line for line in met if line.startswith(self.name + "-")]


def _without_unread(old: dict[str, list[Any]], new: dict[str, list[Any]]) -> int:
    """Drop what no reader takes, because a newer claim has written checkpoints, and return how much it is.

    It is new checkpoints of an older claim, and what an older claim has written, or taken away, for its checkpoints.
    """
    newest = dict[str, int]()
    for row in old["checkpoints"]:
        newest[row["ns"]] = max(row["epoch"], newest.get(row["ns"], 0))
    return _agreed(old, new, "checkpoint_writes", newest, both=True) + _agreed(
        old, new, "checkpoints", newest, both=False
    )


def _agreed(
    old: dict[str, list[Any]], new: dict[str, list[Any]], name: str, newest: Mapping[str, int], *, both: bool
) -> int:
    before, after = ({row["_id"] for row in rows[name]} for rows in (old, new))
    changed = before ^ after if both else after - before

    def kept(row: Any) -> bool:
        return row["_id"] not in changed or row["epoch"] >= newest.get(row["ns"], 0)

    unread = sum(not kept(row) for row in (*old[name], *new[name]))
    old[name], new[name] = [row for row in old[name] if kept(row)], [row for row in new[name] if kept(row)]
    return unread


def _new(old: dict[str, list[Any]], new: dict[str, list[Any]]) -> str:
    changed = [name for name in old if old[name] != new[name]]
    return ", ".join(f"{name} ({len(old[name])} rows before, {len(new[name])} after)" for name in changed)
