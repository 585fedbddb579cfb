"""declared specs -> the project of one environment: references replaced by the things, defaults decided."""

import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar

from generator.model import Catalogue, Declared, Kind, Project, Resolving, Source, Thing, beside
from generator.references import marked, references
from runtime.contract import FileRef

T = TypeVar("T")


def resolve(catalogue: Catalogue, kinds: Mapping[str, Kind]) -> Project:
    """Return everything that was declared as things that know each other.

    The catalogue has passed all checks: references are alive and form no cycles.
    """
    project = Project(_Resolver(catalogue, kinds).all(), catalogue.environment or "")
    catalogue.forget()
    return project


def unresolvable(catalogue: Catalogue, kinds: Mapping[str, Kind]) -> list[Declared]:
    """Return the specs of a catalogue with errors that can't be resolved, and those that name them."""
    resolver = _Resolver(catalogue, kinds)
    kept = [spec for spec in catalogue.specs if resolver.can(spec)]
    while True:
        known = {(spec.kind, spec.name) for spec in kept}
        whole = [spec for spec in kept if all((r.kind, r.name) in known for r in references(spec))]
        if len(whole) == len(kept):
            return [spec for spec in catalogue.specs if (spec.kind, spec.name) not in known]
        kept = whole


class _Resolver:
    def __init__(self, catalogue: Catalogue, kinds: Mapping[str, Kind]) -> None:
        self.catalogue, self.kinds = catalogue, kinds
        self.kind_of = {kind.thing: name for name, kind in kinds.items()}
        self.done: dict[tuple[str, str], Thing] = {}
        systems = catalogue.all("System")
        self.default_owner: str = systems[0].spec.default_owner if systems else ""

    def all(self) -> list[Thing]:
        return [self.get(spec) for spec in self.catalogue.specs]

    def find(self, of: type[T], name: str) -> T:
        spec = self.catalogue.find(self.kind_of[of], name)  # pyright: ignore[reportArgumentType]
        if spec is None:
            raise KeyError(f"{of.__name__} {name}")
        return self.get(spec)  # pyright: ignore[reportReturnType]

    def every(self, of: type[T]) -> tuple[T, ...]:
        specs = self.catalogue.all(self.kind_of[of])  # pyright: ignore[reportArgumentType]
        return tuple(self.get(spec) for spec in specs)  # pyright: ignore[reportReturnType]

    def get(self, spec: Declared) -> Thing:
        key = (spec.kind, spec.name)
        if key not in self.done:
            self.done[key] = self.kinds[spec.kind].resolve(spec.spec, self.context(spec))
        return self.done[key]

    def can(self, spec: Declared) -> bool:
        try:
            self.get(spec)
        except Exception:  # noqa: BLE001  (no check has passed: a kind may meet what it never meets)
            return False
        return True

    def context(self, spec: Declared) -> Resolving:
        meta, document = spec.metadata, spec.document
        base: dict[str, Any] = {
            "source": Source(spec.kind, spec.name, document.file, digest_of(spec, self.catalogue.files)),
            "owner": meta.owner or self.default_owner,
            "labels": meta.labels,
            "description": meta.description,
        }
        return Resolving(
            base, self.find, self.every, self.catalogue.files, document.file, self.catalogue.environment or ""
        )


def digest_of(spec: Declared, files: Mapping[str, str]) -> str:
    """Return the sha256 of a spec's file and of the files that it names."""
    names = [beside(spec.document.file, name) for _, _, name in marked(spec, FileRef) if isinstance(name, str)]
    if not names:
        return spec.document.digest
    digest = hashlib.sha256(spec.document.digest.encode())
    for name in names:
        digest.update(files.get(name, "").encode())
    return digest.hexdigest()
