"""What a finding about a value says: what is wanted there, and what is certainly meant."""

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from generator import forms
from generator.model import Document, Loc
from generator.problems import SECRETS, Fix, Problem, meant, nearest
from generator.rules import secrecy
from generator.scalars import Ambiguous, clock, number, octal, plain, truth, unclear

_EXPECTED = {
    "string_type": "a text", "int_type": "a whole number", "int_from_float": "a whole number", "float_type": "a number",
    "bool_type": "true or false", "dict_type": "a mapping", "model_type": "a mapping", "tuple_type": "a list",
    "list_type": "a list", "model_attributes_type": "a mapping",
}  # fmt: skip
_PREFIXED = ("name", "duration", "money", "secret-ref", "date")
"""Codes of our own value types whose messages need the value in front."""
_BUILT_IN = frozenset(get_args(ErrorType))
"""Codes of pydantic's own validators; every other one is ours."""
_UNITS = ("s", "d", "%")
"""What may be missing behind a number, the most usual first."""


def problem(document: Document, key: str, model: type[BaseModel], details: ErrorDetails) -> Problem:
    """Return the finding about a value below a key of the envelope, with its repair where one is certain."""
    part = document.value[key]
    inner = real(part, details["loc"])
    loc = (key, *inner)
    if _secret(loc, details["input"]):
        about = about_value(loc, details)
        return document.problem(loc, *about, key=about[0] not in SECRETS or isinstance(details["input"], Mapping))
    if _is_disputed(document, loc, details["input"]):
        return _disputed(document, loc, model, details)
    if details["type"] == "string_type" and isinstance(details["input"], int | float):
        return _unquoted_text(document, loc, model, details)
    fix = None
    if details["type"] == "literal_error" and isinstance(details["input"], str):
        fix = document.rename(loc, details["input"], meant(details["input"], _allowed(details)))
    return document.problem(loc, *about_value(loc, details), key=isinstance(details["input"], Mapping), fix=fix)


def _unquoted_text(document: Document, loc: Loc, model: type[BaseModel], details: ErrorDetails) -> Problem:
    """Return the finding about a number where a text is needed: quotes are missing, or its unit is."""
    part = document.value[str(loc[0])]
    written = document.written(loc, False) or _plain(details["input"])
    refused = _refused(model, part, loc[1:], written)
    if not refused:
        code, message, _ = about_value(loc, details)
        return document.problem(loc, code, message, f'quote it: "{written}"', fix=document.quote(loc))
    code, message, _ = about_value(loc, cast("ErrorDetails", {**refused, "input": details["input"]}))
    units = _UNITS if details["input"] > 1 else _UNITS[:-1]  # 0.1 may be meant as 10%
    whole = next((text for unit in units if not _refused(model, part, loc[1:], text := written + unit)), "")
    fix = Fix(document.at(loc), written, whole) if whole.endswith("%") and document.written(loc, False) else None
    return document.problem(loc, code, message, f"write its unit, such as {whole}" if whole else "", fix=fix)


# --- scalars that readers disagree about ---------------------------------------------------------------------------


def disputed(document: Document, key: str, model: type[BaseModel], computed: Container[Loc]) -> Iterator[Problem]:
    """Yield findings about scalars that readers disagree about, below a key of the envelope that is well-formed.

    Where a truth value or a number would be well-formed as well, a person has to say what is meant; else it is a text.
    What is `computed` is CEL, in which a word is a name.
    """
    part = document.value[key]
    for loc, text in _ambiguous(document, part, (key,)):
        value = number(text) if truth(text) is None else truth(text)
        fix = None
        if loc in computed:
            hint = "write an expression in quotes" if value is None else f'write "{_plain(value)}"'
        elif value is not None and _refused(model, part, loc[1:], value) is None:
            hint = f'write {_plain(value)} or "{text}"'
        else:
            hint, fix = f'quote it: "{text}"', document.quote(loc)
        yield document.problem(loc, "ambiguous-scalar", unclear(text), hint, fix=fix)


