"""Keep tenants apart: the rows of one tenant of a collection, as if there were no others."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from runtime.services.store.collection import Collection, Order, Row


class Owned(Collection):
    """The rows of one tenant: every query asks for them only, and every new row is theirs.

    This is the one place that keeps tenants apart; what answers requests has no other way to the store.
    """

    def __init__(self, rows: Collection, tenant: str) -> None:
        self.name = rows.name
        self._all = rows
        self._own = {"tenant": tenant}

    async def first(self, where: Mapping[str, Any], order: Order | None = None) -> Row | None:
        """Return the first row of the tenant."""
        return await self._all.first({**where, **self._own}, order)

    async def find_all(self, where: Mapping[str, Any], order: Order | None = None, limit: int = 0) -> list[Row]:
        """Return rows of the tenant."""
        return await self._all.find_all({**where, **self._own}, order, limit)

    async def parts(self, where: Mapping[str, Any], names: Sequence[str]) -> list[Row]:
        """Return some fields of rows of the tenant."""
        return await self._all.parts({**where, **self._own}, names)

    async def stream(self, where: Mapping[str, Any], order: Order | None = None, limit: int = 0) -> AsyncIterator[Row]:
        """Yield rows of the tenant one by one."""
        async for row in self._all.stream({**where, **self._own}, order, limit):
            yield row

    async def count(self, where: Mapping[str, Any]) -> int:
        """Return how many rows of the tenant there are."""
        return await self._all.count({**where, **self._own})

    async def add(self, row: Row) -> bool:
        """Insert a row of the tenant; False when its id is taken already."""
        return await self._all.add({**row, **self._own})

    async def add_all(self, rows: Sequence[Row]) -> None:
        """Insert rows of the tenant."""
        await self._all.add_all([{**row, **self._own} for row in rows])

    async def change(self, where: Mapping[str, Any], update: Mapping[str, Any]) -> bool:
        """Update one row of the tenant."""
        return await self._all.change({**where, **self._own}, update)

    async def change_all(self, where: Mapping[str, Any], update: Mapping[str, Any]) -> int:
        """Update rows of the tenant."""
        return await self._all.change_all({**where, **self._own}, update)

    async def take(self, where: Mapping[str, Any], update: Mapping[str, Any], order: Order) -> Row | None:
        """Update the first row of the tenant atomically."""
        return await self._all.take({**where, **self._own}, update, order)

    async def remove(self, where: Mapping[str, Any]) -> int:
        """Delete rows of the tenant."""
        return await self._all.remove({**where, **self._own})

    async def increment(self, id_: str, amounts: Mapping[str, int | float], **fixed: str) -> Row:
        """Refuse: a row that is made on the way would be nobody's."""
        raise NotImplementedError(f"{self.name}: rows of a tenant are added before they are counted in")

    async def put(self, id_: str, values: Mapping[str, Any]) -> None:
        """Set values of a row of the tenant, which is made when missing."""
        if not await self.change({"_id": id_}, {"$set": dict(values)}):
            await self.add({"_id": id_, **values})

    async def index(self, keys: Order) -> None:
        """Refuse: indexes are everybody's."""
        raise NotImplementedError(f"{self.name}: indexes are made by the index job")
