"""Values, written down or computed, against the schema of what takes them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from generator.model import Declared, Loc
from generator.problems import Problem, nearest
from generator.workflows import types
from generator.workflows.comparisons import same
from generator.workflows.instances import refusals
from generator.workflows.types import Type, from_schema

_NUMBERS = frozenset(["int", "double"])


@dataclass(frozen=True)
class Handed:
    """What is handed over, to whom, and how its parts are read."""

    spec: Declared
    code: str
    who: str
    typed: Callable[[Any, Loc], Type] = lambda value, _: types.constant(value)
    """Type of a part at a place."""
    hole: Callable[[Any], bool] = lambda _: False
    """Whether a part is computed."""
    partial: bool = False
    """Fields may be missing."""

    def problem(self, loc: Loc, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """Return a problem with a part of it."""
        return self.spec.problem(loc, self.code, message, hint, key=key)


def compared(handed: Handed, loc: Loc, value: Any, schema: Any) -> Iterator[Problem]:
    """Yield each part that the schema refuses, each once."""
    found = list(_compare(handed, loc, value, _accepted(_Same(schema))))
    yield from (problem for _, problem in found)
    told = [at for at, _ in found]
    for at, why in refusals(schema, value, handed.hole):
        where = (*loc, *at)
        if any(_related(where, other) for other in told) or (handed.partial and why.endswith("is a required property")):
            continue
        told.append(where)
        yield handed.problem(where, f"{handed.who} does not take this: {why}")


@dataclass(frozen=True, eq=False)
class _Same:
    """A schema, equal to itself only: comparing two costs as much as reading one."""

    schema: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.schema is other.schema

    def __hash__(self) -> int:
        return id(self.schema)


@lru_cache(maxsize=1024)
def _accepted(schema: _Same) -> Type:
    return from_schema(schema.schema)


def _related(one: Loc, other: Loc) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


Found = tuple[Loc, Problem]


def _compare(handed: Handed, loc: Loc, value: Any, accepted: Type) -> Iterator[Found]:
    """A tree of values is compared part by part as it is written; an expression by its type."""
    if isinstance(value, Mapping) and "map" in accepted.kinds:
        yield from _object(handed, loc, cast("Mapping[str, Any]", value), accepted)
        return
    if isinstance(value, list | tuple) and "list" in accepted.kinds:
        for index, part in enumerate(cast("list[Any]", value)):
            if accepted.items is not None:
                yield from _compare(handed, (*loc, index), part, accepted.items)
        return
    for path, message in refused(handed.typed(value, loc), accepted):
        yield loc, handed.problem(loc, f"{handed.who} does not take this{path}: {message}")


def _object(handed: Handed, loc: Loc, value: Mapping[str, Any], accepted: Type) -> Iterator[Found]:
    misspelt = accepted.closed and any(name not in accepted.fields for name in value)
    for name, part in value.items():
        entry = accepted.fields.get(name)
        if entry is not None:
            yield from _compare(handed, (*loc, name), part, entry.type)
        elif accepted.closed:
            hint = nearest(name, accepted.fields)
            yield (*loc, name), handed.problem((*loc, name), f'{handed.who} takes no "{name}"', hint, key=True)
    for name, entry in accepted.fields.items():
        if entry.required and name not in value and not misspelt and not handed.partial:  # of both, one is the cause
            where = loc if value else (*loc[:-1], "id")
            yield loc, handed.problem(where, f'{handed.who} needs "{name}"', key=bool(value))


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
