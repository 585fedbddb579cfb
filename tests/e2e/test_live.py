"""`apm diff --live` and `apm doctor` against a real API server, with things broken on purpose.

The server knows our custom resources; nodes and pods are simulated. What is compared is the reference system's staging
environment, as committed.
"""

import json
import socket
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_kind import KindCluster

from generator.live import run
from generator.live.checks.clock import judged
from generator.live.checks.monitoring import selects
from generator.live.cluster import Cluster, connect
from generator.live.model import Answer
from generator.problems import Failure
from tests.cli.conftest import Result, call
from tests.e2e.conftest import ESTABLISHED
from tests.rigs import rendered
from tests.rigs.api_server import ApiServer
from tests.rigs.cache import REPOSITORY

STAGING = "staging"
Kubectl = Callable[..., str]


def _item(kind: str, name: str) -> dict[str, Any]:
    return next(
        dict(i.manifest) for i in rendered.items(STAGING) if (i.kind, i.manifest["metadata"]["name"]) == (kind, name)
    )


NAMESPACE = str(_item("Deployment", "apm-multi-agent-api")["metadata"]["namespace"])


@pytest.fixture(scope="module")
def file(cluster: KindCluster) -> Path:
    """The kubeconfig of the cluster."""
    return Path(cluster.kubeconfig_path)


@pytest.fixture(scope="module")
def kubectl(cluster: KindCluster) -> Kubectl:
    return getattr(cluster, "kubectl")  # noqa: B009 - the package says nothing about types


@pytest.fixture(scope="module")
def synced(server: ApiServer) -> ApiServer:
    """Everything of staging is applied."""
    _apply(server)
    return server


def _apply(server: ApiServer) -> None:
    for item in rendered.items(STAGING):
        reply = server.apply(item.manifest, item.text)
        assert not reply.refusal, f"{item}: {reply.refusal}"


@pytest.fixture
def as_rendered(synced: ApiServer, kubectl: Kubectl) -> Generator[ApiServer]:
    """For one test that breaks things: they are mended afterwards."""
    yield synced
    kubectl("-n", NAMESPACE, "delete", "configmap", "left-over", "--ignore-not-found")
    kubectl("-n", NAMESPACE, "delete", "deployment", "apm-multi-agent-api", "--ignore-not-found", "--wait")
    _apply(synced)


@pytest.fixture
def live(file: Path) -> Cluster:
    return connect(file, None)


def _diff(cluster: Cluster) -> dict[str, list[str]]:
    found = run.compared(REPOSITORY, cluster, STAGING)
    return {f"{c.verb} {c.object.kind} {c.object.name}": [f.path for f in c.fields] for c in found.changes}


def _apm(file: Path, *arguments: str) -> Result:
    return call(REPOSITORY, *arguments, "--kubeconfig", str(file))


# --- diff -------------------------------------------------------------------------------------------------------------


def test_what_the_server_fills_in_is_no_difference(synced: ApiServer, live: Cluster) -> None:
    assert _diff(live) == {}


def test_the_command_says_that_nothing_differs(synced: ApiServer, file: Path) -> None:
    done = _apm(file, "diff", "--live", "--env", STAGING)
    assert (done.code, done.err) == (0, "")
    assert "nothing changes" in done.out


def test_an_edited_image_and_an_added_variable_are_shown(
    as_rendered: ApiServer, kubectl: Kubectl, live: Cluster, file: Path
) -> None:
    container = {"name": "api", "image": "registry.example.com/other:1", "env": [{"name": "DEBUG", "value": "1"}]}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    kubectl("-n", NAMESPACE, "patch", "deployment", "apm-multi-agent-api", "--patch", json.dumps(change))
    (fields,) = _diff(live).values()
    base = "spec.template.spec.containers[api]"
    assert set(fields) >= {f"{base}.image", f"{base}.env[DEBUG]"}
    done = _apm(file, "diff", "--live", "--env", STAGING, "--format", "json")
    assert done.code == 3
    (said,) = json.loads(done.out)["changes"]
    assert (said["change"], said["name"]) == ("changed", "apm-multi-agent-api")
    assert {"image-moved"} <= {mark["risk"] for mark in said["marks"]}
    assert _apm(file, "diff", "--live", "--env", STAGING, "--fail-on", "image-moved").code == 1


