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
from runtime.services.store.compensations import Compensations
from runtime.services.store.embedded import EmbeddedStore
from runtime.services.store.fences import Fences
from runtime.services.store.kept import Kept
from runtime.services.store.news import News
from runtime.services.store.outputs import Outputs
from runtime.services.store.owned import Owned
from runtime.services.store.records import Artefacts, Budgets, Events, Leases, Ledger, Memories, Specs
from runtime.services.store.run_events import RunEvents
from runtime.services.store.runs import Run, Runs
from runtime.services.store.targets import Targets
from runtime.services.store.threads import Threads
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import STORE_UP

NAMES = (
    "specs", "runs", "run_events", "events", "dead_letters", "effects", "budgets", "artefacts", "leases", "workers",
    "crons", "threads", "assistants", "schedules", "items", "compensations", "outputs", "targets", "checkpoints",
    "checkpoint_writes", "checkpoint_blobs", "memories", "selfcheck",
)  # fmt: skip
OWNED = ("runs", "threads", "run_events", "events", "dead_letters", "assistants", "schedules", "items")
"""Collections whose rows each belong to a tenant."""


@dataclass(frozen=True)
class Scope:
    """What belongs to one tenant, and nothing else; whoever answers a request has this and no `Store`."""

    tenant: str
    specs: Specs
    """Workflow documents are the same for all tenants."""
    runs: Runs
    threads: Threads
    run_events: RunEvents
    events: Events
    assistants: Kept
    schedules: Kept
    items: Kept
    news: News
    telemetry: Telemetry
    _collections: Mapping[str, Collection]

    async def erase(self, run: Run) -> None:
        """Forget a run of the tenant, with everything that belongs to it."""
        if await self.runs.get(run.id):
            await retention.erase(self._collections, run.id)


@dataclass(frozen=True)
class Store:
    """Every repository, over the data of all tenants."""

    specs: Specs
    runs: Runs
    threads: Threads
    schedules: Kept
    run_events: RunEvents
    events: Events
    effects: Ledger
    budgets: Budgets
    compensations: Compensations
    outputs: Outputs
    targets: Targets
    artefacts: Artefacts
    memories: Memories
    leases: Leases
    fences: Fences
    news: News
    telemetry: Telemetry
    collections: Mapping[str, Collection]
    """For the checkpointer, the indexes and the self-check."""
    where: str
    """What a person is told about where the data is."""
    database: "AsyncDatabase[dict[str, Any]]"
    """For collections that a StateStore declares; the repositories are the way to all others."""

    def of(self, tenant: str) -> Scope:
        """Return what belongs to a tenant."""
        own = {name: Owned(self.collections[name], tenant) for name in OWNED}
        return Scope(
            tenant=tenant,
            specs=self.specs,
            runs=Runs(own["runs"], self.runs.lease, self.news),
            threads=Threads(own["threads"]),
            run_events=RunEvents(own["run_events"], self.fences, self.news),
            events=Events(own["events"], own["dead_letters"]),
            assistants=Kept(own["assistants"]),
            schedules=Kept(own["schedules"]),
            items=Kept(own["items"]),
            news=self.news,
            telemetry=self.telemetry,
            _collections=self.collections,
        )

    async def erase(self, run: Run) -> None:
        """Forget a run, with everything that belongs to it."""
        await retention.erase(self.collections, run.id)

    async def ping(self) -> bool:
        """Return whether the store answers."""
        try:
            await self.collections["leases"].get("ping")
        except StepError:
            return False
        return True

    async def forget(self, before: int, now: int) -> int:
        """Forget runs that ended before a time, at most a batch of them, and outputs whose time is up.

        Returns how many runs there were.
        """
        await self.collections["outputs"].remove({"until": {"$lte": now}})
        return await retention.forget(self.collections, before, now)


def _store(
    collections: Mapping[str, Collection],
    settings: Settings,
    telemetry: Telemetry,
    clock: Clock,
    where: str,
    database: "AsyncDatabase[dict[str, Any]]",
) -> Store:
    fences, news = Fences(clock), News()
    return Store(
        specs=Specs(collections["specs"]),
        runs=Runs(collections["runs"], int(settings.lease * 1000), news),
        threads=Threads(collections["threads"]),
        schedules=Kept(collections["schedules"]),
        run_events=RunEvents(collections["run_events"], fences, news),
        events=Events(collections["events"], collections["dead_letters"]),
        effects=Ledger(collections["effects"], fences),
        budgets=Budgets(collections["budgets"]),
        compensations=Compensations(collections["compensations"], fences),
        outputs=Outputs(collections["outputs"]),
        targets=Targets(collections["targets"]),
        artefacts=Artefacts(collections["artefacts"], fences),
        memories=Memories(collections["memories"], fences),
        leases=Leases(collections["leases"]),
        fences=fences,
        news=news,
        telemetry=telemetry,
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
            yield _store(collections, settings, telemetry, clock or SystemClock(), where, database)
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
