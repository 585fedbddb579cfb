"""The channels of a graph, what steps see of them, and how writes join what is there.

A workflow has one channel per state field, with the reducer of the contract. A branch, or an item's steps, sees the
state around it and keeps only its own writes, in order, in the channel `writes`; they reach the state around it when
it ends. A checkpoint of a branch therefore holds the branch, not another copy of everything.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, TypedDict, cast

from runtime.contract import Field_, WorkflowDocument
from runtime.graph.frame import Frame
from runtime.problems import failed

Write = tuple[str, Any]
"""State field and value."""


def _replace(_: Any, new: Any) -> Any:
    return new


def _append(old: Any, new: Any) -> Any:
    more: list[Any] = cast("list[Any]", new) if isinstance(new, list) else [new]
    return [*(old or []), *more]


def _merge(old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    return {**(old or {}), **new}


def _or(combine: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def reduce(old: Any, new: Any) -> Any:
        return new if old is None else combine(old, new)

    return reduce


REDUCERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "replace": _replace,
    "append": _append,
    "merge": _merge,
    "add": _or(operator.add),
    "max": _or(max),
    "min": _or(min),
}
_EMPTY: Mapping[str, Callable[[], Any]] = {"append": list, "merge": dict}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def workflow_schema(document: WorkflowDocument, steps: Iterable[str]) -> Any:
    """Return the channels of a workflow."""
    fields = {f"state.{name}": Annotated[Any, REDUCERS[of.reducer]] for name, of in document.state.items()}
    return _schema({"input": Annotated[Any, _replace], **fields}, steps)


def body_schema(steps: Iterable[str]) -> Any:
    """Return the channels of a branch, or of an item's steps."""
    return _schema({"writes": Annotated[Any, _append]}, steps)


def _schema(channels: Mapping[str, Any], steps: Iterable[str]) -> Any:
    results = {f"steps.{step}": Annotated[Any, _replace] for step in steps}
    common = {
        "last": Annotated[Any, _replace],
        "failed": Annotated[Any, _replace],
        "used": Annotated[Any, operator.add],
    }
    channels = {**channels, **results, **common}
    return TypedDict("Values", channels)  # pyright: ignore[reportArgumentType, reportGeneralTypeIssues, reportUnknownVariableType]


def initial(document: WorkflowDocument, input_: Any, state: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the values that a workflow starts with; `state` replaces the defaults of its fields."""
    found = defaults(document) if state is None else state
    return {"input": input_, **{f"state.{name}": value for name, value in found.items()}, "used": 0}


def defaults(document: WorkflowDocument) -> dict[str, Any]:
    """Return the state before the first step."""
    return {name: default(of) for name, of in document.state.items()}


def default(field: Field_) -> Any:
    """Return the value of a field before its first write."""
    empty = _EMPTY.get(field.reducer)
    return empty() if field.default is None and empty else field.default


def scope(frame: Frame, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the roots of expressions, as a step sees them."""
    own = {key[6:]: value for key, value in values.items() if key.startswith("steps.")}
    around = {"item": frame.item, "run": frame.run, "error": frame.error}
    if frame.base is None:
        state = {key[6:]: value for key, value in values.items() if key.startswith("state.")}
        return {"input": values.get("input"), "state": state, "steps": own, **around}
    state = fold(frame.document, frame.base["state"], values.get("writes", ()))
    return {"input": frame.base["input"], "state": state, "steps": {**frame.base["steps"], **own}, **around}


def fold(document: WorkflowDocument, state: Mapping[str, Any], writes: Iterable[Write]) -> dict[str, Any]:
    """Return the state after writes."""
    found = dict(state)
    for name, value in writes:
        found[name] = REDUCERS[document.state[name].reducer](found.get(name), value)
    return found


def updates(frame: Frame, writes: Iterable[Write]) -> list[tuple[str, Any]]:
    """Return writes as updates of the frame's channels."""
    if frame.base is None:
        return [(f"state.{name}", value) for name, value in writes]
    return [("writes", [[name, value]]) for name, value in writes]


def checked(document: WorkflowDocument, writes: Iterable[Write]) -> tuple[Write, ...]:
    """Return writes with their values as declared.

    Raises:
        StepError: `unknown-field`, or `invalid-output` when the value is of another type.
    """
    return tuple((name, _checked(document, name, value)) for name, value in writes)


def _checked(document: WorkflowDocument, name: str, value: Any) -> Any:
    kind = cast("type[Any]", type(value))
    field = document.state.get(name)
    if field is None:
        raise failed("unknown-field", "A step writes a state field that is not declared", name)
    # One item may be appended to an array; everything else is of the declared type. CEL and models write 3.0 for 3.
    single = field.reducer == "append" and kind is not list
    if field.type == "any" or value is None or single:
        return value
    if field.type == "integer" and kind is float and value.is_integer():
        return int(value)
    if kind not in _TYPES[field.type]:
        raise failed(
            "invalid-output", "A step writes a value of another type", f"{name} is {field.type}, not {value!r}"[:300]
        )
    return value
