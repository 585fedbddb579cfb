"""What somebody changes in the cluster by hand is undone, unless a controller may change it or nobody renders it."""

from dataclasses import dataclass, field

import pytest

from tests.argocd.delivery import Delivery, compared_and_synced
from tests.rigs import pod_metrics
from tests.rigs.live import Object, path, path_of


@dataclass(frozen=True)
class Edit:
    """A change of one rendered object; strategic: lists are merged by name, as `kubectl edit` does."""

    group: str
    kind: str
    name: str
    change: Object = field(default_factory=dict[str, object])
    strategic: bool = False

    def __str__(self) -> str:
        return f"{self.kind}-{self.name}"

    def target(self, system: Delivery) -> str:
        manifests = [m for m in system.manifests("staging", self.group) if m["kind"] == self.kind]
        (found,) = (m for m in manifests if self.name in (m["metadata"]["name"], "*"))
        return path_of(found)

    def make(self, system: Delivery) -> None:
        """Change the object, and see that something did change."""
        place, how = self.target(system), "strategic-merge" if self.strategic else "merge"
        before, after = system.live.get(place), system.live.patch(place, self.change, how=how)
        assert _wanted(before) != _wanted(after)


def _wanted(found: Object) -> tuple[object, object]:
    return found.get("spec"), found["metadata"].get("labels")


def _variable(name: str) -> Object:
    container = {"name": "worker", "env": [{"name": name, "value": "by-hand"}]}
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


UNDONE = [
    Edit("runtime", "Deployment", "apm-multi-agent-worker", _variable("APM_DATABASE"), strategic=True),
    Edit("runtime", "Deployment", "apm-multi-agent-scheduler", {"spec": {"replicas": 3}}),
    Edit("runtime", "Service", "apm-multi-agent-api", {"spec": {"selector": {"app.kubernetes.io/name": "other"}}}),
    Edit("runtime", "HorizontalPodAutoscaler", "apm-multi-agent-worker", {"spec": {"maxReplicas": 30}}),
    Edit("namespace", "ResourceQuota", "quota", {"spec": {"hard": {"pods": None}}}),
    Edit("namespace", "Namespace", "*", {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}),
    Edit("monitoring", "PrometheusRule", "state", {"spec": {"groups": []}}),
    Edit("backup", "CronJob", "apm-daily-backup", {"spec": {"suspend": True}}),
]
DELETED = [
    Edit("policy", "NetworkPolicy", "default-deny"),
    Edit("runtime", "PodDisruptionBudget", "apm-multi-agent-worker"),
    Edit("monitoring", "PrometheusRule", "runtime"),
]
ADDED = [
    Edit("runtime", "Deployment", "apm-multi-agent-worker", _variable("BY_HAND"), strategic=True),
    Edit("namespace", "ResourceQuota", "quota", {"spec": {"hard": {"count/secrets": "7"}}}),
]


@pytest.mark.parametrize("edit", UNDONE, ids=str)
def test_changed_field_is_set_back(system: Delivery, edit: Edit) -> None:
    edit.make(system)
    system.live.until(edit.target(system), lambda _: not system.strays("staging", edit.group))


@pytest.mark.parametrize("edit", DELETED, ids=str)
def test_deleted_object_comes_back(system: Delivery, edit: Edit) -> None:
    place = edit.target(system)
    uid = system.live.get(place)["metadata"]["uid"]
    system.live.delete(place)
    system.live.until(place, lambda found: found["metadata"]["uid"] != uid)
    assert system.strays("staging", edit.group) == []


@pytest.mark.parametrize("edit", ADDED, ids=str)
def test_added_field_stays_and_nobody_says_so(system: Delivery, edit: Edit) -> None:
    """A limit of server-side apply: what is beside our fields belongs to whoever wrote it."""
    before = system.live.get(edit.target(system))["spec"]
    edit.make(system)
    application = system.argo.refresh(system.name("staging", edit.group), "hard")
    assert compared_and_synced(application, system.repository.head)
    assert system.live.get(edit.target(system))["spec"] != before
    _take_back(system, edit)
    assert system.live.get(edit.target(system))["spec"] == before


def test_autoscaler_may_change_replicas(system: Delivery) -> None:
    """It does what the load asks for, and Argo CD sees no difference in that."""
    namespace, name = system.namespace("staging"), "apm-multi-agent-worker"
    place = path("apps/v1", "Deployment", name, namespace)
    selector = "app.kubernetes.io/name=apm-multi-agent,app.kubernetes.io/component=worker"
    (scaler,) = (m for m in system.manifests("staging", "runtime") if m["kind"] == "HorizontalPodAutoscaler")
    least, most = scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]
    assert system.live.get(place)["spec"]["replicas"] == least < most
    assert pod_metrics.use(system.live, namespace, selector, "4")
    system.live.until(place, lambda found: found["spec"]["replicas"] == most)
    application = system.argo.refresh(system.name("staging", "runtime"), "hard")
    assert compared_and_synced(application, system.repository.head)
    assert "operation" not in application
    assert system.live.get(place)["spec"]["replicas"] == most


def test_pods_stay_stopped_where_self_healing_is_off(system: Delivery) -> None:
    """The first step of a restore in HANDOVER.md: the parent, then the runtime; and back."""
    names = [system.name("staging", group) for group in ("argocd", "runtime")]
    for name in names:
        _self_heal(system, name, on=False)
    places = [path_of(m) for m in system.manifests("staging", "runtime") if m["kind"] == "Deployment"]
    for place in places:
        system.live.patch(f"{place}/scale", {"spec": {"replicas": 0}})
        system.live.until(place, lambda found: not found["status"].get("replicas"))
    for name in (*names, *names):
        system.argo.refresh(name, "hard")
    assert [system.live.get(place)["spec"]["replicas"] for place in places] == [0, 0, 0]
    for place in places:
        system.live.patch(f"{place}/scale", {"spec": {"replicas": 1}})
    for name in names:
        _self_heal(system, name, on=True)
    system.arrived("staging", system.repository.head, [])


def _self_heal(system: Delivery, name: str, *, on: bool) -> None:
    change = {"spec": {"syncPolicy": {"automated": {"selfHeal": on}}}}
    system.live.patch(system.argo.application(name), change, manager="argocd-cli")


def _take_back(system: Delivery, edit: Edit) -> None:
    """Undo an edit by hand, as Argo CD won't."""
    if edit.strategic:
        ((container,),) = (edit.change["spec"]["template"]["spec"]["containers"],)
        gone = {"name": container["env"][0]["name"], "$patch": "delete"}
        change = {"spec": {"template": {"spec": {"containers": [{"name": container["name"], "env": [gone]}]}}}}
        system.live.patch(edit.target(system), change, how="strategic-merge")
    else:
        change = {"spec": {"hard": dict.fromkeys(edit.change["spec"]["hard"])}}
        system.live.patch(edit.target(system), change)
