"""Objects in the form in which old and new are compared: items have names, what only says who made it is left out."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from generator.importing.drafts import Objects, Twin
from generator.importing.manifests import Manifest, items, mapping, template_of, text

_LEFT_OUT = (
    "name",
    "namespace",
    "creationTimestamp",
    "managedFields",
    "resourceVersion",
    "uid",
    "generation",
    "selfLink",
)


def plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without its name and without what a cluster adds."""
    found = {key: item for key, item in value.items() if key not in ("status", "apiVersion", "kind")}
    metadata = {key: item for key, item in mapping(value.get("metadata")).items() if key not in _LEFT_OUT}
    return {**found, "metadata": metadata} if metadata else {k: v for k, v in found.items() if k != "metadata"}


def workload(manifest: Manifest, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a workload with its first container by the name `container`, whatever it is called."""
    found = plain(value)
    template = template_of(manifest)
    if not template:
        return found
    target: Any = found
    for part in (*template, "spec"):
        target[part] = mapping(target.get(part))
        target = target[part]
    every = items(target.pop("containers", None))
    for index, container in enumerate(every):
        key = "container" if index == 0 else f"container {index + 1}"
        target[key] = {k: v for k, v in mapping(container).items() if k != "name"}
    return found


def by(things: Iterable[Any], *keys: str) -> dict[str, Any]:
    """Return items by what names them; a second one of a name gets a number."""
    found: dict[str, Any] = {}
    for item in things:
        name = "/".join(text(mapping(item).get(key)) for key in keys)
        unique = name if name not in found else f"{name} ({len(found) + 1})"
        found[unique] = item
    return found


def rendered(objects: Objects, kind: str, name: str) -> dict[str, Any] | None:
    """Return a rendered object in its plain form; None where there is none."""
    value = objects.get((kind, name))
    return plain(value) if value is not None else None


def twin(manifest: Manifest, spec: str, name: str, reasons: Mapping[str, str],
         form: Callable[[dict[str, Any]], dict[str, Any]] = dict) -> Twin:  # fmt: skip
    """Return that an object has to come out again as one of its kind with another name; `form` gives items names."""

    def new(objects: Objects) -> dict[str, Any] | None:
        found = rendered(objects, manifest.kind, name)
        return form(found) if found is not None else None

    return Twin(manifest, spec, form(plain(manifest.value)), new, reasons)
