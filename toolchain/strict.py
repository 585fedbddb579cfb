"""OpenAPI schemas of the API server, made into strict JSON Schemas: a field that isn't listed is an error.

The API server drops unknown fields in silence unless it's asked not to; a misspelt field must not get that far. What
says nothing about validity (descriptions, defaults, merge strategies) is left out, and so is `status`, which the
server's side writes: a rendered object has none.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

Schema = dict[str, Any]

NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
SIZES = frozenset({"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "uniqueItems"})
CONDITIONS = frozenset({"anyOf", "oneOf", "allOf", "not"})
VALIDATES = frozenset({"type", "enum", "required", "pattern"}) | NUMBERS | SIZES | CONDITIONS
INSIDE_CONDITIONS = VALIDATES | {"properties", "items", "additionalProperties"}


def strict(schema: Schema) -> Schema:
    """The strict form of a schema without references."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]} | _kept(schema, VALIDATES - CONDITIONS)
    result = _kept(schema, VALIDATES)
    if "items" in schema:
        result["items"] = strict(schema["items"])
    if schema.get("x-kubernetes-list-type") == "set":
        result["uniqueItems"] = True
    return _nullable(result | _fields(schema)) if schema.get("nullable") else result | _fields(schema)


def envelope(schema: Schema, metadata: Schema, api_version: str, kind: str) -> Schema:
    """The schema of a whole object: of this kind and version and no other, with metadata, without status."""
    properties = {name: field for name, field in schema["properties"].items() if name != "status"}
    fixed = {"apiVersion": {"const": api_version}, "kind": {"const": kind}, "metadata": metadata}
    required = sorted({*schema.get("required", []), *fixed} - {"status"})
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return draft | schema | {"properties": properties | fixed, "required": required}


def write(schema: Schema, folder: Path, group: str, version: str, kind: str) -> None:
    """Write `<group>-<version>-<kind>.json`; the group without a name is called core."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{group or 'core'}-{version}-{kind}.json".lower()
    (folder / name).write_text(json.dumps(schema, sort_keys=True, separators=(",", ":")) + "\n")


def replace_all(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder anew: what isn't made any more goes."""
    for old in folder.glob("*.json"):
        old.unlink()
    fill(folder)


def _fields(schema: Schema) -> Schema:
    """The part of a schema about an object's fields, closed unless it says itself that others may follow."""
    result: Schema = {}
    if "properties" in schema:
        result["properties"] = {name: strict(field) for name, field in schema["properties"].items()}
        result["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if isinstance(more := schema.get("additionalProperties"), dict):
        result["additionalProperties"] = strict(cast("Schema", more))
    return result


def _kept(schema: Schema, keywords: Iterable[str]) -> Schema:
    return {keyword: _bare(schema[keyword]) for keyword in keywords if keyword in schema}


def _bare(value: Any) -> Any:
    """A condition (`anyOf`, `not` and the like) as it is, less its prose: it only narrows, so it stays open."""
    if isinstance(value, list):
        return [_bare(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in cast("Schema", value).items() if key in INSIDE_CONDITIONS}
    return {key: _bare_fields(item) if key == "properties" else _bare(item) for key, item in kept.items()}


def _bare_fields(fields: Schema) -> Schema:
    return {name: _bare(field) for name, field in fields.items()}


def _nullable(schema: Schema) -> Schema:
    result = dict(schema)
    if "type" in schema:
        result["type"] = [*([schema["type"]] if isinstance(schema["type"], str) else schema["type"]), "null"]
    if "enum" in schema:
        result["enum"] = [*schema["enum"], None]
    return result
