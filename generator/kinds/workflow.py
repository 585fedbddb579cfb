"""A workflow: typed state, steps, triggers and bounds, with everything that its runs need."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from generator.emit import canonical
from generator.kinds._schema import schema_of
from generator.kinds.agent import Agent
from generator.kinds.channel import Channel
from generator.kinds.environment import Environment
from generator.kinds.model import Model
from generator.kinds.resilience import Resilience
from generator.kinds.tool import Tool
from generator.model import Kind, Resolving, Thing
from generator.references import marked_in
from runtime.contract import (
    FORMAT,
    Duration,
    Field_,
    FileRef,
    Limits,
    Many,
    Ref,
    Step,
    Strict,
    Template,
    TriggerDocument,
    WorkflowBudget,
    WorkflowDocument,
)

if TYPE_CHECKING:
    from runtime.contract import Step as AnyStep
else:
    from runtime.steps import AnyStep


class Trigger(Strict):
    """What starts a run besides people: a schedule or an event."""

    cron: str | None = None
    """Schedule with five fields; needs `timeZone`."""
    time_zone: str | None = None
    """IANA time zone of the schedule, such as `Europe/Berlin`."""
    channel: Annotated[str | None, Ref("Channel")] = None
    """Channel each of whose events starts a run; the payload is the input."""
    concurrency_policy: Annotated[str, Field(pattern="^(Allow|Forbid|Replace)$")] = "Forbid"
    """What happens when the last run has not ended: `Allow`, `Forbid` or `Replace`."""
    starting_deadline: Duration | None = None
    """How late a scheduled run may start, for example after an outage; of several missed times only the last counts.
    Without it, it starts however late."""
    input: dict[str, Any] = {}
    """Input of a scheduled run."""


class WorkflowSpec(Strict):
    """One workflow."""

    version: Annotated[int, Field(ge=1)] = 1
    """Raised by people when the meaning changes."""
    input: Annotated[str | dict[str, Any] | None, FileRef("json-schema")] = None
    """JSON Schema of the input: a file beside the spec, or written here."""
    state: dict[str, Field_] = {}
    """Fields that steps write with `save` and `set`."""
    output: Annotated[dict[str, Any], Template()] = {}
    """What a run answers with."""
    limits: Limits = Limits()
    """Bounds of one run."""
    budget: WorkflowBudget = WorkflowBudget()
    """What one run may spend, with everything below it."""
    triggers: Many[Trigger] = ()
    """What starts a run besides people."""
    steps: Annotated[Many[AnyStep], Field(min_length=1)]
    """Steps in order; the next one follows unless a step says otherwise."""


@dataclass(frozen=True)
class Workflow(Thing):
    """A workflow, resolved, with the document that the runtime reads."""

    document: WorkflowDocument
    steps: tuple[Step, ...]
    agents: tuple[Agent, ...]
    tools: tuple[Tool, ...]
    models: tuple[Model, ...]
    channels: tuple[Channel, ...]
    workflows: "tuple[Workflow, ...]"
    """Direct sub-workflows."""

    def closure(self) -> "Iterator[Workflow]":
        """Yield the workflow and everything below it, each once."""
        seen: set[str] = set()
        stack: list[Workflow] = [self]
        while stack:
            workflow = stack.pop()
            if workflow.name not in seen:
                seen.add(workflow.name)
                yield workflow
                stack += reversed(workflow.workflows)


def resolve(spec: WorkflowSpec, context: Resolving) -> Workflow:
    """Return the workflow with all that it uses, and its document."""
    used = _used(spec.steps)
    agents = tuple({one.name: one for n in used["Agent"] for one in context.find(Agent, n).closure()}.values())
    tools = _with({t.name: t for a in agents for t in a.tools}, (context.find(Tool, n) for n in used["Tool"]))
    named = (context.find(Model, n) for n in used["Model"])
    models = _models([*(m for a in agents for m in a.asked()), *named], context)
    channels = tuple(
        context.find(Channel, n)
        for n in dict.fromkeys([*used["Channel"], *(t.channel for t in spec.triggers if t.channel)])
    )
    policies = [context.find(Resilience, n) for n in used["Resilience"]]
    workflows = tuple(context.find(Workflow, n) for n in used["Workflow"])
    environment = context.find(Environment, context.environment)
    content: dict[str, Any] = {
        "format": FORMAT,
        "name": context.base["source"].name,
        "version": spec.version,
        "owner": context.base["owner"],
        "description": context.base["description"],
        "environment": context.environment,
        "protected": environment.protected,
        "input": schema_of(spec.input, context),
        "state": spec.state,
        "output": spec.output,
        "limits": spec.limits,
        "budget": spec.budget,
        "triggers": tuple(TriggerDocument(**t.model_dump()) for t in spec.triggers),
        "steps": tuple(s.model_dump(by_alias=True, exclude_defaults=True) for s in spec.steps),
        "agents": {a.name: a.document for a in agents},
        "tools": {t.name: t.document for t in tools},
        "models": {m.name: m.document for m in models},
        "memories": {a.memory.name: a.memory.document for a in agents if a.memory},
        "channels": {c.name: c.document for c in channels},
        "resilience": {p.name: p.document for p in policies},
        "workflows": {w.name: w.document.digest for w in workflows},
    }
    document = WorkflowDocument(digest="", **content)
    digest = hashlib.sha256(canonical(document.model_dump(by_alias=True, exclude={"digest"}))).hexdigest()
    document = document.model_copy(update={"digest": digest})
    return Workflow(**context.base, document=document, steps=spec.steps, agents=agents, tools=tools, models=models,
                    channels=channels, workflows=workflows)  # fmt: skip


def _used(steps: Iterable[Step]) -> Mapping[str, Iterable[str]]:
    """Return the names that steps refer to by their kind (none for a kind that is not there), each once, in order."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for step in steps:
        for _, marker, name in marked_in(step):
            if isinstance(marker, Ref):
                found[marker.kind][name] = None
    return found


def _with(first: dict[str, Tool], more: Iterable[Tool]) -> tuple[Tool, ...]:
    return tuple({**first, **{t.name: t for t in more}}.values())


def _models(models: Iterable[Model], context: Resolving) -> tuple[Model, ...]:
    found: dict[str, Model] = {}
    queue = list(models)
    while queue:
        model = queue.pop(0)
        if model.name not in found:
            found[model.name] = model
            queue += [context.find(Model, name) for name in model.document.fallback]
    return tuple(found.values())


KIND = Kind("Workflow", WorkflowSpec, Workflow, resolve)
