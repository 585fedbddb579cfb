"""The events of one run: recorded in order, counted in the metrics, and shown to whoever listens."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from runtime.problems import LeaseLost, StepError
from runtime.services.clock import Clock
from runtime.services.store.run_events import EPOCH, RunEvents
from runtime.services.store.runs import Run
from runtime.telemetry import Telemetry
from runtime.telemetry import catalogue as metric

TOGETHER = 0.1
"""Seconds in which events gather before they are written together."""

_COUNTED = {"compensated": metric.COMPENSATIONS, "cached": metric.CACHED}

Listener = Callable[[str, Mapping[str, Any]], None]


class EventLog:
    """Takes events without waiting, and writes them in batches behind the work."""

    def __init__(
        self, run: Run, events: RunEvents, clock: Clock, telemetry: Telemetry, listener: Listener | None
    ) -> None:
        self._run = run
        self._next = run.epoch * EPOCH
        self._events = events
        self._clock = clock
        self._telemetry = telemetry
        self._listener = listener
        self._waiting: list[dict[str, Any]] = []
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """Take an event."""
        event = {"seq": self._next, "kind": kind, "at": self._clock.now(), "data": dict(data)}
        self._next += 1
        self._waiting.append(event)
        self._measure(kind, data)
        if self._listener:
            self._listener(kind, data)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._behind())

    async def _behind(self) -> None:
        # A store that does not answer is noticed by the work itself; the events stay and are tried again.
        with contextlib.suppress(StepError, LeaseLost):
            await asyncio.sleep(TOGETHER)
            await self.flush()

    async def flush(self) -> None:
        """Write what is waiting.

        Raises:
            StepError: the store does not answer; nothing is lost, writing an event twice changes nothing.
            LeaseLost: another worker has the run; what happened here since is nobody's.
        """
        async with self._writing:
            while self._waiting:
                batch = list(self._waiting)
                await self._events.add(self._run.id, batch, self._run.tenant)
                del self._waiting[: len(batch)]

    async def close(self) -> None:
        """Write what is waiting, and nothing ever after; what belongs to a lost run is dropped.

        Raises:
            StepError: the store does not answer.
        """
        try:
            with contextlib.suppress(LeaseLost):
                await self.flush()
        finally:
            self._waiting.clear()
            if self._task:
                self._task.cancel()

    def _measure(self, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "step-ended":
            labels = {"workflow": data["workflow"], "step": data["step"]}
            self._telemetry.add(metric.STEP_RUNS, outcome=data["outcome"], **labels)
            self._telemetry.observe(metric.STEP_SECONDS, data["seconds"], workflow=data["workflow"], verb=data["verb"])
        elif kind in _COUNTED:
            labels = {"workflow": data["workflow"], "step": data["step"], "outcome": data["outcome"]}
            self._telemetry.add(_COUNTED[kind], **labels)
        elif kind == "step-retried":
            self._telemetry.add(metric.RETRIES, workflow=data["workflow"], step=data["step"])
        elif kind == "default-taken" and data["labels"]:
            self._telemetry.add(metric.DECISIONS_UNMAPPED, workflow=data["workflow"], step=data["step"])
