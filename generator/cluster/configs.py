"""Documents that are mounted into pods, as the ConfigMaps that hold them.

A ConfigMap is named by its content and never changes: a new name causes a rollout, and a pod of the old revision that
restarts still reads what it was started with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from generator.cluster.k8s import READ_BY_GROUP, content_hash
from generator.emit import dumps
from generator.kinds.report import Report
from generator.kinds.state_store import StateStore
from generator.kinds.workflow import Workflow
from runtime.contract import WorkflowDocument

REPORT_DIR = "/etc/apm/reports"
"""Where a report finds its document."""
STORE_DIR = "/etc/apm/stores"
"""Where the index job finds the document of its state store."""


@dataclass(frozen=True)
class Config:
    """One document and the ConfigMap that it lives in."""

    name: str
    """Name of the ConfigMap."""
    key: str
    """Name of the file."""
    text: str = field(repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """The ConfigMap's own part."""
        return {"immutable": True, "data": {self.key: self.text}}


@dataclass(frozen=True)
class _ByDigest:
    digest: str
    document: WorkflowDocument = field(compare=False)


def of_workflow(workflow: Workflow) -> Config:
    """Return a workflow's document, without what is default anyway."""
    return _of_document(_ByDigest(workflow.document.digest, workflow.document))


@lru_cache(maxsize=16384)
def _of_document(key: _ByDigest) -> Config:
    """Documents are named by ConfigMap and Deployment; writing each once halves the time of a large render."""
    value = key.document.model_dump(by_alias=True, exclude_defaults=True)
    return _config("workflow", key.document.name, value)


def of_store(store: StateStore) -> Config:
    """Return what the index job reads."""
    return _config("store", store.name, store.document.model_dump(by_alias=True, exclude_defaults=True))


def of_report(report: Report) -> Config:
    """Return what the report command reads."""
    return _config("report", report.name, report.document.model_dump(by_alias=True, exclude_defaults=True))


def _config(kind: str, name: str, value: Mapping[str, Any]) -> Config:
    text = dumps(value)
    return Config(f"{kind}-{name}-{content_hash(text)}", f"{name}.yaml", text)


def volume(name: str, configs: Sequence[Config]) -> dict[str, Any]:
    """Return a volume in which each document is a file."""
    sources = [{"configMap": {"name": c.name, "items": [{"key": c.key, "path": c.key}]}} for c in configs]
    return {"name": name, "projected": {"defaultMode": READ_BY_GROUP, "sources": sources}}
