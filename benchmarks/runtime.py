"""`python -m benchmarks.runtime [--runs 400] [--clients 20]`: what the runtime costs, in processes of its own.

http: clients that start a run of 5 steps without effects over HTTP and follow it to its end; one `apm serve` process
with all roles over the embedded store. runs/s, milliseconds from request to end, CPU milliseconds a run of the runtime
and of the store. node: microseconds a step over the same graph in bare LangGraph. idle: memory of each role.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from runtime.contract import WorkflowDocument
from runtime.load import parse

STEPS = 5
TICK = os.sysconf("SC_CLK_TCK")


def document(steps: int) -> WorkflowDocument:
    """Return a workflow of steps that do next to nothing."""
    listed = [{"id": f"s{n}", "function": "text-statistics", "with": {"text": "x"}} for n in range(steps)]
    common = {"format": "apm.workflow/v1", "name": "bench", "version": 1, "owner": "ops", "environment": "bench"}
    return parse({**common, "digest": f"bench-{steps}", "steps": listed}, "benchmark")


# --- processes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """A process that serves, and where."""

    pid: int
    port: int


@contextmanager
def served(folder: Path, role: str) -> Generator[Served]:
    """Serve in a process of its own until the body has ended."""
    (folder / "specs").mkdir(exist_ok=True)
    (folder / "specs/bench.yaml").write_text(document(STEPS).model_dump_json(by_alias=True, exclude_unset=True))
    own = {"APM_STATE_DIR": str(folder / "state"), "APM_SPEC_DIR": str(folder / "specs"), "APM_SLOTS": "20"}
    command = [sys.executable, "-m", "runtime", "serve", "--port", "0", "--role", role]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **own})
    assert process.stdout
    try:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the role {role} did not start")
        port = int(line.rsplit(":", 1)[1])
        asyncio.run(_until_ready(port))
        yield Served(process.pid, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


async def _until_ready(port: int) -> None:
    for _ in range(600):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        if b" 200 " in answer.split(b"\r\n", 1)[0]:
            return
        await asyncio.sleep(0.05)
    raise SystemExit("the server did not get ready")


def cpu(pid: int) -> float:
    """Return CPU seconds that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


# --- HTTP ------------------------------------------------------------------------------------------------------------


class Client:
    """One client with one connection at a time; a library would cost more than what it measures."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def run(self) -> float:
        """Start a run, follow it to its end, and return milliseconds."""
        began = time.perf_counter()
        body = json.dumps({"workflow": "bench", "input": {}}).encode()
        id_ = json.loads((await self._send("POST", "/runs", body)).split(b"\r\n\r\n", 1)[1])["id"]
        events = await self._send("GET", f"/runs/{id_}/events", b"")
        if b'"state": "succeeded"' not in events:
            raise SystemExit(f"a run did not succeed: {events[-500:].decode()}")
        return (time.perf_counter() - began) * 1000

    async def _send(self, method: str, path: str, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await reader.read()
        writer.close()
        return answer


async def load(port: int, clients: int, runs: int) -> list[float]:
    """Return the milliseconds of each run."""
    left = iter(range(runs))

    async def work() -> list[float]:
        client = Client(port)
        return [await client.run() for _ in left]

    return [took for times in await asyncio.gather(*(work() for _ in range(clients))) for took in times]


def http(clients: int, runs: int) -> None:
    """Print the row of HTTP runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder, "all") as server:
            store = int(json.loads((folder / "state/store.json").read_text())["pid"])
            asyncio.run(load(server.port, clients, clients))
            before, began = (cpu(server.pid), cpu(store)), time.perf_counter()
            times = sorted(asyncio.run(load(server.port, clients, runs)))
            wall = time.perf_counter() - began
            own, stores = (cpu(server.pid) - before[0], cpu(store) - before[1])
    row = f"{runs / wall:8.1f} {statistics.median(times):8.0f} {times[int(len(times) * 0.95)]:8.0f}"
    print(f"{'http, ' + str(clients) + ' clients':<20} {row} {own / runs * 1000:8.1f} {stores / runs * 1000:8.1f}")


# --- steps and memory ------------------------------------------------------------------------------------------------


class Last(TypedDict):
    """State of the bare graph."""

    last: int


def nodes(steps: int) -> tuple[float, float]:
    """Return microseconds a step: of ours, and of a bare graph of the same shape."""
    from langgraph.graph import END, START, StateGraph

    async def bare() -> float:
        building: Any = StateGraph(Last)
        names = [f"s{n}" for n in range(steps)]

        async def node(values: Last) -> Last:
            return {"last": len(str(values))}

        for name in names:
            building.add_node(name, node)
        for one, two in zip([START, *names], [*names, END], strict=True):
            building.add_edge(one, two)
        graph = building.compile()
        return await _best(lambda: graph.ainvoke({"last": 0}, {"recursion_limit": steps + 2}), steps)

    async def ours() -> float:
        from runtime.graph.building import Graphs
        from runtime.graph.frame import Frame
        from runtime.graph.state import initial
        from runtime.services.clock import SystemClock
        from runtime.services.facade import RuntimeServices
        from runtime.settings import Settings
        from runtime.telemetry import Telemetry

        found, graphs, subs = document(steps), Graphs(None), dict[str, WorkflowDocument]()
        parts: Any = _NoStore()
        services = RuntimeServices(Settings(), parts, SystemClock(), Telemetry())
        run = {"id": "r", "workflow": found.name, "environment": "bench"}
        graph = graphs.nested(found)

        def invoke() -> Any:
            frame = Frame(run, found, services, _unwatched, subs.__getitem__, graphs.nested, parts, (found.name,))
            return graph.ainvoke(initial(found, {}), {"recursion_limit": steps + 2}, context=frame)

        return await _best(invoke, steps)

    return asyncio.run(ours()), asyncio.run(bare())


def _unwatched(kind: str, data: Mapping[str, Any]) -> None:
    del kind, data


class _NoStore:
    """Steps without effects ask no store; one that does finds nothing here, whichever repository it asks."""

    def __getattr__(self, name: str) -> None:
        return None


async def _best(invoke: Any, steps: int) -> float:
    """Return microseconds a step, the best of several: what the machine does besides only adds."""
    await invoke()
    times: list[float] = []
    for _ in range(5):
        began = time.process_time()
        await invoke()
        times.append((time.process_time() - began) / steps * 1_000_000)
    return min(times)


def idle() -> None:
    """Print the memory of each role after a moment of rest."""
    for role in ("api", "worker", "scheduler"):
        with tempfile.TemporaryDirectory() as name, served(Path(name), role) as server:
            time.sleep(2)
            print(f"{'idle, ' + role:<20} {memory(server.pid):8.0f}")


def main() -> None:
    """Parse arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--clients", type=int, default=20)
    options = parser.parse_args()
    print(f"{'':<20} {'runs/s':>8} {'p50 ms':>8} {'p95 ms':>8} {'CPU ms':>8} {'store ms':>8}")
    http(options.clients, options.runs)
    print(f"\n{'':<20} {'us':>8} {'bare us':>8} {'more us':>8}")
    for steps in (5, 50):
        own, bare = nodes(steps)
        print(f"{'node, of ' + str(steps):<20} {own:8.0f} {bare:8.0f} {own - bare:8.0f}")
    print(f"\n{'':<20} {'MiB':>8}")
    idle()


if __name__ == "__main__":
    main()
