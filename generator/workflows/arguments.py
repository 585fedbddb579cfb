"""Values that steps and triggers hand over, against the schema of what they are handed to."""

from collections.abc import Iterator
from typing import Any

from generator.model import Catalogue, Declared, Loc
from generator.problems import Problem
from generator.workflows.accepting import Handed, compared
from generator.workflows.flow import Node, nodes
from generator.workflows.reads import input_schema, schema_of
from generator.workflows.typed import typed
from runtime.functions import registered
from runtime.nodes.ask import AskStep
from runtime.nodes.emit import EmitStep
from runtime.nodes.function import FunctionStep
from runtime.nodes.tool import ToolStep
from runtime.nodes.workflow import WorkflowStep

CODE = "wrong-argument"


def problems(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    """Yield each value that is refused whatever it turns out to be, and each that is missing."""
    types = typed(catalogue, workflow)
    for node in nodes(workflow):
        taken = _taken(catalogue, node)
        if taken is not None and taken[0]:
            schema, loc, value, who = taken
            yield from compared(Handed(workflow, CODE, who, types.value, computed), loc, value, schema)
    yield from _triggers(catalogue, workflow)


def computed(value: Any) -> bool:
    """Whether a value is only known in a run."""
    return isinstance(value, str) and "${" in value


def _triggers(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    schema = input_schema(catalogue, workflow)
    for index, trigger in enumerate(workflow.spec.triggers):
        if trigger.cron is not None and isinstance(schema, dict):
            written = bool(trigger.input)
            loc: Loc = ("spec", "triggers", index, "input" if written else "cron")
            handed = Handed(workflow, CODE, f'the workflow "{workflow.name}"')
            found = compared(handed, loc, trigger.input, schema)  # pyright: ignore[reportUnknownArgumentType]
            yield from found if written else (handed.problem(loc, f"{p.message}, and this run has no `input`")
                                              for p in found)  # fmt: skip


def _taken(catalogue: Catalogue, node: Node) -> tuple[Any, Loc, Any, str] | None:
    """Return schema, place and value of what a step hands over, and to whom."""
    step = node.step
    schema: Any = None
    match step:
        case ToolStep():
            spec = catalogue.find("Tool", step.tool)
            schema, who = spec and _of_tool(catalogue, spec), f'the tool "{step.tool}"'
        case WorkflowStep():
            spec = catalogue.find("Workflow", step.workflow)
            schema, who = spec and input_schema(catalogue, spec), f'the workflow "{step.workflow}"'
        case FunctionStep():
            function = registered().get(step.function)
            schema, who = function and function.input, f'the function "{step.function}"'
        case EmitStep():
            spec = catalogue.find("Channel", step.emit.channel)
            schema, who = spec and schema_of(catalogue, spec, spec.spec.payload), f'the channel "{step.emit.channel}"'
            return schema, (*node.loc, "emit", "payload"), step.emit.payload, who
        case AskStep() if step.ask.on_timeout is not None:
            schema, who = step.ask.json_schema, "the `schema` of this question"
            return schema, (*node.loc, "ask", "onTimeout"), step.ask.on_timeout, who
        case _:
            return None
    return schema, (*node.loc, "with"), step.with_, who


def _of_tool(catalogue: Catalogue, tool: Declared) -> Any:
    """Return the schema of a tool's arguments; without one of its own, that of its function."""
    function = registered().get(tool.spec.function or "")
    return schema_of(catalogue, tool, tool.spec.input) or (function and function.input)
