"""A JSON Schema can't be used.

Inputs, outputs, payloads and answers are held to JSON Schemas (draft 2020-12 unless `$schema` says otherwise). A file
that is no JSON, or a schema with a wrong keyword value, would let anything through or nothing. So would a misspelt
keyword, which JSON Schema ignores: words of your own start with `x-`. A `required` name that is none of `properties`,
an `enum` value that `type` refuses, a `format` that there is not and a `maximum` below the `minimum` are slips too. The
place is inside the file.

Fix: correct what the message names.

Bad: `{"type": "strng"}`, `{"tpye": "string"}`. Good: `{"type": "string"}`.
"""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, cast

import jsonschema_rs

from generator.load import UNREAD
from generator.model import Catalogue, Check, Declared, Loc, beside
from generator.places import place_of
from generator.problems import Place, Problem, nearest
from generator.references import marked
from generator.rules.schemas import slips
from generator.workflows.flow import nodes
from runtime.contract import FileRef

DRAFTS = (
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
)


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report what is wrong with each schema, once for each file."""
    for spec in catalogue.specs:
        for loc, schema in _of_steps(spec):
            yield from _inline(spec, loc, schema)
        for loc, marker, value in marked(spec, FileRef):
            if marker.holds != "json-schema":
                continue
            if isinstance(value, str):
                yield from _in_file(catalogue, beside(spec.document.file, value))
            elif isinstance(value, dict):
                yield from _inline(spec, loc, value)  # pyright: ignore[reportUnknownArgumentType]


def _of_steps(spec: Declared) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """Yield the schemas that steps are written with, such as that of the answer to an `ask`."""
    for node in nodes(spec) if spec.kind == "Workflow" else ():
        for name, info in type(node.step).model_fields.items():
            part = getattr(node.step, name)
            if "json_schema" in getattr(part, "model_fields_set", ()):
                yield (*node.loc, info.alias or name, "schema"), part.json_schema


def _inline(spec: Declared, loc: Loc, schema: dict[str, Any]) -> Iterator[Problem]:
    for where, key, message, hint in _findings(json.dumps(schema)):
        yield spec.problem((*loc, *where), "json-schema", message, hint, key=key)


def _in_file(catalogue: Catalogue, path: str) -> Iterator[Problem]:
    text = catalogue.files.get(path, UNREAD)
    if text is UNREAD:
        return
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        yield Problem(Place(path, error.lineno, error.colno), "json-schema", f"this is not valid JSON: {error.msg}")
        return
    for where, key, message, hint in _findings(text):
        yield Problem(_place(path, text, where, key=key), "json-schema", message, hint)


def _place(path: str, text: str, where: Loc, *, key: bool) -> Place:
    """JSON is YAML, but for a few escapes; where it can't be read as such, the file has to do."""
    try:
        return place_of(path, text, 0, where, key=key)
    except Exception:  # noqa: BLE001  (libyaml and PyYAML have several)
        return Place(path)


_Finding = tuple[Loc, bool, str, str]
"""Place in the schema, whether it is about the key there, message and hint."""


@lru_cache(maxsize=4096)
def _findings(text: str) -> tuple[_Finding, ...]:
    """Return what is wrong with a schema: what makes it useless, else every slip in it."""
    schema: Any = json.loads(text)
    useless = _useless(schema)
    if useless:
        where, message = useless
        return ((where, False, f"this is no valid JSON Schema: {message}", ""),)
    return tuple(slips(schema))


def _useless(schema: Any) -> tuple[Loc, str] | None:
    """Return place and message of the first thing for which the engine refuses a schema."""
    if not isinstance(schema, dict):
        return (), "a schema is an object"
    schema = cast("dict[str, Any]", schema)
    if str(schema.get("$schema", DRAFTS[-1])).rstrip("#") not in DRAFTS:
        return ("$schema",), f"the draft is not known; known: {', '.join(DRAFTS)}"
    try:
        jsonschema_rs.meta.validate(schema)
        jsonschema_rs.validator_for(schema, retriever=_nothing)
    except jsonschema_rs.ValidationError as error:
        return tuple(error.instance_path), _message(error)
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        return (), _short(str(error))
    return None


def _message(error: jsonschema_rs.ValidationError) -> str:
    if error.instance_path and error.instance_path[-1] == "type":
        known = ("array", "boolean", "integer", "null", "number", "object", "string")
        value = error.instance
        return f'"{value}" is no type; {nearest(str(value), known) or "known: " + ", ".join(known)}'
    return _short(error.message)


def _short(message: str) -> str:
    """What the engine says of a schema elsewhere ends with what our retriever said."""
    return message.splitlines()[0].rpartition("ValueError: ")[2]


def _nothing(uri: str) -> Any:
    """Checking specs needs no network: a schema has to stand in its file."""
    raise ValueError(f"{uri} is not in this file")


CHECK = Check("json-schema", run, each_environment=True)
