"""Execute one claimed run until it ends, waits, or is taken away."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from runtime.contract import WorkflowDocument, millis
from runtime.graph.building import GraphDrained, Graphs, RunControl, resume
from runtime.graph.frame import Frame
from runtime.graph.nesting import finished
from runtime.graph.state import initial
from runtime.problems import Failure, LeaseLost, Problem, StepError, StoreError, problem
from runtime.services.budgets import pots
from runtime.services.checkpointer import MongoSaver
from runtime.services.clock import Clock, SystemClock
from runtime.services.facade import RuntimeServices
from runtime.services.outside import Outside
from runtime.services.store import Store
from runtime.services.store.collection import refuse_large
from runtime.services.store.fences import Fence
from runtime.services.store.runs import Run
from runtime.settings import Settings
from runtime.telemetry import Telemetry, logs, tracing
from runtime.telemetry import catalogue as metric
from runtime.worker import starting, threads
from runtime.worker.compensating import Undoing
from runtime.worker.documents import stored
from runtime.worker.events import EventLog, Listener
from runtime.worker.saving import worth_saving
from runtime.worker.states import States, shows, state_of, stops

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ended:
    """Where a run stands after its execution."""

    state: str
    output: Any = None
    problem: Problem | None = None


class Executor:
    """Everything that runs of one process share."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock | None = None,
        telemetry: Telemetry | None = None,
        outside: Outside | None = None,
    ):
        self.settings = settings
        self.store = store
        self.clock = clock or SystemClock()
        self.telemetry = telemetry or Telemetry()
        self.services = RuntimeServices(settings, store, self.clock, self.telemetry, outside=outside)
        self._saver = MongoSaver(store.collections, store.fences)
        self.states = States(store, self._saver, self.clock)
        self._graphs = Graphs(self._saver)
        self._controls: dict[str, RunControl] = {}
        self._looks: dict[str, asyncio.Event] = {}

    async def close(self) -> None:
        """Let go of connections and model servers."""
        await self.services.close()

    def check(self, document: WorkflowDocument) -> None:
        """Raise `Failure` when a document cannot be compiled."""
        self._graphs.run(document)

    def look(self, id_: str) -> None:
        """Ask the store about a run now, and not with the next heartbeat: somebody in this process has cancelled it."""
        if id_ in self._looks:
            self._looks[id_].set()

    def drain(self, id_: str) -> None:
        """Let a run stop after the step that it is in; its execution then ends as `drained`."""
        if id_ in self._controls:
            self._controls[id_].request_drain()

    async def execute(self, run: Run, listener: Listener | None = None) -> Ended:
        """Execute a claimed run.

        One that ends as `drained`, or whose task is cancelled, stays claimed: the caller says what becomes of it
        (`put_back`).

        Raises:
            LeaseLost: another worker has it now.
        """
        log = EventLog(run, self.store.run_events, self.clock, self.telemetry, listener)
        async with self._fenced(run):
            await self.store.run_events.seal(run.id, run.lost, run.tenant)
            try:
                with tracing.run_span(run.id, run.workflow, run.attempt, run.options.get(tracing.PARENT, "")) as span:
                    ended = await self._to_the_end(run, log)
                    span.ended({"apm.run.state": ended.state}, ended.problem)
                return ended
            finally:
                await asyncio.shield(log.close())

    # --- the claim --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _fenced(self, run: Run) -> AsyncGenerator[None]:
        self.store.fences.put(Fence(self.store.collections["runs"], run.id, run.epoch))
        self.store.fences.renew(run.id, run.lease - self.store.runs.lease, self.store.runs.lease)
        self._controls[run.id], self._looks[run.id] = RunControl(), asyncio.Event()
        try:
            yield
        finally:
            self.store.fences.drop(run.id)
            self._saver.let_go(run.id)
            del self._controls[run.id], self._looks[run.id]

    @asynccontextmanager
    async def _beating(self, run: Run, *, to_cancel: bool = True) -> AsyncGenerator[None]:
        """Prolong the lease while the body works; cancel the body when the lease is lost, or the run cancelled."""
        body = asyncio.current_task()
        assert body
        why: list[BaseException] = []
        beats = asyncio.create_task(self._beat(run, body, why, to_cancel=to_cancel))
        try:
            yield
        except asyncio.CancelledError:
            if why:
                body.uncancel()
                raise why[0] from None
            raise
        finally:
            beats.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beats

    async def _beat(self, run: Run, body: "asyncio.Task[Any]", why: list[BaseException], *, to_cancel: bool) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.store.runs.lease / 3 / 1000):
                    await self._looks[run.id].wait()
            self._looks[run.id].clear()
            at = self.clock.now()
            try:
                now = await self.store.runs.beat(run, at)
            except StepError as error:
                # It may answer again before the lease is over; if it does not, the fence stops the work.
                logger.warning("no heartbeat for run %s: %s", run.id, logs.told(error))
                continue
            if now is None or (now.cancel and to_cancel):
                why.append(LeaseLost(run.id) if now is None else _Cancelled())
                body.cancel()
                return
            self.store.fences.renew(run.id, at, self.store.runs.lease)

    # --- the work ---------------------------------------------------------------------------------------------------

    async def _to_the_end(self, run: Run, log: EventLog) -> Ended:
        started = run.started or self.clock.now()
        ended = _decided(run) or await self._worked(run, log)
        if ended.state in ("waiting", "interrupted", "drained"):
            return ended
        if ended.state != "succeeded":
            await self._undone(run, ended, log)
        await self._end(run, ended, log, started)
        return ended

    async def _undone(self, run: Run, ended: Ended, log: EventLog) -> None:
        """Undo what the run has done; it ends as was decided before, even if this process does not get to the end."""
        if not await self.store.compensations.open(run.id):
            return
        found = asdict(ended.problem) if ended.problem else None
        await self.store.runs.ending(run, ended.state, found)
        documents = await stored(self.store.specs, run.digest)
        frame = self._frame(run, documents, log)
        why = ended.problem or problem("cancelled", "The run was cancelled", instance=run.workflow)
        async with self._beating(run, to_cancel=False):
            await frame.saga.undo(frame, (f"{run.id}/",), why)

    async def _worked(self, run: Run, log: EventLog) -> Ended:
        try:
            if run.cancel:  # the worker before had no time to see it
                raise _Cancelled
            async with self._beating(run):
                ended = await self._bounded(run, log)
        except _Cancelled:
            ended = Ended("cancelled")
        except GraphDrained:
            return Ended("drained")
        except Failure as error:
            ended = Ended("failed", problem=problem("unavailable", error.message, error.hint))
        except (LeaseLost, StoreError):
            raise  # the run is not ours any more, or the store does not answer: nothing can be recorded
        except StepError as error:  # the store refuses what it is given, and would do so again
            ended = Ended("failed", problem=error.problem)
        except Exception as error:  # noqa: BLE001  (a defect ends the run, not the worker)
            log.record("defect", {"problem": f"{type(error).__name__}: {error}"})
            ended = Ended("failed", problem=problem("internal", "The run failed unexpectedly", repr(error)[:500]))
        return ended

    async def _bounded(self, run: Run, log: EventLog) -> Ended:
        documents = await stored(self.store.specs, run.digest)
        document = documents[run.digest]
        deadline = await self.store.runs.begin(run, self.clock.now(), millis(document.limits.timeout))
        left = (deadline - self.clock.now()) / 1000
        late = problem("timeout", "The run took too long", f"its limit is {document.limits.timeout}", run.workflow)
        if left <= 0:
            return Ended("timeout", problem=late)
        self.telemetry.add(metric.RUNS_ACTIVE, workflow=run.workflow)
        try:
            values = await self.clock.within(left, self._invoke(run, documents, log))
        except TimeoutError:
            return Ended("timeout", problem=late)
        finally:
            self.telemetry.add(metric.RUNS_ACTIVE, -1, workflow=run.workflow)
        return await self._outcome(replace(run, deadline=deadline), self._frame(run, documents, log), values, log)

    async def _invoke(self, run: Run, documents: Mapping[str, WorkflowDocument], log: EventLog) -> Mapping[str, Any]:
        document = documents[run.digest]
        saved = bool(run.thread) or bool(stops(run)) or worth_saving(documents.values())
        graph = self._graphs.run(document, saved=saved)
        config: dict[str, Any] = {"configurable": {"thread_id": run.id}, "recursion_limit": 100_000}
        fresh = not saved or not run.started or await self._saver.aget_tuple(config) is None  # pyright: ignore[reportArgumentType]
        if fresh:
            self._saver.expect_nothing(run.id)
        carried = await self.states.carried(run, document, fresh=fresh)
        told = {"workflow": run.workflow, "attempt": run.attempt} | ({"state": carried.state} if shows(run) else {})
        log.record("run-started" if fresh else "run-resumed", told)
        values = await graph.ainvoke(
            initial(document, dict(run.input), carried.state) if fresh else resume(run.answers, carried.patch),
            config,
            context=self._frame(run, documents, log),
            durability="sync" if saved else None,
            control=self._controls[run.id],
            **stops(run),
        )
        return {**values, "next": (await graph.aget_state(config)).next} if stops(run) else values

    def _frame(self, run: Run, documents: Mapping[str, WorkflowDocument], log: EventLog) -> Frame:
        document = documents[run.digest]
        return Frame(
            run={"id": run.id, "workflow": run.workflow, "environment": document.environment},
            document=document,
            services=self.services,
            watch=log.record,
            document_of=documents.__getitem__,
            nested=self._graphs.nested,
            saga=Undoing(run, self.store, self._graphs),
            path=(document.name,),
            tenant=run.tenant,
            pots=pots(run, document, self.clock.now()),
            shows=shows(run),
        )

    async def _outcome(self, run: Run, frame: Frame, values: Mapping[str, Any], log: EventLog) -> Ended:
        if waiting := values.get("__interrupt__"):
            entries = [{"id": one.id, **one.value} for one in waiting]
            # Who hears of it looks at the thread next; so the thread is first.
            await self.states.keep(run, "interrupted", state_of(values))
            log.record("waiting", {"for": entries})
            await log.flush()
            if not await self.store.runs.wait(run, entries, run.deadline):
                now = await self.store.runs.get(run.id)
                raise _Cancelled if now and now.epoch == run.epoch and now.cancel else LeaseLost(run.id)
            return Ended("waiting")
        if values.get("next"):
            await self.states.keep(run, "interrupted", state_of(values))
            log.record("stopped", {"before": list(values["next"])})
            await log.flush()
            if not await self.store.runs.put_back(run, self.clock.now(), "interrupted"):
                raise LeaseLost(run.id)
            return Ended("interrupted")
        if values.get("failed"):
            return Ended("failed", problem=Problem(**values["failed"]))
        try:
            output = finished(frame, values)
            refuse_large(output, "The output of the run")
            return Ended("succeeded", output)
        except StepError as error:
            return Ended("failed", problem=replace(error.problem, instance=run.workflow))

    async def _end(self, run: Run, ended: Ended, log: EventLog, started: int) -> None:
        found = asdict(ended.problem) if ended.problem else None
        state = await self.states.now(run.id) if run.thread else {}
        await self.states.keep(run, threads.STATUS[ended.state], state, ended.output)
        log.record("run-ended", {"workflow": run.workflow, "state": ended.state, "problem": found})
        await log.flush()
        if not await self.store.runs.end(run, ended.state, self.clock.now(), ended.output, found):
            raise LeaseLost(run.id)
        if run.thread:
            await threads.advance(self.store, run.thread, self.clock.now())
        starting.counted(self.telemetry, replace(run, started=started), ended.state, self.clock.now())


def _decided(run: Run) -> Ended | None:
    """Return how a run is going to end whatever its steps say: it was cancelled, or is being undone."""
    if run.ending:
        found = run.ending["problem"]
        return Ended(run.ending["state"], problem=Problem(**found) if found else None)
    return Ended("cancelled") if run.cancel else None


class _Cancelled(Exception):  # noqa: N818  (nothing is wrong)
    """Somebody has cancelled the run."""
