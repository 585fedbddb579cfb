"""Start runs by the schedules that people have made by the API."""

import logging
from collections.abc import Mapping
from typing import Any

from runtime.contract import WorkflowDocument
from runtime.problems import Failure, StepError
from runtime.services.clock import Clock
from runtime.services.store import Store
from runtime.services.store.kept import Entry
from runtime.telemetry import logs
from runtime.worker import cron, starting, threads
from runtime.worker.starting import Start

log = logging.getLogger(__name__)


async def fire(store: Store, clock: Clock, documents: Mapping[str, WorkflowDocument]) -> None:
    """Start the runs that are due; times that were missed count once."""
    now = clock.now()
    async for entry in store.schedules.find({"next": {"$gt": 0, "$lte": now}}, (("next", 1),)):
        due = entry.fields["next"]
        if not await store.schedules.claim(entry.id, "next", due, _next(entry.body, now)):
            continue
        try:
            await _started(store, clock, documents, entry, due)
        except (StepError, Failure) as error:
            log.warning("schedule %s has started nothing: %s", entry.id, logs.told(error))


def _next(plan: Mapping[str, Any], now: int) -> int:
    return cron.within(plan["schedule"], plan["timezone"], plan["end_time"], now)


async def _started(
    store: Store, clock: Clock, documents: Mapping[str, WorkflowDocument], entry: Entry, due: int
) -> None:
    plan = entry.body
    options = {"assistant": plan["assistant"], "metadata": {**plan["metadata"], "cron_id": entry.id}}
    id_ = f"cron-{entry.id}-{due}"
    asked = Start(plan["workflow"], plan["input"], "cron", id_, options=options, thread=plan["thread"],
                  tenant=entry.tenant)  # fmt: skip
    if plan["thread"]:
        await threads.begun(store, clock, documents, asked, plan["strategy"])
    else:
        await starting.begun(store, clock, documents, asked)
