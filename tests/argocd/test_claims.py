"""A claim that its first pod binds, as most storage classes have it: Argo CD waits for it unless it is told not to."""

from generator.cluster.prerequisites import CLAIM_HEALTH
from tests.argocd.delivery import Delivery, healthy, synced_by_operation
from tests.rigs.live import path_of

STAGING = "specs/environments/staging.yaml"
BUCKET, CLAIM = "{bucket: {name: valeo-neuroerp-apm-backups-staging}}", "{bucket: null, claim: {size: 1Gi}}"


def test_a_claim_that_no_pod_has_used_holds_up_its_application_until_the_rule_is_there(system: Delivery) -> None:
    system.edit(STAGING, BUCKET, CLAIM)
    commit = system.publish("Archives in the cluster")
    (claim,) = (m for m in system.manifests("staging", "backup") if m["kind"] == "PersistentVolumeClaim")
    system.announce("staging", "backup")
    stuck = system.until("staging", "backup", lambda app: synced_by_operation(app, commit))
    assert system.live.get(path_of(claim))["status"]["phase"] == "Pending"
    assert not healthy(stuck)
    try:
        system.argo.set_health("PersistentVolumeClaim", CLAIM_HEALTH)
        system.announce("staging", "backup")
        system.until("staging", "backup", healthy)
    finally:
        system.argo.set_health("PersistentVolumeClaim", None)
        _take_back(system, path_of(claim))


def _take_back(system: Delivery, claim: str) -> None:
    """Go back to the bucket, and delete the claim, which Argo CD never does."""
    system.edit(STAGING, CLAIM, BUCKET)
    system.apm("render", "--allow-delete", "1")
    commit = system.repository.commit("Archives in a bucket")
    system.announce("staging", "backup")
    kept = system.until("staging", "backup", lambda app: app["status"]["sync"]["revision"] == commit)
    assert any(r["kind"] == "PersistentVolumeClaim" and r["requiresPruning"] for r in kept["status"]["resources"])
    system.live.delete(claim)
    system.live.until_gone(claim)
    system.announce("staging")
    system.arrived("staging", commit, ["backup"])
