"""One object as it was found, with the place of each part; and ways to look into values of which nothing is known."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from generator.model import Loc
from generator.problems import Place, Problem, Severity, path_text

RULE_FILE, DASHBOARD, ALERTMANAGER, PROMETHEUS = "RuleFile", "GrafanaDashboard", "AlertmanagerFile", "PrometheusFile"
"""Kinds of what has no `kind` of its own, told by its keys."""


@dataclass(frozen=True)
class Manifest:
    """One object."""

    kind: str
    api_version: str
    name: str
    namespace: str
    value: Mapping[str, Any] = field(repr=False)
    file: str
    place: Callable[[Loc], Place] = field(repr=False, compare=False)
    """Place of the value at a path."""
    comments: Callable[[Loc], tuple[str, ...]] = field(repr=False, compare=False)
    """Comments that belong to the value at a path."""
    holder: "Manifest | None" = field(default=None, repr=False)
    """ConfigMap or Secret that holds it as a text."""
    key: str = ""
    """Key under which it stands there."""

    @property
    def title(self) -> str:
        """Kind and name, as people say it."""
        return f"{self.kind} {self.name}" if self.name else self.kind

    def get(self, *path: str | int) -> Any:
        """Return what stands at a path; None where nothing does."""
        return dig(self.value, *path)

    def problem(self, loc: Loc, code: str, message: str, hint: str = "", severity: Severity = "warning") -> Problem:
        """Return a finding at a part of the object."""
        return Problem(self.place(loc), code, f"{self.title}: {message}", hint, path_text(loc), severity)

    @cached_property
    def leaves(self) -> dict[str, Any]:
        """Return every value that is no container, by its path as text."""
        return dict(leaves(self.value))


def dig(value: Any, *path: str | int) -> Any:
    """Return what stands at a path of any value; None where nothing does."""
    for part in path:
        if isinstance(value, Mapping) and isinstance(part, str):
            value = cast("Mapping[str, Any]", value).get(part)
        elif (
            isinstance(value, list)
            and isinstance(part, int)
            and -len(cast("list[Any]", value)) <= part < len(cast("list[Any]", value))
        ):
            value = cast("list[Any]", value)[part]
        else:
            return None
    return value


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping, or an empty one for whatever else stands there."""
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """Return a list, or an empty one for whatever else stands there."""
    return list(cast("Sequence[Any]", value)) if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return a scalar as text, or nothing for whatever else stands there."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def whole(value: Any) -> int | None:
    """Return a whole number, also one that is written as a text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else None


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value that is no container (an empty one counts), with its path."""
    if isinstance(value, Mapping) and value:
        for key, item in cast("Mapping[str, Any]", value).items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(cast("list[Any]", value)):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


# --- pods -----------------------------------------------------------------------------------------------------------

TEMPLATES: Mapping[str, Loc] = {
    "Pod": (),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), ("spec", "template")),
}
WORKLOADS = tuple(TEMPLATES)


def template_of(manifest: Manifest) -> Loc | None:
    """Return where the template of an object's pods stands; None where it has no pods."""
    return TEMPLATES.get(manifest.kind)


def pod_spec(manifest: Manifest) -> tuple[Loc, dict[str, Any]]:
    """Return where the `spec` of an object's pods stands, and what it says; nothing where it has no pods."""
    template = template_of(manifest)
    if template is None:
        return (), {}
    loc = (*template, "spec")
    return loc, mapping(manifest.get(*loc))


def pod_labels(manifest: Manifest) -> dict[str, str]:
    """Return the labels of an object's pods."""
    template = template_of(manifest)
    found = manifest.get(*template, "metadata", "labels") if template is not None else None
    return {key: text(value) for key, value in mapping(found).items()}


def containers(manifest: Manifest, *, init: bool = True) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """Yield the containers of an object's pods, each with where it stands."""
    loc, spec = pod_spec(manifest)
    for field_ in ("initContainers", "containers") if init else ("containers",):
        for index, item in enumerate(items(spec.get(field_))):
            if isinstance(item, Mapping):
                yield (*loc, field_, index), mapping(item)


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether the `matchLabels` of a selector take these labels; an empty one takes everything."""
    return all(labels.get(key) == text(value) for key, value in selector.items())


# --- all of them ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """Everything that was read."""

    manifests: tuple[Manifest, ...]
    problems: tuple[Problem, ...]
    """What could not be read, or is read differently by different readers."""
    files: tuple[str, ...]
    unread: tuple[Problem, ...] = ()
    """What is no manifest of any kind that is known."""
    cluster: str = ""
    """Address of the cluster that was read instead of files."""
    beside: tuple[Manifest, ...] = ()
    """Objects that are there and that others look after: never lifted, and not judged."""
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many are left out, by reason."""
    unseen: frozenset[str] = frozenset()
    """Kinds that could not be read: that one is missing can't be said."""

    def of(self, *kinds: str) -> Iterator[Manifest]:
        """Yield the objects of some kinds."""
        if len(kinds) == 1:
            return iter(self._kinds.get(kinds[0], ()))
        return (m for m in self.manifests if m.kind in kinds)

    def known(self, *kinds: str) -> Iterator[Manifest]:
        """Yield the objects of some kinds, those of others too."""
        return (m for m in (*self.manifests, *self.beside) if m.kind in kinds)

    def held(self, holder: Manifest) -> Sequence[Manifest]:
        """Return what a ConfigMap or a Secret holds as texts."""
        return self._held.get(id(holder), ())

    @cached_property
    def _kinds(self) -> dict[str, list[Manifest]]:
        found: dict[str, list[Manifest]] = {}
        for manifest in self.manifests:
            found.setdefault(manifest.kind, []).append(manifest)
        return found

    @cached_property
    def _names(self) -> dict[tuple[str, str], list[Manifest]]:
        found: dict[tuple[str, str], list[Manifest]] = {}
        for manifest in (*self.manifests, *self.beside):
            found.setdefault((manifest.kind, manifest.name), []).append(manifest)
        return found

    @cached_property
    def _held(self) -> dict[int, list[Manifest]]:
        found: dict[int, list[Manifest]] = {}
        for manifest in self.manifests:
            if manifest.holder is not None:
                found.setdefault(id(manifest.holder), []).append(manifest)
        return found

    def named(self, kind: str, name: str, namespace: str) -> Manifest | None:
        """Return an object by name; one that says no namespace is in any."""
        return next((m for m in self._names.get((kind, name), ()) if m.namespace in (namespace, "")), None)