def test_a_field_that_only_a_person_wrote_is_shown(as_rendered: ApiServer, kubectl: Kubectl, live: Cluster) -> None:
    change = {"spec": {"template": {"spec": {"priorityClassName": "system-node-critical"}}}}
    kubectl("-n", NAMESPACE, "patch", "deployment", "apm-multi-agent-api", "--patch", json.dumps(change))
    assert _diff(live) == {"changed Deployment apm-multi-agent-api": ["spec.template.spec.priorityClassName"]}


def test_what_is_missing_and_what_is_left_over_is_shown(
    as_rendered: ApiServer, kubectl: Kubectl, live: Cluster
) -> None:
    kubectl("-n", NAMESPACE, "delete", "deployment", "apm-multi-agent-api", "--wait")
    kubectl("-n", NAMESPACE, "create", "configmap", "left-over")
    labels = [f"{k}={v}" for k, v in _item("Deployment", "apm-multi-agent-api")["metadata"]["labels"].items()]
    kubectl("-n", NAMESPACE, "label", "configmap", "left-over", *labels)
    assert _diff(live) == {"added Deployment apm-multi-agent-api": [], "deleted ConfigMap left-over": []}


# --- doctor -----------------------------------------------------------------------------------------------------------


def _states(found: list[Answer]) -> dict[str, list[tuple[str, str]]]:
    states: dict[str, list[tuple[str, str]]] = {}
    for finding in found:
        states.setdefault(finding.about, []).append((finding.state, finding.message))
    return states


def _asked(cluster: Cluster, name: str) -> list[Answer]:
    return run.examined(REPOSITORY, cluster, STAGING, (name,))


def test_every_question_is_answered(synced: ApiServer, live: Cluster) -> None:
    states = _states(run.examined(REPOSITORY, live, STAGING))
    assert states.keys() >= {
        "version",
        "definitions",
        "namespaces",
        "secrets",
        "monitoring",
        "indexes",
        "clock",
        "images",
        "workloads",
        "argocd",
        "neighbours",
    }
    assert {state for state, _ in states["definitions"] + states["clock"]} == {"ok"}
    assert ("ok", f"namespace {NAMESPACE} is there") in states["namespaces"]


def test_secrets_are_there_or_named_with_their_key(synced: ApiServer, kubectl: Kubectl, live: Cluster) -> None:
    missing = [f for f in _asked(live, "secrets") if f.state == "problem"]
    assert any("there is no Secret apm-api-keys" in f.message for f in missing)
    kubectl("-n", NAMESPACE, "create", "secret", "generic", "apm-api-keys", "--from-literal=other=x")
    try:
        (key,) = [f.message for f in _asked(live, "secrets") if "apm-api-keys" in f.message]
        assert "has no key keys" in key
        kubectl("-n", NAMESPACE, "delete", "secret", "apm-api-keys")
        kubectl("-n", NAMESPACE, "create", "secret", "generic", "apm-api-keys", "--from-literal=keys=hidden-value")
        found = _asked(live, "secrets")
        assert not [f for f in found if "apm-api-keys" in f.message]
        assert "hidden-value" not in str(found)
    finally:
        kubectl("-n", NAMESPACE, "delete", "secret", "apm-api-keys", "--ignore-not-found")


def test_the_selectors_of_the_operator_are_tried(synced: ApiServer, kubectl: Kubectl, live: Cluster) -> None:
    rule = _item(
        "PrometheusRule",
        next(i.manifest["metadata"]["name"] for i in rendered.items(STAGING) if i.kind == "PrometheusRule"),
    )
    namespace = _monitoring()
    _operator(synced, kubectl, namespace)
    assert any("no Prometheus object" in f.message for f in _asked(live, "monitoring"))
    prometheus = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": "main", "namespace": namespace},
        "spec": {"ruleSelector": {"matchLabels": {"release": "nobody"}}, "ruleNamespaceSelector": {}},
    }
    assert not synced.apply(prometheus).refusal
    told = [f.message for f in _asked(live, "monitoring") if "PrometheusRule" in f.message]
    assert told[0].startswith("Prometheus main does not take PrometheusRules")
    label = rule["metadata"]["labels"]
    prometheus["spec"]["ruleSelector"] = {"matchLabels": {k: label[k] for k in ("app.kubernetes.io/managed-by",)}}  # pyright: ignore[reportIndexIssue, reportArgumentType]
    assert not synced.apply(prometheus).refusal
    assert "Prometheus takes the PrometheusRules" in [f.message for f in _asked(live, "monitoring")]


