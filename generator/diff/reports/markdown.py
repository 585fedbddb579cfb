"""A diff as Markdown for a pull request: risks on top, the rest folded, and never longer than a comment may be.

GitHub refuses a comment above 65 536 characters, GitLab one above 1 000 000. What does not fit is cut from the
longest parts first, and each cut says so and how to see the rest.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from generator.diff.drawings import Drawing, drawings
from generator.diff.model import Diff, Owner
from generator.diff.rows import SIGNS, Row, by_owner, counts, follows, lines, marks

GITHUB, GITLAB = 65_536, 1_000_000
"""Characters that a comment may have."""
MARKER = "<!-- apm diff -->"
"""First line of a comment, by which the last one is found and replaced."""
_RISKS_SHOWN = 50


@dataclass(frozen=True)
class Part:
    """One folded part: a line that always shows, and what unfolds."""

    summary: str
    body: str

    def __str__(self) -> str:
        return f"<details><summary>{self.summary}</summary>\n\n{self.body}\n</details>\n"


def markdown(diff: Diff, ref: str, limit: int = GITHUB) -> str:
    """Return the diff in at most `limit` bytes of UTF-8, which are never fewer than its characters."""
    owners = by_owner(diff)
    head = "\n".join(_head(diff, [row for _, rows in owners for row in rows], ref)) + "\n\n"
    parts = [*map(_drawn, drawings(diff)), *(_owner(owner, rows) for owner, rows in owners)]
    return _fit(head, parts, ref, limit)


def _fit(head: str, parts: Sequence[Part], ref: str, limit: int) -> str:
    shown = list(parts)
    left = 0
    while _size(text := _joined(head, shown, left, ref)) > limit:
        longest = max(range(len(shown)), key=lambda n: len(shown[n].body), default=-1)
        if longest >= 0 and len(shown[longest].body) > 400:
            shown[longest] = replace(shown[longest], body=_cut(shown[longest].body, ref))
        elif shown:
            few = max(1, len(shown) // 4)
            shown, left = shown[:-few], left + few
        else:
            return _clip(text, limit)
    return text


def _size(text: str) -> int:
    return len(text.encode())


def _joined(head: str, parts: Sequence[Part], left: int, ref: str) -> str:
    rest = f"\n{left} more owners changed; run `apm diff {ref}` to see all.\n" if left else ""
    return head + "\n".join(map(str, parts)) + rest


def _cut(body: str, ref: str) -> str:
    """Return the note that stands for a body that does not fit."""
    count = body.count("\n")
    return f"{count} lines do not fit into this comment; run `apm diff {ref}` to see them.\n"


def _clip(text: str, limit: int) -> str:
    return text.encode()[:limit].decode("utf-8", "ignore")


def _head(diff: Diff, rows: Sequence[Row], ref: str) -> Iterator[str]:
    yield MARKER
    yield f"### apm diff: {counts(diff)}\n"
    yield f"Compared with {_cell(diff.base)}."
    found = list(marks(rows))
    if not found:
        yield "\nNo risk is marked." if diff.changes else ""
        return
    yield "\n| risk | what | where |\n|---|---|---|"
    for row, mark in found[:_RISKS_SHOWN]:
        yield f"| **{mark.risk}** | {_cell(mark.message)} | {_cell(row.title)} ({', '.join(row.environments)}) |"
    if len(found) > _RISKS_SHOWN:
        yield f"\n{len(found) - _RISKS_SHOWN} more risks are marked; run `apm diff {ref}` to see all."


def _drawn(drawing: Drawing) -> Part:
    sides = [("before", drawing.before), ("after", drawing.after)]
    body = "\n".join(f"{word}\n\n```mermaid\n{code}```\n" for word, code in sides if code)
    return Part(f"workflow <b>{_cell(drawing.workflow)}</b> drawn ({', '.join(drawing.environments)})", body)


def _owner(owner: Owner, rows: Sequence[Row]) -> Part:
    risks = sorted({mark.risk for _, mark in marks(rows)})
    named = f"<b>{_cell(owner.kind)} {_cell(owner.name)}</b>" if owner.kind else "<b>documents</b>"
    count = f"{len(rows)} object{'' if len(rows) == 1 else 's'}"
    summary = f"{named} in <code>{_cell(owner.file)}</code>: {count}" + (f" ({', '.join(risks)})" if risks else "")
    return Part(summary, "\n".join(line for row in rows for line in _row(row)))


def _row(row: Row) -> Iterator[str]:
    change = row.change
    yield f"**{SIGNS[change.verb]} {_cell(row.title)}** ({', '.join(row.environments)})\n"
    yield from (f"- **{mark.risk}**: {_cell(mark.message)}" for mark in change.marks)
    if follows(change):
        yield f"- {follows(change)}"
    yield ""
    if change.fields:
        yield from _fenced([line for field in change.fields for line in (*_path(field.path), *lines(field))])


def _path(path: str) -> list[str]:
    return [f"@@ {path} @@"] if path != "text" else []


def _fenced(found: Sequence[str]) -> Iterator[str]:
    """Yield lines in a block whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for line in found for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}diff", *found, fence, "")


def _cell(text: str) -> str:
    """Return a text that is only a text in Markdown and in a table, and that calls nobody."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;").replace("\n", " ")
    safe = re.sub(r"([\\`*_\[\]#~])", r"\\\1", safe)
    return safe.replace("@", "@\u200b")
