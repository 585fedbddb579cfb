"""The committed schemas know the kinds that we render, and refuse what the API server would drop in silence."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.rigs.cache import REPOSITORY

SCHEMAS = REPOSITORY / "generator" / "schemas"
FILES = sorted(SCHEMAS.rglob("*-*-*.json"))
LIMITS = {"cpu": 1, "memory": "1Gi"}
CONTAINER = {"name": "main", "image": "registry.example.com/main:1", "resources": {"limits": LIMITS}}
POD = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [CONTAINER]}}
ROUTE = {"receiver": "team", "matchers": [{"name": "severity", "matchType": "=", "value": "critical"}]}
RULE = {"alert": "Down", "expr": "up == 0", "for": "5m", "labels": {"severity": "critical"}}
REMOTE = {"secretKey": "uri", "remoteRef": {"key": "agents/mongodb", "property": "uri"}}
GOOD: dict[str, dict[str, Any]] = {
    "core-v1-service": {"ports": [{"port": 80, "targetPort": "http"}]},
    "apps-v1-deployment": {"selector": {"matchLabels": {"app": "a"}}, "template": POD},
    "policy-v1-poddisruptionbudget": {"maxUnavailable": "25%"},
    "networking.k8s.io-v1-networkpolicy": {"podSelector": {}, "policyTypes": ["Ingress"]},
    "monitoring.coreos.com-v1-prometheusrule": {"groups": [{"name": "agents", "rules": [RULE]}]},
    "monitoring.coreos.com-v1-servicemonitor": {"selector": {}, "endpoints": [{"port": "metrics"}]},
    "monitoring.coreos.com-v1alpha1-alertmanagerconfig": {"route": ROUTE, "receivers": [{"name": "team"}]},
    "argoproj.io-v1alpha1-application": {"project": "agents", "destination": {"namespace": "agents"}},
    "argoproj.io-v1alpha1-appproject": {"sourceRepos": ["*"], "destinations": [{"namespace": "agents"}]},
    "external-secrets.io-v1-externalsecret": {"refreshInterval": "1h", "data": [REMOTE]},
    "cert-manager.io-v1-certificate": {"secretName": "tls", "issuerRef": {"name": "internal-ca"}},
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SCHEMAS)))
def test_schema_is_closed(file: Path) -> None:
    manifest = {**_identity(file), "metadata": {"name": "a", "lables": "b"}, "spce": 1, "status": 1}
    complaints = _complaints(file, manifest)
    for field in ("lables", "spce", "status"):
        assert field in complaints


@pytest.mark.parametrize("name", GOOD)
def test_good_spec_passes_and_misspelt_field_fails(name: str) -> None:
    file = next(file for file in FILES if file.stem == name)
    manifest = {**_identity(file), "metadata": {"name": "a"}, "spec": GOOD[name]}
    assert not _complaints(file, manifest)
    assert "mispelt" in _complaints(file, manifest | {"spec": GOOD[name] | {"mispelt": 1}})


def test_misspelling_is_found_inside_lists() -> None:
    file = SCHEMAS / "kubernetes" / "1.36" / "apps-v1-deployment.json"
    pod = {"spec": {"containers": [CONTAINER | {"imagePullPolcy": "Always"}]}}
    manifest = {**_identity(file), "metadata": {"name": "a"}, "spec": {"selector": {}, "template": pod}}
    assert "imagePullPolcy" in _complaints(file, manifest)


def test_every_supported_kubernetes_has_the_same_kinds() -> None:
    oldest, newest = ({file.name for file in FILES if file.parent.name == minor} for minor in ("1.32", "1.36"))
    assert oldest == newest
    assert newest


def _identity(file: Path) -> dict[str, Any]:
    properties = json.loads(file.read_text())["properties"]
    return {name: properties[name]["const"] for name in ("apiVersion", "kind")}


def _complaints(file: Path, manifest: dict[str, Any]) -> str:
    validator = jsonschema_rs.validator_for(json.loads(file.read_text()))
    return "\n".join(error.message for error in validator.iter_errors(manifest))
