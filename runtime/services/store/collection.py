"""One collection of the state store, cut down to what every engine does alike.

This is the only module that calls pymongo's data methods. The portable subset: texts as ids; times as int64
milliseconds; values of users as JSON texts (`pack`, `unpack`), so that no key or type of theirs meets an engine's
peculiarities; flags as 0 and 1 (the embedded engine turns a boolean in `$set` into a number); duplicates by the unique
`_id`; no upserts (two at a time leave one without an answer on SecantusDB). A test refuses the operators outside of it.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias, cast

import pymongo
from bson.errors import BSONError
from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, DocumentTooLarge, DuplicateKeyError, PyMongoError

from runtime.problems import StoreError, failed, problem
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import STORE_SECONDS, STORE_UP

Row: TypeAlias = dict[str, Any]
Order: TypeAlias = Sequence[tuple[str, int]]
_DUPLICATE = 11000
_LAST = chr(0x10FFFF)
"""No text that starts alike sorts behind this character."""
LARGEST = 12 * 2**20
"""Bytes of a value that a row may hold; MongoDB refuses rows over 16 MB, and a row holds more than one value."""


def pack(value: Any) -> str:
    """Return a value of a user as JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def unpack(text: str | None) -> Any:
    """Return the value of a JSON text; `None` for none."""
    return None if text is None else json.loads(text)


def refuse_large(value: Any, what: str) -> None:
    """Raise `StepError` (`too-large`) when a value does not go into a row."""
    if (size := len(pack(value).encode())) > LARGEST:
        raise failed("too-large", f"{what} is too large", f"{size:,} bytes; {LARGEST:,} are kept at most")


def starting_with(text: str) -> Mapping[str, str]:
    """Return the condition of texts that start with another one, as a range, which engines find by an index."""
    return {"$gte": text, "$lt": text + _LAST}


def _sought(where: Mapping[str, Any]) -> Row:
    """Return a condition in which each bare value is `$eq`.

    That says the same. But a bare value may also be in an array, and the embedded store then reads every row.
    """
    return {name: value if isinstance(value, Mapping) else {"$eq": value} for name, value in where.items()}


def within(seconds: float) -> AbstractContextManager[None]:
    """Let the driver refuse to send what has not been sent by then: a process may be stopped at any point of a call."""
    return pymongo.timeout(seconds)


@contextmanager
def _cancellable() -> Generator[None]:
    """Raise `CancelledError` when the task was cancelled inside, however the call ended.

    The driver uses `asyncio.wait_for`, which before Python 3.12 swallows a cancellation that comes together with the
    answer. Who has asked for it, and waits for the task to end, would wait for ever.
    """
    task = asyncio.current_task()
    assert task
    asked = task.cancelling()
    try:
        yield
    finally:
        if task.cancelling() > asked:
            raise asyncio.CancelledError


