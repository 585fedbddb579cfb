"""Who may write for a run: the holder of its newest claim, and nobody else.

A worker can be stopped for longer than its lease (a paused virtual machine, a full disk, SIGSTOP) without knowing.
Whatever it does next asks its fence first, so that it writes nothing for a run that another worker has by now.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from runtime.problems import LeaseLost
from runtime.services.clock import Clock
from runtime.services.store.collection import Collection, within

MARGIN = 3
"""The last third of a lease is left to clocks that differ; a heartbeat comes before it begins."""
FRESH = 1000
"""Milliseconds that an answer of the store may have taken to be believed."""


@dataclass
class Fence:
    """One claim of one run."""

    runs: Collection
    run: str
    epoch: int
    until: int = 0
    """Until when the claim is ours without asking, in milliseconds since 1970."""

    async def check(self) -> None:
        """Raise `LeaseLost` unless the run still has this epoch; one conditional update."""
        where = {"_id": self.run, "epoch": self.epoch, "state": "running"}
        if not await self.runs.change(where, {"$inc": {"checkpoints": 1}}):
            raise LeaseLost(self.run)


class Fences:
    """The claims of this process; runs without one, such as those that only wait, are written freely."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, Fence] = {}

    def put(self, fence: Fence) -> None:
        """Hold a run from now on."""
        self._held[fence.run] = fence

    def drop(self, run: str) -> None:
        """Hold a run no longer."""
        self._held.pop(run, None)

    def renew(self, run: str, now: int, lease: int) -> None:
        """Note that the claim was prolonged at that time."""
        if fence := self._held.get(run):
            fence.until = now + lease - lease // MARGIN

    def epoch(self, run: str) -> int:
        """Return the number of the claim; 0 without one."""
        return fence.epoch if (fence := self._held.get(run)) else 0

    async def check(self, run: str) -> None:
        """Raise `LeaseLost` unless the store says that the run is ours."""
        fence = self._held.get(run)
        while fence:
            asked = self._clock.now()
            await fence.check()
            # An answer that has waited for us while we were stopped says how things were, not how they are.
            if self._clock.now() - asked < FRESH:
                return

    async def hold(self, run: str) -> None:
        """Raise `LeaseLost` unless the run is ours; the store is asked only near the end of the lease and after it."""
        if (fence := self._held.get(run)) and self._clock.now() >= fence.until:
            await self.check(run)

    @asynccontextmanager
    async def writing(self, run: str) -> AsyncGenerator[None]:
        """Hold the run for the writes inside, which are not sent any more once that can't be relied on."""
        fence = self._held.get(run)
        if fence is None:
            yield
            return
        await self.hold(run)
        with within(max(fence.until - self._clock.now(), FRESH) / 1000):
            yield
