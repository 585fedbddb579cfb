"""LangGraph's own development server (`langgraph dev`, in memory), with the same graph and the same requests.

It may not share an environment with apm, and its licence (Elastic 2.0) lets it be run and not shipped: it is installed
from `toolchain/python/langgraph-dev.lock` into the cache of the tools.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.growth import row
from benchmarks.processes import family, load, until_answered, waited
from tests.environments import programs

GRAPH = """
from typing import TypedDict
from langgraph.graph import END, START, StateGraph

class Values(TypedDict):
    last: int

async def node(values):
    return {"last": len(str(values))}

building = StateGraph(Values)
names = [f"s{n}" for n in range(5)]
for name in names:
    building.add_node(name, node)
for one, two in zip([START, *names], [*names, END]):
    building.add_edge(one, two)
graph = building.compile()
"""


@contextmanager
def _served() -> Generator[tuple[int, int]]:
    """Yield process and port of the server."""
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        folder = Path(name)
        (folder / "bench.py").write_text(GRAPH)
        (folder / "langgraph.json").write_text(
            json.dumps({"dependencies": ["."], "graphs": {"bench": "./bench.py:graph"}})
        )
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
        free.close()
        command = [programs("langgraph-dev") / "langgraph", "dev", "--no-browser", "--no-reload", "--port", str(port)]
        quiet = {**os.environ, "LANGSMITH_TRACING": "false", "LANGGRAPH_CLI_NO_ANALYTICS": "1", "LOG_LEVEL": "ERROR"}
        with (folder / "log").open("w") as log:
            more = ["--n-jobs-per-worker", "20"]
            process = subprocess.Popen([*command, *more], cwd=folder, env=quiet, stdout=log, stderr=log)
            try:
                asyncio.run(until_answered(port, "/ok"))
                yield process.pid, port
            finally:
                process.send_signal(signal.SIGINT)
                process.wait()


def http(runs: int) -> None:
    """Print runs of 5 steps over HTTP."""
    with _served() as (pid, port):
        row("LangGraph dev, waited for", load(partial(waited, port, "bench", {"last": 0}), 20, runs, family(pid)))
