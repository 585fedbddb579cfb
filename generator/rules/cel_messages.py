"""What CEL's parser and its type checker say, in words for the people who wrote the expression."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from generator.problems import meant
from generator.rules.cel_functions import FOREIGN, MACROS, Names

_UNKNOWN = re.compile(r"`([^`]+)` is (?:unknown|not known)")
_UNEXPECTED = re.compile(r"(?:extraneous|mismatched) input '(.+?)'|no viable alternative at input '(.*)'", re.DOTALL)
_UNREAD = re.compile(r"token recognition error at: '(.+)'", re.DOTALL)
_MISSING = re.compile(r"missing '(.+?)' at ")
_RESERVED = re.compile(r"reserved identifier: (\w+)")
_MISFIT = re.compile(r"found no matching overload for '(.+?)' applied to '\((.*)\)'")
_DASHED = re.compile(r"([\w.]+)\.([\w-]+)-$")
"""What stands before an unknown name that may be the end of a key with `-` in it."""
_OPERATORS = {"and": "&&", "or": "||", "not": "!", "is": "==", "=": "==", "<>": "!="}
"""Operators of other languages, and those of CEL that do the same."""
_VALUES = {"None": "null", "nil": "null", "undefined": "null", "True": "true", "False": "false"}
_KINDS = {
    "bool": "a truth value", "int": "a whole number", "double": "a number with a fraction", "string": "a text",
    "list": "a list", "map": "an object", "null": "null", "null_type": "null", "dyn": "any value",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What is wrong with an expression, which part of its text, and what to do."""

    offset: int
    length: int
    message: str
    hint: str = ""


def readable(text: str, found: Iterable[tuple[int, str]], names: Names) -> list[Finding]:
    """Return findings of the engine, in words and each cause once.

    Of a syntax error only the first is told, since the others follow from it; the variables of a macro that is called
    wrongly are unknown only because it is.
    """
    listed: list[Finding] = []
    for offset, message in found:
        if "'*error*'" in message:  # follows from what was said of a part
            continue
        if unknown := _UNKNOWN.match(message):
            listed.append(_unknown(text, offset, unknown[1], message, names))
        elif misfit := _MISFIT.match(message):
            listed.append(_misfit(text, offset, misfit[1], misfit[2], names))
        else:
            return [*listed, _syntax(text, offset, message)]
    macros = [one for one in listed if text[one.offset :].startswith(MACROS) and one.hint.startswith("write")]
    return macros or _once(listed)


def _once(listed: list[Finding]) -> list[Finding]:
    """Return findings without those that stand within another one: of `math.foo()` both names are unknown."""
    return [
        one
        for one in listed
        if not any(other.offset <= one.offset < other.offset + other.length for other in listed if other is not one)
    ]


def _unknown(text: str, offset: int, name: str, message: str, names: Names) -> Finding:
    """The engine places a name with fields at its first point, a function at its bracket; the name is before it."""
    start = text.rfind(name, 0, offset + len(name))
    if start < 0:
        return Finding(offset, 1, message)
    called = re.compile(r"((?:\.\w+)*)\s*\(").match(text, start + len(name))
    if called and (not called[1] or _is_function(name + called[1], names)):
        return _function(start, name + called[1], names)
    return Finding(start, len(name), message, _instead(text[:start], name, names))


def _instead(before: str, name: str, names: Names) -> str:
    """Return what to write instead of an unknown name."""
    first = name.partition(".")[0]
    if name in _VALUES:
        return f"CEL writes `{_VALUES[name]}`"
    if dashed := _DASHED.search(before):
        key = f"{dashed[2]}-{first}"
        return f'if `{key}` is one name, write {dashed[1]}["{key}"]'
    root = meant(first, names.roots)
    return f'did you mean "{root}"?' if root else ""


def _is_function(name: str, names: Names) -> bool:
    """Return whether a name with points is that of a function, or meant as one, and not a function of a value."""
    known = [one for one in names.functions if "." in one]
    return name.partition(".")[0] in {one.partition(".")[0] for one in known} or meant(name, known) is not None


def _function(start: int, name: str, names: Names) -> Finding:
    if name in names.functions:
        return Finding(start, len(name), f"`{name}()` can't be called in this way", _form(name, names))
    near = difflib.get_close_matches(name, [*names.functions, *FOREIGN], 1)
    hint = f'did you mean "{FOREIGN.get(near[0], near[0])}"?' if near else ""
    return Finding(start, len(name), f"there is no function `{name}()`", hint)


def _form(name: str, names: Names) -> str:
    forms = names.functions.get(name, ())
    return f"write {' or '.join(forms)}" if forms else ""


def _misfit(text: str, offset: int, name: str, given: str, names: Names) -> Finding:
    """A call that fits no signature: of an operator, the engine places its sign, of a function its bracket."""
    kinds = _parted(given)[: 1 if name == "_?_:_" else None]  # what is chosen from may be anything
    words = " and ".join(_KINDS.get(kind.partition("(")[0], kind) for kind in kinds)
    sign = name.strip("_@!").replace("_", " ") or name
    if name[0] not in "_@!-":
        start = text.rfind(name, 0, offset + 1)
        return Finding(max(start, 0), len(name), f"`{name}()` can't be used on {words}", _form(name, names))
    sign = {"!_": "!", "-_": "-", "_?_:_": "? :", "_[_]": "[ ]", "@in": "in"}.get(name, sign)
    return Finding(offset, len(sign.split()[0]), f"`{sign}` can't be used on {words}")


def _parted(kinds: str) -> list[str]:
    """Return types that are parted by commas; `map(int, string)` is one."""
    return re.findall(r"[\w.]+(?:\((?:[^()]|\([^()]*\))*\))?", kinds)


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
    word = re.compile(r"[\w.]+").match(text, offset)
    return Finding(offset, len(word[0]) if word else 1, message)


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
