"""Small documents that people keep by the API: assistants, schedules, and items of the key-value store."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.services.store.collection import Collection, Order, Row, pack, starting_with, unpack


@dataclass(frozen=True)
class Entry:
    """One document; `fields` can be searched, `body` is only kept."""

    id: str
    created: int
    updated: int
    tenant: str
    fields: Mapping[str, Any]
    body: Mapping[str, Any]


def _read(row: Row) -> Entry:
    own = ("_id", "created", "updated", "tenant", "body")
    fields = {name: value for name, value in row.items() if name not in own}
    return Entry(row["_id"], row["created"], row["updated"], row["tenant"], fields, unpack(row["body"]))


class Kept:
    """The documents of one collection."""

    def __init__(self, rows: Collection) -> None:
        self._rows = rows

    async def add(self, id_: str, body: Mapping[str, Any], now: int, **fields: Any) -> bool:
        """Keep a document; False when there is one with this id."""
        return await self._rows.add({"_id": id_, "created": now, "updated": now, "body": pack(body), **fields})

    async def set(self, id_: str, body: Mapping[str, Any], now: int, **fields: Any) -> bool:
        """Replace a document; False when there is none."""
        return await self._rows.change({"_id": id_}, {"$set": {"updated": now, "body": pack(body), **fields}})

    async def get(self, id_: str) -> Entry | None:
        """Return a document."""
        row = await self._rows.get(id_)
        return _read(row) if row else None

    async def find(self, where: Mapping[str, Any], order: Order = (("created", -1),)) -> AsyncIterator[Entry]:
        """Yield documents by their fields."""
        async for row in self._rows.stream(where, list(order)):
            yield _read(row)

    def starting_with(self, field: str, text: str, order: Order) -> AsyncIterator[Entry]:
        """Yield documents of which a field starts with a text."""
        return self.find({field: starting_with(text)} if text else {}, order)

    async def claim(self, id_: str, field: str, old: Any, new: Any) -> bool:
        """Set a field that still has a value; False when somebody else has set it."""
        return await self._rows.change({"_id": id_, field: old}, {"$set": {field: new}})

    async def remove(self, id_: str) -> bool:
        """Delete a document; False when there is none."""
        return await self._rows.remove({"_id": id_}) > 0
