"""Where `${ CEL }` stands in a text."""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Hole:
    """One `${ }`: its expression, and the offset of that in the text."""

    source: str
    offset: int


@dataclass(frozen=True)
class UnclosedError(Exception):
    """A `${` without its `}`; `offset` is where it stands."""

    offset: int


@lru_cache(maxsize=8192)
def split(text: str) -> tuple[str | Hole, ...]:
    """Return literal parts and holes in order; `$${` is a literal `${`.

    Raises:
        UnclosedError: a `${` has no `}`.
    """
    parts: list[str | Hole] = []
    start = at = 0
    while (at := text.find("${", at)) >= 0:
        if at > start and text[at - 1] == "$":
            parts.append(text[start : at - 1] + "${")
            start = at = at + 2
            continue
        end = _end(text, at + 2)
        parts.append(text[start:at])
        parts.append(Hole(text[at + 2 : end], at + 2))
        start = at = end + 1
    parts.append(text[start:])
    return tuple(part for part in parts if part != "")


def _end(text: str, start: int) -> int:
    """Return the offset of the `}` that closes a hole; braces and quotes of CEL may stand inside."""
    depth, at = 0, start
    while at < len(text):
        char = text[at]
        if char in "\"'":
            at = _after_quote(text, at)
            continue
        if char == "}" and depth == 0:
            return at
        depth += (char == "{") - (char == "}")
        at += 1
    raise UnclosedError(start - 2)


def _after_quote(text: str, start: int) -> int:
    quote, at = text[start], start + 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return at + 1
