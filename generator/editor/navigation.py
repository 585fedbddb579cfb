"""From a name to what it stands for, and back to everything that names it; and what a file is made of."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import yaml
from lsprotocol import types as lsp

from generator.compose import readable
from generator.editor import shapes, steps
from generator.editor.cursor import Spot, plain
from generator.editor.session import Snapshot, name_place
from generator.editor.texts import Text
from generator.model import Document, beside
from generator.pipeline import KINDS
from generator.problems import Place
from runtime.contract import FileRef, Ref

Identity = tuple[str, str]
"""Kind and name."""


def definition(snapshot: Snapshot, file: str, document: Document | None, spot: Spot) -> Place | None:
    """Return where the thing stands that a part of a document names."""
    if named := identity(spot):
        found = snapshot.find(*named)
        return name_place(found) if found else None
    if not spot.key and shapes.marker(shapes.at(spot.value, spot.loc, KINDS), FileRef):
        path = beside(file, spot.word)
        return Place(path) if path in snapshot.loaded.files else None
    if steps.names_step(spot) and document:
        loc = steps.siblings(spot).get(spot.word)
        return document.at(loc) if loc else None
    return None


def identity(spot: Spot) -> Identity | None:
    """Return kind and name of the spec that a part of a document names; also where a spec says its own name."""
    if spot.loc == ("metadata", "name") and not spot.key:
        return str(spot.at(("kind",)) or ""), spot.word
    if spot.key:
        keys = shapes.key_marker(shapes.at(spot.value, spot.loc[:-1], KINDS))
        return (keys.kind, spot.word) if keys else None
    ref = shapes.marker(shapes.at(spot.value, spot.loc, KINDS), Ref)
    return (ref.kind, spot.word) if ref else None


def references(snapshot: Snapshot, named: Identity, *, own: bool) -> Iterator[Place]:
    """Yield every place that names a spec; with `own` also where it says its name itself."""
    found = snapshot.find(*named)
    if own and found:
        yield name_place(found)
    for mention in snapshot.mentions:
        if isinstance(mention.marker, Ref) and (mention.marker.kind, mention.name) == named:
            yield mention.place


# --- what a file is made of -------------------------------------------------------------------------------------------


def symbols(text: Text) -> list[lsp.DocumentSymbol]:
    """Return the specs of a file with their fields, and the steps of workflows by name."""
    return [_spec(root, text) for root in readable(text.text) if isinstance(root, yaml.MappingNode)]


def _spec(root: Any, text: Text) -> lsp.DocumentSymbol:
    value = cast("Mapping[str, Any]", plain(root))
    metadata = value.get("metadata")
    name = cast("Mapping[str, Any]", metadata).get("name") if isinstance(metadata, Mapping) else None
    parts = {str(key.value): node for key, node in root.value}
    children = _children(parts.get("spec"), text)
    title = f"{value.get('kind') or 'spec'} {name or ''}".strip()
    return _symbol(title, "", lsp.SymbolKind.Class, (root, root), parts.get("metadata", root), text, children)


def _children(node: Any, text: Text) -> list[lsp.DocumentSymbol]:
    if isinstance(node, yaml.MappingNode):
        return [_field(key, value, text) for key, value in cast("list[tuple[Any, Any]]", node.value)]
    if isinstance(node, yaml.SequenceNode):
        return [found for item in cast("list[Any]", node.value) if (found := _named(item, text))]
    return []


def _field(key: Any, value: Any, text: Text) -> lsp.DocumentSymbol:
    shown = str(value.value)[:60] if isinstance(value, yaml.ScalarNode) else ""
    kind = lsp.SymbolKind.Field if shown else lsp.SymbolKind.Namespace
    return _symbol(str(key.value), shown.split("\n")[0], kind, (key, value), key, text, _children(value, text))


def _named(item: Any, text: Text) -> lsp.DocumentSymbol | None:
    """Return the symbol of a list's item that has a name of its own, such as a step."""
    if not isinstance(item, yaml.MappingNode):
        return None
    parts = {str(key.value): node for key, node in cast("list[tuple[Any, Any]]", item.value)}
    name = next((parts[key] for key in ("id", "name") if isinstance(parts.get(key), yaml.ScalarNode)), None)
    if name is None or not name.value:
        return None
    inner = [one for key in ("parallel", "forEach") for one in _children(parts.get(key), text)]
    return _symbol(str(name.value), "", lsp.SymbolKind.Function, (item, item), name, text, inner)


def _symbol(name: str, detail: str, kind: lsp.SymbolKind, nodes: tuple[Any, Any], at: Any, text: Text,
            children: Iterable[lsp.DocumentSymbol]) -> lsp.DocumentSymbol:  # fmt: skip
    """Return a symbol from the first of two nodes to the end of the second; `at` is the part that is its name."""
    start, end = nodes[0].start_mark.index, max(nodes[0].end_mark.index, nodes[1].end_mark.index)
    inside = text.range(at.start_mark.index, min(at.end_mark.index, end))
    return lsp.DocumentSymbol(name or "-", kind, text.range(start, end), inside, detail=detail, children=list(children))
