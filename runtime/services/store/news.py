"""What has just been written here about a run, for those in this process who follow it: they need not ask the store."""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

Event = Mapping[str, Any]


class News:
    """Followers of runs, by run. Who follows hears what this process writes; of others only the store knows."""

    def __init__(self) -> None:
        self._followers: dict[str, list[asyncio.Queue[Sequence[Event]]]] = {}

    @contextmanager
    def followed(self, run: str) -> "Generator[asyncio.Queue[Sequence[Event]]]":
        """Yield a queue of what is written about a run: its events, or none of them when its state has changed here."""
        queue: asyncio.Queue[Sequence[Event]] = asyncio.Queue()
        self._followers.setdefault(run, []).append(queue)
        try:
            yield queue
        finally:
            self._followers[run].remove(queue)
            if not self._followers[run]:
                del self._followers[run]

    def tell(self, run: str, events: Sequence[Event] = ()) -> None:
        """Say that events have been written, or, without any, that this process has changed the state of the run."""
        for queue in self._followers.get(run, ()):
            queue.put_nowait(events)
