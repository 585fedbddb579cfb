"""A run as the command line shows it: values, and the lines that say them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from runtime.problems import Problem, from_json
from runtime.services.store.collection import Row
from runtime.services.store.runs import Run


@dataclass(frozen=True)
class PathStep:
    """One step that a run has gone through, those of sub-workflows and branches included."""

    path: str
    """`apm-cycle/create/design`."""
    verb: str
    outcome: str
    seconds: float
    agent: str
    goto: str
    """Where the run went on."""
    problem: Mapping[str, str] | None = None
    """Why it failed: `{type, title}`."""


@dataclass(frozen=True)
class Compensated:
    """One completed step that was undone, or could not be."""

    path: str
    problem: Problem | None = None
    """Why it could not: a person has to look."""


@dataclass(frozen=True)
class RunResult:
    """Where a run stands."""

    id: str
    workflow: str
    status: str
    """`succeeded`, `failed`, `cancelled`, `timeout`, `waiting`, `interrupted`, `queued`, `running`, or `abandoned`: it
    was running, and its process has stopped answering."""
    path: Sequence[PathStep]
    compensated: Sequence[Compensated]
    """Completed steps that were undone, in that order."""
    output: Any
    problem: Problem | None
    waiting: Sequence[Mapping[str, Any]]
    """Questions, timers and events that it waits for: `{id, path, kind, message, options, assignees, ...}`."""
    tokens_in: int
    tokens_out: int
    seconds: float
    """From start to end, or until now."""
    attempts: int
    digest: str
    provider: str
    """Provider of the models that was forced on the run; empty for what the document says."""
    created: int
    """When it was started, in milliseconds since 1970."""
    overdue: float
    """Seconds since the process that executes it should have answered; 0 as long as it does."""
    server: str = ""
    """Address of the runtime that has it; empty for a run of this machine."""

    @property
    def ok(self) -> bool:
        """Return whether it has ended well."""
        return self.status == "succeeded"


class Gathered(TypedDict):
    """What the events of a run say of it."""

    path: Sequence[PathStep]
    compensated: Sequence[Compensated]
    tokens_in: int
    tokens_out: int


def gathered(events: Iterable[Row]) -> Gathered:
    """Return what the events of a run say of it; none say nothing."""
    events = list(events)
    calls = [event["data"] for event in events if event["kind"] == "model-called"]
    return Gathered(
        path=_path(events),
        compensated=tuple(_compensated(event["data"]) for event in events if event["kind"] == "compensated"),
        tokens_in=sum(call["tokens_in"] for call in calls),
        tokens_out=sum(call["tokens_out"] for call in calls),
    )


def result(run: Run, events: Iterable[Row], now: int) -> RunResult:
    """Return a run's report from its record and its events."""
    started = run.started or run.created
    overdue = max(now - run.lease, 0) / 1000 if run.state == "running" else 0.0
    return RunResult(
        id=run.id,
        workflow=run.workflow,
        status="abandoned" if overdue else run.state,
        **gathered(events),
        output=run.output,
        problem=from_json(run.problem) if run.problem else None,
        waiting=run.waiting if run.state == "waiting" else (),
        seconds=((run.ended or now) - started) / 1000,
        attempts=run.attempt,
        digest=run.digest,
        provider=run.options.get("provider") or "",
        created=run.created,
        overdue=overdue,
    )


def _path(events: Iterable[Row]) -> tuple[PathStep, ...]:
    """Return steps in the order in which they ended; one that was repeated after a crash is there once."""
    ended = {event["data"]["key"]: event["data"] for event in events if event["kind"] == "step-ended"}
    return tuple(path_step(data) for data in ended.values())


def _compensated(data: Mapping[str, Any]) -> Compensated:
    return Compensated(data["path"], from_json(data["problem"]) if data.get("problem") else None)


def path_step(data: Mapping[str, Any]) -> PathStep:
    """Return the step of a `step-ended` event."""
    names = ("path", "verb", "outcome", "seconds", "agent", "goto")
    failed = data.get("problem")
    # Without the detail: it can hold what the other side has answered.
    problem = {name: str(failed[name]) for name in ("type", "title")} if failed else None
    return PathStep(**{name: data[name] for name in names}, problem=problem)


# --- for people -----------------------------------------------------------------------------------------------------


def lines(found: RunResult, *, verbose: bool = False) -> list[str]:
    """Return what a person reads about a run."""
    told = [f"run {found.id}  {found.workflow}  {found.status}  {found.seconds:.1f} s"]
    told += [f"  {step_line(step)}" for step in found.path if verbose or step.verb not in ("set", "switch")]
    if found.tokens_out:
        told.append(f"  tokens: {found.tokens_in} in, {found.tokens_out} out")
    if found.problem:
        told.append(f"  problem: {found.problem}")
        told.append(f"  at: {found.problem.instance}")
    for one in found.compensated:
        told.append(f"  not undone: {one.path}: {one.problem}" if one.problem else f"  undone: {one.path}")
    for question in found.waiting:
        told += [f"  {line}" for line in _question(found, question)]
    if found.status == "abandoned":
        told.append(f"  no heartbeat: its process should have answered {found.overdue:.0f} s ago, and is gone")
    if found.status in ("interrupted", "abandoned"):
        told.append(f"  go on with: apm runs resume {found.id}")
    return told


def step_line(step: PathStep) -> str:
    """Return one line about a step, such as `van ▸ vision (agent van, 1.2 s)`, with the reason if it has failed."""
    place = " ▸ ".join(step.path.split("/")[1:])
    who = f"agent {step.agent}" if step.agent else step.verb
    outcome = "" if step.outcome == "succeeded" else f", {step.outcome}"
    arrow = f" → {step.goto}" if step.verb == "switch" else ""
    why = f": {' '.join(step.problem['title'].split())} ({step.problem['type']})" if step.problem else ""
    return f"{place} ({who}, {step.seconds:.1f} s{outcome}){why}{arrow}"


def _question(found: RunResult, question: Mapping[str, Any]) -> list[str]:
    """Return what a run waits for and, if it is a person, how to answer."""
    if question["kind"] == "timer":
        return [f"waits for a timer at {question['path']}"]
    if question["kind"] == "event":
        return [f"waits for an event on {question['channel']} at {question['path']}"]
    of = f" ({', '.join(question['assignees'])})" if question["assignees"] else ""
    told = [f"waits for a person{of} at {question['path']}: {question['message']}"]
    value = question["options"][0] if question["options"] else "VALUE"
    options = f"   ({' | '.join(question['options'])})" if question["options"] else ""
    where = f" --server {found.server}" if found.server else ""
    return [*told, f"answer with: apm runs answer {found.id} --value {value}{where}{options}"]
