"""A MongoDB database: how it is reached, and its collections with indexes, retention and backup."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from generator.kinds.environment import Service
from generator.model import Kind, Resolving, Thing
from runtime.contract import Duration, FileRef, Many, Ref, SecretRef, Strict


class Index(Strict):
    """One index of a collection."""

    fields: Annotated[Many[str], Field(min_length=1)]
    """Fields in order; a leading `-` sorts down."""
    unique: bool = False
    """No two documents have the same values."""
    text: bool = False
    """A text index; a collection has one at the most."""


class Collection(Strict):
    """One collection of documents that workflows and tools work on."""

    name: str
    """Name in the database."""
    schema_: Annotated[str | dict[str, Any] | None, FileRef("json-schema")] = Field(default=None, alias="schema")
    """JSON Schema of its documents."""
    indexes: Many[Index] = ()
    """Indexes besides that of `_id`."""
    retention: Duration | Literal["forever"]
    """How long documents are kept."""
    backup: Annotated[str | None, Ref("Backup")] = None
    """Backup that covers it; null marks what may be lost."""


class Connection(Strict):
    """How the database is reached."""

    secret: SecretRef
    """Connection URI, as secret-name/key."""
    tls: bool = True
    """Whether the connection is encrypted."""
    max_pool: Annotated[int, Field(ge=1, le=1000)] = 20
    """Connections of one process."""
    service: Service | None = None
    """Where it runs in the cluster; for the network rules."""
    addresses: Many[str] = ()
    """CIDR blocks of a database outside the cluster; for the network rules."""
    port: Annotated[int, Field(ge=1, le=65535)] = 27017
    """TCP port at `addresses`."""


class StateStoreSpec(Strict):
    """One database. apm runs no MongoDB of its own: a managed service or an operator's replica set is named here."""

    database: str
    """Name of the database."""
    connection: Connection
    members: Annotated[int, Field(ge=1)] = 3
    """Members of the replica set; a protected environment needs three."""
    runtime_retention: Duration = "30d"
    """How long ended runs, their events and checkpoints are kept."""
    runtime_backup: Annotated[str | None, Ref("Backup")] = None
    """Backup that covers runs, events and checkpoints."""
    collections: Many[Collection] = ()
    """Collections besides those of the runtime."""


@dataclass(frozen=True)
class StateStore(Thing):
    """A store, resolved."""

    spec: StateStoreSpec


def resolve(spec: StateStoreSpec, context: Resolving) -> StateStore:
    """Return the store."""
    return StateStore(**context.base, spec=spec)


KIND = Kind("StateStore", StateStoreSpec, StateStore, resolve)
