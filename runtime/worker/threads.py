"""Runs on threads: one at a time, each going on from the state that the one before has left."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from runtime.contract import WorkflowDocument
from runtime.graph.state import defaults
from runtime.problems import failed
from runtime.services.clock import Clock
from runtime.services.store.runs import ENDED, HELD, Run
from runtime.services.store.threads import Thread
from runtime.worker import starting
from runtime.worker.starting import Holder, Start

Strategy = Literal["reject", "enqueue", "interrupt", "rollback"]
"""What becomes of a run that is started while another one has the thread."""
STATUS: Mapping[str, str] = {"succeeded": "idle", "failed": "error", "timeout": "error", "cancelled": "interrupted"}
"""Status of a thread by how its last run has ended."""


async def found(store: Holder, id_: str) -> Thread:
    """Return a thread; raises `StepError` (`not-found`) without one."""
    thread = await store.threads.get(id_)
    if thread is None:
        raise failed("not-found", "There is no such thread", id_)
    return thread


async def begun(
    store: Holder, clock: Clock, documents: Mapping[str, WorkflowDocument], asked: Start, strategy: Strategy
) -> Run:
    """Queue a run on the thread that `asked` names and return it.

    A run that waits for a person, or was stopped, gives way; one that is queued or running does what the strategy says.

    Raises:
        StepError: `not-found` without such a thread, `conflict` when the thread is busy and the strategy is `reject`,
            `invalid-input` when the workflow's schema refuses the input.
        Failure: there is no such workflow.
    """
    starting.accepted(documents, asked)
    number = await store.threads.next_number(asked.thread, asked.workflow, clock.now())
    if number is None:
        raise failed("not-found", "There is no such thread", asked.thread)
    run = await starting.begun(store, clock, documents, replace(asked, number=number))
    store.news.tell(f"thread:{run.thread}")
    if await _first(store, clock, run):
        return run
    holder = await store.runs.get((await found(store, run.thread)).active)
    if holder and holder.state in ("queued", "running") and strategy in ("reject", "enqueue"):
        if strategy == "enqueue":
            return run
        await store.erase(run)
        raise failed("conflict", "The thread is busy", f"{run.thread}: run {holder.id} is {holder.state}")
    if holder:
        await _given_way(store, clock, holder, strategy)
    await advance(store, run.thread, clock.now())
    return run


async def _first(store: Holder, clock: Clock, run: Run) -> bool:
    await advance(store, run.thread, clock.now())
    thread = await store.threads.get(run.thread)
    return thread is not None and thread.active == run.id


async def _given_way(store: Holder, clock: Clock, holder: Run, strategy: Strategy) -> None:
    if strategy == "rollback":
        await store.threads.drop(holder.thread, holder.id)
    if await starting.cancelled(store, clock, holder) == "cancelled" and strategy == "rollback":
        await store.erase(holder)


async def unblock(store: Holder, clock: Clock, thread: str) -> None:
    """Let the run that has a thread give way to those that are held when it waits for a person, or was stopped.

    It may have begun to wait after they were started.
    """
    found_ = await store.threads.get(thread)
    holder = await store.runs.get(found_.active) if found_ and found_.active else None
    if holder and (holder.state == "interrupted" or _asks(holder)):
        await _given_way(store, clock, holder, "interrupt")
    await advance(store, thread, clock.now())


def _asks(run: Run) -> bool:
    return run.state == "waiting" and any(entry["kind"] in ("approval", "ask") for entry in run.waiting)


async def advance(store: Holder, thread: str, now: int) -> str:
    """Let the next run of a thread go when the one before has ended; returns the run that has the thread now."""
    found_ = await store.threads.get(thread)
    if found_ is None:
        return ""
    holder = await store.runs.get(found_.active) if found_.active else None
    if holder and holder.state not in ENDED:
        if holder.queue == HELD:  # its process died after it had the thread and before it was let go
            await store.runs.release(holder.id)
        return holder.id
    runs = await store.runs.of_thread(thread)
    waiting = next((run for run in runs if run.queue == HELD and run.state == "queued"), None)
    to = waiting.id if waiting else ""
    if to == found_.active or await store.threads.hand_over(thread, found_.active, to, now):
        if holder and found_.dropped == holder.id:
            await store.erase(holder)
        if to:
            await store.runs.release(to)
    return to


def carried(thread: Thread | None, document: WorkflowDocument) -> dict[str, Any]:
    """Return the state with which a run starts: what the thread has of its fields, and the defaults of the others."""
    own: Mapping[str, Any] = thread.state if thread else {}
    return {name: own.get(name, value) for name, value in defaults(document).items()}
