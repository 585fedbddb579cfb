"""Workflows before and after, as Mermaid, where the drawing differs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.diff.compare import stem
from generator.diff.model import Diff, Object


@dataclass(frozen=True)
class Drawing:
    """A workflow before and after; empty where there is none."""

    workflow: str
    environments: tuple[str, ...]
    before: str
    after: str


def drawings(diff: Diff) -> list[Drawing]:
    """Return the workflows whose steps or ways changed, by name; equal ones of several environments once."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for change in diff.changes:
        name, before, after = _name(change.old, change.new), _mermaid(change.old), _mermaid(change.new)
        if name and before != after:
            found.setdefault((name, before, after), []).append(change.object.environment)
    return [Drawing(name, tuple(where), before, after) for (name, before, after), where in sorted(found.items())]


def _name(*sides: Object | None) -> str:
    return next((str(doc["name"]) for side in sides for doc in _documents(side)), "")


def _documents(item: Object | None) -> Iterator[Mapping[str, Any]]:
    if item is not None and item.kind == "ConfigMap" and stem(item.name) != item.name:
        for document in item.value.get("data", {}).values():
            if isinstance(document, dict) and document.get("format") == "apm.workflow/v1":  # pyright: ignore[reportUnknownMemberType]
                yield document


def _mermaid(item: Object | None) -> str:
    from pydantic import ValidationError

    from generator.workflows import diagrams
    from runtime.steps import parse

    for document in _documents(item):
        try:
            return diagrams.mermaid(diagrams.diagram(parse(document["steps"])))
        except (ValidationError, KeyError, IndexError):  # a document of another version of apm
            return 'flowchart TD\n  n0["this version of apm can\'t draw it"]\n'
    return ""
