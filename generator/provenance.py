"""A rendered line -> the spec that it comes from."""

import re
from collections.abc import Iterator
from pathlib import Path

from generator import conventions
from generator.problems import Failure

_HEADER = re.compile(re.escape(conventions.HEADER_MARK) + r"(\S+) \(([0-9a-f]+)\)")


def origin(root: Path, where: str) -> Iterator[str]:
    """Yield what is known of `rendered/...[:LINE]`: the object there and the spec that causes it.

    Raises:
        Failure: there is no such file, or apm did not write it.
    """
    name, _, line = where.partition(":")
    path = root / name
    if not path.is_file():
        raise Failure(f"there is no file {name}", "write it as rendered/<environment>/<group>/<file>:<line>")
    lines = path.read_text(encoding="utf-8").splitlines()
    header = _HEADER.search(lines[0]) if lines else None
    if header is None:
        raise Failure(f"{name} was not rendered by apm", "it has no header line; nothing here changes or deletes it")
    if line.isdigit() and 0 < int(line) <= len(lines):
        yield f"{where}: {lines[int(line) - 1].strip()}"
        yield from _object(lines[: int(line)], lines[int(line) - 1 :])
    yield f"rendered from {header[1]} (digest {header[2]})"
    yield "edits here are overwritten: change the spec and run `apm render`"


def _object(before: list[str], after: list[str]) -> Iterator[str]:
    start = max((n for n, text in enumerate(before) if text == "---"), default=0)
    block = [*before[start:], *after[1:]]
    kind = next((t[6:] for t in block if t.startswith("kind: ")), None)
    name = next((t[8:] for t in block if t.startswith("  name: ")), None)
    if kind and name:
        yield f"part of {kind} {name}"
