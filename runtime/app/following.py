"""Follow what happens in a run, from the store and from what this process hears of itself."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from runtime.services.store import Scope
from runtime.services.store.run_events import EPOCH
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
    scope: Scope, run: Run, after: int, settled: Settled, stopping: Callable[[], bool]
) -> AsyncGenerator[Event]:
    """Yield the events of a run after a number, new ones as they come, until the run has settled.

    What this process writes is heard at once, without asking the store; what others write is found by asking, less and
    less often while nothing happens.
    """
    pause, over = SHORTEST, False
    with scope.news.followed(run.id) as queue:
        while True:
            # The state was read before the events: what is recorded before the end is there when the end is.
            events = await scope.run_events.after(run.id, after)
            for event in events:
                after, over = event["seq"], event["kind"] == "run-ended"
                yield event
            if settled(run) or stopping():
                return
            pause = SHORTEST if events else min(pause * 2, LONGEST)
            while heard := await _next(queue, after, pause):
                for event in heard:
                    after, over = event["seq"], event["kind"] == "run-ended"
                    yield event
            if events or heard is not None or pause == LONGEST:
                now = await scope.runs.get(run.id)
                if now is None or (over and settled(now)):  # a run that was rolled back is forgotten
                    return
                run = now


async def _next(queue: "asyncio.Queue[Sequence[Event]]", after: int, seconds: float) -> Sequence[Event] | None:
    """Return the events that follow.

    They are none when something may lack in between or the run has changed its state here, and None when nothing has
    been heard for that time: the store has to be asked.
    """
    try:
        async with asyncio.timeout(seconds):
            while heard := await queue.get():
                fresh = [event for event in heard if event["seq"] > after]
                if fresh:  # nothing comes before the first event of the first claim
                    return fresh if fresh[0]["seq"] in (after + 1, EPOCH) else ()
    except TimeoutError:
        return None
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
