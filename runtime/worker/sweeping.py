"""Runs whose worker has stopped answering: taken up again, or given up when one worker after the other has died."""

import logging
from dataclasses import asdict

from runtime.problems import Problem, problem
from runtime.services.clock import Clock
from runtime.services.store import Store
from runtime.services.store.runs import LOSSES, Run
from runtime.telemetry import Telemetry, logs
from runtime.telemetry import catalogue as metric
from runtime.worker import starting, threads

log = logging.getLogger(__name__)


async def sweep(store: Store, clock: Clock, telemetry: Telemetry, limit: int = LOSSES) -> list[str]:
    """Queue expired runs again, or give them up after so many losses, and return the ids of both."""
    expired = await store.runs.expired(clock.now())
    found: list[str] = []
    for run in expired:
        with logs.about(run=run.id, workflow=run.workflow, tenant=run.tenant):
            found += [run.id] if await _swept(store, clock, telemetry, run, limit) else []
    return found


async def _swept(store: Store, clock: Clock, telemetry: Telemetry, run: Run, limit: int) -> bool:
    # What was kept since the last loss says whether it gets on: then it is not the run that kills workers.
    reached = await store.collections["checkpoints"].count({"thread": run.id})
    losses = 1 if reached > run.reached else run.losses + 1
    if losses >= limit:
        return await _given_up(store, clock, telemetry, run, losses)
    log.warning("run %s has lost its worker %s, %d of %d times without getting on", run.id, run.worker, losses, limit)
    recovered = await store.runs.recover(run, clock.now(), losses, reached)
    if recovered:
        await store.run_events.seal(run.id, run.epoch, run.tenant)
        telemetry.add(metric.RUNS_SWEPT)
    return recovered


async def _given_up(store: Store, clock: Clock, telemetry: Telemetry, run: Run, losses: int) -> bool:
    found, taken = _why(run, losses), await store.runs.take_over(run, clock.now())
    if not taken:
        return False
    await starting.told(store, clock, taken, "failed", threads.STATUS["failed"], asdict(found))
    if await store.runs.bury(taken, clock.now(), asdict(found)):
        starting.counted(telemetry, taken, "failed", clock.now())
    if run.thread:
        await threads.advance(store, run.thread, clock.now())
    log.error("run %s is given up: %s; the last one was %s", run.id, found.detail, run.worker)
    telemetry.add(metric.RUNS_GIVEN_UP, workflow=run.workflow)
    return True


def _why(run: Run, losses: int) -> Problem:
    detail = f"{losses} workers have died over it, one after the other without a step ended in between"
    return problem("workers-lost", "The run was given up", detail, run.workflow)
