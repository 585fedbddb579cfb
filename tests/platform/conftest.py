"""A small valid system whose specs tests change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.pipeline import check
from generator.problems import Problem, Rejected

Specs = dict[str, dict[str, Any]]
DIGEST = "sha256:" + "1" * 64
SYSTEM: Specs = {
    "System": {"title": "Shop", "defaultOwner": "ops"},
    "Team": {"title": "Operations", "mail": "ops@example.com"},
    "Environment": {"namespace": "shop"},
    "Workflow": {"state": {"a": {"type": "string"}}, "steps": [{"id": "one", "set": {"a": "x"}}]},
    "Tool": {"effect": "read", "http": {"url": "https://erp.example.com/stock"}},
    "StateStore": {
        "database": "shop",
        "connection": {
            "secret": "mongodb/uri",
            "service": {"namespace": "mongodb", "labels": {"app": "mongodb"}, "ports": [27017]},
        },
        "collections": [],
    },
    "Runtime": {
        "image": {"digest": DIGEST},
        "workflows": ["workflow"],
        "stateStore": "statestore",
        "apiKeys": "api/keys",
    },
    "Backup": {
        "schedule": {"cron": "0 2 * * *", "timeZone": "Europe/Berlin"},
        "covers": {"store": "statestore"},
        "credentials": "backup/config.yaml",
        "destination": {"claim": {"size": "10Gi"}},
        "retention": {"days": 30},
        "encryption": "none",
        "objectives": {"rpo": "24h", "rto": "2h"},
        "image": {"digest": DIGEST},
    },
}
"""One spec of each kind, by kind; each is named like its kind, the team `ops` and the environment `live`."""
NAMES = {"Team": "ops", "Environment": "live"}

Try = Callable[..., list[Problem]]


@pytest.fixture
def problems_of(tmp_path: Path) -> Try:
    """Return the errors of the small system after changes: `problems_of(Backup={...})` merges into that spec."""

    def attempt(names: dict[str, str] | None = None, **changes: dict[str, Any]) -> list[Problem]:
        folder = tmp_path / "specs"
        folder.mkdir()
        for kind, spec in SYSTEM.items():
            name = {**NAMES, **(names or {})}.get(kind, kind.lower())
            document = {"apiVersion": "apm/v1", "kind": kind, "metadata": {"name": name},
                        "spec": _merged(spec, changes.get(kind, {}))}  # fmt: skip
            (folder / f"{kind}.yaml").write_text(yaml.safe_dump(document))
        try:
            check(tmp_path)
        except Rejected as error:
            return [problem for problem in error.problems if problem.severity == "error"]
        return []

    return attempt


def _merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], value)  # pyright: ignore[reportUnknownArgumentType]
        else:
            result[key] = value
    return result
