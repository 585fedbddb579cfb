"""One store and one executor for as long as a command works, and a loop that can be interrupted."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from runtime import steps as verbs
from runtime.cli.reports import PathStep, RunResult, result, step_line
from runtime.contract import WorkflowDocument
from runtime.nodes.llm import LlmStep
from runtime.problems import Failure, LeaseLost, StepError
from runtime.services.clock import SystemClock
from runtime.services.models.local import LocalModel
from runtime.services.store import Store, opened
from runtime.services.store.runs import Run
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from runtime.worker.executor import Executor
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
        forced = self.executor.settings.provider
        providers = {forced or provider for document in documents.values() for provider in _providers(document)}
        if "scripted" in providers:
            self.executor.services.models.provider("scripted")
            self.echo(f"models: scripted replies from {self.executor.settings.replies}, no model is asked")
        if "local" in providers:
            model = self.executor.services.models.provider("local")
            assert isinstance(model, LocalModel)
            self.echo(f"models: local {model.name}, a real model on this machine")
            if self.executor.settings.model_file is None:
                self.echo("        (135 million parameters: enough to try everything, far too small to judge well)")
            await model.start()

    # --- executing --------------------------------------------------------------------------------------------------

    async def follow(self, run: Run) -> RunResult:
        """Execute a claimed run until it ends or waits for a person; Ctrl-C leaves it `interrupted`."""
        documents = {run.workflow: document} if (document := await self.store.specs.get(run.digest)) else {}
        clock = self.executor.clock
        scheduler = Scheduler(self.store, clock, self.executor.telemetry, documents, self.worker)
        while True:
            ended = await self._execute(run)
            if ended != "waiting" or await self._asks_a_person(run.id):
                return await self.report(run.id)
            run = await self._woken(run.id, scheduler)

    async def _execute(self, run: Run) -> str:
        try:
            return (await self.executor.execute(run, self._show)).state
        except asyncio.CancelledError:
            await asyncio.shield(self.store.runs.put_back(run, self.executor.clock.now(), "interrupted"))
            return "interrupted"
        except LeaseLost:
            raise Failure(
                f"The run {run.id} has gone to another worker", f"look with `apm runs show {run.id}`"
            ) from None

    async def _asks_a_person(self, id_: str) -> bool:
        run = await found(self.store, id_)
        return any(question["kind"] in ("approval", "ask") for question in run.waiting)

    async def _woken(self, id_: str, scheduler: Scheduler) -> Run:
        """Return the run, claimed again, after a timer or an event has ended its waiting."""
        while True:
            await scheduler.wake()
            await scheduler.hear()
            if run := await self.store.runs.claim(self.worker, self.executor.clock.now(), id_):
                return run
            await self.executor.clock.sleep(INTERVAL)

    def _show(self, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "step-ended" and (self.verbose or data["verb"] not in ("set", "switch")):
            names = ("path", "verb", "outcome", "seconds", "agent", "goto")
            self.echo(step_line(PathStep(**{name: data[name] for name in names})))
        elif kind == "step-retried":
            self.echo(f"{data['path']}: tried again after {data['problem']['title']}")
        elif self.verbose and kind in ("tool-called", "tool-denied", "model-called", "model-failed"):
            self.echo(f"  {kind} {json.dumps(dict(data), ensure_ascii=False)}")


@asynccontextmanager
async def session(
    settings: Settings, echo: Echo = quiet, *, verbose: bool = False, as_run: str = ""
) -> AsyncGenerator[Session]:
    """Yield a session; closes everything that it has opened. `as_run` takes over how that run was started."""
    telemetry = Telemetry()
    async with opened(settings, telemetry) as store:
        if as_run:
            settings = _as_started(settings, await found(store, as_run))
        executor = Executor(settings, store, SystemClock(), telemetry)
        try:
            yield Session(executor, echo, verbose)
        finally:
            await executor.close()


def _providers(document: WorkflowDocument) -> set[str]:
    """Return the providers of the models that agents and `llm` steps of a document ask first."""
    steps = verbs.walk(verbs.parse(document.steps))
    asked = {agent.model for agent in document.agents.values()}
    asked |= {step.llm.model for step in steps if isinstance(step, LlmStep)}
    return {model.provider for name, model in document.models.items() if name in asked}


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
