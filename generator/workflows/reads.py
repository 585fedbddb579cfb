"""What the expressions of a workflow read, and which fields the things that they read from have."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from generator.model import Catalogue, Declared, Loc, beside
from generator.problems import Problem
from generator.references import Expression, expressions
from generator.workflows.flow import Node, scopes
from generator.workflows.spans import inside
from runtime.contract import Step
from runtime.expressions import Reference, references, references_in_prose, references_in_template
from runtime.functions import registered
from runtime.nodes.agent import AgentStep
from runtime.nodes.approval import ApprovalStep
from runtime.nodes.ask import AskStep
from runtime.nodes.emit import EmitStep
from runtime.nodes.function import FunctionStep
from runtime.nodes.http import HttpStep
from runtime.nodes.listen import Listen, ListenStep
from runtime.nodes.llm import LlmStep
from runtime.nodes.parallel import ParallelStep
from runtime.nodes.set import SetStep
from runtime.nodes.tool import ToolStep
from runtime.nodes.workflow import WorkflowStep

_REFERENCES = {"cel": references, "template": references_in_template, "prose": references_in_prose}


@dataclass(frozen=True)
class Read:
    """One field path that an expression of a workflow reads."""

    path: tuple[str, ...]
    tested: bool
    """It stands in `has()`."""
    visible: frozenset[str]
    """Steps whose outputs can be seen from there."""
    step: Step | None
    """The step whose result `output` is."""
    workflow: Declared
    expression: Expression
    offset: int
    source: Mapping[str, str]
    """Texts by file."""

    def problem(self, code: str, message: str, hint: str = "", part: int | None = None) -> Problem:
        """Return a problem with this place in the expression, or with one part of the path."""
        found = self.workflow.problem(self.expression.loc, code, message, hint)
        text = self.expression.text
        dotted = ".".join(self.path)
        at = text.find(dotted, self.offset)
        length = len(dotted) if at >= 0 else len(self.path[0])
        if at >= 0 and part is not None:
            at, length = at + len(".".join((*self.path[:part], ""))), len(self.path[part])
        source = self.source.get(found.place.file, "")
        place = inside(source, found.place, text, at if at >= 0 else self.offset, length)
        return Problem(place, found.code, found.message, found.hint, found.path)


def reads(workflow: Declared, catalogue: Catalogue) -> tuple[Read, ...]:
    """Return everything that the expressions of a workflow read."""
    return workflow.once("reads", lambda: tuple(_reads(workflow, catalogue)))


def _reads(workflow: Declared, catalogue: Catalogue) -> Iterator[Read]:
    places = [(scope.loc, scope.visible, scope.nodes) for scope in scopes(workflow)]
    for expression in expressions(workflow, catalogue.files):
        _, visible, nodes = max(
            (place for place in places if _within(expression.loc, place[0])), key=lambda p: len(p[0]), default=places[0]
        )
        step = _step_of(expression.loc, nodes)
        found: tuple[Reference, ...] = _REFERENCES[expression.language](expression.text)
        for reference in found:
            yield Read(reference.path, reference.tested, visible, step, workflow, expression, reference.offset,
                       catalogue.files)  # fmt: skip


def _within(loc: Loc, outer: Loc) -> bool:
    return loc[: len(outer)] == outer


def _step_of(loc: Loc, nodes: tuple[Node, ...]) -> Step | None:
    """Return the step whose result `output` is: where it is saved, or where it is told which events are heard."""
    for node in nodes:
        if _within(loc, (*node.loc, "save")):
            return node.step
        if isinstance(node.step, ListenStep) and _within(loc, (*node.loc, "listen")):
            number = loc[len(node.loc) + 2] if len(loc) > len(node.loc) + 3 else 0  # of `any` and `all`
            heard = node.step.listen.heard[int(number)]
            return node.step.model_copy(update={"listen": Listen(channel=heard.channel)})
    return None


def known_fields(schema: object) -> Mapping[str, Any] | None:
    """Return the properties of a JSON Schema, or None where there may be others."""
    if not isinstance(schema, Mapping):
        return None
    form: Mapping[str, Any] = schema  # pyright: ignore[reportUnknownVariableType]
    if "properties" not in form or any(form.get(key) for key in _OPEN):
        return None
    known: Any = form["properties"]
    return known if isinstance(known, Mapping) else None  # pyright: ignore[reportUnknownVariableType]


_OPEN = ("additionalProperties", "unevaluatedProperties", "patternProperties", "$ref", "$dynamicRef", "allOf", "anyOf",
         "oneOf", "if", "dependentSchemas")  # fmt: skip


def input_schema(catalogue: Catalogue, workflow: Declared) -> object:
    """Return the JSON Schema of a workflow's input, or None."""
    return schema_of(catalogue, workflow, workflow.spec.input)


def output_schema(catalogue: Catalogue, step: Step) -> object:
    """Return the JSON Schema of what a step answers, as far as it is known."""
    match step:
        case AgentStep():
            return _of(catalogue, "Agent", step.agent)
        case ToolStep():
            return _of(catalogue, "Tool", step.tool)
        case WorkflowStep():
            spec = catalogue.find("Workflow", step.workflow)
            return _with(*spec.spec.output) if spec and spec.spec.output else None
        case FunctionStep():
            function = registered().get(step.function)
            return function.output or None if function else None
        case LlmStep():
            return step.llm.json_schema
        case AskStep():
            return step.ask.json_schema
        case SetStep():
            return _with(*step.set)
        case ListenStep():
            return _heard(catalogue, step.listen)
        case ParallelStep():
            return _with(*step.parallel.branches)
        case _:
            return _FIXED.get(type(step))


def _heard(catalogue: Catalogue, listen: Listen) -> object:
    if listen.on_timeout is not None or listen.all:
        return None
    if listen.any:
        return _with("channel", "payload")
    channel = catalogue.find("Channel", str(listen.channel))
    return schema_of(catalogue, channel, channel.spec.payload) if channel else None


def step_schema(catalogue: Catalogue, step: Step) -> object:
    """Return the JSON Schema of `steps.<id>`: what a run knows of a step that has ended."""
    problem = _with("type", "title", "detail", "instance", "status")
    output = output_schema(catalogue, step)
    return {"properties": {"outcome": None, "output": output, "problem": problem, "visits": None}}


def _with(*names: str) -> Mapping[str, Any]:
    return {"properties": dict.fromkeys(names)}


_FIXED: Mapping[type[Step], object] = {
    ApprovalStep: _with("decision", "by", "comment", "payload", "votes"),
    HttpStep: _with("status", "body"),
    EmitStep: _with("event"),
}
"""What verbs answer that say it themselves."""


def _of(catalogue: Catalogue, kind: str, name: str) -> object:
    spec = catalogue.find(kind, name)
    return schema_of(catalogue, spec, spec.spec.output) if spec else None


def schema_of(catalogue: Catalogue, spec: Declared, written: str | Mapping[str, Any] | None) -> object:
    """Return a JSON Schema that stands in a spec or in a file beside it; None where it can't be read."""
    if isinstance(written, str):
        return _read(catalogue.files.get(beside(spec.document.file, written), ""))
    return written


@lru_cache(maxsize=1024)
def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None  # reported by the check of schemas
