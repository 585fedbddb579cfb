# pyright: reportPrivateUsage=false
"""One embedded store for all tests of the runtime, a database of its own for each, and time that tests move."""

import hashlib
import json
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from runtime import load
from runtime.cli.reports import RunResult, result
from runtime.contract import WorkflowDocument
from runtime.services.clock import VirtualClock
from runtime.services.models.scripted import Scripted, checked
from runtime.services.store import Store, opened
from runtime.services.store.collection import Collection
from runtime.services.store.embedded import EmbeddedStore
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from runtime.worker import starting
from runtime.worker.executor import Executor
from runtime.worker.scheduler import Scheduler
from runtime.worker.starting import Start

ENGINE = "APM_TEST_STORE"
"""Variable with the address of another store to run these tests on; see `test_second_engine`."""
CALLS = ("first", "find_all", "add", "add_all", "change", "take", "put", "remove", "increment")
ALIVE = 1_000_000
MODEL = {"m": {"name": "m", "provider": "scripted"}}


def workflow(text: str, **more: Any) -> WorkflowDocument:
    """Return a document from its YAML, with what every document needs."""
    found: dict[str, Any] = yaml.safe_load(text)
    base = {"format": "apm.workflow/v1", "name": "main", "version": 1, "owner": "devops", "environment": "test"}
    document = {**base, "models": MODEL, **found, **more}
    content = json.dumps(document, sort_keys=True)
    return load.parse({"digest": hashlib.sha256(content.encode()).hexdigest(), **document}, "test")


@dataclass
class World:
    """A store, a clock, scripted models, and an executor that uses them."""

    executor: Executor
    clock: VirtualClock
    telemetry: Telemetry
    documents: dict[str, WorkflowDocument] = field(default_factory=dict[str, WorkflowDocument])

    @property
    def store(self) -> Store:
        return self.executor.store

    def scheduler(self) -> Scheduler:
        return Scheduler(self.store, self.clock, self.telemetry, self.documents, "test")

    def script(self, **agents: Sequence[Any]) -> None:
        """Set what agents answer (`_` for `-` in their names)."""
        named = {name.replace("_", "-"): list(replies) for name, replies in agents.items()}
        models: Any = self.executor.services.models
        models._made["scripted"] = Scripted(checked({"agents": named}, "test"), self.store.budgets)

    async def run(self, *documents: WorkflowDocument, input: Mapping[str, Any] | None = None) -> RunResult:  # noqa: A002
        """Run the first workflow as far as it goes."""
        self.documents = {document.name: document for document in documents}
        asked = Start(documents[0].name, input or {})
        return await self.go_on(await starting.start(self.store, self.clock, self.documents, asked))

    async def go_on(self, id_: str) -> RunResult:
        """Execute a queued run as far as it goes; one that is not queued is only looked at."""
        claimed = await self.store.runs.claim("test", self.clock.now(), id_)
        if claimed:
            await self.executor.execute(claimed)
        run = await starting.found(self.store, id_)
        return result(run, await self.store.run_events.after(id_), self.clock.now())

    async def answer(self, id_: str, value: Any, to: str | None = None) -> RunResult:
        """Answer a run and execute it on."""
        await starting.answer(self.store, self.clock, id_, value, by="ada", to=to)
        return await self.go_on(id_)

    async def later(self, id_: str, seconds: float) -> RunResult:
        """Let time pass, wake what is due, and execute the run on."""
        self.clock.advance(seconds)
        await self.scheduler().wake()
        return await self.go_on(id_)


def steps(found: RunResult) -> list[str]:
    """Return the path of a run without the name of its workflow, skipped steps in brackets."""
    names = [step.path.split("/", 1)[1] for step in found.path]
    return [f"({n})" if s.outcome == "skipped" else n for n, s in zip(names, found.path, strict=True)]


async def cancelled(world: World, id_: str) -> str:
    """Cancel a run and return its state."""
    return await starting.cancelled(world.store, world.clock, await starting.found(world.store, id_))


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def store_uri(state_dir: Path) -> Generator[str]:
    """Start the embedded store once; APM_TEST_STORE names another engine that is there already."""
    import asyncio

    if named := os.environ.get(ENGINE):
        yield named
        return
    embedded = EmbeddedStore(state_dir)
    yield asyncio.run(embedded.start())
    embedded.stop()


@asynccontextmanager
async def world_of(settings: Settings) -> AsyncGenerator[World]:
    telemetry, clock = Telemetry(), VirtualClock()
    async with opened(settings, telemetry, clock, check=False) as store:
        executor = Executor(settings, store, clock, telemetry)
        yield World(executor, clock, telemetry)
        await executor.close()


@pytest.fixture
def settings(store_uri: str, tmp_path: Path) -> Settings:
    return Settings(store_uri=store_uri, database=f"t{uuid4().hex[:10]}", files=tmp_path, secrets={"KEY": "s3cret"})


@pytest.fixture
async def world(settings: Settings) -> AsyncGenerator[World]:
    async with world_of(settings) as found:
        yield found


@pytest.fixture
async def protected(settings: Settings) -> AsyncGenerator[World]:
    async with world_of(replace(settings, provider="scripted")) as found:
        yield found


class Killed(BaseException):
    """The process is dead."""


@dataclass
class Killer:
    """Lets so many calls of the store through, and none after them."""

    left: int = ALIVE

    async def call(self, real: Callable[[], Awaitable[Any]]) -> Any:
        if self.left <= 0:
            raise Killed
        self.left -= 1
        return await real()


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    found = Killer()

    def deadly(name: str) -> Any:
        real = getattr(Collection, name)

        async def call(self: Collection, *args: Any) -> Any:
            return await found.call(lambda: real(self, *args))

        return call

    for name in CALLS:
        monkeypatch.setattr(Collection, name, deadly(name))
    return found
