"""Runs start runs for ever: a workflow publishes to a channel whose events start it, directly or by way of others.

Each run that comes to such an `emit` starts another one, which comes there too. Neither `maxSteps` nor the budget of a
run ends that, since every run is a new one. This is a warning: a condition on the way may end it.

Fix: publish to another channel, or listen to answers with `listen` in the run itself.

Bad: `triggers: [{channel: orders}]` and a step `{id: again, emit: {channel: orders, payload: "${input}"}}`

Good: the step publishes to `orders-done`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem
from generator.workflows.flow import nodes
from runtime.nodes.emit import EmitStep
from runtime.nodes.workflow import WorkflowStep


@dataclass(frozen=True)
class _Emit:
    """A step that publishes, in a workflow or in one below it."""

    workflow: Declared
    loc: Loc
    channel: str


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each circle once, at the first step that publishes, with the steps and triggers on its way."""
    started = {one.name: [t.channel for t in one.spec.triggers if t.channel] for one in catalogue.all("Workflow")}
    told: set[frozenset[str]] = set()
    for workflow in catalogue.all("Workflow"):
        circle = _circle(catalogue, workflow, started) if started[workflow.name] else None
        names = frozenset(step.channel for step in circle or ())
        if circle and names not in told:
            told.add(names)
            yield _problem(circle)


def _circle(catalogue: Catalogue, first: Declared, started: dict[str, list[str]]) -> tuple[_Emit, ...] | None:
    """Return a shortest way by which runs of a workflow start runs of it."""
    queue: list[tuple[Declared, tuple[_Emit, ...]]] = [(first, ())]
    seen: set[str] = set()
    for workflow, way in queue:
        for emit in _emits(catalogue, workflow, frozenset()):
            for name in (name for name, channels in started.items() if emit.channel in channels):
                if name == first.name:
                    return (*way, emit)
                after = catalogue.find("Workflow", name)
                if after and name not in seen:
                    seen.add(name)
                    queue.append((after, (*way, emit)))
    return None


def _emits(catalogue: Catalogue, workflow: Declared, above: frozenset[str]) -> Iterator[_Emit]:
    for node in nodes(workflow):
        if isinstance(node.step, EmitStep):
            yield _Emit(workflow, (*node.loc, "emit", "channel"), node.step.emit.channel)
        elif isinstance(node.step, WorkflowStep) and node.step.workflow not in {*above, workflow.name}:
            below = catalogue.find("Workflow", node.step.workflow)
            yield from _emits(catalogue, below, above | {workflow.name}) if below else ()


def _problem(circle: tuple[_Emit, ...]) -> Problem:
    first, *others = circle
    message = f'an event of "{first.channel}" starts the run that publishes it, so that runs follow each other for ever'
    related = [(step.workflow.document.at(step.loc), f'then this publishes to "{step.channel}"') for step in others]
    hint = "publish to another channel, or make sure that a condition ends it"
    return first.workflow.problem(
        first.loc, "endless-events", message, hint, severity="warning", related=tuple(related)
    )


CHECK = Check("endless-events", run, each_environment=True)
