"""Changes as people read them: by owner, with what is the same in several environments said once."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from generator.diff.compare import stem
from generator.diff.model import ABSENT, Change, Diff, Field, Mark, Owner
from generator.emit import dumps
from generator.problems import plural
from generator.rules import secrecy

SIGNS = {"added": "+", "deleted": "-", "changed": "~"}


@dataclass(frozen=True)
class Row:
    """One object with the environments in which the same happens to it."""

    change: Change
    environments: tuple[str, ...]

    @property
    def title(self) -> str:
        """Kind and name, without the digest of its content."""
        item = self.change.object
        return f"{item.kind} {stem(item.name)}"


def by_owner(diff: Diff) -> list[tuple[Owner, list[Row]]]:
    """Return all changes by owner, in order."""
    owners: dict[Owner, dict[str, Row]] = {}
    for change in diff.changes:
        rows = owners.setdefault(change.object.owner, {})
        key = _key(change)
        before = rows[key].environments if key in rows else ()
        rows[key] = Row(rows[key].change if key in rows else change, (*before, change.object.environment))
    return [(owner, list(rows.values())) for owner, rows in sorted(owners.items())]


def _key(change: Change) -> str:
    item = change.object
    fields = [(f.path, repr(f.old), repr(f.new)) for f in change.fields]
    marks = [(m.risk, m.message) for m in change.marks]
    return json.dumps([item.kind, stem(item.name), change.verb, change.follows, fields, marks])


def counts(diff: Diff) -> str:
    """Return `2 objects changed, 1 added in production, staging`."""
    verbs = [change.verb for change in diff.changes]
    parts = [f"{verbs.count(verb)} {verb}" for verb in ("changed", "added", "deleted") if verb in verbs]
    environments = sorted({change.object.environment for change in diff.changes})
    return f"{', '.join(parts)} in {', '.join(environments)}" if parts else "nothing changes"


def marks(rows: Sequence[Row]) -> Iterator[tuple[Row, Mark]]:
    """Yield the marks of rows."""
    return ((row, mark) for row in rows for mark in row.change.marks)


def follows(change: Change) -> str:
    """Return what a change says that only follows from others; empty for nothing."""
    if not change.follows:
        return ""
    what = plural(change.follows, "object")
    restart = "; its pods restart" if change.object.kind in ("Deployment", "StatefulSet", "DaemonSet") else ""
    return f"names the new version of {what}{restart}"


def lines(field: Field) -> list[str]:
    """Return a field as lines that start with `-`, `+` or a space; what looks like a credential is hidden."""
    old, new = _text(field.old), _text(field.new)
    if len(old) > 1 and len(new) > 1:
        hunks = list(difflib.unified_diff(old, new, n=1, lineterm=""))[2:]
        found = [line if line[0] in "-+" else "  ..." if line[0] == "@" else " " + line for line in hunks]
        found = [f"{line[0]} {line[1:]}" if line[0] in "-+" else line for line in found]
    else:
        found = [*(f"- {line}" for line in old), *(f"+ {line}" for line in new)]
    return [secrecy.mask(line) for line in found]


def _text(value: Any) -> list[str]:
    if value is ABSENT:
        return []
    if isinstance(value, str):
        return value.splitlines() if "\n" in value else [value or '""']
    if isinstance(value, Mapping):
        return dumps(cast("Mapping[str, Any]", value)).splitlines()
    if isinstance(value, list) and any(isinstance(item, Mapping | list) for item in cast("list[Any]", value)):
        return dumps({"-": value}).splitlines()[1:]
    return [json.dumps(value, ensure_ascii=False)]
