"""What may be written at a cursor: keys, values that can be counted, names of specs, steps, files, state fields."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast

from generator import conventions
from generator.documentation.fields import FieldDoc
from generator.editor import hover, shapes, steps
from generator.editor.cursor import MARK, Spot
from generator.editor.session import Snapshot, description
from generator.pipeline import KINDS
from runtime.contract import FileRef, Ref, Registered
from runtime.functions import registered

_SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "prompt": (".md", ".txt", ".j2"),
    "json-schema": (".json",),
    "text": (".md", ".txt", ".json", *conventions.DATA_SUFFIXES),
}
_READS = re.compile(r"\b(state|input)\.(\w*)$")


@dataclass(frozen=True)
class Candidate:
    """One thing that may be written instead of the word at the cursor."""

    label: str
    what: str
    """`key`, `value`, `name`, `file`, `step` or `field`."""
    detail: str = ""
    doc: str = ""
    insert: str = ""
    """What is written; the label where empty."""


def candidates(snapshot: Snapshot, file: str, spot: Spot) -> list[Candidate]:
    """Return what may stand where a word is being typed, in the order in which it is declared."""
    return list({one.label: one for one in _candidates(snapshot, file, spot)}.values())


def _candidates(snapshot: Snapshot, file: str, spot: Spot) -> Iterator[Candidate]:
    if found := _READS.search(spot.word):
        yield from _fields_of(spot, found[1])
        return
    if spot.key:
        holder = shapes.at(spot.value, spot.loc[:-1], KINDS)
        if shapes.is_mapping(holder) or not shapes.is_list(holder):
            yield from _keys(snapshot, spot, holder)
        # a word below `key:` may be a mapping's first key, or the scalar itself
        yield from _values(snapshot, file, spot, holder)
        return
    yield from _values(snapshot, file, spot, shapes.at(spot.value, spot.loc, KINDS))


# --- keys -----------------------------------------------------------------------------------------------------------


def _keys(snapshot: Snapshot, spot: Spot, holder: Any) -> Iterator[Candidate]:
    written = [key for key in spot.beside if MARK not in key]
    for field in shapes.fields(holder, written):
        if field.name not in written:
            yield _key(field)
    if keys := shapes.key_marker(holder):
        yield from (_name(snapshot, keys.kind, name, ":") for name in snapshot.names(keys.kind) if name not in written)
    if isinstance(holder, shapes.Overlay) and holder.kind is None:
        yield from (Candidate(kind, "key", "kind", hover.kind_doc(kind), f"{kind}:") for kind in KINDS)
    if spot.loc[-2:-1] == ("save",):
        yield from _fields_of(spot, "state", ": ")


def _key(field: FieldDoc) -> Candidate:
    need = "required" if field.required else "optional"
    return Candidate(field.name, "key", f"{field.kind}; {need}", field.doc, f"{field.name}: ")


# --- values ---------------------------------------------------------------------------------------------------------


def _values(snapshot: Snapshot, file: str, spot: Spot, shape: Any) -> Iterator[Candidate]:
    if ref := shapes.marker(shape, Ref):
        yield from (_name(snapshot, ref.kind, name) for name in snapshot.names(ref.kind))
    if holds := shapes.marker(shape, FileRef):
        yield from (Candidate(path, "file", holds.holds) for path in _files(snapshot, file, _SUFFIXES[holds.holds]))
    if shapes.marker(shape, Registered):
        yield from (Candidate(one.name, "name", one.effect, one.description) for one in registered().values())
    if spot.loc == ("kind",):
        yield from (Candidate(kind, "value", "kind", hover.kind_doc(kind)) for kind in KINDS)
    if spot.loc == ("apiVersion",):
        yield Candidate(conventions.API_VERSION, "value")
    if steps.names_step(spot):
        yield from (Candidate(name, "step", "step beside this one") for name in steps.siblings(spot))
        yield Candidate(steps.END, "step", "the end of the workflow, or of the branch")
    yield from (Candidate(value, "value") for value in shapes.choices(shape))


def _name(snapshot: Snapshot, kind: str, name: str, after: str = "") -> Candidate:
    document = snapshot.find(kind, name)
    return Candidate(name, "name", kind, description(document) if document else "", f"{name}{after}")


def _files(snapshot: Snapshot, file: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Yield the files below the folder of a spec, as the spec would name them."""
    folder = PurePosixPath(file).parent
    for name in snapshot.loaded.files:
        path = PurePosixPath(name)
        if name.endswith(suffixes) and path.is_relative_to(folder):
            yield path.relative_to(folder).as_posix()


def _fields_of(spot: Spot, root: str, after: str = "") -> Iterator[Candidate]:
    """Yield the fields of a workflow's state or input, as far as they stand in the workflow itself."""
    loc = ("spec", "state") if root == "state" else ("spec", "input", "properties")
    declared = spot.at(loc)
    for name, about in cast("Mapping[str, Any]", declared).items() if isinstance(declared, Mapping) else ():
        kind = cast("Mapping[str, Any]", about).get("type", "") if isinstance(about, Mapping) else ""
        yield Candidate(name, "field", f"{root} field, {kind}" if kind else f"{root} field", "", f"{name}{after}")
