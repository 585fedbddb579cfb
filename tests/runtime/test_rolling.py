"""Workers that are replaced one after the other under load, as a rolling update does it, with real processes."""

import asyncio
import json
import signal
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx

from tests.runtime.conftest import workflow
from tests.runtime.processes import role, write

CLIENTS = 20
GENERATIONS = 2
SETTINGS = {"APM_SLOTS": "10", "APM_LEASE_SECONDS": "30"}
"""A lease that no handing back could wait for: what is lost in a restart would not end in time."""
DOCUMENT = """
state: {n: {type: integer, reducer: add, default: 0}}
output: {n: "${state.n}"}
steps:
  - {id: a, function: file-write, with: {path: "${run.id}-a.txt", text: a}, save: {n: 1}}
  - {id: b, function: file-write, with: {path: "${run.id}-b.txt", text: b}, save: {n: 1}}
  - {id: c, function: file-write, with: {path: "${run.id}-c.txt", text: c}, save: {n: 1}}
  - {id: d, function: file-write, with: {path: "${run.id}-d.txt", text: d}, save: {n: 1}}
"""
STEPS = ["a", "b", "c", "d"]


@dataclass
class Load:
    """Clients that start runs and follow them to their ends, until they are told to stop."""

    address: str
    stopped: bool = False
    runs: list[tuple[dict[str, Any], list[str]]] = field(default_factory=list[tuple[dict[str, Any], list[str]]])
    """Each run as it ended, with the steps that were executed, in order."""
    resumed: int = 0
    """How often a run was gone on with by another worker."""

    async def client(self, number: int) -> None:
        async with httpx.AsyncClient(base_url=self.address, timeout=60) as client:
            count = 0
            while not self.stopped:
                headers = {"Idempotency-Key": f"{number}-{count}"}
                started = await client.post("/runs", json={"workflow": "main", "input": {}}, headers=headers)
                assert started.status_code == 201, started.text
                id_, count = started.json()["id"], count + 1
                said = (await client.get(f"/runs/{id_}/events")).text
                self.runs.append(((await client.get(f"/runs/{id_}")).json(), _steps(said)))
                self.resumed += said.count("event: run-resumed")


def _steps(events: str) -> list[str]:
    found = [line.removeprefix("data: ") for line in events.splitlines() if line.startswith("data: ")]
    return [data["step"] for data in map(json.loads, found) if "seconds" in data and "step" in data]


async def test_a_rolling_restart_under_load_loses_nothing_and_burns_no_attempt(tmp_path: Path) -> None:
    write(tmp_path, workflow(DOCUMENT))
    with ExitStack() as stack:

        def worker() -> Popen[str]:
            return stack.enter_context(role(tmp_path, "worker", SETTINGS))[0]

        address = stack.enter_context(role(tmp_path, "api"))[1]
        stack.enter_context(role(tmp_path, "scheduler"))
        workers, load = [worker(), worker()], Load(address)
        clients = [asyncio.create_task(load.client(number)) for number in range(CLIENTS)]
        for _ in range(GENERATIONS * len(workers)):
            done = len(load.runs)
            workers.append(await asyncio.to_thread(worker))
            gone = workers.pop(0)
            gone.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(gone.wait, 60) == 0
            while len(load.runs) < done + CLIENTS:  # the next one goes when work has gone on
                assert not any(client.done() for client in clients), clients
                await asyncio.sleep(0.05)
        load.stopped = True
        await asyncio.gather(*clients)
    assert len(load.runs) >= CLIENTS * GENERATIONS * 2
    assert load.resumed > 0  # otherwise no worker was stopped in the middle of anything
    assert {(run["state"], run["attempt"]) for run, _ in load.runs} == {("succeeded", 1)}
    assert [(run, steps) for run, steps in load.runs if steps != STEPS or run["output"] != {"n": 4}] == []