def _operator(server: ApiServer, kubectl: Kubectl, namespace: str) -> None:
    """The operator's own kind, as far as a doctor reads it, and the namespace of its stack."""
    names = {"kind": "Prometheus", "plural": "prometheuses", "singular": "prometheus"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "prometheuses.monitoring.coreos.com",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {"group": "monitoring.coreos.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    assert not server.apply(definition).refusal
    kubectl("wait", ESTABLISHED, "crd/prometheuses.monitoring.coreos.com", "--timeout=30s")
    server.look_again()
    assert not server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}).refusal


def _monitoring() -> str:
    text = (REPOSITORY / "specs" / "environments" / "staging.yaml").read_text()
    return yaml.safe_load(text)["spec"].get("monitoring", {}).get("namespace", "monitoring")


def test_a_deployment_that_is_gone_is_named(as_rendered: ApiServer, kubectl: Kubectl, live: Cluster) -> None:
    kubectl("-n", NAMESPACE, "delete", "deployment", "apm-multi-agent-api", "--wait")
    assert "there is no Deployment apm-multi-agent-api" in [f.message for f in _asked(live, "workloads")]


def test_pods_that_run_another_image_are_named(as_rendered: ApiServer, kubectl: Kubectl, live: Cluster) -> None:
    """Nodes are simulated: what a kubelet would say of its containers is written into the pods' status."""
    item = _item("Deployment", "apm-multi-agent-api")
    (container,) = item["spec"]["template"]["spec"]["containers"]
    digest = container["image"].partition("@")[2]
    pods: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": NAMESPACE,
         "labels": item["spec"]["selector"]["matchLabels"] | {"pod-template-hash": "of-a-test"}},
         "spec": item["spec"]["template"]["spec"] | {"schedulerName": "nobody"}}
        for name in ("new-pod", "old-pod")
    ]  # fmt: skip
    try:
        for pod, said in zip(pods, (digest, "sha256:" + "a" * 64), strict=True):
            assert not as_rendered.apply(pod).refusal
            _says(kubectl, pod["metadata"]["name"], container["name"], f"registry.example.com/apm-runtime@{said}")
        (mixed,) = [f for f in _asked(live, "images") if "of apm-multi-agent-api" in f.message]
        assert mixed.state == "problem"
        assert "1 of 2 pods" in mixed.message
        assert f"old-pod ({container['name']}: sha256:aaaaaaaaaaaa...)" in mixed.message
        assert "new-pod" not in mixed.message
        _says(kubectl, "old-pod", container["name"], f"registry.example.com/apm-runtime@{digest}")
        (same,) = [f for f in _asked(live, "images") if "of apm-multi-agent-api" in f.message]
        assert (same.state, same.message) == ("ok", "2 pods of apm-multi-agent-api run the rendered images")
        for name in ("new-pod", "old-pod"):
            _says(kubectl, name, container["name"], "docker-pullable://other@sha256:" + "b" * 64)
        (none,) = [f for f in _asked(live, "images") if "of apm-multi-agent-api" in f.message]
        assert none.message.startswith("no pod of apm-multi-agent-api runs the rendered image: ")
    finally:
        kubectl("-n", NAMESPACE, "delete", "pod", "new-pod", "old-pod", "--ignore-not-found", "--wait=false")


def _says(kubectl: Kubectl, pod: str, container: str, image: str) -> None:
    status = {"name": container, "image": image, "imageID": image, "ready": True, "restartCount": 0}
    change = json.dumps({"status": {"containerStatuses": [status]}})
    kubectl("-n", NAMESPACE, "patch", "pod", pod, "--subresource=status", "--type=merge", "--patch", change)


def test_the_rights_of_argo_cd_are_asked_for(synced: ApiServer, kubectl: Kubectl, live: Cluster) -> None:
    (refused,) = [f for f in _asked(live, "argocd") if "may not" in f.message]
    assert "create " in refused.message
    account = "argocd:argocd-application-controller"
    kubectl(
        "create", "clusterrolebinding", "doctor-argocd", "--clusterrole=cluster-admin", f"--serviceaccount={account}"
    )
    try:
        assert any(f.state == "ok" and "may write all" in f.message for f in _asked(live, "argocd"))
    finally:
        kubectl("delete", "clusterrolebinding", "doctor-argocd")


