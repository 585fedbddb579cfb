"""One store and one executor for as long as a command works, and a loop that can be interrupted."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from runtime import steps as verbs
from runtime.cli.reports import RunResult, path_step, result, step_line
from runtime.contract import ModelDocument, WorkflowDocument
from runtime.nodes.llm import LlmStep
from runtime.problems import Failure, LeaseLost, StepError
from runtime.services.clock import SystemClock
from runtime.services.memory import vectors
from runtime.services.models.local import LocalModel
from runtime.services.store import Store, opened
from runtime.services.store.runs import Run
from runtime.settings import Settings
from runtime.telemetry import Telemetry, tracing
from runtime.worker.executor import Ended, Executor
from runtime.worker.scheduler import INTERVAL, Scheduler
from runtime.worker.starting import found

T = TypeVar("T")
Echo = Callable[[str], None]


def quiet(line: str) -> None:
    """Say nothing."""
    del line


@dataclass(frozen=True)
class Session:
    """What a command works with."""

    executor: Executor
    echo: Echo
    verbose: bool = False

    @property
    def store(self) -> Store:
        """Return the store."""
        return self.executor.store

    @property
    def worker(self) -> str:
        """Return the name under which this process claims."""
        return f"cli-{os.getpid()}"

    async def report(self, id_: str) -> RunResult:
        """Return where a run stands."""
        run = await found(self.store, id_)
        return result(run, await self.store.run_events.after(id_), self.executor.clock.now())

    # --- models -----------------------------------------------------------------------------------------------------

    async def prepare(self, documents: Mapping[str, WorkflowDocument]) -> None:
        """Say which models will answer, and load the local one now: a run should not start and then fail on that."""
        forced, models = self.executor.settings.provider, self.executor.services.models
        asked = [model for document in documents.values() for model in _asked(document)]
        providers = {forced or model.provider for model in asked}
        if "scripted" in providers:
            for model in asked:
                models.of(model)
            where = self.executor.settings.replies or "the specs"
            self.echo(f"models: scripted replies from {where}, no model is asked")
        if "local" in providers:
            model = models.provider("local")
            assert isinstance(model, LocalModel)
            self.echo(f"models: local {model.name}, a real model on this machine")
            if self.executor.settings.model_file is None:
                self.echo("        (135 million parameters: enough to try everything, far too small to judge well)")
            await model.start()
        self._say_memories(documents)

    def _say_memories(self, documents: Mapping[str, WorkflowDocument]) -> None:
        """Say by what memories are searched: without vectors, related texts with other words are not found."""
        memories = {m.name: m for document in documents.values() for m in document.memories.values()}
        for name, memory in memories.items():
            reason = "" if memory.model else vectors.missing()
            by = f"words and meaning ({memory.model or vectors.SPACE})" if not reason else f"words only ({reason})"
            self.echo(f"memory {name}: searched by {by}")

    # --- executing --------------------------------------------------------------------------------------------------

    async def follow(self, run: Run) -> RunResult:
        """Execute a claimed run until it ends or waits for a person; Ctrl-C leaves it `interrupted`."""
        while True:
            ended = await self._execute(run)
            if ended != "waiting" or await self.asks_a_person(run.id):
                return await self.report(run.id)
            run = await self.claimed(run.id)

    async def _execute(self, run: Run) -> str:
        """Return where the run stands; at Ctrl-C the step under way may end, so that what it changes is known."""
        task = asyncio.create_task(self.executor.execute(run, self._show))
        try:
            return (await asyncio.shield(task)).state
        except asyncio.CancelledError:
            self.executor.drain(run.id)
            grace = self.executor.settings.grace
            with _heard_again() as again:
                self.echo(f"stopping after this step, in {grace:.0f} s at most; press Ctrl-C again to stop at once")
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([task, again], timeout=grace, return_when=asyncio.FIRST_COMPLETED)
                return await self._interrupted(run, task)
        except LeaseLost:
            raise Failure(
                f"The run {run.id} has gone to another worker", f"look with `apm runs show {run.id}`"
            ) from None

    async def _interrupted(self, run: Run, task: "asyncio.Task[Ended]") -> str:
        if task.done() and not task.cancelled() and task.result().state != "drained":
            return task.result().state
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self.store.runs.put_back(run, self.executor.clock.now(), "interrupted")
        return "interrupted"

    async def asks_a_person(self, id_: str) -> bool:
        """Return whether a run waits for a person."""
        run = await found(self.store, id_)
        return any(question["kind"] in ("approval", "ask") for question in run.waiting)

    async def claimed(self, id_: str) -> Run:
        """Return a queued run, claimed; one that waits, after a timer or an event has ended its waiting."""
        scheduler = Scheduler(self.store, self.executor.clock, self.executor.telemetry, {}, self.worker)
        while True:
            await scheduler.wake(id_)
            await scheduler.hear(id_)
            if run := await self.store.runs.claim(self.worker, self.executor.clock.now(), id_):
                return run
            state = (await found(self.store, id_)).state
            if state not in ("queued", "waiting"):
                raise Failure(f"The run {id_} is {state}", "somebody else has taken it up")
            await self.executor.clock.sleep(INTERVAL)

    def _show(self, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "step-ended" and (self.verbose or data["verb"] not in ("set", "switch")):
            self.echo(step_line(path_step(data)))
        elif kind == "step-retried":
            self.echo(f"{data['path']}: tried again after {data['problem']['title']}")
        elif self.verbose and kind in ("tool-called", "tool-denied", "model-called", "model-failed"):
            self.echo(f"  {kind} {json.dumps(dict(data), ensure_ascii=False)}")


@contextmanager
def _heard_again() -> Generator[asyncio.Future[None]]:
    """Yield what is done after a second Ctrl-C; more of them do nothing: the run still has to be put back."""
    loop = asyncio.get_running_loop()
    again = loop.create_future()
    try:
        loop.add_signal_handler(signal.SIGINT, lambda: again.done() or again.set_result(None))
    except (ValueError, RuntimeError):  # not the main thread: whoever runs us there handles signals
        yield again
        return
    try:
        yield again
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@asynccontextmanager
async def session(
    settings: Settings, echo: Echo = quiet, *, verbose: bool = False, as_run: str = ""
) -> AsyncGenerator[Session]:
    """Yield a session; closes everything that it has opened. `as_run` takes over how that run was started."""
    telemetry = Telemetry()
    async with tracing.exporting(settings.traces), opened(settings, telemetry) as store:
        if as_run:
            settings = _as_started(settings, await found(store, as_run))
        executor = Executor(settings, store, SystemClock(), telemetry)
        try:
            yield Session(executor, echo, verbose)
        finally:
            await executor.close()


def _asked(document: WorkflowDocument) -> list[ModelDocument]:
    """Return the models that agents and `llm` steps of a document ask first."""
    steps = verbs.walk(verbs.parse(document.steps))
    asked = {agent.model for agent in document.agents.values()}
    asked |= {step.llm.model for step in steps if isinstance(step, LlmStep)}
    return [model for name, model in document.models.items() if name in asked]


def _as_started(settings: Settings, run: Run) -> Settings:
    """Return settings with the models and the folder that a run was started with."""
    paths = {name: Path(run.options[name]) for name in ("replies", "model_file", "files") if run.options.get(name)}
    return replace(settings, provider=run.options.get("provider") or settings.provider, **paths)  # pyright: ignore[reportArgumentType]


def together(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a command's coroutine; SIGTERM interrupts it as Ctrl-C does, and problems become failures.

    Raises:
        Failure: the store does not answer, or what was asked for is refused.
    """
    try:
        with asyncio.Runner() as runner:
            return runner.run(_interruptible(work()))
    except StepError as error:
        raise Failure(error.problem.title, error.problem.detail) from error


async def _interruptible(work: Coroutine[Any, Any, T]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task
    try:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    except (ValueError, RuntimeError):  # not the main thread: whoever runs us there handles signals
        return await work
    try:
        return await work
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
