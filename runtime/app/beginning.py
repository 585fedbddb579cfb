"""Start a run of an assistant, or go on with the one that waits."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import uuid4

from runtime import steps as verbs
from runtime.app import finding
from runtime.app.call import Call
from runtime.app.finding import Assistant
from runtime.app.following import asked
from runtime.contract.threads_api import RunAsked, Steps
from runtime.graph.state import checked, fold
from runtime.problems import failed
from runtime.services.store.runs import ENDED, Run
from runtime.services.store.threads import Thread
from runtime.worker import starting, threads
from runtime.worker.starting import Start


async def begun(call: Call, body: RunAsked, thread: str = "") -> tuple[Run, int]:
    """Return a run that is queued, and the number of the last event that is old news.

    Raises:
        StepError: `not-found`, `invalid-input`, or `conflict` when the thread is busy or does not wait.
    """
    found = await finding.assistant(call, body.assistant_id)
    if thread:
        known = await _thread(call, thread, create=body.if_not_exists == "create")
        holder = await finding.holder(call, known)
        if body.command is not None:
            return await resumed(call, known, holder, body.command.resume, body.command.update)
        if body.input is None and holder and holder.state == "interrupted":
            return await _continued(call, holder)
    elif body.command is not None:
        raise failed("invalid-input", "A run without a thread cannot be gone on with", "name its thread")
    asked_ = _start(call, body, found, thread)
    if thread:
        run = await threads.begun(call.scope, call.desk.clock, call.desk.documents, asked_, body.multitask_strategy)
    else:
        run = await starting.begun(call.scope, call.desk.clock, call.desk.documents, asked_)
    call.desk.nudge()
    return run, 0


async def _thread(call: Call, id_: str, *, create: bool) -> Thread:
    if create:
        await call.scope.threads.add(id_, {}, call.now)
    return await threads.found(call.scope, id_)


def _start(call: Call, body: RunAsked, found: Assistant, thread: str) -> Start:
    options: dict[str, Any] = {"assistant": found.id, "metadata": body.metadata, "shows": True, **call.trace()}
    options |= {"strategy": body.multitask_strategy, "config": body.config}
    options |= {
        "before": _steps(call, found, body.interrupt_before),
        "after": _steps(call, found, body.interrupt_after),
    }
    input_ = {**found.context, **body.context, **(body.input or {})}
    due = call.now + body.after_seconds * 1000 if body.after_seconds else 0
    more: dict[str, Any] = {"options": options, "thread": thread, "tenant": call.scope.tenant, "due": due}
    return Start(found.workflow, input_, "api", str(uuid4()), **more)


def _steps(call: Call, found: Assistant, wanted: Steps) -> list[str]:
    known = [step.id for step in verbs.parse(call.desk.documents[found.workflow].steps)]
    if wanted == "*":
        return known
    for name in wanted:
        if name not in known:
            raise failed("invalid-input", f"{found.workflow} has no such step", f"{name[:100]}; {', '.join(known)}")
    return list(wanted)


async def _continued(call: Call, run: Run) -> tuple[Run, int]:
    after = await _last(call, run)
    if not await call.scope.runs.requeue(run.id, call.now):
        raise failed("conflict", "The run goes on already", run.id)
    call.desk.nudge()
    return await starting.found(call.scope, run.id), after


async def _last(call: Call, run: Run) -> int:
    events = await call.scope.run_events.after(run.id)
    return int(events[-1]["seq"]) if events else 0


# --- answers ----------------------------------------------------------------------------------------------------------


async def resumed(
    call: Call, thread: Thread, run: Run | None, value: Any, update: Mapping[str, Any] | None
) -> tuple[Run, int]:
    """Go on with the run of a thread that waits; only those who may answer can.

    Raises:
        StepError: `forbidden`, `conflict` when nothing waits, `invalid-input` when the answer is refused.
    """
    call.caller.need("approver")
    if run is None or (run.state != "interrupted" and not asked(run)):
        raise failed("conflict", "The thread does not wait for an answer", thread.id)
    if update:
        await written(call, thread, run, update)
    if run.state == "interrupted":
        return await _continued(call, run)
    after = await _last(call, run)
    for to, one in _answers(run, value):
        who: Any = {"by": call.caller.name, "teams": call.caller.answers_for}
        await starting.answer(call.scope, call.desk.clock, run.id, one, to=to, **who)
    call.desk.nudge()
    return await starting.found(call.scope, run.id), after


def _answers(run: Run, value: Any) -> list[tuple[str | None, Any]]:
    """Return answers by the ids of their questions; what is no mapping of such ids is for the only question."""
    ids = [entry["id"] for entry in asked(run)]
    if isinstance(value, dict) and value and all(name in ids for name in cast("dict[str, Any]", value)):
        return [*cast("dict[str, Any]", value).items()]
    return [(None, value)]


async def written(call: Call, thread: Thread, run: Run, values: Mapping[str, Any]) -> str | None:
    """Set state fields of a thread by hand and return the id of the checkpoint that they stand on.

    Raises:
        StepError: `conflict` while a run is executed, `unknown-field` or `invalid-output` when the workflow's state
            does not take them.
    """
    if run.state in ("queued", "running"):
        raise failed("conflict", "The thread is busy", f"run {run.id} is {run.state}")
    document = await finding.document(call, run)
    given = checked(document, values.items())
    patch = await finding.patch(call, thread, run)
    now = fold(document, {**thread.state, **patch}, given)
    last = await call.last(run)
    at = last.checkpoint["id"] if last else None
    if run.state in ENDED or at is None:
        await call.scope.threads.written(thread.id, now, call.now)
    else:
        fields = {**patch, **{name: now[name] for name, _ in given}}
        await call.scope.threads.patched(thread.id, {"run": run.id, "at": at, "values": fields}, call.now)
    return at
