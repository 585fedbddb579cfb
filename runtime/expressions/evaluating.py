"""Compute expressions over a scope: `{root: value}` with plain JSON values."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from runtime.expressions.engines import ROOTS, cel, compiled, prompt
from runtime.expressions.templates import Hole, UnclosedError, split
from runtime.problems import StepError, failed

__all__ = ["ROOTS", "condition", "evaluate", "mapping", "prose", "value"]

_NOTHING: dict[str, Any] = dict.fromkeys(ROOTS)


def evaluate(source: str, scope: Mapping[str, Any]) -> Any:
    """Return the value of a CEL expression, as plain JSON (times and durations become texts).

    Raises:
        StepError: `expression`, when it cannot be compiled or computed.
    """
    try:
        result = compiled(source).eval(data={**_NOTHING, **scope})
    except (RuntimeError, TypeError, ValueError) as error:
        raise _bad(source, str(error)) from error
    if result.type() == cel().Type.ERROR:
        raise _bad(source, str(result.value()))
    return _plain(result.plain_value())


def _bad(source: str, reason: str) -> StepError:
    return failed("expression", "An expression could not be computed", f"{source.strip()}: {reason.splitlines()[0]}")


def _plain(found: Any) -> Any:
    if isinstance(found, dict):
        return {str(key): _plain(part) for key, part in cast("dict[Any, Any]", found).items()}
    if isinstance(found, list):
        return [_plain(part) for part in cast("list[Any]", found)]
    if isinstance(found, dt.datetime):
        return found.isoformat()
    if isinstance(found, dt.timedelta):
        return f"{found.total_seconds():g}s"
    if isinstance(found, bytes | bytearray):
        return found.decode(errors="replace")
    return found


def condition(source: str, scope: Mapping[str, Any]) -> bool:
    """Return whether a condition holds.

    Raises:
        StepError: `expression`, when it cannot be computed or is not a truth value.
    """
    found = evaluate(source, scope)
    if not isinstance(found, bool):
        raise _bad(source, f"a condition is true or false, this one is {found!r}")
    return found


def value(tree: Any, scope: Mapping[str, Any]) -> Any:
    """Return a tree of values with every `${ }` replaced; a text that is only one `${ }` keeps the value's type.

    Raises:
        StepError: `expression`, when one cannot be computed.
    """
    if isinstance(tree, str):
        return _text(tree, scope)
    if isinstance(tree, Mapping):
        return {key: value(part, scope) for key, part in cast("Mapping[str, Any]", tree).items()}
    if isinstance(tree, list | tuple):
        return [value(part, scope) for part in cast("list[Any]", tree)]
    return tree


def mapping(tree: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return `value` of a mapping."""
    return {key: value(part, scope) for key, part in tree.items()}


def _text(text: str, scope: Mapping[str, Any]) -> Any:
    if "${" not in text:
        return text
    try:
        parts = split(text)
    except UnclosedError as error:
        raise _bad(text, f"`${{` at {error.offset} is not closed") from error
    if len(parts) == 1 and isinstance(parts[0], Hole):
        return evaluate(parts[0].source, scope)
    return "".join(part if isinstance(part, str) else as_text(evaluate(part.source, scope)) for part in parts)


def as_text(found: Any) -> str:
    """Return a value as it reads inside a text: JSON for everything but texts."""
    import json

    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def prose(text: str, scope: Mapping[str, Any]) -> str:
    """Return a prompt or message with its Jinja2 parts rendered.

    Raises:
        StepError: `expression`, when it is not valid, reads a name that is not there, or leaves the sandbox.
    """
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return text
    import jinja2

    try:
        return prompt(text).render({**_NOTHING, **scope})
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise failed("expression", "A prompt could not be rendered", str(error)) from error
