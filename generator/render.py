"""project -> resources -> files: runs every artifact, adds namespace, labels and provenance, and writes YAML."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from generator import conventions
from generator.emit import dumps
from generator.model import Artifact, Project, Rendered, Resource, Source, TextFile


def render(project: Project, artifacts: Mapping[str, Artifact], namespace: str) -> Iterator[Rendered]:
    """Yield everything that the artifacts make of a project, with what all objects have in common."""
    for artifact in artifacts.values():
        for item in artifact.render(project):
            yield _complete(item, project, namespace) if isinstance(item, Resource) else item


def _complete(resource: Resource, project: Project, namespace: str) -> Resource:
    labels = {
        conventions.LABEL_MANAGED_BY: conventions.MANAGER,
        conventions.LABEL_ENVIRONMENT: project.environment_name,
        **resource.labels,
    }
    annotations = {conventions.ANNOTATION_SPEC: resource.source.file, **resource.annotations}
    place = (resource.namespace or namespace) if resource.namespaced else None
    changed: dict[str, Any] = {"labels": labels, "annotations": annotations, "namespace": place}
    return Resource(**(vars(resource) | changed))


def files(rendered: Iterable[Rendered], environment: str, folder: Callable[[str, str, str], str]) -> dict[str, bytes]:
    """Return file contents by path below rendered/: one file for each owning spec in each group.

    `folder` gives the folder of what a spec owns, by group, kind and name.
    """
    contents: dict[str, bytes] = {}
    parts: dict[str, list[tuple[tuple[str, str, str], bytes]]] = {}
    sources: dict[str, Source] = {}
    for item in rendered:
        if isinstance(item, TextFile):
            contents[f"{environment}/docs/{item.path}"] = _text_file(item).encode()
            continue
        kind, name = item.source.kind, item.source.name
        path = f"{environment}/{folder(item.group, kind, name)}/{conventions.rendered_file(kind, name)}"
        sources[path] = item.source
        parts.setdefault(path, []).append(((item.kind, item.namespace or "", item.name), dumps(item.manifest).encode()))
    for path, source in sources.items():
        head = f"# {conventions.header(source.file, source.digest)}\n".encode()
        contents[path] = head + b"".join(b"---\n" + text for _, text in sorted(parts.pop(path)))
    return {path: contents[path] for path in sorted(contents)}


def _text_file(item: TextFile) -> str:
    head = conventions.header(item.source.file, item.source.digest)
    if item.path.endswith(".md"):
        return f"<!-- {head} -->\n{item.text}"
    return f"# {head}\n{item.text}" if item.path.endswith((".yml", ".yaml")) else item.text
