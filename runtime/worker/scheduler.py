"""What happens by itself: abandoned runs are requeued, timers and deadlines end, events and schedules start runs.

`tick()` does all of it once; the scheduler role calls it while it holds the lease `scheduler`, and `apm run` calls it
for the run that it is executing.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from runtime import expressions
from runtime.contract import TriggerDocument, WorkflowDocument, millis
from runtime.contract.bodies import TENANT
from runtime.problems import Failure, StepError, StoreError
from runtime.services.clock import Clock
from runtime.services.store import Store
from runtime.services.store.collection import Row
from runtime.services.store.runs import LOSSES, Run
from runtime.telemetry import Telemetry, logs
from runtime.telemetry import catalogue as metric
from runtime.worker import cron, schedules, starting, threads
from runtime.worker.starting import Start, start
from runtime.worker.sweeping import sweep

log = logging.getLogger(__name__)

LEASE = 15_000
INTERVAL = 0.5
"""Seconds between two ticks."""
MEASURING = 2_500
"""Milliseconds between two measurements of the gauges; they are scraped less often than that."""
PRUNING = 60_000
"""Milliseconds between two looks for what is to be forgotten; none while there is more."""


class Scheduler:
    """Acts for all runs of the store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        telemetry: Telemetry,
        documents: Mapping[str, WorkflowDocument],
        holder: str,
        retention: float = 30 * 86_400.0,
        losses: int = LOSSES,
    ) -> None:
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._documents = documents
        self._holder = holder
        self._losses = losses
        self._retention = int(retention * 1000)
        self._next_prune = self._next_measure = 0

    async def act(self, stop: asyncio.Event) -> None:
        """Do what is due while this process leads; once `stop` is set, end what was begun and let another one lead.

        Nothing is cancelled: a call of the store that is cut off makes the next one wait for a new connection.
        """
        while not stop.is_set():
            await self._act()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), INTERVAL)
        with suppress(StoreError):  # the lease runs out by itself
            await self._store.leases.release("scheduler", self._holder)

    async def _act(self) -> None:
        try:
            if await self._store.leases.take("scheduler", self._holder, self._clock.now(), LEASE):
                await self.tick()
        except (StepError, Failure) as error:
            log.warning("scheduler: %s", logs.told(error))
        except Exception:
            log.exception("scheduler")  # a defect here must not end the scheduler in silence

    async def tick(self) -> None:
        """Do everything that is due."""
        await self.sweep()
        await self.wake()
        await self.hear()
        await self.deliver()
        await self.fire()
        await schedules.fire(self._store, self._clock, self._documents)
        await self.advance()
        await self.prune()
        if (now := self._clock.now()) >= self._next_measure:
            await self.measure()
            # Measuring takes longer with more runs under way; it is left at a twentieth of the time.
            self._next_measure = now + max(MEASURING, 20 * (self._clock.now() - now))

    async def sweep(self) -> None:
        """Queue runs again whose worker has stopped answering, or give them up."""
        await sweep(self._store, self._clock, self._telemetry, self._losses)

    async def wake(self, only: str = "") -> None:
        """Answer what has waited until its deadline; a run past its own deadline is queued to be ended."""
        now = self._clock.now()
        for run in await self._store.runs.due_to_wake(now):
            if only not in ("", run.id):
                continue
            late = [entry for entry in run.waiting if entry.get("deadline") and entry["deadline"] <= now]
            await self._store.runs.answer(run, {entry["id"]: {"timed_out": True} for entry in late}, now)

    async def advance(self) -> None:
        """Let runs go that were held while another run had their thread."""
        for thread in {run.thread for run in await self._store.runs.held()}:
            await threads.unblock(self._store, self._clock, thread)

    async def prune(self) -> None:
        """Forget runs that have ended longer ago than the retention, and what memories keep no longer."""
        now = self._clock.now()
        if now < self._next_prune:
            return
        await self._store.memories.forget(now)
        if not await self._store.forget(now - self._retention, now):
            self._next_prune = now + PRUNING

    # --- events -----------------------------------------------------------------------------------------------------

    async def hear(self, only: str = "") -> None:
        """Hand events to runs that listen."""
        for run in await self._store.runs.listening():
            if only in ("", run.id) and (answers := await self._heard(run)):
                await self._store.runs.answer(run, answers, self._clock.now())

    async def _heard(self, run: Run) -> dict[str, Mapping[str, Any]]:
        answers: dict[str, Mapping[str, Any]] = {}
        for entry in run.waiting:
            if entry.get("heard") and (answer := await self._answer(run, entry)):
                answers[entry["id"]] = answer
        return answers

    async def _answer(self, run: Run, entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return what the events that have come answer to a step that listens; None while they do not."""
        found = [(one["channel"], await self._first(run, entry, one)) for one in entry["heard"]]
        came = sorted(((event["at"], channel, event) for channel, event in found if event), key=lambda one: one[0])
        if not came or (entry["join"] == "all" and len(came) < len(found)):
            return None
        if entry["join"] == "all":
            return {"value": [event["payload"] for _, event in found if event], "by": came[-1][2]["source"]}
        _, channel, first = came[0]
        value = {"channel": channel, "payload": first["payload"]} if entry["join"] else first["payload"]
        return {"value": value, "by": first["source"]}

    async def _first(self, run: Run, entry: Mapping[str, Any], heard: Mapping[str, Any]) -> Row | None:
        events = await self._store.events.since(heard["channel"], entry.get("since") or run.created, run.tenant)
        return next((event for event in events if _holds(heard, event["payload"])), None)

    async def deliver(self) -> None:
        """Start runs for new events; one that cannot be delivered goes to the dead letters after its last attempt."""
        for event in await self._store.events.fresh():
            try:
                for document, trigger in self._triggers(channel=event["channel"]):
                    key = f"{event['_id']}>{document.name}"
                    await self._start(document, trigger, key, event["payload"], event["tenant"])
                await self._store.events.delivered(event["_id"])
            except (StepError, Failure) as error:
                await self._failed(event, str(error))

    async def _failed(self, event: Row, reason: str) -> None:
        channels = [d.channels[event["channel"]] for d in self._documents.values() if event["channel"] in d.channels]
        allowed = channels[0].max_attempts if channels else 3
        if await self._store.events.failed(event["_id"]) >= allowed:
            name = channels[0].dead_letter if channels else None
            await self._store.events.bury(event, reason, self._clock.now(), name or "")
            self._telemetry.add(metric.DEAD_LETTERS, channel=event["channel"])

    def _triggers(self, channel: str | None = None) -> list[tuple[WorkflowDocument, TriggerDocument]]:
        pairs = [(document, trigger) for document in self._documents.values() for trigger in document.triggers]
        return [(document, trigger) for document, trigger in pairs if trigger.channel == channel]

    async def _start(
        self, document: WorkflowDocument, trigger: TriggerDocument, id_: str, payload: Any, tenant: str = TENANT
    ) -> None:
        input_ = expressions.mapping(trigger.input, {"output": payload}) if trigger.input else payload or {}
        priority = document.channels[trigger.channel].priority if trigger.channel in document.channels else 0
        by = trigger.channel or trigger.cron or ""
        asked = Start(document.name, input_, trigger=by, id=id_, priority=priority, tenant=tenant)
        await start(self._store, self._clock, self._documents, asked)

    # --- schedules --------------------------------------------------------------------------------------------------

    async def fire(self) -> None:
        """Start runs whose schedule has come round since the last tick; missed times count once."""
        now = self._clock.now()
        for document, trigger in self._triggers():
            if trigger.cron:
                await self._fire(document, trigger, now)

    async def _fire(self, document: WorkflowDocument, trigger: TriggerDocument, now: int) -> None:
        assert trigger.cron
        name = f"{document.name}|{trigger.cron}|{trigger.time_zone}"
        rows = self._store.collections["crons"]
        row = await rows.get(name)
        if row is None:
            await rows.add({"_id": name, "last": now})
            return
        due = cron.latest(trigger.cron, trigger.time_zone or "UTC", now)
        if due <= row["last"] or not await rows.change({"_id": name, "last": row["last"]}, {"$set": {"last": due}}):
            return
        if trigger.starting_deadline and now - due > millis(trigger.starting_deadline):
            self._telemetry.add(metric.CRON_FIRED, workflow=document.name, outcome="missed")
            return
        await self._started_by(document, trigger, due)

    async def _started_by(self, document: WorkflowDocument, trigger: TriggerDocument, due: int) -> None:
        active = await self._store.runs.active(document.name)
        outcome = "started"
        if active and trigger.concurrency_policy == "Forbid":
            outcome = "forbidden"
        elif active and trigger.concurrency_policy == "Replace":
            outcome = "replaced"
            for run in active:
                await starting.cancelled(self._store, self._clock, run)
        self._telemetry.add(metric.CRON_FIRED, workflow=document.name, outcome=outcome)
        if outcome != "forbidden":
            await self._start(document, trigger, f"cron-{document.name}-{due}", {})

    # --- gauges -----------------------------------------------------------------------------------------------------

    async def measure(self) -> None:
        """Set the gauges of the queue and of what waits for people."""
        now = self._clock.now()
        depth, oldest = await self._store.runs.depth(now)
        self._telemetry.set(metric.QUEUE_DEPTH, depth, queue="default")
        self._telemetry.set(metric.QUEUE_OLDEST, (now - oldest) / 1000 if oldest else 0, queue="default")
        active: dict[str, list[Row]] = {name: [] for name in self._documents}
        for row in await self._store.runs.under_way():
            active.get(row["workflow"], []).append(row)
        for gauge in (metric.APPROVALS_WAITING, metric.APPROVAL_OLDEST, metric.RUN_OLDEST_SECONDS):
            self._telemetry.clear(gauge)  # those of workflows that are not served any more
        for name, rows in active.items():
            asked = [row for row in rows if row["state"] == "waiting" and row["asks"]]
            self._telemetry.set(metric.APPROVALS_WAITING, len(asked), workflow=name)
            self._telemetry.set(metric.APPROVAL_OLDEST, _age(asked, now), workflow=name)
            self._telemetry.set(metric.RUN_OLDEST_SECONDS, _age(rows, now), workflow=name)


def _holds(heard: Mapping[str, Any], payload: Any) -> bool:
    try:
        return not heard["when"] or expressions.condition(heard["when"], {**heard["scope"], "output": payload})
    except StepError:
        return False


def _age(runs: Sequence[Row], now: int) -> float:
    return (now - min(run["started"] or run["created"] for run in runs)) / 1000 if runs else 0.0
