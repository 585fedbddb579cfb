"""A ServiceMonitor for each runtime: how Prometheus finds its pods and what it may take from them."""

from collections.abc import Iterator

from generator.cluster.k8s import HTTP, Object, here
from generator.conventions import LABEL_COMPONENT, LABEL_NAME
from generator.kinds.runtime import Runtime
from generator.model import Artifact, Project, Resource
from generator.monitoring.common import selected

_SAMPLES = 50_000
"""Samples of one scrape; more would mean a label without bounds. A runtime with 20 workflows of 15 steps each has about
12 000."""
_META = "__meta_kubernetes_service_label_"


def render(project: Project) -> Iterator[Resource]:
    """Yield the monitors."""
    for runtime in project.all(Runtime):
        body = {"spec": _spec(runtime, here(project).namespace)}
        yield Resource("monitoring.coreos.com/v1", "ServiceMonitor", runtime.name, "monitoring", runtime.source, body,
                       labels=selected(project, runtime))  # fmt: skip


def _spec(runtime: Runtime, namespace: str) -> Object:
    """`job` is the runtime's name and `component` the role: what the alert templates match."""
    component = _META + LABEL_COMPONENT.translate(str.maketrans("./-", "___"))
    return {
        "jobLabel": LABEL_NAME,
        "namespaceSelector": {"matchNames": [namespace]},
        "selector": {"matchLabels": {LABEL_NAME: runtime.name}},
        "sampleLimit": _SAMPLES,
        "endpoints": [
            {
                "port": HTTP,
                "path": "/metrics",
                "scheme": "http",
                "interval": "30s",
                "scrapeTimeout": "10s",
                "honorLabels": False,
                "relabelings": [{"action": "replace", "sourceLabels": [component], "targetLabel": "component"}],
            }
        ],
    }


ARTIFACT = Artifact("service_monitor", render)
