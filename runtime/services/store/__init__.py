"""The state store: MongoDB, or the embedded server that speaks its protocol.

`opened(settings, telemetry)` yields a `Store` whose repositories are the only way to the data.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, PyMongoError

from runtime.problems import Failure, StepError
from runtime.services.clock import Clock, SystemClock
from runtime.services.store import indexes, retention, selfcheck
from runtime.services.store.collection import Collection
from runtime.services.store.embedded import EmbeddedStore
from runtime.services.store.fences import Fences
from runtime.services.store.news import News
from runtime.services.store.records import Artefacts, Budgets, Events, Leases, Ledger, RunEvents, Specs
from runtime.services.store.runs import Runs
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import STORE_UP

NAMES = (
    "specs", "runs", "run_events", "events", "dead_letters", "effects", "budgets", "artefacts", "leases", "workers",
    "crons", "checkpoints", "checkpoint_writes", "checkpoint_blobs", "selfcheck",
)  # fmt: skip


@dataclass(frozen=True)
class Store:
    """Every repository."""

    specs: Specs
    runs: Runs
    run_events: RunEvents
    events: Events
    effects: Ledger
    budgets: Budgets
    artefacts: Artefacts
    leases: Leases
    fences: Fences
    news: News
    collections: Mapping[str, Collection]
    """For the checkpointer, the indexes and the self-check."""
    where: str
    """What a person is told about where the data is."""
    database: "AsyncDatabase[dict[str, Any]]"
    """For collections that a StateStore declares; the repositories are the way to all others."""

    async def ping(self) -> bool:
        """Return whether the store answers."""
        try:
            await self.collections["leases"].get("ping")
        except StepError:
            return False
        return True

    async def forget(self, before: int) -> int:
        """Forget runs that ended before a time, at most a batch of them; returns how many there were."""
        return await retention.forget(self.collections, before)


def _store(
    collections: Mapping[str, Collection],
    settings: Settings,
    clock: Clock,
    where: str,
    database: "AsyncDatabase[dict[str, Any]]",
) -> Store:
    fences, news = Fences(clock), News()
    return Store(
        specs=Specs(collections["specs"]),
        runs=Runs(collections["runs"], int(settings.lease * 1000), news),
        run_events=RunEvents(collections["run_events"], fences, news),
        events=Events(collections["events"], collections["dead_letters"]),
        effects=Ledger(collections["effects"], fences),
        budgets=Budgets(collections["budgets"]),
        artefacts=Artefacts(collections["artefacts"], fences),
        leases=Leases(collections["leases"]),
        fences=fences,
        news=news,
        collections=collections,
        where=where,
        database=database,
    )


@asynccontextmanager
async def opened(
    settings: Settings, telemetry: Telemetry, clock: Clock | None = None, *, check: bool = True
) -> AsyncGenerator[Store]:
    """Yield the store, checked and with its indexes.

    Raises:
        Failure: it does not answer, or is not usable.
    """
    embedded = None if settings.store_uri else EmbeddedStore(settings.state_dir)
    uri = await embedded.start() if embedded else settings.store_uri
    try:
        async with _client(uri, settings) as client:
            await _reach(client, settings)
            database = client[settings.database]
            collections = {name: Collection(database, name, telemetry) for name in NAMES}
            await _prepare(collections, check=check)
            telemetry.set(STORE_UP, 1)
            where = str(settings.state_dir) if embedded else "MongoDB at MONGODB_URI"
            yield _store(collections, settings, clock or SystemClock(), where, database)
    finally:
        if embedded:
            embedded.stop()


def _client(uri: str, settings: Settings) -> "AsyncMongoClient[dict[str, Any]]":
    patience = int(settings.store_patience * 1000)
    try:
        return AsyncMongoClient(uri, serverSelectionTimeoutMS=patience, maxPoolSize=settings.store_pool, appname="apm")
    except (ConfigurationError, ValueError) as error:
        raise Failure("MONGODB_URI is not a MongoDB address", str(error).splitlines()[0][:200]) from error


async def _reach(client: "AsyncMongoClient[dict[str, Any]]", settings: Settings) -> None:
    try:
        await client.admin.command("ping")
    except PyMongoError as error:
        reason = type(error).__name__
        raise Failure(
            f"The state store does not answer ({reason})",
            "check MONGODB_URI" if settings.store_uri else f"see {settings.state_dir / 'store.log'}",
        ) from error


async def _prepare(collections: Mapping[str, Collection], *, check: bool) -> None:
    try:
        if check:
            await selfcheck.run(collections["selfcheck"])
        await indexes.create(collections)
    except StepError as error:
        raise Failure("The state store stopped answering while it was opened", error.problem.detail) from error
