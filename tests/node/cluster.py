"""What a cluster has besides the system that is delivered into it: names, a store, a Prometheus, secrets."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from tests.node.images import Images
from tests.rigs.live import Live, Object, path_of
from tests.rigs.node_inside import DNS

NAMESPACE = "valeo-neuroerp-staging"
API_KEY = "a-key-of-this-test"
STORE = "mongodb://apm-mongo-svc.mongodb.svc.cluster.local:27017/?directConnection=true"
SECRETS = {"mongodb-credentials/uri": STORE, "apm-api-keys/keys": f"ada admin {API_KEY}\n"}
"""Values that are used; every other secret that a pod names is there too, with a value that nothing needs."""
COREFILE = ".:53 {\n errors\n ready\n kubernetes cluster.local\n}\n"
READ_ALL = [{"apiGroups": ["", "discovery.k8s.io"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]


def names(images: Images) -> list[Object]:
    """Return CoreDNS as clusters have it."""
    pod = _pod(images["coredns"], ["-conf", "/etc/coredns/Corefile"], "/etc/coredns", "coredns", account="coredns")
    pod["containers"][0]["securityContext"] = {"runAsUser": 0}  # port 53
    labels = {"k8s-app": "kube-dns"}
    return [
        _object("v1", "ConfigMap", "coredns", "kube-system", data={"Corefile": COREFILE}),
        *_reader("coredns", "kube-system"),
        _deployment("coredns", "kube-system", labels, pod),
        _service("kube-dns", "kube-system", labels, {"dns": 53}, clusterIP=DNS),
    ]


def store(images: Images) -> list[Object]:
    """Return the store that stands in for MongoDB, where the specs say that MongoDB is."""
    arguments = ["--host=0.0.0.0", "--port=27017", "--data-dir=/tmp/data", "--log-file=/tmp/log", "--pid-file=/tmp/pid"]
    labels = {"app": "apm-mongo-svc"}
    return [
        _object("v1", "Namespace", "mongodb"),
        _deployment("mongodb", "mongodb", labels, _pod(images["store"], arguments)),
        _service("apm-mongo-svc", "mongodb", labels, {"mongodb": 27017}),
    ]


def prometheus(images: Images, manifests: Iterable[Object]) -> list[Object]:
    """Return a Prometheus with what an operator would make of the rendered ServiceMonitors and PrometheusRules."""
    found = {
        kind: [m for m in manifests if m["kind"] == kind] for kind in ("ServiceMonitor", "PrometheusRule", "Service")
    }
    rules = found["PrometheusRule"]
    files = {f"rules-{rule['metadata']['name']}.yml": json.dumps({"groups": rule["spec"]["groups"]}) for rule in rules}
    files["prometheus.yml"] = json.dumps(_settings(found["ServiceMonitor"], found["Service"]))
    arguments = ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/tmp/data"]
    pod = _pod(images["prometheus"], arguments, "/etc/prometheus", "prometheus")
    labels = {"app.kubernetes.io/name": "prometheus"}
    return [
        _object("v1", "Namespace", "monitoring"),
        _object("v1", "ConfigMap", "prometheus", "monitoring", data=files),
        _deployment("prometheus", "monitoring", labels, pod),
        _service("prometheus", "monitoring", labels, {"http": 9090}),
    ]


def secrets(manifests: Iterable[Object]) -> list[Object]:
    """Return every Secret that these objects' pods name."""
    wanted: dict[str, dict[str, str]] = {}
    for name, key in _named(list(manifests)):
        wanted.setdefault(name, {})[key] = SECRETS.get(f"{name}/{key}", "not-used-in-this-test")
    pull = {"stringData": {".dockerconfigjson": '{"auths": {}}'}, "type": "kubernetes.io/dockerconfigjson"}
    found = [_object("v1", "Secret", name, NAMESPACE, stringData=keys) for name, keys in wanted.items()]
    return [*found, _object("v1", "Secret", "registry-pull", NAMESPACE, **pull)]


def visitor(name: str, namespace: str, labels: Mapping[str, str], image: str) -> Object:
    """Return a pod with a Python in it that does nothing until it is told to."""
    pod = _pod(image, ["-c", "import time; time.sleep(100000)"])
    pod["containers"][0]["command"] = ["/opt/apm/bin/python"]
    return _object("v1", "Pod", name, namespace, labels=dict(labels), spec=pod)


def apply(live: Live, objects: Iterable[Object]) -> None:
    """Apply objects in their order."""
    for item in objects:
        live.apply(json.dumps(item), path_of(item))


