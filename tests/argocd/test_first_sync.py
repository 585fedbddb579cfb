"""Argo CD takes an environment from nothing to Synced and Healthy, with Applications exactly as they are rendered.

Nothing is left waiting: simulated pods become ready, Jobs complete, and the autoscaler finds metrics. Reference specs
render no claim (it would wait for its first pod), no certificate and no ExternalSecret (they would wait for their
controllers).
"""

import itertools

import pytest

from tests.argocd.delivery import REPO_URL, Delivery, conditions, healthy, synced_by_operation
from tests.rigs.live import Object, path_of

WAITING_KINDS = {"PersistentVolumeClaim", "Certificate", "ExternalSecret"}


@pytest.fixture
def applications(production: dict[str, Object], staging: dict[str, Object], environment: str) -> dict[str, Object]:
    """The Applications of an environment by group, as they were after its first sync."""
    return {"production": production, "staging": staging}[environment]


@pytest.fixture(params=["production", "staging"])
def environment(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(autouse=True)
def restored(system: Delivery) -> None:
    """Whatever ran before, what is live is what the reference system says."""
    assert system


def test_every_application_synced_the_commit_and_is_healthy(
    delivery: Delivery, environment: str, applications: dict[str, Object]
) -> None:
    first = delivery.repository.git("rev-list", "--max-parents=0", "HEAD").strip()
    assert list(applications) == delivery.groups(environment)
    for application in applications.values():
        assert synced_by_operation(application, first), application["status"]
        assert healthy(application), application["status"]
        assert not conditions(application)


def test_nothing_is_rendered_that_waits_for_others(delivery: Delivery, environment: str) -> None:
    assert not WAITING_KINDS & {manifest["kind"] for manifest in delivery.manifests(environment)}


def test_applications_read_the_production_address(delivery: Delivery, environment: str) -> None:
    applications = [m for m in delivery.manifests(environment, "argocd") if m["kind"] == "Application"]
    assert {application["spec"]["source"]["repoURL"] for application in applications} == {REPO_URL}
    assert [m for m in applications if delivery.live.get(path_of(m))["spec"] != m["spec"]] == []


def test_every_object_is_live_as_rendered(delivery: Delivery, environment: str) -> None:
    assert delivery.strays(environment) == []


def test_groups_sync_one_after_the_other(delivery: Delivery, staging: dict[str, Object]) -> None:
    """From the parent alone, an Application isn't even created before those ahead of it have synced."""
    *groups, parent = delivery.groups("staging")
    assert parent == "argocd"
    for earlier, later in itertools.pairwise(groups):
        finished = staging[earlier]["status"]["operationState"]["finishedAt"]
        assert finished <= staging[later]["metadata"]["creationTimestamp"], (earlier, later)


@pytest.mark.parametrize("kind", ["normal", "hard"])
def test_comparing_again_finds_nothing_to_do(delivery: Delivery, environment: str, kind: str) -> None:
    """Neither a sync nor a write to any object: what is rendered is what the API server returns."""
    before = _versions(delivery, environment)
    for group in delivery.groups(environment):
        last = delivery.application(environment, group)["status"]["operationState"]
        again = delivery.argo.refresh(delivery.name(environment, group), kind)
        assert again["status"]["sync"]["status"] == "Synced"
        assert again["status"]["operationState"] == last
        assert "operation" not in again
    assert _versions(delivery, environment) == before


def _versions(delivery: Delivery, environment: str) -> dict[str, int]:
    """Generations of what is applied; the status is the controllers' own."""
    manifests = [m for m in delivery.manifests(environment) if m["kind"] not in ("Application", "AppProject")]
    found = {path_of(manifest): delivery.live.get(path_of(manifest))["metadata"] for manifest in manifests}
    return {where: metadata.get("generation", metadata["resourceVersion"]) for where, metadata in found.items()}
