"""A line of a spec -> everything in every environment that would be another if that line were."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from generator import conventions
from generator.diff.compare import compare, stem
from generator.diff.model import ABSENT, Change
from generator.diff.sides import of_files
from generator.model import Catalogue, Declared, Loc
from generator.problems import Failure, nearest, path_text
from generator.provenance.probe import Leaf, Probe, leaves

FIELDS = 4
"""Fields of one object that are named."""


def effects(root: Path, where: str, written: Catalogue) -> Iterator[str]:
    """Yield what `specs/...[:LINE]` causes: objects and fields by environment; without a line, of the whole file.

    Raises:
        Failure: there is no such file or line among the specs.
    """
    name, _, number = where.partition(":")
    text = number.split(":")[0]
    chosen, what = _chosen(root, name, int(text) if text.isdigit() else None, written)
    yield f"{where}: {what}"
    probe = Probe(written)
    trial = probe.trial(chosen)
    if not trial.tried:
        yield from _only_owned(chosen, written)
        return
    for environment in probe.environments:
        yield from _environment(probe, environment, trial.tried)
    for spec in written.all("Environment"):
        if not spec.spec.deployed:
            yield f"{spec.name}: nothing is rendered there"


def file_of(root: Path, where: str) -> str:
    """Return the path below the root of the file in `specs/...[:LINE]`."""
    name = where.partition(":")[0]
    path = Path(os.path.realpath(root / name))
    return path.relative_to(root.resolve()).as_posix() if path.is_relative_to(root.resolve()) else name


def _chosen(root: Path, name: str, line: int | None, written: Catalogue) -> tuple[list[Leaf], str]:
    """Return the values that stand at a line, and what they are together."""
    known = file_of(root, name)
    specs = [spec for spec in written.specs if spec.document.file == known]
    if known not in written.files:
        raise Failure(f"there is no spec {name}", nearest(name, written.files))
    if not specs:
        return [Leaf(known, (), None, None)], "a file that specs name"
    lines = len(written.files[known].splitlines())
    if line is not None and not 0 < line <= lines:
        raise Failure(f"{name} has {lines} lines", "write it as specs/<file>:<line>")
    if line is None:
        return [leaf for spec in specs for leaf in leaves(spec)], ", ".join(_title(spec) for spec in specs)
    spec = max((s for s in specs if _start(s) <= line), key=_start, default=specs[0])
    return _at(spec, line)


def _title(spec: Declared) -> str:
    return f"{spec.kind} {spec.name}"


def _start(spec: Declared) -> int:
    return min(spec.document.key_at((key,)).line for key in spec.document.value)


def _at(spec: Declared, line: int) -> tuple[list[Leaf], str]:
    """Return the values below what begins at a line; on a line inside a value, that value."""
    found = leaves(spec)
    begins = [
        loc for loc in _locs(found) if spec.document.key_at(loc).line == line or spec.document.at(loc).line == line
    ]
    tops = [loc for loc in begins if not any(loc[: len(other)] == other and loc != other for other in begins)]
    if not tops:
        before = [leaf for leaf in found if leaf.place.line <= line]
        last = max(before, key=lambda leaf: leaf.place, default=None)
        if last is None or line <= spec.document.key_at(("metadata",)).line:
            return found, f"{_title(spec)}, all of it"
        return [last], str(last)
    if ("metadata",) in tops or ("spec",) in tops:
        return found, f"{_title(spec)}, all of it"
    chosen = [leaf for leaf in found if any(leaf.loc[: len(top)] == top for top in tops)]
    return chosen, f"{', '.join(path_text(top) for top in tops)} of {_title(spec)}"


def _locs(found: Sequence[Leaf]) -> list[Loc]:
    """Return the places of values and of everything above them, from the top down."""
    return list(dict.fromkeys(leaf.loc[:depth] for leaf in found for depth in range(1, len(leaf.loc) + 1)))


def _environment(probe: Probe, environment: str, tried: Sequence[Leaf]) -> Iterator[str]:
    before = probe.rendered(environment)
    if before is None:
        yield f"{environment}: nothing can be rendered while the specs have errors"
        return
    found, failed = changes(probe, environment, before, tried)
    shown = [line for change in found for line in _change(change)]
    yield f"{environment}:" if shown else f"{environment}: nothing"
    yield from shown
    if failed:
        names = ", ".join(str(leaf) for leaf in failed[:3]) + (", ..." if len(failed) > 3 else "")
        yield f"  could not be tried, since nothing is rendered with another value: {names}"


def changes(
    probe: Probe, environment: str, before: dict[str, bytes], tried: Sequence[Leaf]
) -> tuple[list[Change], list[Leaf]]:
    """Return what differs with other values in all these places; where that can't be rendered, in halves of them."""
    after = probe.rendered(environment, probe.trial(tried))
    if after is not None:
        diff = compare(of_files("specs", before), of_files("trial", after), ())
        return list(diff.changes), []
    if len(tried) == 1:
        return [], list(tried)
    middle = len(tried) // 2
    left, right = (changes(probe, environment, before, half) for half in (tried[:middle], tried[middle:]))
    merged = {(c.object.file, c.object.kind, stem(c.object.name)): c for c in (*left[0], *right[0])}
    return list(merged.values()), [*left[1], *right[1]]


def _change(change: Change) -> Iterator[str]:
    item = change.object
    yield f"  {conventions.RENDERED}/{item.file}: {item.kind} {stem(item.name)}"
    paths = [field.path for field in change.fields if field.path != "text" and field.old is not ABSENT]
    if change.verb != "changed":
        yield f"      {change.verb} with another value"
        return
    yield from (f"      {path}" for path in paths[:FIELDS])
    if len(paths) > FIELDS:
        yield f"      and {len(paths) - FIELDS} more fields"
    if change.follows:
        yield "      names the new version of another object"


def _only_owned(chosen: Sequence[Leaf], written: Catalogue) -> Iterator[str]:
    """Say what is known of a value that takes no other: where its spec is rendered."""
    yield "no other value can be tried in its place, so its effects can't be told one by one"
    for spec in {id(leaf.spec): leaf.spec for leaf in chosen if leaf.spec}.values():
        yield f"`apm explain {spec.document.file}` lists everything that {_title(spec)} causes"
