"""An answer that Argo CD keeps: what could not be read several times isn't tried again, even when it could be read."""

from tests.argocd.delivery import Delivery, conditions, synced_by_operation

ATTEMPTS = 3
"""Failures of one commit after which Argo CD keeps the answer, by its own default."""
SMALL, DEFAULT = "1k", "10M"
CACHED = "Manifest generation error (cached)"


def test_a_limit_that_was_too_small_needs_a_hard_refresh_after_it_was_raised(system: Delivery) -> None:
    """The cause is gone and the commit is the same: a normal refresh gets the kept answer, a hard one the new state."""
    name = system.name("staging", "runtime")
    system.edit("specs/runtime.yaml", "grace: 120s", "grace: 110s")
    commit = system.publish("More than the limit")
    try:
        system.argo.limit_manifests(SMALL)
        for _ in range(ATTEMPTS):
            failed = system.argo.refresh(name)
            assert "manifest file size" in conditions(failed)["ComparisonError"]
    finally:
        system.argo.limit_manifests(DEFAULT)
    kept = system.argo.refresh(name)
    assert CACHED in conditions(kept)["ComparisonError"]
    assert kept["status"]["operationState"]["syncResult"]["revision"] != commit
    system.argo.refresh(name, "hard")
    mended = system.until("staging", "runtime", lambda app: synced_by_operation(app, commit))
    assert not conditions(mended)
    assert system.strays("staging", "runtime") == []