class Collection:
    """Calls are timed, and errors of the driver become problems of type `unavailable`."""

    def __init__(self, database: AsyncDatabase[Row], name: str, telemetry: Telemetry) -> None:
        self.name = name
        self._rows = database[name]
        self._telemetry = telemetry

    @contextmanager
    def _call(self, operation: str) -> Generator[None]:
        start = time.perf_counter()
        try:
            with _cancellable():
                yield
        except DuplicateKeyError:
            raise
        except (DocumentTooLarge, BSONError, OverflowError, UnicodeEncodeError) as error:
            # What is wrong with the value is wrong the next time too: the step has failed, not the store.
            raise failed("too-large", "A value can't be stored", str(error)[:300]) from error
        except PyMongoError as error:
            self._telemetry.set(STORE_UP, 0)
            raise StoreError(problem("unavailable", "The state store does not answer", str(error)[:300])) from error
        self._telemetry.set(STORE_UP, 1)
        self._telemetry.observe(STORE_SECONDS, time.perf_counter() - start, operation=operation)

    async def get(self, id_: str) -> Row | None:
        """Return the row with this id."""
        return await self.first({"_id": id_})

    async def first(self, where: Mapping[str, Any], order: Order | None = None) -> Row | None:
        """Return the first row."""
        with self._call("find"):
            return await self._rows.find_one(_sought(where), sort=order)

    async def find_all(self, where: Mapping[str, Any], order: Order | None = None, limit: int = 0) -> list[Row]:
        """Return rows; `limit` 0 means all of them."""
        with self._call("find"):
            cursor = self._rows.find(_sought(where), sort=order, limit=limit)
            return await cursor.to_list()

    async def parts(self, where: Mapping[str, Any], names: Sequence[str]) -> list[Row]:
        """Return some fields of rows, for questions about many."""
        with self._call("find"):
            return await self._rows.find(_sought(where), projection=dict.fromkeys(names, 1)).to_list()

    async def stream(self, where: Mapping[str, Any], order: Order | None = None, limit: int = 0) -> AsyncIterator[Row]:
        """Yield rows one by one, for lists that may be long; the embedded store reads all of them at once."""
        with self._call("find"):
            cursor = self._rows.find(_sought(where), sort=order, limit=limit)
        async for row in cursor:
            yield row

    async def count(self, where: Mapping[str, Any]) -> int:
        """Return how many rows there are.

        Ids are read and counted here: the embedded store counts by an aggregation that reads every row as a whole.
        """
        return len(await self.parts(where, ("_id",)))

    async def add(self, row: Row) -> bool:
        """Insert a row; False when its id is taken already."""
        try:
            with self._call("insert"):
                await self._rows.insert_one(row)
        except DuplicateKeyError:
            return False
        return True

    async def add_all(self, rows: Sequence[Row]) -> None:
        """Insert rows; those whose id is taken already stay as they are."""
        if not rows:
            return
        with self._call("insert"):
            try:
                await self._rows.insert_many(rows, ordered=False)
            except BulkWriteError as error:
                errors = cast("list[dict[str, Any]]", (error.details or {}).get("writeErrors", []))
                if any(entry.get("code") != _DUPLICATE for entry in errors):
                    raise

    async def change(self, where: Mapping[str, Any], update: Mapping[str, Any]) -> bool:
        """Update one row; False when none matches: for conditions, the answer to "was it still so?"."""
        with self._call("update"):
            return (await self._rows.update_one(_sought(where), update)).matched_count > 0

    async def change_all(self, where: Mapping[str, Any], update: Mapping[str, Any]) -> int:
        """Update rows and return how many matched."""
        with self._call("update"):
            return (await self._rows.update_many(_sought(where), update)).matched_count

    async def take(self, where: Mapping[str, Any], update: Mapping[str, Any], order: Order) -> Row | None:
        """Update the first row atomically and return it as it is afterwards."""
        with self._call("claim"):
            return await self._rows.find_one_and_update(
                _sought(where), update, sort=order, return_document=ReturnDocument.AFTER
            )

    async def increment(self, id_: str, amounts: Mapping[str, int | float], **fixed: str) -> Row:
        """Add to numbers of a row, which is made when missing, and return it as it is afterwards.

        A row that is made has the fixed values, too.
        """
        added = {"$inc": dict(amounts)}
        while True:
            with self._call("update"):
                row = await self._rows.find_one_and_update(
                    _sought({"_id": id_}), added, return_document=ReturnDocument.AFTER
                )
            if row is not None:
                return row
            if await self.add(made := {"_id": id_, **fixed, **amounts}):
                return made

    async def put(self, id_: str, values: Mapping[str, Any]) -> None:
        """Set values of a row, which is made when missing."""
        while not await self.change({"_id": id_}, {"$set": dict(values)}):
            if await self.add({"_id": id_, **values}):
                return

    async def remove(self, where: Mapping[str, Any]) -> int:
        """Delete rows and return how many there were."""
        with self._call("delete"):
            return (await self._rows.delete_many(_sought(where))).deleted_count

    async def index(self, keys: Order) -> None:
        """Create an index; creating it again changes nothing."""
        with self._call("command"):
            await self._rows.create_index(list(keys))
