"""documents -> declared specs: which kind each is, and whether it says only what its kind knows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ForwardRef, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from generator import conventions
from generator.compose import Broken
from generator.model import Declared, Document, Kind, Loc, Metadata, beside
from generator.problems import SECRETS, Fix, Problem, meant, nearest
from generator.references import marked
from generator.rules import secrecy
from runtime.contract import FileRef, Step
from runtime.steps import NODES, AnyStep

_ENVELOPE = ("apiVersion", "kind", "metadata", "spec")

_EXPECTED = {
    "string_type": "a text", "int_type": "a whole number", "int_from_float": "a whole number", "float_type": "a number",
    "bool_type": "true or false", "dict_type": "a mapping", "model_type": "a mapping", "tuple_type": "a list",
    "list_type": "a list", "model_attributes_type": "a mapping",
}  # fmt: skip
_PREFIXED = ("name", "duration", "money", "secret-ref", "date")
"""Codes of our own value types whose messages need the value in front."""
_ABOUT = {"image-version": "tag"}
"""Codes of findings about a whole mapping that are about one key of it, where that is written."""
_BUILT_IN = frozenset(get_args(ErrorType))
"""Codes of pydantic's own validators; every other one is ours."""


def parse(documents: Iterable[Document], kinds: Mapping[str, Kind]) -> tuple[list[Declared], list[Problem]]:
    """Return the specs that are well-formed, and every problem of those that are not."""
    declared: list[Declared] = []
    problems: list[Problem] = []
    strangers: list[Document] = []
    for document in documents:
        if isinstance(document.value, Broken):
            continue
        if not any(key in document.value for key in _ENVELOPE):
            strangers.append(document)
        elif spec := parse_one(document, kinds, problems):
            declared.append(spec)
    return declared, [*problems, *_no_specs(strangers, declared)]


def _no_specs(strangers: Iterable[Document], declared: Iterable[Declared]) -> Iterable[Problem]:
    """Report documents that are no specs, but not those of files that a spec names, such as recorded replies."""
    found = tuple(strangers)
    specs = declared if found else ()
    named = {beside(s.document.file, n) for s in specs for _, _, n in marked(s, FileRef) if isinstance(n, str)}
    for document in found:
        if document.file not in named:
            message = "this is no spec: it has no apiVersion, kind, metadata and spec"
            yield document.problem((), "not-a-spec", message, "what stands beside specs is named by one of them")


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
    hints = {key: nearest(key, _ENVELOPE) for key in value if key not in _ENVELOPE}
    for key, hint in hints.items():
        fix = document.rename((key,), key, meant(key, set(_ENVELOPE) - value.keys()), key=True)
        yield document.problem((key,), "unknown-key", f'unknown key "{key}"', hint, key=True, fix=fix)
    for key in _ENVELOPE:
        if key not in value and f'did you mean "{key}"?' not in hints.values():
            hint = "every spec has apiVersion, kind, metadata and spec"
            yield document.problem((), "missing-field", f'"{key}" is missing', hint)
    if (version := value.get("apiVersion", conventions.API_VERSION)) != conventions.API_VERSION:
        yield document.problem(("apiVersion",), "api-version", f"apiVersion {version!r} is not known",
                               f"write `apiVersion: {conventions.API_VERSION}`")  # fmt: skip
    kind = value.get("kind")
    if "kind" in value and kind not in kinds:
        fix = document.rename(("kind",), str(kind), meant(str(kind), kinds))
        yield document.problem(("kind",), "unknown-kind", f'unknown kind "{kind}"', nearest(str(kind), kinds), fix=fix)


def _part(document: Document, key: str, model: type[BaseModel], problems: list[Problem]) -> Any:
    try:
        return model.model_validate(document.value[key])
    except ValidationError as error:
        found = error.errors(include_url=False)
        problems += [_problem(document, key, model, details) for details in _causes(model, found)]
        return None


