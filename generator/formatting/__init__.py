"""A spec file in its one form: keys in the order of their models, indented by two, comments where they stand.

Nothing is written anew: lines are moved and indented, so quotes, block scalars, flow style and comments stay as they
were written. Every result is compared with what it came from, line by line and value by value; where anything differs
the file is left alone.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from generator.compose import documents
from generator.formatting.layout import laid_out, sorted_flow
from generator.model import Kind
from generator.problems import Place, Problem


@dataclass(frozen=True)
class Formatted:
    """What became of one text; with problems it is the text as it was."""

    text: str
    problems: tuple[Problem, ...] = ()


def formatted(file: str, text: str, kinds: Mapping[str, Kind]) -> Formatted:
    """Return a text in its one form. `text` has no byte order mark, and `\\n` at the end of lines."""
    problems: list[Problem] = []
    before = documents(file, text, problems)
    if problems:
        return Formatted(text, tuple(problems))
    flowed = sorted_flow(text, kinds)
    found = laid_out(flowed, kinds)
    after = documents(file, found, problems)
    if problems or not _same([d.value for d in before], [d.value for d in after]) or not _same_lines(flowed, found):
        hint = "the file is left as it is; please report it"
        message = f"{file} can't be formatted without changing what it says"
        return Formatted(text, (Problem(Place(file), "format-unsafe", message, hint),))
    return Formatted(found)


def _same(before: Any, after: Any) -> bool:
    """Return whether values are equal, types too: `1` is no `true`."""
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = cast("dict[str, Any]", before), cast("dict[str, Any]", after)
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(before, list) and isinstance(after, list):
        items, others = cast("list[Any]", before), cast("list[Any]", after)
        return len(items) == len(others) and all(_same(*pair) for pair in zip(items, others, strict=True))
    return before == after and isinstance(before, bool) == isinstance(after, bool)


def _same_lines(before: str, after: str) -> bool:
    """Return whether every line, comments above all, is still there, wherever it stands now."""
    return _lines(before) == _lines(after)


def _lines(text: str) -> Counter[str]:
    return Counter(found for line in text.splitlines() if (found := line.strip().lstrip("- ")))
