"""HANDOVER.md of the reference system: a first sync in an order that works, and what the cluster has to have."""

import re

import pytest
import yaml

from generator.cluster.prerequisites import APPLICATION_HEALTH, CLAIM_HEALTH
from generator.pipeline import Built, build_all
from tests.artifacts.conftest import GOLDEN, deployed

ENVIRONMENTS = ("production", "staging")


def _text(reference: Built, environment: str) -> str:
    return reference.environments[environment].files[f"{environment}/docs/HANDOVER.md"].decode()


def test_every_rendered_environment_is_looked_at(reference: Built) -> None:
    assert sorted(deployed(reference)) == sorted(ENVIRONMENTS)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_namespace_comes_before_secrets_and_argo_cd(reference: Built, environment: str) -> None:
    text = _text(reference, environment)
    namespace, secret, argocd = (
        text.index(part)
        for part in (
            f"-f rendered/{environment}/namespace/",
            "create secret generic",
            f"-f rendered/{environment}/argocd/",
        )
    )
    assert namespace < secret < argocd


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_cluster_has_to_bring_along_what_is_relied_on(reference: Built, environment: str) -> None:
    text = _text(reference, environment)
    rows = text[text.index("This has to be there already") : text.index("First the namespace")].splitlines()
    for words in (
        ("Argo CD 3.2", "argocd"),
        ("credential", "https://git.valeo-neuroerp.example/devops/apm.git", "secret-type: repository"),
        ("metrics-server",),
        ("serviceMonitorNamespaceSelector", "release: prometheus"),
        ("ruleNamespaceSelector", "release: prometheus"),
        ("alertmanagerConfigNamespaceSelector", "release: prometheus"),
        ("sidecar", "grafana_dashboard"),
        ("kube-state-metrics", "kube_job_failed", "BackupStale, BackupFailed"),
        ("argocd", "argocd_app_info", "NotSynced"),
    ):
        assert any(all(word in row for word in words) for row in rows), words


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_runs_are_said_to_be_deleted_after_their_retention(reference: Built, environment: str) -> None:
    assert re.search(r"ended more than 30d ago are deleted from apm-mongo", _text(reference, environment))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_channels_for_systems_outside_are_listed(reference: Built, environment: str) -> None:
    text = _text(reference, environment)
    assert "| alerts-in | alertmanager | ops-cycle |" in text
    assert "POST /channels/CHANNEL/events" in text
    assert "| handovers |" not in text, "only workflows write there"


def _health_rules(text: str) -> dict[str, str]:
    """Return the health rules that the page has people write into `argocd-cm`, by kind."""
    (block,) = re.findall(r"```yaml\n(data:\n.*?)```", text, re.DOTALL)
    data: dict[str, str] = yaml.safe_load(block)["data"]
    return {key.removeprefix("resource.customizations.health."): rule for key, rule in data.items()}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_health_rule_that_waves_need_is_printed(reference: Built, environment: str) -> None:
    assert _health_rules(_text(reference, environment)) == {"argoproj.io_Application": APPLICATION_HEALTH}


def test_the_health_rule_that_a_claim_needs_is_printed_where_there_is_one() -> None:
    text = build_all(GOLDEN / "argocd" / "scaled").environments["live"].files["live/docs/HANDOVER.md"].decode()
    assert _health_rules(text)["PersistentVolumeClaim"] == CLAIM_HEALTH
