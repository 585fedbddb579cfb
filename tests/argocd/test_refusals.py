"""What a project doesn't allow is refused with a reason that names it, and nothing of its commit is applied.

The objects here are put into rendered/ by hand, as somebody might who wants more than specs can say.
"""

from dataclasses import dataclass

import pytest

from tests.argocd.delivery import REPO_URL, Delivery, conditions, failures, grace_seconds, synced_by_operation
from tests.rigs.live import Object, path

FOREIGN = "rendered/staging/runtime/foreign.yaml"


@dataclass(frozen=True)
class Case:
    """An object, where it would be, and what Argo CD must say."""

    text: str
    place: str
    reason: str


CASES = [
    Case(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: foreign}\nrules: []\n",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/foreign",
        "resource rbac.authorization.k8s.io:ClusterRole is not permitted in project apm-staging",
    ),
    Case(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: foreign}\n",
        path("v1", "Secret", "foreign", "valeo-neuroerp-staging"),
        "resource :Secret is not permitted in project apm-staging",
    ),
    Case(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: foreign}\n",
        "/api/v1/namespaces/foreign",
        "resource :Namespace is not permitted in project apm-staging",
    ),
    Case(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: foreign, namespace: kube-system}\n",
        path("v1", "ConfigMap", "foreign", "kube-system"),
        "namespace kube-system is not permitted in project",
    ),
    Case(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: foreign, namespace: valeo-neuroerp}\n",
        path("v1", "ConfigMap", "foreign", "valeo-neuroerp"),
        "namespace valeo-neuroerp is not permitted in project",
    ),
]


def test_forbidden_objects_are_refused(system: Delivery) -> None:
    """And so is all else of that commit; one that mends it is taken at the next retry, not after the last."""
    worker = path("apps/v1", "Deployment", "apm-multi-agent-worker", system.namespace("staging"))
    before = system.live.get(worker)
    system.edit("specs/runtime.yaml", "grace: 120s", "grace: 110s")
    system.render()
    (system.tree / FOREIGN).write_text("---\n".join(case.text for case in CASES))
    system.repository.commit("More than allowed")
    system.announce("staging", "runtime")
    application = system.until("staging", "runtime", lambda app: "not permitted" in str(failures(app)))
    for case in CASES:
        assert any(case.reason in reason for reason in failures(application)), (case.reason, failures(application))
        assert system.live.find(case.place) is None
    assert system.live.get(worker)["metadata"]["generation"] == before["metadata"]["generation"]
    (system.tree / FOREIGN).unlink()
    mended = system.repository.commit("No more than allowed")
    system.announce("staging", "runtime")
    system.until("staging", "runtime", lambda app: synced_by_operation(app, mended))
    assert grace_seconds(system.live.get(worker)) == grace_seconds(before) - 10


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"source": {"repoURL": "https://git.example.com/other/repo.git"}}, "is not permitted in project"),
        ({"destination": {"namespace": "valeo-neuroerp"}}, "do not match any of the allowed destinations in project"),
    ],
    ids=["repository", "namespace"],
)
def test_application_outside_its_project_is_refused(system: Delivery, change: Object, reason: str) -> None:
    """One that is as rendered but for one field, beside the rendered ones."""
    name = system.name("staging", "monitoring")
    (manifest,) = (m for m in system.manifests("staging", "argocd") if m["metadata"]["name"] == name)
    spec: Object = {**manifest["spec"]}
    for key, value in change.items():
        spec[key] = {**spec[key], **value}
    assert spec["source"]["repoURL"] == REPO_URL or "source" in change
    place = system.argo.application("outsider")
    try:
        system.live.create(place.rpartition("/")[0], _outsider(manifest, spec))
        application = system.live.until(place, lambda app: "InvalidSpecError" in conditions(app))
        assert reason in conditions(application)["InvalidSpecError"]
        assert "operationState" not in application["status"]
    finally:
        system.live.delete(place)


def _outsider(manifest: Object, spec: Object) -> Object:
    """An Application like another, without the finalizer that would delete what it has."""
    namespace = manifest["metadata"]["namespace"]
    identity = {"apiVersion": manifest["apiVersion"], "kind": "Application"}
    return identity | {"metadata": {"name": "outsider", "namespace": namespace}, "spec": spec}
