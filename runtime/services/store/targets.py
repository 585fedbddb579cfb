"""What all processes know of a target: how often it has failed in a row, and when it was called."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.services.store.collection import Collection, pack, unpack

_ATTEMPTS = 50
"""How often a place in the order of calls is asked for while others ask too."""


@dataclass(frozen=True)
class Target:
    """One target, by the name of its policy."""

    failures: int = 0
    opened: int = 0
    """When its breaker opened, in milliseconds since 1970; 0 while closed."""


class Targets:
    """One row for each policy, changed by conditions, so that processes agree."""

    def __init__(self, rows: Collection) -> None:
        self._rows = rows

    async def get(self, name: str) -> Target:
        """Return what is known; a target that was never called is fine."""
        row = await self._rows.get(f"breaker|{name}") or {}
        return Target(row.get("failures", 0), row.get("opened", 0))

    async def probe(self, name: str, seen: Target, now: int, until: int) -> bool:
        """Be the one that tries an open target until then; False when somebody else does, or it is open no more."""
        where = {"_id": f"breaker|{name}", "opened": seen.opened, "probe": {"$lte": now}}
        return await self._rows.change(where, {"$set": {"probe": until}})

    async def failed(self, name: str) -> int:
        """Count a failure and return how many there have been in a row."""
        return int((await self._rows.increment(f"breaker|{name}", {"failures": 1, "opened": 0}))["failures"])

    async def open(self, name: str, now: int) -> None:
        """Leave the target alone from now on."""
        await self._rows.put(f"breaker|{name}", {"opened": now, "probe": 0})

    async def close(self, name: str, *, probed: bool) -> None:
        """Forget its failures; while it is open, only for who has probed it."""
        where = {"_id": f"breaker|{name}"} if probed else {"_id": f"breaker|{name}", "opened": 0}
        await self._rows.change(where, {"$set": {"failures": 0, "opened": 0, "probe": 0}})

    async def turn(self, name: str, rate: int, now: int) -> int:
        """Return when the next call may begin, so that any minute has at most `rate` of them; the time is taken."""
        for _ in range(_ATTEMPTS):
            row = await self._rows.get(f"rate|{name}")
            times: Sequence[int] = unpack(row["times"]) if row else []
            start = max(now, times[-rate] + 60_001) if len(times) >= rate else now
            kept = pack([*(at for at in times[-rate:] if at > now - 60_000), start])
            if await self._kept(name, row["turn"] if row else 0, kept):
                return start
        return now + 1000  # too many at once: look again a little later than everybody else

    async def _kept(self, name: str, turn: int, times: str) -> bool:
        if turn == 0 and await self._rows.add({"_id": f"rate|{name}", "turn": 1, "times": times}):
            return True
        where = {"_id": f"rate|{name}", "turn": turn}
        return await self._rows.change(where, {"$set": {"times": times}, "$inc": {"turn": 1}})
