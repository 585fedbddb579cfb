"""`python -m tests.runtime.engines`: the tests of the state store on a second engine, so that "portable" is a fact.

SecantusDB (GPL-2.0, WiredTiger) checks types and operators as strictly as MongoDB does, where the embedded store lets
things pass. It is a test tool in an environment of its own, and no part of what is shipped. The pins are in
toolchain/python/secantus.lock; the environment is made once, in the cache of the tools. Exit code: that of the tests.
"""

import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "toolchain" / "python" / "secantus.lock"
TESTS = ("store", "checkpointer", "retention", "worker", "waiting", "nesting")
"""Modules of tests/runtime with queues small enough: this engine scans them."""
START_SECONDS = 60.0


def environment() -> Path:
    """Return the folder of programs of the engine's environment, which is made if need be."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "apm-tools" / f"secantus-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    if not (folder / "made").exists():
        print(f"installing SecantusDB into {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        install = [folder / "bin/python", "-m", "pip", "install", "-q", "--require-hashes", "--no-deps", "-r", LOCK]
        subprocess.run(install, check=True)
        (folder / "made").touch()
    return folder / "bin"


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
    with served(environment()) as address:
        own = {**os.environ, "APM_TEST_STORE": address}
        command = [sys.executable, "-m", "pytest", "-q", *files]
        return subprocess.run(command, cwd=ROOT, env=own, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
