"""A diff for a terminal."""

from collections.abc import Iterator

from generator.diff.model import Diff
from generator.diff.rows import SIGNS, Row, by_owner, counts, follows, lines
from generator.problems import BOLD, DIM, RED, RESET, YELLOW

GREEN = "\033[32m"


def text(diff: Diff, *, color: bool) -> str:
    """Return the whole diff; nothing is cut."""
    return "\n".join(_plain(line) if not color else line for line in _lines(diff)) + "\n"


def _plain(line: str) -> str:
    for code in (RED, YELLOW, BOLD, DIM, GREEN, RESET):
        line = line.replace(code, "")
    return line


def _lines(diff: Diff) -> Iterator[str]:
    yield f"{DIM}compared with {diff.base}{RESET}"
    for owner, rows in by_owner(diff):
        yield f"\n{BOLD}{owner}{RESET}"
        for row in rows:
            yield from _row(row)
    yield f"\n{counts(diff)}" if diff.changes else "nothing changes"
    if diff.risks():
        yield "risks: " + ", ".join(f"{name} {number}" for name, number in diff.risks().items())


def _row(row: Row) -> Iterator[str]:
    change = row.change
    tint = {"added": GREEN, "deleted": RED, "changed": ""}[change.verb]
    yield f"  {tint}{SIGNS[change.verb]} {row.title}{RESET} {DIM}[{', '.join(row.environments)}]{RESET}"
    yield from (f"      {RED}! {mark.risk}{RESET}: {mark.message}" for mark in change.marks)
    for field in change.fields:
        if field.path != "text":
            yield f"      {field.path}"
        yield from (f"        {_tint(line)}{line}{RESET}" for line in lines(field))
    if follows(change):
        yield f"      {DIM}{follows(change)}{RESET}"


def _tint(line: str) -> str:
    return {"-": RED, "+": GREEN}.get(line[:1], DIM)
