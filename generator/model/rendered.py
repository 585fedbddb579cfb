"""What is rendered from them: objects of Kubernetes, and texts for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from generator.model.resolved import Source

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
