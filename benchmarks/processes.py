"""Processes that are measured, and clients that cost little: what the benchmarks of the runtime share."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from runtime.contract import WorkflowDocument
from runtime.load import parse
from runtime.services.store.embedded import EmbeddedStore

TICK = os.sysconf("SC_CLK_TCK")
CALLS = r"^apm_store_operation_duration_seconds_count\S* (\S+)$"
"""Line of `/metrics` with the number of calls to the store of one sort."""
PURE: Mapping[str, Any] = {"function": "text-statistics", "with": {"text": "x"}}
"""A step without an effect: it is computed again after a crash, and costs no checkpoint."""
SAVED: Mapping[str, Any] = {"function": "artefact-put", "with": {"collection": "bench", "name": "x", "text": "x"}}
"""A step with an effect: it goes through the ledger and ends with a checkpoint."""


def document(name: str, steps: Sequence[Mapping[str, Any]], **more: Any) -> WorkflowDocument:
    """Return a workflow of these steps."""
    listed = [{"id": f"s{number}", **step} for number, step in enumerate(steps)]
    common = {"format": "apm.workflow/v1", "version": 1, "owner": "ops", "environment": "bench"}
    limits = {"maxSteps": len(steps) + 1}
    return parse({**common, "name": name, "digest": name, "limits": limits, "steps": listed, **more}, "benchmark")


@dataclass(frozen=True)
class Served:
    """A process that serves, and where."""

    pid: int
    port: int

    def calls(self) -> float:
        """Return how often it has called its store."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            found = re.findall(CALLS, answer.read().decode(), re.MULTILINE)
        return sum(map(float, found))


@dataclass
class Place:
    """A folder with documents, and a store that outlives the processes over it."""

    folder: Path
    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        (self.folder / "specs").mkdir()
        store = EmbeddedStore(self.folder / "state")
        self.uri = asyncio.run(store.start())
        self.stack.callback(store.stop)

    @property
    def store(self) -> int:
        """Return the process of the store."""
        return int(json.loads((self.folder / "state/store.json").read_text())["pid"])

    def write(self, *documents: WorkflowDocument) -> None:
        """Put documents where the processes read them."""
        for one in documents:
            text = one.model_dump_json(by_alias=True, exclude_unset=True)
            (self.folder / f"specs/{one.name}.yaml").write_text(text)

    @contextmanager
    def served(self, role: str, **more: str) -> Generator[Served]:
        """Serve in a process of its own until the body has ended."""
        own = {"MONGODB_URI": self.uri, "APM_SPEC_DIR": str(self.folder / "specs"), "APM_SLOTS": "20", **more}
        command = [sys.executable, "-m", "runtime", "serve", "--port", "0", "--role", role]
        log = (self.folder / "log").open("a")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, **own})
        assert process.stdout
        try:
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"the role {role} did not start: {(self.folder / 'log').read_text()[-500:]}")
            port = int(line.rsplit(":", 1)[1])
            asyncio.run(until_answered(port, "/readyz"))
            yield Served(process.pid, port)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


async def until_answered(port: int, path: str) -> None:
    """Wait until a server answers there with 200."""
    for _ in range(1200):
        try:
            if b" 200 " in (await send(port, "GET", path)).split(b"\r\n", 1)[0]:
                return
        except OSError:
            pass
        await asyncio.sleep(0.05)
    raise SystemExit("the server did not get ready")


def cpu(*pids: int) -> float:
    """Return CPU seconds that processes have used, user and system."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / TICK


def family(pid: int) -> list[int]:
    """Return a process and all that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def memory(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


# --- clients: a library would cost more than what it measures --------------------------------------------------------


async def send(port: int, method: str, path: str, body: bytes = b"") -> bytes:
    """Return the answer to one request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
    answer = await reader.read()
    writer.close()
    return answer


async def followed(port: int, workflow: str, input_: Any) -> None:
    """Start a run in the runtime's own words and follow its events to its end."""
    started = await send(port, "POST", "/runs", json.dumps({"workflow": workflow, "input": input_}).encode())
    id_ = json.loads(started.split(b"\r\n\r\n", 1)[1])["id"]
    events = await send(port, "GET", f"/runs/{id_}/events")
    if b'"state": "succeeded"' not in events:
        raise SystemExit(f"a run did not succeed: {events[-500:].decode()}")


async def waited(port: int, workflow: str, input_: Any) -> None:
    """Start a run by the protocol of the LangGraph server and wait for its values."""
    body = json.dumps({"assistant_id": workflow, "input": input_}).encode()
    answer = await send(port, "POST", "/runs/wait", body)
    if b" 200 " not in answer.split(b"\r\n", 1)[0] or b"__error__" in answer:
        raise SystemExit(f"a run did not succeed: {answer[-500:].decode()}")


@dataclass(frozen=True)
class Load:
    """What some clients have seen, and what it has cost."""

    rate: float
    """Runs a second."""
    median: float
    """Milliseconds from request to end."""
    late: float
    """Milliseconds that 95 of 100 do not exceed."""
    cpu: float
    """CPU milliseconds a run of the processes that serve."""
    store: float
    """CPU milliseconds a run of the store."""


def load(client: Any, clients: int, runs: int, serving: Sequence[int], store: Sequence[int] = ()) -> Load:
    """Let clients call `client()` again and again, `runs` times in all; one round before that warms up."""
    asyncio.run(_timed(client, clients, clients))
    before, began = (cpu(*serving), cpu(*store)), time.perf_counter()
    times = sorted(asyncio.run(_timed(client, clients, runs)))
    wall = time.perf_counter() - began
    own, stores = cpu(*serving) - before[0], cpu(*store) - before[1]
    late = times[min(int(runs * 0.95), runs - 1)]
    return Load(runs / wall, median(times), late, own / runs * 1000, stores / runs * 1000)


async def _timed(client: Any, clients: int, runs: int) -> list[float]:
    left = iter(range(runs))

    async def work() -> list[float]:
        times: list[float] = []
        for _ in left:
            began = time.perf_counter()
            await client()
            times.append((time.perf_counter() - began) * 1000)
        return times

    return [took for times in await asyncio.gather(*(work() for _ in range(clients))) for took in times]
