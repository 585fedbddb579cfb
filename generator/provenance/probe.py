"""What depends on what, found by trying: values of specs are changed in memory, and what is rendered then is compared.

No table says which spec value ends up in which rendered line, and none could: artifacts are programs. But they are pure
and fast, so the question can be put to them. Nothing is written and no check runs; a trial that can't be rendered says
nothing about its values one by one, and is split.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from generator.cluster import sharding
from generator.kinds.environment import Environment
from generator.model import Catalogue, Declared, Loc, beside
from generator.overlay import overlay
from generator.parse import parse_one
from generator.pipeline import ARTIFACTS, KINDS
from generator.problems import Place, Problem, path_text
from generator.references import marked, references
from generator.render import files, render
from generator.resolve import resolve
from runtime.contract import FileRef

_FIXED = (("apiVersion",), ("kind",), ("metadata", "name"))
"""What makes a spec that spec; another value would be another spec."""
_NO_VALUE = "-not-a-value-"


@dataclass(frozen=True)
class Leaf:
    """One value that is written in a spec, or (without `loc`) the text of a file beside specs."""

    file: str
    loc: Loc
    spec: Declared | None
    value: Any

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.spec.document.at(self.loc) if self.spec else Place(self.file)

    def __str__(self) -> str:
        if self.spec is None:
            return self.file
        return f"{path_text(self.loc)} of {self.spec.kind} {self.spec.name}"


def leaves(spec: Declared) -> list[Leaf]:
    """Return the values of a spec, in their order; what makes it that spec is left out."""
    found = _walk(cast("Any", spec.document.value), ())
    return [Leaf(spec.document.file, loc, spec, value) for loc, value in found if loc not in _FIXED]


def _walk(value: Any, loc: Loc) -> Iterator[tuple[Loc, Any]]:
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[str, Any]", value).items():
            yield from _walk(item, (*loc, key))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _walk(item, (*loc, index))
    elif value is not None:
        yield loc, value


class Probe:
    """Renders what the specs would come to if some of their values were others."""

    def __init__(self, written: Catalogue) -> None:
        self.written = written
        self._references: dict[int, tuple[Declared, Mapping[Loc, str]]] = {}
        self._views: dict[int, Catalogue] = {}

    @cached_property
    def environments(self) -> list[str]:
        """Environments in which anything is rendered, by name."""
        return [spec.name for spec in self.written.all("Environment") if spec.spec.deployed]

    def rendered(self, environment: str, trial: "Trial | None" = None,
                 artifacts: Collection[str] = ARTIFACTS.keys()) -> dict[str, bytes] | None:  # fmt: skip
        """Return what artifacts make of an environment, by path; None where the trial can't be rendered."""
        written = trial.catalogue if trial else self.written
        try:
            spec = written.find("Environment", environment)
            assert spec
            view, problems = overlay(written, spec, KINDS)
            if problems:
                return None
            project = resolve(view, KINDS)
            namespace = project.get(Environment, environment).namespace
            chosen = {name: artifact for name, artifact in ARTIFACTS.items() if name in artifacts}
            return files(render(project, chosen, namespace), environment, sharding.of(project).folder)
        except Exception:  # noqa: BLE001  (no check ran: an artifact may meet what it never meets)
            return None

    def trial(self, chosen: Iterable[Leaf]) -> "Trial":
        """Return the specs with other values in these places, as far as the kinds allow others."""
        texts = dict(self.written.files)
        tried: list[Leaf] = []
        by_spec: dict[int, list[Leaf]] = {}
        for leaf in chosen:
            name = named_file(leaf)
            if name in texts:
                texts[name] = _other_text(name, texts[name])
                tried.append(leaf)
            elif leaf.spec:
                by_spec.setdefault(id(leaf.spec), []).append(leaf)
        specs: list[Declared] = []
        for spec in self.written.specs:
            changed, done = self._others(spec, by_spec.get(id(spec), []))
            specs.append(changed)
            tried += done
        return Trial(Catalogue(tuple(specs), texts, None, self.written.unparsed), tuple(tried))

    def _others(self, spec: Declared, group: Sequence[Leaf]) -> tuple[Declared, list[Leaf]]:
        """Return a spec with other values in as many of these places as its kind allows, and those places.

        Most values take the first that comes to mind, so all are changed together, and halves of them where that fails.
        """
        if not group:
            return spec, []
        if len(group) == 1:
            changed = self._other(spec, group[0])
            return (changed, list(group)) if changed else (spec, [])
        first = [(leaf, value) for leaf in group if (value := next(self._values(spec, leaf), None)) is not None]
        if changed := self._put(spec, first)[0]:
            return changed, [leaf for leaf, _ in first]
        middle = len(group) // 2
        half, tried = self._others(spec, group[:middle])
        whole, more = self._others(half, group[middle:])
        return whole, tried + more

    def _other(self, spec: Declared, leaf: Leaf) -> Declared | None:
        """Return a spec with another value in one place; None where its kind takes no other."""
        return next(
            (changed for value in self._values(spec, leaf) if (changed := self._put(spec, [(leaf, value)])[0])), None
        )

    def _put(self, spec: Declared, values: Iterable[tuple[Leaf, Any]]) -> tuple[Declared | None, list[Problem]]:
        """Return a spec with these values in their places, or the problems that it has then; overlays are applied."""
        problems: list[Problem] = []
        document = spec.document
        overlaid = False
        for leaf, value in values:
            document = replace(document, value=_put(document.value, leaf.loc, value))
            overlaid = overlaid or _is_overlay(leaf)
        changed = parse_one(document, KINDS, problems)
        if changed and overlaid:
            problems += overlay(self.written, changed, KINDS)[1]
        return (None if problems else changed), problems

    def _values(self, spec: Declared, leaf: Leaf) -> Iterator[Any]:
        kind = self._names(spec, leaf)
        if kind:
            yield from (name for name in self.written.names(kind) if name != leaf.value)
            return
        match leaf.value:
            case bool():
                yield not leaf.value
            case int() | float():
                yield from (leaf.value + 1, leaf.value - 1, leaf.value * 2, leaf.value / 2)
            case str():
                yield from _similar(leaf.value)
                hints = [p.hint for p in self._put(spec, [(leaf, _NO_VALUE)])[1] if p.hint.startswith("allowed: ")]
                yield from (w for hint in hints for w in hint.removeprefix("allowed: ").split(", ") if w != leaf.value)
            case _:
                return

    def _names(self, spec: Declared, leaf: Leaf) -> str | None:
        """Return the kind of spec that a value names, if it names one."""
        if not _is_overlay(leaf):
            return self._named(leaf.spec or spec).get(leaf.loc)
        patched = self._overlaid(leaf.spec or spec).find(str(leaf.loc[2]), str(leaf.loc[3]))
        return self._named(patched).get(("spec", *leaf.loc[4:])) if patched else None

    def _named(self, spec: Declared) -> Mapping[Loc, str]:
        """Return the kinds of specs that a spec names, by place."""
        if id(spec) not in self._references:
            self._references[id(spec)] = spec, {reference.loc: reference.kind for reference in references(spec)}
        return self._references[id(spec)][1]

    def _overlaid(self, environment: Declared) -> Catalogue:
        if id(environment) not in self._views:
            self._views[id(environment)] = overlay(self.written, environment, KINDS)[0]
        return self._views[id(environment)]


