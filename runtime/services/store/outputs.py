"""Outputs of steps that are kept for some time (`cache`)."""

from typing import Any

from runtime.services.store.collection import Collection, pack, unpack

LIMIT = 1_000_000
"""Characters of one output; longer ones are not kept."""


class Outputs:
    """Outputs by key, each until its time is up."""

    def __init__(self, rows: Collection) -> None:
        self._rows = rows

    async def get(self, key: str, now: int) -> Any:
        """Return what is kept; None for nothing, or when its time is up."""
        row = await self._rows.get(key)
        return unpack(row["value"]) if row and row["until"] > now else None

    async def put(self, key: str, value: Any, until: int) -> None:
        """Keep a value until then, unless it is too long."""
        text = pack(value)
        if len(text) <= LIMIT:
            await self._rows.put(key, {"value": text, "until": until})
