"""The delivered systems in daily operation: they run, can be drained, back up, and have no rights of their own."""

import json
import subprocess

import pytest

from tests.argocd.delivery import Delivery
from tests.rigs.control_plane import ControlPlane
from tests.rigs.live import Live, Object, path, path_of
from tests.rigs.tools import tool

ENVIRONMENTS = ("staging", "production")
ASKED = (
    ("get", "", "secrets", ""),
    ("list", "", "secrets", ""),
    ("create", "", "pods", ""),
    ("create", "", "pods", "exec"),
    ("create", "", "serviceaccounts", "token"),
    ("patch", "apps", "deployments", ""),
    ("get", "", "configmaps", ""),
    ("escalate", "rbac.authorization.k8s.io", "roles", ""),
    ("create", "rbac.authorization.k8s.io", "rolebindings", ""),
    ("delete", "", "persistentvolumeclaims", ""),
    ("patch", "argoproj.io", "applications", ""),
    ("impersonate", "", "users", ""),
)
"""Verb, group, resource and subresource that no pod of ours has any business with."""


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest, delivery: Delivery, staging: Object, production: Object) -> str:
    """An environment that is synced."""
    assert staging
    assert production
    return request.param


def test_every_workload_is_available(delivery: Delivery, environment: str) -> None:
    for manifest in _of(delivery, environment, "Deployment"):
        delivery.live.until(path_of(manifest), _available)


def test_a_backup_runs_to_its_end(delivery: Delivery, environment: str) -> None:
    for manifest in _of(delivery, environment, "CronJob"):
        namespace = manifest["metadata"]["namespace"]
        template: Object = manifest["spec"]["jobTemplate"]
        name = f"{manifest['metadata']['name']}-by-hand"
        metadata = template.get("metadata", {}) | {"name": name}
        job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]}
        delivery.live.create(f"/apis/batch/v1/namespaces/{namespace}/jobs", job)
        where = path("batch/v1", "Job", name, namespace)
        delivery.live.until(where, lambda found: found.get("status", {}).get("succeeded") == 1)
        delivery.live.delete(where)


def test_a_node_can_be_drained(delivery: Delivery, plane: ControlPlane, environment: str) -> None:
    """Budgets let pods go one after the other, and what went comes back elsewhere."""
    deployments = _of(delivery, environment, "Deployment")
    for manifest in deployments:
        delivery.live.until(path_of(manifest), _available)
    node = _node_of(delivery.live, deployments[0])
    try:
        _kubectl(plane, "drain", node, "--delete-emptydir-data", "--ignore-daemonsets", "--force", "--timeout=90s")
        for manifest in deployments:
            delivery.live.until(path_of(manifest), _available)
        left = delivery.live.get("/api/v1/pods", fieldSelector=f"spec.nodeName={node},status.phase=Running")["items"]
        assert not [pod for pod in left if pod["metadata"]["namespace"] == delivery.namespace(environment)]
    finally:
        _kubectl(plane, "uncordon", node)


def test_no_account_has_a_right_that_every_account_does_not_have(delivery: Delivery, environment: str) -> None:
    namespace = delivery.namespace(environment)
    accounts = [m["metadata"]["name"] for m in _of(delivery, environment, "ServiceAccount")]
    assert accounts
    nobody = _rules(delivery.live, namespace, "an-account-that-nobody-made")
    for account in accounts:
        assert _rules(delivery.live, namespace, account) == nobody, account
        for verb, group, resource, subresource in ASKED:
            assert not _allowed(delivery.live, namespace, account, verb, group, resource, subresource), (
                account,
                verb,
                resource,
            )


def _of(delivery: Delivery, environment: str, kind: str) -> list[Object]:
    return [manifest for manifest in delivery.manifests(environment) if manifest["kind"] == kind]


def _available(deployment: Object) -> bool:
    status = deployment.get("status", {})
    wanted = deployment["spec"]["replicas"]
    return status.get("availableReplicas", 0) == wanted == status.get("updatedReplicas", 0)


def _node_of(live: Live, deployment: Object) -> str:
    labels = ",".join(f"{key}={value}" for key, value in deployment["spec"]["selector"]["matchLabels"].items())
    place = f"/api/v1/namespaces/{deployment['metadata']['namespace']}/pods"
    return live.get(place, labelSelector=labels)["items"][0]["spec"]["nodeName"]


def _kubectl(plane: ControlPlane, *arguments: str) -> None:
    command = [tool("kubectl"), f"--kubeconfig={plane.kubeconfig}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _rules(live: Live, namespace: str, account: str) -> list[str]:
    """Return all that an account may do, as the API server itself puts it together, in an order of ours."""
    headers = {
        "Impersonate-User": f"system:serviceaccount:{namespace}:{account}",
        "Impersonate-Group": "system:authenticated",
        "Content-Type": "application/json",
    }
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
    place = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    answer = live.client.post(place, content=json.dumps(body), headers=headers)
    assert answer.is_success, answer.text
    status = answer.json()["status"]
    assert not status["incomplete"] or status.get("evaluationError"), status
    rules: list[Object] = [*status["resourceRules"], *status["nonResourceRules"]]
    return sorted(json.dumps(rule, sort_keys=True) for rule in rules)


def _allowed(live: Live, namespace: str, account: str, verb: str, group: str, resource: str, subresource: str) -> bool:
    asked = {"namespace": namespace, "verb": verb, "group": group, "resource": resource, "subresource": subresource}
    spec = {
        "user": f"system:serviceaccount:{namespace}:{account}",
        "groups": ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"],
        "resourceAttributes": asked,
    }
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    return live.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", body)["status"]["allowed"]
