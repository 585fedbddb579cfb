"""Values that steps hand over, against the schema of what they are handed to."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from generator.model import Catalogue, Declared, Loc
from generator.problems import Problem, nearest
from generator.workflows.comparisons import same
from generator.workflows.flow import Node, nodes
from generator.workflows.reads import input_schema, schema_of
from generator.workflows.typed import Typed, typed
from generator.workflows.types import Type, from_schema
from runtime.functions import registered
from runtime.nodes.emit import EmitStep
from runtime.nodes.function import FunctionStep
from runtime.nodes.tool import ToolStep
from runtime.nodes.workflow import WorkflowStep

CODE = "wrong-argument"
_NUMBERS = frozenset(["int", "double"])


def problems(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    """Yield each value that is refused whatever it turns out to be, and each that is missing."""
    types = typed(catalogue, workflow)
    for node in nodes(workflow):
        taken = _taken(catalogue, node)
        if taken is not None:
            schema, loc, value, who = taken
            yield from _compare(_Handed(types, who), loc, value, from_schema(schema))


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
            return (schema, (*node.loc, "emit", "payload"), step.emit.payload, who) if schema else None
        case _:
            return None
    return (schema, (*node.loc, "with"), step.with_, who) if schema else None


def _of_tool(catalogue: Catalogue, tool: Declared) -> Any:
    """Return the schema of a tool's arguments; without one of its own, that of its function."""
    function = registered().get(tool.spec.function or "")
    return schema_of(catalogue, tool, tool.spec.input) or (function and function.input)


class _Handed:
    """What is handed over to whom."""

    def __init__(self, types: Typed, who: str) -> None:
        self.types, self.who = types, who

    def problem(self, loc: Loc, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """Return a problem with a part of it."""
        return self.types.workflow.problem(loc, CODE, message, hint, key=key)


def _compare(handed: _Handed, loc: Loc, value: Any, accepted: Type) -> Iterator[Problem]:
    """A tree of values is compared part by part as it is written; an expression by its type."""
    if isinstance(value, Mapping) and "map" in accepted.kinds:
        yield from _object(handed, loc, cast("Mapping[str, Any]", value), accepted)
        return
    if isinstance(value, list | tuple) and "list" in accepted.kinds:
        for index, part in enumerate(cast("list[Any]", value)):
            if accepted.items is not None:
                yield from _compare(handed, (*loc, index), part, accepted.items)
        return
    for path, message in refused(handed.types.value(value, loc), accepted):
        yield handed.problem(loc, f"{handed.who} does not take this{path}: {message}")


def _object(handed: _Handed, loc: Loc, value: Mapping[str, Any], accepted: Type) -> Iterator[Problem]:
    misspelt = accepted.closed and any(name not in accepted.fields for name in value)
    for name, part in value.items():
        entry = accepted.fields.get(name)
        if entry is not None:
            yield from _compare(handed, (*loc, name), part, entry.type)
        elif accepted.closed:
            hint = nearest(name, accepted.fields)
            yield handed.problem((*loc, name), f'{handed.who} takes no "{name}"', hint, key=True)
    for name, entry in accepted.fields.items():
        if entry.required and name not in value and not misspelt:  # of both, one is the cause
            where = loc if value else (*loc[:-1], "id")
            yield handed.problem(where, f'{handed.who} needs "{name}"', key=bool(value))


def refused(given: Type, accepted: Type, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and reason of what is refused in every value of a type."""
    if not given.kinds or given.unknown:
        return
    if not _overlap(given, accepted):
        yield path, f"it is {given.words()}, and has to be {accepted.words()}"
    elif given.kinds <= {"map"}:
        yield from _fields_refused(given, accepted, path)
    elif given.kinds <= {"list"} and given.items is not None and accepted.items is not None and given.items.kinds:
        yield from refused(given.items, accepted.items, f"{path}[]")
    elif not given.kinds & {"null", "list", "map"} and _values_apart(given, accepted):
        own, known = (" or ".join(str(one) for one in side.scalars or ()) for side in (given, accepted))
        yield path, f"it is {own}, and has to be {known}"


def _values_apart(given: Type, accepted: Type) -> bool:
    """Whether all values are known, and none of them is accepted."""
    if not given.scalars or accepted.scalars is None:
        return False
    return not any(same(one, other) for one in given.scalars for other in accepted.scalars)


def _overlap(given: Type, accepted: Type) -> bool:
    # JSON Schema counts 3.0 as a whole number.
    kinds = accepted.kinds | _NUMBERS if accepted.kinds & _NUMBERS else accepted.kinds
    return bool(given.kinds & kinds)


def _fields_refused(given: Type, accepted: Type, path: str) -> Iterator[tuple[str, str]]:
    for name, entry in accepted.fields.items():
        own = given.fields.get(name)
        if own is not None and own.required:
            yield from refused(own.type, entry.type, f"{path}.{name}")
        elif own is None and entry.required and given.closed:
            yield path, f'it has no "{name}"'
    if accepted.closed and given.closed:
        for name, own in given.fields.items():
            if own.required and name not in accepted.fields:
                yield path, f'"{name}" is not taken'
