"""Roles of the runtime as processes of their own, over the embedded store of a folder."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from runtime.contract import WorkflowDocument

PATIENCE = 60.0
"""Seconds until what has to come about counts as not coming."""


@contextmanager
def role(
    place: Path, name: str, more: Mapping[str, str] | None = None, port: int = 0
) -> Generator[tuple[subprocess.Popen[str], str]]:
    """Yield a process that serves what lies in `place/specs`, and its address, once it is ready; SIGTERM ends it."""
    own = {"APM_STATE_DIR": str(place / "state"), "APM_SPEC_DIR": str(place / "specs"), "APM_FILES": str(place)}
    command = [sys.executable, "-m", "runtime", "serve", "--port", str(port), "--role", name]
    with (place / f"{name}.log").open("a") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, **own, **(more or {})}
        )
        assert process.stdout
        try:
            line = process.stdout.readline()
            assert "http://" in line, (place / f"{name}.log").read_text()
            address = line.split()[-1]
            until(lambda: _ready(address))
            yield process, address
        finally:
            process.terminate()
            process.wait(PATIENCE)
            process.stdout.close()


def _ready(address: str) -> bool:
    try:
        return bool(httpx.get(f"{address}/readyz").json()["ready"])
    except httpx.TransportError:
        return False


def until(holds: Callable[[], object]) -> None:
    """Wait for something that can be observed."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def write(place: Path, document: WorkflowDocument) -> None:
    """Put a document where the processes read it, at once, as a ConfigMap changes."""
    (place / "specs").mkdir(exist_ok=True)
    text = document.model_dump_json(by_alias=True, exclude_unset=True)
    (place / "specs/.new").write_text(text)
    (place / "specs/.new").rename(place / f"specs/{document.name}.yaml")


def served(address: str) -> dict[str, str]:
    """Return what takes new runs: digests by name."""
    return httpx.get(f"{address}/readyz").json()["specs"]


def counted(address: str, series: str) -> float:
    """Return a sample of the metrics; 0 without one."""
    lines = (line.rpartition(" ") for line in httpx.get(f"{address}/metrics").text.splitlines())
    return sum(float(value) for name, _, value in lines if name == series)
