"""What the platform kinds refuse, and that they accept what is right."""

from typing import Any

import pytest

from tests.platform.conftest import Try

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("missing-field", "schedule.timeZone", {"Backup": {"schedule": {"timeZone": None}}}),
    ("cron-schedule", "schedule.timeZone", {"Backup": {"schedule": {"timeZone": "Berlin"}}}),
    ("cron-schedule", "schedule.cron", {"Backup": {"schedule": {"cron": "61 2 * * *"}}}),
    ("cron-schedule", "schedule.cron", {"Backup": {"schedule": {"cron": "0 0 31 4 *"}}}),
    ("one-destination", "destination", {"Backup": {"destination": {"claim": None}}}),
    ("quantity", "destination.claim.size", {"Backup": {"destination": {"claim": {"size": "ten"}}}}),
    ("image-version", "image", {"Backup": {"image": {"digest": None}}}),
    ("image-version", "image.tag", {"Runtime": {"image": {"digest": None, "tag": "latest"}}}),
    ("min-above-max", "worker.replicas", {"Runtime": {"worker": {"replicas": {"min": 3, "max": 2}}}}),
    ("quantity", "api.resources.limits.cpu", {"Runtime": {"api": {"resources": {
        "limits": {"cpu": "0", "memory": "1Gi"}}}}}),
    ("secret-store", "", {"Environment": {"secrets": "external-secrets"}}),
    ("two-text-indexes", "collections[0]", {"StateStore": {"collections": [
        {"name": "a", "retention": "1d", "indexes": [
            {"fields": ["x"], "text": True}, {"fields": ["z"], "text": True}]}]}}),
    ("text-index", "collections[0].indexes[0]", {"StateStore": {"collections": [
        {"name": "a", "retention": "1d", "indexes": [{"fields": ["-x"], "text": True}]}]}}),
    ("index-twice", "collections[0]", {"StateStore": {"collections": [
        {"name": "a", "retention": "1d", "indexes": [{"fields": ["x"]}, {"fields": ["x"], "unique": True}]}]}}),
    ("index-fields", "collections[0].indexes[0]", {"StateStore": {"collections": [
        {"name": "a", "retention": "1d", "indexes": [{"fields": ["x", "-x"]}]}]}}),
    ("collection-twice", "", {"StateStore": {"collections": [
        {"name": "a", "retention": "1d"}, {"name": "a", "retention": "2d"}]}}),
    ("missing-field", "collections[0].retention", {"StateStore": {"collections": [{"name": "a"}]}}),
]  # fmt: skip


def test_the_small_system_is_valid(problems_of: Try) -> None:
    assert problems_of() == []


@pytest.mark.parametrize(("code", "path", "changes"), REFUSED, ids=[f"{code} {path}" for code, path, _ in REFUSED])
def test_refused(problems_of: Try, code: str, path: str, changes: dict[str, Any]) -> None:
    found = [(p.code, p.path) for p in problems_of(**changes)]
    assert found == [(code, f"spec.{path}".rstrip("."))]
