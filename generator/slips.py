"""What makes a text no YAML, where the YAML reader's own message does not say it: tabs, quotes, unfinished merges."""

import re
from typing import Any

from generator.places import place_at
from generator.problems import Problem

_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?= |$)", re.MULTILINE)
"""Lines that git puts around what it could not merge."""
_SIDE = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)

_HIDING = re.compile(r"""[\[{][^\n\]}"']*\s(#)[^\s#]""")


def conflict(file: str, text: str) -> Problem | None:
    """Return what is wrong with a file in which a merge was not finished."""
    found = _CONFLICT.search(text)
    if found is None or not _SIDE.search(text):  # a line of equal signs alone may underline a heading in a text
        return None
    message = f"a merge was not finished here: `{found[0]}` is a conflict marker"
    place = place_at(file, text, found.start(), 7)
    return Problem(place, "yaml-syntax", message, "decide for one side, or for both, and delete the markers")


def tab_at(text: str, line: int, column: int) -> bool:
    """Return whether the reader stopped at a tab in front of a line; line and column count from 0."""
    lines = text.split("\n")
    stopped = lines[line] if line < len(lines) else ""
    return "\t" in stopped[: len(stopped) - len(stopped.lstrip())] and not stopped[:column].strip()


def comment(text: str, index: int, error: Any) -> int | None:
    """Return where a comment hides the end of the bracket in which the reader stopped at an index.

    Only one without a space behind its sign: that is rather meant as a text, such as the name of a channel.
    """
    if "flow" not in str(getattr(error, "context", "")):
        return None
    begin = min(text.rfind("\n", 0, index), error.context_mark.index)
    found = _HIDING.search(text, text.rfind("\n", 0, begin) + 1, index)
    return found.start(1) if found else None


def advice(text: str, index: int, error: Any) -> str:
    """Return what to do about what the YAML reader has met at an index; empty where that can't be told."""
    what, around = str(getattr(error, "problem", "")), str(getattr(error, "context", None) or "")
    line = text[text.rfind("\n", 0, index) + 1 : index]
    begun: Any = getattr(error, "context_mark", None)
    if "mapping values are not allowed" in what:
        return _colon(line)
    if "cannot start any token" in what:
        return f"quote a text that starts with {text[index]}"
    if "unknown escape" in what:
        return "write a backslash twice, or put the text into single quotes"
    if "unexpected end of stream" in what:
        return f"a quote is missing; the text begins in line {begun.line + 1}"
    if around.startswith("while parsing a flow") and "did not find expected" in what:
        return f"a comma or a closing bracket is missing in what is opened in line {begun.line + 1}"
    if around.startswith("while parsing a block") and "did not find expected" in what:
        return _behind(text, index, line, begun)
    return ""


def _colon(line: str) -> str:
    if ": " in line:
        return 'quote a text with ": " in it'
    return "the line before has a value, or no colon with a space behind: what is below a key has to be indented"


def _behind(text: str, index: int, line: str, begun: Any) -> str:
    """Return what to do about something that does not belong to the block in which it stands."""
    if not line.strip():
        begin = f"what is not finished here begins in line {begun.line + 1}"
        return f"indent it like the lines that it belongs to; {begin}"
    if text[index] in "]}":
        return "this bracket closes nothing: remove it, or open it"
    return "put quotes around the whole text; a quote inside of single quotes is written twice"
