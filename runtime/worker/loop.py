"""The worker role: claim runs as slots become free, execute them, hand them back when the process has to stop."""

import asyncio
import contextlib
import logging
import random

from runtime.problems import LeaseLost, StepError
from runtime.services.store.runs import SUSPECT, Run
from runtime.telemetry import logs
from runtime.telemetry.catalogue import LEASES_LOST, SLOTS
from runtime.worker.executor import Executor

log = logging.getLogger(__name__)

RETRY = 1.0
"""Seconds between two attempts to hand a run back to a store that does not answer."""
SHORTEST, LONGEST = 0.05, 2.0
"""Seconds between two looks into the queue: short after work, up to two when there is none."""


FULL = 500
"""Milliseconds, about, for which a workflow that has all the runs that it may have is not looked at."""


class Worker:
    """Executes runs of the queue, at most `slots` at a time."""

    def __init__(self, executor: Executor, name: str) -> None:
        self.name = name
        self._executor = executor
        self._slots = executor.settings.slots
        self._running: dict[asyncio.Task[None], Run] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._full: dict[str, int] = {}
        """Workflows that have as many runs as they may, until when they are not looked at."""

    async def close(self) -> None:
        """Let go of connections and model servers."""
        await self._executor.close()

    def nudge(self) -> None:
        """Look into the queue now: something has been added in this process."""
        self._wake.set()

    def look(self, run: str) -> None:
        """Ask the store about a run now: it has been cancelled in this process."""
        self._executor.look(run)

    async def work(self) -> None:
        """Claim and execute until `drain` is called; a claim is made only with a slot free."""
        pause = SHORTEST
        while not self._stopping:
            self._count()
            self._wake.clear()  # before the look: what is added while we look wakes us at once
            claimed = await self._claim() if len(self._running) < self._slots else None
            pause = SHORTEST if claimed else min(pause * 1.6, LONGEST)
            if claimed is None:
                await self._rest(pause)

    async def _claim(self) -> Run | None:
        """Take a run; of those that may be what kills workers one at a time, so that they show which one it is."""
        suspects = all(run.losses < SUSPECT for run in self._running.values())
        try:
            run = await self._admitted(suspects=suspects)
        except StepError as error:
            log.warning("cannot claim: %s", logs.told(error))
            return None
        except Exception:
            log.exception("cannot claim")  # a defect here must not end the worker in silence
            return None
        if run:
            task = asyncio.create_task(self._execute(run))
            self._running[task] = run
            task.add_done_callback(self._ended)
        return run

    async def _admitted(self, *, suspects: bool) -> Run | None:
        """Return a claimed run of a workflow that may have one more; those of others are put back.

        Whoever has claimed counts afterwards, so that of several workers at once none goes on over the limit.
        """
        runs, now = self._executor.store.runs, self._executor.clock.now()
        self._full = {name: until for name, until in self._full.items() if until > now}
        while run := await runs.claim(self.name, now, but=tuple(self._full), suspects=suspects):
            document = await self._executor.store.specs.get(run.digest)
            limit = document.limits.max_concurrent_runs if document else None
            if limit is None or await runs.running(run.workflow) <= limit:
                return run
            await runs.put_back(run, now)
            self._full[run.workflow] = now + int(FULL * (0.5 + random.random()))  # noqa: S311
        return None

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Look for the next run where this one has kept it from us: by its slot, its thread, or as a suspect."""
        full = len(self._running) == self._slots
        run = self._running.pop(task)
        if full or self._full or run.thread or run.losses >= SUSPECT:
            self._wake.set()

    async def _rest(self, seconds: float) -> None:
        # Workers that all look at the same moment would find the same run, and all but one for nothing.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds * (0.5 + random.random() / 2)):  # noqa: S311
                await self._wake.wait()

    async def _execute(self, run: Run) -> None:
        about = {"run": run.id, "workflow": run.workflow, "tenant": run.tenant}
        with logs.about(worker=self.name, attempt=run.attempt, **about):
            await self._leave(run.id)
            await self._executed(run)

    async def _executed(self, run: Run) -> None:
        log.info("run %s is executed", run.id)
        try:
            ended = await self._executor.execute(run)
            log.info("run %s is %s", run.id, ended.state)
            if ended.state == "drained":
                await self._executor.store.runs.put_back(run, self._executor.clock.now())
        except LeaseLost:
            self._executor.telemetry.add(LEASES_LOST)
            log.warning("run %s has gone to another worker", run.id)
        except StepError as error:
            log.warning("run %s cannot go on here: %s", run.id, logs.told(error))
            await self._hand_back(run)
        except Exception:
            # A defect of ours. Nothing is recorded; the lease runs out, and too many losses end the run.
            log.exception("run %s has broken off", run.id)

    async def _leave(self, id_: str) -> None:
        """End an older execution of a run: we were silent for so long that we have lost it, and won it again."""
        older = [task for task, run in self._running.items() if run.id == id_ and task is not asyncio.current_task()]
        for task in older:
            task.cancel()
        if older:
            await asyncio.wait(older)

    async def _hand_back(self, run: Run) -> None:
        """Put a run back, once the store answers; after its lease that is no longer ours to do."""
        until = self._executor.clock.now() + self._executor.store.runs.lease
        while True:
            try:
                await self._executor.store.runs.put_back(run, self._executor.clock.now())
            except StepError as error:
                log.warning("run %s cannot be handed back: %s", run.id, logs.told(error))
                if self._stopping or self._executor.clock.now() > until:
                    return
                await self._executor.clock.sleep(RETRY)
            else:
                return

    def _count(self) -> None:
        busy = len(self._running)
        self._executor.telemetry.set(SLOTS, busy, state="busy")
        self._executor.telemetry.set(SLOTS, self._slots - busy, state="free")

    async def drain(self, grace: float) -> None:
        """Stop claiming and hand running work back after the step that it is in; no attempt is burnt.

        A step that takes longer than the grace is cancelled, and executed again by whoever gets the run.
        """
        self._stopping = True
        self._wake.set()
        running = dict(self._running)
        for run in running.values():
            self._executor.drain(run.id)
        if running:
            await asyncio.wait(list(running), timeout=grace)
        for task, run in running.items():
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
                await self._hand_back(run)
