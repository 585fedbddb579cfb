"""`apm test`: runs with written replies, given answers, faults, and a clock that jumps to what happens next."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from runtime import settings as environment
from runtime.cli.reports import RunResult, result
from runtime.contract import WorkflowDocument
from runtime.problems import Failure, StepError
from runtime.services.clock import SystemClock, VirtualClock
from runtime.services.outside import Call
from runtime.services.rehearsed import Rehearsed
from runtime.services.store import Store, opened
from runtime.services.store.embedded import EmbeddedStore
from runtime.services.store.runs import Run
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from runtime.worker import starting
from runtime.worker.executor import Executor
from runtime.worker.scheduler import Scheduler
from runtime.worker.starting import Start

T = TypeVar("T")

MAX_PAUSES = 100
"""Pauses of one run; more means that it goes round in circles."""
PATIENCE = 60.0
"""Real seconds that a rehearsal may take: nothing is waited for, so more means that something hangs."""
PATIENCE_WITH_MODELS = 1800.0
"""The same where models are really asked."""
_WORKER = "test"


@dataclass(frozen=True)
class Script:
    """What happens to a run; steps are named by their path below the workflow, such as `plan/assess/risks`."""

    workflow: str
    input: Mapping[str, Any]
    replies: Path | None
    """File with the replies of models; without one the models are really asked."""
    folder: Path
    """Folder that functions may read and write."""
    answers: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    """What people answer, by step, in order; the last one repeats."""
    unanswered: Sequence[str] = ()
    """Steps at which nobody answers and nothing comes, until their time is up."""
    events: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    """Payloads that are published when a step listens, by step, in order; the last one repeats."""
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Problem types that calls of a step end with, in order; `none` lets one through, `malformed` spoils it."""
    tools: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    """Results by tool or function; the last one repeats."""
    steps: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    """Results of calls by step; these come before those of tools."""


@dataclass(frozen=True)
class Rehearsal:
    """What came of it."""

    run: RunResult
    state: Mapping[str, Any]
    """State fields of the workflow at the end."""
    calls: Sequence[Call]
    """Calls of tools, functions and requests, each attempt."""
    emitted: Sequence[tuple[str, Any]]
    """Channel and payload of every event that the run published."""
    ways: frozenset[tuple[str, str, str]]
    """Workflow, step and way out of every step that was gone through."""
    missing: Sequence[Call]
    """Calls of servers that the script has no result for."""
    tokens: Mapping[str, tuple[int, int]]
    """Tokens in and out, by model."""
    heard: Sequence[tuple[str, Any]]
    """Who asked, and what its model answered, in order, as a file of replies says it."""
    unused: Sequence[str]
    """Parts of the script that nothing came to, such as `answers.review`."""


Rehearse = Callable[[Mapping[str, WorkflowDocument], Script], Rehearsal]


@contextmanager
def rehearsals(state_dir: Path) -> Generator[Rehearse]:
    """Yield a function that rehearses one script, each on an empty store of its own.

    Models are really asked, with the settings and keys of the environment, where a script has no replies.
    The function raises `Failure` when the input is refused, the workflow is missing, or the run does not come to rest.
    """
    server = EmbeddedStore(state_dir)
    with asyncio.Runner() as runner:
        address = runner.run(server.start())
        closed = environment.read({}, store_uri=address, state_dir=state_dir, provider="scripted")
        open_ = environment.read(store_uri=address, state_dir=state_dir)
        numbers = iter(range(1_000_000))

        def rehearse(documents: Mapping[str, WorkflowDocument], script: Script) -> Rehearsal:
            settings = (
                replace(open_, replies=None) if script.replies is None else replace(closed, replies=script.replies)
            )
            own = replace(settings, database=f"case{next(numbers)}", files=script.folder)
            try:
                return runner.run(_rehearsed(own, documents, script))
            except StepError as error:
                raise Failure(error.problem.title, error.problem.detail) from error

        try:
            yield rehearse
        finally:
            server.stop()


async def _rehearsed(settings: Settings, documents: Mapping[str, WorkflowDocument], script: Script) -> Rehearsal:
    patience = PATIENCE if script.replies else PATIENCE_WITH_MODELS
    try:
        async with asyncio.timeout(patience), _Stage.built(settings, script) as stage:
            return await stage.play(documents)
    except TimeoutError:
        raise Failure("The case does not come to its end", f"it was given up after {patience:.0f} s") from None


