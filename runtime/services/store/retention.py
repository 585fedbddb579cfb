"""Forget what has ended long ago: the run, its events, its checkpoints, its effects and its budgets.

The row of a run goes last, so that a crash in between leaves a run that is forgotten with the next tick.
"""

import datetime as dt
from collections.abc import Mapping

from runtime.contract import pot_of
from runtime.services.store.collection import Collection, starting_with

BATCH = 100
"""Runs and channel events that one call forgets at most."""


async def forget(collections: Mapping[str, Collection], before: int, now: int) -> int:
    """Forget runs that ended before a time, threads unused since, channel events delivered and budgets of days before.

    Items of the key-value store go at the time that was set for them. Returns how many runs there were.

    Dead letters stay, and runs that were given up: a person has to look at them. So do artefacts, whose collection
    has a retention of its own.
    """
    where = {"ended": {"$gt": 0, "$lt": before}, "buried": 0}
    ended = await collections["runs"].find_all(where, [("ended", 1)], BATCH)
    for row in ended:
        await erase(collections, row["_id"])
    await collections["threads"].remove({"active": "", "updated": {"$lt": before}})
    await collections["items"].remove({"expires": {"$gt": 0, "$lt": now}})
    day = dt.datetime.fromtimestamp(before / 1000, dt.UTC).date().isoformat()
    await collections["budgets"].remove({"name": {"$gte": "day/", "$lt": f"day/{day}"}})
    for state in ("delivered", "dead"):
        await _forget_events(collections["events"], state, before)
    return len(ended)


async def _forget_events(events: Collection, state: str, before: int) -> None:
    old = await events.find_all({"state": state, "at": {"$lt": before}}, [("at", 1)], BATCH)
    if old:
        await events.remove({"_id": {"$in": [event["_id"] for event in old]}})


async def erase(collections: Mapping[str, Collection], run: str) -> None:
    """Forget a run with everything that belongs to it."""
    for name in ("checkpoint_writes", "checkpoint_blobs", "checkpoints"):
        await collections[name].remove({"thread": run})
    for name in ("run_events", "effects", "compensations"):
        await collections[name].remove({"run": run})
    await collections["budgets"].remove({"_id": pot_of(run)})
    for name in (f"{pot_of(run)}/", f"{pot_of(run)}|", f"{run}|"):  # pots of sub-workflows and agents, and counters
        await collections["budgets"].remove({"name": starting_with(name)})
    await collections["runs"].remove({"_id": run})
