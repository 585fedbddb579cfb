"""The process of the store is stopped, killed, or out of space while real workers execute runs over it.

Afterwards every run has ended well, with each effect done once, or said to be unknown where the target does not
honour keys. The outages are longer than a lease, so that workers lose runs over them.
"""

import asyncio
import json
import os
import random
import resource
import signal
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.problems import StoreError
from runtime.services.store import Store
from runtime.services.store.embedded import EmbeddedStore
from tests.runtime.crash import judge
from tests.runtime.crash.__main__ import surroundings
from tests.runtime.crash.target import Target
from tests.runtime.crash.trial import Trial
from tests.runtime.crash.workers import LEASE

AWAY = LEASE + 2.0
"""Seconds of an outage."""
IDS = [f"r-{number}" for number in range(12)]


@dataclass
class System:
    """Workers with runs in their hands, and the store that they use."""

    trial: Trial
    place: Path

    @property
    def store(self) -> Store:
        return self.trial.store

    @property
    def target(self) -> Target:
        return self.trial.target

    @property
    def server(self) -> int:
        """The process of the store."""
        return int(json.loads((self.place / "state/store.json").read_text())["pid"])

    async def broken(self) -> list[str]:
        """Return which promises were broken, once all runs have ended."""
        return judge.violations(await self.trial.ended(IDS), IDS, self.target.applied)


@pytest.fixture
async def system(tmp_path: Path) -> AsyncGenerator[System]:
    async with surroundings(tmp_path, 1) as (store, pool, target, found):
        trial = Trial(store, pool, target, {"crash": found}, tmp_path, random.Random(1), "r")
        await trial.load(IDS)
        await trial.begun(IDS)
        yield System(trial, tmp_path)
        assert pool.died() == []


async def test_runs_go_on_when_a_store_that_stood_still_goes_on(system: System) -> None:
    os.kill(system.server, signal.SIGSTOP)
    await asyncio.sleep(AWAY)
    os.kill(system.server, signal.SIGCONT)
    assert await system.broken() == []


async def test_runs_go_on_when_a_store_that_was_killed_is_there_again(system: System) -> None:
    os.kill(system.server, signal.SIGKILL)
    os.waitpid(system.server, 0)  # noqa: ASYNC222  (it has ended; while it is a zombie, the new one takes it as running)
    await asyncio.sleep(AWAY)
    with _again(system.place):
        while not await system.store.ping():  # noqa: ASYNC110  (it is another process)
            await asyncio.sleep(0.1)
        assert await system.broken() == []


async def test_runs_go_on_when_there_is_space_on_the_disk_of_the_store_again(system: System) -> None:
    largest = max(file.stat().st_size for file in (system.place / "state/store").rglob("*"))
    resource.prlimit(system.server, resource.RLIMIT_FSIZE, (largest // 2, resource.RLIM_INFINITY))
    with pytest.raises(StoreError) as refused:
        await _filled(system.store)
    print(refused.value)
    await asyncio.sleep(AWAY)
    resource.prlimit(system.server, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert await system.broken() == []


async def _filled(store: Store) -> None:
    for number in range(10_000):
        await store.collections["artefacts"].add({"_id": f"filling|{number}", "text": "x" * 10_000})


@contextmanager
def _again(place: Path) -> Generator[None]:
    """Start the store again where it was, as whatever watches over a real one does."""
    info = place / "state/store.json"
    port = int(json.loads(info.read_text())["port"])
    command = EmbeddedStore(place / "state").command(port)
    process = subprocess.Popen(command)
    info.write_text(json.dumps({"pid": process.pid, "port": port}))
    try:
        yield
    finally:
        process.kill()
        process.wait()
