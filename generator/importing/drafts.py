"""Specs in the making: what importers put together, where each value came from, and what they had to assume."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generator.importing.manifests import Found, Manifest
from generator.model import Document, Loc
from generator.problems import Place

Objects = Mapping[tuple[str, str], Mapping[str, Any]]
"""Rendered objects by kind and name."""


@dataclass(frozen=True)
class Assumption:
    """A value that no file says and a spec has to say."""

    spec: str
    """Kind and name of the spec."""
    path: str
    value: Any
    why: str


@dataclass(frozen=True)
class Twin:
    """What has to come out again: the object as it was, and how the same is found among what is rendered.

    Both sides are brought into one form first, in which items have names instead of positions.
    """

    manifest: Manifest
    spec: str
    """Kind and name of the spec that expresses it."""
    old: Mapping[str, Any]
    new: Callable[[Objects], Mapping[str, Any] | None]
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why a field is not expressed or differs, by the start of its path."""

    @property
    def specs(self) -> list[str]:
        """Kind and name of each of the specs that `spec` names."""
        return self.spec.split(", ")


@dataclass(frozen=True)
class Passed:
    """An object that no spec expresses, and why."""

    manifest: Manifest
    why: str


@dataclass
class Draft:
    """One spec."""

    kind: str
    name: str
    spec: dict[str, Any] = field(default_factory=dict[str, Any])
    description: str = ""
    comments: dict[Loc, list[str]] = field(default_factory=dict[Loc, list[str]])
    """Comments by path below the document."""
    places: list[Place] = field(default_factory=list[Place])
    """What it was made from."""

    @property
    def title(self) -> str:
        """Kind and name."""
        return f"{self.kind} {self.name}"

    def put(self, loc: Loc, value: Any, source: Manifest | None = None, at: Loc = ()) -> None:
        """Write a value at a path below `spec`, with the comments of where it came from."""
        target: Any = self.spec
        for part in loc[:-1]:
            target = target.setdefault(part, {})
        target[loc[-1]] = value
        if source is not None:
            self.note(loc, source.comments(at))

    def note(self, loc: Loc, comments: Iterable[str]) -> None:
        """Keep comments at a path below `spec`."""
        kept = self.comments.setdefault(("spec", *loc), [])
        kept += [comment for comment in dict.fromkeys(comments) if comment not in kept]


class Drafts:
    """All specs in the making."""

    def __init__(self, found: Found, environment: str, namespace: str, agents: Sequence[Manifest], owner: str,
                 there: Mapping[tuple[str, str], Document]) -> None:  # fmt: skip
        self.there = there
        """Specs that the repository has already, by kind and name."""
        self.found, self.environment, self.namespace, self.owner = found, environment, namespace, owner
        self.agents = agents
        """Deployments in which agents run."""
        self.drafts: dict[tuple[str, str], Draft] = {}
        self.assumed: list[Assumption] = []
        self.twins: list[Twin] = []
        self.passed: list[Passed] = []
        self.files: dict[str, str] = {}
        """Texts beside specs, by path below specs/."""

    def spec(self, kind: str, name: str, source: Manifest | None = None) -> Draft:
        """Return the spec of a kind and name, made where there is none yet."""
        draft = self.drafts.setdefault((kind, name), Draft(kind, name))
        if source is not None:
            draft.places.append(source.place(()))
        return draft

    def all(self, kind: str) -> list[Draft]:
        """Return the specs of a kind."""
        return [draft for (one, _), draft in self.drafts.items() if one == kind]

    def assume(self, draft: Draft, loc: Loc, value: Any, why: str) -> None:
        """Write a value that nothing says, and tell people so."""
        from generator.problems import path_text

        draft.put(loc, value)
        draft.note(loc, [f"# to decide: {why}"])
        self.assumed.append(Assumption(draft.title, path_text(("spec", *loc)), value, why))

    def forget(self, title: str, path: str = "spec") -> None:
        """Take back what was assumed for a spec, at a path and below."""
        self.assumed = [
            a
            for a in self.assumed
            if a.spec != title or not (a.path == path or a.path.startswith((f"{path}.", f"{path}[")))
        ]

    def explain(self, draft: Draft, path: str, why: str) -> None:
        """Say why a field does not come out of a spec as it was."""
        for index, twin in enumerate(self.twins):
            if draft.title in twin.specs:
                self.twins[index] = replace(twin, reasons={**twin.reasons, path: why})

    def drop(self, draft: Draft, why: str) -> None:
        """Take a spec back. What it came from is expressed by no spec then, unless others still do."""
        del self.drafts[draft.kind, draft.name]
        self.forget(draft.title)
        self.explain(draft, draft.name, why)
        titles = {one.title for one in self.drafts.values()}
        gone = [twin for twin in self.twins if not titles & {*twin.specs}]
        self.twins = [twin for twin in self.twins if titles & {*twin.specs}]
        for twin in gone:
            self.leave(twin.manifest, f"apm refuses it: {why}")

    def leave(self, manifest: Manifest, why: str) -> None:
        """Say that no spec expresses an object."""
        self.passed.append(Passed(manifest, why))


@dataclass(frozen=True)
class Importer:
    """Lifts the objects of some kinds into specs. `name` says what it lifts; those with a lower `order` come first."""

    name: str
    kinds: tuple[str, ...]
    lift: Callable[[Manifest, Drafts], None]
    order: int = 50


def named(text: str, fallback: str = "imported") -> str:
    """Return a text as a name of a spec: lower case letters, digits and dashes."""
    found = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    found = re.sub("[^a-z0-9]+", "-", found.lower()).strip("-")[:50].strip("-")
    return found if re.match("[a-z]", found) else f"{fallback}-{found}".strip("-")
