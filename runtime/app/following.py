"""Follow what happens in a run, from the store and from what this process hears of itself."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from runtime.services.store import Scope
from runtime.services.store.runs import ENDED, Run
from runtime.worker.starting import found

SHORTEST, LONGEST = 0.1, 1.0
"""Seconds between two looks for new events of a run that is followed and executed by another process."""
Event = Mapping[str, Any]
Settled = Callable[[Run], bool]


def ended(run: Run) -> bool:
    """Return whether nothing more will happen in a run."""
    return run.state in ENDED


def rests(run: Run) -> bool:
    """Return whether nothing more will happen in a run until somebody does something."""
    return run.state in (*ENDED, "interrupted") or (run.state == "waiting" and bool(asked(run)))


def asked(run: Run) -> list[Mapping[str, Any]]:
    """Return what a run asks of people."""
    return [entry for entry in run.waiting if entry["kind"] in ("approval", "ask")]


async def follow(
    scope: Scope, id_: str, after: int, settled: Settled, stopping: Callable[[], bool]
) -> AsyncGenerator[Event]:
    """Yield the events of a run after a number, new ones as they come, until the run has settled.

    What this process writes is heard at once, without asking the store; what others write is found by asking, less and
    less often while nothing happens.
    """
    pause = SHORTEST
    with scope.news.followed(id_) as queue:
        while True:
            # The state is read before the events: what is recorded before the end is there when the end is.
            run = await found(scope, id_)
            events = await scope.run_events.after(id_, after)
            pause = SHORTEST if events else min(pause * 1.5, LONGEST)
            for event in events:
                after = event["seq"]
                yield event
            if settled(run) or stopping():
                return
            while heard := await _next(queue, after, pause):
                for event in heard:
                    after = event["seq"]
                    yield event


async def _next(queue: "asyncio.Queue[Sequence[Event]]", after: int, seconds: float) -> Sequence[Event]:
    """Return the events that follow, and none when the store has to be asked.

    That is so when nothing has been heard for that time, when something may lack in between, and when the run has
    changed its state here.
    """
    try:
        async with asyncio.timeout(seconds):
            while heard := await queue.get():
                fresh = [event for event in heard if event["seq"] > after]
                if fresh:
                    return fresh if fresh[0]["seq"] == after + 1 else ()
    except TimeoutError:
        return ()
    return ()


async def settled(scope: Scope, id_: str, stopping: Callable[[], bool]) -> Run:
    """Return a run once it has ended or rests, or as it is when this process stops."""
    pause = SHORTEST
    with scope.news.followed(id_) as queue:
        while True:
            run = await found(scope, id_)
            if rests(run) or stopping():
                return run
            try:
                async with asyncio.timeout(pause):
                    while await queue.get():
                        pass
            except TimeoutError:
                pause = min(pause * 1.5, LONGEST)
