"""Repairs of findings, written into the text of their files: the exact characters, and nothing else."""

import re
from collections.abc import Iterable, Sequence

from generator.problems import Fix, Problem

_LINE = re.compile(r"\r\n|\r|\n")


def offered(problems: Iterable[Problem]) -> tuple[Fix, ...]:
    """Return the repairs that findings offer, each once, in order of their places.

    Where a finding without a repair stands at the same place, the repair of the other would hide it or miss what is
    meant: neither is touched. Nor are repairs that overlap; both of them can't be right.
    """
    problems = tuple(problems)
    open_ = {(p.place.file, p.place.line, p.place.column) for p in problems if p.fix is None and p.severity == "error"}
    fixes = dict.fromkeys(p.fix for p in problems if p.fix)
    alone = [f for f in fixes if (f.place.file, f.place.line, f.place.column) not in open_]
    return tuple(sorted((f for f in alone if not _overlapped(f, fixes)), key=lambda f: f.place))


def _overlapped(fix: Fix, others: Iterable[Fix]) -> bool:
    return any(other != fix and _overlap(fix, other) for other in others)


def _overlap(one: Fix, other: Fix) -> bool:
    if (one.place.file, one.place.line) != (other.place.file, other.place.line):
        return False
    first, second = one.place.column, other.place.column
    return first < second + max(1, other.length) and second < first + max(1, one.length)


def repaired(text: str, fixes: Sequence[Fix]) -> tuple[str, tuple[Fix, ...]]:
    """Return the text of a file, as it was read, with repairs, and those that were made.

    One whose characters are not there (the file has changed meanwhile) is left out. Line ends stay as they are.
    """
    starts = [0, *(match.end() for match in _LINE.finditer(text))]
    mark = len(text) - len(text.removeprefix("\ufeff"))  # findings don't count it
    made: list[Fix] = []
    for fix in sorted(fixes, key=lambda f: f.place, reverse=True):
        at = starts[fix.place.line - 1] + fix.place.column - 1 + (mark if fix.place.line == 1 else 0)
        if text[at : at + fix.length] == fix.written:
            text = text[:at] + fix.replacement + text[at + fix.length :]
            made.append(fix)
    return text, tuple(reversed(made))
