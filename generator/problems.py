"""A finding about a spec, where it is, and how it is printed for people and for machines."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from generator.rules import secrecy
from generator.terminal import visible, width

Severity = Literal["error", "warning"]

SECRETS = ("secret-literal", "secret-ref")
"""Codes of findings whose place is, or may be, a credential."""


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands: a path below the repository root, and 1-based line and column.

    `length` is the number of characters to underline, at least 1. Line 0: `file` says it all, as the address of a field
    in a cluster does.
    """

    file: str
    line: int = 1
    column: int = 1
    length: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True)
class Fix:
    """A safe repair: what stands at a place, on one line, and what has to stand there instead."""

    place: Place
    written: str
    replacement: str

    @property
    def length(self) -> int:
        """Number of characters that are replaced."""
        return len(self.written)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: `{file, line, column, length, replacement}`."""
        place = {"file": self.place.file, "line": self.place.line, "column": self.place.column}
        return {**place, "length": self.length, "replacement": self.replacement}


@dataclass(frozen=True, order=True)
class Problem:
    """One finding: what is wrong, where, and what to do."""

    place: Place
    code: str
    message: str
    hint: str = ""
    path: str = ""
    """Path in the document, such as `spec.tools[1]`."""
    severity: Severity = "error"
    related: tuple[tuple[Place, str], ...] = ()
    fix: Fix | None = field(default=None, compare=False)
    """What `apm validate --fix` does about it; None where a person has to decide."""

    def as_json(self) -> dict[str, Any]:
        """Return the stable JSON form of `--format json`; `fix` is there only where there is one."""
        fix = {"fix": self.fix.as_json()} if self.fix and not any(secrecy.credentials(self.fix.replacement)) else {}
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "path": self.path,
            "message": secrecy.mask(self.message),
            "hint": secrecy.mask(self.hint),
            "related": [
                {"file": p.file, "line": p.line, "column": p.column, "message": text} for p, text in self.related
            ],
            **fix,
        }


class Rejected(Exception):  # noqa: N818  (a verdict on the specs, not a defect of ours)
    """The specs can't be used; carries every problem of the stage that refused them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(f"{p.place}: {p.message} [{p.code}]" for p in self.problems))


class Failure(Exception):  # noqa: N818  (the environment refuses, it is not a defect of ours)
    """Something outside the specs stands in the way: a folder that can't be written, a tool that is missing."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def plural(number: int, word: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def path_text(loc: Sequence[str | int]) -> str:
    """Return a document path in the form of `spec.tools[1]`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `did you mean "x"?` for the nearest known name, or a short list, or nothing."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    if names and len(names) <= 8:
        return "known: " + ", ".join(names)
    return ""


_CLOSE, _AHEAD = 0.75, 0.05
"""How alike a name and what is meant have to be (1 is equal), and how far the next candidate has to be behind."""


def meant(name: str, known: Iterable[str]) -> str | None:
    """Return the one name that is certainly meant; None where there is none, or more than one could be."""
    scored = sorted(((difflib.SequenceMatcher(None, name, one).ratio(), one) for one in set(known)), reverse=True)
    if not scored or scored[0][0] < _CLOSE or (len(scored) > 1 and scored[0][0] - scored[1][0] < _AHEAD):
        return None
    return scored[0][1]


# --- printing -------------------------------------------------------------------------------------------------------

RED, YELLOW, BOLD, DIM, RESET = "\033[31m", "\033[33m", "\033[1m", "\033[2m", "\033[0m"


def as_text(problems: Sequence[Problem], sources: Mapping[str, str], *, color: bool) -> str:
    """Return problems for a terminal, each with its source line and a caret; `sources` are texts by file.

    What looks like a credential is hidden, in messages and in source lines.
    """
    rows = {file: text.split("\n") for file, text in sources.items()}
    hidden: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for p in problems:
        if p.code in SECRETS:
            start = p.place.column - 1
            hidden.setdefault((p.place.file, p.place.line), []).append((start, start + p.place.length))
    return "\n".join(_drawn(p, rows.get(p.place.file, []), hidden, color=color) for p in problems)


