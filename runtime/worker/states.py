"""The state of runs and threads: what a run starts with, where it stands, what it leaves behind."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.base import CheckpointTuple

from runtime.contract import WorkflowDocument
from runtime.services.checkpointer import MongoSaver
from runtime.services.clock import Clock
from runtime.services.store import Store
from runtime.services.store.runs import Run
from runtime.worker import threads


@dataclass(frozen=True)
class Carried:
    """State that a run starts with or goes on from."""

    state: Mapping[str, Any]
    patch: Mapping[str, Any]
    """Fields that people have set since the last checkpoint."""


class States:
    """Reads checkpoints, and keeps what threads need of them."""

    def __init__(self, store: Store, saver: MongoSaver, clock: Clock) -> None:
        self._store = store
        self._saver = saver
        self._clock = clock

    async def last(self, run: str) -> CheckpointTuple | None:
        """Return the last checkpoint of a run."""
        return await self._saver.aget_tuple({"configurable": {"thread_id": run}})

    async def history(self, run: str) -> AsyncIterator[CheckpointTuple]:
        """Yield the checkpoints of a run's own workflow, newest first."""
        async for found in self._saver.alist({"configurable": {"thread_id": run, "checkpoint_ns": ""}}):
            yield found

    async def now(self, run: str) -> dict[str, Any]:
        """Return the state fields of a run's own workflow, as its last checkpoint has them."""
        found = await self.last(run)
        return state_of(found.checkpoint["channel_values"]) if found else {}

    async def carried(self, run: Run, document: WorkflowDocument, *, fresh: bool) -> Carried:
        """Return the state that a run starts with or goes on from, and what people have set while it waited."""
        thread = await self._store.threads.get(run.thread) if run.thread else None
        if fresh:
            return Carried(threads.carried(thread, document), {})
        if not shows(run):
            return Carried({}, {})
        now = await self.now(run.id)
        patch = await self.patch(run.id, thread.patch if thread else {})
        return Carried({**now, **patch}, patch)

    async def patch(self, run: str, patch: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return fields that were set by hand since the last checkpoint of a run, if `{run, at, values}` is of it."""
        if not patch or patch["run"] != run:
            return {}
        last = await self.last(run)
        return patch["values"] if last and last.checkpoint["id"] == patch["at"] else {}

    async def keep(self, run: Run, status: str, state: Mapping[str, Any], output: Any = None) -> None:
        """Let the thread of a run know where it stands; who has lost the run gets `LeaseLost` instead."""
        if run.thread:
            await self._store.fences.hold(run.id)
            await self._store.threads.keep(run.thread, run.id, status, self._clock.now(), state, output)


def state_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state fields among the channels of a graph."""
    return {name[6:]: value for name, value in values.items() if name.startswith("state.")}


def shows(run: Run) -> bool:
    """Return whether the events of a run tell its state: for those who follow it."""
    return bool(run.thread or run.options.get("shows"))


def stops(run: Run) -> dict[str, list[str]]:
    """Return before and after which steps a run is to stop, as LangGraph wants it."""
    asked = {f"interrupt_{when}": run.options.get(when) for when in ("before", "after")}
    return {name: steps for name, steps in asked.items() if steps}
