"""Workers as real processes, forked from a server that has loaded the runtime, so that a new one costs nothing.

While a worker executes a run it holds the lock of a file. The kernel lets go of it when the process dies, so that two
processes that execute one run at the same time meet, whatever the store says.
"""

import fcntl
import logging
import multiprocessing
import os
import signal
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, TextIO

from runtime.settings import Role, Settings

LEASE = 5
"""Seconds; a killed worker's runs wait so long."""
PRELOADED = ["runtime.app", "runtime.load", "langgraph.graph", "tests.runtime.crash.workers"]


_LOCKS: dict[str, TextIO] = {}


@contextmanager
def held(folder: Path, run: str, epoch: int = 1, lost: int = 0) -> Generator[None]:
    """Hold the lock of a run; a process that is met there, and not paused, is noted.

    It is a violation unless its claim is none that came after the newest lost one: then that worker was starved, got
    no CPU for longer than its lease, and notices with its next heartbeat or write.
    """
    with (folder / run).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.truncate(0)
            lock.write(f"{os.getpid()} {epoch}")
            lock.flush()
        except BlockingIOError:
            lock.seek(0)
            holder, _, claim = lock.read().partition(" ")
            _met(folder, run, holder, "starved" if int(claim or 0) <= lost else "violations")
        _LOCKS[run] = lock
        yield


def let_go(run: str) -> None:
    """Let the lock of a run go: whoever gets the run next need not meet us while we are tidying up."""
    if lock := _LOCKS.pop(run, None):
        fcntl.flock(lock, fcntl.LOCK_UN)


def _met(folder: Path, run: str, holder: str, kind: str) -> None:
    if not is_paused(holder):
        with (folder / kind).open("a") as log:
            log.write(f"{run}: executed by {holder} and {os.getpid()} at the same time\n")


def is_paused(pid: int | str) -> bool:
    """Return whether a process has been stopped by a signal.

    One without a number was stopped before it could write it down behind its lock.
    """
    if not pid:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
    except OSError:
        return False


def is_held(folder: Path, run: str) -> bool:
    """Return whether a process executes the run."""
    with (folder / run).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def serve(settings: Settings, role: Role, place: Path) -> None:
    """Be a worker, or the scheduler: the body of a process."""
    from runtime import app, load
    from runtime.services.store.runs import Run, Runs
    from runtime.worker.executor import Executor

    original, put_aside = Executor.execute, Runs.wait

    async def wait(self: Runs, run: Run, waiting: Sequence[Mapping[str, Any]], deadline: int) -> bool:
        let_go(run.id)
        return await put_aside(self, run, waiting, deadline)

    async def execute(self: Executor, run: Run, listener: Any = None) -> Any:
        with held(place / "locks", run.id, run.epoch, run.lost):
            return await original(self, run, listener)

    Executor.execute, Runs.wait = execute, wait
    logging.basicConfig(filename=place / f"{role}-{os.getpid()}.log", level=logging.INFO)
    app.serve(settings, role, load.folder(place / "specs"), _quiet)


def _quiet(line: str) -> None:
    del line


class Pool:
    """Some workers and a scheduler."""

    def __init__(self, settings: Settings, place: Path, size: int) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._settings = settings
        self._place = place
        self.workers: list[ForkServerProcess] = []
        self._scheduler = self._start("scheduler")
        for _ in range(size):
            self.add()

    def _start(self, role: Role) -> ForkServerProcess:
        process = self._context.Process(target=serve, args=(self._settings, role, self._place))
        process.start()
        return process

    def add(self) -> None:
        """Start one more worker."""
        self.workers.append(self._start("worker"))

    def kill(self, worker: ForkServerProcess) -> None:
        """Kill a worker without a warning, and start another one."""
        self.workers.remove(worker)
        worker.kill()
        worker.join()
        self.add()

    def died(self) -> list[str]:
        """Return which processes have ended although nobody had killed them."""
        return [
            f"process {p.pid} ended with {p.exitcode}" for p in (*self.workers, self._scheduler) if not p.is_alive()
        ]

    def stop(self) -> None:
        """Kill everything."""
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.join()


def pause(worker: ForkServerProcess) -> None:
    """Stop a process where it is."""
    assert worker.pid
    os.kill(worker.pid, signal.SIGSTOP)


def go_on(worker: ForkServerProcess) -> None:
    """Let a paused process go on."""
    assert worker.pid
    os.kill(worker.pid, signal.SIGCONT)