def _causes(model: type[BaseModel], found: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return findings without those that only follow from others.

    A field is not missing that is there under a misspelt name, and a list is not empty because its items are refused.
    """
    misspelt = {
        (*_parent(details), meant)
        for details in found
        if details["type"] == "extra_forbidden" and (meant := _meant(model, details["loc"]))
    }
    inside = {d["loc"][:length] for d in found for length in range(len(d["loc"]))}
    return [
        d
        for d in found
        if not (d["type"] == "missing" and (*_parent(d), str(d["loc"][-1])) in misspelt)
        and not (d["type"] == "too_short" and d["loc"] in inside)
    ]


def _parent(details: ErrorDetails) -> tuple[str | int, ...]:
    return details["loc"][:-1]


def _meant(model: type[BaseModel], loc: Sequence[str | int]) -> str | None:
    suggestion = nearest(str(loc[-1]), _known(model, loc))
    return suggestion.split('"')[1] if suggestion.startswith("did") else None


def _problem(document: Document, key: str, model: type[BaseModel], details: ErrorDetails) -> Problem:
    loc = (key, *_real(document.value[key], details["loc"]))
    kind = details["type"]
    if kind == "missing":
        field = str(details["loc"][-1])
        return document.problem(loc, "missing-field", f'"{field}" is missing', key=True)
    if kind == "extra_forbidden":
        name = str(details["loc"][-1])
        known = _known(model, details["loc"])
        fix = document.rename(loc, name, meant(name, set(known) - _keys(document.value, loc[:-1])), key=True)
        return document.problem(loc, "unknown-key", f'unknown key "{name}"', nearest(name, known), key=True, fix=fix)
    if kind == "no-verb" and (verb := _misspelt_verb(details["input"])):
        fix = document.rename((*loc, verb), verb, meant(verb, NODES), key=True)
        hint = nearest(verb, NODES)
        return document.problem((*loc, verb), "unknown-key", f'unknown key "{verb}"', hint, key=True, fix=fix)
    if kind in _ABOUT and isinstance(details["input"], Mapping) and _has(details["input"], _ABOUT[kind]):
        return document.problem((*loc, _ABOUT[kind]), *_about_value(loc, details))
    about = _about_value(loc, details)
    if _secret(loc, details["input"]):
        return document.problem(loc, *about, key=about[0] not in SECRETS or isinstance(details["input"], Mapping))
    return document.problem(loc, *about, key=isinstance(details["input"], Mapping), fix=_fix(document, loc, details))


def _misspelt_verb(step: Mapping[str, Any]) -> str | None:
    """Return the key of a step without a verb that is a verb's misspelt name."""
    common = {field.alias or name for name, field in Step.model_fields.items()}
    return next((key for key in step if key not in common and key != "with" and meant(str(key), NODES)), None)


def _keys(value: Any, loc: Loc) -> set[str]:
    """Return the keys of the mapping at a path."""
    for part in loc:
        value = cast("Any", value)[part] if isinstance(value, Mapping | list) and _has(value, part) else None
    return set(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else set()


def _fix(document: Document, loc: Loc, details: ErrorDetails) -> Fix | None:
    """Return the repair of a value: the choice that is meant, or quotes around what has to be a text."""
    kind, value = details["type"], details["input"]
    if kind == "literal_error" and isinstance(value, str):
        return document.rename(loc, value, meant(value, _allowed(details)))
    if kind == "string_type" and isinstance(value, int | float):
        return document.quote(loc)
    return None


def _allowed(details: ErrorDetails) -> list[str]:
    return str(details.get("ctx", {}).get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")


def _about_value(loc: Loc, details: ErrorDetails) -> tuple[str, str, str]:
    """Return code, message and hint of a finding about a value; credentials are never shown."""
    kind, value = details["type"], details["input"]
    shown = "this value" if _secret(loc, value) else _shown(value)
    if kind == "literal_error":
        return "not-allowed", f"{shown} is not allowed here", _one_of(str(value), _allowed(details))
    if kind in _EXPECTED:
        quote = kind == "string_type" and isinstance(value, int | float) and shown != "this value"
        hint = f'quote it: "{_plain(value)}"' if quote else _unquoted(kind, value) if shown != "this value" else ""
        return "wrong-type", f"expected {_EXPECTED[kind]}, got {shown}", hint
    message = details["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if kind in _PREFIXED:
        return kind, f"{shown} is not allowed: {message}", ""
    if kind not in _BUILT_IN:
        return kind, message.replace(str(value), shown) if shown == "this value" else message, ""
    if kind in ("too_short", "too_long"):
        most, least = details.get("ctx", {}).get("max_length"), details.get("ctx", {}).get("min_length")
        return "invalid-value", f"at most {most} are allowed here" if most else f"at least {least} is needed here", ""
    should = "it should be " if "should" not in message else ""
    return "invalid-value", f"{shown} is not allowed here: {should}{message[:1].lower() + message[1:]}", ""


_BARE = {"int_type": r"-?\d+", "float_type": r"-?\d+(\.\d+)?", "bool_type": "true|false"}
"""What is meant as it is written, but for its quotes, where a text is refused."""


def _unquoted(kind: str, value: Any) -> str:
    bare = isinstance(value, str) and re.fullmatch(_BARE.get(kind, "(?!)"), value)
    return f"write it without quotes: {value}" if bare else ""


def _plain(value: float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _secret(loc: Loc, value: Any) -> bool:
    """Return whether a value may be a credential, by its form or by the keys above it."""
    keys = [str(part) for part in loc]
    return any(secrecy.is_sensitive(key) for key in keys) or (
        isinstance(value, str) and any(secrecy.credentials(value))
    )


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
        if isinstance(value, Mapping | list) and _has(value, part):
            value = cast("Any", value)[part]
        elif position < len(loc) - 1:
            continue
        real.append(part)
    return tuple(real)


def _has(value: Any, part: str | int) -> bool:
    return part in value if isinstance(value, Mapping) else isinstance(part, int) and part < len(value)


def _known(model: Any, loc: Sequence[str | int]) -> list[str]:
    """Return the keys that are known where an unknown one stands."""
    annotation: Any = model
    for part in loc[:-1]:
        annotation = _inner(annotation, part)
    model = _only_model(annotation)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _inner(annotation: Any, part: str | int) -> Any:
    """Return the annotation of a field, an item, a value, or the member of a union that a tag names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return next((field.annotation for name, field in fields if part in (field.alias, name)), None)
    if isinstance(annotation, ForwardRef):  # steps inside steps: the union is built after the models that hold it
        annotation = AnyStep
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _inner(args[0], part)
    if origin in (tuple, list) and isinstance(part, int):
        return args[0]
    if origin is dict:
        return args[1]
    tagged = next(
        (arg for arg in args if any(getattr(m, "tag", None) == part for m in getattr(arg, "__metadata__", ()))), None
    )
    if tagged is not None:
        return tagged
    return next((found for arg in args if (found := _inner(arg, part)) is not None), None)


def _only_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _only_model(arg)) is not None), None)
