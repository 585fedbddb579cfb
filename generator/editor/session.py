"""One repository that is open in an editor: what is on disk, what has not been saved yet, and what apm says of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from generator import conventions
from generator.compose import Broken
from generator.editor import shapes
from generator.load import load
from generator.model import Declared, Document, Loaded, Loc
from generator.parse import parse
from generator.pipeline import KINDS, build_all
from generator.problems import Place, Problem, Rejected
from generator.rules import secrecy
from runtime.contract import FileRef, Ref


@dataclass(frozen=True)
class Mention:
    """One place where a spec names another, or a file beside it."""

    document: Document
    loc: Loc
    key: bool
    marker: Ref | FileRef
    name: str

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.document.key_at(self.loc) if self.key else self.document.at(self.loc)


@dataclass(frozen=True)
class Snapshot:
    """All specs at one moment, well-formed or not."""

    loaded: Loaded

    @cached_property
    def declared(self) -> Sequence[Declared]:
        """Those that are well-formed."""
        return parse(self.loaded.documents, KINDS)[0]

    def find(self, kind: str, name: str) -> Document | None:
        """Return the first document of a kind and name."""
        return next((d for d in self.loaded.documents if d.identity == (kind, name)), None)

    def names(self, kind: str) -> list[str]:
        """Return the names of the specs of a kind."""
        return sorted({d.identity[1] for d in self.loaded.documents if d.identity[0] == kind and d.identity[1]})

    def of_file(self, file: str) -> list[Document]:
        """Return the documents of one file, in order."""
        return [document for document in self.loaded.documents if document.file == file]

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Every place where a spec names another or a file, also in specs that are not well-formed."""
        return tuple(one for document in self.loaded.documents for one in _mentions(document))

    def text(self, file: str) -> str:
        """Return the text of a file; empty where it can't be read."""
        return self.loaded.files.get(file, "")


def name_place(document: Document) -> Place:
    """Return where a spec says its name."""
    return Place(document.file) if isinstance(document.value, Broken) else document.at(("metadata", "name"))


def description(document: Document) -> str:
    """Return what a spec says about itself in a sentence; empty where it says nothing."""
    metadata = document.value.get("metadata")
    text = cast("Mapping[str, Any]", metadata).get("description") if isinstance(metadata, Mapping) else None
    return secrecy.mask(str(text or ""))


def _mentions(document: Document) -> Iterator[Mention]:
    if isinstance(document.value, Broken):
        return
    for loc, key, marker, name in _marked(document.value, shapes.root(document.value, KINDS), ()):
        yield Mention(document, loc, key, marker, name)


def _marked(value: Any, shape: Any, loc: Loc) -> Iterator[tuple[Loc, bool, Ref | FileRef, str]]:
    if isinstance(value, str):
        marker = shapes.marker(shape, Ref) or shapes.marker(shape, FileRef)
        if marker:
            yield loc, False, marker, value
    elif isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        keys = shapes.key_marker(shape)
        for name, item in fields.items():
            if keys:
                yield (*loc, name), True, keys, name
            below = shapes.below(shape, name, list(fields), KINDS)
            if below is not None:
                yield from _marked(item, below, (*loc, name))
    elif isinstance(value, list):
        items = cast("list[Any]", value)
        below = shapes.below(shape, 0, (), KINDS)
        for number, item in enumerate(items if below is not None else ()):
            yield from _marked(item, below, (*loc, number))


class Session:
    """A repository, and the texts that stand in for what is on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._buffers: Mapping[str, str] = {}
        self._snapshot: Snapshot | None = None

    def name(self, path: Path) -> str | None:
        """Return the path of a file below the root, or None where specs have nothing to do with it."""
        if not path.is_relative_to(self.root):
            return None
        parts = path.relative_to(self.root).parts
        ours = parts[:1] in ((conventions.SPECS,), (conventions.POLICIES,)) and len(parts) > 1
        return "/".join(parts) if ours and not any(part.startswith(".") for part in parts) else None

    def open(self, name: str, text: str) -> None:
        """Take a text for that of a file, until it is closed."""
        self._buffers = {**self._buffers, name: read(text)}
        self._snapshot = None

    def close(self, name: str) -> None:
        """Take what is on disk for the text of a file again."""
        self._buffers = {file: text for file, text in self._buffers.items() if file != name}
        self._snapshot = None

    def changed(self) -> None:
        """Forget what was read from disk."""
        self._snapshot = None

    def snapshot(self) -> Snapshot:
        """Return all specs as they are now."""
        if self._snapshot is None:
            self._snapshot = Snapshot(load(self.root, self._buffers))
        return self._snapshot

    def text(self, name: str) -> str:
        """Return the text of a file as it is now."""
        return self._buffers[name] if name in self._buffers else self.snapshot().text(name)

    def problems(self) -> tuple[Problem, ...]:
        """Return what `apm validate` would find if everything were saved.

        Raises:
            Failure: something outside the specs stands in the way.
        """
        try:
            return build_all(self.root, buffers=self._buffers).warnings
        except Rejected as rejected:
            return rejected.problems


def read(text: str) -> str:
    """Return a text as the loader reads it: without a byte order mark, lines ended by a line feed, valid UTF-8."""
    text = text.encode("utf-8", "replace").decode().removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def root_of(path: Path) -> Path | None:
    """Return the repository that a file of specs/ or policies/ belongs to: the outermost that has specs/."""
    for folder in reversed(path.parents):
        if folder.name in (conventions.SPECS, conventions.POLICIES) and (folder.parent / conventions.SPECS).is_dir():
            return folder.parent
    return None
