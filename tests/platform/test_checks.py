"""Checks that concern the platform: each finds what it is for, and is silent otherwise."""

from typing import Any

import pytest

from tests.platform.conftest import DIGEST, Try

BUCKET = {
    "claim": None,
    "bucket": {"endpoint": "https://s3.example.com", "name": "b", "secret": "s/k", "image": {"digest": DIGEST}},
}
ERP = {"namespace": "erp", "labels": {"app": "erp"}, "ports": [443]}
INSIDE = {"http": {"url": "https://erp.shop.svc/stock"}}
PROTECTED = {"System": {"protectedEnvironments": ["live"]}, "StateStore": {"runtimeBackup": "backup"}}

FOUND: list[tuple[str, str, dict[str, Any]]] = [
    ("backup-objective", "spec.objectives.rpo", {"Backup": {"objectives": {"rpo": "15m"}}}),
    ("backup-objective", "spec.objectives.rpo", {"Backup": {"schedule": {"cron": "0 2 * * 1-5"}}}),
    ("backup-objective", "spec.destination.claim", PROTECTED),
    ("closed-endpoint", "spec.http.url", {"Tool": INSIDE}),
    ("closed-endpoint", "spec.connection", {"StateStore": {"connection": {"service": None}}}),
    ("name-length", "metadata.name", {"names": {"Runtime": "r" * 54}}),
    ("name-length", "metadata.name", {"names": {"Backup": "b" * 46}}),
]
SILENT: list[dict[str, Any]] = [
    {"Backup": {"objectives": {"rpo": "15m"}, "schedule": {"cron": "*/15 * * * *"}}},
    {**PROTECTED, "Backup": {"destination": BUCKET}},
    {"Tool": INSIDE, "Environment": {"services": {"erp.shop.svc": ERP}}},
    {"StateStore": {"connection": {"service": None, "addresses": ["192.0.2.0/28"]}}},
    {"Tool": INSIDE, "Environment": {"deployed": False}},
    {"names": {"Runtime": "r" * 53, "Backup": "b" * 45}},
]  # fmt: skip


@pytest.mark.parametrize(("code", "path", "changes"), FOUND, ids=[f"{code} {path}" for code, path, _ in FOUND])
def test_found(problems_of: Try, code: str, path: str, changes: dict[str, Any]) -> None:
    assert [(p.code, p.path) for p in problems_of(**changes)] == [(code, path)]


@pytest.mark.parametrize("changes", SILENT, ids=str)
def test_silent(problems_of: Try, changes: dict[str, Any]) -> None:
    assert problems_of(**changes) == []
