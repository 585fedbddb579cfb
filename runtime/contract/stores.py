"""What the index job reads: a database and its declared collections, with schema, indexes and retention."""

from typing import Any, Literal

from pydantic import Field

from runtime.contract.values import Duration, Many, Strict

STORE_FORMAT: Literal["apm.store/v1"] = "apm.store/v1"
"""The version of the rendered store document."""


class IndexDocument(Strict):
    """One index."""

    fields: Many[str]
    """Fields in order; a leading `-` sorts down."""
    unique: bool = False
    text: bool = False
    language: str | None = None
    """Language of a text index, such as `german`; default: that of the server."""


class CollectionDocument(Strict):
    """One collection."""

    name: str
    schema_: dict[str, Any] = Field(default_factory=dict, alias="schema")
    """JSON Schema that the server holds new documents to; empty for none."""
    indexes: Many[IndexDocument] = ()
    retention: Duration | Literal["forever"]
    retention_field: str = "createdAt"
    """Date in each document from which `retention` counts."""


class StoreDocument(Strict):
    """One database."""

    format: Literal["apm.store/v1"]
    name: str
    database: str
    runtime_retention: Duration
    """How long ended runs, their events and checkpoints are kept."""
    collections: Many[CollectionDocument] = ()
