"""Rendered trees made of objects, for tests."""

from collections.abc import Iterable, Mapping
from typing import Any

from generator import conventions
from generator.diff.compare import compare
from generator.diff.model import Diff
from generator.diff.run import RISKS
from generator.diff.sides import of_files
from generator.emit import dumps

PATH = "live/runtime/runtime.agents.yaml"


def rendered(objects: Iterable[Mapping[str, Any]], *, ours: bool = True) -> bytes:
    """Return a rendered file that holds objects, or one that apm did not write."""
    head = f"# {conventions.header('specs/runtime.yaml', '0' * 64)}\n" if ours else ""
    return (head + "".join(f"---\n{dumps(one)}" for one in objects)).encode()


def between(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]], *, ours: bool = True,
    moved: Mapping[str, Iterable[Mapping[str, Any]]] | None = None,
) -> Diff:  # fmt: skip
    """Return the diff of two sets of objects of one owner in the environment `live`.

    `moved` are objects that stand in folders of other Applications afterwards, by folder.
    """
    elsewhere = {PATH.replace("/runtime/", f"/{folder}/"): rendered(found) for folder, found in (moved or {}).items()}
    old, new = ({PATH: rendered(objects, ours=ours)} for objects in (before, after))
    return compare(of_files("old", old), of_files("new", new | elsewhere), RISKS.values())
