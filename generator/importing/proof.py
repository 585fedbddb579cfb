"""Renders what was imported and compares it with what it came from, field by field."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from generator.diff.fields import differences
from generator.diff.model import ABSENT
from generator.importing.drafts import Drafts, Objects, Twin, named
from generator.importing.manifests import Manifest, dig, items, leaves, mapping, text
from generator.load import load
from generator.model import Catalogue, Loc, Resource
from generator.overlay import views
from generator.parse import parse
from generator.pipeline import KINDS, build_all, resources
from generator.problems import Place, Problem, Rejected
from generator.resolve import resolve

Verdict = Literal["differs", "not-expressed"]


@dataclass(frozen=True)
class Row:
    """One field that did not come out as it was."""

    path: str
    verdict: Verdict
    place: Place
    old: Any
    new: Any
    why: str


@dataclass(frozen=True)
class Proven:
    """What became of one object."""

    manifest: Manifest
    spec: str
    """Spec that expresses it."""
    total: int
    """Values that it has."""
    rows: tuple[Row, ...]
    added: int
    """Values that are rendered and were not there."""

    def count(self, verdict: Verdict) -> int:
        """Return how many values have a verdict."""
        return sum(_size(row.old) for row in self.rows if row.verdict == verdict)

    @property
    def same(self) -> int:
        """Values that came out as they were."""
        return self.total - self.count("differs") - self.count("not-expressed")


@dataclass(frozen=True)
class Proof:
    """What came out."""

    proven: tuple[Proven, ...]
    problems: tuple[Problem, ...]
    """What apm says about the specs that came out."""
    renders: bool
    """Whether they are valid, so that `apm render` writes them."""


def prove(drafts: Drafts, scratch: Path) -> Proof:
    """Render the specs that stand in a scratch folder."""
    objects = _rendered(scratch, drafts.environment)
    problems, renders = _said(scratch)
    return Proof(tuple(_proven(twin, objects) for twin in drafts.twins), problems, renders)


def _rendered(root: Path, environment: str) -> Objects:
    """Render without asking whether the specs meet every rule: people are told of those, and the proof needs none."""
    loaded = load(root)
    declared, _ = parse(loaded.documents, KINDS)
    seen, _ = views(Catalogue(tuple(declared), loaded.files), KINDS)
    view = next((v for v in seen if v.environment == environment), None)
    if view is None:
        return {}
    project = resolve(view, KINDS)
    found = (item for item in resources(project) if isinstance(item, Resource))
    return {(item.kind, item.name): item.manifest for item in found}


def _said(root: Path) -> tuple[tuple[Problem, ...], bool]:
    try:
        return build_all(root).warnings, True
    except Rejected as rejected:
        return rejected.problems, False


def _proven(twin: Twin, objects: Objects) -> Proven:
    new = twin.new(objects)
    old = twin.old
    if new is None:
        why = "nothing is rendered for it yet: see what is to be decided"
        lost = tuple(_row(twin, key, value, ABSENT, why) for key, value in old.items())
        return Proven(twin.manifest, twin.spec, _size(old), lost, 0)
    found = list(differences(old, new))
    rows = tuple(_row(twin, f.path, f.old, f.new) for f in found if f.old is not ABSENT)
    return Proven(twin.manifest, twin.spec, _size(old), rows, sum(_size(f.new) for f in found if f.old is ABSENT))


def _row(twin: Twin, path: str, old: Any, new: Any, why: str = "") -> Row:
    verdict: Verdict = "not-expressed" if new is ABSENT else "differs"
    reasons = sorted((p for p in twin.reasons if path == p or path.startswith((f"{p}.", f"{p}["))), key=len)
    reason = why or (twin.reasons[reasons[-1]] if reasons else _default(verdict))
    return Row(path, verdict, twin.manifest.place(located(twin.manifest, path)), old, new, reason)


def _default(verdict: Verdict) -> str:
    return "no field says this" if verdict == "not-expressed" else "apm renders it in its own way"


def _size(value: Any) -> int:
    return sum(1 for _ in leaves(value))


# --- places -----------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r'\["([^"]*)"\]|\[([^\]]*)\]|([^.\[\]]+)')
_NAMES = ("name", "alert", "title", "record", "key", "mountPath", "path")
_INSIDE = (
    "spec",
    "groups",
    "rules",
    "panels",
    "rows",
    "containers",
    "receivers",
    "route",
    "routes",
    "targets",
    "annotations",
    "fieldConfig",
    "defaults",
    "gridPos",
)


def located(manifest: Manifest, path: str) -> Loc:
    """Return where a field of the compared form stands in the object: there, or as near as can be told."""
    loc: Loc = ()
    for token in _tokens(path):
        step = _step(manifest.get(*loc), token)
        if not step:
            break
        loc = (*loc, *step)
    return loc


def _tokens(path: str) -> Iterator[str]:
    return (next(part for part in match.groups() if part is not None) for match in _TOKEN.finditer(path))


def _step(value: Any, token: str, depth: int = 0) -> Loc:
    if isinstance(value, Mapping):
        if token in value:
            return (token,)
        if (number := re.fullmatch(r"container(?: (\d+))?", token)) and "containers" in value:
            return ("containers", int(number[1] or 1) - 1)
        found = (
            (key, *step)
            for key in _INSIDE
            if key in value and depth < 3
            if (step := _step(dig(value, key), token, depth + 1))
        )
        return next(found, ())
    for index, item in enumerate(items(value)):
        names = {text(mapping(item).get(key)) for key in _NAMES}
        if token in names or (token and named(token) in {named(name) for name in names if name}):
            return (index,)
    if token.isdigit() and int(token) < len(items(value)):
        return (int(token),)
    found = (
        (index, *step)
        for index, item in enumerate(items(value))
        if depth < 3
        if (step := _step(item, token, depth + 1))
    )
    return next(found, ())
