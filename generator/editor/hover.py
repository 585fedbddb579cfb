"""What is shown where the mouse rests: the meaning of a field, or the spec that a name stands for."""

from collections.abc import Iterator

from generator.documentation.fields import FieldDoc
from generator.editor import shapes
from generator.editor.cursor import Spot
from generator.editor.session import Snapshot, description, name_place
from generator.model import beside
from generator.pipeline import KINDS
from generator.rules import secrecy
from runtime.contract import FileRef, Ref, Registered
from runtime.functions import registered

SHOWN = 14
"""Lines of a spec or file that are shown."""


def hover(snapshot: Snapshot, file: str, spot: Spot) -> str:
    """Return Markdown about a part of a document; empty where there is nothing to say."""
    return "\n\n".join(part for part in _parts(snapshot, file, spot) if part)


def _parts(snapshot: Snapshot, file: str, spot: Spot) -> Iterator[str]:
    outer = shapes.at(spot.value, spot.loc[:-1], KINDS) if spot.loc else None
    if spot.key:
        keys = shapes.key_marker(outer)
        yield _spec(snapshot, keys.kind, spot.word) if keys else _field(outer, spot)
        return
    shape = shapes.at(spot.value, spot.loc, KINDS)
    if ref := shapes.marker(shape, Ref):
        yield _spec(snapshot, ref.kind, spot.word)
    elif shapes.marker(shape, FileRef):
        yield _file(snapshot, beside(file, spot.word))
    elif shapes.marker(shape, Registered) and spot.word in registered():
        found = registered()[spot.word]
        yield f"**{found.name}** ({found.effect})\n\n{found.description}"
    elif spot.loc == ("kind",) and spot.word in KINDS:
        yield f"**{spot.word}**\n\n{kind_doc(spot.word)}"
    else:
        yield _field(outer, spot)


def kind_doc(kind: str) -> str:
    """Return what a kind is, in a few sentences."""
    import inspect

    return (inspect.getdoc(inspect.getmodule(KINDS[kind].resolve)) or "").strip()


def _field(outer: object, spot: Spot) -> str:
    name = spot.loc[-1] if spot.loc else ""
    found = next((field for field in shapes.fields(outer, spot.beside) if field.name == name), None)
    return described(found) if found else ""


def described(field: FieldDoc) -> str:
    """Return name, type, default and meaning of a field."""
    need = "required" if field.required else f"default `{_shown(field.default)}`" if field.default else "optional"
    return f"**{field.name}** ({field.kind}; {need})\n\n{field.doc}"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spec(snapshot: Snapshot, kind: str, name: str) -> str:
    document = snapshot.find(kind, name)
    if document is None:
        return f"There is no {kind} `{name}`."
    place = name_place(document)
    head = f"**{kind} {name}** ({place.file}:{place.line})"
    excerpt = _excerpt(snapshot.text(place.file), place.line - 1, "yaml")
    return "\n\n".join(part for part in (head, description(document), excerpt) if part)


def _file(snapshot: Snapshot, path: str) -> str:
    text = snapshot.text(path)
    return f"**{path}**\n\n{_excerpt(text, 0, '')}" if text else ""


def _excerpt(text: str, start: int, language: str) -> str:
    lines = text.split("\n")[start:]
    end = next((n for n, line in enumerate(lines) if n and line.startswith("---")), len(lines))
    shown = lines[: min(end, SHOWN)] + (["..."] if min(end, len(lines)) > SHOWN else [])
    return f"````{language}\n" + secrecy.mask("\n".join(shown)).rstrip() + "\n````"