def _named(value: Any) -> Iterable[tuple[str, str]]:
    """Yield name and key of the Secrets that are named anywhere inside."""
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _named(item)
    elif isinstance(value, dict):
        found = cast("Object", value)
        if "secretKeyRef" in found:
            yield found["secretKeyRef"]["name"], found["secretKeyRef"]["key"]
        if "secretName" in found and "items" in found:
            yield from ((found["secretName"], item["key"]) for item in found["items"])
        for item in found.values():
            yield from _named(item)


def _settings(monitors: list[Object], services: list[Object]) -> Object:
    """Return the settings of a Prometheus that scrapes what these ServiceMonitors choose.

    Services are written down with the labels under which Prometheus would discover them.
    """
    jobs = [
        _job(monitor, endpoint, [_target(service) for service in services])
        for monitor in monitors
        for endpoint in monitor["spec"]["endpoints"]
    ]
    return {"rule_files": ["/etc/prometheus/rules-*.yml"], "scrape_configs": jobs}


def _target(service: Object) -> Object:
    labels = {
        f"__meta_kubernetes_service_label_{_label(k)}": v for k, v in service["metadata"].get("labels", {}).items()
    }
    (port,) = service["spec"]["ports"]
    address = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.cluster.local:{port['port']}"
    return {"targets": [address], "labels": labels | {"__meta_kubernetes_endpoint_port_name": port["name"]}}


def _job(monitor: Object, endpoint: Object, targets: list[Object]) -> Object:
    spec = monitor["spec"]
    chosen = [
        _keep(f"__meta_kubernetes_service_label_{_label(k)}", v) for k, v in spec["selector"]["matchLabels"].items()
    ]
    rules = [{_snake(key): value for key, value in rule.items()} for rule in endpoint.get("relabelings", ())]
    job = {"source_labels": [f"__meta_kubernetes_service_label_{_label(spec['jobLabel'])}"], "target_label": "job"}
    return {
        "job_name": monitor["metadata"]["name"],
        "metrics_path": endpoint["path"],
        "scrape_interval": "5s",  # as often as a test has patience; everything else is as rendered
        "scrape_timeout": "5s",
        "static_configs": targets,
        "relabel_configs": [*chosen, _keep("__meta_kubernetes_endpoint_port_name", endpoint["port"]), job, *rules],
    }


def _keep(label: str, value: str) -> Object:
    return {"action": "keep", "source_labels": [label], "regex": value}


def _label(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def _object(version: str, kind: str, name: str, namespace: str = "", labels: Any = None, **more: Any) -> Object:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels or {}, **place}, **more}


def _pod(
    image: str, arguments: list[str], mount: str = "", files: str = "", account: str = "default"
) -> dict[str, Any]:
    mounts = [{"name": "tmp", "mountPath": "/tmp"}] + ([{"name": "files", "mountPath": mount}] if mount else [])
    volumes: list[Object] = [{"name": "tmp", "emptyDir": {}}]
    volumes += [{"name": "files", "configMap": {"name": files}}] if files else []
    container = {"name": "main", "image": image, "args": arguments, "volumeMounts": mounts}
    return {"serviceAccountName": account, "containers": [container], "volumes": volumes}


def _deployment(name: str, namespace: str, labels: Mapping[str, str], pod: Object) -> Object:
    template = {"metadata": {"labels": labels}, "spec": pod}
    return _object("apps/v1", "Deployment", name, namespace,
                   spec={"replicas": 1, "selector": {"matchLabels": labels}, "template": template})  # fmt: skip


def _service(name: str, namespace: str, labels: Mapping[str, str], ports: Mapping[str, int], **more: Any) -> Object:
    both = [
        {"name": f"{port}-{protocol.lower()}", "port": number, "protocol": protocol}
        for port, number in ports.items()
        for protocol in ("TCP", "UDP")
    ]
    return _object("v1", "Service", name, namespace, spec={"selector": labels, "ports": both, **more})


def _reader(name: str, namespace: str) -> list[Object]:
    """Return an account that may read what names and targets are made of."""
    group = "rbac.authorization.k8s.io"
    subject = [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]
    return [
        _object("v1", "ServiceAccount", name, namespace),
        _object(f"{group}/v1", "ClusterRole", name, rules=READ_ALL),
        _object(
            f"{group}/v1",
            "ClusterRoleBinding",
            name,
            subjects=subject,
            roleRef={"apiGroup": group, "kind": "ClusterRole", "name": name},
        ),
    ]
