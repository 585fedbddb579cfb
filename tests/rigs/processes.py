"""Servers that a rig starts: each writes its own log, and they're stopped by pid, the last one first."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
from collections.abc import Generator, Mapping
from pathlib import Path

GRACE_SECONDS = 15


class Processes:
    """The running servers of one rig, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, program: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        """Start a server, with our own environment unless it's given another."""
        with (self.folder / f"{program.name}.log").open("wb") as log:
            self.running[program.name] = subprocess.Popen(
                [*_ending_with_us(), str(program), *arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def dead(self) -> list[str]:
        return [name for name, process in self.running.items() if process.poll() is not None]

    def log(self, name: str) -> str:
        """The end of a server's log."""
        return f"--- {name}\n" + (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def end(self, name: str) -> None:
        """Stop one server, and forget it."""
        _stop(self.running.pop(name))

    def stop(self) -> None:
        for process in reversed(self.running.values()):
            _stop(process)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address; all are open at once while we look, so that all are different."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [server.getsockname()[1] for server in servers]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def running(pid_file: Path) -> int | None:
    """The process that wrote this file, if it still holds its lock: unlike an id, a lock can't be another process's."""
    with pid_file.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read())
    return None


@contextlib.contextmanager
def stopping(processes: Processes) -> Generator[Processes]:
    try:
        yield processes
    finally:
        processes.stop()


def _ending_with_us() -> list[str]:
    """What makes a server end when we're killed and can't stop it; nothing where there's no such command."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
