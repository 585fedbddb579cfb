"""Values that are written down, against a JSON Schema: lengths, ranges, patterns, choices.

A value may have holes, texts with `${ }` whose value is only known in a run. What depends on a hole is not judged.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

import jsonschema_rs

from generator.model import Loc

Hole = Callable[[Any], bool]
_OF_WHOLES = frozenset(["required", "additionalProperties", "minItems", "maxItems", "minProperties", "maxProperties",
                        "type", "dependentRequired", "propertyNames"])  # fmt: skip
"""Keywords that say something about a list or an object whatever its parts are."""


def refusals(schema: Any, value: Any, hole: Hole = lambda _: False) -> Iterator[tuple[Loc, str]]:
    """Yield place and reason of each part that the schema refuses, whatever stands in the holes."""
    validator = _validator(json.dumps(schema, sort_keys=True))
    if validator is None:
        return
    holes = tuple(_holes(value, (), hole))
    for error in validator.iter_errors(_plain(value)):
        at: Loc = tuple(error.instance_path)
        if not _open(at, str(error.kind.name), holes):
            yield at, reason(error)


def reason(error: jsonschema_rs.ValidationError) -> str:
    """Return what is wrong with a value, without the value itself where that is long."""
    shown = json.dumps(error.instance, ensure_ascii=False, separators=(",", ":"))
    told = error.message.removeprefix(shown).strip() if error.message.startswith(shown) else error.message
    return f"it {told}" if told != error.message else told


def _open(at: Loc, keyword: str, holes: tuple[Loc, ...]) -> bool:
    """Whether a finding depends on a hole: it is about one, or about something that holds one."""
    inside = any(hole[: len(at)] == at for hole in holes)
    return any(hole == at for hole in holes) or (inside and keyword not in _OF_WHOLES)


@lru_cache(maxsize=4096)
def _validator(schema: str) -> Any:
    try:
        return jsonschema_rs.validator_for(json.loads(schema), retriever=_nothing)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return None  # reported by the check of schemas


def _nothing(uri: str) -> Any:
    raise ValueError(uri)


def _holes(value: Any, at: Loc, hole: Hole) -> Iterator[Loc]:
    if hole(value):
        yield at
    elif isinstance(value, Mapping):
        for key, part in cast("Mapping[str, Any]", value).items():
            yield from _holes(part, (*at, key), hole)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(cast("list[Any]", value)):
            yield from _holes(part, (*at, index), hole)


def _plain(value: Any) -> Any:
    """Return lists for tuples."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in cast("list[Any]", value)]
    return value
