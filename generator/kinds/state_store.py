"""A MongoDB database: how it is reached, and its collections with indexes, retention and backup."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds._schema import schema_of
from generator.kinds.environment import Service
from generator.model import Kind, Resolving, Thing
from runtime.contract import Duration, FileRef, Many, Ref, SecretRef, Strict
from runtime.contract.stores import STORE_FORMAT, CollectionDocument, IndexDocument, StoreDocument


class Index(Strict):
    """One index of a collection."""

    fields: Annotated[Many[str], Field(min_length=1)]
    """Fields in order; a leading `-` sorts down."""
    unique: bool = False
    """No two documents have the same values."""
    text: bool = False
    """A text index; a collection has one at the most."""
    language: str | None = None
    """Language of a text index, such as `german`: how words are cut to their stems."""

    @model_validator(mode="after")
    def _makes_sense(self) -> "Index":
        if len({field.lstrip("-") for field in self.fields}) < len(self.fields):
            raise PydanticCustomError("index-fields", "an index names a field once")
        if self.text and (self.unique or any(field.startswith("-") for field in self.fields)):
            raise PydanticCustomError("text-index", "a text index has no order and is not unique")
        if self.language and not self.text:
            raise PydanticCustomError("text-index", "`language` is for text indexes")
        return self


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
    retention_field: str = "createdAt"
    """Date in each document from which `retention` counts."""
    backup: Annotated[str | None, Ref("Backup")] = None
    """Backup that covers it; null marks what may be lost."""

    @model_validator(mode="after")
    def _possible(self) -> "Collection":
        if sum(index.text for index in self.indexes) > 1:
            raise PydanticCustomError(
                "two-text-indexes", "MongoDB allows one text index in a collection; list all fields in one"
            )
        if len({(index.fields, index.text) for index in self.indexes}) < len(self.indexes):
            raise PydanticCustomError("index-twice", "two indexes have the same fields")
        return self


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
    """How the database is reached."""
    members: Annotated[int, Field(ge=1)] = 3
    """Members of the replica set; a protected environment needs three."""
    runtime_retention: Duration = "30d"
    """How long ended runs, their events and checkpoints are kept."""
    runtime_backup: Annotated[str | None, Ref("Backup")] = None
    """Backup that covers runs, events and checkpoints."""
    collections: Many[Collection] = ()
    """Collections besides those of the runtime."""

    @model_validator(mode="after")
    def _names(self) -> "StateStoreSpec":
        names = [collection.name for collection in self.collections]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise PydanticCustomError("collection-twice", 'collection "{name}" is declared twice', {"name": twice[0]})
        return self


@dataclass(frozen=True)
class StateStore(Thing):
    """A store, resolved."""

    spec: StateStoreSpec
    document: StoreDocument
    """What the index job reads."""

    def uncovered(self) -> tuple[str, ...]:
        """Return what no backup covers, by name; `runs` are the runtime's own collections."""
        runtime = () if self.spec.runtime_backup else ("runs",)
        return (*runtime, *(c.name for c in self.spec.collections if c.backup is None))


def resolve(spec: StateStoreSpec, context: Resolving) -> StateStore:
    """Return the store."""
    return StateStore(**context.base, spec=spec, document=_document(spec, context))


def _document(spec: StateStoreSpec, context: Resolving) -> StoreDocument:
    return StoreDocument(
        format=STORE_FORMAT,
        name=context.base["source"].name,
        database=spec.database,
        runtime_retention=spec.runtime_retention,
        collections=tuple(_collection(collection, context) for collection in spec.collections),
    )


def _collection(collection: Collection, context: Resolving) -> CollectionDocument:
    return CollectionDocument(
        name=collection.name,
        schema=schema_of(collection.schema_, context),
        indexes=tuple(IndexDocument(**index.model_dump()) for index in collection.indexes),
        retention=collection.retention,
        retention_field=collection.retention_field,
    )


KIND = Kind("StateStore", StateStoreSpec, StateStore, resolve)
