"""Collections that a StateStore declares: created with schema, indexes and retention before a rollout.

Everything here may be done again. What differs from the declaration is changed where MongoDB can change it (schema,
time of retention); an index that exists with other options is reported, and nothing is ever dropped.
"""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import CollectionInvalid, OperationFailure

from runtime.contract import millis
from runtime.contract.stores import CollectionDocument, IndexDocument, StoreDocument
from runtime.problems import Failure

Database = AsyncDatabase[dict[str, Any]]
_OTHER_OPTIONS = (85, 86)
"""MongoDB's codes for an index that exists with the same fields or name, and other options."""


def read(file: Path) -> StoreDocument:
    """Return the document of a file.

    Raises:
        Failure: it cannot be read, or is no store document.
    """
    try:
        value: Any = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return StoreDocument.model_validate(value)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Failure(f"{file} cannot be read", str(error).splitlines()[0]) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise Failure(f"{file} is no store document", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


async def apply(database: Database, document: StoreDocument) -> list[str]:
    """Create what is declared and return it, one text for each index and schema.

    Raises:
        Failure: the server refuses one of them; those before it are there.
    """
    return [done for collection in document.collections async for done in _collection(database, collection)]


async def _collection(database: Database, declared: CollectionDocument) -> AsyncIterator[str]:
    if declared.schema_:
        await _schema(database, declared)
        yield f"{declared.name}: schema"
    for index in declared.indexes:
        await _index(database, declared.name, index)
        yield f"{declared.name}: {', '.join(index.fields)}"
    if declared.retention != "forever":
        await _retention(database, declared)
        yield f"{declared.name}: kept for {declared.retention}"


async def _schema(database: Database, declared: CollectionDocument) -> None:
    """Hold new and changed documents to the schema; old ones that don't fit stay."""
    with contextlib.suppress(CollectionInvalid):  # it is there already
        await database.create_collection(declared.name)
    try:
        rule = {"$jsonSchema": declared.schema_}
        await database.command("collMod", declared.name, validator=rule, validationLevel="moderate")
    except OperationFailure as error:
        raise _refused(f"the schema of {declared.name}", error) from error


async def _index(database: Database, collection: str, index: IndexDocument) -> None:
    options: dict[str, Any] = {"unique": True} if index.unique else {}
    if index.language:
        options["default_language"] = index.language
    try:
        await database[collection].create_index(keys(index), **options)
    except OperationFailure as error:
        raise _refused(f"an index of {collection} ({', '.join(index.fields)})", error) from error


def keys(index: IndexDocument) -> list[tuple[str, int | str]]:
    """Return fields and directions as MongoDB takes them."""
    if index.text:
        return [(field, "text") for field in index.fields]
    return [(field[1:], -1) if field.startswith("-") else (field, 1) for field in index.fields]


async def _retention(database: Database, declared: CollectionDocument) -> None:
    seconds, field = millis(str(declared.retention)) // 1000, declared.retention_field
    try:
        await database[declared.name].create_index([(field, 1)], expireAfterSeconds=seconds)
    except OperationFailure as error:
        if error.code not in _OTHER_OPTIONS:
            raise _refused(f"the retention of {declared.name}", error) from error
        await _change_retention(database, declared.name, field, seconds)


async def _change_retention(database: Database, collection: str, field: str, seconds: int) -> None:
    try:
        change = {"keyPattern": {field: 1}, "expireAfterSeconds": seconds}
        await database.command("collMod", collection, index=change)
    except OperationFailure as error:
        raise _refused(f"the retention of {collection}", error) from error


def _refused(what: str, error: OperationFailure) -> Failure:
    hint = (
        "nothing is dropped here: drop the old index by hand if the new one is meant"
        if error.code in _OTHER_OPTIONS
        else ""
    )
    return Failure(f"The store refused {what}: {str(error).splitlines()[0][:200]}", hint)