class _Stage:
    """One run and everything around it."""

    def __init__(self, settings: Settings, script: Script, store: Store, clock: VirtualClock) -> None:
        self._script = script
        self._store = store
        self._clock = clock
        self._outside = Rehearsed(clock, script.faults, script.tools, script.steps)
        telemetry = Telemetry()
        self.executor = Executor(settings, store, self._clock, telemetry, self._outside)
        self._scheduler = Scheduler(store, self._clock, telemetry, {}, _WORKER)
        self._met: Counter[str] = Counter()

    @classmethod
    @asynccontextmanager
    async def built(cls, settings: Settings, script: Script) -> AsyncGenerator["_Stage"]:
        """Yield a stage on an empty store."""
        # It starts at the real time, which is what a person expects to see in a message, and goes on by itself only.
        clock = VirtualClock(SystemClock().now())
        async with opened(settings, Telemetry(), clock, check=False) as store:
            stage = cls(settings, script, store, clock)
            try:
                yield stage
            finally:
                await stage.executor.close()

    async def play(self, documents: Mapping[str, WorkflowDocument]) -> Rehearsal:
        """Run the script to its end, or to a pause that it does not end."""
        start = Start(self._script.workflow, self._script.input)
        id_ = await starting.start(self._store, self._clock, documents, start, _WORKER)
        run = await starting.found(self._store, id_)
        for _ in range(MAX_PAUSES):
            ended = await self.executor.execute(run)
            if ended.state != "waiting" or not await self._goes_on(await starting.found(self._store, id_)):
                return await self._report(id_)
            claimed = await self._store.runs.claim(_WORKER, self._clock.now(), id_)
            if claimed is None:  # what came did not end the pause: an event that does not hold the condition
                return await self._report(id_)
            run = claimed
        raise Failure(f"the run still waits after {MAX_PAUSES} pauses", "it goes round in circles")

    # --- pauses -----------------------------------------------------------------------------------------------------

    async def _goes_on(self, run: Run) -> bool:
        """End one pause of a run as the script says; False where it says nothing."""
        for pause in run.waiting:
            step = pause["path"].split("/", 1)[1]
            if pause["kind"] in ("approval", "ask") and step in self._script.answers:
                await self._answer(run, pause, self._next("answers", step, self._script.answers[step]))
                return True
            if pause["kind"] == "event" and step in self._script.events:
                await self._publish(pause, step, self._next("events", step, self._script.events[step]))
                await self._scheduler.hear(run.id)
                return True
        return await self._wait(run)

    def _next(self, part: str, step: str, said: Sequence[Any]) -> Any:
        """Return what is said this time that the run comes to a step."""
        self._met[f"{part}.{step}"] += 1
        return said[min(self._met[f"{part}.{step}"], len(said)) - 1]

    async def _answer(self, run: Run, pause: Mapping[str, Any], written: Any) -> None:
        several = cast("list[Any]", written) if pause["required"] > 1 and isinstance(written, list) else [written]
        for number, value in enumerate(several):
            by = f"test-{number + 1}" if number else "test"
            await starting.answer(self._store, self._clock, run.id, value, by=by, to=pause["id"])

    async def _publish(self, pause: Mapping[str, Any], step: str, written: Any) -> None:
        payloads = written if pause["join"] else {pause["channel"]: written}
        for channel, payload in payloads.items():
            id_ = f"test|{step}|{pause['id']}|{channel}|{self._clock.now()}"
            await self._store.events.add(id_, channel, payload, self._clock.now(), "test")
        # Time stands still otherwise, and a step that listens again would hear the same event.
        self._clock.advance(0.001)

    async def _wait(self, run: Run) -> bool:
        """Jump to the first deadline of those pauses that time alone may end."""
        deadlines = [self._deadline(pause, run) for pause in run.waiting]
        due = [deadline for deadline in deadlines if deadline]
        if not due:
            return False
        self._clock.advance(max(0, min(due) - self._clock.now()) / 1000 + 0.001)
        await self._scheduler.wake(run.id)
        return True

    def _deadline(self, pause: Mapping[str, Any], run: Run) -> int:
        """Return when a pause ends by itself; 0 where the script does not let it."""
        step = pause["path"].split("/", 1)[1]
        if pause["kind"] != "timer" and step not in self._script.unanswered:
            return 0
        self._met[f"unanswered.{step}"] += 1
        return pause.get("deadline") or run.deadline

    # --- the report -------------------------------------------------------------------------------------------------

    async def _report(self, id_: str) -> Rehearsal:
        run = await starting.found(self._store, id_)
        events = await self._store.run_events.after(id_)
        ended = [event["data"] for event in events if event["kind"] == "step-ended"]
        return Rehearsal(
            run=result(run, events, self._clock.now()),
            state=await self.executor.states.now(id_),
            calls=tuple(self._outside.calls),
            emitted=await self._emitted(),
            ways=frozenset((data["workflow"], data["step"], data["way"]) for data in ended),
            missing=tuple(self._outside.missing),
            tokens=_tokens(event["data"] for event in events if event["kind"] == "model-called"),
            heard=tuple(self._outside.heard),
            unused=self._unused(),
        )

    async def _emitted(self) -> tuple[tuple[str, Any], ...]:
        found = await self._store.events.fresh(0)
        return tuple((event["channel"], event["payload"]) for event in found if event["source"] != "test")

    def _unused(self) -> tuple[str, ...]:
        said = [("answers", self._script.answers), ("events", self._script.events)]
        named = {f"{part}.{step}": len(values) for part, steps in said for step, values in steps.items()}
        named |= {f"unanswered.{step}": 1 for step in self._script.unanswered}
        left = [f"faults.{step}" for step in self._outside.unused]
        return tuple(name for name, times in named.items() if self._met[name] < times) + tuple(left)


def _tokens(calls: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for call in calls:
        into, out = found.get(call["model"], (0, 0))
        found[call["model"]] = into + call["tokens_in"], out + call["tokens_out"]
    return found
