"""Time, injected: the system's, or a virtual one that jumps to the next thing that happens."""

import asyncio
import time
from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Where the runtime gets its time from."""

    def now(self) -> int:
        """Return milliseconds since 1970."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that time."""
        ...

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """Return what the work returns.

        Raises:
            TimeoutError: it took longer; it has been cancelled.
        """
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Return milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Return after that time."""
        await asyncio.sleep(seconds)

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """Return what the work returns, or raise `TimeoutError`."""
        async with asyncio.timeout(seconds):
            return await work


_DEADLINE: ContextVar[int | None] = ContextVar("deadline", default=None)


class VirtualClock:
    """A clock for tests: sleeping moves it on at once, and a sleep past a deadline times out."""

    def __init__(self, start: int = 1_700_000_000_000) -> None:
        self._now = start
        self.slept: list[float] = []
        """Every pause that was asked for, in seconds."""

    def now(self) -> int:
        """Return milliseconds since 1970."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += int(seconds * 1000)

    async def sleep(self, seconds: float) -> None:
        """Move on by that time, or to the deadline around, whichever comes first."""
        self.slept.append(seconds)
        deadline = _DEADLINE.get()
        until = self._now + int(seconds * 1000)
        await asyncio.sleep(0)
        if deadline is not None and until > deadline:
            self._now = max(self._now, deadline)
            raise TimeoutError
        self._now = max(self._now, until)

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """Return what the work returns, or raise `TimeoutError`."""
        with self._deadline(self._now + int(seconds * 1000)):
            return await work

    @contextmanager
    def _deadline(self, at: int) -> Generator[None]:
        outer = _DEADLINE.get()
        token = _DEADLINE.set(at if outer is None else min(at, outer))
        try:
            yield
        finally:
            _DEADLINE.reset(token)
