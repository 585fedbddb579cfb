"""A finding about a spec, where it is, and how it is printed for people and for machines."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands: a path below the repository root, and 1-based line and column.

    `length` is the number of characters to underline, at least 1.
    """

    file: str
    line: int = 1
    column: int = 1
    length: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


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

    def as_json(self) -> dict[str, Any]:
        """Return the stable JSON form of `--format json`."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "path": self.path,
            "message": self.message,
            "hint": self.hint,
            "related": [
                {"file": p.file, "line": p.line, "column": p.column, "message": text} for p, text in self.related
            ],
        }


class Rejected(Exception):
    """The specs can't be used; carries every problem of the stage that refused them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(f"{p.place}: {p.message} [{p.code}]" for p in self.problems))


class Failure(Exception):
    """Something outside the specs stands in the way: a folder that can't be written, a tool that is missing."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


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


# --- printing -------------------------------------------------------------------------------------------------------

RED, YELLOW, BOLD, DIM, RESET = "\033[31m", "\033[33m", "\033[1m", "\033[2m", "\033[0m"


def as_text(problems: Sequence[Problem], sources: Mapping[str, str], *, color: bool) -> str:
    """Return problems for a terminal, each with its source line and a caret; `sources` are texts by file."""
    return "\n".join(_drawn(p, sources.get(p.place.file), color=color) for p in problems)


def _drawn(problem: Problem, source: str | None, *, color: bool) -> str:
    tint = (RED if problem.severity == "error" else YELLOW) if color else ""
    bold, dim, reset = (BOLD, DIM, RESET) if color else ("", "", "")
    lines = [f"{bold}{problem.place}{reset}: {tint}{problem.severity}{reset}: {problem.message} {dim}[{problem.code}]{reset}"]
    lines += _caret(problem.place, source, tint, reset)
    if problem.hint:
        lines.append(f"  help: {problem.hint}")
    lines += [f"  {place}: {text}" for place, text in problem.related]
    return "\n".join(lines) + "\n"


def _caret(place: Place, source: str | None, tint: str, reset: str) -> list[str]:
    rows = (source or "").splitlines()
    if place.line > len(rows) or not (row := rows[place.line - 1]).strip():
        return []
    start = max(0, place.column - 61)
    shown = row[start : start + 120].replace("\t", " ")
    number = str(place.line)
    width = max(1, min(place.length, len(shown) - (place.column - 1 - start)))
    pad = " " * (place.column - 1 - start)
    return [f"  {number} | {shown}", f"  {' ' * len(number)} | {pad}{tint}{'^' * width}{reset}"]


def as_json(problems: Sequence[Problem]) -> str:
    """Return `{"problems": [...]}`."""
    return json.dumps({"problems": [p.as_json() for p in problems]}, indent=2, ensure_ascii=False)


def as_github(problems: Sequence[Problem]) -> str:
    """Return GitHub workflow commands, one annotation a line."""
    return "\n".join(
        f"::{p.severity} file={_property(p.place.file)},line={p.place.line},col={p.place.column},"
        f"title={_property(p.code)}::{_data(p.message + (f' ({p.hint})' if p.hint else ''))}"
        for p in problems
    )


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
        "message": {"text": problem.message + (f" ({problem.hint})" if problem.hint else "")},
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
