"""What CEL's parser says, in words for the people who wrote the expression."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_UNEXPECTED = re.compile(r"(?:extraneous|mismatched) input '(.+?)'|no viable alternative at input '(.*)'", re.DOTALL)
_UNKNOWN = re.compile(r"`([^`]+)` is (?:unknown|not known)")


@dataclass(frozen=True)
class Finding:
    """What is wrong with an expression, and which part of its text."""

    offset: int
    length: int
    message: str


def readable(text: str, found: Iterable[tuple[int, str]]) -> list[Finding]:
    """Return findings of the engine, in words; of a syntax error only the first, since the others follow from it."""
    listed: list[Finding] = []
    for offset, message in found:
        unknown = _UNKNOWN.match(message)
        if unknown:
            listed.append(_name(text, offset, unknown[1], message))
        else:
            return [*listed, _syntax(text, offset, message)]
    return listed


def _name(text: str, offset: int, name: str, message: str) -> Finding:
    """The engine places a name with fields at its first point; the name starts before."""
    start = text.rfind(name, 0, offset + len(name))
    return Finding(start, len(name), message) if start >= 0 else Finding(offset, 1, message)


def _syntax(text: str, offset: int, message: str) -> Finding:
    if text[offset : offset + 1] == "=":
        return Finding(offset, 1, "`=` is no operator; two values are compared by `==`")
    unexpected = _UNEXPECTED.match(message)
    if unexpected:
        what = unexpected[1] or unexpected[2]
        if "<EOF>" in what:
            return Finding(offset, 1, "the expression ends too early")
        return Finding(offset, len(what), f"`{what}` is not expected here")
    return Finding(offset, 1, message)
