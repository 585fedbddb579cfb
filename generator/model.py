"""The values that pass between the stages, and what a kind, a check and an artifact is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, Protocol, TypeVar, cast

from generator.problems import Fix, Place, Problem, Severity, path_text
from runtime.contract import Name, Ref, Strict

T = TypeVar("T")

Loc = tuple[str | int, ...]
"""Where a part stands in a document: ("spec", "tools", 1)."""


# --- load -----------------------------------------------------------------------------------------------------------


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


# --- parse ----------------------------------------------------------------------------------------------------------


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


# --- resolve --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """The spec that something comes from."""

    kind: str
    name: str
    file: str
    digest: str


@dataclass(frozen=True)
class Thing:
    """What every resolved spec knows."""

    source: Source
    owner: str
    """Name of the team that answers for it."""
    labels: Mapping[str, str]
    description: str

    @property
    def name(self) -> str:
        """Name of the spec."""
        return self.source.name


class Find(Protocol):
    """Gives resolved things while others are being resolved."""

    def __call__(self, of: type[T], name: str) -> T: ...


class All(Protocol):
    """Gives all resolved things of a type."""

    def __call__(self, of: type[T]) -> tuple[T, ...]: ...


@dataclass(frozen=True)
class Resolving:
    """What a kind's `resolve` gets besides its spec."""

    base: Mapping[str, Any]
    """`source`, `owner`, `labels` and `description`: the fields of `Thing`, to be passed on."""
    find: Find
    all: All
    files: Mapping[str, str]
    file: str
    environment: str

    def text(self, relative: str) -> str:
        """Return the text of a file beside the spec."""
        return self.files[beside(self.file, relative)]


def beside(spec_file: str, relative: str) -> str:
    """Return the path below the repository root of a file that a spec names relative to its own folder."""
    parts = spec_file.split("/")[:-1]
    for part in relative.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


class Project:
    """Everything that was declared, resolved for one environment."""

    def __init__(self, things: Iterable[Thing], environment: str) -> None:
        self._things: dict[type[Thing], dict[str, Thing]] = {}
        self.environment_name = environment
        for thing in sorted(things, key=lambda thing: thing.name):
            self._things.setdefault(type(thing), {})[thing.name] = thing

    def all(self, of: type[T]) -> tuple[T, ...]:
        """Return the things of a type, by name."""
        return tuple(cast("Mapping[str, T]", self._things.get(cast("type[Thing]", of), {})).values())

    def get(self, of: type[T], name: str) -> T:
        """Return a thing by type and name; KeyError where there is none."""
        return cast("T", self._things[cast("type[Thing]", of)][name])

    def one(self, of: type[T]) -> T:
        """Return the only thing of a type (System)."""
        (thing,) = self.all(of)
        return thing

    def __iter__(self) -> Iterator[Thing]:
        return (thing for kind in self._things.values() for thing in kind.values())


# --- render ---------------------------------------------------------------------------------------------------------

Group = Literal["namespace", "policy", "state", "runtime", "monitoring", "backup", "argocd", "docs"]
"""What Argo CD syncs as one Application; `docs` is applied by nothing."""


@dataclass(frozen=True)
class Resource:
    """One Kubernetes object. `render` adds namespace, standard labels and provenance."""

    api_version: str
    kind: str
    name: str
    group: Group
    source: Source
    body: Mapping[str, Any]
    """All but apiVersion, kind and metadata: `{"spec": {...}}`."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    namespaced: bool = True
    namespace: str | None = None
    """Namespace other than the environment's own."""
    finalizers: tuple[str, ...] = ()
    """Who is asked before the object goes."""

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The Kubernetes object that is written."""
        metadata: dict[str, Any] = {"name": self.name}
        if self.namespace:
            metadata["namespace"] = self.namespace
        if self.labels:
            metadata["labels"] = dict(sorted(self.labels.items()))
        if self.annotations:
            metadata["annotations"] = dict(sorted(self.annotations.items()))
        if self.finalizers:
            metadata["finalizers"] = list(self.finalizers)
        return {"apiVersion": self.api_version, "kind": self.kind, "metadata": metadata, **self.body}


@dataclass(frozen=True)
class TextFile:
    """A rendered file that is no Kubernetes object, below `rendered/<environment>/docs/`."""

    path: str
    text: str
    source: Source


Rendered = Resource | TextFile


# --- what can be added ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A kind of spec: what people may write, and what it resolves to."""

    name: str
    spec: type[Strict]
    thing: type[Thing]
    resolve: Callable[[Any, Resolving], Thing]


@dataclass(frozen=True)
class Check:
    """A rule between specs.

    `run` gets the catalogue of one environment, or with `each_environment=False` the specs as written, once.
    """

    name: str
    run: Callable[[Catalogue], Iterable[Problem]]
    each_environment: bool = False


@dataclass(frozen=True)
class Artifact:
    """Something that is rendered from a project."""

    name: str
    render: Callable[[Project], Iterable[Resource | TextFile]]
