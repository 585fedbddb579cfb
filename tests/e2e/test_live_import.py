"""`apm import --live` against a real API server: what comes in, what is left to others, and no secret."""

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_kind import KindCluster

from generator.importing import cluster as objects
from generator.importing import reading
from generator.importing.run import Imported, Wanted, imported
from generator.live.cluster import connect
from tests.cli.conftest import Result, call
from tests.rigs.api_server import ApiServer

NAMESPACE = "stall"
SECRET = "hunter2-of-the-stall"
Kubectl = Callable[..., str]

AGENTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: agents, namespace: stall, labels: {app: agents}}
spec:
  replicas: 2
  selector: {matchLabels: {app: agents}}
  template:
    metadata: {labels: {app: agents}}
    spec:
      containers:
        - name: main
          image: registry.example.com/stall/agents:1.0
          ports: [{containerPort: 8080, name: http}]
          env: [{name: MONGO_URL, valueFrom: {secretKeyRef: {name: mongo, key: url}}}]
          resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 500m, memory: 256Mi}}
          readinessProbe: {httpGet: {path: /ready, port: 8080}}
---
apiVersion: v1
kind: Service
metadata: {name: agents, namespace: stall}
spec: {selector: {app: agents}, ports: [{name: http, port: 8080}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: agents, namespace: stall}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: agents}
  minReplicas: 2
  maxReplicas: 6
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: agents, namespace: stall}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: agents}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: agents, namespace: stall}
spec:
  podSelector: {matchLabels: {app: agents}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: frontend}}}], ports: [{port: 8080}]}]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: agents, namespace: stall}
spec:
  groups:
    - name: agents
      rules:
        - alert: QueueIsLong
          expr: shop_queue_length > 100
          for: 5m
          labels: {severity: warning}
          annotations: {summary: The queue is long, runbook_url: https://wiki.example.com/queue}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: rules, namespace: stall}
data:
  stall.rules.yml: |
    groups:
      - name: stall
        rules:
          - alert: OrdersFail
            expr: shop_orders_failed > 5
            labels: {severity: critical}
            annotations: {summary: Orders fail}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tidy, namespace: stall}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: tidy, image: "registry.example.com/stall/tidy:1.0"}]}
"""
MONGO = f"""
apiVersion: v1
kind: Secret
metadata: {{name: mongo, namespace: stall}}
stringData: {{url: "mongodb://stall:{SECRET}@mongo.stall.svc/stall"}}
"""
OTHERS = f"""
apiVersion: v1
kind: ConfigMap
metadata:
  name: charts
  namespace: stall
  labels: {{app.kubernetes.io/managed-by: Helm}}
  annotations: {{meta.helm.sh/release-name: kps}}
data: {{a: b}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: rendered, namespace: stall, labels: {{app.kubernetes.io/managed-by: apm}}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: sealed, namespace: stall}}
stringData:
  alertmanager.yaml: |
    route: {{receiver: x}}
    receivers: [{{name: x, slack_configs: [{{api_url: {SECRET}}}]}}]
