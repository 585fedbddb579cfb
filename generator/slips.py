"""What makes a text no YAML, where the YAML reader's own message does not say it: tabs, and unfinished merges."""

import re

from generator.problems import Place, Problem

_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?= |$)", re.MULTILINE)
"""Lines that git puts around what it could not merge."""
_SIDE = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


def conflict(file: str, text: str) -> Problem | None:
    """Return what is wrong with a file in which a merge was not finished."""
    found = _CONFLICT.search(text)
    if found is None or not _SIDE.search(text):  # a line of equal signs alone may underline a heading in a text
        return None
    place = Place(file, text.count("\n", 0, found.start()) + 1, 1, 7)
    message = f"a merge was not finished here: `{found[0]}` is a conflict marker"
    return Problem(place, "yaml-syntax", message, "decide for one side, or for both, and delete the markers")


def tab_at(text: str, line: int, column: int) -> bool:
    """Return whether the reader stopped at a tab in front of a line; line and column count from 0."""
    lines = text.split("\n")
    stopped = lines[line] if line < len(lines) else ""
    return "\t" in stopped[: len(stopped) - len(stopped.lstrip())] and not stopped[:column].strip()
