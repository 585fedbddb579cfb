"""documents -> declared specs: which kind each is, and whether it says only what its kind knows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from generator import conventions
from generator.model import Declared, Document, Kind, Loc, Metadata
from generator.problems import Problem, nearest

_ENVELOPE = ("apiVersion", "kind", "metadata", "spec")

_EXPECTED = {
    "string_type": "a text", "int_type": "a whole number", "int_from_float": "a whole number", "float_type": "a number",
    "bool_type": "true or false", "dict_type": "a mapping", "model_type": "a mapping", "tuple_type": "a list",
    "list_type": "a list", "model_attributes_type": "a mapping",
}  # fmt: skip


def parse(documents: Iterable[Document], kinds: Mapping[str, Kind]) -> tuple[list[Declared], list[Problem]]:
    """Return the specs that are well-formed, and every problem of those that are not."""
    declared: list[Declared] = []
    problems: list[Problem] = []
    for document in documents:
        spec = parse_one(document, kinds, problems)
        if spec:
            declared.append(spec)
    return declared, problems


def parse_one(document: Document, kinds: Mapping[str, Kind], problems: list[Problem]) -> Declared | None:
    """Return one document as a spec; its problems are added to `problems`."""
    before = len(problems)
    problems += _envelope(document, kinds)
    if len(problems) > before:
        return None
    kind = kinds[document.value["kind"]]
    metadata = _part(document, "metadata", Metadata, problems)
    spec = _part(document, "spec", kind.spec, problems)
    if metadata is None or spec is None:
        return None
    return Declared(kind.name, metadata, spec, document)


def _envelope(document: Document, kinds: Mapping[str, Kind]) -> Iterable[Problem]:
    value = document.value
    for key in value:
        if key not in _ENVELOPE:
            yield document.problem((key,), "unknown-key", f'unknown key "{key}"', nearest(key, _ENVELOPE), key=True)
    for key in _ENVELOPE:
        if key not in value:
            yield document.problem((), "missing-field", f'"{key}" is missing', "every spec has apiVersion, kind, metadata and spec")
    if (version := value.get("apiVersion", conventions.API_VERSION)) != conventions.API_VERSION:
        yield document.problem(("apiVersion",), "api-version", f"apiVersion {version!r} is not known",
                               f"write `apiVersion: {conventions.API_VERSION}`")  # fmt: skip
    kind = value.get("kind")
    if "kind" in value and kind not in kinds:
        yield document.problem(("kind",), "unknown-kind", f'unknown kind "{kind}"', nearest(str(kind), kinds))


def _part(document: Document, key: str, model: type[BaseModel], problems: list[Problem]) -> Any:
    try:
        return model.model_validate(document.value[key])
    except ValidationError as error:
        problems += [_problem(document, key, model, details) for details in error.errors(include_url=False)]
        return None


def _problem(document: Document, key: str, model: type[BaseModel], details: ErrorDetails) -> Problem:
    loc = (key, *_real(document.value[key], details["loc"]))
    kind, value = details["type"], details["input"]
    if kind == "missing":
        field = str(details["loc"][-1])
        return document.problem(loc[:-1] if loc[-1] == field else loc, "missing-field", f'"{field}" is missing')
    if kind == "extra_forbidden":
        name = str(details["loc"][-1])
        return document.problem(loc, "unknown-key", f'unknown key "{name}"', nearest(name, _known(model, details["loc"])), key=True)
    if kind == "literal_error":
        allowed = str(details.get("ctx", {}).get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
        return document.problem(loc, "not-allowed", f"{_shown(value)} is not allowed here", _one_of(str(value), allowed))
    if kind in _EXPECTED:
        hint = f'quote it: "{value}"' if kind == "string_type" and isinstance(value, (int, float, bool)) else ""
        return document.problem(loc, "wrong-type", f"expected {_EXPECTED[kind]}, got {_shown(value)}", hint)
    code = kind if "-" in kind or kind in ("name", "duration", "money") else "invalid-value"
    message = details["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if code == "invalid-value":
        message = f"{_shown(value)} is not allowed here: it should be {message}" if "should" not in message else message
    elif kind in ("name", "duration", "money", "secret-ref"):
        message = f"{_shown(value)} is not allowed: {message}"
    return document.problem(loc, code, message)


def _one_of(value: str, allowed: list[str]) -> str:
    suggestion = nearest(value, allowed)
    return suggestion if suggestion.startswith("did") else "allowed: " + ", ".join(allowed)


def _shown(value: Any) -> str:
    """Return a value for a message; long ones and those that may hold secrets are only described."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f'"{value}"' if len(value) <= 40 and "\n" not in value else "a text"
        case Mapping():
            return "a mapping"
        case _:
            return "a list" if isinstance(value, Sequence) else "a value"


def _real(value: Any, loc: Sequence[str | int]) -> Loc:
    """Return pydantic's location without the parts that are no keys of the document (tags of unions)."""
    real: list[str | int] = []
    for position, part in enumerate(loc):
        if isinstance(value, Mapping) and part in value:
            value = value[part]  # pyright: ignore[reportUnknownVariableType]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):  # pyright: ignore[reportUnknownArgumentType]
            value = value[part]  # pyright: ignore[reportUnknownVariableType]
        elif position < len(loc) - 1:
            continue
        real.append(part)
    return tuple(real)


def _known(model: Any, loc: Sequence[str | int]) -> list[str]:
    """Return the keys that are known where an unknown one stands."""
    for part in loc[:-1]:
        model = _inner(model, part)
        if model is None:
            return []
    fields = getattr(model, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def _inner(model: Any, part: str | int) -> Any:
    """Return the model of a field, an item or a union member."""
    fields = getattr(model, "model_fields", None)
    if fields is None:
        return None
    for name, field in fields.items():
        if part in (field.alias, name):
            return _model_in(field.annotation, part)
    return model if isinstance(part, int) else None


def _model_in(annotation: Any, part: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument, part)
        if found is not None:
            return found
    return None