"""


@pytest.fixture(scope="module")
def kubectl(cluster: KindCluster) -> Kubectl:
    return getattr(cluster, "kubectl")  # noqa: B009 - the package says nothing about types


@pytest.fixture(scope="module")
def file(cluster: KindCluster) -> Path:
    """The kubeconfig of the cluster."""
    return Path(cluster.kubeconfig_path)


@pytest.fixture(scope="module")
def stall(kubectl: Kubectl, server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """The stall runs, put there as people do it: by `kubectl apply`, which keeps what it applied in an annotation."""
    folder = tmp_path_factory.mktemp("stall")
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    (folder / "stall.yaml").write_text(AGENTS)
    for name, content in (("namespace.json", json.dumps(space)), ("mongo.yaml", MONGO), ("others.yaml", OTHERS)):
        (folder / name).write_text(content)
        kubectl("apply", "-f", str(folder / name))
    kubectl("apply", "-f", str(folder / "stall.yaml"))
    yield folder
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def _import(file: Path, root: Path, *arguments: str) -> Result:
    return call(root, "import", "--live", "--kubeconfig", str(file), *arguments)


def _outcome(result: Imported) -> dict[str, Any]:
    return {
        one.manifest.title: (one.total, [(row.path, row.verdict, row.old) for row in one.rows])
        for one in result.proof.proven
    }


def test_a_cluster_gives_what_the_files_gave_that_were_applied_to_it(stall: Path, file: Path) -> None:
    """Defaults, status, and everything else that a server adds is out of it, field by field."""
    names = ("namespace.json", "stall.yaml", "mongo.yaml")
    from_files = imported(reading.read([stall / name for name in names], stall), Wanted())
    live = imported(objects.read(connect(file, None), [NAMESPACE]), Wanted())
    assert _outcome(live) == _outcome(from_files)
    assert {d.title: d.spec for d in live.drafts.drafts.values()} == {
        d.title: d.spec for d in from_files.drafts.drafts.values()
    }


def test_the_specs_of_a_cluster_render(stall: Path, file: Path, tmp_path: Path) -> None:
    done = _import(file, tmp_path, "--from-namespace", NAMESPACE, "--out", "new", "--format", "json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert said["cluster"].startswith("https://")
    assert {o["object"] for o in said["objects"]} >= {"Deployment agents", "PrometheusRule agents", "RuleFile rules"}
    assert call(tmp_path / "new", "validate").code == 0
    assert call(tmp_path / "new", "render").code == 0


def test_places_are_addresses_in_the_cluster(stall: Path, file: Path, tmp_path: Path) -> None:
    done = _import(file, tmp_path, "--from-namespace", NAMESPACE, "-v")
    address = "cluster://stall/Deployment/agents"
    assert f"{address}: Deployment agents -> Runtime agents" in done.out
    assert f"{address}#spec.template.spec.containers[0].readinessProbe.httpGet.path: " in done.out
    assert "cluster://stall/ConfigMap/rules#data.stall.rules.yml:" in done.out  # with the line inside of the text
    assert ":0:0" not in done.out


def test_what_others_look_after_is_left_to_them_and_counted(stall: Path, file: Path, tmp_path: Path) -> None:
    done = _import(file, tmp_path, "--from-namespace", NAMESPACE)
    assert "1 object of the Helm release kps" in done.out
    assert "rendered by apm" in done.out
    assert "ConfigMap charts" not in done.out
    assert "ConfigMap rendered" not in done.out
    assert "kube-root-ca.crt" not in done.out


def test_no_value_of_a_secret_is_seen(stall: Path, file: Path, tmp_path: Path) -> None:
    found = objects.read(connect(file, None), [NAMESPACE])
    (secret,) = [m for m in found.of("Secret") if m.name == "mongo"]
    assert secret.value["data"] == {"url": ""}
    assert SECRET not in repr([m.value for m in (*found.manifests, *found.beside)])
    for form in ("text", "json", "markdown"):
        done = _import(file, tmp_path, "--from-namespace", NAMESPACE, "--format", form)
        assert SECRET not in done.out + done.err
    assert _import(file, tmp_path, "--from-namespace", NAMESPACE, "--out", "new").code == 0
    assert all(SECRET not in path.read_text() for path in (tmp_path / "new").rglob("*") if path.is_file())


def test_without_a_namespace_all_but_the_clusters_own_are_read(stall: Path, file: Path) -> None:
    found = objects.read(connect(file, None), [])
    assert {m.name for m in found.of("Deployment")} >= {"agents"}
    assert not {m.namespace for m in found.manifests} & {"kube-system", "kube-public"}
    assert not [m.name for m in found.of("ClusterRole") if m.name.startswith("system:")]


def test_kinds_that_an_account_may_not_list_are_named(
    stall: Path, kubectl: Kubectl, file: Path, tmp_path: Path
) -> None:
    """A reader of workloads alone: nothing is said of secrets then, least of all that they are missing."""
    kubectl("-n", NAMESPACE, "create", "serviceaccount", "reader")
    kubectl(
        "-n", NAMESPACE, "create", "rolebinding", "reader", "--clusterrole=view", f"--serviceaccount={NAMESPACE}:reader"
    )
    token = kubectl("-n", NAMESPACE, "create", "token", "reader").strip()
    config = yaml.safe_load(file.read_text())
    config["users"] = [{"name": u["name"], "user": {"token": token}} for u in config["users"]]
    (tmp_path / "reader").write_text(json.dumps(config))
    done = _import(tmp_path / "reader", tmp_path, "--from-namespace", NAMESPACE, "--format", "json")
    said = {d["code"]: d["message"] for d in json.loads(done.out)["defects"]}
    assert "Secret" in said["kind-unreadable"]
    assert "missing-secret" not in said
    everywhere = _import(tmp_path / "reader", tmp_path)
    assert everywhere.code == 1
    assert "this account may not list" in everywhere.out


def test_files_and_a_cluster_are_not_read_at_once(tmp_path: Path) -> None:
    assert call(tmp_path, "import", "x.yaml", "--live").code == 2
    assert call(tmp_path, "import", "x.yaml", "--from-namespace", "a").code == 2
