"""What the permissions of an agent say about a tool, whatever it is called with."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

from runtime.contract import Calls, Permissions

Right = Literal["allow", "ask", "deny"]
ORDER: tuple[Right, ...] = ("deny", "ask", "allow")
"""From the strictest on."""


def granted(rights: Permissions, name: str, effect: str) -> Right:
    """Return the most that an agent may do with a tool: `allow` and `ask` where some calls are, `deny` where none is.

    What is denied or asked for some arguments only may be allowed for others.
    """
    if entry_for(rights.deny, name, effect):
        return "deny"
    if entry_for(rights.ask, name, effect):
        return "ask"
    if any(_names(_word(entry), name, effect) for entry in rights.allow):
        return "allow"
    return "ask" if any(_names(_word(entry), name, effect) for entry in rights.ask) else "deny"


def entry_for(entries: Iterable[str | Calls], name: str, effect: str) -> str | None:
    """Return the entry that is about every call of a tool."""
    return next((one for one in entries if isinstance(one, str) and _names(one, name, effect)), None)


def is_known(entry: str | Calls, names: Iterable[str], effects: Iterable[str]) -> bool:
    """Return whether an entry names an effect, or at least one of some tools."""
    word = _word(entry)
    return word in effects or any(fnmatchcase(name, word) for name in names)


def _names(word: str, name: str, effect: str) -> bool:
    return word == effect or fnmatchcase(name, word)


def _word(entry: str | Calls) -> str:
    return entry if isinstance(entry, str) else entry.tool
