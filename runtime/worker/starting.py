"""Queue runs, and answer what they wait for: what the API, the command line, schedules and events have in common."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from uuid import uuid4

from runtime import schemas
from runtime.contract import WorkflowDocument
from runtime.contract.bodies import TENANT
from runtime.problems import Problem, StepError, failed, problem
from runtime.services.clock import Clock
from runtime.services.store.collection import pack, refuse_large, unpack
from runtime.services.store.news import News
from runtime.services.store.records import Specs
from runtime.services.store.run_events import RunEvents
from runtime.services.store.runs import ENDED, HELD, Run, Runs, new, read
from runtime.services.store.threads import Threads
from runtime.telemetry import Telemetry
from runtime.telemetry import catalogue as metric
from runtime.worker.documents import closure


@dataclass(frozen=True)
class Start:
    """How a run is to be started."""

    workflow: str
    input: Mapping[str, Any]
    trigger: str = "manual"
    id: str = ""
    """Given by triggers, so that one event starts one run; made up otherwise."""
    priority: int = 0
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    thread: str = ""
    """Thread that the run goes on; it is held until `runtime.worker.threads` lets it go."""
    number: int = 0
    """Which run of its thread it is."""
    tenant: str = TENANT
    due: int = 0
    """When it may be claimed, in milliseconds since 1970; 0 for now."""


class Holder(Protocol):
    """A store, or what one tenant sees of it."""

    @property
    def specs(self) -> Specs:
        """Return the workflow documents."""
        ...

    @property
    def runs(self) -> Runs:
        """Return the runs."""
        ...

    @property
    def threads(self) -> Threads:
        """Return the threads."""
        ...

    @property
    def run_events(self) -> RunEvents:
        """Return the events of runs."""
        ...

    @property
    def news(self) -> News:
        """Return what this process has heard."""
        ...

    @property
    def telemetry(self) -> Telemetry:
        """Return what this process counts."""
        ...

    async def erase(self, run: Run) -> None:
        """Forget a run, with everything that belongs to it."""
        ...


def new_id() -> str:
    """Return an id for a run: short enough to type."""
    return uuid4().hex[:12]


async def start(
    store: Holder, clock: Clock, documents: Mapping[str, WorkflowDocument], asked: Start, claimed_by: str = ""
) -> str:
    """Queue a run and return its id, as `begun` does."""
    return (await begun(store, clock, documents, asked, claimed_by)).id


async def begun(
    store: Holder, clock: Clock, documents: Mapping[str, WorkflowDocument], asked: Start, claimed_by: str = ""
) -> Run:
    """Queue a run and return it; with `claimed_by`, it is claimed already. The same id again changes nothing.

    Raises:
        StepError: `invalid-input` when the workflow's schema refuses the input, `conflict` when the id belongs to a run
            of another workflow or with another input.
        Failure: there is no such workflow, or a sub-workflow is missing.
    """
    needed = accepted(documents, asked)
    document = needed[0]
    refuse_large(dict(asked.input), "The input")
    now = clock.now()
    await store.specs.add(needed, now)
    more: dict[str, Any] = {"trigger": asked.trigger, "priority": asked.priority, "options": pack(dict(asked.options))}
    more |= {"tenant": asked.tenant, "thread": asked.thread, "number": asked.number, "due": asked.due or now}
    if asked.thread:
        more["queue"] = HELD
    if claimed_by:
        claim = {"state": "running", "worker": claimed_by, "lease": now + store.runs.lease, "epoch": 1, "attempt": 1}
        more |= {"queue": "local", **claim}
    row = new(asked.id or new_id(), document.name, document.digest, asked.input, now, **more)
    if await store.runs.add(dict(row)):
        return read(row)
    run = await found(store, row["_id"])
    if (run.workflow, run.input) != (document.name, unpack(pack(dict(asked.input)))):
        detail = f"{run.id} is a run of {run.workflow} with another input; use a new key for this one"
        raise failed("conflict", "This key has started another run", detail)
    return run


def accepted(documents: Mapping[str, WorkflowDocument], asked: Start) -> list[WorkflowDocument]:
    """Return the workflow and its sub-workflows; raises as `begun` does."""
    needed = closure(documents, asked.workflow)
    if wrong := schemas.findings(needed[0].input, dict(asked.input)):
        raise failed("invalid-input", f"{asked.workflow} does not accept this input", "; ".join(wrong))
    return needed


async def cancelled(store: Holder, clock: Clock, run: Run) -> str:
    """Cancel a run and return its state: `cancelled` at once when nobody executes it and it has nothing to undo."""
    taken = await store.runs.seize(run.id, clock.now())
    if taken is None:
        return await store.runs.cancel(run.id, clock.now())
    await told(store, clock, taken, "cancelled", "interrupted")
    if await store.runs.end(taken, "cancelled", clock.now()):
        counted(store.telemetry, taken, "cancelled", clock.now())
    return "cancelled"


def counted(telemetry: Telemetry, run: Run, state: str, now: int) -> None:
    """Count a run that has ended, and how long it took if it was ever begun."""
    telemetry.add(metric.RUNS, workflow=run.workflow, outcome=state)
    if run.started:
        telemetry.observe(metric.RUN_SECONDS, (now - run.started) / 1000, workflow=run.workflow)


async def told(
    store: Holder, clock: Clock, run: Run, state: str, status: str, found: Mapping[str, Any] | None = None
) -> None:
    """Tell who follows a run that was taken to be ended, and its thread (`status`), how it ends.

    They are told first, as a worker does: who sees that a run has ended finds its last event.
    """
    await store.run_events.seal(run.id, run.lost, run.tenant)
    data = {"workflow": run.workflow, "state": state, "problem": found}
    await store.run_events.append(run, "run-ended", clock.now(), data)
    if run.thread:
        await store.threads.keep(run.thread, run.id, status, clock.now(), None)


async def revived(store: Holder, clock: Clock, id_: str, *, by: str) -> Run:
    """Queue a run again that was given up because workers died over it, and return it; its record says who did so.

    Raises:
        StepError: `not-found`, or `conflict` when it was not given up, or belongs to a thread, which has gone on.
    """
    run = await found(store, id_)
    if run.thread:
        raise failed("conflict", "A run of a thread is not taken up again", f"start another one on {run.thread}")
    if not await store.runs.revive(run, clock.now()):
        detail = f"{id_} is {run.state}; only runs that failed as `workers-lost` can be taken up again"
        raise failed("conflict", "The run was not given up", detail)
    await store.run_events.append(run, "revived", clock.now(), {"by": by})
    return await found(store, id_)


# --- answers ---------------------------------------------------------------------------------------------------------


async def answer(
    store: Holder,
    clock: Clock,
    id_: str,
    value: Any,
    *,
    by: str,
    comment: str = "",
    to: str | None = None,
    teams: Collection[str] | None = None,
) -> Run:
    """Answer what a run waits for and queue it; `to` names the question when there are several.

    `teams` are those that whoever answers belongs to; `None` may answer what is assigned to any team.

    Raises:
        StepError: `not-found`, `conflict` when the run does not wait for that (any more), `forbidden` when it is
            assigned to other teams, `invalid-input` when the answer is none of the options or the schema refuses it.
    """
    run = await found(store, id_)
    question = _question(run, to)
    _refuse_others(question, by, teams)
    _accept(question, value)
    vote = {"value": value, "by": by, "comment": comment}
    votes = _counted(question, vote)
    agreed = [one for one in votes if one["value"] == value]
    if len(agreed) < question.get("required", 1):
        done = await store.runs.voted(run, [{**q, "votes": votes} if q is question else q for q in run.waiting])
    else:
        many = {"by": ", ".join(one["by"] for one in agreed), "votes": votes} if len(votes) > 1 else {}
        done = await store.runs.answer(run, {question["id"]: {**vote, **many}}, clock.now())
    if not done:
        raise failed("conflict", "The run has changed meanwhile", f"{id_} is no longer waiting for this")
    said = {"path": question["path"], "value": value, "by": by}
    await store.run_events.append(run, "answered", clock.now(), said)
    return run


async def found(store: Holder, id_: str) -> Run:
    """Return a run; raises `StepError` (`not-found`) without one."""
    run = await store.runs.get(id_)
    if run is None:
        raise failed("not-found", f"There is no such run: {id_}")
    return run


def _question(run: Run, to: str | None) -> Mapping[str, Any]:
    if run.state != "waiting":
        raise failed("conflict", "The run does not wait for an answer", f"{run.id} is {run.state}")
    asked = [entry for entry in run.waiting if entry["kind"] in ("approval", "ask")]
    chosen = [entry for entry in asked if to is None or to in (entry["id"], entry["path"])]
    if not chosen:
        raise failed("conflict", "The run does not wait for that", to or f"{run.id} waits for a timer or an event")
    if len(chosen) > 1:
        places = ", ".join(entry["path"] for entry in chosen)
        raise failed("conflict", "The run waits for several answers", f"say which: {places}")
    return chosen[0]


def _refuse_others(question: Mapping[str, Any], by: str, teams: Collection[str] | None) -> None:
    assignees = question["assignees"]
    if assignees and teams is not None and not set(assignees) & set(teams):
        detail = f"it is assigned to {', '.join(assignees)}; {by} is of {', '.join(sorted(teams)) or 'no team'}"
        raise StepError(Problem("forbidden", "Others have to answer this", detail, status=403))


def _counted(question: Mapping[str, Any], vote: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return all votes; raises `StepError` (`conflict`) where somebody has voted already."""
    before = question.get("votes", [])
    if any(one["by"] == vote["by"] for one in before):
        raise failed("conflict", "This person has chosen already", f"{vote['by']}; somebody else has to")
    return [*before, vote]


def _accept(question: Mapping[str, Any], value: Any) -> None:
    if question["kind"] == "approval":
        option: Any = value
        edited = cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else None
        if edited is not None and question.get("edit") and set(edited) == {"decision", "payload"}:
            option, value = edited["decision"], edited["payload"]
        else:
            edited = None
        if option not in question["options"]:
            known = ", ".join(question["options"])
            raise failed("invalid-input", "This is not one of the options", f"{option!r}; {known}")
        if edited is None:
            return
    if wrong := schemas.findings(question["schema"], value):
        raise failed("invalid-input", "The answer is refused", "; ".join(wrong))


def why_not_resumable(run: Run) -> Problem | None:
    """Return why a run cannot be resumed by hand, or None when it can."""
    if run.state == "interrupted":
        return None
    if run.state in ENDED:
        return problem("conflict", "The run has ended", f"{run.id} is {run.state}")
    return problem("conflict", "The run is not interrupted", f"{run.id} is {run.state}")


__all__ = ["Start", "StepError", "answer", "found", "new_id", "start", "why_not_resumable"]
