"""The queue: claims by several processes, a worker at rest, and a run whose worker has died."""

import asyncio
import multiprocessing
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any
from uuid import uuid4

from benchmarks.growth import place
from benchmarks.processes import PURE, cpu, document
from runtime.services.clock import SystemClock
from runtime.services.store import Store, opened
from runtime.services.store.runs import new
from runtime.settings import Settings
from runtime.telemetry import Telemetry

LEASE = 5
"""Seconds of the lease in which a run has to be missed first."""
REST = 10.0


def claims(processes: int, runs: int) -> None:
    """Print how fast processes claim everything that is queued, and how often two have claimed one run."""
    with place() as here:
        settings = Settings(store_uri=here.uri)
        asyncio.run(_queued(settings, [f"r{number}" for number in range(runs)]))
        before, began = cpu(here.store), time.perf_counter()
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            found = pool.map(_claimed, [settings] * processes)
        wall, store = time.perf_counter() - began, cpu(here.store) - before
    ids = [id_ for one, _ in found for id_ in one]
    own = sum(seconds for _, seconds in found)
    twice = len(ids) - len(set(ids))
    print(f"{f'claims, {processes} processes':<34} {len(ids) / wall:8.0f} {twice:8} "
          f"{own / runs * 1000:8.2f} {store / runs * 1000:8.2f}")  # fmt: skip


async def _queued(settings: Settings, ids: Sequence[str], **more: Any) -> None:
    async with opened(settings, Telemetry()) as store:
        for id_ in ids:
            await store.runs.add({**new(id_, "bench", "bench", {}, 1), **more})


def _claimed(settings: Settings) -> tuple[list[str], float]:
    began = time.process_time()

    async def all_of_them() -> list[str]:
        async with opened(settings, Telemetry()) as store:
            return [id_ async for id_ in _each(store)]

    return asyncio.run(all_of_them()), time.process_time() - began


async def _each(store: Store) -> AsyncGenerator[str]:
    name, clock = uuid4().hex, SystemClock()
    while run := await store.runs.claim(name, clock.now()):
        yield run.id


def rest() -> None:
    """Print calls to the store a second of a worker that has nothing to do."""
    with place() as here:
        here.write(document("bench", [PURE] * 5))
        with here.served("worker") as worker:
            time.sleep(REST)  # it asks less and less often
            before, began = worker.calls(), time.perf_counter()
            time.sleep(REST)
            rate = (worker.calls() - before) / (time.perf_counter() - began)
    print(f"{'calls of an idle worker a second':<34} {rate:8.2f}")


def takeover() -> None:
    """Print how long after the end of its lease the run of a dead worker has been taken up and ended."""
    with place() as here:
        found = document("bench", [PURE] * 5)
        here.write(found)
        settings = Settings(store_uri=here.uri, lease=float(LEASE))
        with here.served("all", APM_LEASE_SECONDS=str(LEASE)):
            over = asyncio.run(_taken_over(settings, found))
    print(f"{'takeover, seconds after the lease':<34} {over:8.2f}")


async def _taken_over(settings: Settings, found: Any) -> float:
    clock = SystemClock()
    async with opened(settings, Telemetry()) as store:
        await store.specs.add([found], clock.now())
        lease = clock.now() + LEASE * 1000
        dead = {"state": "running", "worker": "dead", "lease": lease, "epoch": 1, "attempt": 1}
        await store.runs.add({**new("r", "bench", found.digest, {}, clock.now()), **dead})
        while True:
            run = await store.runs.get("r")
            if run and run.state == "succeeded":
                return (run.ended - lease) / 1000
            await asyncio.sleep(0.05)
