"""Runs workflows of the reference system on the real graphs, with services that answer at once and remember.

Models, tools and people are outside of what is tested here: agents answer what a test gives them, or anything that
their schema allows; tools answer what their schema allows; people choose an option.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from generator import pipeline
from generator.kinds.workflow import Workflow
from runtime import expressions, schemas
from runtime.contract import Answer, Context, ResilienceDocument, WorkflowDocument
from runtime.functions import registered
from runtime.graph.building import Graphs
from runtime.graph.frame import Frame
from runtime.graph.nesting import finished
from runtime.graph.state import initial
from runtime.problems import failed

ROOT = Path(__file__).parents[2]
T = TypeVar("T")
Replies = Mapping[str, list[Any]]


@cache
def project() -> Any:
    """Return everything that the environment `local` declares."""
    return pipeline.build_all(ROOT, ["local"]).environments["local"].project


@cache
def documents() -> Mapping[str, WorkflowDocument]:
    """Return the workflow documents by name."""
    return {workflow.name: workflow.document for workflow in project().all(Workflow)}


# --- answers ---------------------------------------------------------------------------------------------------------


def any_value(schema: Mapping[str, Any], chance: random.Random) -> Any:
    """Return a value that a schema of the reference system allows, often one at its edges."""
    if "enum" in schema:
        return chance.choice(schema["enum"])
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: any_value(part, chance) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        count = chance.randint(schema.get("minItems", 0), min(schema.get("maxItems", 3), 3))
        return [any_value(schema["items"], chance) for _ in range(count)]
    if kind == "string":
        if "pattern" in schema:
            return "EUR"
        length = chance.choice([schema.get("minLength", 0), min(schema.get("maxLength", 20), 300)])
        return "x" * length
    if kind == "boolean":
        return chance.random() < 0.5
    return chance.choice([schema.get("minimum", -5), schema.get("maximum", 5)])


@dataclass
class Playground:
    """Services for one run. Agents take their replies in order, the last one again and again."""

    replies: Replies = field(default_factory=dict[str, list[Any]])
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    failing: frozenset[str] = frozenset()
    """Tools that do not answer."""
    asked: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    """Agents that worked, with their tasks."""
    called: list[tuple[str, Any, str]] = field(default_factory=list[tuple[str, Any, str]])
    """Tools that were called, with arguments and idempotency keys."""
    emitted: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    _taken: dict[str, int] = field(default_factory=dict[str, int])

    def now(self) -> int:
        """Return a time that never moves."""
        return 0

    def random(self) -> float:
        """Return no jitter."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Return at once."""

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """Return what the work returns."""
        return await work

    async def guarded(self, policy: ResilienceDocument, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work."""
        return await work()

    async def agent(self, name: str, task: Mapping[str, Any], context: Context) -> Any:
        """Return the next reply, or any answer that the schema allows; gates hold as they do in the runtime."""
        agent = context.document.agents[name]
        self.asked.append((name, task))
        expressions.prose(agent.instructions, {**context.scope, "input": task})
        given = self.replies.get(name)
        number = self._taken[name] = self._taken.get(name, 0) + 1
        answer = given[min(number, len(given)) - 1] if given else any_value(agent.output, self.chance)
        if found := schemas.findings(agent.output, answer):
            raise failed("invalid-output", "The reply does not fit", "; ".join(found))
        for gate, condition in agent.gates.items():
            if not expressions.condition(condition, {"output": answer}):
                raise failed("gate-failed", "A quality gate does not hold", gate)
        return answer

    async def tool(self, name: str, arguments: Mapping[str, Any], context: Context) -> Any:
        """Return any result that the schema allows, for arguments that the tool accepts."""
        tool = context.document.tools[name]
        if found := schemas.findings(tool.input, dict(arguments)):
            raise failed("invalid-input", "The arguments do not fit", "; ".join(found))
        self.called.append((name, dict(arguments), context.idempotency_key))
        if name in self.failing:
            raise failed("unavailable", "The tool does not answer", name)
        return any_value(tool.output, self.chance) if tool.output else {"status": 201}

    async def function(self, name: str, arguments: Mapping[str, Any], context: Context) -> Any:
        """Run the function; what it keeps is forgotten."""
        function = registered()[name]
        if found := schemas.findings(function.input, dict(arguments)):
            raise failed("invalid-input", "The arguments do not fit", "; ".join(found))
        return await function.run(arguments, context)

    async def keep(self, collection: str, name: str, text: str, context: Context) -> None:
        """Remember what was kept."""
        self.called.append(
            (
                f"keep {collection}",
                {"name": name, "text": text},
                context.idempotency_key,
            )
        )

    async def emit(self, channel: str, payload: Any, context: Context) -> str:
        """Remember the event, if its channel accepts it."""
        if found := schemas.findings(context.document.channels[channel].payload, payload):
            raise failed("invalid-output", "The payload does not fit", "; ".join(found))
        self.emitted.append((channel, payload))
        return f"event-{len(self.emitted)}"

    def __getattr__(self, name: str) -> Any:
        """Refuse the services that the reference system does not use."""
        raise AssertionError(f"the reference system does not use `{name}`")


# --- runs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    output: Any
    problem: Mapping[str, Any] | None
    path: tuple[str, ...]
    """Steps of the workflow itself, in order."""
    paused: tuple[str, ...]
    """Steps that waited for a person."""
    outcomes: tuple[tuple[str, str], ...]
    """Every step, those of sub-workflows included, with its outcome."""


Person = Callable[[Mapping[str, Any]], Answer]


def nobody(pause: Mapping[str, Any]) -> Answer:
    """Let every pause run out."""
    return Answer(timed_out=True)


def chooses(option: str) -> Person:
    """Return a person who always chooses this option."""
    return lambda pause: Answer(option, "person")


def run(name: str, value: Mapping[str, Any], services: Playground, person: Person = nobody) -> Ended:
    """Run a workflow to its end, answering what it asks people."""
    return asyncio.run(_run(documents()[name], value, services, person))


class _NothingToUndo:
    """The reference workflows have no compensations."""

    async def completed(self, step: Any, key: str, frame: Frame, scope: Any) -> None:
        raise AssertionError("a step has a compensation, which this harness does not run")

    async def undo(self, frame: Frame, below: tuple[str, ...], problem: Any) -> None:
        """Nothing has been completed that can be undone."""


async def _run(document: WorkflowDocument, value: Mapping[str, Any], services: Any, person: Person) -> Ended:
    assert not schemas.findings(document.input, value), schemas.findings(document.input, value)
    by_digest = {one.digest: one for one in documents().values()}
    events: list[Mapping[str, Any]] = []
    graphs = Graphs(InMemorySaver())
    frame = Frame(
        run={
            "id": "run-1",
            "workflow": document.name,
            "environment": document.environment,
        },
        document=document,
        services=services,
        watch=lambda kind, data: events.append(data) if kind == "step-ended" else None,
        document_of=by_digest.__getitem__,
        nested=graphs.nested,
        saga=_NothingToUndo(),
        path=(document.name,),
    )
    graph, config = (
        graphs.run(document),
        {"configurable": {"thread_id": "run-1"}, "recursion_limit": 1000},
    )
    paused: list[str] = []
    values: Any = await graph.ainvoke(initial(document, value), config, context=frame)
    while values.get("__interrupt__"):
        (pause,) = values["__interrupt__"]
        paused.append(pause.value["path"])
        answer: Any = Command(resume=asdict(person(pause.value)))
        values = await graph.ainvoke(answer, config, context=frame)
    own = tuple(e["step"] for e in events if e["path"] == f"{document.name}/{e['step']}")
    outcomes = tuple((e["path"], e["outcome"]) for e in events)
    failure = values.get("failed")
    return Ended(
        None if failure else finished(frame, values),
        failure,
        own,
        tuple(paused),
        outcomes,
    )
