"""Kinds -> JSON Schema (draft 2020-12) for editors, from the models that validate specs."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from generator import conventions
from generator.documentation.docstrings import described
from generator.model import Kind, Metadata


def of_kind(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema of a whole document of one kind."""
    spec, metadata = _schema(kind.spec), _schema(Metadata)
    definitions = {**spec.pop("$defs", {}), **metadata.pop("$defs", {})}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.name,
        "description": spec.get("description", ""),
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"const": conventions.API_VERSION},
            "kind": {"const": kind.name},
            "metadata": metadata,
            "spec": spec,
        },
        "$defs": definitions,
    }


def combined(kinds: Iterable[Kind]) -> dict[str, Any]:
    """Return one schema that picks the kind's by the document's `kind`."""
    found = {kind.name: of_kind(kind) for kind in kinds}
    definitions: dict[str, Any] = {}
    cases: list[dict[str, Any]] = []
    for name, schema in found.items():
        inner = {key: value for key, value in schema.items() if key not in ("$schema", "$defs")}
        definitions[f"kind-{name}"] = _renamed(inner, name)
        definitions |= {f"{name}.{key}": _renamed(value, name) for key, value in schema["$defs"].items()}
        condition = {"properties": {"kind": {"const": name}}, "required": ["kind"]}
        cases.append({"if": condition, "then": {"$ref": f"#/$defs/kind-{name}"}})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "apm spec",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {"kind": {"enum": sorted(found)}},
        "allOf": cases,
        "$defs": definitions,
    }


def files(kinds: Iterable[Kind]) -> dict[str, str]:
    """Return the files of `apm schema --out`: one for each kind, and `all.json`."""
    known = tuple(kinds)
    return {**{f"{kind.name.lower()}.json": text(of_kind(kind)) for kind in known}, "all.json": text(combined(known))}


def text(schema: Mapping[str, Any]) -> str:
    """Return the text of a schema's file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(model: Any) -> dict[str, Any]:
    return described(model.model_json_schema(by_alias=True), model)


def _renamed(value: Any, kind: str) -> Any:
    """Give each kind's definitions their own name space in the combined schema."""
    if isinstance(value, dict):
        return {k: _ref(v, kind) if k == "$ref" else _renamed(v, kind) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return [_renamed(item, kind) for item in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]


def _ref(target: Any, kind: str) -> Any:
    return str(target).replace("#/$defs/", f"#/$defs/{kind}.")
