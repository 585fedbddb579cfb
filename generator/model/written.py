"""What people have written: documents, the specs that they hold, and all specs of a repository."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, TypeVar, cast

from generator.problems import Fix, Place, Problem, Severity, path_text
from runtime.contract import Name, Ref, Strict

T = TypeVar("T")

Loc = tuple[str | int, ...]
"""Where a part stands in a document: ("spec", "tools", 1)."""


@dataclass(frozen=True)
class Document:
    """One YAML document: its plain value, and where each part of it stands."""

    file: str
    """Path below the repository root, with '/'."""
    value: Mapping[str, Any]
    digest: str
    """sha256 of the document's file and of the files that stand beside it and are named in it."""
    at: Callable[[Loc], Place] = field(repr=False, compare=False)
    """Place of the value at a path, or of the nearest part above it that exists."""
    key_at: Callable[[Loc], Place] = field(repr=False, compare=False)
    """Place of the key at a path."""
    written: Callable[[Loc, bool], str] = field(default=lambda _, __: "", repr=False, compare=False)
    """Text of the scalar at a path, or of its key, with its quotes; empty where it is no scalar of one line."""

    @property
    def identity(self) -> tuple[str, str]:
        """Kind and name as written, well-formed or not; empty where there is none."""
        metadata = self.value.get("metadata")
        name = cast("Mapping[str, Any]", metadata).get("name", "") if isinstance(metadata, Mapping) else ""
        return str(self.value.get("kind", "")), str(name)

    def problem(self, loc: Loc, code: str, message: str, hint: str = "", *, severity: Severity = "error",
                related: Iterable[tuple[Place, str]] = (), key: bool = False,
                fix: Fix | None = None) -> Problem:  # fmt: skip
        """Return a problem with the value (or the key) at a path of this document."""
        place = self.key_at(loc) if key else self.at(loc)
        return Problem(place, code, message, hint, path_text(loc), severity, tuple(related), fix)

    def rename(self, loc: Loc, old: str, new: str | None, *, key: bool = False) -> Fix | None:
        """Return the repair that writes another name at a path, in the quotes of the old one; None without `new`."""
        text = self.written(loc, key)
        quote = text[:1] if text[:1] in ("'", '"') else ""
        if new is None or text != f"{quote}{old}{quote}":
            return None
        return Fix(self.key_at(loc) if key else self.at(loc), text, f"{quote}{new}{quote}")

    def replace(self, loc: Loc, new: str) -> Fix | None:
        """Return the repair that writes something else for the scalar at a path."""
        text = self.written(loc, False)
        return Fix(self.at(loc), text, new) if text else None

    def quote(self, loc: Loc) -> Fix | None:
        """Return the repair that quotes the plain scalar at a path."""
        text = self.written(loc, False)
        return Fix(self.at(loc), text, f'"{text}"') if text and not set(text) & set("'\"\\") else None


@dataclass(frozen=True)
class Loaded:
    """All that stands in specs/ and policies/."""

    documents: tuple[Document, ...]
    files: Mapping[str, str]
    """Texts of the files that are no specs (prompts, schemas), by path below the repository root."""
    problems: tuple[Problem, ...]


def beside(spec_file: str, relative: str) -> str:
    """Return the path below the repository root of a file that a spec names relative to its own folder."""
    parts = spec_file.split("/")[:-1]
    for part in relative.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


class Metadata(Strict):
    """What every spec says about itself."""

    name: Name
    """Unique among the specs of its kind."""
    owner: Annotated[str | None, Ref("Team")] = None
    """Team that answers for it; default: the System's default owner."""
    labels: dict[str, str] = {}
    """Free labels, copied to what is rendered from it."""
    description: str = ""
    """One sentence for people."""


@dataclass(frozen=True)
class Declared:
    """A spec that parsed, with the document that it came from."""

    kind: str
    metadata: Metadata
    spec: Any
    document: Document = field(repr=False)
    memo: dict[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)
    """What was found out about this spec already: several checks ask for the same."""

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """Return what `compute` returns, computed at the first time only."""
        if key not in self.memo:
            self.memo[key] = compute()
        return self.memo[key]

    @property
    def name(self) -> str:
        """Name of the spec."""
        return self.metadata.name

    def problem(self, loc: Loc, code: str, message: str, hint: str = "", **more: Any) -> Problem:
        """Return a problem with the part of this spec at a path."""
        return self.document.problem(loc, code, message, hint, **more)


@dataclass(frozen=True)
class Reference:
    """One place where a spec names another."""

    source: Declared
    loc: Loc
    kind: str
    name: str


@dataclass(frozen=True)
class Catalogue:
    """All declared specs of one repository (for one environment where there are overlays), with an index."""

    specs: tuple[Declared, ...]
    files: Mapping[str, str]
    environment: str | None = None
    unparsed: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """Files of specs that are there but not well-formed, by kind (empty where it is none) and name."""
    memo: dict[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)
    """What was found out about all specs already: several checks ask for the same, some once for each spec."""

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """Return what `compute` returns, computed at the first time only."""
        if key not in self.memo:
            self.memo[key] = compute()
        return self.memo[key]

    def forget(self) -> None:
        """Drop what was found out about each spec: it takes more memory than the specs."""
        for spec in self.specs:
            spec.memo.clear()

    @cached_property
    def _index(self) -> Mapping[str, Mapping[str, Declared]]:
        index: dict[str, dict[str, Declared]] = {}
        for spec in self.specs:
            index.setdefault(spec.kind, {}).setdefault(spec.name, spec)
        return index

    def all(self, kind: str) -> tuple[Declared, ...]:
        """Return the specs of a kind, by name."""
        specs = self._index.get(kind, {})
        return self.once(f"all {kind}", lambda: tuple(specs[name] for name in sorted(specs)))

    def find(self, kind: str, name: str) -> Declared | None:
        """Return a spec by kind and name."""
        return self._index.get(kind, {}).get(name)

    def knows(self, kind: str, name: str) -> bool:
        """Return whether there is such a spec, well-formed or not."""
        return name in self._index.get(kind, {}) or self.is_broken(kind, name)

    def is_broken(self, kind: str, name: str) -> bool:
        """Return whether what is named may be a spec that is not well-formed: whoever names it is not at fault."""
        return (kind, name) in self.unparsed or ("", name) in self.unparsed

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind's specs, of those that are not well-formed too."""
        return sorted({*self._index.get(kind, {}), *(name for k, name in self.unparsed if k == kind)})
