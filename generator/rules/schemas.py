"""What a JSON Schema says by mistake: JSON Schema itself ignores words that it does not know."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from generator.problems import nearest

Loc = tuple[str | int, ...]
Schema = Mapping[str, Any]

_ONE = ("items", "additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties", "contains",
        "propertyNames", "not", "if", "then", "else")  # fmt: skip
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
_PLAIN = (
    "$schema", "$id", "id", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor",
    "$comment", "$vocabulary", "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum",
    "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains",
    "minContains", "maxProperties", "minProperties", "required", "dependentRequired", "format", "contentEncoding",
    "contentMediaType", "contentSchema", "title", "description", "default", "deprecated", "readOnly", "writeOnly",
    "examples",
)  # fmt: skip
KEYWORDS = frozenset((*_ONE, *_LISTS, *_NAMED, *_PLAIN))
_TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
          "null": type(None)}  # fmt: skip

_BOUNDS = (("minimum", "maximum"), ("exclusiveMinimum", "exclusiveMaximum"), ("minLength", "maxLength"),
           ("minItems", "maxItems"), ("minProperties", "maxProperties"), ("minContains", "maxContains"))  # fmt: skip
FORMATS = (
    "date", "date-time", "duration", "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6", "iri",
    "iri-reference", "json-pointer", "regex", "relative-json-pointer", "time", "uri", "uri-reference", "uri-template",
    "uuid",
)  # fmt: skip


def slips(schema: Any, at: Loc = (), *, alone: bool = True) -> Iterator[tuple[Loc, bool, str, str]]:
    """Yield place, whether it is about the key there, message and hint of each slip.

    `alone` says that no other schema (of an `allOf`) is laid over this one, so that its properties are all there are.
    """
    if not isinstance(schema, Mapping):
        return
    form = cast("Schema", schema)
    for key in form:
        if key not in KEYWORDS and not key.startswith("x-"):
            yield (*at, key), True, f'"{key}" is no keyword of JSON Schema, it would be ignored', nearest(key, KEYWORDS)
    if alone:
        yield from _required(form, at)
    yield from _choices(form, at)
    yield from _bounds(form, at)
    if isinstance(name := form.get("format"), str) and name not in FORMATS:
        yield (
            (*at, "format"),
            False,
            f'"{name}" is no format of JSON Schema, it would be ignored',
            nearest(name, FORMATS),
        )
    for where, part, own in _below(form, at):
        yield from slips(part, where, alone=own)


def _required(form: Schema, at: Loc) -> Iterator[tuple[Loc, bool, str, str]]:
    known, needed = form.get("properties"), form.get("required")
    if not isinstance(known, Mapping) or not isinstance(needed, list) or form.get("additionalProperties", False):
        return
    if form.keys() & {"patternProperties", "$ref", *_LISTS[:3]}:
        return
    names = cast("Mapping[str, Any]", known)
    for index, name in enumerate(cast("list[Any]", needed)):
        if name not in names:
            yield ((*at, "required", index), False, f'"{name}" is required, and no property is called so',
                   nearest(str(name), names))  # fmt: skip


def _choices(form: Schema, at: Loc) -> Iterator[tuple[Loc, bool, str, str]]:
    kind, values = form.get("type"), form.get("enum")
    allowed: Any = _TYPES.get(kind) if isinstance(kind, str) else None
    if not isinstance(values, list):
        return
    choices = cast("list[Any]", values)
    plain = any(not isinstance(value, dict | list) for value in choices)
    for index, value in enumerate(choices):
        if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and kind != "boolean")):
            yield (*at, "enum", index), False, f"the type is {kind}, so this can never be chosen", ""
        elif kind is None and plain and isinstance(value, dict | list):
            yield (*at, "enum", index), False, "the other choices are plain values, this is none", "quote it"


def _bounds(form: Schema, at: Loc) -> Iterator[tuple[Loc, bool, str, str]]:
    for low, high in _BOUNDS:
        least, most = form.get(low), form.get(high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            yield (*at, high), False, f"{low} is {least}, so nothing can be {most} at most", ""


def _below(form: Schema, at: Loc) -> Iterator[tuple[Loc, Any, bool]]:
    """Yield place and schema of each part, and whether it stands for itself."""
    for key in _ONE:
        yield (*at, key), form.get(key), key not in ("if", "then", "else", "not")
    for key in _LISTS:
        if isinstance(form.get(key), list):
            yield from (((*at, key, n), part, key in ("prefixItems", "items")) for n, part in enumerate(form[key]))
    for key in _NAMED:
        if isinstance(form.get(key), Mapping):
            parts = cast("Mapping[str, Any]", form[key])
            yield from (((*at, key, name), part, key != "dependentSchemas") for name, part in parts.items())