def _drawn(problem: Problem, rows: Sequence[str], hidden: Mapping[tuple[str, int], list[tuple[int, int]]], *,
           color: bool) -> str:  # fmt: skip
    tint = (RED if problem.severity == "error" else YELLOW) if color else ""
    bold, dim, reset = (BOLD, DIM, RESET) if color else ("", "", "")
    place = problem.place
    message = _told(problem.message)
    lines = [f"{bold}{place}{reset}: {tint}{problem.severity}{reset}: {message} {dim}[{problem.code}]{reset}"]
    if place.line <= len(rows) and (row := rows[place.line - 1]).strip():
        lines += _caret(place, row, hidden.get((place.file, place.line), []), tint, reset)
    if problem.hint:
        lines.append(f"  help: {_told(problem.hint)}")
    lines += [f"  {where}: {_told(text)}" for where, text in problem.related]
    return "\n".join(lines) + "\n"


def _told(text: str) -> str:
    """Return a text without credentials on one line, which does nothing to a terminal."""
    return "".join(visible(char) for char in secrecy.mask(text).replace("\n", "\\n"))


def _caret(place: Place, row: str, hidden: Sequence[tuple[int, int]], tint: str, reset: str) -> list[str]:
    row, start, end = _hidden(row, place.column - 1, place.column - 1 + place.length, hidden)
    cut = _cut(row, max(0, start - 60))
    shown = "".join(visible(char) for char in row[cut : cut + 120])
    number = str(place.line)
    carets = "^" * max(1, width(row[start : min(end, cut + 120)]))
    pad = " " * (width(row[cut:start]) + max(0, start - len(row)))
    return [f"  {number} | {shown}", f"  {' ' * len(number)} | {pad}{tint}{carets}{reset}"]


def _cut(row: str, at: int) -> int:
    """Return where a long row may begin: not between characters that are drawn as one."""
    return next((near for near in range(at, max(0, at - 20), -1) if row[near - 1 : near].isascii()), at)


def _hidden(row: str, start: int, end: int, hidden: Sequence[tuple[int, int]]) -> tuple[str, int, int]:
    """Return a row without credentials, and where a part of it stands then."""
    found = secrecy.merged([*hidden, *((hit.start, hit.end) for hit in secrecy.credentials(row))])
    at: list[int] = []
    for position in (start, end):
        shift = 0
        for first, last in found:
            if position >= last:
                shift += len(secrecy.HIDDEN) - (last - first)
            elif position > first:
                shift += (len(secrecy.HIDDEN) if position == end else 0) - (position - first)
        at.append(position + shift)
    return secrecy.hide(row, found), at[0], at[1]


def as_json(problems: Sequence[Problem]) -> str:
    """Return `{"problems": [...]}`."""
    return json.dumps({"problems": [p.as_json() for p in problems]}, indent=2, ensure_ascii=False)


def as_github(problems: Sequence[Problem]) -> str:
    """Return GitHub workflow commands, one annotation a line."""
    return "\n".join(
        f"::{p.severity} file={_property(p.place.file)},line={p.place.line},col={p.place.column},"
        f"title={_property(p.code)}::{_data(_sentence(p))}"
        for p in problems
    )


def _sentence(problem: Problem) -> str:
    return secrecy.mask(problem.message + (f" ({problem.hint})" if problem.hint else ""))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(problems: Sequence[Problem], version: str) -> str:
    """Return SARIF 2.1.0, as code scanning services read it."""
    rules = sorted({p.code for p in problems})
    driver = {"name": "apm", "version": version, "rules": [{"id": code} for code in rules]}
    run = {"tool": {"driver": driver}, "results": [_sarif_result(p) for p in problems]}
    return json.dumps(
        {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}, indent=2
    )


def _sarif_result(problem: Problem) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "level": problem.severity,
        "message": {"text": _sentence(problem)},
        "locations": [_sarif_place(problem.place)],
    }
    if problem.related:
        result["relatedLocations"] = [
            _sarif_place(place) | {"message": {"text": text}} for place, text in problem.related
        ]
    return result


def _sarif_place(place: Place) -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.length}
    return {"physicalLocation": {"artifactLocation": {"uri": place.file}, "region": region}}
