"""The embedded store: `nx-27017`, a MongoDB-compatible server over SQLite, as a child process on loopback.

One server per state folder, shared by every process that uses the folder: the first one starts it, the last one stops
it. When all of them were killed, the server ends by itself.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from importlib import util
from pathlib import Path

from runtime.problems import Failure
from runtime.services.store import nx_27017_server

_START_SECONDS = 30.0
_HINT = "install it with `pip install 'apm[local]'`, or set MONGODB_URI to a MongoDB of your own"


class EmbeddedStore:
    """The server of one state folder."""

    def __init__(self, state_dir: Path) -> None:
        self._dir = state_dir.absolute()
        self._info = self._dir / "store.json"
        self._users = self._dir / "users"
        self._mark = self._users / str(os.getpid())
        self._child: subprocess.Popen[bytes] | None = None

    async def start(self) -> str:
        """Return the address of the server, started if need be.

        Raises:
            Failure: it cannot be started, or the folder cannot be written.
        """
        try:
            self._users.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f"The state folder {self._dir} cannot be made", error.strerror or "") from error
        with self._locked():
            self._mark.touch()
            port = self._running() or await self._launch()
        return f"mongodb://127.0.0.1:{port}/?directConnection=true"

    def stop(self) -> None:
        """Stop the server if nobody else uses it."""
        with self._locked():
            self._mark.unlink(missing_ok=True)
            if not self._others() and self._info.exists():
                self._terminate(int(json.loads(self._info.read_text())["pid"]))
                self._info.unlink()
            elif self._child:
                self._child.returncode = 0  # it outlives us on purpose: somebody else uses it

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        with (self._dir / "store.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _others(self) -> bool:
        living = nx_27017_server.living(self._users)
        for mark in set(self._users.iterdir()) - {*living, self._mark}:
            mark.unlink(missing_ok=True)
        return bool(living - {self._mark})

    def _running(self) -> int | None:
        if not self._info.exists():
            return None
        info = json.loads(self._info.read_text())
        return int(info["port"]) if _is_server(int(info["pid"])) and _answers(int(info["port"])) else None

    async def _launch(self) -> int:
        if util.find_spec("nx_27017") is None:
            raise Failure("The embedded store is not installed", _HINT)
        port = _free_port()
        process = subprocess.Popen(  # noqa: ASYNC220, S603  (our own program; returns at once)
            self.command(port),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C in the terminal is for the command; the store has to outlive it to record how the run ended.
            start_new_session=True,
        )
        self._child = process
        await self._wait_until_up(process, port)
        self._info.write_text(json.dumps({"pid": process.pid, "port": port}))
        return port

    def command(self, port: int) -> list[str]:
        """Return the command line of the server on a port."""
        files = ["--data-dir", self._dir / "store", "--log-file", self._dir / "store.log"]
        (self._dir / "store").mkdir(exist_ok=True)
        # -P: nothing of the folder that the command is called in is taken for a module.
        program = [sys.executable, "-P", nx_27017_server.__file__, str(self._users)]
        return [*program, "--port", str(port), *map(str, files), "--pid-file", str(self._dir / "store.pid")]

    async def _wait_until_up(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        for _ in range(int(_START_SECONDS / 0.02)):
            if process.poll() is not None:
                raise Failure("The embedded store stopped while it was starting", f"see {self._dir / 'store.log'}")
            if _answers(port):
                return
            await asyncio.sleep(0.02)
        process.kill()
        raise Failure(
            f"The embedded store did not answer within {_START_SECONDS:.0f} s", f"see {self._dir / 'store.log'}"
        )

    def _terminate(self, pid: int) -> None:
        if _is_server(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if self._child and self._child.pid == pid:
            self._child.wait()
        elif self._child:
            self._child.returncode = 0


def _is_server(pid: int) -> bool:
    """Return whether the process is the store; a recorded number may meanwhile belong to something else."""
    try:
        return b"nx_27017" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
