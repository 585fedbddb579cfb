"""project -> resources -> files: runs every artifact, adds namespace, labels and provenance, and writes YAML."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from generator import conventions
from generator.emit import dumps
from generator.model import Artifact, Project, Resource, Source, TextFile

Rendered = Resource | TextFile


def render(project: Project, artifacts: Mapping[str, Artifact], namespace: str) -> list[Rendered]:
    """Return everything that the artifacts make of a project, with what all objects have in common."""
    found = [item for artifact in artifacts.values() for item in artifact.render(project)]
    return [_complete(item, project, namespace) if isinstance(item, Resource) else item for item in found]


def _complete(resource: Resource, project: Project, namespace: str) -> Resource:
    labels = {
        conventions.LABEL_MANAGED_BY: conventions.MANAGER,
        conventions.LABEL_ENVIRONMENT: project.environment_name,
        **resource.labels,
    }
    annotations = {conventions.ANNOTATION_SPEC: resource.source.file, **resource.annotations}
    place = (resource.namespace or namespace) if resource.namespaced else None
    return replace(resource, labels=labels, annotations=annotations, namespace=place)


def as_object(resource: Resource) -> dict[str, Any]:
    """Return a resource as the Kubernetes object that is written."""
    metadata: dict[str, Any] = {"name": resource.name}
    if resource.namespace:
        metadata["namespace"] = resource.namespace
    if resource.labels:
        metadata["labels"] = dict(sorted(resource.labels.items()))
    if resource.annotations:
        metadata["annotations"] = dict(sorted(resource.annotations.items()))
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, **resource.body}


def files(rendered: Iterable[Rendered], environment: str) -> dict[str, bytes]:
    """Return file contents by path below rendered/: one file for each owning spec in each group."""
    texts: dict[str, str] = {}
    documents: dict[str, list[tuple[tuple[str, str, str], str]]] = {}
    heads: dict[str, Source] = {}
    for item in rendered:
        if isinstance(item, TextFile):
            texts[f"{environment}/docs/{item.path}"] = _text_file(item)
            continue
        path = f"{environment}/{item.group}/{conventions.rendered_file(item.source.kind, item.source.name)}"
        heads[path] = item.source
        documents.setdefault(path, []).append(((item.kind, item.namespace or "", item.name), dumps(as_object(item))))
    for path, parts in documents.items():
        first = conventions.header(heads[path].file, heads[path].digest)
        texts[path] = f"# {first}\n" + "".join(f"---\n{text}" for _, text in sorted(parts))
    return {path: texts[path].encode() for path in sorted(texts)}


def _text_file(item: TextFile) -> str:
    head = conventions.header(item.source.file, item.source.digest)
    if item.path.endswith(".md"):
        return f"<!-- {head} -->\n{item.text}"
    return f"# {head}\n{item.text}" if item.path.endswith((".yml", ".yaml")) else item.text
