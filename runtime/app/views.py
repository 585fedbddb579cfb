"""Runs, threads and assistants as clients of the LangGraph server know them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from langgraph.checkpoint.base import CheckpointTuple

from runtime.app.following import asked
from runtime.contract import WorkflowDocument
from runtime.contract.threads_api import (
    AssistantShown,
    CheckpointShown,
    InterruptShown,
    RunShown,
    RunState,
    StateShown,
    TaskShown,
    ThreadShown,
)
from runtime.services.store.runs import Run
from runtime.services.store.threads import Thread
from runtime.worker.states import state_of

STATUS: Mapping[str, RunState] = {
    "queued": "pending", "running": "running", "waiting": "interrupted", "interrupted": "interrupted",
    "succeeded": "success", "failed": "error", "cancelled": "interrupted", "timeout": "timeout",
}  # fmt: skip


def moment(millis: int) -> str:
    """Return a time as ISO 8601."""
    return dt.datetime.fromtimestamp(millis / 1000, dt.UTC).isoformat(timespec="milliseconds")


def assistant_id(workflow: str) -> str:
    """Return the id of the assistant that a served workflow is."""
    return str(uuid5(NAMESPACE_URL, f"apm:workflow:{workflow}"))


def served(document: WorkflowDocument) -> AssistantShown:
    """Return a workflow as an assistant."""
    metadata = {"created_by": "system", "owner": document.owner, "digest": document.digest}
    return AssistantShown(
        assistant_id=assistant_id(document.name),
        graph_id=document.name,
        name=document.name,
        description=document.description or None,
        config={},
        context={},
        metadata=metadata,
        version=document.version,
        created_at=moment(0),
        updated_at=moment(0),
    )


def status(run: Run) -> RunState:
    """Return the state of a run; one that waits for a timer or an event is running to its clients."""
    return "running" if run.state == "waiting" and not asked(run) else STATUS[run.state]


def thread_of(run: Run) -> str:
    """Return the thread of a run; the run itself where it has none."""
    return run.thread or run.id


def run_shown(run: Run) -> RunShown:
    """Return a run."""
    options = run.options
    return RunShown(
        run_id=run.id,
        thread_id=thread_of(run),
        assistant_id=options.get("assistant") or assistant_id(run.workflow),
        created_at=moment(run.created),
        updated_at=moment(run.ended or run.started or run.created),
        status=status(run),
        metadata=options.get("metadata", {}),
        kwargs={"input": dict(run.input), "config": options.get("config", {})},
        multitask_strategy=options.get("strategy", "enqueue"),
    )


def question(entry: Mapping[str, Any]) -> InterruptShown:
    """Return what a run asks."""
    value: Any = entry["message"]
    if entry["kind"] == "approval":
        value = {"message": entry["message"], "options": list(entry["options"]), "payload": entry["payload"]}
    return InterruptShown(id=entry["id"], value=value)


def values(thread: Thread, patch: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the state of a thread, and what its last run has answered with."""
    return {**thread.state, **thread.output, **(patch or {})}


def thread_shown(thread: Thread, run: Run | None, patch: Mapping[str, Any]) -> ThreadShown:
    """Return a thread; `run` is the one that has it."""
    interrupts: dict[str, list[InterruptShown]] = {}
    for entry in asked(run) if run else ():
        interrupts.setdefault(_step(entry), []).append(question(entry))
    return ThreadShown(
        thread_id=thread.id,
        created_at=moment(thread.created),
        updated_at=moment(thread.updated),
        metadata=dict(thread.metadata),
        status=thread.status,  # pyright: ignore[reportArgumentType]
        values=values(thread, patch),
        interrupts=interrupts,
    )


def _step(entry: Mapping[str, Any]) -> str:
    return str(entry["path"]).split("/", 1)[-1]


def state_shown(thread: Thread, run: Run | None, last: CheckpointTuple | None, patch: Mapping[str, Any]) -> StateShown:
    """Return where a thread stands; `last` is the last checkpoint of the run that has it, or had it last."""
    open_ = asked(run) if run and run.state == "waiting" else []
    questions = [question(entry) for entry in open_]
    tasks = [
        TaskShown(id=shown.id, name=_step(entry), interrupts=[shown])
        for entry, shown in zip(open_, questions, strict=True)
    ]
    running = run is not None and run.state in ("queued", "running")
    found = state_of(last.checkpoint["channel_values"]) if running and last else {}
    return StateShown(
        values={**values(thread), **found, **patch},
        next=[task.name for task in tasks] or (["__start__"] if running else []),
        checkpoint=CheckpointShown(thread_id=thread.id, checkpoint_id=last.checkpoint["id"] if last else None),
        metadata=dict(thread.metadata),
        created_at=last.checkpoint["ts"] if last else None,
        tasks=tasks,
        interrupts=questions,
    )


def past(thread: str, run: Run, found: CheckpointTuple) -> StateShown:
    """Return a checkpoint of a run as a state of its thread."""
    parent = found.parent_config
    before = parent["configurable"]["checkpoint_id"] if parent and "configurable" in parent else None
    metadata: dict[str, Any] = {**found.metadata, "run_id": run.id}
    return StateShown(
        values=state_of(found.checkpoint["channel_values"]),
        next=[],
        checkpoint=CheckpointShown(thread_id=thread, checkpoint_id=found.checkpoint["id"]),
        metadata={name: value for name, value in metadata.items() if isinstance(value, str | int | float | bool)},
        created_at=found.checkpoint["ts"],
        parent_checkpoint=CheckpointShown(thread_id=thread, checkpoint_id=before) if before else None,
        tasks=[],
        interrupts=[],
    )