def _ambiguous(document: Document, value: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[str, Any]", value).items():
            yield from _ambiguous(document, item, (*loc, key))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _ambiguous(document, item, (*loc, index))
    elif _is_disputed(document, loc, value):
        yield loc, value


def _is_disputed(document: Document, loc: Loc, value: Any) -> bool:
    """Return whether a value is written without quotes and readers disagree about it."""
    return isinstance(value, str) and isinstance(plain(value), Ambiguous) and document.written(loc, False) == value


def _disputed(document: Document, loc: Loc, model: type[BaseModel], details: ErrorDetails) -> Problem:
    """Return the finding about a refused scalar that readers disagree about: how to write what is wanted there."""
    text, wanted = details["input"], _EXPECTED.get(details["type"])
    if wanted not in ("true or false", "a whole number", "a number"):
        code, message, hint = about_value(loc, details)
        return document.problem(loc, code, message, _with_unit(document, loc, model, text) or hint)
    value = truth(text) if wanted == "true or false" else number(text)
    if _refused(model, document.value[str(loc[0])], loc[1:], value):
        value = None
    hint, fix = f"write {wanted}", None
    if value is not None and (other := octal(text)) is not None:
        hint = f"write {value}, or {other} if it is octal"
    elif value is not None:
        hint, fix = f"write {_plain(value)}", document.replace(loc, _plain(value))
    return document.problem(loc, "ambiguous-scalar", f"{unclear(text)}; {wanted} is wanted here", hint, fix=fix)


def _with_unit(document: Document, loc: Loc, model: type[BaseModel], text: str) -> str:
    """Return how to write a number, or a time of the clock, with a unit that is taken; empty where none is."""
    part = document.value[str(loc[0])]
    if times := clock(text):
        short, long = times
        fits = not _refused(model, part, loc[1:], short)
        return f"write {short} for minutes and seconds, or {long} for hours and minutes" if fits else ""
    value = number(text)
    trials = [] if value is None else [f"{_plain(value)}{unit}" for unit in _UNITS]
    whole = next((trial for trial in trials if not _refused(model, part, loc[1:], trial)), "")
    return f"write its unit, such as {whole}" if whole else ""


def _refused(model: type[BaseModel], part: Any, loc: Loc, value: Any) -> ErrorDetails | None:
    """Return what is wrong with a value at a path of a part, if it stood there."""
    changed = _with(part, loc, value)
    try:
        model.model_validate(changed)
    except ValidationError as error:
        found = one_each(error.errors(include_url=False), changed)
        return next((details for details in found if real(changed, details["loc"]) == loc), None)
    return None


def _with(value: Any, loc: Loc, new: Any) -> Any:
    if not loc:
        return new
    changed = copy(value)
    changed[loc[0]] = _with(value[loc[0]], loc[1:], new)
    return changed


def one_each(found: Iterable[ErrorDetails], part: Any) -> Iterator[ErrorDetails]:
    """Yield findings without those of other options of a union that a text, number or truth value is none of.

    What is nearest to what is written stays: a choice that is meant, a form of ours, what quotes make a text.
    """
    grouped: dict[Loc, list[ErrorDetails]] = {}
    for details in found:
        grouped.setdefault(real(part, details["loc"]), []).append(details)
    for group in grouped.values():
        plain = all(not isinstance(details["input"], Mapping | list) for details in group)
        yield from group if not plain else [min(group, key=_rank)]


def _rank(details: ErrorDetails) -> int:
    kind, value = details["type"], details["input"]
    if kind == "literal_error":
        return 0 if isinstance(value, str) and meant(value, _allowed(details)) else 4
    if kind not in _BUILT_IN:
        return 1
    return 2 if kind == "string_type" and isinstance(value, int | float) else 3


def _allowed(details: ErrorDetails) -> list[str]:
    return str(details.get("ctx", {}).get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")


def about_value(loc: Loc, details: ErrorDetails) -> tuple[str, str, str]:
    """Return code, message and hint of a finding about a value; credentials are never shown."""
    kind, value = details["type"], details["input"]
    shown = "this value" if _secret(loc, value) else _shown(value)
    if kind == "literal_error":
        return "not-allowed", f"{shown} is not allowed here", _one_of(str(value), _allowed(details))
    if kind in _EXPECTED:
        hint = _nearly(kind, value) if shown != "this value" else ""
        return "wrong-type", f"expected {_EXPECTED[kind]}, got {shown}", hint
    message = details["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if kind in _PREFIXED:
        return kind, f"{shown} is not allowed: {message}", _in_form(kind, str(value))
    if kind not in _BUILT_IN:
        return kind, message.replace(str(value), shown) if shown == "this value" else message, ""
    if kind in ("too_short", "too_long"):
        most, least = details.get("ctx", {}).get("max_length"), details.get("ctx", {}).get("min_length")
        return "invalid-value", f"at most {most} are allowed here" if most else f"at least {least} is needed here", ""
    should = "it should be " if "should" not in message else ""
    return "invalid-value", f"{shown} is not allowed here: {should}{message[:1].lower() + message[1:]}", ""


_BARE = {"int_type": r"-?\d+", "float_type": r"-?\d+(\.\d+)?", "bool_type": "true|false"}
"""What is meant as it is written, but for its quotes, where a text is refused."""


def _nearly(kind: str, value: Any) -> str:
    """Return how to write what is rather a value of another type."""
    if kind in ("tuple_type", "list_type") and isinstance(value, str | int | float):
        return f"write [{_plain(value)}]"
    if not isinstance(value, str):
        return ""
    if re.fullmatch(_BARE.get(kind, "(?!)"), value):
        return f"write it without quotes: {value}"
    whole = forms.whole(value) if kind == "int_type" else ""
    return f"write {whole}" if whole else ""


def _in_form(kind: str, value: str) -> str:
    """Return how to write what is nearly a value of a form of ours."""
    nearly = {"name": forms.name, "duration": forms.duration}.get(kind)
    written = nearly(value) if nearly else ""
    return f"write {_plain(written)}" if written else ""


def _plain(value: float | str) -> str:
    """Return a value as it can be written; a text that readers would take for something else, in quotes."""
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value if type(plain(value)) is str else json.dumps(value, ensure_ascii=False)


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


def real(value: Any, loc: Sequence[str | int]) -> Loc:
    """Return pydantic's location without the parts that are no keys of the document (tags of unions)."""
    real: list[str | int] = []
    for position, part in enumerate(loc):
        if isinstance(value, Mapping | list) and has(value, part):
            value = cast("Any", value)[part]
        elif position < len(loc) - 1 or not isinstance(value, Mapping | list):
            continue
        real.append(part)
    return tuple(real)


def has(value: Any, part: str | int) -> bool:
    """Return whether a mapping has a key, or a list an item."""
    return part in value if isinstance(value, Mapping) else isinstance(part, int) and part < len(value)
