"""ExternalSecrets: a new environment waits for its secrets, and comes up by itself when they are there.

External Secrets doesn't run here; what it would write into the status of its objects is written by the tests.
"""

from collections.abc import Generator

import pytest

from generator.cluster.prerequisites import APPLICATION_HEALTH
from tests.argocd.delivery import Delivery, healthy, synced_by_operation
from tests.rigs.live import Object, path, path_of

STAGING, TRIAL = "specs/environments/staging.yaml", "specs/environments/trial.yaml"
EXISTING, STORED = "  secrets: existing\n", "  secrets: external-secrets\n  secretStore: vault\n"


@pytest.fixture
def trial(system: Delivery) -> Generator[Delivery]:
    """A new environment like staging that takes its secrets from a store, of which the cluster has the parent."""
    (system.tree / TRIAL).write_text((system.tree / STAGING).read_text().replace("staging", "trial"))
    system.edit(TRIAL, EXISTING, STORED)
    system.publish("An environment with a store of secrets")
    system.argo.set_health("argoproj.io_Application", APPLICATION_HEALTH)
    system.bootstrap("trial", "argocd")
    namespace = path("v1", "Namespace", system.namespace("trial"))
    yield system
    system.abandon("trial")
    system.live.delete(namespace)


def test_nothing_is_created_before_every_secret_is_there(trial: Delivery) -> None:
    """Not while External Secrets has said nothing, nor while one fails; all others being ready is not enough."""
    commit, (first, *others) = trial.repository.head, _secrets(trial)
    assert others
    synced = trial.until("trial", "namespace", lambda app: synced_by_operation(app, commit))
    assert _health(synced) == "Progressing"
    trial.until("trial", "argocd", _waits_for_namespace)
    assert _later(trial) == []
    for secret in others:
        _report(trial, secret, "True", "SecretSynced")
    _report(trial, first, "False", "SecretSyncedError")
    trial.until("trial", "namespace", lambda app: _health(app) == "Degraded")
    assert _later(trial) == []
    _report(trial, first, "True", "SecretSynced")
    trial.until("trial", "namespace", healthy)
    trial.until("trial", "policy", lambda app: synced_by_operation(app, commit) and healthy(app))


def _secrets(trial: Delivery) -> list[Object]:
    return [m for m in trial.manifests("trial", "namespace") if m["kind"] == "ExternalSecret"]


def _report(trial: Delivery, secret: Object, ready: str, reason: str) -> None:
    """Write what External Secrets writes after it has asked the store."""
    condition = {"type": "Ready", "status": ready, "reason": reason, "message": reason}
    trial.live.patch(f"{path_of(secret)}/status", {"status": {"conditions": [condition]}}, "external-secrets")


def _health(application: Object) -> str:
    return application.get("status", {}).get("health", {}).get("status", "")


def _waits_for_namespace(parent: Object) -> bool:
    operation = parent.get("status", {}).get("operationState", {})
    return operation.get("phase") == "Running" and "apm-trial-namespace" in operation.get("message", "")


def _later(trial: Delivery) -> list[str]:
    """Groups after the first whose Application exists."""
    groups = [group for group in trial.groups("trial") if group not in ("namespace", "argocd")]
    return [group for group in groups if trial.live.find(trial.argo.application(trial.name("trial", group)))]
