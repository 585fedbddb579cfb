"""Serve: the API, the worker and the scheduler, each alone or all in one process.

Every role answers `/healthz`, `/readyz` and `/metrics`; the API is there for the roles `api` and `all`. SIGTERM: not
ready, no new claims, running work gets the grace period, the rest is handed back, exit.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import uvicorn

from runtime.app.api import Api
from runtime.app.reloading import Check, Reloading
from runtime.app.series import announce
from runtime.contract import WorkflowDocument
from runtime.load import Source
from runtime.problems import Failure
from runtime.services.clock import SystemClock
from runtime.services.store import Store, opened
from runtime.settings import Role, Settings
from runtime.telemetry import Telemetry, tracing
from runtime.worker.scheduler import Scheduler

if TYPE_CHECKING:
    from runtime.worker.loop import Worker

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _Server(uvicorn.Server):
    """A server that leaves signals to us: work is drained before connections are closed."""

    def capture_signals(self) -> AbstractContextManager[None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return nullcontext()


def serve(settings: Settings, role: Role, source: Source, echo: Callable[[str], object] = print) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        Failure: the port is in use, the store cannot be used, a document cannot be run, or others could reach the API
            without a key.
    """
    reachable(settings, role)
    specs = Reloading(source)
    with _bound(settings) as listening:
        echo(f"{role} on http://{settings.host}:{listening.getsockname()[1]}")
        asyncio.run(_serve(settings, role, specs, listening))


def reachable(settings: Settings, role: Role) -> None:
    """Let nobody in without a key: without keys, the API is for this machine only.

    Raises:
        Failure: the API would listen on another address, and there are no keys.
    """
    if role in ("api", "all") and not settings.api_keys and settings.host not in LOOPBACK:
        hint = "set APM_API_KEYS (or APM_API_KEYS_FILE), or leave the address at 127.0.0.1"
        raise Failure(f"The API on {settings.host} needs keys, and APM_API_KEYS is not set", hint)


def _bound(settings: Settings) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        hint = "choose another one with --port, or stop what uses it"
        raise Failure(f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}", hint) from error
    return listening


async def _serve(settings: Settings, role: Role, specs: Reloading, listening: socket.socket) -> None:
    telemetry, clock, stop, served = Telemetry(), SystemClock(), asyncio.Event(), specs.served
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with tracing.exporting(settings.traces), opened(settings, telemetry, clock) as store:
        announce(telemetry, served.values())
        name = f"{socket.gethostname()}-{os.getpid()}"
        worker, check = _worker(settings, store, clock, telemetry, name) if role in ("worker", "all") else (None, _fine)
        for document in served.values():
            check(document)
        scheduler = Scheduler(store, clock, telemetry, served, name, settings.retention, settings.losses)
        api = Api(settings, store, clock, telemetry, served, worker, full=role in ("api", "all"))
        async with (
            _answering(api, listening),
            _acting(scheduler if role in ("scheduler", "all") else None),
            _beside(specs.watch(telemetry, check)),
        ):
            await _work_until(stop, worker, api, settings.grace)
        if worker:
            await worker.close()


def _worker(
    settings: Settings, store: Store, clock: SystemClock, telemetry: Telemetry, name: str
) -> "tuple[Worker, Check]":
    """Return the worker, and how it compiles a document; other roles do without what it brings into memory."""
    from runtime.worker.executor import Executor
    from runtime.worker.loop import Worker

    executor = Executor(settings, store, clock, telemetry)
    return Worker(executor, name), executor.check


def _fine(document: WorkflowDocument) -> None:
    """Take every document: only workers compile them."""
    del document


@asynccontextmanager
async def _answering(api: Api, listening: socket.socket) -> AsyncGenerator[None]:
    config = uvicorn.Config(  # without a configuration of its own, what it says goes the way of all logs
        api.asgi(), log_config=None, log_level="warning", lifespan="off", timeout_graceful_shutdown=5
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def _acting(scheduler: Scheduler | None) -> AsyncGenerator[None]:
    if scheduler is None:
        yield
        return
    stop = asyncio.Event()
    task = asyncio.create_task(scheduler.act(stop))
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _work_until(stop: asyncio.Event, worker: "Worker | None", api: Api, grace: float) -> None:
    working = asyncio.create_task(worker.work()) if worker else None
    await stop.wait()
    api.draining = True
    if worker and working:
        await worker.drain(grace)
        await working
