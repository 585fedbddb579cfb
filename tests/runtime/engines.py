"""`python -m tests.runtime.engines`: the tests of the state store on a second engine, so that "portable" is a fact.

SecantusDB (GPL-2.0, WiredTiger) checks types and operators as strictly as MongoDB does, where the embedded store lets
things pass. It is a test tool in an environment of its own, and no part of what is shipped. The pins are in
toolchain/python/secantus.lock; the environment is made once, in the cache of the tools. Exit code: that of the tests.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.environments import programs

ROOT = Path(__file__).parents[2]
TESTS = (
    "store", "checkpointer", "retention", "worker", "waiting", "nesting", "workflows", "compensating", "giving_up",
    "guards", "threads", "budgets", "ending", "searching",
)  # fmt: skip
"""Modules of tests/runtime with queues small enough: this engine scans them."""
START_SECONDS = 60.0


@contextmanager
def served(programs: Path) -> Generator[str]:
    """Yield the address of a server that keeps nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    more = ["--storage-path", ":memory:", "--log-level", "ERROR", "--standalone"]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([programs / "secantusd-py", "--port", str(port), *more], cwd=folder)
        try:
            _wait(process, port)
            yield f"mongodb://127.0.0.1:{port}/?directConnection=true"
        finally:
            process.terminate()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("SecantusDB did not start")


def main() -> int:
    """Run the tests and return their exit code."""
    files = [str(ROOT / "tests" / "runtime" / f"test_{name}.py") for name in TESTS]
    with served(programs("secantus")) as address:
        own = {**os.environ, "APM_TEST_STORE": address}
        command = [sys.executable, "-m", "pytest", "-q", *files]
        return subprocess.run(command, cwd=ROOT, env=own, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
