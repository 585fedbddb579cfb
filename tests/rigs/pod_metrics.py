"""How much CPU pods use, for the autoscaler of a cluster whose pods don't run.

In place of a metrics server, the resource metrics API is a custom resource, and the autoscaler reads what is written
there: nearly nothing for every new pod, until `use` says otherwise.
"""

import contextlib
import json
import threading
from collections.abc import Generator
from typing import Any

from tests.rigs.live import Live, Object, path

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
IDLE = "1m"
MEASURED_AT = "2100-01-01T00:00:00Z"
"""The autoscaler ignores what was measured before a pod was ready."""
_WINDOW_SECONDS = 2
_OPEN: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_DEFINITION: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
        "name": f"pods.{GROUP}",
        "annotations": {"api-approved.kubernetes.io": "unapproved, stands in for a metrics server"},
    },
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "pods", "singular": "podmetrics", "kind": "PodMetrics", "listKind": "PodMetricsList"},
        "versions": [{"name": VERSION, "served": True, "storage": True, "schema": {"openAPIV3Schema": _OPEN}}],
    },
}


@contextlib.contextmanager
def metrics_server(live: Live) -> Generator[None]:
    """Serve the API, with a measurement of every pod of the cluster."""
    where = path("apiextensions.k8s.io/v1", "CustomResourceDefinition", _DEFINITION["metadata"]["name"])
    live.apply(json.dumps(_DEFINITION), where)
    live.until(where, established)
    stop = threading.Event()
    thread = threading.Thread(target=_measure, args=(live, stop), name="pod-metrics")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def use(live: Live, namespace: str, selector: str, cpu: str) -> int:
    """Say that every pod of a selector uses so much CPU in each container; the answer is how many pods there are."""
    pods = live.get(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)["items"]
    for pod in pods:
        _write(live, pod, cpu)
    return len(pods)


def established(definition: Object) -> bool:
    """Whether the API server serves what a CustomResourceDefinition defines."""
    conditions: list[Any] = definition.get("status", {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


def _measure(live: Live, stop: threading.Event) -> None:
    since = live.get("/api/v1/pods")["metadata"]["resourceVersion"]
    while not stop.is_set():
        for event in live.changes("/api/v1/pods", since, _WINDOW_SECONDS, allowWatchBookmarks="true"):
            since = event["object"]["metadata"]["resourceVersion"]
            if event["type"] == "ADDED":
                _write(live, event["object"], IDLE)


def _write(live: Live, pod: Object, cpu: str) -> None:
    place = f"/apis/{GROUP}/{VERSION}/namespaces/{pod['metadata']['namespace']}/pods"
    live.apply(json.dumps(_measurement(pod, cpu)), f"{place}/{pod['metadata']['name']}")


def _measurement(pod: Object, cpu: str) -> Object:
    owner = {"apiVersion": "v1", "kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
    labels = pod["metadata"].get("labels", {})
    metadata = {key: pod["metadata"][key] for key in ("name", "namespace")} | {"labels": labels}
    containers: list[Any] = [
        {"name": container["name"], "usage": {"cpu": cpu, "memory": "64Mi"}} for container in pod["spec"]["containers"]
    ]
    identity = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "PodMetrics"}
    measured = {"timestamp": MEASURED_AT, "window": "30s", "containers": containers}
    return identity | {"metadata": metadata | {"ownerReferences": [owner]}} | measured
