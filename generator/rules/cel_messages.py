"""What CEL's parser says, in words for the people who wrote the expression."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_UNKNOWN = re.compile(r"`([^`]+)` is (?:unknown|not known)")
_UNEXPECTED = re.compile(r"(?:extraneous|mismatched) input '(.+?)'|no viable alternative at input '(.*)'", re.DOTALL)
_UNREAD = re.compile(r"token recognition error at: '(.+)'", re.DOTALL)
_MISSING = re.compile(r"missing '(.+?)' at ")
_RESERVED = re.compile(r"reserved identifier: (\w+)")
_OVERLOAD = re.compile(r"found no matching overload for '_*(.+?)_*' applied to '\((.*)\)'")
_DASHED = re.compile(r"([\w.]+)\.([\w-]+)-$")
"""What stands before an unknown name that may be the end of a key with `-` in it."""
_OPERATORS = {"and": "&&", "or": "||", "not": "!", "is": "==", "=": "==", "<>": "!="}
"""Operators of other languages, and those of CEL that do the same."""
_VALUES = {"None": "null", "nil": "null", "undefined": "null", "True": "true", "False": "false"}
_FUNCTIONS = {
    **{name: name for name in (
        "size", "contains", "startsWith", "endsWith", "matches", "has", "all", "exists", "exists_one", "map", "filter",
        "int", "uint", "double", "string", "bool", "bytes", "type", "timestamp", "duration", "charAt", "indexOf",
        "lastIndexOf", "join", "lowerAscii", "upperAscii", "replace", "split", "substring", "trim",
    )},
    "len": "size", "length": "size", "count": "size", "lower": "lowerAscii", "toLowerCase": "lowerAscii",
    "upper": "upperAscii", "toUpperCase": "upperAscii", "includes": "contains", "any": "exists", "float": "double",
    "str": "string",
}  # fmt: skip
"""Functions by their names, and by those that they have in other languages."""
_TYPES = {"int": "a whole number", "double": "a number", "string": "a text", "bool": "true or false"}


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
        if "'*error*'" in message:  # follows from what was said of a part
            continue
        if unknown := _UNKNOWN.match(message):
            listed.append(_name(text, offset, unknown[1], message))
        elif overload := _OVERLOAD.match(message):
            types = " and ".join(_TYPES.get(one, one) for one in overload[2].split(", "))
            listed.append(Finding(offset, len(overload[1]), f"`{overload[1]}` can't be used on {types}"))
        else:
            return [*listed, _syntax(text, offset, message)]
    return listed


def _name(text: str, offset: int, name: str, message: str) -> Finding:
    """The engine places a name with fields at its first point; the name starts before."""
    start = text.rfind(name, 0, offset + len(name))
    if start < 0:
        return Finding(offset, 1, message)
    if text[start + len(name) :].lstrip().startswith("("):
        return Finding(start, len(name), _function(name))
    if name in _VALUES:
        return Finding(start, len(name), f"`{name}` is unknown; CEL writes `{_VALUES[name]}`")
    if dashed := _DASHED.search(text, 0, start):
        key = f"{dashed[2]}-{name.split('.')[0]}"
        hint = f'if `{key}` is one name, write {dashed[1]}["{key}"]'
        return Finding(start, len(name), f"`{name}` is unknown; {hint}")
    return Finding(start, len(name), message)


def _function(name: str) -> str:
    if _FUNCTIONS.get(name) == name:
        return f"`{name}` does not take what it is given here"
    near = difflib.get_close_matches(name, _FUNCTIONS, 1)
    return f"there is no function `{name}`" + (f"; did you mean `{_FUNCTIONS[near[0]]}`?" if near else "")


def _syntax(text: str, offset: int, message: str) -> Finding:
    if operator := _foreign(text, offset):
        at, what = operator
        means = "; two values are compared by `==`" if what == "=" else f"; CEL writes `{_OPERATORS[what]}`"
        return Finding(at, len(what), f"`{what}` is no operator{means}")
    if missing := _MISSING.match(message):
        return Finding(offset, 1, f"`{missing[1]}` is missing here")
    if reserved := _RESERVED.match(message):
        hint = "; a choice is written CONDITION ? ONE : OTHER" if reserved[1] in ("if", "else") else ""
        return Finding(offset, len(reserved[1]), f"`{reserved[1]}` can't be a name in CEL{hint}")
    if unread := _UNREAD.match(message):
        return _unread(offset, unread[1].strip() or unread[1])
    if unexpected := _UNEXPECTED.match(message):
        what = unexpected[1] or unexpected[2]
        if "<EOF>" in what:
            return Finding(offset, 1, "the expression ends too early")
        return Finding(offset, len(what), f"`{what}` is not expected here")
    return Finding(offset, 1, message)


def _foreign(text: str, offset: int) -> tuple[int, str] | None:
    """Return the operator of another language at which, or behind which, the parser stopped, and where it stands."""
    if text[max(offset - 1, 0) : offset + 1] == "<>":
        return offset - 1, "<>"
    here = re.compile(r"\w+|=").match(text, offset)
    if here and here[0] in _OPERATORS:
        return offset, here[0]
    before = re.compile(r"\bnot\s+$").search(text, 0, offset)
    return (before.start(), "not") if before else None


def _unread(offset: int, what: str) -> Finding:
    if what[0] in "'\"":
        return Finding(offset, len(what), "the text that starts here does not end")
    if what == "$":
        return Finding(offset, 1, "this is CEL already: write it without `${ }`")
    called = "" if what.isascii() else f" ({unicodedata.name(what[0], '').lower()})"  # it looks like another one
    return Finding(offset, len(what), f"`{what}`{called} is not expected here")