def _is_overlay(leaf: Leaf) -> bool:
    return leaf.loc[:2] == ("spec", "overlay") and len(leaf.loc) > 4


@dataclass(frozen=True)
class Trial:
    """Specs with some other values."""

    catalogue: Catalogue
    tried: tuple[Leaf, ...]
    """Places that really have another value."""


def named_file(leaf: Leaf) -> str:
    """Return the file that a value names, or that has no spec; empty where it is a value in a spec."""
    if leaf.spec is None:
        return leaf.file
    if isinstance(leaf.value, str) and any(loc == leaf.loc for loc, _, _ in marked(leaf.spec, FileRef)):
        return beside(leaf.file, leaf.value)
    return ""


def _put(tree: Any, loc: Sequence[str | int], value: Any) -> Any:
    if not loc:
        return value
    if isinstance(tree, Mapping):
        found = cast("Mapping[str | int, Any]", tree)
        return {**found, loc[0]: _put(found[loc[0]], loc[1:], value)}
    return [_put(item, loc[1:], value) if index == loc[0] else item for index, item in enumerate(tree)]


def _similar(text: str) -> Iterator[str]:
    """Yield texts of the same form, the likeliest to be valid first."""
    for position in reversed(range(len(text))):
        if text[position].isdigit():
            yield text[:position] + str((int(text[position]) + 1) % 10) + text[position + 1 :]
            break
    yield f"{text}x"
    if text and text[-1].isalpha():
        yield text[:-1] + ("b" if text[-1] != "b" else "c")
    if text and text[0].isalpha():
        yield ("b" if text[0] != "b" else "c") + text[1:]


def _other_text(name: str, text: str) -> str:
    """Return a text in which every line is another one; a JSON document has other values instead."""
    if name.endswith(".json"):
        try:
            return json.dumps(_other_json(json.loads(text)))
        except ValueError:
            pass
    return "\n".join(f"{line} x" if line.strip() else line for line in text.split("\n"))


def _other_json(value: Any) -> Any:
    match value:
        case dict():
            return {key: _other_json(item) for key, item in cast("dict[str, Any]", value).items()}
        case list():
            return [_other_json(item) for item in cast("list[Any]", value)]
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}x"
        case _:
            return value