def test_the_command_prints_json_and_fails_where_something_is_wrong(synced: ApiServer, file: Path) -> None:
    done = _apm(file, "doctor", "--env", STAGING, "--format", "json", "--only", "secrets")
    assert done.code == 1
    said = json.loads(done.out)
    assert said["environment"] == STAGING
    assert {f["state"] for f in said["findings"]} == {"problem"}
    assert _apm(file, "doctor", "--env", STAGING, "--only", "definitions").code == 0
    assert _apm(file, "doctor", "--env", STAGING, "--only", "secret").code == 2


def test_clocks_and_selectors() -> None:
    assert judged(100.0, 100.4, 101.2).state == "ok"
    assert "20 s behind" in judged(80.0, 100.0, 101.0).message
    assert "9 s ahead" in judged(110.0, 100.0, 101.0).message
    expressions = [{"key": "team", "operator": "In", "values": ["a"]}, {"key": "x", "operator": "DoesNotExist"}]
    assert selects({"matchExpressions": expressions}, {"team": "a"})
    assert not selects({"matchExpressions": expressions}, {"team": "a", "x": "1"})
    assert selects({}, {})


# --- who asks, and whom -----------------------------------------------------------------------------------------------


@pytest.fixture
def stranger(synced: ApiServer, kubectl: Kubectl, file: Path, tmp_path: Path) -> Path:
    """A kubeconfig of an account without any rights."""
    kubectl("create", "serviceaccount", "stranger", "-n", "default", "--dry-run=client", "-o", "name")
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "stranger", "namespace": "default"}}
    assert not synced.apply(account).refusal
    token = kubectl("create", "token", "stranger", "-n", "default").strip()
    config = yaml.safe_load(file.read_text())
    config["users"] = [{"name": u["name"], "user": {"token": token}} for u in config["users"]]
    found = tmp_path / "stranger"
    found.write_text(json.dumps(config))
    return found


def test_without_rights_it_is_said_that_nothing_can_be_seen(stranger: Path) -> None:
    done = _apm(stranger, "diff", "--live", "--env", STAGING)
    assert done.code == 1
    assert "this account may not read" in done.err
    asked = _apm(stranger, "doctor", "--env", STAGING, "--format", "json")
    assert asked.code == 1
    states = {(f["about"], f["state"]) for f in json.loads(asked.out)["findings"]}
    assert {
        ("secrets", "unknown"),
        ("namespaces", "unknown"),
        ("argocd", "unknown"),
        ("workloads", "unknown"),
        ("images", "unknown"),
    } <= states


def test_a_wrong_token_is_told(file: Path, tmp_path: Path) -> None:
    config = yaml.safe_load(file.read_text())
    config["users"] = [{"name": u["name"], "user": {"token": "wrong"}} for u in config["users"]]
    (tmp_path / "wrong").write_text(json.dumps(config))
    done = _apm(tmp_path / "wrong", "doctor", "--env", STAGING)
    assert done.code == 1
    assert "does not know this account" in done.err


def test_a_cluster_that_is_down_is_told(file: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = yaml.safe_load(file.read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    (tmp_path / "down").write_text(json.dumps(config))
    done = _apm(tmp_path / "down", "diff", "--live", "--env", STAGING)
    assert done.code == 1
    assert done.err.startswith(f"error: the cluster at https://127.0.0.1:{port} does not answer: ")
    assert "Traceback" not in done.err


def test_without_a_kubeconfig_it_is_told_how_to_name_one(file: Path, tmp_path: Path) -> None:
    done = _apm(tmp_path / "none", "doctor", "--env", STAGING)
    assert done.code == 1
    assert "no cluster is known from" in done.err
    assert "--kubeconfig" in done.err
    with pytest.raises(Failure, match="no cluster is known"):
        connect(file, "no-such-context")


def test_several_environments_have_to_be_chosen_from(file: Path) -> None:
    done = _apm(file, "diff", "--live")
    assert done.code == 1
    assert "name it with --env: production, staging" in done.err


def test_a_ref_and_a_cluster_are_not_compared_at_once(file: Path) -> None:
    assert _apm(file, "diff", "main", "--live", "--env", STAGING).code == 2
